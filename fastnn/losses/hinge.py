"""Hinge losses, for targets -1 and 1 and for one-hot targets."""

from __future__ import annotations

from typing import Any

from fastnn.losses.formula_loss import FormulaLoss, apply
from fastnn.losses.targets import fit_targets
from fastnn.ops.elementwise import binary, multiply, scale, unary
from fastnn.ops.reduce import reduce_columns
from fastnn.program.tensor import Tensor


def hinge_formula(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """(…, k), (…, k) → (…, 1): the mean of max(1 - t p, 0)."""
    return reduce_columns(_margin(y_true, y_pred, "hinge"), "mean")


def squared_hinge_formula(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """(…, k), (…, k) → (…, 1): the mean of max(1 - t p, 0)²."""
    return reduce_columns(unary(_margin(y_true, y_pred, "squared_hinge"), "square"), "mean")


def categorical_hinge_formula(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """(…, k), (…, k) → (…, 1): max(max_j (1 - t_j) p_j - Σ_j t_j p_j + 1, 0)."""
    t = fit_targets(y_true, y_pred, "categorical_hinge")
    right = reduce_columns(multiply(t, y_pred), "sum")
    wrong = reduce_columns(multiply(scale(t, -1.0, 1.0), y_pred), "max")
    return binary(
        scale(binary(wrong, right, function="subtract"), 1.0, 1.0), 0.0, function="maximum"
    )


def _margin(y_true: Tensor, y_pred: Tensor, name: str) -> Tensor:
    """max(1 - t p, 0), with targets of 0 taken as -1."""
    t = fit_targets(y_true, y_pred, name)
    t = binary(t, binary(t, 0.0, function="equal"), function="subtract")
    return binary(scale(multiply(t, y_pred), -1.0, 1.0), 0.0, function="maximum")


def hinge(y_true: Any, y_pred: Any) -> Any:
    """Hinge loss of each sample.

    l = mean over the last axis of max(1 - y_true · y_pred, 0)

    Parameters
    ----------
    y_true, y_pred : see ``Hinge``.

    Returns
    -------
    One value per sample, (batch, …).

    Examples
    --------
    >>> from fastnn import losses
    >>> losses.hinge([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]]).round(3).tolist()
    [1.100000023841858, 1.5]
    """
    return apply(hinge_formula, "hinge", y_true, y_pred)


class Hinge(FormulaLoss):
    """Hinge loss of targets -1 and 1.

    l = mean over the last axis of max(1 - y_true · y_pred, 0)

    Parameters
    ----------
    reduction, name, dtype : see ``Loss``.

    Shapes
    ------
    y_true and y_pred (batch, …, k), or (batch,) for (batch, 1); targets are -1 or 1, or 0 or 1.

    Raises
    ------
    ShapeError : if the shapes differ; nothing is broadcast (Keras: it is).

    Examples
    --------
    >>> from fastnn.losses import Hinge
    >>> round(float(Hinge()([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]])), 3)
    1.3

    Notes
    -----
    A target of 0 counts as -1, so that targets 0 and 1 work. Differs from Keras, where it does so
    only if all targets of the batch are 0 or 1.
    """

    _formula = staticmethod(hinge_formula)

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "hinge",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)


def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """Squared hinge loss of each sample.

    l = mean over the last axis of max(1 - y_true · y_pred, 0)²

    Parameters
    ----------
    y_true, y_pred : see ``SquaredHinge``.

    Returns
    -------
    One value per sample, (batch, …).

    Examples
    --------
    >>> from fastnn import losses
    >>> losses.squared_hinge([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]]).round(2).tolist()
    [1.4600000381469727, 2.259999990463257]
    """
    return apply(squared_hinge_formula, "squared_hinge", y_true, y_pred)


class SquaredHinge(FormulaLoss):
    """Squared hinge loss of targets -1 and 1.

    l = mean over the last axis of max(1 - y_true · y_pred, 0)²

    Parameters
    ----------
    reduction, name, dtype : see ``Loss``.

    Shapes
    ------
    y_true and y_pred (batch, …, k), or (batch,) for (batch, 1); targets are -1 or 1, or 0 or 1.

    Raises
    ------
    ShapeError : if the shapes differ; nothing is broadcast (Keras: it is).

    Examples
    --------
    >>> from fastnn.losses import SquaredHinge
    >>> round(float(SquaredHinge()([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]])), 2)
    1.86

    Notes
    -----
    A target of 0 counts as -1, so that targets 0 and 1 work. Differs from Keras, where it does so
    only if all targets of the batch are 0 or 1.
    """

    _formula = staticmethod(squared_hinge_formula)

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "squared_hinge",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)


def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """Categorical hinge loss of each sample.

    l = max(neg - pos + 1, 0), pos = Σ_j t_j p_j, neg = max_j (1 - t_j) p_j

    Parameters
    ----------
    y_true, y_pred : see ``CategoricalHinge``.

    Returns
    -------
    One value per sample, (batch, …).

    Examples
    --------
    >>> from fastnn import losses
    >>> losses.categorical_hinge([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]]).round(2).tolist()
    [1.2000000476837158, 1.600000023841858]
    """
    return apply(categorical_hinge_formula, "categorical_hinge", y_true, y_pred)


class CategoricalHinge(FormulaLoss):
    """Hinge loss of one-hot targets.

    l = max(neg - pos + 1, 0), pos = Σ_j t_j p_j, neg = max_j (1 - t_j) p_j

    Parameters
    ----------
    reduction, name, dtype : see ``Loss``.

    Shapes
    ------
    y_true and y_pred (batch, …, classes), targets one-hot.

    Raises
    ------
    ShapeError : if the shapes differ; nothing is broadcast (Keras: it is).

    Examples
    --------
    >>> from fastnn.losses import CategoricalHinge
    >>> round(float(CategoricalHinge()([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]])), 2)
    1.4
    """

    _formula = staticmethod(categorical_hinge_formula)

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_hinge",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
