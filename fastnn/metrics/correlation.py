"""Correlations along the last axis of targets and predictions."""

from __future__ import annotations

from typing import Any

from fastnn import arguments, config
from fastnn.losses.targets import fit_targets
from fastnn.metrics.means import MeanMetricWrapper
from fastnn.ops.dispatch import check_last_axis
from fastnn.ops.elementwise import binary, multiply, scale, unary
from fastnn.ops.reduce import reduce_columns
from fastnn.program.tensor import Tensor


def _centred(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """x - mean, the mean and the variance along the last axis."""
    mean = reduce_columns(x, "mean")
    centred = binary(x, mean, function="subtract")
    return centred, mean, reduce_columns(unary(centred, "square"), "mean")


def pearson(y_true: Tensor, y_pred: Tensor, axis: int = -1) -> Tensor:
    """(…, k), (…, k) → (…, 1): mean of (t - mean t)(p - mean p) / (std t · std p)."""
    check_last_axis("pearson_correlation", axis, y_pred.shape)
    t, _, t_variance = _centred(fit_targets(y_true, y_pred, "pearson_correlation"))
    p, _, p_variance = _centred(y_pred)
    t = binary(t, unary(t_variance, "sqrt"), function="divide")
    p = binary(p, unary(p_variance, "sqrt"), function="divide")
    return reduce_columns(multiply(t, p), "mean")


def concordance(y_true: Tensor, y_pred: Tensor, axis: int = -1) -> Tensor:
    """(…, k), (…, k) → (…, 1): 2 cov(t, p) / (var t + var p + (mean t - mean p)²)."""
    check_last_axis("concordance_correlation", axis, y_pred.shape)
    t, t_mean, t_variance = _centred(fit_targets(y_true, y_pred, "concordance_correlation"))
    p, p_mean, p_variance = _centred(y_pred)
    gap = unary(binary(t_mean, p_mean, function="subtract"), "square")
    variance = binary(t_variance, p_variance, function="add")
    norm = scale(binary(variance, gap, function="add"), 1.0, config.epsilon())
    covariance = reduce_columns(multiply(t, p), "mean")
    return binary(scale(covariance, 2.0), norm, function="divide")


class PearsonCorrelation(MeanMetricWrapper):
    """Mean of the correlation coefficients of targets and predictions.

    mean of Σ_j (t_j - mean t)(p_j - mean p) / (k · std t · std p), NaN for equal numbers

    Parameters
    ----------
    name, dtype : see ``Metric``.
    axis : the last axis; others are not supported.

    Shapes
    ------
    y_true and y_pred (batch, …, k), k > 1.

    Raises
    ------
    ShapeError : if the shapes differ.
    UnsupportedError : for any other axis.

    Examples
    --------
    >>> from fastnn.metrics import PearsonCorrelation
    >>> metric = PearsonCorrelation()
    >>> round(float(metric([[0, 1, 0.5], [1, 1, 0.2]], [[0.1, 0.9, 0.5], [1, 0.9, 0.2]])), 4)
    0.9967

    Notes
    -----
    The correlation is that of the k numbers of each sample, averaged over samples, not of the
    samples.
    """

    checks_targets = True

    def __init__(
        self, name: str | None = "pearson_correlation", dtype: str | None = None, axis: int = -1
    ) -> None:
        self.axis: int = arguments.axis(type(self).__name__, axis)
        super().__init__(pearson, name, dtype, axis=axis)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric, as plain data."""
        return {"name": self.name, "dtype": self.dtype, "axis": self.axis}


class ConcordanceCorrelation(MeanMetricWrapper):
    """Mean of how close predictions are to the targets, as a correlation.

    mean of 2 cov(t, p) / (var t + var p + (mean t - mean p)² + epsilon())

    Parameters
    ----------
    name, dtype : see ``Metric``.
    axis : the last axis; others are not supported.

    Shapes
    ------
    y_true and y_pred (batch, …, k), k > 1.

    Raises
    ------
    ShapeError : if the shapes differ.
    UnsupportedError : for any other axis.

    Examples
    --------
    >>> from fastnn.metrics import ConcordanceCorrelation
    >>> metric = ConcordanceCorrelation()
    >>> round(float(metric([[0, 1, 0.5], [1, 1, 0.2]], [[0.1, 0.9, 0.5], [1, 0.9, 0.2]])), 4)
    0.9816

    Notes
    -----
    The correlation is that of the k numbers of each sample, averaged over samples, not of the
    samples.
    """

    checks_targets = True

    def __init__(
        self, name: str | None = "concordance_correlation", dtype: str | None = None, axis: int = -1
    ) -> None:
        self.axis: int = arguments.axis(type(self).__name__, axis)
        super().__init__(concordance, name, dtype, axis=axis)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric, as plain data."""
        return {"name": self.name, "dtype": self.dtype, "axis": self.axis}
