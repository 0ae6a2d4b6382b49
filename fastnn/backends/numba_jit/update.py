"""The optimizers' update of one register of parameters, from its gradient: SGD, momentum, RMSprop,
Adam. ``optimizer.py`` runs them over flat gradients, ``dense.py`` over a gradient that it has just
computed, with the same bits: every product that is added is a ``multiply_add``. Scalars are rounded
to the float type once. The twin of ``kernels/update.h``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fastnn.backends.numba_jit.jit import device
from fastnn.backends.numba_jit.lanes import multiply_add, square_root
from fastnn.backends.numba_jit.record import (
    RECORD_OPERANDS,
    control_real,
    float_attribute,
    integer_attribute,
    real,
    view,
)
from fastnn.backends.numba_jit.vector import load_some, splat, store_some
from fastnn.program.control import LEARNING_RATE

NONE, SGD, MOMENTUM, RMSPROP, ADAM = range(5)
SCALAR_1 = LEARNING_RATE + 1


class Update(NamedTuple):
    """What an update needs beside the gradient.

    The record's integers are flags, its floats from a1 on are numbers; rest_1 and rest_2 are 1 - a1
    and 1 - a2, subtracted in double.
    """

    w: Any
    slot_1: Any
    slot_2: Any
    slot_3: Any
    decay: Any
    flag_1: Any
    flag_2: Any
    rate: Any
    number_1: Any
    number_2: Any
    number_3: Any
    rest_1: Any
    rest_2: Any


@device
def slot(record: Any, segments: Any, number: Any) -> Any:
    """The elements of a slot, or of the first operand where there is none of that number."""
    return view(record, segments, number if number < record[RECORD_OPERANDS] else 0, 0).data


@device
def flag(record: Any, number: Any, there: Any) -> Any:
    """An integer attribute as a truth."""
    return integer_attribute(record, number) != 0 if there else False


@device
def number_of(record: Any, segments: Any, number: Any, there: Any) -> Any:
    """A float attribute, 0 where the update has none of that number."""
    return float_attribute(record, segments, number) if there else 0.0


@device
def update_of(kind: Any, record: Any, segments: Any, w: Any, slots: Any) -> Any:
    """The update of the parameters in operand ``w``, its slots beginning with operand ``slots``."""
    rate = control_real(segments, LEARNING_RATE)
    first = number_of(record, segments, 1, kind > SGD)
    second = number_of(record, segments, 2, kind > MOMENTUM)
    third = number_of(record, segments, 3, kind > MOMENTUM)
    return Update(
        view(record, segments, w, 0).data,
        slot(record, segments, slots),
        slot(record, segments, slots + 1),
        slot(record, segments, slots + 2),
        real(segments, rate * float_attribute(record, segments, 0)),
        flag(record, 0, kind in (MOMENTUM, RMSPROP)),
        flag(record, 1, kind == RMSPROP),
        splat(real(segments, control_real(segments, SCALAR_1) if kind == ADAM else rate)),
        splat(real(segments, first)),
        splat(real(segments, second)),
        splat(real(segments, third)),
        splat(real(segments, 1.0 - first)),
        splat(real(segments, 1.0 - second)),
    )


@device
def decayed(w: Any, decay: Any) -> Any:
    """w - decay·w; untouched, also if infinite, where decay is 0."""
    return multiply_add(-splat(decay), w, w) if decay != 0.0 else w


@device
def sgd(u: Any, weight: Any, gradient: Any) -> Any:
    """w ← w - lr·g."""
    return multiply_add(-u.rate, gradient, weight)


@device
def momentum(u: Any, e: Any, count: Any, weight: Any, gradient: Any) -> Any:
    """m ← a1·m - lr·g; w ← w + (i0 nesterov: a1·m - lr·g, else m)."""
    slope = u.rate * gradient
    velocity = multiply_add(u.number_1, load_some(u.slot_1, e, count), -slope)
    store_some(u.slot_1, e, count, velocity)
    return weight + (multiply_add(u.number_1, velocity, -slope) if u.flag_1 else velocity)


@device
def rmsprop(u: Any, e: Any, count: Any, weight: Any, gradient: Any) -> Any:
    """v ← a1·v + (1 - a1)·g²; d = v, or centred (i0): avg ← a1·avg + (1 - a1)·g, d = v - avg².

    step = lr·g/√(d + a2); with momentum (i1): mom ← a3·mom + step, w ← w - mom; else w ← w - step.
    Slots v, then avg if i0, then mom if i1.
    """
    square = load_some(u.slot_1, e, count)
    square = multiply_add(u.number_1, square, u.rest_1 * (gradient * gradient))
    store_some(u.slot_1, e, count, square)
    if u.flag_1:
        mean = multiply_add(u.number_1, load_some(u.slot_2, e, count), u.rest_1 * gradient)
        store_some(u.slot_2, e, count, mean)
        square = multiply_add(-mean, mean, square)
    step = u.rate * gradient / square_root(square + u.number_2)
    if u.flag_2:
        velocity = u.slot_3 if u.flag_1 else u.slot_2
        step = multiply_add(u.number_3, load_some(velocity, e, count), step)
        store_some(velocity, e, count, step)
    return weight - step


@device
def adam(u: Any, e: Any, count: Any, weight: Any, gradient: Any) -> Any:
    """m ← m + (g - m)(1 - a1); v ← v + (g² - v)(1 - a2); w ← w - s1·m/(√v + a3).

    s1 = lr·√(1 - a2^t)/(1 - a1^t) comes from the control row.
    """
    first, second = load_some(u.slot_1, e, count), load_some(u.slot_2, e, count)
    first = multiply_add(gradient - first, u.rest_1, first)
    second = multiply_add(multiply_add(gradient, gradient, -second), u.rest_2, second)
    store_some(u.slot_1, e, count, first)
    store_some(u.slot_2, e, count, second)
    return weight - u.rate * first / (square_root(second) + u.number_3)


@device
def apply_update(kind: Any, u: Any, e: Any, count: Any, gradient: Any) -> Any:
    """Update the parameters from e on, at most a register of them, in place."""
    weight = decayed(load_some(u.w, e, count), u.decay)
    if kind == SGD:
        weight = sgd(u, weight, gradient)
    elif kind == MOMENTUM:
        weight = momentum(u, e, count, weight, gradient)
    elif kind == RMSPROP:
        weight = rmsprop(u, e, count, weight, gradient)
    else:
        weight = adam(u, e, count, weight, gradient)
    store_some(u.w, e, count, weight)
