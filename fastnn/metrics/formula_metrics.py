"""The losses of numbers as metrics: their means over samples, reported beside the loss."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar

from fastnn import arguments
from fastnn.losses.divergence import divergence_formula, poisson_formula
from fastnn.losses.hinge import (
    categorical_hinge_formula,
    hinge_formula,
    squared_hinge_formula,
)
from fastnn.losses.regression import (
    absolute_error,
    absolute_percentage_error,
    squared_error,
    squared_logarithmic_error,
)
from fastnn.losses.robust import cosine_formula, log_cosh_formula
from fastnn.metrics.means import MeanMetricWrapper
from fastnn.metrics.metric import Array
from fastnn.ops.elementwise import scale
from fastnn.program.tensor import Tensor


class FormulaMetric(MeanMetricWrapper):
    """The mean of a formula without settings.

    A subclass sets ``formula`` to a ``staticmethod`` of (y_true, y_pred).
    """

    formula: ClassVar[Any]
    checks_targets = True

    def __init__(self, name: str | None = None, dtype: str | None = None) -> None:
        super().__init__(self.formula, name, dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric, as plain data."""
        return {"name": self.name, "dtype": self.dtype}


class MeanSquaredError(FormulaMetric):
    """Mean of the squared differences.

    mean of (y_true - y_pred)²

    Parameters
    ----------
    name, dtype : see ``Metric``.

    Shapes
    ------
    y_true and y_pred (batch, …, k), or (batch,) for (batch, 1).

    Raises
    ------
    ShapeError : if the shapes differ.

    Examples
    --------
    >>> from fastnn.metrics import MeanSquaredError
    >>> float(MeanSquaredError()([[0, 1], [0, 0]], [[1, 1], [0, 0]]))
    0.25
    """

    formula: ClassVar[Callable[..., Any]] = staticmethod(squared_error)

    def __init__(self, name: str | None = "mean_squared_error", dtype: str | None = None) -> None:
        super().__init__(name, dtype)


class RootMeanSquaredError(FormulaMetric):
    """Root of the mean of the squared differences.

    √ mean of (y_true - y_pred)²

    Parameters
    ----------
    name, dtype : see ``Metric``.

    Shapes
    ------
    y_true and y_pred (batch, …, k), or (batch,) for (batch, 1).

    Raises
    ------
    ShapeError : if the shapes differ.

    Examples
    --------
    >>> from fastnn.metrics import RootMeanSquaredError
    >>> round(float(RootMeanSquaredError()([[0, 1], [0, 0]], [[1, 1], [0, 0]])), 4)
    0.5
    """

    formula: ClassVar[Callable[..., Any]] = staticmethod(squared_error)

    def __init__(
        self, name: str | None = "root_mean_squared_error", dtype: str | None = None
    ) -> None:
        super().__init__(name, dtype)

    def compute(self, state: Array) -> Any:
        """√(total / count)."""
        return math.sqrt(super().compute(state))


class MeanAbsoluteError(FormulaMetric):
    """Mean of the absolute differences.

    mean of |y_true - y_pred|

    Parameters
    ----------
    name, dtype : see ``Metric``.

    Shapes
    ------
    y_true and y_pred (batch, …, k), or (batch,) for (batch, 1).

    Raises
    ------
    ShapeError : if the shapes differ.

    Examples
    --------
    >>> from fastnn.metrics import MeanAbsoluteError
    >>> round(float(MeanAbsoluteError()([[0, 1], [0, 0]], [[1, 1], [0, 0]])), 4)
    0.25
    """

    formula: ClassVar[Callable[..., Any]] = staticmethod(absolute_error)

    def __init__(self, name: str | None = "mean_absolute_error", dtype: str | None = None) -> None:
        super().__init__(name, dtype)


