"""Losses of numbers: the mean squared error."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from fastnn.losses.loss import Loss
from fastnn.losses.targets import fit_targets, per_sample
from fastnn.ops.dispatch import is_symbolic, symbol
from fastnn.ops.elementwise import binary, unary
from fastnn.ops.reduce import reduce_columns
from fastnn.ops.shape import reshape
from fastnn.program.tensor import Tensor


def squared_error(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """(…, k), (…, k) → (…, 1): the mean over the last axis of (y_pred - y_true)²."""
    y_true = fit_targets(y_true, y_pred, "mean_squared_error")
    difference = binary(y_pred, y_true, function="subtract")
    return reduce_columns(unary(difference, "square"), "mean")


def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """Mean squared error of each sample.

    l = mean over the last axis of (y_true - y_pred)²

    Parameters
    ----------
    y_true, y_pred : tensors or arrays of one shape (batch, …, k); (batch,) fits (batch, 1).

    Returns
    -------
    One value per sample, (batch, …).

    Raises
    ------
    ShapeError : if the shapes differ; nothing is broadcast (Keras: it is).

    Examples
    --------
    >>> from fastnn import losses
    >>> losses.mean_squared_error([[0.0, 1.0], [2.0, 2.0]], [[0.0, 3.0], [2.0, 2.0]]).tolist()
    [2.0, 0.0]
    """
    if is_symbolic(y_true) or is_symbolic(y_pred):
        values = squared_error(symbol(y_true), symbol(y_pred))
        return reshape(values, values.shape[:-1])
    return per_sample(
        squared_error,
        y_true,
        y_pred,
        name="mean_squared_error",
        key="mean_squared_error",
        sparse=False,
    )


class MeanSquaredError(Loss):
    """Mean of the squared differences.

    l = mean over the last axis of (y_true - y_pred)²

    Parameters
    ----------
    reduction, name, dtype : see ``Loss``.

    Shapes
    ------
    y_true and y_pred (batch, …, k), or (batch,) for (batch, 1).

    Raises
    ------
    ShapeError : if the shapes differ; nothing is broadcast (Keras: it is).

    Examples
    --------
    >>> from fastnn.losses import MeanSquaredError
    >>> round(float(MeanSquaredError()([1.0, 0.0, 1.0], [0.9, 0.1, 0.8])), 6)
    0.02
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_error",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name or "mean_squared_error", reduction, dtype)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """(batch, …, k), (batch, …, k) → (batch, …, 1)."""
        return squared_error(y_true, y_pred)

    def _key(self) -> Hashable:
        return ("mean_squared_error",) if type(self) is MeanSquaredError else self
