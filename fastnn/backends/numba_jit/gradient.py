"""What happens to gradients before an optimizer's step, and to weights after it; the twin of
``kernels/gradient.c``. Which step it is follows from the control row.
"""

from __future__ import annotations

import math
from typing import Any

from fastnn.backends.numba_jit.jit import device
from fastnn.backends.numba_jit.lanes import multiply_add
from fastnn.backends.numba_jit.record import (
    control_integer,
    doubles,
    float_attribute,
    integer_attribute,
    real,
    view,
)
from fastnn.backends.numba_jit.update import (
    ADAM,
    MOMENTUM,
    RMSPROP,
    SGD,
    apply_update,
    update_of,
)
from fastnn.backends.numba_jit.vector import lanes, load_some, splat, store_some
from fastnn.program.control import STEP


@device
def updates_now(segments: Any, every: Any) -> Any:
    """Whether the optimizer updates in this step: the last one of ``every``."""
    return (control_integer(segments, STEP) + 1) % every == 0


def clip_by_norm(record: Any, segments: Any, begin: int, end: int) -> None:
    """y = g·a0/√s where √s > a0, else g; y may be g."""
    y, g = view(record, segments, 0, 0).data, view(record, segments, 1, 0).data
    norm, most = math.sqrt(doubles(record, segments, 2)[0]), float_attribute(record, segments, 0)
    keeps = norm <= most or not updates_now(segments, integer_attribute(record, 0))
    factor = splat(real(segments, 1.0 if keeps else most / norm))
    for e in range(begin, end, lanes(y)):
        store_some(y, e, end - e, load_some(g, e, end - e) * factor)


def accumulate_gradient(record: Any, segments: Any, begin: int, end: int) -> None:
    """y = acc + g, divided by i0 in every i0-th step; y may be g."""
    y, g = view(record, segments, 0, 0).data, view(record, segments, 1, 0).data
    kept, every = view(record, segments, 2, 0).data, integer_attribute(record, 0)
    steps = splat(real(segments, every if updates_now(segments, every) else 1))
    for e in range(begin, end, lanes(y)):
        total = load_some(g, e, end - e) + load_some(kept, e, end - e)
        store_some(y, e, end - e, total / steps)


def keep_gradient(record: Any, segments: Any, begin: int, end: int) -> None:
    """acc = y, or 0 in every i0-th step."""
    kept, y = view(record, segments, 0, 0).data, view(record, segments, 1, 0).data
    ends = updates_now(segments, integer_attribute(record, 0))
    zero = splat(real(segments, 0.0))
    for e in range(begin, end, lanes(y)):
        store_some(kept, e, end - e, zero if ends else load_some(y, e, end - e))


def average_weights(record: Any, segments: Any, begin: int, end: int) -> None:
    """avg = a0·avg + (1 - a0)·w, in the first i0 steps w; w = avg in every i1-th update."""
    w, average = view(record, segments, 0, 0).data, view(record, segments, 1, 0).data
    updates = control_integer(segments, STEP) // integer_attribute(record, 0)
    frequency = integer_attribute(record, 1)
    momentum = float_attribute(record, segments, 0) if updates != 0 else 0.0
    keep, rest = splat(real(segments, momentum)), splat(real(segments, 1.0 - momentum))
    overwrite = frequency != 0 and (updates + 1) % frequency == 0
    for e in range(begin, end, lanes(w)):
        weight = load_some(w, e, end - e)
        if momentum != 0.0:
            weight = multiply_add(keep, load_some(average, e, end - e), rest * weight)
        store_some(average, e, end - e, weight)
        if overwrite:
            store_some(w, e, end - e, weight)


@device
def processed_step(
    kind: Any,
    slots: Any,
    flags: Any,
    floats: Any,
    record: Any,
    segments: Any,
    begin: Any,
    end: Any,
) -> Any:
    """clip_by_norm, the step and average_weights in one pass; g stays.

    The sum of squares stands behind the slots if the first integer after the step's own is not 0,
    then the averages if the second is not; the third is how often they overwrite the weights.
    """
    u, g = update_of(kind, record, segments, 0, 2), view(record, segments, 1, 0).data
    clipped = integer_attribute(record, flags) != 0
    averaged = integer_attribute(record, flags + 1) != 0
    frequency, updates = integer_attribute(record, flags + 2), control_integer(segments, STEP)
    by = 1.0
    if clipped:
        norm = math.sqrt(doubles(record, segments, 2 + slots)[0])
        most = float_attribute(record, segments, floats)
        by = 1.0 if norm <= most else most / norm
    momentum = float_attribute(record, segments, floats + 1) if updates != 0 else 0.0
    factor = splat(real(segments, by))
    keep, rest = splat(real(segments, momentum)), splat(real(segments, 1.0 - momentum))
    overwrite = frequency != 0 and (updates + 1) % frequency == 0
    w = view(record, segments, 0, 0).data
    average = w
    if averaged:
        average = view(record, segments, 2 + slots + (1 if clipped else 0), 0).data
    for e in range(begin, end, lanes(g)):
        apply_update(kind, u, e, end - e, load_some(g, e, end - e) * factor)
        if averaged:
            weight = load_some(w, e, end - e)
            if momentum != 0.0:
                weight = multiply_add(keep, load_some(average, e, end - e), rest * weight)
            store_some(average, e, end - e, weight)
            if overwrite:
                store_some(w, e, end - e, weight)


def processed_sgd_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """Operands w, g."""
    processed_step(SGD, 0, 0, 1, record, segments, begin, end)


def processed_momentum_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """Operands w, g, m."""
    processed_step(MOMENTUM, 1, 1, 2, record, segments, begin, end)


def processed_rmsprop_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """Operands w, g, v, then avg if i0, then mom if i1."""
    slots = 1 + integer_attribute(record, 0) + integer_attribute(record, 1)
    processed_step(RMSPROP, slots, 2, 4, record, segments, begin, end)


def processed_adam_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """Operands w, g, m, v."""
    processed_step(ADAM, 2, 0, 4, record, segments, begin, end)
