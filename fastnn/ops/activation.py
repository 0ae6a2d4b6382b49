"""Activations. Elementwise ones are one op with a function name; the derivative is expressed in the
output (in the input: ``curve.py``).

====================  =========================================================================
activation_forward    y = f(z), f one of linear, relu (z < 0 ? 0 : z, so that NaN stays),
                      sigmoid 1/(1+e^-z), tanh
activation_backward   dz = dy · f'(z): relu dy·[y > 0], sigmoid dy·y(1-y), tanh dy·(1-y²)
softmax_forward       y_j = e^(z_j - m) / Σ_k e^(z_k - m) over the last axis, m = max z
softmax_backward      dz = y · (dy - Σ_k dy_k y_k)
log_softmax_forward   y_j = z_j - m - log Σ_k e^(z_k - m)
log_softmax_backward  dz = dy - e^y · Σ_k dy_k
sparsemax_forward     y = max(z - τ, 0) over the last axis, τ such that Σ y = 1
sparsemax_backward    dz = y > 0 ? dy - (mean of dy where y > 0) : 0
====================  =========================================================================

``activation_forward`` and ``activation_backward`` may work in place.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastnn.ops.codes import ACTIVATION
from fastnn.ops.contract import ROW, define
from fastnn.program.tensor import Node, Tensor


def _activation_gradient(node: Node, dy: Tensor) -> Sequence[Tensor | None]:
    return [activation_backward(dy, node.output, node.attributes["function"])]


def _softmax_gradient(node: Node, dy: Tensor) -> Sequence[Tensor | None]:
    return [SOFTMAX_BACKWARD.node((dy, node.output), {}, [(dy.shape, dy.dtype)]).output]


def _log_softmax_gradient(node: Node, dy: Tensor) -> Sequence[Tensor | None]:
    return [LOG_SOFTMAX_BACKWARD.node((dy, node.output), {}, [(dy.shape, dy.dtype)]).output]


def _sparsemax_gradient(node: Node, dy: Tensor) -> Sequence[Tensor | None]:
    return [SPARSEMAX_BACKWARD.node((dy, node.output), {}, [(dy.shape, dy.dtype)]).output]


ACTIVATION_FORWARD = define(
    "activation_forward",
    "y = f(z)",
    ROW,
    gradient=_activation_gradient,
    integers=lambda node: (ACTIVATION[node.attributes["function"]],),
    flops=lambda node: 1.0 if node.attributes["function"] in ("linear", "relu") else 20.0,
)
ACTIVATION_BACKWARD = define(
    "activation_backward",
    "dz = dy * f'(z), from y = f(z)",
    ROW,
    integers=lambda node: (ACTIVATION[node.attributes["function"]],),
    flops=lambda node: 3.0,
)
SOFTMAX_FORWARD = define(
    "softmax_forward",
    "y = exp(z - max z) / sum exp(z - max z)",
    ROW,
    gradient=_softmax_gradient,
    flops=lambda node: 22.0,
)
SOFTMAX_BACKWARD = define(
    "softmax_backward", "dz = y * (dy - sum(dy * y))", ROW, flops=lambda node: 4.0
)
LOG_SOFTMAX_FORWARD = define(
    "log_softmax_forward",
    "y = z - max z - log sum exp(z - max z)",
    ROW,
    gradient=_log_softmax_gradient,
    flops=lambda node: 22.0,
)
LOG_SOFTMAX_BACKWARD = define(
    "log_softmax_backward", "dz = dy - exp(y) * sum(dy)", ROW, flops=lambda node: 22.0
)
SPARSEMAX_FORWARD = define(
    "sparsemax_forward",
    "y = max(z - tau, 0), sum(y) = 1",
    ROW,
    gradient=_sparsemax_gradient,
    flops=lambda node: 20.0,
)
SPARSEMAX_BACKWARD = define(
    "sparsemax_backward",
    "dz = y > 0 ? dy - mean(dy where y > 0) : 0",
    ROW,
    flops=lambda node: 6.0,
)


def activation_forward(z: Tensor, function: str) -> Tensor:
    """y = f(z)."""
    if function == "linear":
        return z
    return ACTIVATION_FORWARD.node((z,), {"function": function}, [(z.shape, z.dtype)]).output


def activation_backward(dy: Tensor, y: Tensor, function: str) -> Tensor:
    """dz = dy · f'(z), with the derivative expressed in y = f(z)."""
    return ACTIVATION_BACKWARD.node((dy, y), {"function": function}, [(dy.shape, dy.dtype)]).output


def softmax_forward(z: Tensor) -> Tensor:
    """Softmax over the last axis."""
    return SOFTMAX_FORWARD.node((z,), {}, [(z.shape, z.dtype)]).output


def log_softmax_forward(z: Tensor) -> Tensor:
    """The logarithm of softmax over the last axis."""
    return LOG_SOFTMAX_FORWARD.node((z,), {}, [(z.shape, z.dtype)]).output


def sparsemax_forward(z: Tensor) -> Tensor:
    """Sparsemax over the last axis."""
    return SPARSEMAX_FORWARD.node((z,), {}, [(z.shape, z.dtype)]).output
