"""Elementwise functions: one kernel per arity with a function code, and a few with constants; the
twin of ``kernels/elementwise.c``. Operands broadcast: ld 0 repeats a row, one column is repeated.
Deliberately not here: activations (``activation.py``).
"""

from __future__ import annotations

import math
from typing import Any

from numba import types

from fastnn.backends.numba_jit.jit import F64, device
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
    call_kernel,
    cols_of,
    fetch,
    float_attribute,
    integer_attribute,
    integers,
    joined,
    ld_of,
    others,
    put,
    real,
    view,
)
from fastnn.backends.numba_jit.vecmath import (
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctan2,
    arctanh,
    ceil,
    constant,
    cos,
    cosh,
    erf,
    erfc,
    exp,
    expm1,
    floor,
    fmod,
    log,
    log1p,
    log2,
    log10,
    power,
    rounded,
    sign,
    sin,
    sinh,
    tan,
    trunc,
)
from fastnn.backends.numba_jit.vector import lanes
from fastnn.ops.codes import BINARY, UNARY

I32: Any = types.int32

NEGATIVE, SQUARE, EXP = (UNARY[name] for name in ("negative", "square", "exp"))
LOG, ABSOLUTE, SQRT = (UNARY[name] for name in ("log", "absolute", "sqrt"))
RECIPROCAL, SIGN, LOG1P = (UNARY[name] for name in ("reciprocal", "sign", "log1p"))
EXPM1, RSQRT, SIN = (UNARY[name] for name in ("expm1", "rsqrt", "sin"))
COS, TAN, ARCSIN = (UNARY[name] for name in ("cos", "tan", "arcsin"))
ARCCOS, ARCTAN, SINH = (UNARY[name] for name in ("arccos", "arctan", "sinh"))
COSH, ARCSINH, ARCCOSH = (UNARY[name] for name in ("cosh", "arcsinh", "arccosh"))
ARCTANH, FLOOR, CEIL = (UNARY[name] for name in ("arctanh", "floor", "ceil"))
ROUND, TRUNC, ERF = (UNARY[name] for name in ("round", "trunc", "erf"))
ERFC, LOG2, LOG10 = (UNARY[name] for name in ("erfc", "log2", "log10"))
ISNAN, ISINF, ISFINITE = (UNARY[name] for name in ("isnan", "isinf", "isfinite"))
ADD, SUBTRACT, MULTIPLY = (BINARY[name] for name in ("add", "subtract", "multiply"))
DIVIDE, MAXIMUM, MINIMUM = (BINARY[name] for name in ("divide", "maximum", "minimum"))
GREATER, GREATER_EQUAL, EQUAL = (BINARY[name] for name in ("greater", "greater_equal", "equal"))
LESS, LESS_EQUAL, NOT_EQUAL = (BINARY[name] for name in ("less", "less_equal", "not_equal"))
POWER, MOD, FLOOR_DIVIDE = (BINARY[name] for name in ("power", "mod", "floor_divide"))
ARCTAN2, LOGICAL_AND, LOGICAL_OR = (
    BINARY[name] for name in ("arctan2", "logical_and", "logical_or")
)


@formula
def truth(mask: Lanes, like: Lanes) -> Lanes:
    """1 where the mask is set, else 0."""
    return select(mask, like.new(like.like(1.0)), 0.0)


@formula
def is_nan(x: Lanes) -> Lanes:
    """1 for NaN, else 0."""
    return truth(x.unequal(x), x)


@formula
def is_infinite(x: Lanes) -> Lanes:
    """1 for both infinities, else 0."""
    return truth(absolute(x).equal(math.inf), x)


@formula
def is_finite(x: Lanes) -> Lanes:
    """1 for all but infinities and NaN, else 0."""
    return truth(absolute(x) < math.inf, x)


