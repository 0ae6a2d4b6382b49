"""The C executor: packed Programs (``fastnn/backends/packed.py``) run by the compiled kernels of
one CPU level.
"""

from __future__ import annotations

import functools

from fastnn.backends.c_cffi import levels
from fastnn.backends.packed import PackedBackend, PackedExecutable
from fastnn.program.record import kernel_name


class CBackend(PackedBackend):
    """The compiled kernels of one CPU level."""

    def __init__(self, level: str | None = None) -> None:
        self.level: str = levels.choose_level(level)
        module = levels.load(self.level)
        self.ffi = module.ffi
        self.lib = module.lib
        names = [self.lib.kernel_name(i) for i in range(self.lib.kernel_count())]
        self.kernels = {self.ffi.string(name).decode(): i for i, name in enumerate(names)}
        self.name = "c"
        self.label = f"c backend ({self.level})"


CExecutable = PackedExecutable


@functools.cache
def backend_for(level: str) -> CBackend:
    """The backend of a level, one for the process."""
    return CBackend(level)


__all__ = ["CBackend", "CExecutable", "backend_for", "kernel_name"]
