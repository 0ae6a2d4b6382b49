"""Elementwise ops: one op per arity with a function name, scaling, clipping, selection and
casts. Inputs are broadcast against each other as NumPy does. Reductions are in ``reduce.py``.
Twin: ``kernels/elementwise.c``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fastnn.backends.numpy_ref.context import Array, Context, ieee
from fastnn.backends.numpy_ref.select import keep

_UNARY: dict[str, Callable[..., Any]] = {
    "negative": np.negative,
    "square": np.square,
    "exp": np.exp,
    "log": np.log,
    "absolute": np.absolute,
    "sqrt": np.sqrt,
    "reciprocal": np.reciprocal,
    "sign": np.sign,
    "log1p": np.log1p,
    "expm1": np.expm1,
    "rsqrt": lambda x, **to: np.divide(1, np.sqrt(x), **to),
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "arcsin": np.arcsin,
    "arccos": np.arccos,
    "arctan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "arcsinh": np.arcsinh,
    "arccosh": np.arccosh,
    "arctanh": np.arctanh,
    "floor": np.floor,
    "ceil": np.ceil,
    "round": np.rint,
    "trunc": np.trunc,
    "erf": np.frompyfunc(math.erf, 1, 1),  # NumPy has none
    "erfc": np.frompyfunc(math.erfc, 1, 1),
    "log2": np.log2,
    "log10": np.log10,
    "isnan": np.isnan,
    "isinf": np.isinf,
    "isfinite": np.isfinite,
    "logical_not": np.logical_not,
}

_BINARY: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "equal": np.equal,
    "less": np.less,
    "less_equal": np.less_equal,
    "not_equal": np.not_equal,
    "power": np.power,
    "mod": np.mod,
    "floor_divide": np.floor_divide,
    "arctan2": np.arctan2,
    "logical_and": np.logical_and,
    "logical_or": np.logical_or,
    "logical_xor": np.logical_xor,
}


@ieee
def unary(context: Context, x: Array, *, function: str, out: Array | None = None) -> Array:
    """y = f(x), of x's dtype: tests give 1 or 0, sign(NaN) is NaN."""
    y = np.empty_like(x) if out is None else out
    result: Array = _UNARY[function](x, out=y, casting="unsafe")  # erf's numbers are Python's
    return result


@ieee
def binary(
    context: Context, a: Array, b: Array, *, function: str, out: Array | None = None
) -> Array:
    """y = f(a, b), broadcast, of a's dtype: tests give 1 or 0, maximum keeps NaN."""
    y: Array = _BINARY[function](a, b, out=out)
    return y.astype(a.dtype, copy=False)


@ieee
def scale(
    context: Context, x: Array, *, scale: float, offset: float, out: Array | None = None
) -> Array:
    """y = scale·x + offset."""
    y: Array = np.multiply(x, x.dtype.type(scale), out=out)
    y += x.dtype.type(offset)
    return y


@ieee
def clip(context: Context, x: Array, *, low: float, high: float, out: Array | None = None) -> Array:
    """y = min(max(x, low), high); NaN stays NaN."""
    y: Array = np.clip(x, x.dtype.type(low), x.dtype.type(high), out=out)
    return y


@ieee
def clip_backward(
    context: Context, dy: Array, x: Array, *, low: float, high: float, out: Array | None = None
) -> Array:
    """dx = dy where low ≤ x ≤ high, else 0."""
    inside = (x >= x.dtype.type(low)) & (x <= x.dtype.type(high))
    return keep(inside, dy, out)


def where(context: Context, c: Array, a: Array, b: Array) -> Array:
    """y = a where c ≠ 0, else b; broadcast."""
    return np.where(c != 0, a, b)


@ieee
def user_function(context: Context, *inputs: Array, kernel: Any, which: int) -> Array:
    """y = f(a, …), f a function of the user's (``fastnn.kernel``) or its derivative."""
    y: Array = kernel.evaluate(which, inputs)
    return y


def equal_i32(context: Context, a: Array, b: Array, *, dtype: DTypeLike) -> Array:
    """y = 1 where the integers a and b are equal, else 0, as a float dtype."""
    y: Array = a == b
    return y.astype(dtype)


def cast_i32(context: Context, x: NDArray[np.int32], *, dtype: DTypeLike) -> Array:
    """y = x, from int32 to a float dtype (float32 is exact up to 2²⁴)."""
    return x.astype(dtype)


@ieee
def cast(context: Context, x: Array, *, dtype: DTypeLike) -> Array:
    """y = x in the other float type, rounded."""
    return x.astype(dtype)


@ieee
def truncate_i32(context: Context, x: Array) -> NDArray[np.int32]:
    """y = x without its fraction, as int32: what is beyond is the nearest, NaN gives 0."""
    inside = np.clip(np.nan_to_num(x.astype(np.float64)), -(2.0**31), 2.0**31 - 1)
    return inside.astype(np.int32)