@device
def unary_function(function: Any, x: Any) -> Any:
    """f(x); sign(NaN) is NaN, tests give 1 or 0."""
    if function == NEGATIVE:
        return -x
    if function == SQUARE:
        return x * x
    if function == EXP:
        return exp(x)
    if function == LOG:
        return log(x)
    if function == ABSOLUTE:
        return absolute(x)
    if function == SQRT:
        return square_root(x)
    if function == RECIPROCAL:
        return 1.0 / x
    if function == SIGN:
        return sign(x)
    if function == LOG1P:
        return log1p(x)
    if function == EXPM1:
        return expm1(x)
    if function == RSQRT:
        return 1.0 / square_root(x)
    if function == SIN:
        return sin(x)
    if function == COS:
        return cos(x)
    if function == TAN:
        return tan(x)
    if function == ARCSIN:
        return arcsin(x)
    if function == ARCCOS:
        return arccos(x)
    if function == ARCTAN:
        return arctan(x)
    if function == SINH:
        return sinh(x)
    if function == COSH:
        return cosh(x)
    if function == ARCSINH:
        return arcsinh(x)
    if function == ARCCOSH:
        return arccosh(x)
    if function == ARCTANH:
        return arctanh(x)
    if function == FLOOR:
        return floor(x)
    if function == CEIL:
        return ceil(x)
    if function == ROUND:
        return rounded(x)
    if function == TRUNC:
        return trunc(x)
    if function == ERF:
        return erf(x)
    if function == ERFC:
        return erfc(x)
    if function == LOG2:
        return log2(x)
    if function == LOG10:
        return log10(x)
    if function == ISNAN:
        return is_nan(x)
    if function == ISINF:
        return is_infinite(x)
    if function == ISFINITE:
        return is_finite(x)
    return truth(x == 0.0, x)


@formula
def other_side(rest: Lanes, b: Lanes) -> Lanes:
    """A mask: where a remainder is not 0 and not of b's sign."""
    return rest.unequal(0.0) & ((b < 0.0) ^ (rest < 0.0))


@formula
def mod(a: Lanes, b: Lanes) -> Lanes:
    """a - b·⌊a/b⌋, of b's sign, as NumPy finds it."""
    rest = fmod(a, b)
    none = select(rest.equal(0.0), constant(b, 0.0).through("llvm.copysign", b), rest)
    return select(b.equal(0.0), rest, select(other_side(rest, b), rest + b, none))


@formula
def floor_divide(a: Lanes, b: Lanes) -> Lanes:
    """⌊a/b⌋ as NumPy finds it; a/b for b = 0."""
    rest, quotient = fmod(a, b), a / b
    whole = (a - rest) / b
    whole = select(other_side(rest, b), whole - 1.0, whole)
    below = floor(whole)
    below = select(whole - below > 0.5, below + 1.0, below)
    none = constant(a, 0.0).through("llvm.copysign", quotient)
    return select(b.equal(0.0), quotient, select(whole.equal(0.0), none, below))


@formula
def logical_xor(a: Lanes, b: Lanes) -> Lanes:
    """1 where one of both is not 0 and the other is (NaN is not 0)."""
    return truth(a.unequal(0.0) ^ b.unequal(0.0), a)


@device
def binary_function(function: Any, a: Any, b: Any) -> Any:
    """f(a, b): comparisons and logic give 1 or 0; maximum and minimum give NaN if either is NaN."""
    if function == ADD:
        return a + b
    if function == SUBTRACT:
        return a - b
    if function == MULTIPLY:
        return a * b
    if function == DIVIDE:
        return a / b
    if function == MAXIMUM:
        return maximum(a, b)
    if function == MINIMUM:
        return minimum(a, b)
    if function == GREATER:
        return truth(a > b, a)
    if function == GREATER_EQUAL:
        return truth(a >= b, a)
    if function == EQUAL:
        return truth(a == b, a)
    if function == LESS:
        return truth(a < b, a)
    if function == LESS_EQUAL:
        return truth(a <= b, a)
    if function == NOT_EQUAL:
        return truth(a != b, a)
    if function == POWER:
        return power(a, b)
    if function == MOD:
        return mod(a, b)
    if function == FLOOR_DIVIDE:
        return floor_divide(a, b)
    if function == ARCTAN2:
        return arctan2(a, b)
    if function == LOGICAL_AND:
        return truth((a != 0.0) & (b != 0.0), a)
    if function == LOGICAL_OR:
        return truth((a != 0.0) | (b != 0.0), a)
    return logical_xor(a, b)


def unary(record: Any, segments: Any, begin: int, end: int) -> None:
    """y = f(x), f = unary function i0."""
    rows, (y, x) = joined(record, segments, begin, end, 2)
    function = integer_attribute(record, 0)
    for i in range(rows):
        for j in range(0, y.cols, lanes(y.data)):
            put(y, i, j, unary_function(function, fetch(x, y.cols, i, j)))


