"""Products of matrices that belong to one sample. (A product with a variable is ``dense_forward``.)

======  ====================================================================================
matmul  y = a @ b for each row: a (rows, p·q) or, transposed in place, (rows, q·p), b (rows, q·r),
        y (rows, p·r); an a or b of one row goes to every row
======  ====================================================================================
"""

from __future__ import annotations

from collections.abc import Sequence

from fastnn.ops import strided
from fastnn.ops.contract import ROW, define
from fastnn.ops.shape import reshape
from fastnn.program.tensor import Dimension, Node, Tensor


def _gradient(node: Node, dy: Tensor) -> Sequence[Tensor | None]:
    """da = dy @ bᵀ, or (dy @ bᵀ)ᵀ = b @ dyᵀ where a is read transposed; db = aᵀ @ dy."""
    a, b = node.inputs
    p, q, r = (node.attributes[name] for name in ("p", "q", "r"))
    if node.attributes["transposed"]:
        da = matmul(b, _turned(dy, p, r), q, r, p)
    else:
        da = matmul(dy, _turned(b, q, r), p, r, q)
    db = matmul(a, dy, q, p, r, transposed=not node.attributes["transposed"])
    return [_like(da, a), _like(db, b)]


MATMUL = define(
    "matmul",
    "y = a @ b",
    ROW,
    gradient=_gradient,
    integers=lambda node: (
        *(node.attributes[name] for name in ("p", "q", "r")),
        int(node.attributes["transposed"]),
    ),
    flops=lambda node: 2.0 * float(node.attributes["q"]),
)


def _turned(x: Tensor, rows: int, columns: int) -> Tensor:
    """The matrix of each row transposed."""
    lead = x.shape[0]
    shaped = reshape(x, (lead, rows, columns) if x.has_batch else (rows, columns))
    turned = strided.transpose(shaped, (1, 0))
    return reshape(turned, (lead, rows * columns))


def _like(gradient: Tensor, x: Tensor) -> Tensor:
    """The gradient summed over the rows that shared x."""
    from fastnn.ops.reduce import reduce_rows

    if gradient.shape == x.shape:
        return gradient
    return reshape(reduce_rows(gradient, "sum"), x.shape)


def matmul(a: Tensor, b: Tensor, p: int, q: int, r: int, *, transposed: bool = False) -> Tensor:
    """a (rows or 1, p·q) times b (rows or 1, q·r); ``transposed``: a is stored as (q, p)."""
    rows: Dimension = a.shape[0] if a.shape[0] != 1 else b.shape[0]
    attributes = {"p": p, "q": q, "r": r, "transposed": transposed}
    return MATMUL.node((a, b), attributes, [((rows, p * r), a.dtype)]).output
