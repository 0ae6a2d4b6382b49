"""Losses of distributions and of counts: the Kullback-Leibler divergence and Poisson's."""

from __future__ import annotations

from typing import Any

from fastnn import config
from fastnn.losses.formula_loss import FormulaLoss, apply
from fastnn.losses.targets import fit_targets
from fastnn.ops.elementwise import binary, clip, multiply, scale, unary
from fastnn.ops.reduce import reduce_columns
from fastnn.program.tensor import Tensor


def divergence_formula(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """(…, k), (…, k) → (…, 1): Σ t log(t / p)."""
    y_true = fit_targets(y_true, y_pred, "kl_divergence")
    t, p = (clip(x, config.epsilon(), 1.0) for x in (y_true, y_pred))
    return reduce_columns(multiply(t, unary(binary(t, p, function="divide"), "log")), "sum")


def poisson_formula(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """(…, k), (…, k) → (…, 1): the mean of p - t log(p + ε)."""
    t = fit_targets(y_true, y_pred, "poisson")
    likely = multiply(t, unary(scale(y_pred, 1.0, config.epsilon()), "log"))
    return reduce_columns(binary(y_pred, likely, function="subtract"), "mean")


def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """Kullback-Leibler divergence of each sample.

    l = Σ_j t_j log(t_j / p_j), with t and p clipped to [ε, 1], ε = ``config.epsilon()``

    Parameters
    ----------
    y_true, y_pred : see ``KLDivergence``.

    Returns
    -------
    One value per sample, (batch, …).

    Examples
    --------
    >>> from fastnn import losses
    >>> losses.kl_divergence([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]]).round(3).tolist()
    [0.9160000085830688, -0.0]
    """
    return apply(divergence_formula, "kl_divergence", y_true, y_pred)


class KLDivergence(FormulaLoss):
    """Kullback-Leibler divergence of the predicted from the true distribution.

    l = Σ_j t_j log(t_j / p_j), with t and p clipped to [ε, 1], ε = ``config.epsilon()``

    Parameters
    ----------
    reduction, name, dtype : see ``Loss``.

    Shapes
    ------
    y_true and y_pred (batch, …, classes).

    Raises
    ------
    ShapeError : if the shapes differ; nothing is broadcast (Keras: it is).

    Examples
    --------
    >>> from fastnn.losses import KLDivergence
    >>> round(float(KLDivergence()([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]])), 3)
    0.458

    References
    ----------
    Kullback and Leibler, "On Information and Sufficiency" (1951).
    """

    _formula = staticmethod(divergence_formula)

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "kl_divergence",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)


def poisson(y_true: Any, y_pred: Any) -> Any:
    """Poisson loss of each sample.

    l = mean over the last axis of y_pred - y_true · log(y_pred + ε), ε = ``config.epsilon()``

    Parameters
    ----------
    y_true, y_pred : see ``Poisson``.

    Returns
    -------
    One value per sample, (batch, …).

    Examples
    --------
    >>> from fastnn import losses
    >>> losses.poisson([[0.0, 1.0]], [[1.0, 1.0]]).round(3).tolist()
    [1.0]
    """
    return apply(poisson_formula, "poisson", y_true, y_pred)


class Poisson(FormulaLoss):
    """Negative log-likelihood of counts under a Poisson distribution, but for a constant.

    l = mean over the last axis of y_pred - y_true · log(y_pred + ε), ε = ``config.epsilon()``

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
    >>> from fastnn.losses import Poisson
    >>> round(float(Poisson()([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]])), 3)
    0.5

    Notes
    -----
    Predictions must not be negative: the logarithm is then NaN, which stops the training. Give the
    last layer the activation ``"softplus"`` or ``"exponential"``.
    """

    _formula = staticmethod(poisson_formula)

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "poisson",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
