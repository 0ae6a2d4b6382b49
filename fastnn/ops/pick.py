"""Picking elements by indices, and the indices of the largest.

=============  ==================================================================================
take           y[i, j] = x[i, index[i, j]], pieces of ``inner`` elements; x (rows, k pieces), or a
               table (k, inner) without the batch axis; index (rows, m) int32, or (1, m) for all
take_backward  dx[i] = 0, then dx[i, index[i, j]] += dy[i, j] for ascending j
take_dw        dw = 0, then dw[index[i, j]] += dy[i, j] for ascending i and j: of a table
top_k_i32      y (…, k) int32 = columns of the k largest of x (…, columns), largest first; the first
               of equals first, NaN counts as the largest
=============  ==================================================================================

A negative index counts from the end. One outside of [-k, k) stops the run: its row is reported, no
memory is read or written by it.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastnn.ops.contract import ROW, TILE, define
from fastnn.ops.elementwise import broadcast_to
from fastnn.ops.shape import reshape
from fastnn.program.tensor import Node, Size, Tensor, constant


def _integers(node: Node) -> Sequence[int]:
    return (node.attributes["inner"], int(node.attributes["table"]), node.attributes["binding"])


def _gradient(node: Node, dy: Tensor) -> Sequence[Tensor | None]:
    x, index = node.inputs
    if x.dtype == "int32":
        return [None, None]
    op = TAKE_DW if node.attributes["table"] else TAKE_BACKWARD
    back = op.node((dy, index), {**node.attributes, "like": x.shape}, [(x.shape, x.dtype)])
    return [back.output, None]


def _backward_gradient(node: Node, dy: Tensor) -> Sequence[Tensor | None]:
    given, index = node.inputs
    attributes = {key: value for key, value in node.attributes.items() if key != "like"}
    return [TAKE.node((dy, index), attributes, [(given.shape, given.dtype)]).output, None]


TAKE = define("take", "y[i, j] = x[i, index[i, j]]", ROW, gradient=_gradient, integers=_integers)
TAKE_BACKWARD = define(
    "take_backward",
    "dx[i, index[i, j]] += dy[i, j]",
    ROW,
    gradient=_backward_gradient,
    integers=_integers,
)
# 256 rows of a table of 64 floats are 64 KiB; every tile looks at every index of the batch
TAKE_DW = define(
    "take_dw",
    "dw[index[i, j]] += dy[i, j]",
    TILE,
    gradient=_backward_gradient,
    integers=_integers,
    grain=256,
    by_rows=True,
)
TOP_K_I32 = define(
    "top_k_i32",
    "y = columns of the k largest",
    ROW,
    typed_by=lambda node: node.inputs[0].dtype,
    flops=lambda node: float(node.inputs[0].shape[-1]),
)


def take(x: Tensor, index: Tensor, inner: int, *, table: bool) -> Tensor:
    """y (rows, m · inner): pieces of ``inner`` elements of x by the indices (rows or 1, m).

    x is (rows, k · inner), or a table (k, inner) without the batch axis.
    """
    rows = index.shape[0] if table or index.shape[0] != 1 else x.shape[0]
    width = index.shape[-1]
    assert isinstance(width, int)
    attributes = {"inner": inner, "table": table, "binding": _binding(index)}
    return TAKE.node((x, index), attributes, [((rows, width * inner), x.dtype)]).output


def _binding(index: Tensor) -> int:
    """The binding that indices are gathered from, by which a bad one's row is found; -1 if they are
    computed.
    """
    node = index.node
    while node is not None and node.op.name in ("reshape", "strided_copy") and node.inputs:
        node = node.inputs[0].node
    return int(node.attributes["binding"]) if node and node.op.name == "gather_labels" else -1


def top_k(x: Tensor, k: int) -> Tensor:
    """Columns of the k largest elements of the last axis."""
    return TOP_K_I32.node((x,), {"k": k}, [((*x.shape[:-1], k), "int32")]).output


def marked(index: Tensor, like: Tensor) -> Tensor:
    """1 in the columns that the indices (…, k) of a row name, each once, else 0, shaped as
    ``like``.
    """
    width, columns = index.shape[-1], like.shape[-1]
    assert isinstance(width, int)
    assert isinstance(columns, int)
    rows = flat(index, width)
    ones = broadcast_to(constant(1.0, like.dtype), rows.shape)
    shape = (rows.shape[0], columns)
    attributes = {"inner": 1, "table": False, "binding": _binding(index), "like": shape}
    return reshape(
        TAKE_BACKWARD.node((ones, rows), attributes, [(shape, like.dtype)]).output, like.shape
    )


def flat(x: Tensor, columns: int) -> Tensor:
    """x as (rows, columns): a row per sample and more where axes count as rows."""
    if not x.has_batch:
        return reshape(x, (-(-_count(x) // columns), columns))
    rows = x.shape[0]
    assert isinstance(rows, Size)
    return reshape(x, (rows * (_count(x) // columns), columns))


def _count(x: Tensor) -> int:
    total = 1
    for size in x.shape:
        total *= size if isinstance(size, int) else 1
    return total
