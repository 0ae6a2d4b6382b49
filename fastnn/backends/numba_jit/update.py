"""The optimizers' update of one register of parameters, from its gradient. ``optimizer.py`` runs
them over flat gradients, ``dense.py`` over a gradient that it has just computed, with the same
bits: every product that is added is a ``multiply_add``. Scalars are rounded to the float type
once. The twin of ``kernels/update.h``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fastnn.backends.numba_jit.jit import device
from fastnn.backends.numba_jit.lanes import (
    absolute,
    maximum,
    minimum,
    multiply_add,
    square_root,
)
from fastnn.backends.numba_jit.record import (
    RECORD_OPERANDS,
    control_real,
    float_attribute,
    integer_attribute,
    real,
    view,
)
from fastnn.backends.numba_jit.vecmath import power as raised
from fastnn.backends.numba_jit.vecmath import sign
from fastnn.backends.numba_jit.vector import lane, load_some, splat, store_some
from fastnn.program.control import LEARNING_RATE

NONE, SGD, MOMENTUM, LION, ADAGRAD, ADADELTA, RMSPROP, ADAM, AMSGRAD, ADAMAX, NADAM, FTRL = range(
    12
)
SCALAR_1, SCALAR_2, SCALAR_3 = (LEARNING_RATE + number for number in (1, 2, 3))


class Update(NamedTuple):
    """What an update needs beside the gradient.

    The record's integers are flags, its floats from a1 on are numbers; more_1 and more_2 are s2 and
    s3 of the control row; rest_1 and rest_2 are 1 - a1 and 1 - a2, subtracted in double.
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
    number_4: Any
    number_5: Any
    more_1: Any
    more_2: Any
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
    second = number_of(record, segments, 2, kind > MOMENTUM and kind != ADAGRAD)
    third = number_of(record, segments, 3, kind >= RMSPROP)
    own = kind >= ADAM and kind != FTRL
    return Update(
        view(record, segments, w, 0).data,
        slot(record, segments, slots),
        slot(record, segments, slots + 1),
        slot(record, segments, slots + 2),
        real(segments, rate * float_attribute(record, segments, 0)),
        flag(record, 0, kind in (MOMENTUM, RMSPROP, FTRL)),
        flag(record, 1, kind == RMSPROP),
        splat(real(segments, control_real(segments, SCALAR_1) if own else rate)),
        splat(real(segments, first)),
        splat(real(segments, second)),
        splat(real(segments, third)),
        splat(real(segments, number_of(record, segments, 4, kind == FTRL))),
        splat(real(segments, number_of(record, segments, 5, kind == FTRL))),
        splat(real(segments, control_real(segments, SCALAR_2))),
        splat(real(segments, control_real(segments, SCALAR_3))),
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
def lion(u: Any, e: Any, count: Any, weight: Any, gradient: Any) -> Any:
    """w ← w - lr·sign(a1·m + (1 - a1)·g); m ← a2·m + (1 - a2)·g."""
    velocity = load_some(u.slot_1, e, count)
    direction = multiply_add(u.number_1, velocity, u.rest_1 * gradient)
    store_some(u.slot_1, e, count, multiply_add(u.number_2, velocity, u.rest_2 * gradient))
    return weight - u.rate * sign(direction)


@device
def adagrad(u: Any, e: Any, count: Any, weight: Any, gradient: Any) -> Any:
    """v ← v + g²; w ← w - lr·g/√(v + a1)."""
    square = multiply_add(gradient, gradient, load_some(u.slot_1, e, count))
    store_some(u.slot_1, e, count, square)
    return weight - u.rate * gradient / square_root(square + u.number_1)


@device
def adadelta(u: Any, e: Any, count: Any, weight: Any, gradient: Any) -> Any:
    """v ← a1·v + (1 - a1)·g²; d = √(u + a2)/√(v + a2)·g; u ← a1·u + (1 - a1)·d²; w ← w - lr·d."""
    square, moved = load_some(u.slot_1, e, count), load_some(u.slot_2, e, count)
    square = multiply_add(u.number_1, square, u.rest_1 * (gradient * gradient))
    step = square_root(moved + u.number_2) * gradient / square_root(square + u.number_2)
    store_some(u.slot_1, e, count, square)
    store_some(u.slot_2, e, count, multiply_add(u.number_1, moved, u.rest_1 * (step * step)))
    return multiply_add(-u.rate, step, weight)


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
def moments(u: Any, e: Any, count: Any, gradient: Any) -> Any:
    """Adam's m and v, updated."""
    first, second = load_some(u.slot_1, e, count), load_some(u.slot_2, e, count)
    first = multiply_add(gradient - first, u.rest_1, first)
    second = multiply_add(multiply_add(gradient, gradient, -second), u.rest_2, second)
    store_some(u.slot_1, e, count, first)
    store_some(u.slot_2, e, count, second)
    return first, second


@device
def amsgrad(u: Any, e: Any, count: Any, weight: Any, gradient: Any) -> Any:
    """Adam with v̂ ← max(v̂, v) in the place of v under the root."""
    first, second = moments(u, e, count, gradient)
    second = maximum(load_some(u.slot_3, e, count), second)
    store_some(u.slot_3, e, count, second)
    return weight - u.rate * first / (square_root(second) + u.number_3)


@device
def adamax(u: Any, e: Any, count: Any, weight: Any, gradient: Any) -> Any:
    """m as Adam's; u ← max(a2·u, |g|); w ← w - s1·m/(u + a3)."""
    first, norm = load_some(u.slot_1, e, count), load_some(u.slot_2, e, count)
    first = multiply_add(gradient - first, u.rest_1, first)
    norm = maximum(u.number_2 * norm, absolute(gradient))
    store_some(u.slot_1, e, count, first)
    store_some(u.slot_2, e, count, norm)
    return weight - u.rate * first / (norm + u.number_3)


@device
def nadam(u: Any, e: Any, count: Any, weight: Any, gradient: Any) -> Any:
    """Adam's m and v; w ← w - (s1·m + s2·g)/(√(s3·v) + a3)."""
    first, second = moments(u, e, count, gradient)
    ahead = multiply_add(u.rate, first, u.more_1 * gradient)
    return weight - ahead / (square_root(u.more_2 * second) + u.number_3)


@device
def ftrl(u: Any, e: Any, count: Any, weight: Any, gradient: Any) -> Any:
    """n' = n + g²; z ← z + g + a4·w - (n'^p - n^p)/lr·w; w ← (clip(z) - z)/((n'^p + a5)/lr + a3).

    Clip to ±a2; p = a1, and i0 says that it is 0.5. Nothing where lr = 0.
    """
    total, linear = load_some(u.slot_1, e, count), load_some(u.slot_2, e, count)
    grown = multiply_add(gradient, gradient, total)
    if u.flag_1:
        before, power = square_root(total), square_root(grown)
    else:
        before, power = raised(total, u.number_1), raised(grown, u.number_1)
    sigma = (power - before) / u.rate
    linear = linear + multiply_add(-sigma, weight, multiply_add(u.number_4, weight, gradient))
    store_some(u.slot_1, e, count, grown)
    store_some(u.slot_2, e, count, linear)
    clipped = minimum(maximum(linear, -u.number_2), u.number_2)
    return (clipped - linear) / ((power + u.number_5) / u.rate + u.number_3)


@device
def apply_update(kind: Any, u: Any, e: Any, count: Any, gradient: Any) -> Any:
    """Update the parameters from e on, at most a register of them, in place."""
    weight = decayed(load_some(u.w, e, count), u.decay)
    if kind == SGD:
        weight = sgd(u, weight, gradient)
    elif kind == MOMENTUM:
        weight = momentum(u, e, count, weight, gradient)
    elif kind == LION:
        weight = lion(u, e, count, weight, gradient)
    elif kind == ADAGRAD:
        weight = adagrad(u, e, count, weight, gradient)
    elif kind == ADADELTA:
        weight = adadelta(u, e, count, weight, gradient)
    elif kind == AMSGRAD:
        weight = amsgrad(u, e, count, weight, gradient)
    elif kind == ADAMAX:
        weight = adamax(u, e, count, weight, gradient)
    elif kind == NADAM:
        weight = nadam(u, e, count, weight, gradient)
    elif kind == FTRL:
        if lane(u.rate, 0) != 0.0:
            weight = ftrl(u, e, count, weight, gradient)
    elif kind == RMSPROP:
        weight = rmsprop(u, e, count, weight, gradient)
    else:
        weight = adam(u, e, count, weight, gradient)
    store_some(u.w, e, count, weight)
