"""The elementwise functions of ``fastnn.ops``, under Keras's names, for symbolic tensors and for
arrays.

Operands are broadcast as in NumPy. Everything is computed in
float32 or float64, so integers become floats, and comparisons give 1.0 and 0.0 (Keras: booleans).
"""

from __future__ import annotations

from typing import Any

from fastnn import arguments
from fastnn.errors import UnsupportedError
from fastnn.ops import elementwise as formulas
from fastnn.ops.activation import activation_forward
from fastnn.ops.dispatch import elementwise
from fastnn.ops.elementwise import binary, unary
from fastnn.program.tensor import Tensor


@elementwise("x")
def relu(x: Any) -> Tensor:
    """y = x where x > 0, else 0.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.relu([-1.0, 2.0]).tolist()
    [0.0, 2.0]
    """
    return activation_forward(x, "relu")


@elementwise("x")
def sigmoid(x: Any) -> Tensor:
    """y = 1 / (1 + e^(-x)).

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.sigmoid([0.0]).tolist()
    [0.5]
    """
    return activation_forward(x, "sigmoid")


@elementwise("x")
def tanh(x: Any) -> Tensor:
    """The hyperbolic tangent of x.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.tanh([0.0]).tolist()
    [0.0]
    """
    return activation_forward(x, "tanh")


@elementwise("x")
def negative(x: Any) -> Tensor:
    """y = -x.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.negative([1.0, -2.0]).tolist()
    [-1.0, 2.0]
    """
    return unary(x, "negative")


@elementwise("x")
def square(x: Any) -> Tensor:
    """y = x².

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.square([3.0, -2.0]).tolist()
    [9.0, 4.0]
    """
    return unary(x, "square")


@elementwise("x")
def sqrt(x: Any) -> Tensor:
    """y = √x; NaN below 0.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.sqrt([4.0, 9.0]).tolist()
    [2.0, 3.0]
    """
    return unary(x, "sqrt")


@elementwise("x")
def exp(x: Any) -> Tensor:
    """y = e^x.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.exp([0.0]).tolist()
    [1.0]
    """
    return unary(x, "exp")


@elementwise("x")
def expm1(x: Any) -> Tensor:
    """y = e^x - 1, exact for small x.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.expm1([0.0]).tolist()
    [0.0]
    """
    return unary(x, "expm1")


@elementwise("x")
def log(x: Any) -> Tensor:
    """The natural logarithm of x; NaN below 0.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.log([1.0]).tolist()
    [0.0]
    """
    return unary(x, "log")


@elementwise("x")
def log1p(x: Any) -> Tensor:
    """y = log(1 + x), exact for small x.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.log1p([0.0]).tolist()
    [0.0]
    """
    return unary(x, "log1p")


@elementwise("x")
def absolute(x: Any) -> Tensor:
    """y = |x|.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.absolute([1.0, -2.0]).tolist()
    [1.0, 2.0]
    """
    return unary(x, "absolute")


@elementwise("x")
def abs(x: Any) -> Tensor:
    """The same as ``absolute``.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.abs([-2.0]).tolist()
    [2.0]
    """
    return unary(x, "absolute")


@elementwise("x")
def sign(x: Any) -> Tensor:
    """y = -1, 0 or 1 by the sign of x; its gradient is 0.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.sign([3.0, 0.0, -2.0]).tolist()
    [1.0, 0.0, -1.0]
    """
    return unary(x, "sign")


@elementwise("x1", "x2")
def add(x1: Any, x2: Any) -> Tensor:
    """y = x1 + x2.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.add([1.0, 2.0], 3.0).tolist()
    [4.0, 5.0]
    """
    return binary(x1, x2, function="add")


@elementwise("x1", "x2")
def subtract(x1: Any, x2: Any) -> Tensor:
    """y = x1 - x2.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.subtract([1.0, 2.0], [3.0, 1.0]).tolist()
    [-2.0, 1.0]
    """
    return binary(x1, x2, function="subtract")