class MeanAbsolutePercentageError(FormulaMetric):
    """Mean of the absolute differences in percent of the targets.

    mean of 100 · |y_true - y_pred| / max(|y_true|, epsilon())

    Parameters
    ----------
    name, dtype : see ``Metric``.

    Shapes
    ------
    y_true and y_pred (batch, …, k), or (batch,) for (batch, 1).

    Raises
    ------
    ShapeError : if the shapes differ.

    Examples
    --------
    >>> from fastnn.metrics import MeanAbsolutePercentageError
    >>> round(float(MeanAbsolutePercentageError()([[1, 2], [4, 5]], [[1, 1], [5, 5]])), 4)
    18.75
    """

    formula: ClassVar[Callable[..., Any]] = staticmethod(absolute_percentage_error)

    def __init__(
        self, name: str | None = "mean_absolute_percentage_error", dtype: str | None = None
    ) -> None:
        super().__init__(name, dtype)


class MeanSquaredLogarithmicError(FormulaMetric):
    """Mean of the squared differences of logarithms.

    mean of (log(1 + y_true) - log(1 + y_pred))², negative numbers counting as epsilon()

    Parameters
    ----------
    name, dtype : see ``Metric``.

    Shapes
    ------
    y_true and y_pred (batch, …, k), or (batch,) for (batch, 1).

    Raises
    ------
    ShapeError : if the shapes differ.

    Examples
    --------
    >>> from fastnn.metrics import MeanSquaredLogarithmicError
    >>> round(float(MeanSquaredLogarithmicError()([[0, 1], [0, 0]], [[1, 1], [0, 0]])), 4)
    0.1201
    """

    formula: ClassVar[Callable[..., Any]] = staticmethod(squared_logarithmic_error)

    def __init__(
        self, name: str | None = "mean_squared_logarithmic_error", dtype: str | None = None
    ) -> None:
        super().__init__(name, dtype)


class LogCoshError(FormulaMetric):
    """Mean of the logarithm of the hyperbolic cosine of the differences.

    mean of log cosh(y_pred - y_true)

    Parameters
    ----------
    name, dtype : see ``Metric``.

    Shapes
    ------
    y_true and y_pred (batch, …, k), or (batch,) for (batch, 1).

    Raises
    ------
    ShapeError : if the shapes differ.

    Examples
    --------
    >>> from fastnn.metrics import LogCoshError
    >>> round(float(LogCoshError()([[0, 1], [0, 0]], [[1, 1], [0, 0]])), 4)
    0.1084
    """

    formula: ClassVar[Callable[..., Any]] = staticmethod(log_cosh_formula)

    def __init__(self, name: str | None = "logcosh", dtype: str | None = None) -> None:
        super().__init__(name, dtype)


class Hinge(FormulaMetric):
    """Mean of how far decisions are from a margin of 1.

    mean of max(1 - t · y_pred, 0), t in {-1, 1}; targets in {0, 1} are converted

    Parameters
    ----------
    name, dtype : see ``Metric``.

    Shapes
    ------
    y_true and y_pred (batch, …, k), or (batch,) for (batch, 1).

    Raises
    ------
    ShapeError : if the shapes differ.

    Examples
    --------
    >>> from fastnn.metrics import Hinge
    >>> round(float(Hinge()([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]])), 4)
    1.3
    """

    formula: ClassVar[Callable[..., Any]] = staticmethod(hinge_formula)

    def __init__(self, name: str | None = "hinge", dtype: str | None = None) -> None:
        super().__init__(name, dtype)


class SquaredHinge(FormulaMetric):
    """Mean of the squares of how far decisions are from a margin of 1.

    mean of max(1 - t · y_pred, 0)², t in {-1, 1}; targets in {0, 1} are converted

    Parameters
    ----------
    name, dtype : see ``Metric``.

    Shapes
    ------
    y_true and y_pred (batch, …, k), or (batch,) for (batch, 1).

    Raises
    ------
    ShapeError : if the shapes differ.

    Examples
    --------
    >>> from fastnn.metrics import SquaredHinge
    >>> round(float(SquaredHinge()([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]])), 4)
    1.86
    """

    formula: ClassVar[Callable[..., Any]] = staticmethod(squared_hinge_formula)

    def __init__(self, name: str | None = "squared_hinge", dtype: str | None = None) -> None:
        super().__init__(name, dtype)


