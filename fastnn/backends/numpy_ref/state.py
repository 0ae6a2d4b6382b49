"""State that changes while a Program runs: a variable takes a value. What optimizers change is in
``optimizer.py``. Twin: ``kernels/state.c``.
"""

from __future__ import annotations

from fastnn.backends.numpy_ref.context import Array, Context


def assign(context: Context, variable: Array, value: Array) -> None:
    """variable = value, in place; both (count,)."""
    variable[...] = value
