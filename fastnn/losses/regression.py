"""Losses of numbers: mean squared, absolute, percentage and logarithmic errors."""

from __future__ import annotations

import math
from typing import Any

from fastnn import config
from fastnn.losses.formula_loss import FormulaLoss, apply
from fastnn.losses.targets import fit_targets
from fastnn.ops.elementwise import binary, clip, scale, unary
from fastnn.ops.reduce import reduce_columns
from fastnn.program.tensor import Tensor


def difference(y_true: Tensor, y_pred: Tensor, name: str) -> Tensor:
    """y_pred - y_true, for targets that fit."""
    return binary(y_pred, fit_targets(y_true, y_pred, name), function="subtract")


def squared_error(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """(…, k), (…, k) → (…, 1): the mean over the last axis of (y_pred - y_true)²."""
    return reduce_columns(unary(difference(y_true, y_pred, "mean_squared_error"), "square"), "mean")


def absolute_error(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """(…, k), (…, k) → (…, 1): the mean over the last axis of |y_pred - y_true|."""
    error = difference(y_true, y_pred, "mean_absolute_error")
    return reduce_columns(unary(error, "absolute"), "mean")


def absolute_percentage_error(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """(…, k), (…, k) → (…, 1): 100 times the mean of |y_pred - y_true| / max(|y_true|, ε)."""
    y_true = fit_targets(y_true, y_pred, "mean_absolute_percentage_error")
    size = clip(unary(y_true, "absolute"), config.epsilon(), math.inf)
    share = binary(binary(y_pred, y_true, function="subtract"), size, function="divide")
    return scale(reduce_columns(unary(share, "absolute"), "mean"), 100.0)


def squared_logarithmic_error(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """(…, k), (…, k) → (…, 1): the mean of (log(1 + y_pred) - log(1 + y_true))²."""
    y_true = fit_targets(y_true, y_pred, "mean_squared_logarithmic_error")
    t, p = (unary(clip(x, config.epsilon(), math.inf), "log1p") for x in (y_true, y_pred))
    return reduce_columns(unary(binary(p, t, function="subtract"), "square"), "mean")


def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """Mean squared error of each sample.

    l = mean over the last axis of (y_true - y_pred)²

    Parameters
    ----------
    y_true, y_pred : see ``MeanSquaredError``.

    Returns
    -------
    One value per sample, (batch, …).

    Examples
    --------
    >>> from fastnn import losses
    >>> losses.mean_squared_error([[0.0, 1.0], [2.0, 2.0]], [[0.0, 3.0], [2.0, 2.0]]).tolist()
    [2.0, 0.0]
    """
    return apply(squared_error, "mean_squared_error", y_true, y_pred)


class MeanSquaredError(FormulaLoss):
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

    _formula = staticmethod(squared_error)

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_error",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """Mean absolute error of each sample.

    l = mean over the last axis of |y_true - y_pred|

    Parameters
    ----------
    y_true, y_pred : see ``MeanAbsoluteError``.

    Returns
    -------
    One value per sample, (batch, …).

    Examples
    --------
    >>> from fastnn import losses
    >>> losses.mean_absolute_error([[0.0, 1.0], [2.0, 2.0]], [[0.0, 3.0], [2.0, 2.0]]).tolist()
    [1.0, 0.0]
    """
    return apply(absolute_error, "mean_absolute_error", y_true, y_pred)


class MeanAbsoluteError(FormulaLoss):
    """Mean of the absolute differences.

    l = mean over the last axis of |y_true - y_pred|

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
    >>> from fastnn.losses import MeanAbsoluteError
    >>> float(MeanAbsoluteError()([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [1.0, 0.0]]))
    0.5

    Notes
    -----
    The gradient where y_true = y_pred is 0.
    """

    _formula = staticmethod(absolute_error)

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_absolute_error",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """Mean absolute percentage error of each sample.

    l = 100 · mean over the last axis of |y_true - y_pred| / max(|y_true|, ε)

    Parameters
    ----------
    y_true, y_pred : see ``MeanAbsolutePercentageError``.

    Returns
    -------
    One value per sample, (batch, …).

    Examples
    --------
    >>> from fastnn import losses
    >>> losses.mean_absolute_percentage_error([[2.0, 4.0]], [[1.0, 5.0]]).tolist()
    [37.5]
    """
    return apply(absolute_percentage_error, "mean_absolute_percentage_error", y_true, y_pred)


class MeanAbsolutePercentageError(FormulaLoss):
    """Mean of the absolute differences, in percent of the target.

    l = 100 · mean over the last axis of |y_true - y_pred| / max(|y_true|, ε)

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
    >>> from fastnn.losses import MeanAbsolutePercentageError
    >>> float(MeanAbsolutePercentageError()([[2.0, 4.0]], [[1.0, 5.0]]))
    37.5

    Notes
    -----
    ε is ``config.epsilon()``: targets of 0 make very large losses.
    """

    _formula = staticmethod(absolute_percentage_error)

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_absolute_percentage_error",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """Mean squared logarithmic error of each sample.

    l = mean over the last axis of (log(1 + max(y_true, ε)) - log(1 + max(y_pred, ε)))²

    Parameters
    ----------
    y_true, y_pred : see ``MeanSquaredLogarithmicError``.

    Returns
    -------
    One value per sample, (batch, …).

    Examples
    --------
    >>> from fastnn import losses
    >>> losses.mean_squared_logarithmic_error([[0.0, 1.0]], [[1.0, 1.0]]).round(4).tolist()
    [0.2401999980211258]
    """
    return apply(squared_logarithmic_error, "mean_squared_logarithmic_error", y_true, y_pred)


class MeanSquaredLogarithmicError(FormulaLoss):
    """Mean of the squared differences of logarithms.

    l = mean over the last axis of (log(1 + max(y_true, ε)) - log(1 + max(y_pred, ε)))²

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
    >>> from fastnn.losses import MeanSquaredLogarithmicError
    >>> round(float(MeanSquaredLogarithmicError()([[0.0, 1.0]], [[1.0, 1.0]])), 4)
    0.2402

    Notes
    -----
    ε is ``config.epsilon()``: numbers below it count as ε, and predictions below it get no
    gradient.
    """

    _formula = staticmethod(squared_logarithmic_error)

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_logarithmic_error",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
