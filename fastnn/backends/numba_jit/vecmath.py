"""Elementary functions on registers: exp, tanh and sigmoid by polynomials of our own, the
others lane by lane through the system's library (they are rare). The twin of
``kernels/vecmath.h``: the same polynomials, steps and constants; accuracy is stated in
``kernels/README.md``.
"""

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir

from fastnn.backends.numba_jit.lanes import (
    I32,
    Lanes,
    absolute,
    formula,
    select,
)

# exp: f32 is Cephes' expf minimax polynomial, f64 the Taylor series to r^13
_EXP_F32: tuple[float, ...] = (
    *(1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3),
    *(4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1),
)
_EXP_F64 = tuple(1.0 / math.factorial(n) for n in range(13, 1, -1))
# tanh below 0.625: Cephes' polynomial, f64: a quotient P/Q
_TANH_F32 = (
    *(-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2),
    *(1.33314442036e-1, -3.33332819422e-1),
)
_TANH_P = (-9.64399179425052238628e-1, -9.92877231001918586564e1, -1.61468768441708447952e3)
_TANH_Q = (1.12811678491632931402e2, 2.23548839060100448583e3, 4.84406305325125486048e3)


def polynomial(x: Lanes, first: Lanes | float, rest: tuple[float, ...]) -> Lanes:
    """Horner's scheme, the highest power first."""
    p = x * 0.0 + first if isinstance(first, float) else first
    for coefficient in rest:
        p = p * x + coefficient
    return p


def constant(like: Lanes, number: float) -> Lanes:
    """A number in every lane."""
    return like.new(like.like(number))


@formula
def exp(x: Lanes) -> Lanes:
    """e^x = 2^k · e^r with k = round(x · log2 e) and r = x - k·ln2, |r| ≤ ln2/2.

    k is found by adding 1.5·2^(mantissa bits), whose low bits are then k as an integer; ln2 is
    subtracted in two parts; 2^k is applied as two factors, so that denormal results and 2^128 come
    out right. x is clamped first to where the result is 0 or infinity anyway; NaN passes.
    """
    if x.bits == 32:
        high, low, magic, mantissa, bias = 89.0, -104.0, 12582912.0, 23, 127
        ln2_high, ln2_low = 0.693359375, -2.12194440e-4
        coefficients = _EXP_F32
    else:
        high, low, magic, mantissa, bias = 710.0, -746.0, 6755399441055744.0, 52, 1023
        ln2_high, ln2_low = 6.93145751953125e-1, 1.42860682030941723212e-6
        coefficients = _EXP_F64
    x = select(x > high, high, x)
    x = select(x < low, low, x)
    shifted = x * 1.4426950408889634 + magic
    k = shifted - magic
    r = x - k * ln2_high
    r = r - k * ln2_low
    p = polynomial(r, constant(r, coefficients[0]), coefficients[1:])
    p = p * (r * r) + r
    p = p + 1.0
    exponent = shifted.as_integers() - constant(x, magic).as_integers() + 2 * bias
    half = exponent >> 1
    first, second = half << mantissa, (exponent - half) << mantissa
    return p * first.as_reals() * second.as_reals()


@formula
def tanh(x: Lanes) -> Lanes:
    """Tanh x: x + x³·P(x²) below 0.625, beyond 1 - 2/(e^(2|x|) + 1) with x's sign.

    Both are computed and one is selected; the sign of zero stays.
    """
    size, square = absolute(x), x * x
    if x.bits == 32:
        p = polynomial(square, constant(x, _TANH_F32[0]), _TANH_F32[1:])
    else:
        p = polynomial(square, constant(x, _TANH_P[0]), _TANH_P[1:])
        p = p / polynomial(square, square + _TANH_Q[0], _TANH_Q[1:])
    near = p * square * x + x
    far = 1.0 - 2.0 / (exp(size + size) + 1.0)
    return select(size < 0.625, near, far).through("llvm.copysign", x)


