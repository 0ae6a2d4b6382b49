"""Elementwise functions: one kernel per arity with a function code, and a few with constants; the
twin of ``kernels/elementwise.c``. Operands broadcast: ld 0 repeats a row, one column is repeated.
Deliberately not here: activations (``activation.py``).
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
    call_kernel,
    cols_of,
    fetch,
    float_attribute,
    integer_attribute,
    integers,
    joined,
    ld_of,
    put,
    real,
    view,
)
from fastnn.backends.numba_jit.vecmath import exp, expm1, log, log1p, sign
from fastnn.backends.numba_jit.vector import lanes
from fastnn.ops.codes import BINARY, UNARY

NEGATIVE, SQUARE, EXP, LOG = (UNARY[name] for name in ("negative", "square", "exp", "log"))
ABSOLUTE, SQRT, RECIPROCAL = (UNARY[name] for name in ("absolute", "sqrt", "reciprocal"))
SIGN, LOG1P, EXPM1 = (UNARY[name] for name in ("sign", "log1p", "expm1"))
ADD, SUBTRACT, MULTIPLY = (BINARY[name] for name in ("add", "subtract", "multiply"))
DIVIDE, MAXIMUM, MINIMUM = (BINARY[name] for name in ("divide", "maximum", "minimum"))
GREATER, GREATER_EQUAL = BINARY["greater"], BINARY["greater_equal"]
EQUAL, NOT_EQUAL = BINARY["equal"], BINARY["not_equal"]
LESS, LESS_EQUAL = BINARY["less"], BINARY["less_equal"]


@formula
def truth(mask: Lanes, like: Lanes) -> Lanes:
    """1 where the mask is set, else 0."""
    return select(mask, like.new(like.like(1.0)), 0.0)


@device
def unary_function(function: Any, x: Any) -> Any:
    """f(x); sign(NaN) is NaN."""
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
    return expm1(x)


@device
def binary_function(function: Any, a: Any, b: Any) -> Any:
    """f(a, b): comparisons give 1 or 0; maximum and minimum give NaN if either is NaN."""
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
    return truth(a != b, a)


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
