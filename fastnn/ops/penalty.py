"""Penalties: what regularizers and ``add_loss`` add to the loss and to the gradients.

================  ==============================================================================
penalty_sums      s_t = Σ (l1·|x_e| + l2·x_e²) over the elements e of chunk t, in double
penalty_gradient  y = l1·sign(x) + 2·l2·x, or g + that: its gradient, alone or added to one
add_terms         total = first + Σ_t terms_t, in double; a total that is not finite stops the step
divide_by_rows    y = x / n, n the rows of the step
================  ==============================================================================

``penalty_gradient`` works in place on g where nobody else reads g (``program/memory.py``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fastnn.ops.contract import SERIAL, TILE, define
from fastnn.ops.shape import RESHAPE
from fastnn.program.tensor import Node, Size, Tensor, constant, matrix_view, product

# elements of one sum, and of a tile of what is elementwise here
CHUNK = 4096


def elements(node: Node) -> Tensor:
    """The subject of an elementwise tile op over dense operands: its elements, without a shape."""
    tensor = (node.outputs or node.inputs)[0]
    return Tensor((product(tensor.shape),), tensor.dtype)


def _start(node: Node, incoming: Tensor) -> float:
    """The constant that the gradient of a sum at the end of the loss is."""
    if incoming.constant is None:
        raise TypeError(f"{node.op.name} must be at the end of the loss.")
    return float(incoming.constant.reshape(-1)[0])  # the same for all terms


def _sums_gradient(node: Node, incoming: Tensor) -> Sequence[Tensor | None]:
    share = _start(node, incoming)
    attributes = {name: share * node.attributes[name] for name in ("l1", "l2")}
    x = node.inputs[0]
    return [PENALTY_GRADIENT.node((x,), attributes, [(x.shape, x.dtype)]).output]


def _terms_gradient(node: Node, incoming: Tensor) -> Sequence[Tensor | None]:
    terms = node.inputs[1]
    sizes = [size for size in terms.shape if isinstance(size, int)]
    return [incoming, constant(np.full(sizes, _start(node, incoming)), terms.dtype)]


def _factors(node: Node) -> Sequence[float]:
    return float(node.attributes["l1"]), float(node.attributes["l2"])


def _terms(node: Node) -> Size:
    rows, columns = matrix_view(node.inputs[1].shape)
    return rows * columns


PENALTY_SUMS = define(
    "penalty_sums",
    "s_t = sum(l1*abs(x) + l2*x*x) over chunk t",
    TILE,
    gradient=_sums_gradient,
    floats=_factors,
    typed_by=lambda node: node.inputs[0].dtype,
    flops=lambda node: 4.0 * CHUNK,
)
PENALTY_GRADIENT = define(
    "penalty_gradient",
    "y = l1*sign(x) + 2*l2*x [+ g]",
    TILE,
    floats=_factors,
    subject=elements,
    flops=lambda node: 4.0,
    grain=CHUNK,
    in_place=1,
)
ADD_TERMS = define(
    "add_terms",
    "total = first + sum(terms)",
    SERIAL,
    gradient=_terms_gradient,
    integers=lambda node: (int(node.attributes["check_finite"]),),
    typed_by=lambda node: node.inputs[1].dtype,
    flops=_terms,
)
DIVIDE_BY_ROWS = define(
    "divide_by_rows",
    "y = x / n",
    SERIAL,
    gradient=lambda node, dy: [divide_by_rows(dy)],
)


def penalty_sums(x: Tensor, l1: float, l2: float) -> Tensor:
    """Partial sums of l1·|x| + l2·x² over a tensor without the batch axis, float64."""
    count = product(x.shape)
    if isinstance(count, Size):
        raise TypeError("penalty_sums of a batch.")
    attributes = {"l1": l1, "l2": l2}
    return PENALTY_SUMS.node((x,), attributes, [((-(-count // CHUNK),), "float64")]).output


def add_terms(first: Tensor, terms: Tensor, *, check_finite: bool = False) -> Tensor:
    """first + Σ terms, a float64 scalar."""
    attributes = {"check_finite": check_finite}
    return ADD_TERMS.node((first, terms), attributes, [((), "float64")]).output


def divide_by_rows(x: Tensor) -> Tensor:
    """A scalar divided by the number of rows of the step."""
    return DIVIDE_BY_ROWS.node((x,), {}, [(x.shape, x.dtype)]).output


def add_gradients(a: Tensor, b: Tensor) -> Tensor:
    """a + b, in one pass where one of them is the gradient of a penalty."""
    for penalty, other in ((a, b), (b, a)):
        node = penalty.node
        if node is None or node.op is not PENALTY_GRADIENT or len(node.inputs) > 1:
            continue
        if other.node is None or other.node.op is RESHAPE or other.shape != penalty.shape:
            continue
        inputs = (*node.inputs, other)
        shape = [(other.shape, other.dtype)]
        return PENALTY_GRADIENT.node(inputs, node.attributes, shape).output
    return a + b


def square_sum(tensors: Sequence[Tensor]) -> Tensor:
    """Σ of the squares of all elements of tensors without the batch axis, a float64 scalar."""
    total = constant(0.0, "float64")
    for tensor in tensors:
        total = add_terms(total, penalty_sums(tensor, 0.0, 1.0))
    return total