@formula
def sigmoid(x: Lanes) -> Lanes:
    """1/(1 + e^-x), from e^-|x| ≤ 1: nothing overflows, small results keep their digits."""
    e = exp(-absolute(x))
    return select(x < 0.0, e, 1.0) / (1.0 + e)


@formula
def sign(x: Lanes) -> Lanes:
    """-1, 0 or 1; NaN for NaN."""
    signs = select(x > 0.0, constant(x, 1.0), select(x < 0.0, constant(x, -1.0), 0.0))
    return select(x.unequal(x), x, signs)


def _lane_by_lane(name: str, *operands: Lanes) -> Lanes:
    """A function of the C library, called for each lane.

    The calls are in a function of their own, in a loop: code per lane and use would be compiled for
    seconds.
    """
    x = operands[0]
    kind, module, builder = x.value.type, x.builder.module, x.builder
    name = name + ("f" if x.bits == 32 else "")
    own = f"fastnn_lanes_{name}"
    if own not in module.globals:
        if name not in module.globals:
            scalar = ir.FunctionType(kind.element, [kind.element] * len(operands))
            ir.Function(module, scalar, name)
        function = ir.Function(module, ir.FunctionType(kind, [kind] * len(operands)), own)
        function.linkage = "internal"
        function.attributes.add("noinline")
        _fill_lane_by_lane(function, module.globals[name], kind)
    arguments = [operand.value for operand in operands]
    return x.new(builder.call(module.globals[own], arguments))


def _fill_lane_by_lane(function: Any, scalar: Any, kind: ir.VectorType) -> None:
    """The body: for each lane, y[lane] = scalar(x[lane], …)."""
    entry, loop, done = (function.append_basic_block(name) for name in ("entry", "loop", "done"))
    ir.IRBuilder(entry).branch(loop)
    builder = ir.IRBuilder(loop)
    lane, so_far = builder.phi(I32), builder.phi(kind)
    numbers = [builder.extract_element(argument, lane) for argument in function.args]
    made = builder.insert_element(so_far, builder.call(scalar, numbers), lane)
    following = builder.add(lane, I32(1))
    lane.add_incoming(I32(0), entry)
    lane.add_incoming(following, loop)
    so_far.add_incoming(ir.Constant(kind, ir.Undefined), entry)
    so_far.add_incoming(made, loop)
    again = builder.icmp_signed("<", following, I32(kind.count))
    builder.cbranch(again, loop, done)
    ir.IRBuilder(done).ret(made)


def _library(name: str) -> Any:
    """A formula that is a function of the C library, of one operand or several."""

    def function(*operands: Lanes) -> Lanes:
        return _lane_by_lane(name, *operands)

    return formula(function)


log, log1p, expm1, log2, log10 = map(_library, ("log", "log1p", "expm1", "log2", "log10"))
erf, erfc = map(_library, ("erf", "erfc"))
sin, cos, tan = map(_library, ("sin", "cos", "tan"))
arcsin, arccos, arctan = map(_library, ("asin", "acos", "atan"))
sinh, cosh = map(_library, ("sinh", "cosh"))
arcsinh, arccosh, arctanh = map(_library, ("asinh", "acosh", "atanh"))
power, arctan2, fmod = map(_library, ("pow", "atan2", "fmod"))


@formula
def floor(x: Lanes) -> Lanes:
    """The largest whole number that is at most x."""
    return x.through("llvm.floor")


@formula
def ceil(x: Lanes) -> Lanes:
    """The smallest whole number that is at least x."""
    return x.through("llvm.ceil")


@formula
def rounded(x: Lanes) -> Lanes:
    """The nearest whole number, halves to the even one."""
    return x.through("llvm.rint")


@formula
def trunc(x: Lanes) -> Lanes:
    """Without what is behind the point."""
    return x.through("llvm.trunc")
