"""Curves, activations with numbers whose derivative is written in the input z; the twin of
``kernels/curve.c``. One formula each for value and slope.
"""

from __future__ import annotations

from typing import Any

from fastnn.backends.numba_jit.jit import device
from fastnn.backends.numba_jit.lanes import (
    Lanes,
    absolute,
    formula,
    maximum,
    minimum,
    select,
    square_root,
)
from fastnn.backends.numba_jit.record import (
    fetch,
    float_attribute,
    integer_attribute,
    joined,
    put,
    real,
)
from fastnn.backends.numba_jit.vecmath import constant, exp, expm1, log1p, normal, sigmoid
from fastnn.backends.numba_jit.vector import lanes
from fastnn.ops.codes import CURVE

RAMP, HARD, ELU, GELU = (CURVE[name] for name in ("ramp", "hard", "elu", "gelu"))
GELU_TANH, SILU, SOFTPLUS = (CURVE[name] for name in ("gelu_tanh", "silu", "softplus"))
MISH, HARD_SILU, SOFTSIGN = (CURVE[name] for name in ("mish", "hard_silu", "softsign"))
SQUAREPLUS = CURVE["squareplus"]
RISE = 1.5957691216057308  # 2·√(2/π)


def within(z: Lanes, low: float, high: float) -> Lanes:
    """z between two numbers; NaN stays."""
    return minimum(maximum(z, constant(z, low)), constant(z, high))


@formula
def ramp(z: Lanes, a: Lanes, b: Lanes, c: Lanes, d: Lanes) -> Lanes:
    """z > b ? min(max(z, c), d) : a·(z - b), 0 for a = 0."""
    below = select(a.equal(0.0), 0.0, a * (z - b))
    above = minimum(maximum(z, c), d)
    return select(z.unequal(z), z, select(z > b, above, below))


@formula
def ramp_slope(z: Lanes, a: Lanes, b: Lanes, c: Lanes, d: Lanes) -> Lanes:
    """1 above b and inside, a below."""
    inside = select((z >= c) & (z <= d), constant(z, 1.0), 0.0)
    return select(z.unequal(z), z, select(z > b, inside, a))


@formula
def hard(z: Lanes, a: Lanes, b: Lanes, c: Lanes, d: Lanes) -> Lanes:
    """min(max(a·z + b, c), d)."""
    return minimum(maximum(a * z + b, c), d)


@formula
def hard_slope(z: Lanes, a: Lanes, b: Lanes, c: Lanes, d: Lanes) -> Lanes:
    """a inside, else 0."""
    y = a * z + b
    return select(z.unequal(z), z, select((y >= c) & (y <= d), a, 0.0))


@formula
def elu(z: Lanes, a: Lanes, b: Lanes, c: Lanes) -> Lanes:
    """b·(z > 0 ? z : a·(e^(c·z) - 1))."""
    return b * select(z > 0.0, z, a * expm1(c * z))


@formula
def elu_slope(z: Lanes, a: Lanes, b: Lanes, c: Lanes) -> Lanes:
    """b·(z > 0 ? 1 : a·c·e^(c·z))."""
    return b * select(z > 0.0, 1.0, a * c * exp(c * z))


@formula
def gelu(z: Lanes) -> Lanes:
    """z·Φ(z)."""
    return z * normal(z)[0]


@formula
def gelu_slope(z: Lanes) -> Lanes:
    """Φ(z) + z·φ(z)."""
    near = within(z, -30.0, 30.0)
    below, density = normal(near)
    return below + near * density


def gelu_gate(near: Lanes) -> Lanes:
    """σ(2·√(2/π)·(z + 0.044715·z³))."""
    return sigmoid(near * (0.044715 * RISE * (near * near) + RISE))


@formula
def gelu_tanh(z: Lanes) -> Lanes:
    """z·σ(2·√(2/π)·(z + 0.044715·z³))."""
    return z * gelu_gate(within(z, -30.0, 30.0))


@formula
def gelu_tanh_slope(z: Lanes) -> Lanes:
    """The derivative of ``gelu_tanh``."""
    near = within(z, -30.0, 30.0)
    s = gelu_gate(near)
    return s + near * s * (1.0 - s) * (3 * 0.044715 * RISE * (near * near) + RISE)


@formula
def silu(z: Lanes) -> Lanes:
    """z·σ(z)."""
    return z * sigmoid(z)


@formula
def silu_slope(z: Lanes) -> Lanes:
    """σ·(1 + z·(1 - σ))."""
    s = sigmoid(z)
    return s * (1.0 + z * (1.0 - s))


@formula
def softplus(z: Lanes, a: Lanes) -> Lanes:
    """a·log(1 + e^(a·z)), a = 1 or -1."""
    u = a * z
    return a * (maximum(u, constant(z, 0.0)) + log1p(exp(-absolute(u))))


@formula
def softplus_slope(z: Lanes, a: Lanes) -> Lanes:
    """σ(a·z)."""
    return sigmoid(a * z)


def mish_parts(z: Lanes) -> tuple[Lanes, Lanes, Lanes]:
    """z where the gate is below 1, e = e^z and n = e·(e + 2); the gate is n/(n + 2)."""
    near = minimum(z, constant(z, 20.0 if z.bits == 32 else 40.0))
    e = exp(near)
    return near, e, e * (e + 2.0)


