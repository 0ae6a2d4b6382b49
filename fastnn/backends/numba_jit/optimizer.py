"""Optimizer steps over the flat elements of one contiguous run, in place; the twin of
``kernels/optimizer.c``. The learning rate and Adam's factor come from the control row, all scalars
are rounded to the float type once. a0 is the weight decay: first w ← w - lr·a0·w where a0 ≠ 0.
"""

from __future__ import annotations

from typing import Any

from fastnn.backends.numba_jit.jit import device
from fastnn.backends.numba_jit.lanes import square_root
from fastnn.backends.numba_jit.record import (
    control_real,
    float_attribute,
    integer_attribute,
    real,
    view,
)
from fastnn.backends.numba_jit.vector import lanes, load_some, splat, store_some
from fastnn.program.control import LEARNING_RATE

SCALAR_1 = LEARNING_RATE + 1


@device
def learning_rate(segments: Any) -> Any:
    """The step's learning rate."""
    return real(segments, control_real(segments, LEARNING_RATE))


@device
def decay_factor(record: Any, segments: Any) -> Any:
    """lr·a0."""
    rate = control_real(segments, LEARNING_RATE)
    return real(segments, rate * float_attribute(record, segments, 0))


@device
def decayed(w: Any, decay: Any) -> Any:
    """w - decay·w; untouched, also if infinite, where decay is 0."""
    return w - w * decay if decay != 0.0 else w


def sgd_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """w ← w - lr·g."""
    w, g = view(record, segments, 0, 0).data, view(record, segments, 1, 0).data
    decay, rate = decay_factor(record, segments), splat(learning_rate(segments))
    for e in range(begin, end, lanes(w)):
        weight = decayed(load_some(w, e, end - e), decay)
        store_some(w, e, end - e, weight - rate * load_some(g, e, end - e))


def momentum_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """m ← a1·m - lr·g; w ← w + (i0 nesterov: a1·m - lr·g, else m)."""
    w, g = view(record, segments, 0, 0).data, view(record, segments, 1, 0).data
    m = view(record, segments, 2, 0).data
    nesterov = integer_attribute(record, 0) != 0
    decay, rate = decay_factor(record, segments), splat(learning_rate(segments))
    momentum = splat(real(segments, float_attribute(record, segments, 1)))
    for e in range(begin, end, lanes(w)):
        weight = decayed(load_some(w, e, end - e), decay)
        slope = rate * load_some(g, e, end - e)
        velocity = momentum * load_some(m, e, end - e) - slope
        store_some(m, e, end - e, velocity)
        step = momentum * velocity - slope if nesterov else velocity
        store_some(w, e, end - e, weight + step)


def rmsprop_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """v ← a1·v + (1 - a1)·g²; d = v, or centred (i0): avg ← a1·avg + (1 - a1)·g, d = v - avg².

    step = lr·g/√(d + a2); with momentum (i1): mom ← a3·mom + step, w ← w - mom; else w ← w - step.
    Operands w, g, v, then avg if i0, then mom if i1.
    """
    centred, moving = integer_attribute(record, 0) != 0, integer_attribute(record, 1) != 0
    w, g = view(record, segments, 0, 0).data, view(record, segments, 1, 0).data
    v = view(record, segments, 2, 0).data
    average = view(record, segments, 3 if centred else 2, 0).data
    velocity = view(record, segments, (4 if centred else 3) if moving else 2, 0).data
    keep = float_attribute(record, segments, 1)
    decay, rate = decay_factor(record, segments), splat(learning_rate(segments))
    rho, rest = splat(real(segments, keep)), splat(real(segments, 1.0 - keep))
    epsilon = real(segments, float_attribute(record, segments, 2))
    momentum = splat(real(segments, float_attribute(record, segments, 3)))
    for e in range(begin, end, lanes(w)):
        weight = decayed(load_some(w, e, end - e), decay)
        gradient = load_some(g, e, end - e)
        square = rho * load_some(v, e, end - e) + rest * (gradient * gradient)
        store_some(v, e, end - e, square)
        if centred:
            mean = rho * load_some(average, e, end - e) + rest * gradient
            store_some(average, e, end - e, mean)
            square = square - mean * mean
        step = rate * gradient / square_root(square + epsilon)
        if moving:
            step = step + momentum * load_some(velocity, e, end - e)
            store_some(velocity, e, end - e, step)
        store_some(w, e, end - e, weight - step)


def adam_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """m ← m + (g - m)(1 - a1); v ← v + (g² - v)(1 - a2); w ← w - s1·m/(√v + a3).

    s1 = lr·√(1 - a2^t)/(1 - a1^t) comes from the control row.
    """
    w, g = view(record, segments, 0, 0).data, view(record, segments, 1, 0).data
    m, v = view(record, segments, 2, 0).data, view(record, segments, 3, 0).data
    decay = decay_factor(record, segments)
    rate = splat(real(segments, control_real(segments, SCALAR_1)))
    rest_1 = real(segments, 1.0 - float_attribute(record, segments, 1))
    rest_2 = real(segments, 1.0 - float_attribute(record, segments, 2))
    epsilon = real(segments, float_attribute(record, segments, 3))
    for e in range(begin, end, lanes(w)):
        weight = decayed(load_some(w, e, end - e), decay)
        gradient = load_some(g, e, end - e)
        first, second = load_some(m, e, end - e), load_some(v, e, end - e)
        first = first + (gradient - first) * rest_1
        second = second + (gradient * gradient - second) * rest_2
        store_some(m, e, end - e, first)
        store_some(v, e, end - e, second)
        store_some(w, e, end - e, weight - rate * first / (square_root(second) + epsilon))
