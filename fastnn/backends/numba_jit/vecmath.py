"""Elementary functions on registers: exp, log, tanh, erf and their kin by polynomials, the
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


_LOG_F32: tuple[float, ...] = (0.24279078841, 0.28498786688, 0.40000972152, 0.66666662693)
_LOG_F64 = (
    *(1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01),
    *(2.222219843214978396e-01, 2.857142874366239149e-01, 3.999999999940941908e-01),
    6.666666666666735130e-01,
)
# of kernels/tests/fit.py
_ERF_F32 = (
    -0.000675647956868,
    0.00511533211253,
    -0.0268351145686,
    0.112833865384,
    -0.376126194694,
    0.128379165579,
)
_ERF_F64 = (
    -9.5028408947747051607e-10,
    1.4413879289095028856e-8,
    -1.6333229343433699958e-7,
    1.6460383209858148676e-6,
    -0.000014925589383821142879,
    0.00012055331545294116432,
    -0.00085483270011359461396,
    0.0052239776252221918701,
    -0.026866170645118444826,
    0.11283791670955087198,
    -0.37612638903183752009,
    0.12837916709551257389,
)
_ERFC_F32 = (
    -0.000265524698573,
    -0.000465311988616,
    0.00303575398859,
    -0.0012362233177,
    -0.0268283401248,
    0.119530598221,
    -0.310467138536,
    0.590228237689,
    -0.883394456353,
    1.0740069079,
)
_ERFC_F64 = (
    2.9025661508384167366e-9,
    -1.1384968507636743656e-8,
    -6.8848553414059111846e-9,
    5.8913401910690526707e-8,
    4.9334630768831283429e-8,
    -2.4189512989452311782e-7,
    -4.0833428241024648556e-7,
    1.0036137656010117324e-6,
    2.7649488685122553236e-6,
    -4.7509038727485687923e-6,
    -0.000017470315981326325771,
    0.000030398553608602671166,
    0.00010756142437149019121,
    -0.00027677790501403929051,
    -0.00054830968339999261088,
    0.003034062006617960498,
    -0.0012124166278055259776,
    -0.026827234624756409925,
    0.11952776128731056843,
    -0.31046726190056099467,
    0.59022835710410158329,
    -0.88339445316988367123,
    1.0740069070883397025,
)


def horner(x: Lanes, coefficients: tuple[float, ...]) -> Lanes:
    """A polynomial, the highest power first."""
    return polynomial(x, constant(x, coefficients[0]), coefficients[1:])


@formula
def expm1(x: Lanes) -> Lanes:
    """e^x - 1 = 2^k·((e^r - 1) + (1 - 2^-k)), k and r as in ``exp``; -1 below -20 (f64: -40)."""
    if x.bits == 32:
        high, low, magic, mantissa, bias = 89.0, -20.0, 12582912.0, 23, 127
        ln2_high, ln2_low, table = 0.693359375, -2.12194440e-4, _EXP_F32
    else:
        high, low, magic, mantissa, bias = 710.0, -40.0, 6755399441055744.0, 52, 1023
        ln2_high, ln2_low, table = 6.93145751953125e-1, 1.42860682030941723212e-6, _EXP_F64
    given = x
    x = select(x > high, high, x)
    x = select(x < low, low, x)
    shifted = x * 1.4426950408889634 + magic
    k = shifted - magic
    r = x - k * ln2_high
    r = r - k * ln2_low
    p = horner(r, table) * (r * r) + r
    whole = shifted.as_integers() - constant(x, magic).as_integers()
    exponent = whole + 2 * bias
    half = exponent >> 1
    first, second = half << mantissa, (exponent - half) << mantissa
    small = ((bias - whole) << mantissa).as_reals()
    small = select(k > bias - 1.0, 0.0, small)
    y = (p + (1.0 - small)) * first.as_reals() * second.as_reals()
    return select(given.equal(0.0), given, y)


def _log_core(f: Lanes, k: Lanes, c: Lanes) -> Lanes:
    """log(2^k·(1 + f)) + c for √½ ≤ 1 + f < √2, as fdlibm."""
    if f.bits == 32:
        ln2_high, ln2_low, table = 6.9313812256e-01, 9.0580006145e-06, _LOG_F32
    else:
        ln2_high, ln2_low, table = 6.93147180369123816490e-01, 1.90821492927058770002e-10, _LOG_F64
    s = f / (2.0 + f)
    z, half = s * s, f * 0.5 * f
    rest = z * horner(z, table)
    return k * ln2_high - ((half - (s * (half + rest) + (k * ln2_low + c))) - f)


def _split_power(x: Lanes) -> tuple[Lanes, Lanes]:
    """k and 1 + f of a normal positive x: its bits, shifted so that the exponent changes at √½."""
    if x.bits == 32:
        root, one, fraction = 0x3F3504F3, 0x3F800000, 0x007FFFFF
        magic, mantissa, bias = 12582912.0, 23, 127
    else:
        root, one, fraction = 0x3FE6A09E667F3BCD, 0x3FF0000000000000, 0x000FFFFFFFFFFFFF
        magic, mantissa, bias = 6755399441055744.0, 52, 1023
    bits = x.as_integers() + (one - root)
    shifted = ((bits >> mantissa) + constant(x, magic).as_integers()).as_reals()
    return shifted - (magic + bias), ((bits & fraction) + root).as_reals()


@formula
def log(x: Lanes) -> Lanes:
    """The natural logarithm; denormals are scaled up first."""
    least, factor, power = (1.17549435e-38, 2.0**25, 25.0)
    if x.bits == 64:
        least, factor, power = (2.2250738585072014e-308, 2.0**54, 54.0)
    small = x < least
    k, m = _split_power(select(small, x * factor, x))
    k = select(small, k - power, k)
    y = _log_core(m - 1.0, k, constant(x, 0.0))
    y = select(x.equal(0.0), -math.inf, select(x < 0.0, math.nan, y))
    return select(x < math.inf, y, x)


@formula
def log1p(x: Lanes) -> Lanes:
    """log(1 + x): near 0 with f = x, else of u = 1 + x with what u's rounding lost."""
    u = 1.0 + x
    k, m = _split_power(u)
    lost = select(x >= 1.0, 1.0 - (u - x), x - (u - 1.0)) / u
    near = (x > -0.29) & (x < 0.41)
    f = select(near, x, m - 1.0)
    y = _log_core(f, select(near, 0.0, k), select(near, 0.0, lost))
    y = select(x.equal(-1.0), -math.inf, select(x < -1.0, math.nan, y))
    y = select(x.equal(0.0), x, y)
    return select(x < math.inf, y, x)


