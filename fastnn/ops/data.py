"""Ops that bring batches in and results out.

=============  ================================================================================
gather_rows    y[i] = source row of batch row i, converted to the float type. Values are
               checked to be finite where the binding asks for it; the first bad row stops the
               step before it changes anything.
gather_labels  the same for integer labels, checked to be integral and in [0, classes).
scatter_rows   the bound output row offset + i = x[i].
=============  ================================================================================

Batch row i is source row permutation[offset + i], or offset + i without a permutation; offset is
data of the step. A binding is an array that the caller borrows for one run: see
``fastnn/program/record.py``.
"""

from __future__ import annotations

from fastnn.ops.contract import ROW, define
from fastnn.ops.shape import reshape
from fastnn.program.tensor import BATCH, Node, Shape, Tensor, product

GATHER_ROWS = define(
    "gather_rows",
    "y[i] = float(source[permutation[offset + i]])",
    ROW,
    integers=lambda node: (node.attributes["binding"],),
    flops=lambda node: 2.0,
)
GATHER_LABELS = define(
    "gather_labels",
    "y[i] = int(source[permutation[offset + i]]), 0 <= y < classes",
    ROW,
    typed_by=lambda node: "",
    integers=lambda node: (node.attributes["binding"], node.attributes["classes"]),
    flops=lambda node: 2.0,
)
SCATTER_ROWS = define(
    "scatter_rows",
    "output[offset + i] = x[i]",
    ROW,
    integers=lambda node: (node.attributes["binding"],),
    effect=True,
)


def gather_rows(binding: int, shape: Shape, dtype: str, *, unbatched: bool = False) -> Tensor:
    """A batch of rows of the bound array; ``shape`` is one row's.

    ``unbatched``: the one row of the bound array is a tensor without the batch axis.
    """
    attributes = {"binding": binding, "dtype": dtype}
    rows = (1 if unbatched else BATCH, product(shape))
    flat = GATHER_ROWS.node((), attributes, [(rows, dtype)]).output
    return reshape(flat, shape if unbatched else (BATCH, *shape))


def gather_labels(binding: int, shape: Shape, classes: int, *, unbatched: bool = False) -> Tensor:
    """A batch of integer labels; ``classes`` 0 leaves the range unchecked."""
    attributes = {"binding": binding, "classes": classes}
    rows = (1 if unbatched else BATCH, product(shape))
    flat = GATHER_LABELS.node((), attributes, [(rows, "int32")]).output
    return reshape(flat, shape if unbatched else (BATCH, *shape))


def scatter_rows(x: Tensor, binding: int, *, unbatched: bool = False) -> Node:
    """Write the rows of ``x`` to the bound output; the node is a root of its Program.

    ``unbatched``: x has no batch axis and is the one row of the output.
    """
    flat = reshape(x, (1, product(x.shape)) if unbatched else (BATCH, product(x.shape[1:])))
    return SCATTER_ROWS.node((flat,), {"binding": binding}, [])
