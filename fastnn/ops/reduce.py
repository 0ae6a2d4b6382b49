"""Reductions.

==============  ================================================================================
reduce_columns  y (…, 1) = sum, mean, max, min or prod (in double) over the last axis
reduce_rows     y (columns,) = sum, mean or prod (ascending, accumulated in double), max or min
                over all rows
spread_mean     y[i] = x / rows, for every row i of y: the gradient of a mean over rows
cumsum          y_j = Σ_{l ≤ j} x_l along the last axis, in double; or, reverse, of l ≥ j
argmax_i32      y (…, 1) int32 = index of the largest of the last axis; first of equals, NaN wins
argmax_rows_i32 y (columns,) int32 = row of the largest of each column, likewise
==============  ================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fastnn.ops.codes import REDUCE
from fastnn.ops.contract import ROW, TILE, define
from fastnn.ops.elementwise import binary, broadcast_to, scale, where
from fastnn.program.tensor import Node, Tensor, matrix_view


def _columns_gradient(node: Node, dy: Tensor) -> Sequence[Tensor | None]:
    (x,) = node.inputs
    function = node.attributes["function"]
    if function == "sum":
        return [broadcast_to(dy, x.shape)]
    if function == "mean":
        return [broadcast_to(scale(dy, 1.0 / matrix_view(x.shape)[1]), x.shape)]
    if function == "prod":
        return [_product_gradient(x, dy, reduce_columns)]
    attains = binary(x, node.output, function="equal")
    return [_shared(attains, reduce_columns(attains, "sum"), dy)]


def _shared(attains: Tensor, count: Tensor, dy: Tensor) -> Tensor:
    """The gradient of an extreme: every element that attains it gets dy, divided by how many there
    are (as JAX).
    """
    share = binary(attains, count, function="divide")
    return binary(share, dy, function="multiply")


def _product_gradient(x: Tensor, dy: Tensor, reduce: Callable[[Tensor, str], Tensor]) -> Tensor:
    """dx_j = dy · Π_{l ≠ j} x_l, of the factors other than 0, since it may be the only 0."""
    zero = binary(x, 0.0, function="equal")
    factors = where(zero, 1.0, x)
    zeros = reduce(zero, "sum")
    rest = binary(reduce(factors, "prod"), factors, function="divide")
    others = binary(zeros, zero, function="subtract")  # zeros among the others
    left = where(binary(others, 0.0, function="equal"), rest, 0.0)
    return binary(left, dy, function="multiply")


def _rows_gradient(node: Node, dy: Tensor) -> Sequence[Tensor | None]:
    (x,) = node.inputs
    function = node.attributes["function"]
    if function == "sum":
        return [broadcast_to(dy, x.shape)]
    if function == "mean":
        return [SPREAD_MEAN.node((dy,), {"rows": x.shape[:-1]}, [(x.shape, x.dtype)]).output]
    if function == "prod":
        return [_product_gradient(x, dy, reduce_rows)]
    attains = binary(x, node.output, function="equal")
    return [_shared(attains, reduce_rows(attains, "sum"), dy)]


REDUCE_COLUMNS = define(
    "reduce_columns",
    "y = reduce(x, last axis)",
    ROW,
    gradient=_columns_gradient,
    integers=lambda node: (REDUCE[node.attributes["function"]],),
    flops=lambda node: float(matrix_view(node.inputs[0].shape)[1]),
)
REDUCE_ROWS = define(
    "reduce_rows",
    "y = reduce(x, rows)",
    TILE,
    gradient=_rows_gradient,
    grain=64,
    integers=lambda node: (REDUCE[node.attributes["function"]],),
    flops=lambda node: matrix_view(node.inputs[0].shape)[0],
)
SPREAD_MEAN = define(
    "spread_mean",
    "y[i] = x / rows",
    ROW,
    gradient=lambda node, dy: [reduce_rows(dy, "mean")],
)
CUMSUM = define(
    "cumsum",
    "y_j = sum of x_l, l <= j",
    ROW,
    gradient=lambda node, dy: [cumsum(dy, reverse=not node.attributes["reverse"])],
    integers=lambda node: (int(node.attributes["reverse"]),),
)
ARGMAX_I32 = define(
    "argmax_i32",
    "y = argmax(x, last axis)",
    ROW,
    typed_by=lambda node: node.inputs[0].dtype,
    flops=lambda node: float(matrix_view(node.inputs[0].shape)[1]),
)

ARGMAX_ROWS_I32 = define(
    "argmax_rows_i32",
    "y = argmax(x, rows)",
    TILE,
    typed_by=lambda node: node.inputs[0].dtype,
    grain=64,
    flops=lambda node: matrix_view(node.inputs[0].shape)[0],
)


def reduce_columns(x: Tensor, function: str) -> Tensor:
    """Reduce the last axis, keeping it with size 1; of one column that is the column itself."""
    if x.shape[-1] == 1:
        return x
    return REDUCE_COLUMNS.node((x,), {"function": function}, [((*x.shape[:-1], 1), x.dtype)]).output


def reduce_rows(x: Tensor, function: str) -> Tensor:
    """Reduce all axes but the last."""
    return REDUCE_ROWS.node((x,), {"function": function}, [((x.shape[-1],), x.dtype)]).output


def argmax(x: Tensor) -> Tensor:
    """Index of the largest element of the last axis, keeping it with size 1."""
    return ARGMAX_I32.node((x,), {}, [((*x.shape[:-1], 1), "int32")]).output


def argmax_rows(x: Tensor) -> Tensor:
    """Row of the largest element of each column, of all axes but the last."""
    return ARGMAX_ROWS_I32.node((x,), {}, [((x.shape[-1],), "int32")]).output


def cumsum(x: Tensor, *, reverse: bool = False) -> Tensor:
    """Running sums along the last axis, from its start or, reverse, from its end."""
    return CUMSUM.node((x,), {"reverse": reverse}, [(x.shape, x.dtype)]).output
