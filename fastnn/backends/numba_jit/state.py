"""State that changes while a Program runs; the twin of ``kernels/state.c``."""

from __future__ import annotations

from typing import Any

from fastnn.backends.numba_jit.record import view
from fastnn.backends.numba_jit.vector import lanes, load_some, store_some


def assign(record: Any, segments: Any, begin: int, end: int) -> None:
    """variable = value over the elements [begin, end)."""
    variable, value = view(record, segments, 0, 0).data, view(record, segments, 1, 0).data
    for e in range(begin, end, lanes(variable)):
        store_some(variable, e, end - e, load_some(value, e, end - e))