class CategoricalHinge(FormulaMetric):
    """Mean of how little the right class is ahead of the best wrong one.

    mean of max(max_j (1 - t_j) p_j - Σ_j t_j p_j + 1, 0)

    Parameters
    ----------
    name, dtype : see ``Metric``.

    Shapes
    ------
    y_true and y_pred (batch, …, k), or (batch,) for (batch, 1).

    Raises
    ------
    ShapeError : if the shapes differ.

    Examples
    --------
    >>> from fastnn.metrics import CategoricalHinge
    >>> round(float(CategoricalHinge()([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]])), 4)
    1.4
    """

    formula: ClassVar[Callable[..., Any]] = staticmethod(categorical_hinge_formula)

    def __init__(self, name: str | None = "categorical_hinge", dtype: str | None = None) -> None:
        super().__init__(name, dtype)


class KLDivergence(FormulaMetric):
    """Kullback-Leibler divergence of the predictions from the targets.

    mean of Σ_j t_j log(t_j / p_j), both clipped to [epsilon(), 1]

    Parameters
    ----------
    name, dtype : see ``Metric``.

    Shapes
    ------
    y_true and y_pred (batch, …, k), or (batch,) for (batch, 1).

    Raises
    ------
    ShapeError : if the shapes differ.

    Examples
    --------
    >>> from fastnn.metrics import KLDivergence
    >>> round(float(KLDivergence()([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]])), 4)
    0.4581
    """

    formula: ClassVar[Callable[..., Any]] = staticmethod(divergence_formula)

    def __init__(self, name: str | None = "kl_divergence", dtype: str | None = None) -> None:
        super().__init__(name, dtype)


class Poisson(FormulaMetric):
    """Negative logarithm of the likelihood of counts, without its constant.

    mean of y_pred - y_true · log(y_pred + epsilon())

    Parameters
    ----------
    name, dtype : see ``Metric``.

    Shapes
    ------
    y_true and y_pred (batch, …, k), or (batch,) for (batch, 1).

    Raises
    ------
    ShapeError : if the shapes differ.

    Examples
    --------
    >>> from fastnn.metrics import Poisson
    >>> round(float(Poisson()([[0, 1], [0, 0]], [[1, 1], [0, 0]])), 4)
    0.5
    """

    formula: ClassVar[Callable[..., Any]] = staticmethod(poisson_formula)

    def __init__(self, name: str | None = "poisson", dtype: str | None = None) -> None:
        super().__init__(name, dtype)


def cosine(y_true: Tensor, y_pred: Tensor, axis: int) -> Tensor:
    """(…, k), (…, k) → (…, 1): the cosine of the angle between them."""
    return scale(cosine_formula(y_true, y_pred, axis), -1.0)


class CosineSimilarity(MeanMetricWrapper):
    """Mean of the cosines of the angles between targets and predictions.

    mean of Σ_j t_j p_j / (‖t‖ ‖p‖), 0 for a row of zeros

    Parameters
    ----------
    name, dtype : see ``Metric``.
    axis : the last axis; others are not supported.

    Shapes
    ------
    y_true and y_pred (batch, …, k).

    Raises
    ------
    ShapeError : if the shapes differ.
    UnsupportedError : for any other axis.

    Examples
    --------
    >>> from fastnn.metrics import CosineSimilarity
    >>> round(float(CosineSimilarity()([[0.0, 1.0], [1.0, 1.0]], [[1.0, 0.0], [1.0, 1.0]])), 4)
    0.5

    Notes
    -----
    The loss of this name has the other sign, as in Keras.
    """

    checks_targets = True

    def __init__(
        self, name: str | None = "cosine_similarity", dtype: str | None = None, axis: int = -1
    ) -> None:
        self.axis: int = arguments.axis(type(self).__name__, axis)
        super().__init__(cosine, name, dtype, axis=axis)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric, as plain data."""
        return {"name": self.name, "dtype": self.dtype, "axis": self.axis}
