"""Optimizer steps over the flat elements of one contiguous run, in place; the twin of
``kernels/optimizer.c``. a0 is the weight decay: first w ← w - lr·a0·w where a0 ≠ 0.
Deliberately not here: the formulas (``update.py``).
"""

from __future__ import annotations

from typing import Any

from fastnn.backends.numba_jit.jit import device
from fastnn.backends.numba_jit.record import view
from fastnn.backends.numba_jit.update import (
    ADADELTA,
    ADAGRAD,
    ADAM,
    ADAMAX,
    AMSGRAD,
    FTRL,
    LION,
    MOMENTUM,
    NADAM,
    RMSPROP,
    SGD,
    apply_update,
    update_of,
)
from fastnn.backends.numba_jit.vector import lanes, load_some


@device
def step(kind: Any, record: Any, segments: Any, begin: Any, end: Any) -> Any:
    """The step of one kind over [begin, end), a register at a time."""
    u, g = update_of(kind, record, segments, 0, 2), view(record, segments, 1, 0).data
    for e in range(begin, end, lanes(g)):
        apply_update(kind, u, e, end - e, load_some(g, e, end - e))


def sgd_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """Operands w, g."""
    step(SGD, record, segments, begin, end)


def momentum_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """Operands w, g, m."""
    step(MOMENTUM, record, segments, begin, end)


def rmsprop_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """Operands w, g, v, then avg if i0, then mom if i1."""
    step(RMSPROP, record, segments, begin, end)


def adam_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """Operands w, g, m, v."""
    step(ADAM, record, segments, begin, end)


def lion_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """Operands w, g, m."""
    step(LION, record, segments, begin, end)


def adagrad_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """Operands w, g, v."""
    step(ADAGRAD, record, segments, begin, end)


def adadelta_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """Operands w, g, v, u."""
    step(ADADELTA, record, segments, begin, end)


def amsgrad_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """Operands w, g, m, v, v̂."""
    step(AMSGRAD, record, segments, begin, end)


def adamax_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """Operands w, g, m, u."""
    step(ADAMAX, record, segments, begin, end)


def nadam_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """Operands w, g, m, v."""
    step(NADAM, record, segments, begin, end)


def ftrl_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """Operands w, g, n, z."""
    step(FTRL, record, segments, begin, end)