@formula
def mish(z: Lanes) -> Lanes:
    """z·tanh(log(1 + e^z))."""
    _, _, n = mish_parts(z)
    return z * (n / (n + 2.0))


@formula
def mish_slope(z: Lanes) -> Lanes:
    """The derivative of ``mish``."""
    near, e, n = mish_parts(z)
    below = 1.0 / (n + 2.0)
    return n / (n + 2.0) + near * (2.0 * e * below) * (2.0 * (e + 1.0) * below)


@formula
def hard_silu(z: Lanes) -> Lanes:
    """z·min(max(z/6 + 1/2, 0), 1)."""
    return z * within(z * (1.0 / 6.0) + 0.5, 0.0, 1.0)


@formula
def hard_silu_slope(z: Lanes) -> Lanes:
    """The gate, and where it rises z/6 more."""
    y = z * (1.0 / 6.0) + 0.5
    gate = within(y, 0.0, 1.0)
    return select((y < 0.0) | (y > 1.0), gate, gate + z * (1.0 / 6.0))


@formula
def softsign(z: Lanes) -> Lanes:
    """z/(1 + |z|)."""
    return z / (1.0 + absolute(z))


@formula
def softsign_slope(z: Lanes) -> Lanes:
    """1/(1 + |z|)²."""
    below = 1.0 / (1.0 + absolute(z))
    return below * below


@formula
def squareplus(z: Lanes, a: Lanes) -> Lanes:
    """(z + √(z² + a))/2; below 0 as a/2/(√(z² + a) - z), where nothing cancels."""
    root = square_root(z * z + a)
    return select(z < 0.0, 0.5 * a / (root - z), 0.5 * (z + root))


@formula
def squareplus_slope(z: Lanes, a: Lanes) -> Lanes:
    """y/√(z² + a)."""
    return squareplus(z, a) / square_root(z * z + a)


@formula
def step(z: Lanes) -> Lanes:
    """1 above 0, else 0; NaN stays."""
    return select(z.unequal(z), z, select(z > 0.0, constant(z, 1.0), 0.0))


@formula
def step_slope(z: Lanes) -> Lanes:
    """0; NaN stays."""
    return select(z.unequal(z), z, 0.0)


@device
def value(function: Any, z: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """f(z)."""
    if function == RAMP:
        return ramp(z, a, b, c, d)
    if function == HARD:
        return hard(z, a, b, c, d)
    if function == ELU:
        return elu(z, a, b, c)
    if function == GELU:
        return gelu(z)
    if function == GELU_TANH:
        return gelu_tanh(z)
    if function == SILU:
        return silu(z)
    if function == SOFTPLUS:
        return softplus(z, a)
    if function == MISH:
        return mish(z)
    if function == HARD_SILU:
        return hard_silu(z)
    if function == SOFTSIGN:
        return softsign(z)
    if function == SQUAREPLUS:
        return squareplus(z, a)
    return step(z)


@device
def slope(function: Any, z: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """f'(z)."""
    if function == RAMP:
        return ramp_slope(z, a, b, c, d)
    if function == HARD:
        return hard_slope(z, a, b, c, d)
    if function == ELU:
        return elu_slope(z, a, b, c)
    if function == GELU:
        return gelu_slope(z)
    if function == GELU_TANH:
        return gelu_tanh_slope(z)
    if function == SILU:
        return silu_slope(z)
    if function == SOFTPLUS:
        return softplus_slope(z, a)
    if function == MISH:
        return mish_slope(z)
    if function == HARD_SILU:
        return hard_silu_slope(z)
    if function == SOFTSIGN:
        return softsign_slope(z)
    if function == SQUAREPLUS:
        return squareplus_slope(z, a)
    return step_slope(z)


@device
def numbers_of(record: Any, segments: Any) -> Any:
    """The four numbers of a curve."""
    return (
        real(segments, float_attribute(record, segments, 0)),
        real(segments, float_attribute(record, segments, 1)),
        real(segments, float_attribute(record, segments, 2)),
        real(segments, float_attribute(record, segments, 3)),
    )


def curve_forward(record: Any, segments: Any, begin: int, end: int) -> None:
    """y = f(z), f = curve i0 with the numbers a0 … a3; y may be z itself."""
    rows, (y, z) = joined(record, segments, begin, end, 2)
    function = integer_attribute(record, 0)
    a, b, c, d = numbers_of(record, segments)
    for i in range(rows):
        for j in range(0, y.cols, lanes(y.data)):
            put(y, i, j, value(function, fetch(z, y.cols, i, j), a, b, c, d))


def curve_backward(record: Any, segments: Any, begin: int, end: int) -> None:
    """dz = dy·f'(z), f = curve i0 with the numbers a0 … a3; dz may be dy or z."""
    rows, (dz, dy, z) = joined(record, segments, begin, end, 3)
    function = integer_attribute(record, 0)
    a, b, c, d = numbers_of(record, segments)
    for i in range(rows):
        for j in range(0, dz.cols, lanes(dz.data)):
            rise = slope(function, fetch(z, dz.cols, i, j), a, b, c, d)
            put(dz, i, j, fetch(dy, dz.cols, i, j) * rise)
