"""More functions of two operands of ``fastnn.ops``, under Keras's names: division and powers,
angles, logic. See ``public_elementwise.py``.
"""

from __future__ import annotations

from typing import Any

from fastnn.ops import elementwise as formulas
from fastnn.ops.contract import as_tensor
from fastnn.ops.dispatch import elementwise
from fastnn.ops.elementwise import binary, unary
from fastnn.program.tensor import Tensor


@elementwise("x1", "x2")
def true_divide(x1: Any, x2: Any) -> Tensor:
    """The same as ``divide``.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.true_divide([1.0, 6.0], 2.0).tolist()
    [0.5, 3.0]
    """
    return binary(x1, x2, function="divide")


@elementwise("x1", "x2")
def divide_no_nan(x1: Any, x2: Any) -> Tensor:
    """y = x1 / x2, and 0 where x2 is 0.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.divide_no_nan([1.0, 6.0], [0.0, 2.0]).tolist()
    [0.0, 3.0]
    """
    x2 = as_tensor(x2, x1.dtype) if isinstance(x1, Tensor) else x2
    zero = unary(x2, "logical_not")
    # the quotient is made harmless, not only left out: its gradient would be 0 · NaN
    return formulas.where(zero, 0.0, binary(x1, formulas.where(zero, 1.0, x2), function="divide"))


@elementwise("x1", "x2")
def floor_divide(x1: Any, x2: Any) -> Tensor:
    """y = ⌊x1 / x2⌋; its gradient is 0.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.floor_divide([7.0, -7.0], 2.0).tolist()
    [3.0, -4.0]
    """
    return binary(x1, x2, function="floor_divide")


@elementwise("x1", "x2")
def mod(x1: Any, x2: Any) -> Tensor:
    """y = x1 - x2 · ⌊x1 / x2⌋, of the sign of x2.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.mod([7.0, -7.0], 3.0).tolist()
    [1.0, 2.0]
    """
    return binary(x1, x2, function="mod")


@elementwise("x1", "x2")
def power(x1: Any, x2: Any) -> Tensor:
    """y = x1^x2; NaN for a negative x1 and an x2 that is not whole.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.power([2.0, 3.0], 2.0).tolist()
    [4.0, 9.0]
    """
    return binary(x1, x2, function="power")


@elementwise("x1", "x2")
def arctan2(x1: Any, x2: Any) -> Tensor:
    """The angle in [-π, π] of the point with ordinate x1 and abscissa x2.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.arctan2([0.0, 1.0], [1.0, 0.0]).tolist()
    [0.0, 1.5707963705062866]
    """
    return binary(x1, x2, function="arctan2")


@elementwise("x1", "x2")
def logaddexp(x1: Any, x2: Any) -> Tensor:
    """y = log(e^x1 + e^x2), which does not overflow.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.logaddexp([0.0, 1e4], [0.0, 0.0]).tolist()
    [0.6931471824645996, 10000.0]
    """
    larger, distance = binary(x1, x2, function="maximum"), binary(x1, x2, function="subtract")
    # equal infinities have no difference
    distance = formulas.where(binary(x1, x2, function="equal"), 0.0, unary(distance, "absolute"))
    return larger + unary(unary(distance * -1.0, "exp"), "log1p")


@elementwise("x1", "x2")
def logical_and(x1: Any, x2: Any) -> Tensor:
    """y = 1 where neither x1 nor x2 is 0, else 0.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.logical_and([0.0, 1.0], 2.0).tolist()
    [0.0, 1.0]
    """
    return binary(x1, x2, function="logical_and")


@elementwise("x1", "x2")
def logical_or(x1: Any, x2: Any) -> Tensor:
    """y = 0 where both x1 and x2 are 0, else 1.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.logical_or([0.0, 1.0], 0.0).tolist()
    [0.0, 1.0]
    """
    return binary(x1, x2, function="logical_or")


@elementwise("x1", "x2")
def logical_xor(x1: Any, x2: Any) -> Tensor:
    """y = 1 where one of x1 and x2 is 0 and the other is not, else 0.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.logical_xor([0.0, 1.0], 1.0).tolist()
    [1.0, 0.0]
    """
    return binary(x1, x2, function="logical_xor")
