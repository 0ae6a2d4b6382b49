"""Normalisation with zero mean and unit variance, of each row or of each column over the batch.

x (…, k): rows are all leading axes. h is x normalised, gamma and beta (k,) may be absent.

===================  ===========================================================================
row_moments          y (…, 2) = mean, 1/√(variance + ε) of each row; not centered: 0 and
                     1/√(mean x² + ε)
layer_norm_forward   y = h · gamma + beta, h from the moments of each row
layer_norm_backward  dx = (g - mean g - h · mean(g·h)) / √(variance + ε), g = dy · gamma
layer_norm_dgamma    dgamma = Σ_i dy_i · h_i over the rows, in double
batch_variance       y (k,) = mean over the rows of (x - mean)², in double
batch_norm_forward   y = h · gamma + beta, h = (x - mean)/√(variance + ε) by columns, with the
                     batch's own mean and variance or any others
batch_norm_backward  dx = gamma · (dy - (dbeta + h · dgamma)/n) / √(variance + ε), for the batch's
                     own mean and variance: what x changes through them is part of it
batch_norm_dgamma    dgamma = Σ_i dy_i · h_i over the rows, in double
===================  ===========================================================================

The row moments are computed again for the gradient: a pass over a row in cache costs less than an
output of its own in inference.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastnn.ops.contract import ROW, TILE, define
from fastnn.ops.dense import dense_db
from fastnn.program.tensor import Node, Tensor, constant, matrix_view


def _epsilon(node: Node) -> Sequence[float]:
    return (node.attributes["epsilon"],)


def _factors(node: Node, first: int) -> tuple[list[Tensor], Tensor | None]:
    """gamma, in a list that is empty without it, and beta."""
    given = list(node.inputs[first:])
    gamma = given[:1] if node.attributes["scale"] else []
    rest = given[len(gamma) :]
    return gamma, rest[0] if rest else None


def _layer_norm_gradient(node: Node, dy: Tensor) -> Sequence[Tensor | None]:
    x = node.inputs[0]
    gamma, beta = _factors(node, 1)
    centered = node.attributes["centered"]
    moments = row_moments(x, node.attributes["epsilon"], centered)
    dx = LAYER_NORM_BACKWARD.node(
        (dy, x, moments, *gamma), {"centered": centered}, [(x.shape, x.dtype)]
    ).output
    found: list[Tensor | None] = [dx]
    for tensor in gamma:
        inputs = (dy, x, moments)
        found.append(LAYER_NORM_DGAMMA.node(inputs, {}, [(tensor.shape, x.dtype)]).output)
    return found if beta is None else [*found, dense_db(dy, beta)]


def _batch_norm_gradient(node: Node, dy: Tensor) -> Sequence[Tensor | None]:
    x, mean, variance = node.inputs[:3]
    gamma, beta = _factors(node, 3)
    attributes = {"epsilon": node.attributes["epsilon"]}
    dgamma = BATCH_NORM_DGAMMA.node(
        (dy, x, mean, variance), attributes, [(mean.shape, x.dtype)]
    ).output
    dbeta = dense_db(dy, mean)
    if node.attributes["batch"]:
        inputs = (dy, x, mean, variance, dgamma, dbeta, *gamma)
        dx = BATCH_NORM_BACKWARD.node(inputs, attributes, [(x.shape, x.dtype)]).output
    else:
        zeros = constant(np.zeros(mean.shape), x.dtype)
        factor = gamma[0] if gamma else None
        dx = batch_norm(dy, zeros, variance, factor, epsilon=attributes["epsilon"])
    return [dx, None, None, *(dgamma for _ in gamma), *([] if beta is None else [dbeta])]


ROW_MOMENTS = define(
    "row_moments",
    "y = mean x, 1 / sqrt(mean (x - mean x)^2 + eps)",
    ROW,
    integers=lambda node: (int(node.attributes["centered"]),),
    floats=_epsilon,
    flops=lambda node: 2.0 * matrix_view(node.inputs[0].shape)[1],
)
LAYER_NORM_FORWARD = define(
    "layer_norm_forward",
    "y = (x - mean) / sqrt(variance + eps) * gamma + beta, by rows",
    ROW,
    gradient=_layer_norm_gradient,
    integers=lambda node: (
        int(node.attributes["centered"]),
        int(node.attributes["scale"]),
        int(_factors(node, 1)[1] is not None),
    ),
    floats=_epsilon,
    flops=lambda node: 8.0,
)
LAYER_NORM_BACKWARD = define(
    "layer_norm_backward",
    "dx = (g - mean g - h * mean(g * h)) / sqrt(variance + eps), g = dy * gamma",
    ROW,
    integers=lambda node: (int(node.attributes["centered"]), int(len(node.inputs) == 4)),
    flops=lambda node: 12.0,
)
LAYER_NORM_DGAMMA = define(
    "layer_norm_dgamma",
    "dgamma = sum(dy * h, rows)",
    TILE,
    grain=64,
    flops=lambda node: matrix_view(node.inputs[0].shape)[0] * 4,
)
BATCH_VARIANCE = define(
    "batch_variance",
    "y = mean((x - mean x)^2, rows)",
    TILE,
    grain=64,
    flops=lambda node: matrix_view(node.inputs[0].shape)[0] * 4,
)
BATCH_NORM_FORWARD = define(
    "batch_norm_forward",
    "y = (x - mean) / sqrt(variance + eps) * gamma + beta, by columns",
    ROW,
    gradient=_batch_norm_gradient,
    integers=lambda node: (
        int(node.attributes["scale"]),
        int(_factors(node, 3)[1] is not None),
    ),
    floats=_epsilon,
    flops=lambda node: 3.0,
)
BATCH_NORM_BACKWARD = define(
    "batch_norm_backward",
    "dx = gamma * (dy - (dbeta + h * dgamma) / n) / sqrt(variance + eps)",
    ROW,
    integers=lambda node: (int(len(node.inputs) == 7),),
    floats=_epsilon,
    flops=lambda node: 6.0,
)
BATCH_NORM_DGAMMA = define(
    "batch_norm_dgamma",
    "dgamma = sum(dy * h, rows)",
    TILE,
    grain=64,
    floats=_epsilon,
    flops=lambda node: matrix_view(node.inputs[0].shape)[0] * 3,
)


def row_moments(x: Tensor, epsilon: float, centered: bool) -> Tensor:
    """Mean and 1/√(variance + ε) of each row, (…, 2)."""
    attributes = {"epsilon": epsilon, "centered": centered}
    return ROW_MOMENTS.node((x,), attributes, [((*x.shape[:-1], 2), x.dtype)]).output


def layer_norm(
    x: Tensor,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
    *,
    epsilon: float,
    centered: bool = True,
) -> Tensor:
    """Each row with mean 0 and variance 1 (not centered: with mean square 1), · gamma + beta."""
    attributes: dict[str, Any] = {
        "epsilon": epsilon,
        "centered": centered,
        "scale": gamma is not None,
    }
    inputs = [x, *(tensor for tensor in (gamma, beta) if tensor is not None)]
    return LAYER_NORM_FORWARD.node(inputs, attributes, [(x.shape, x.dtype)]).output


def batch_variance(x: Tensor) -> Tensor:
    """The variance of each column over all rows."""
    return BATCH_VARIANCE.node((x,), {}, [((x.shape[-1],), x.dtype)]).output


def batch_norm(
    x: Tensor,
    mean: Tensor,
    variance: Tensor,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
    *,
    epsilon: float,
    batch: bool = False,
) -> Tensor:
    """(x - mean)/√(variance + ε)·gamma + beta by columns.

    ``batch`` says that mean and variance are those of x itself: then the gradient of x goes through
    them. Otherwise they are given numbers.
    """
    attributes: dict[str, Any] = {
        "epsilon": epsilon,
        "scale": gamma is not None,
        "batch": batch,
    }
    factors = [tensor for tensor in (gamma, beta) if tensor is not None]
    inputs = (x, mean, variance, *factors)
    return BATCH_NORM_FORWARD.node(inputs, attributes, [(x.shape, x.dtype)]).output
