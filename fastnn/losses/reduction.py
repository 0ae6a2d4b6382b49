"""From losses per sample to one number: on arrays, and as ops of a Program.

Both follow Keras: a mean divides by the number of losses, or by the sum of the weights for
``"mean_with_sample_weight"``; losses that do not count (``ignore_class``) have no part in either. A
loss of a whole batch (Dice) is one number already, which weights multiply.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.errors import ArgumentError, ShapeError, StateError
from fastnn.ops import loss as loss_ops
from fastnn.ops.elementwise import binary, broadcast_to, clip, where
from fastnn.ops.reduce import reduce_columns
from fastnn.ops.shape import reshape
from fastnn.program.tensor import BATCH, Tensor, product

Array = np.ndarray[Any, Any]
REDUCTIONS = ("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None)
OPS = {
    "sum_over_batch_size": "mean",
    "mean": "mean",
    "sum": "sum",
    "mean_with_sample_weight": "weighted_mean",
}


def reduce(
    values: Array, sample_weight: Any, reduction: str | None, name: str, valid: Array | None = None
) -> Any:
    """The reduced loss in the dtype of ``values``; sums run in float64."""
    total: Array = values.astype(np.float64)
    weights = None
    if sample_weight is not None:
        weights = spread_weights(sample_weight, total.shape, name)
        total = total * weights
    if valid is not None:
        total = total * valid
        weights = valid if weights is None else weights * valid
    if reduction in (None, "none"):
        return total.astype(values.dtype)
    divisor = float(total.size if valid is None else valid.sum())
    if reduction == "sum" or (values.ndim == 0 and sample_weight is None):
        divisor = 1.0
    elif reduction == "mean_with_sample_weight" and weights is not None:
        divisor = float(weights.sum())
    # as Keras: nothing divided by nothing is 0
    return values.dtype.type(total.sum() / divisor if divisor else 0.0)


def doubles(values: Any, received: str) -> Array:
    """Numbers in double; ``received`` begins the message if they are none."""
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ArgumentError(
            f"{received} of type {type(values).__name__}, expected numbers. Pass an array, or "
            "lists of equal lengths."
        ) from None


def spread_weights(sample_weight: Any, shape: tuple[int, ...], name: str) -> Array:
    """Sample weights as float64 of the shape of the losses: one per sample, or one per loss."""
    weights = doubles(sample_weight, f"{name}: received sample_weight")
    if weights.ndim == len(shape) + 1 and weights.shape[-1] == 1:
        weights = weights[..., 0]
    rows = shape[:1]
    if weights.shape == shape or weights.ndim == 0:
        pass
    elif weights.shape[:1] == rows and all(size == 1 for size in weights.shape[1:]):
        weights = weights.reshape(rows + (1,) * (len(shape) - 1))
    else:
        raise ShapeError(
            f"{name}: received sample_weight of shape {weights.shape} for losses of shape "
            f"{shape}, expected one weight per sample or one per loss. Two arrays of one axis are "
            "one sample: reshape them to (n, 1) to weight their numbers."
        )
    return np.broadcast_to(weights, shape)


def reduce_tensors(
    values: Tensor,
    weights: Tensor | None,
    reduction: str | None,
    name: str,
    valid: Tensor | None = None,
    *,
    check_finite: bool = True,
) -> Tensor:
    """The training loss, a float64 scalar; weights (n, 1), ``valid`` of the losses' shape."""
    if reduction not in OPS:
        raise StateError(
            f"loss {name!r} has reduction={reduction!r}, which gives one number per "
            "sample; training needs one number. Use the default reduction='sum_over_batch_size'."
        )
    how = OPS[reduction]
    if not values.has_batch:
        values, how = _of_batch(values, weights, how, name)
    if valid is not None and how != "sum":
        values, weights, how = of_valid(values, weights, how, valid)
    return loss_ops.loss_mean(values, weights, reduction=how, check_finite=check_finite)


def counted(
    values: Tensor, valid: Tensor | None, mask: Tensor | None, name: str
) -> tuple[Tensor, Tensor | None]:
    """Losses, and which of them count, where the predictions carry a mask: losses of masked steps
    are 0 and do not count, as in Keras.
    """
    if mask is None:
        return values, valid
    steps = mask.shape[1:]
    if not values.has_batch or values.shape[1 : 1 + len(steps)] != steps:
        raise ShapeError(
            f"{name}: the predictions carry a mask of steps {steps}, but the values have the shape "
            f"{values.shape}. Use a loss or metric that gives a value per step, or end the mask "
            "with a layer that reduces the steps."
        )
    column = reshape(mask, (*mask.shape, *(1,) * (values.ndim - mask.ndim)))
    spread = broadcast_to(column, values.shape)
    both = spread if valid is None else binary(spread, valid, function="multiply")
    return where(spread, values, 0.0), both


def _of_batch(values: Tensor, weights: Tensor | None, how: str, name: str) -> tuple[Tensor, str]:
    """What a loss of the whole batch is for each of its samples, (n, 1)."""
    if values.shape not in ((), (1,)):
        if weights is not None:
            raise ShapeError(
                f"{name}: received sample weights for losses of shape {values.shape}, which do not "
                "belong to samples. Leave the weights out, or reduce other axes."
            )
        flat = reshape(values, (1, product(values.shape)))
        values = reduce_columns(flat, "sum" if how == "sum" else "mean")
    if weights is None:
        how = "mean"  # of n equal numbers
    return broadcast_to(reshape(values, ()), (BATCH, 1)), how


def of_valid(
    values: Tensor, weights: Tensor | None, how: str, valid: Tensor
) -> tuple[Tensor, Tensor, str]:
    """A mean over the losses that count: the mean of each sample's, weighted by how many it has."""
    columns = (BATCH, product(values.shape[1:]))
    count = reduce_columns(reshape(valid, columns), "sum")
    total = reduce_columns(reshape(values, columns), "sum")
    mean = binary(total, clip(count, 1.0, float("inf")), function="divide")
    if weights is not None and how == "weighted_mean":
        count = binary(count, weights, function="multiply")
    elif weights is not None:
        mean = binary(mean, weights, function="multiply")
    return mean, count, "weighted_mean"
