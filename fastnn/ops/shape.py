"""Ops that change shapes or layouts.

========  =======================================================================
reshape   the same elements under another shape: no kernel runs, the memory is shared
copy      y = x, in memory of its own
one_hot   y[i, j] = 1 if labels[i] = j else 0; labels (…, 1) int32, y (…, classes)
========  =======================================================================
"""

from __future__ import annotations

from collections.abc import Sequence

from fastnn.errors import ShapeError
from fastnn.ops.contract import ROW, define
from fastnn.program.tensor import Node, Shape, Size, Tensor, product


def _reshape_gradient(node: Node, dy: Tensor) -> Sequence[Tensor | None]:
    if node.attributes.get("stops"):
        return [None]
    return [reshape(dy, node.inputs[0].shape)]


RESHAPE = define("reshape", "y = x under another shape", ROW, gradient=_reshape_gradient)
COPY = define("copy", "y = x", ROW, gradient=lambda node, dy: [dy])
ONE_HOT = define("one_hot", "y[i, j] = labels[i] == j", ROW)


def reshape(x: Tensor, shape: Shape) -> Tensor:
    """``x`` under another shape with the same number of elements (batch axis first)."""
    if product(x.shape) != product(shape):
        raise ShapeError(
            f"cannot reshape {x.shape} to {shape}: {product(x.shape)} elements are not "
            f"{product(shape)}. The number of elements must stay the same."
        )
    if x.has_batch and not isinstance(shape[0], Size):
        raise ShapeError(f"cannot reshape {x.shape} to {shape}: the batch axis must stay first.")
    if x.shape == shape:
        return x
    return RESHAPE.node((x,), {"shape": shape}, [(shape, x.dtype)]).output


def stop_gradient(x: Tensor) -> Tensor:
    """x, through which no gradient flows back."""
    return RESHAPE.node((x,), {"shape": x.shape, "stops": True}, [(x.shape, x.dtype)]).output


def one_hot(labels: Tensor, classes: int, dtype: str) -> Tensor:
    """Labels (…, 1) as rows (…, classes) of zeros and a one."""
    return ONE_HOT.node(
        (labels,), {"classes": classes, "dtype": dtype}, [((*labels.shape[:-1], classes), dtype)]
    ).output


def copy(x: Tensor) -> Tensor:
    """The same values in memory of their own."""
    return COPY.node((x,), {}, [(x.shape, x.dtype)]).output
