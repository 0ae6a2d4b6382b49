"""More functions of one operand of ``fastnn.ops``, under Keras's names: roots and logarithms,
trigonometry, rounding, the error function, tests. See ``public_elementwise.py``.
"""

from __future__ import annotations

from typing import Any

from fastnn.errors import ArgumentError
from fastnn.ops.dispatch import elementwise
from fastnn.ops.elementwise import scale, unary
from fastnn.program.tensor import Tensor


@elementwise("x")
def rsqrt(x: Any) -> Tensor:
    """y = 1/√x; NaN below 0.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.rsqrt([4.0, 0.25]).tolist()
    [0.5, 2.0]
    """
    return unary(x, "rsqrt")


@elementwise("x")
def reciprocal(x: Any) -> Tensor:
    """y = 1/x.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.reciprocal([4.0, -0.5]).tolist()
    [0.25, -2.0]
    """
    return unary(x, "reciprocal")


@elementwise("x")
def log2(x: Any) -> Tensor:
    """The logarithm of x to base 2; NaN below 0.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.log2([1.0, 8.0]).tolist()
    [0.0, 3.0]
    """
    return unary(x, "log2")


@elementwise("x")
def log10(x: Any) -> Tensor:
    """The logarithm of x to base 10; NaN below 0.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.log10([1.0, 100.0]).tolist()
    [0.0, 2.0]
    """
    return unary(x, "log10")


@elementwise("x")
def sin(x: Any) -> Tensor:
    """The sine of x, in radians.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.sin([0.0]).tolist()
    [0.0]
    """
    return unary(x, "sin")


@elementwise("x")
def cos(x: Any) -> Tensor:
    """The cosine of x, in radians.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.cos([0.0]).tolist()
    [1.0]
    """
    return unary(x, "cos")


@elementwise("x")
def tan(x: Any) -> Tensor:
    """The tangent of x, in radians.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.tan([0.0]).tolist()
    [0.0]
    """
    return unary(x, "tan")


@elementwise("x")
def arcsin(x: Any) -> Tensor:
    """The angle in [-π/2, π/2] whose sine is x; NaN outside [-1, 1].

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.arcsin([0.0]).tolist()
    [0.0]
    """
    return unary(x, "arcsin")


@elementwise("x")
def arccos(x: Any) -> Tensor:
    """The angle in [0, π] whose cosine is x; NaN outside [-1, 1].

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.arccos([1.0]).tolist()
    [0.0]
    """
    return unary(x, "arccos")


@elementwise("x")
def arctan(x: Any) -> Tensor:
    """The angle in (-π/2, π/2) whose tangent is x.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.arctan([0.0]).tolist()
    [0.0]
    """
    return unary(x, "arctan")


@elementwise("x")
def sinh(x: Any) -> Tensor:
    """The hyperbolic sine: y = (e^x - e^(-x)) / 2.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.sinh([0.0]).tolist()
    [0.0]
    """
    return unary(x, "sinh")


@elementwise("x")
def cosh(x: Any) -> Tensor:
    """The hyperbolic cosine: y = (e^x + e^(-x)) / 2.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.cosh([0.0]).tolist()
    [1.0]
    """
    return unary(x, "cosh")


@elementwise("x")
def arcsinh(x: Any) -> Tensor:
    """The number whose hyperbolic sine is x.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.arcsinh([0.0]).tolist()
    [0.0]
    """
    return unary(x, "arcsinh")


@elementwise("x")
def arccosh(x: Any) -> Tensor:
    """The number from 0 on whose hyperbolic cosine is x; NaN below 1.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.arccosh([1.0]).tolist()
    [0.0]
    """
    return unary(x, "arccosh")


@elementwise("x")
def arctanh(x: Any) -> Tensor:
    """The number whose hyperbolic tangent is x; NaN outside [-1, 1].

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.arctanh([0.0]).tolist()
    [0.0]
    """
    return unary(x, "arctanh")


@elementwise("x")
def floor(x: Any) -> Tensor:
    """The largest whole number that is at most x; its gradient is 0.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.floor([1.5, -1.5]).tolist()
    [1.0, -2.0]
    """
    return unary(x, "floor")


@elementwise("x")
def ceil(x: Any) -> Tensor:
    """The smallest whole number that is at least x; its gradient is 0.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.ceil([1.5, -1.5]).tolist()
    [2.0, -1.0]
    """
    return unary(x, "ceil")


@elementwise("x")
def round(x: Any, decimals: int = 0) -> Tensor:
    """x rounded to some decimals, halves to the even neighbour; its gradient is 0.

    Parameters
    ----------
    x : tensor or array of any shape.
    decimals : places behind the point, 0 by default; may be negative.

    Raises
    ------
    ArgumentError : if ``decimals`` is not a whole number.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.round([0.5, 1.5, -2.3]).tolist()
    [0.0, 2.0, -2.0]
    >>> ops.round([1250.0], decimals=-2).tolist()
    [1200.0]
    """
    if not isinstance(decimals, int):
        raise ArgumentError(
            f"round: received decimals={decimals!r}, expected a whole number. Pass decimals=2, for "
            "example."
        )
    if decimals == 0:
        return unary(x, "round")
    factor = 10.0**-decimals
    if decimals > 0:
        return unary(x * 10.0**decimals, "round") / 10.0**decimals
    return scale(unary(x / factor, "round"), factor)


@elementwise("x")
def trunc(x: Any) -> Tensor:
    """x without what is behind the point; its gradient is 0.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.trunc([1.5, -1.5]).tolist()
    [1.0, -1.0]
    """
    return unary(x, "trunc")


@elementwise("x")
def erf(x: Any) -> Tensor:
    """The error function: y = 2/√π · ∫ e^(-t²) dt from 0 to x.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.erf([0.0]).tolist()
    [0.0]
    """
    return unary(x, "erf")


@elementwise("x")
def erfc(x: Any) -> Tensor:
    """y = 1 - erf(x), with all digits where erf(x) is close to 1.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.erfc([0.0]).tolist()
    [1.0]
    """
    return unary(x, "erfc")


@elementwise("x")
def isnan(x: Any) -> Tensor:
    """y = 1 where x is NaN, else 0.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.isnan([1.0, float("nan")]).tolist()
    [0.0, 1.0]
    """
    return unary(x, "isnan")


@elementwise("x")
def isinf(x: Any) -> Tensor:
    """y = 1 where x is infinite, else 0.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.isinf([1.0, float("-inf")]).tolist()
    [0.0, 1.0]
    """
    return unary(x, "isinf")


@elementwise("x")
def isfinite(x: Any) -> Tensor:
    """y = 1 where x is neither infinite nor NaN, else 0.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.isfinite([1.0, float("inf")]).tolist()
    [1.0, 0.0]
    """
    return unary(x, "isfinite")


@elementwise("x")
def logical_not(x: Any) -> Tensor:
    """y = 1 where x is 0, else 0.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.logical_not([0.0, 2.0]).tolist()
    [1.0, 0.0]
    """
    return unary(x, "logical_not")
