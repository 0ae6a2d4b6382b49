"""Elementwise arithmetic. Unary and binary functions are one op each, with a function name.

=============  =================================================================================
unary          y = f(x), f one of ``codes.UNARY``: arithmetic, exp and log, trigonometry, rounding
               (round: halves to even), erf, tests (1 or 0)
binary         y = f(a, b), f one of ``codes.BINARY``: arithmetic, maximum, minimum, power, mod and
               floor_divide (of b's sign), arctan2, comparisons and logic (1 or 0)
scale          y = scale · x + offset, with numbers; also spreads rows and columns
clip           y = min(max(x, low), high)
clip_backward  dx = dy where low <= x <= high, else 0
where          y = condition ≠ 0 ? a : b
equal_i32      y = (a = b) for int32 operands
cast_i32       y = float(x) for an int32 operand
cast           y = x in the other float type
truncate_i32   y int32 = x without its fraction; at most ±2³¹, NaN gives 0
user_function  y = f(a, …), f a scalar function of the user's (``fastnn.kernel``)
=============  =================================================================================

Operands are broadcast as in NumPy (``broadcast.py``); gradients are summed back.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fastnn.errors import ShapeError
from fastnn.ops.broadcast import aligned, sum_to
from fastnn.ops.codes import BINARY, FLAT, UNARY
from fastnn.ops.contract import ROW, Op, as_tensor, define
from fastnn.program.tensor import Node, Shape, Tensor, constant

# about one operation per element, and about twenty
CHEAP = (*FLAT, "negative", "square", "absolute", "sqrt", "reciprocal", "rsqrt")
DEAR = ("power", "mod", "floor_divide", "arctan2")


def _product(*factors: Tensor) -> Tensor:
    """The product of some tensors of one shape."""
    total = factors[0]
    for factor in factors[1:]:
        total = multiply(total, factor)
    return total


def _over(dy: Tensor, divisor: Tensor) -> Tensor:
    """dy / divisor."""
    return binary(dy, divisor, function="divide")


def _over_root(dy: Tensor, square: Tensor) -> Tensor:
    """dy / √square."""
    return multiply(dy, unary(square, "rsqrt"))


def _bell(dy: Tensor, x: Tensor, factor: float) -> Tensor:
    """dy · factor · e^(-x²)."""
    return multiply(dy, scale(unary(scale(unary(x, "square"), -1.0), "exp"), factor))


# dx from dy, x and y = f(x); functions that are not here are flat (``codes.FLAT``)
_UNARY_GRADIENTS: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "negative": lambda dy, x, y: scale(dy, -1.0),
    "square": lambda dy, x, y: multiply(dy, scale(x, 2.0)),
    "exp": lambda dy, x, y: multiply(dy, y),
    "log": lambda dy, x, y: _over(dy, x),
    "absolute": lambda dy, x, y: multiply(dy, unary(x, "sign")),
    "sqrt": lambda dy, x, y: _over(scale(dy, 0.5), y),
    "reciprocal": lambda dy, x, y: scale(multiply(dy, unary(y, "square")), -1.0),
    "log1p": lambda dy, x, y: _over(dy, scale(x, 1.0, 1.0)),
    "expm1": lambda dy, x, y: multiply(dy, scale(y, 1.0, 1.0)),
    "rsqrt": lambda dy, x, y: scale(_product(dy, y, unary(y, "square")), -0.5),
    "sin": lambda dy, x, y: multiply(dy, unary(x, "cos")),
    "cos": lambda dy, x, y: scale(multiply(dy, unary(x, "sin")), -1.0),
    "tan": lambda dy, x, y: multiply(dy, scale(unary(y, "square"), 1.0, 1.0)),
    "arcsin": lambda dy, x, y: _over_root(dy, scale(unary(x, "square"), -1.0, 1.0)),
    "arccos": lambda dy, x, y: scale(_over_root(dy, scale(unary(x, "square"), -1.0, 1.0)), -1.0),
    "arctan": lambda dy, x, y: _over(dy, scale(unary(x, "square"), 1.0, 1.0)),
    "sinh": lambda dy, x, y: multiply(dy, unary(x, "cosh")),
    "cosh": lambda dy, x, y: multiply(dy, unary(x, "sinh")),
    "arcsinh": lambda dy, x, y: _over_root(dy, scale(unary(x, "square"), 1.0, 1.0)),
    "arccosh": lambda dy, x, y: _over_root(dy, scale(unary(x, "square"), 1.0, -1.0)),
    "arctanh": lambda dy, x, y: _over(dy, scale(unary(x, "square"), -1.0, 1.0)),
    "erf": lambda dy, x, y: _bell(dy, x, 2.0 / math.sqrt(math.pi)),
    "erfc": lambda dy, x, y: _bell(dy, x, -2.0 / math.sqrt(math.pi)),
    "log2": lambda dy, x, y: _over(dy, scale(x, math.log(2.0))),
    "log10": lambda dy, x, y: _over(dy, scale(x, math.log(10.0))),
}


def _unary_gradient(node: Node, dy: Tensor) -> Sequence[Tensor | None]:
    rule = _UNARY_GRADIENTS.get(node.attributes["function"])
    return [rule(dy, node.inputs[0], node.output) if rule else None]


def _binary_gradient(node: Node, dy: Tensor) -> Sequence[Tensor | None]:
    (a, b), y, function = node.inputs, node.output, node.attributes["function"]
    if function in FLAT:
        return [None, None]
    if function == "add":
        da, db = dy, dy
    elif function == "subtract":
        da, db = dy, scale(dy, -1.0)
    elif function == "multiply":
        da, db = multiply(dy, b), multiply(dy, a)
    elif function == "divide":
        da = _over(dy, b)
        db = scale(multiply(da, y), -1.0)
    elif function == "power":
        # a^b is constant in a where b = 0, and in b (as JAX has it) where a = 0
        if b.constant is not None and b.constant.ndim == 0 and b.constant != 0:
            less = binary(a, constant(b.constant - 1.0, b.dtype), function="power")
            return [multiply(dy, scale(less, float(b.constant))), None]
        slope = multiply(b, binary(a, scale(b, 1.0, -1.0), function="power"))
        da = multiply(dy, where(b, slope, 0.0))
        db = multiply(dy, multiply(y, unary(where(a, a, 1.0), "log")))
    elif function == "mod":
        da = dy
        db = scale(multiply(dy, binary(a, b, function="floor_divide")), -1.0)
    elif function == "arctan2":
        square = binary(unary(a, "square"), unary(b, "square"), function="add")
        da = multiply(dy, binary(b, square, function="divide"))
        db = scale(multiply(dy, binary(a, square, function="divide")), -1.0)
    else:  # maximum, minimum: ties share the gradient equally (as JAX and PyTorch)
        wins = "greater" if function == "maximum" else "less"
        tie = scale(binary(a, b, function="equal"), 0.5)
        da = multiply(dy, binary(binary(a, b, function=wins), tie, function="add"))
        db = multiply(dy, binary(binary(b, a, function=wins), tie, function="add"))
    return [sum_to(da, a), sum_to(db, b)]


def _clip_gradient(node: Node, dy: Tensor) -> Sequence[Tensor | None]:
    inputs = (dy, node.inputs[0])
    return [CLIP_BACKWARD.node(inputs, node.attributes, [(dy.shape, dy.dtype)]).output]


UNARY_OP = define(
    "unary",
    "y = f(x)",
    ROW,
    gradient=_unary_gradient,
    integers=lambda node: (UNARY[node.attributes["function"]],),
    flops=lambda node: 1.0 if node.attributes["function"] in CHEAP else 20.0,
)
BINARY_OP = define(
    "binary",
    "y = f(a, b)",
    ROW,
    gradient=_binary_gradient,
    integers=lambda node: (BINARY[node.attributes["function"]],),
    flops=lambda node: 20.0 if node.attributes["function"] in DEAR else 1.0,
)
SCALE = define(
    "scale",
    "y = scale * x + offset",
    ROW,
    gradient=lambda node, dy: [sum_to(scale(dy, node.attributes["scale"]), node.inputs[0])],
    floats=lambda node: (node.attributes["scale"], node.attributes["offset"]),
    flops=lambda node: 2.0,
)
CLIP = define(
    "clip",
    "y = min(max(x, low), high)",
    ROW,
    gradient=_clip_gradient,
    floats=lambda node: (node.attributes["low"], node.attributes["high"]),
    flops=lambda node: 2.0,
)
CLIP_BACKWARD: Op = define(
    "clip_backward",
    "dx = low <= x <= high ? dy : 0",
    ROW,
    floats=lambda node: (node.attributes["low"], node.attributes["high"]),
    flops=lambda node: 2.0,
)
WHERE = define(
    "where",
    "y = condition != 0 ? a : b",
    ROW,
    gradient=lambda node, dy: [
        None,
        sum_to(where(node.inputs[0], dy, 0.0), node.inputs[1]),
        sum_to(where(node.inputs[0], 0.0, dy), node.inputs[2]),
    ],
)
EQUAL_I32 = define("equal_i32", "y = a == b", ROW)
CAST_I32 = define("cast_i32", "y = float(x)", ROW)
CAST = define(
    "cast",
    "y = x in the other float type",
    ROW,
    gradient=lambda node, dy: [cast(dy, node.inputs[0].dtype)],
)
TRUNCATE_I32 = define("truncate_i32", "y = int(x)", ROW, typed_by=lambda node: node.inputs[0].dtype)


def _user_gradient(node: Node, dy: Tensor) -> Sequence[Tensor | None]:
    kernel = node.attributes["kernel"]
    found: list[Tensor | None] = []
    for which, tensor in enumerate(node.inputs):
        if all(derivative is None for derivative in kernel.derivatives):
            kernel.part(which)  # says that there is none
        if kernel.derivatives[which] is None:
            found.append(None)
            continue
        slope = user_function(kernel, node.inputs, which)
        found.append(sum_to(multiply(dy, slope), tensor))
    return found


def _user_address(node: Node) -> Sequence[int]:
    from fastnn.backends.user_kernels import address

    kernel = node.attributes["kernel"]
    function = kernel.part(node.attributes["which"])
    return (address(function, kernel.__name__, len(node.inputs), node.output.dtype),)


USER_FUNCTION = define(
    "user_function",
    "y = f(a, ...)",
    ROW,
    gradient=_user_gradient,
    integers=_user_address,
    flops=lambda node: 10.0,
)


def unary(x: Tensor, function: str) -> Tensor:
    """y = f(x)."""
    return UNARY_OP.node((x,), {"function": function}, [(x.shape, x.dtype)]).output


# powers that need no logarithm; x³ is rounded twice
_POWERS: dict[float, Callable[[Tensor], Tensor]] = {
    1.0: lambda x: x,
    2.0: lambda x: unary(x, "square"),
    3.0: lambda x: multiply(x, unary(x, "square")),
    0.5: lambda x: unary(x, "sqrt"),
    -0.5: lambda x: unary(x, "rsqrt"),
    -1.0: lambda x: unary(x, "reciprocal"),
}


def binary(a: Any, b: Any, *, function: str) -> Tensor:
    """y = f(a, b); one of them may be a number, an array or a variable."""
    dtype = next((t.dtype for t in (a, b) if isinstance(t, Tensor)), "float32")
    a, b = as_tensor(a, dtype), as_tensor(b, dtype)
    if a.dtype != b.dtype:
        raise ShapeError(
            f"{function}: operands of dtypes {a.dtype} and {b.dtype}. Cast one of them so that "
            "both agree."
        )
    if a.dtype == "int32":
        if function != "equal":
            raise ShapeError(f"{function} of int32 operands: cast them to a float type first.")
        return equal_labels(a, b, "float32")
    # a product or sum with one number needs no second operand
    for number, tensor, left in ((b, a, False), (a, b, True)):
        if number.constant is not None and number.constant.ndim == 0:
            value = float(number.constant)
            if function == "add":
                return scale(tensor, 1.0, value)
            if function == "multiply":
                return scale(tensor, value)
            if function == "subtract":
                return scale(tensor, -1.0, value) if left else scale(tensor, 1.0, -value)
            if function == "divide" and not left:
                # x / value, not x * (1 / value): the quotient is what NumPy and Keras round
                break
            if function == "power" and not left and value in _POWERS:
                return _POWERS[value](tensor)
    return _node(BINARY_OP, (a, b), {"function": function}, a.dtype)


def _node(op: Op, tensors: Sequence[Tensor], attributes: dict[str, Any], dtype: str) -> Tensor:
    """The output of an op of operands that are broadcast against each other."""
    operands, grouped, shape = aligned(tensors)
    y = op.node(operands, attributes, [(grouped, dtype)]).output
    if grouped == shape:
        return y
    from fastnn.ops.shape import reshape

    return reshape(y, shape)


def multiply(a: Any, b: Any) -> Tensor:
    """a · b."""
    return binary(a, b, function="multiply")


def scale(x: Tensor, scale: float, offset: float = 0.0) -> Tensor:
    """scale · x + offset."""
    return SCALE.node((x,), {"scale": scale, "offset": offset}, [(x.shape, x.dtype)]).output


def broadcast_to(x: Tensor, shape: Shape) -> Tensor:
    """Repeat x in memory along the axes of ``shape`` that it lacks."""
    if x.shape == shape:
        return x
    (x,), grouped, shape = aligned([x], shape)
    y = SCALE.node((x,), {"scale": 1.0, "offset": 0.0}, [(grouped, x.dtype)]).output
    if grouped == shape:
        return y
    from fastnn.ops.shape import reshape

    return reshape(y, shape)


def clip(x: Tensor, low: float, high: float) -> Tensor:
    """min(max(x, low), high)."""
    return CLIP.node((x,), {"low": low, "high": high}, [(x.shape, x.dtype)]).output


def where(condition: Tensor, a: Any, b: Any) -> Tensor:
    """Elements of ``a`` where the condition is not 0, of ``b`` elsewhere."""
    dtype = next((t.dtype for t in (a, b) if isinstance(t, Tensor)), condition.dtype)
    a, b = as_tensor(a, dtype), as_tensor(b, dtype)
    if condition.dtype == "int32":
        raise ShapeError("where: the condition must be of a float type (comparisons give one).")
    if not condition.dtype == a.dtype == b.dtype:
        raise ShapeError(
            f"where: operands of dtypes {condition.dtype}, {a.dtype} and {b.dtype}. Cast them so "
            "that all agree."
        )
    return _node(WHERE, (condition, a, b), {}, dtype)


def equal_labels(a: Tensor, b: Tensor, dtype: str) -> Tensor:
    """1 where two int32 tensors agree, else 0, in a float type."""
    return _node(EQUAL_I32, (a, b), {"dtype": dtype}, dtype)


def cast_i32(x: Tensor, dtype: str) -> Tensor:
    """An int32 tensor in a float type."""
    return CAST_I32.node((x,), {"dtype": dtype}, [(x.shape, dtype)]).output


def cast(x: Tensor, dtype: str) -> Tensor:
    """x in another type: float32, float64 or int32."""
    if x.dtype == dtype:
        return x
    if x.dtype == "int32":
        return cast_i32(x, dtype)
    if dtype == "int32":
        return TRUNCATE_I32.node((x,), {}, [(x.shape, dtype)]).output
    return CAST.node((x,), {"dtype": dtype}, [(x.shape, dtype)]).output


def user_function(kernel: Any, operands: Sequence[Any], which: int = -1) -> Tensor:
    """f of one or two operands for a ``Kernel``, or its derivative by one of them."""
    dtype = next((t.dtype for t in operands if isinstance(t, Tensor)), "float32")
    tensors = [as_tensor(operand, dtype) for operand in operands]
    if any(tensor.dtype != dtype or dtype == "int32" for tensor in tensors):
        raise ShapeError(
            f"kernel {kernel.__name__!r}: operands of dtypes {[t.dtype for t in tensors]}. Cast "
            "them to one float type."
        )
    return _node(USER_FUNCTION, tensors, {"kernel": kernel, "which": which}, dtype)


def vector(values: Any, dtype: str) -> Tensor:
    """A constant vector over columns."""
    return constant(np.asarray(values, dtype=dtype).reshape(-1), dtype)
