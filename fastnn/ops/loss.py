"""Loss heads from logits, and the mean that turns per-sample losses into the training loss.

z (…, k) logits, t (…, k) targets, labels (…, 1) int32, l (…, 1) or (…, k), w (n, 1) sample weights.

====================================  ==========================================================
sparse_softmax_crossentropy_forward   l = log Σ_j e^(z_j) - z_label, shifted by the maximum
sparse_softmax_crossentropy_backward  dz = dl · (softmax(z) - one_hot(label))
softmax_crossentropy_forward          l = -Σ_j t_j log_softmax(z)_j
softmax_crossentropy_backward         dz = dl · (softmax(z) Σ_j t_j - t)
sigmoid_crossentropy_forward          l = max(z, 0) - z t + log(1 + e^(-|z|)), elementwise
sigmoid_crossentropy_backward         dz = dl · (sigmoid(z) - t)
loss_mean                             loss = Σ w_i l_ij / d, in double, rows ascending
loss_mean_backward                    dl_ij = scale · w_i / d; d by ``reduction``
====================================  ==========================================================

All are finite for logits up to ±1e4. ``reduction``: ``"mean"`` d = number of losses (Keras's
``sum_over_batch_size``), ``"sum"`` d = 1, ``"weighted_mean"`` d = Σ w_i over the losses. A loss
that is not finite stops the step (status 4) before anything is updated, where ``check_finite`` asks
for it. The gradients are those of the logarithm of the fused probabilities: Bishop, "Pattern
Recognition and Machine Learning" (2006), section 4.3.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastnn.ops.contract import ROW, SERIAL, define
from fastnn.ops.shape import reshape
from fastnn.program.tensor import Node, Shape, Size, Tensor, matrix_view

REDUCTIONS = {"mean": 0, "sum": 1, "weighted_mean": 2}


def _head_gradient(name: str, forward_inputs: int = 2) -> object:
    def gradient(node: Node, dl: Tensor) -> Sequence[Tensor | None]:
        z = node.inputs[0]
        dz = BACKWARD[name].node((dl, *node.inputs), {}, [(z.shape, z.dtype)]).output
        return [dz, None]

    return gradient


SPARSE_SOFTMAX_CROSSENTROPY_FORWARD = define(
    "sparse_softmax_crossentropy_forward",
    "l = logsumexp(z) - z[label]",
    ROW,
    gradient=_head_gradient("sparse_softmax"),
    flops=lambda node: 22.0 * matrix_view(node.inputs[0].shape)[1],
)
SOFTMAX_CROSSENTROPY_FORWARD = define(
    "softmax_crossentropy_forward",
    "l = -sum(t * log_softmax(z))",
    ROW,
    gradient=_head_gradient("softmax"),
    flops=lambda node: 24.0 * matrix_view(node.inputs[0].shape)[1],
)
SIGMOID_CROSSENTROPY_FORWARD = define(
    "sigmoid_crossentropy_forward",
    "l = max(z, 0) - z*t + log1p(exp(-abs(z)))",
    ROW,
    gradient=_head_gradient("sigmoid"),
    flops=lambda node: 40.0,
)
BACKWARD = {
    "sparse_softmax": define(
        "sparse_softmax_crossentropy_backward",
        "dz = dl * (softmax(z) - one_hot(label))",
        ROW,
        flops=lambda node: 24.0,
    ),
    "softmax": define(
        "softmax_crossentropy_backward",
        "dz = dl * (softmax(z) * sum(t) - t)",
        ROW,
        flops=lambda node: 24.0,
    ),
    "sigmoid": define(
        "sigmoid_crossentropy_backward",
        "dz = dl * (sigmoid(z) - t)",
        ROW,
        flops=lambda node: 22.0,
    ),
}


def _elements(losses: Tensor) -> Size:
    rows, columns = matrix_view(losses.shape)
    return rows * columns


def _mean_gradient(node: Node, dloss: Tensor) -> Sequence[Tensor | None]:
    """The loss is the end of the chain: ``dloss`` is the constant that autodiff starts with."""
    start = dloss.constant
    if start is None:
        raise TypeError("loss_mean must be the last op of the loss.")
    losses = node.inputs[0]
    attributes = {**node.attributes, "scale": float(start)}
    dl = LOSS_MEAN_BACKWARD.node(node.inputs, attributes, [(losses.shape, losses.dtype)]).output
    return [dl, *(None for _ in node.inputs[1:])]


LOSS_MEAN = define(
    "loss_mean",
    "loss = sum(w * l) / d",
    SERIAL,
    gradient=_mean_gradient,
    integers=lambda node: (
        len(node.inputs) - 1,
        int(node.attributes["check_finite"]),
        REDUCTIONS[node.attributes["reduction"]],
    ),
    typed_by=lambda node: node.inputs[0].dtype,
    flops=lambda node: _elements(node.inputs[0]) * len(node.inputs),
)
LOSS_MEAN_BACKWARD = define(
    "loss_mean_backward",
    "dl = scale * w / d",
    ROW,
    integers=lambda node: (
        len(node.inputs) - 1,
        REDUCTIONS[node.attributes["reduction"]],
    ),
    floats=lambda node: (node.attributes["scale"],),
    whole=lambda node: node.attributes["reduction"] == "weighted_mean",
)


def _per_row(values: Tensor) -> Tensor:
    """Per-sample values as (n, values per sample), so that one weight belongs to each row."""
    rows, columns = matrix_view(values.shape)
    shape: Shape = (Size(0, 1), rows.b * columns)
    return reshape(values, shape)


def sparse_softmax_crossentropy(z: Tensor, labels: Tensor) -> Tensor:
    """Crossentropy of integer labels from logits, (…, 1)."""
    return SPARSE_SOFTMAX_CROSSENTROPY_FORWARD.node(
        (z, labels), {}, [((*z.shape[:-1], 1), z.dtype)]
    ).output


def softmax_crossentropy(z: Tensor, t: Tensor) -> Tensor:
    """Crossentropy of target distributions from logits, (…, 1)."""
    return SOFTMAX_CROSSENTROPY_FORWARD.node((z, t), {}, [((*z.shape[:-1], 1), z.dtype)]).output


def sigmoid_crossentropy(z: Tensor, t: Tensor) -> Tensor:
    """Elementwise binary crossentropy from logits, of the shape of z."""
    return SIGMOID_CROSSENTROPY_FORWARD.node((z, t), {}, [(z.shape, z.dtype)]).output


def loss_mean(
    losses: Tensor, weights: Tensor | None, *, reduction: str = "mean", check_finite: bool = True
) -> Tensor:
    """The training loss, a float64 scalar, from per-sample losses (n, …) and weights (n, 1)."""
    losses = _per_row(losses)
    inputs = (losses,) if weights is None else (losses, _per_row(weights))
    attributes = {"reduction": reduction, "check_finite": check_finite}
    return LOSS_MEAN.node(inputs, attributes, [((), "float64")]).output