@elementwise("x1", "x2")
def multiply(x1: Any, x2: Any) -> Tensor:
    """y = x1 · x2.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.multiply([1.0, 2.0], [3.0, 4.0]).tolist()
    [3.0, 8.0]
    """
    return binary(x1, x2, function="multiply")


@elementwise("x1", "x2")
def divide(x1: Any, x2: Any) -> Tensor:
    """y = x1 / x2; dividing by 0 gives infinity or NaN.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.divide([1.0, 6.0], 2.0).tolist()
    [0.5, 3.0]
    """
    return binary(x1, x2, function="divide")


@elementwise("x1", "x2")
def maximum(x1: Any, x2: Any) -> Tensor:
    """y = the larger of both; equal operands share the gradient.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.maximum([1.0, 5.0], 2.0).tolist()
    [2.0, 5.0]
    """
    return binary(x1, x2, function="maximum")


@elementwise("x1", "x2")
def minimum(x1: Any, x2: Any) -> Tensor:
    """y = the smaller of both; equal operands share the gradient.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.minimum([1.0, 5.0], 2.0).tolist()
    [1.0, 2.0]
    """
    return binary(x1, x2, function="minimum")


@elementwise("x1", "x2")
def equal(x1: Any, x2: Any) -> Tensor:
    """y = 1 where x1 = x2, else 0.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.equal([1.0, 2.0], 2.0).tolist()
    [0.0, 1.0]
    """
    return binary(x1, x2, function="equal")


@elementwise("x1", "x2")
def not_equal(x1: Any, x2: Any) -> Tensor:
    """y = 1 where x1 ≠ x2, else 0.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.not_equal([1.0, 2.0], 2.0).tolist()
    [1.0, 0.0]
    """
    return binary(x1, x2, function="not_equal")


@elementwise("x1", "x2")
def greater(x1: Any, x2: Any) -> Tensor:
    """y = 1 where x1 > x2, else 0.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.greater([1.0, 2.0, 3.0], 2.0).tolist()
    [0.0, 0.0, 1.0]
    """
    return binary(x1, x2, function="greater")


@elementwise("x1", "x2")
def greater_equal(x1: Any, x2: Any) -> Tensor:
    """y = 1 where x1 ≥ x2, else 0.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.greater_equal([1.0, 2.0, 3.0], 2.0).tolist()
    [0.0, 1.0, 1.0]
    """
    return binary(x1, x2, function="greater_equal")


@elementwise("x1", "x2")
def less(x1: Any, x2: Any) -> Tensor:
    """y = 1 where x1 < x2, else 0.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.less([1.0, 2.0, 3.0], 2.0).tolist()
    [1.0, 0.0, 0.0]
    """
    return binary(x1, x2, function="less")


@elementwise("x1", "x2")
def less_equal(x1: Any, x2: Any) -> Tensor:
    """y = 1 where x1 ≤ x2, else 0.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.less_equal([1.0, 2.0, 3.0], 2.0).tolist()
    [1.0, 1.0, 0.0]
    """
    return binary(x1, x2, function="less_equal")


@elementwise("x")
def clip(x: Any, x_min: float, x_max: float) -> Tensor:
    """y = min(max(x, x_min), x_max); the gradient is 0 outside.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.clip([-1.0, 0.5, 3.0], 0.0, 1.0).tolist()
    [0.0, 0.5, 1.0]
    """
    low = arguments.bound("clip", "x_min", x_min)
    return formulas.clip(x, low, arguments.bound("clip", "x_max", x_max))


def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """y = x1 where the condition is true (not 0), else x2.

    Raises
    ------
    UnsupportedError : without x1 and x2 (Keras: the indices where the condition is true).

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.where([True, False], [1.0, 2.0], 0.0).tolist()
    [1.0, 0.0]
    """
    if x1 is None or x2 is None:
        raise UnsupportedError(
            "where: received a condition alone, but fastnn has no indices of true elements. Pass "
            "x1 and x2."
        )
    return _where(condition, x1, x2)


@elementwise("condition", "x1", "x2")
def _where(condition: Any, x1: Any, x2: Any) -> Tensor:
    """``where`` of tensors, numbers and variables."""
    return formulas.where(condition, x1, x2)
