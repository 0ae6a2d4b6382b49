"""The circle loss (Sun et al., "Circle Loss: A Unified Perspective of Pair Similarity
Optimization", CVPR 2020): every sample of the batch against every reference, which may be the batch
itself.

x (n, k), labels (n, 1) int32, references (m, k), their labels (m, 1) int32; d = max(1 - x·r, 0).

===============  ===============================================================================
circle_forward   y (n, 2) = log Σ_j e^a over the references of the sample's class, a =
                 γ max(δ + d, 0) (d - δ); and over those of other classes, a =
                 γ max(1 + δ - d, 0) (1 - δ - d); -inf over none. Where ``apart``, sample i and
                 reference i are no pair of one class
circle_backward  dx of it, or if ``turned`` of the references
===============  ===============================================================================

Dot products and sums of exponentials are in double; nothing of size n·m is stored.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastnn.errors import UnsupportedError
from fastnn.ops.contract import ROW, define
from fastnn.program.tensor import Node, Tensor


def _gradient(node: Node, dy: Tensor) -> Sequence[Tensor | None]:
    x, _, references, _ = node.inputs
    inputs = (dy, node.output, *node.inputs)

    def by(tensor: Tensor, turned: bool) -> Tensor:
        attributes = {**node.attributes, "turned": turned}
        return CIRCLE_BACKWARD.node(inputs, attributes, [(tensor.shape, tensor.dtype)]).output

    if references.has_batch:
        return [by(x, False), None, by(references, True), None]
    if references.constant is None:
        raise UnsupportedError(
            "circle: ref_embeddings depends on a weight but not on the batch, and fastnn has no "
            "gradient for it. Pass an array, or fastnn.ops.stop_gradient(...) of it."
        )
    return [by(x, False), None, None, None]


def _floats(node: Node) -> Sequence[float]:
    return [float(node.attributes[name]) for name in ("gamma", "margin")]


def _cost(node: Node) -> float:
    """A dot product and an exponential for each reference: a hundred, where they are the batch."""
    references = node.inputs[2 if node.op is CIRCLE_FORWARD else 4]
    count = references.shape[0] if isinstance(references.shape[0], int) else 100
    return count * (float(references.shape[-1]) + 20.0)  # type: ignore[arg-type]


CIRCLE_FORWARD = define(
    "circle_forward",
    "y = logsumexp of the exponents of pairs of one class, of two",
    ROW,
    gradient=_gradient,
    integers=lambda node: (int(node.attributes["apart"]),),
    floats=_floats,
    flops=_cost,
    whole=lambda node: True,
)
CIRCLE_BACKWARD = define(
    "circle_backward",
    "dx = sum_j dy_i * exp(a_ij - y_i) * a'_ij * r_j",
    ROW,
    integers=lambda node: (int(node.attributes["apart"]), int(node.attributes["turned"])),
    floats=_floats,
    flops=_cost,
    whole=lambda node: True,
)


def circle_exponents(
    x: Tensor,
    labels: Tensor,
    references: Tensor,
    others: Tensor,
    *,
    gamma: float,
    margin: float,
    apart: bool,
) -> Tensor:
    """The logarithms of both sums for each sample, (n, 2)."""
    attributes = {"gamma": gamma, "margin": margin, "apart": apart}
    inputs = (x, labels, references, others)
    return CIRCLE_FORWARD.node(inputs, attributes, [((x.shape[0], 2), x.dtype)]).output