def _erf_near(x: Lanes) -> Lanes:
    """erf(x) for |x| < 0.75."""
    return horner(x * x, _ERF_F32 if x.bits == 32 else _ERF_F64) * x + x


def _bell(t: Lanes) -> Lanes:
    """e^(-t²), corrected by what the rounding of t² lost."""
    upper = 0xFFFFF000 if t.bits == 32 else 0xFFFFFFFFF8000000
    high = (t.as_integers() & upper).as_reals()  # its square is exact
    low, square = t - high, t * t
    e = exp(-square)
    return e - e * (((high * high - square) + (high + high) * low) + low * low)


def _erfc_far(t: Lanes, bell: Lanes) -> Lanes:
    """erfc(t) = e^(-t²)·S(q)/(t + 3), q = (t - 3)/(t + 3), for t ≥ 0.75."""
    inverse = 1.0 / (t + 3.0)
    table = _ERFC_F32 if t.bits == 32 else _ERFC_F64
    return bell * (horner((t - 3.0) * inverse, table) * inverse)


def _erf_size(x: Lanes) -> Lanes:
    """|x|, at most 28, where erfc and e^(-t²) are 0."""
    size = absolute(x)
    return select(size > 28.0, 28.0, size)


@formula
def erf(x: Lanes) -> Lanes:
    """The error function."""
    t = _erf_size(x)
    y = select(t < 0.75, _erf_near(t), 1.0 - _erfc_far(t, _bell(t)))
    return y.through("llvm.copysign", x)


@formula
def erfc(x: Lanes) -> Lanes:
    """1 - erf(x); small results keep their digits."""
    t = _erf_size(x)
    far = _erfc_far(t, _bell(t))
    far = select(x < 0.0, 2.0 - far, far)
    return select(t < 0.75, 1.0 - _erf_near(x), far)


def normal(x: Lanes) -> tuple[Lanes, Lanes]:
    """Φ(x) = erfc(-x/√2)/2 and φ(x) = e^(-x²/2)/√(2π), for other formulas."""
    w = x * 0.70710678118654752440
    t = _erf_size(w)
    e = _bell(t)
    far = 0.5 * _erfc_far(t, e)
    far = select(x < 0.0, far, 1.0 - far)
    return select(t < 0.75, 0.5 + 0.5 * _erf_near(w), far), e * 0.39894228040143267794


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


log2: Any
log10: Any
sin: Any
cos: Any
tan: Any
arcsin: Any
arccos: Any
arctan: Any
sinh: Any
cosh: Any
arcsinh: Any
arccosh: Any
arctanh: Any
power: Any
arctan2: Any
fmod: Any
log2, log10 = map(_library, ("log2", "log10"))
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
