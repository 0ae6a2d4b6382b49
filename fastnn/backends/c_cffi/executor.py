"""The C executor: packed Programs (``fastnn/backends/packed.py``) run by the compiled kernels of
one CPU level.
"""

from __future__ import annotations

import functools
from typing import Any

from fastnn.backends.c_cffi import levels
from fastnn.backends.packed import PackedBackend, PackedExecutable
from fastnn.program.record import kernel_name


class CBackend(PackedBackend):
    """The compiled kernels of one CPU level."""

    def __init__(self, level: str | None = None) -> None:
        self.level: str = levels.choose_level(level)
        module = levels.load(self.level)
        self.ffi: Any = module.ffi
        self.lib: Any = module.lib
        names = [self.lib.kernel_name(i) for i in range(self.lib.kernel_count())]
        self.kernels: dict[str, int] = {
            self.ffi.string(name).decode(): i for i, name in enumerate(names)
        }
        self.name: str = "c"
        self.label: str = f"c backend ({self.level})"


CExecutable = PackedExecutable


@functools.cache
def backend_for(level: str) -> CBackend:
    """The backend of a level, one for the process."""
    return CBackend(level)


__all__ = ["CBackend", "CExecutable", "backend_for", "kernel_name"]
