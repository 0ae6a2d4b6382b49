"""The coefficient of determination."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from fastnn import arguments
from fastnn.losses.targets import fit_targets
from fastnn.metrics.counts import flat_labels
from fastnn.metrics.metric import Array, StateMetric
from fastnn.ops.elementwise import binary, multiply, scale, unary
from fastnn.ops.metric import metric_sum
from fastnn.program.tensor import Node, Shape, Tensor


class R2Score(StateMetric):
    """How much of the variance of the targets predictions explain.

    1 - Σ_i w_i (t_i - p_i)² / Σ_i w_i (t_i - mean t)², for each column

    Parameters
    ----------
    class_aggregation : ``"uniform_average"``: the mean over columns;
        ``"variance_weighted_average"``: the mean weighted by the variance of the targets; None: one
        score for each column.
    num_regressors : integer ≥ 0: if not 0, the adjusted score 1 - (1 - R²)(n - 1)/(n - p - 1) for n
        numbers and so many regressors p.
    name, dtype : see ``Metric``.

    Shapes
    ------
    y_true and y_pred (batch, columns); (batch,) fits (batch, 1).

    Raises
    ------
    ShapeError : for other shapes.
    ArgumentError : for values outside of what is listed above.

    Examples
    --------
    >>> from fastnn.metrics import R2Score
    >>> round(float(R2Score()([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]])), 4)
    0.5714

    Notes
    -----
    As in Keras the score of a column of equal targets is 0, or NaN where they are met exactly. Sums
    are float64 (Keras: float32, which loses the digits of targets far from 0).
    """

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = "r2_score",
        dtype: str | None = None,
    ) -> None:
        aggregations = (None, "uniform_average", "variance_weighted_average")
        self.class_aggregation: str | None = arguments.one_of(
            "R2Score", "class_aggregation", class_aggregation, aggregations
        )
        self.num_regressors: int = arguments.integer("R2Score", "num_regressors", num_regressors, 0)
        super().__init__(dtype, name)

    def words(self, prediction: Shape) -> int:
        """For each column: Σ w t, Σ w t², Σ w (t - p)², Σ w, the number of targets."""
        return 5 * flat_labels(prediction, self.name)

    def accumulate(
        self, first: int, y_true: Tensor, y_pred: Tensor, weights: Tensor | None
    ) -> list[Node]:
        """Add the sums of a batch."""
        columns = flat_labels(y_pred.shape, self.name)
        t = fit_targets(y_true, y_pred, self.name)
        one = scale(t, 0.0, 1.0)
        residual = unary(binary(t, y_pred, function="subtract"), "square")
        parts = [t, unary(t, "square"), residual, one]
        if weights is not None and weights.shape[-1] != 1:  # a weight for each prediction
            parts = [multiply(part, weights) for part in parts]
            weights = None
        found = [metric_sum(first + i * columns, part, weights) for i, part in enumerate(parts)]
        return [*found, metric_sum(first + 4 * columns, one, None)]

    def compute(self, state: Array) -> Any:
        """The score, or an array of those of the columns."""
        total, squares, residual, weight, number = state.reshape(5, -1)
        with np.errstate(invalid="ignore", divide="ignore"):
            spread = squares - total * (total / weight)
            scores = 1 - residual / spread
            scores = np.where(np.isinf(scores), 0.0, scores)
            if self.class_aggregation == "uniform_average":
                scores = scores.mean()
            elif self.class_aggregation == "variance_weighted_average":
                scores = (spread * scores).sum() / spread.sum()
        if self.num_regressors:
            scores = self._adjusted(scores, float(number.sum()))
        return scores if np.ndim(scores) else float(scores)

    def _adjusted(self, scores: Any, n: float) -> Any:
        """The adjusted score, if there are more numbers than regressors."""
        left = n - self.num_regressors - 1
        if left > 0:
            return 1 - (1 - scores) * (n - 1) / left
        warnings.warn(
            f"{self.name}: received num_regressors={self.num_regressors} for {n:.0f} numbers, "
            "expected fewer; the score is not adjusted. Pass more data.",
            stacklevel=2,
        )
        return scores

    def empty(self) -> Any:
        """The result before any data."""
        return np.float64(np.nan)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric, as plain data."""
        return {
            **super().get_config(),
            "class_aggregation": self.class_aggregation,
            "num_regressors": self.num_regressors,
        }
