"""Losses of numbers that are quadratic near 0 and linear far away, and the cosine similarity."""

from __future__ import annotations

import math
from typing import Any

from fastnn import arguments, config
from fastnn.losses.formula_loss import FormulaLoss, apply
from fastnn.losses.regression import difference
from fastnn.losses.targets import fit_targets
from fastnn.ops.dispatch import check_last_axis
from fastnn.ops.elementwise import binary, clip, multiply, scale, unary
from fastnn.ops.reduce import reduce_columns
from fastnn.program.tensor import Tensor


def huber_formula(y_true: Tensor, y_pred: Tensor, delta: float) -> Tensor:
    """(…, k), (…, k) → (…, 1): the mean of c (|e| - c / 2) with c = min(|e|, delta)."""
    size = unary(difference(y_true, y_pred, "huber"), "absolute")
    near = clip(size, 0.0, delta)
    return reduce_columns(
        multiply(near, binary(size, scale(near, 0.5), function="subtract")), "mean"
    )


def log_cosh_formula(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """(…, k), (…, k) → (…, 1): the mean of |e| + log((1 + exp(-2 |e|)) / 2)."""
    size = unary(difference(y_true, y_pred, "log_cosh"), "absolute")
    # (1 + exp(-2 |e|)) / 2 = 1 + expm1(-2 |e|) / 2: no digits are lost where e is small
    rest = unary(scale(unary(scale(size, -2.0), "expm1"), 0.5), "log1p")
    return reduce_columns(binary(size, rest, function="add"), "mean")


def cosine_formula(y_true: Tensor, y_pred: Tensor, axis: int) -> Tensor:
    """(…, k), (…, k) → (…, 1): -Σ t p / (|t| |p|)."""
    check_last_axis("cosine_similarity", axis, y_pred.shape)
    y_true = fit_targets(y_true, y_pred, "cosine_similarity")
    return scale(reduce_columns(multiply(_unit(y_true), _unit(y_pred)), "sum"), -1.0)


def _unit(x: Tensor) -> Tensor:
    """x / |x|, 0 for 0."""
    # the bound is on the square, so that the root's gradient is finite at 0
    square = clip(reduce_columns(unary(x, "square"), "sum"), config.epsilon() ** 2, math.inf)
    return binary(x, unary(square, "sqrt"), function="divide")


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """Huber loss of each sample.

    l = mean over the last axis of e² / 2 where |e| ≤ delta, else delta · |e| - delta² / 2,
    e = y_true - y_pred

    Parameters
    ----------
    y_true, y_pred, delta : see ``Huber``.

    Returns
    -------
    One value per sample, (batch, …).

    Examples
    --------
    >>> from fastnn import losses
    >>> losses.huber([[0.0, 0.0]], [[0.5, 3.0]]).tolist()
    [1.3125]
    """
    delta = arguments.number("huber", "delta", delta, "[0, inf)")
    return apply(huber_formula, "huber", y_true, y_pred, delta=delta)


class Huber(FormulaLoss):
    """Squared error of small differences, absolute error of large ones.

    l = mean over the last axis of e² / 2 where |e| ≤ delta, else delta · |e| - delta² / 2,
    e = y_true - y_pred

    Parameters
    ----------
    delta : where the loss goes over from squared to linear, at least 0.
    reduction, name, dtype : see ``Loss``.

    Shapes
    ------
    y_true and y_pred (batch, …, k), or (batch,) for (batch, 1).

    Raises
    ------
    ShapeError : if the shapes differ; nothing is broadcast (Keras: it is).

    Examples
    --------
    >>> from fastnn.losses import Huber
    >>> float(Huber()([[0.0, 0.0]], [[0.5, 3.0]]))
    1.3125

    References
    ----------
    Huber, "Robust Estimation of a Location Parameter" (1964).
    """

    _formula = staticmethod(huber_formula)
    _settings = ("delta",)

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "huber_loss",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.delta: float = arguments.number("Huber", "delta", delta, "[0, inf)")


def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """Logarithm of the hyperbolic cosine of the errors of each sample.

    l = mean over the last axis of log(cosh(y_pred - y_true))

    Parameters
    ----------
    y_true, y_pred : see ``LogCosh``.

    Returns
    -------
    One value per sample, (batch, …).

    Examples
    --------
    >>> from fastnn import losses
    >>> losses.log_cosh([[0.0, 0.0]], [[0.0, 1.0]]).round(3).tolist()
    [0.21699999272823334]
    """
    return apply(log_cosh_formula, "log_cosh", y_true, y_pred)


class LogCosh(FormulaLoss):
    """Logarithm of the hyperbolic cosine of the differences.

    l = mean over the last axis of log(cosh(y_pred - y_true))

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
    >>> from fastnn.losses import LogCosh
    >>> round(float(LogCosh()([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]])), 3)
    0.108

    Notes
    -----
    About e² / 2 for small differences and |e| - log 2 for large ones. Exact for small differences,
    where Keras's formula cancels.
    """

    _formula = staticmethod(log_cosh_formula)

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "log_cosh",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Negative cosine similarity of each sample.

    l = -Σ_j t_j p_j / (|t| |p|), between -1 (the same direction) and 1 (opposite ones)

    Parameters
    ----------
    y_true, y_pred, axis : see ``CosineSimilarity``.

    Returns
    -------
    One value per sample, (batch, …).

    Examples
    --------
    >>> from fastnn import losses
    >>> losses.cosine_similarity([[3.0, 4.0]], [[-3.0, -4.0]]).round(3).tolist()
    [1.0]
    """
    return apply(cosine_formula, "cosine_similarity", y_true, y_pred, axis=axis)


class CosineSimilarity(FormulaLoss):
    """Negative cosine of the angle between targets and predictions.

    l = -Σ_j t_j p_j / (|t| |p|), between -1 (the same direction) and 1 (opposite ones)

    Parameters
    ----------
    axis : the last axis; others are not supported.
    reduction, name, dtype : see ``Loss``.

    Shapes
    ------
    y_true and y_pred (batch, …, k), or (batch,) for (batch, 1).

    Raises
    ------
    ShapeError : if the shapes differ; nothing is broadcast (Keras: it is).
    UnsupportedError : for any other axis.

    Examples
    --------
    >>> from fastnn.losses import CosineSimilarity
    >>> round(float(CosineSimilarity()([[0.0, 1.0], [1.0, 1.0]], [[1.0, 0.0], [1.0, 1.0]])), 3)
    -0.5

    Notes
    -----
    A length below ``config.epsilon()`` counts as that, so a target or prediction of zeros gives 0.
    """

    _formula = staticmethod(cosine_formula)
    _settings = ("axis",)

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "cosine_similarity",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.axis: int = arguments.axis(type(self).__name__, axis)