def binary(record: Any, segments: Any, begin: int, end: int) -> None:
    """y = f(a, b), f = binary function i0."""
    rows, (y, a, b) = joined(record, segments, begin, end, 3)
    function = integer_attribute(record, 0)
    for i in range(rows):
        for j in range(0, y.cols, lanes(y.data)):
            left, right = fetch(a, y.cols, i, j), fetch(b, y.cols, i, j)
            put(y, i, j, binary_function(function, left, right))


def scale(record: Any, segments: Any, begin: int, end: int) -> None:
    """y = x·a0 + a1."""
    rows, (y, x) = joined(record, segments, begin, end, 2)
    factor = real(segments, float_attribute(record, segments, 0))
    offset = real(segments, float_attribute(record, segments, 1))
    for i in range(rows):
        for j in range(0, y.cols, lanes(y.data)):
            put(y, i, j, fetch(x, y.cols, i, j) * factor + offset)


def clip(record: Any, segments: Any, begin: int, end: int) -> None:
    """y = min(max(x, a0), a1)."""
    rows, (y, x) = joined(record, segments, begin, end, 2)
    low = real(segments, float_attribute(record, segments, 0))
    high = real(segments, float_attribute(record, segments, 1))
    for i in range(rows):
        for j in range(0, y.cols, lanes(y.data)):
            put(y, i, j, minimum(maximum(fetch(x, y.cols, i, j), low), high))


def clip_backward(record: Any, segments: Any, begin: int, end: int) -> None:
    """dx = a0 ≤ x ≤ a1 ? dy : 0; a NaN in x gives 0."""
    rows, (dx, dy, x) = joined(record, segments, begin, end, 3)
    low = real(segments, float_attribute(record, segments, 0))
    high = real(segments, float_attribute(record, segments, 1))
    for i in range(rows):
        for j in range(0, dx.cols, lanes(dx.data)):
            v = fetch(x, dx.cols, i, j)
            put(dx, i, j, select((v >= low) & (v <= high), fetch(dy, dx.cols, i, j), 0.0))


def where(record: Any, segments: Any, begin: int, end: int) -> None:
    """y = c ≠ 0 ? a : b; a NaN in c counts as ≠ 0."""
    rows, (y, c, a, b) = joined(record, segments, begin, end, 4)
    for i in range(rows):
        for j in range(0, y.cols, lanes(y.data)):
            chosen = fetch(c, y.cols, i, j) != 0.0
            put(y, i, j, select(chosen, fetch(a, y.cols, i, j), fetch(b, y.cols, i, j)))


@device
def integer_at(record: Any, segments: Any, operand: Any, i: Any, j: Any) -> Any:
    """Element (i, j) of an int32 operand, with the same broadcasting."""
    column = 0 if cols_of(record, operand) == 1 else j
    return integers(record, segments, operand)[i * ld_of(record, operand) + column]


def equal_i32(record: Any, segments: Any, begin: int, end: int) -> None:
    """y = 1 where the integers a and b are equal, else 0."""
    y = view(record, segments, 0, 0)
    for i in range(begin, end):
        for j in range(y.cols):
            same = integer_at(record, segments, 1, i, j) == integer_at(record, segments, 2, i, j)
            y.data[i * y.ld + j] = real(segments, same)


def user_function(record: Any, segments: Any, begin: int, end: int) -> None:
    """y = f(a, …) for a function of the user's: i0 is the address of a kernel like these."""
    call_kernel(integer_attribute(record, 0), record, segments, begin, end)


def cast_i32(record: Any, segments: Any, begin: int, end: int) -> None:
    """y = the integers x as floats."""
    y = view(record, segments, 0, 0)
    for i in range(begin, end):
        for j in range(y.cols):
            y.data[i * y.ld + j] = real(segments, integer_at(record, segments, 1, i, j))


def cast(record: Any, segments: Any, begin: int, end: int) -> None:
    """y = x in this float type, from the other one."""
    y = view(record, segments, 0, 0)
    x = others(record, segments, 1)
    for i in range(begin, end):
        for j in range(y.cols):
            y.data[i * y.ld + j] = real(segments, x[i * ld_of(record, 1) + j])


def truncate_i32(record: Any, segments: Any, begin: int, end: int) -> None:
    """y = x without its fraction, as int32; the nearest where it is beyond, 0 for NaN."""
    x = view(record, segments, 1, 0)
    for i in range(begin, end):
        for j in range(x.cols):
            value = F64(x.data[i * x.ld + j])
            if value != value:
                value = 0.0
            value = min(max(value, -2147483648.0), 2147483647.0)
            integers(record, segments, 0)[i * ld_of(record, 0) + j] = I32(value)
