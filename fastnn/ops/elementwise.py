"""Elementwise arithmetic. Unary and binary functions are one op each, with a function name.

=============  =================================================================================
unary          y = f(x): negative, square, exp, log, absolute, sqrt, reciprocal, sign, log1p, expm1
binary         y = f(a, b): add, subtract, multiply, divide, maximum, minimum, comparisons (1 or 0)
scale          y = scale · x + offset, with numbers; also spreads (…, 1) over columns
clip           y = min(max(x, low), high)
clip_backward  dx = dy where low <= x <= high, else 0
where          y = condition ≠ 0 ? a : b
equal_i32      y = (a = b) for int32 operands
cast_i32       y = float(x) for an int32 operand
user_function  y = f(a, …), f a scalar function of the user's (``fastnn.kernel``)
=============  =================================================================================

Broadcasting, as in NumPy, is limited to what a kernel does for free: an operand whose last axis is
1, and an operand without the batch axis: a vector over columns, or one number. Gradients are summed
back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastnn.errors import ShapeError
from fastnn.ops.codes import BINARY, COMPARISONS, UNARY
from fastnn.ops.contract import ROW, Op, as_tensor, define
from fastnn.program.tensor import Node, Shape, Tensor, constant


def _unary_gradient(node: Node, dy: Tensor) -> Sequence[Tensor | None]:
    (x,), y, function = node.inputs, node.output, node.attributes["function"]
    if function == "negative":
        return [scale(dy, -1.0)]
    if function == "square":
        return [multiply(dy, scale(x, 2.0))]
    if function == "exp":
        return [multiply(dy, y)]
    if function == "log":
        return [binary(dy, x, function="divide")]
    if function == "absolute":
        return [multiply(dy, unary(x, "sign"))]
    if function == "sqrt":
        return [binary(scale(dy, 0.5), y, function="divide")]
    if function == "reciprocal":
        return [scale(multiply(dy, unary(y, "square")), -1.0)]
    if function == "log1p":
        return [binary(dy, scale(x, 1.0, 1.0), function="divide")]
    if function == "expm1":
        return [multiply(dy, scale(y, 1.0, 1.0))]
    return [None]  # sign: flat wherever it is smooth


def _binary_gradient(node: Node, dy: Tensor) -> Sequence[Tensor | None]:
    (a, b), y, function = node.inputs, node.output, node.attributes["function"]
    if function in COMPARISONS:
        return [None, None]
    if function == "add":
        da, db = dy, dy
    elif function == "subtract":
        da, db = dy, scale(dy, -1.0)
    elif function == "multiply":
        da, db = multiply(dy, b), multiply(dy, a)
    elif function == "divide":
        da = binary(dy, b, function="divide")
        db = scale(multiply(da, y), -1.0)
    else:  # maximum, minimum: ties share the gradient equally (as JAX and PyTorch)
        wins = "greater" if function == "maximum" else "less"
        tie = scale(binary(a, b, function="equal"), 0.5)
        da = multiply(dy, binary(binary(a, b, function=wins), tie, function="add"))
        db = multiply(dy, binary(binary(b, a, function=wins), tie, function="add"))
    return [_sum_to(da, a), _sum_to(db, b)]


def _clip_gradient(node: Node, dy: Tensor) -> Sequence[Tensor | None]:
    inputs = (dy, node.inputs[0])
    return [CLIP_BACKWARD.node(inputs, node.attributes, [(dy.shape, dy.dtype)]).output]


UNARY_OP = define(
    "unary",
    "y = f(x)",
    ROW,
    gradient=_unary_gradient,
    integers=lambda node: (UNARY[node.attributes["function"]],),
    flops=lambda node: 20.0 if node.attributes["function"] in ("exp", "log", "log1p") else 1.0,
)
BINARY_OP = define(
    "binary",
    "y = f(a, b)",
    ROW,
    gradient=_binary_gradient,
    integers=lambda node: (BINARY[node.attributes["function"]],),
)
SCALE = define(
    "scale",
    "y = scale * x + offset",
    ROW,
    gradient=lambda node, dy: [_sum_to(scale(dy, node.attributes["scale"]), node.inputs[0])],
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
        _sum_to(where(node.inputs[0], dy, 0.0), node.inputs[1]),
        _sum_to(where(node.inputs[0], 0.0, dy), node.inputs[2]),
    ],
)
EQUAL_I32 = define("equal_i32", "y = a == b", ROW)
CAST_I32 = define("cast_i32", "y = float(x)", ROW)


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
        found.append(_sum_to(multiply(dy, slope), tensor))
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


def _broadcast(a: Tensor, b: Tensor) -> Shape:
    """The common shape of two operands under the rule of this module."""
    big, small = (a, b) if (a.has_batch, a.ndim) >= (b.has_batch, b.ndim) else (b, a)
    if big.shape == small.shape or small.shape in ((), (1,)):
        return big.shape
    if small.ndim == 1 and not small.has_batch and small.shape[0] == big.shape[-1]:
        return big.shape
    if big.ndim == small.ndim and big.shape[:-1] == small.shape[:-1]:
        if small.shape[-1] == 1:
            return big.shape
        if big.shape[-1] == 1:
            return small.shape
    raise ShapeError(
        f"operands of shapes {a.shape} and {b.shape} do not go together. Expected equal shapes, a "
        "last axis of 1, a vector over the last axis, or a number."
    )


def _sum_to(gradient: Tensor, target: Tensor) -> Tensor:
    """Sum ``gradient`` over the axes along which ``target`` was broadcast."""
    from fastnn.ops.reduce import reduce_columns, reduce_rows

    if gradient.shape == target.shape:
        return gradient
    if target.has_batch:
        return reduce_columns(gradient, "sum")
    if target.shape in ((), (1,)) and gradient.shape[-1] != 1:
        gradient = reduce_columns(gradient, "sum")
    return reduce_rows(gradient, "sum")


def unary(x: Tensor, function: str) -> Tensor:
    """y = f(x)."""
    return UNARY_OP.node((x,), {"function": function}, [(x.shape, x.dtype)]).output


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
        return EQUAL_I32.node((a, b), {"dtype": "float32"}, [(_broadcast(a, b), "float32")]).output
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
    return BINARY_OP.node((a, b), {"function": function}, [(_broadcast(a, b), a.dtype)]).output


def multiply(a: Any, b: Any) -> Tensor:
    """a · b."""
    return binary(a, b, function="multiply")


def scale(x: Tensor, scale: float, offset: float = 0.0) -> Tensor:
    """scale · x + offset."""
    return SCALE.node((x,), {"scale": scale, "offset": offset}, [(x.shape, x.dtype)]).output


def broadcast_to(x: Tensor, shape: Shape) -> Tensor:
    """Spread (…, 1) over the columns of ``shape``."""
    if x.shape == shape:
        return x
    return SCALE.node((x,), {"scale": 1.0, "offset": 0.0}, [(shape, x.dtype)]).output


def clip(x: Tensor, low: float, high: float) -> Tensor:
    """min(max(x, low), high)."""
    return CLIP.node((x,), {"low": low, "high": high}, [(x.shape, x.dtype)]).output


def where(condition: Tensor, a: Any, b: Any) -> Tensor:
    """Elements of ``a`` where the condition is not 0, of ``b`` elsewhere."""
    dtype = condition.dtype
    a, b = as_tensor(a, dtype), as_tensor(b, dtype)
    if condition.dtype == "int32":
        raise ShapeError("where: the condition must be of a float type (comparisons give one).")
    return WHERE.node((condition, a, b), {}, [(condition.shape, dtype)]).output


def equal_labels(a: Tensor, b: Tensor, dtype: str) -> Tensor:
    """1 where two int32 tensors agree, else 0, in a float type."""
    return EQUAL_I32.node((a, b), {"dtype": dtype}, [(_broadcast(a, b), dtype)]).output


def cast_i32(x: Tensor, dtype: str) -> Tensor:
    """An int32 tensor in a float type."""
    return CAST_I32.node((x,), {"dtype": dtype}, [(x.shape, dtype)]).output


def user_function(kernel: Any, operands: Sequence[Any], which: int = -1) -> Tensor:
    """f of one or two operands for a ``Kernel``, or its derivative by one of them."""
    dtype = next((t.dtype for t in operands if isinstance(t, Tensor)), "float32")
    tensors = [as_tensor(operand, dtype) for operand in operands]
    if any(tensor.dtype != dtype or dtype == "int32" for tensor in tensors):
        raise ShapeError(
            f"kernel {kernel.__name__!r}: operands of dtypes {[t.dtype for t in tensors]}. Cast "
            "them to one float type."
        )
    shape = tensors[0].shape if len(tensors) == 1 else _broadcast(tensors[0], tensors[1])
    attributes = {"kernel": kernel, "which": which}
    return USER_FUNCTION.node(tensors, attributes, [(shape, dtype)]).output


def vector(values: Any, dtype: str) -> Tensor:
    """A constant vector over columns."""
    return constant(np.asarray(values, dtype=dtype).reshape(-1), dtype)
