"""F scores: one number for precision and recall."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn import arguments, config
from fastnn.losses.targets import fit_targets
from fastnn.metrics.counts import flat_labels
from fastnn.metrics.metric import Array, StateMetric
from fastnn.ops.elementwise import binary, multiply, scale, unary
from fastnn.ops.metric import metric_sum
from fastnn.ops.reduce import reduce_columns
from fastnn.program.tensor import Node, Shape, Tensor


class FBetaScore(StateMetric):
    """The weighted harmonic mean of precision and recall.

    (1 + β²) · precision · recall / (β² · precision + recall), for each class

    Parameters
    ----------
    average : None: one score for each class; ``"micro"``: of the counts of all classes together;
        ``"macro"``: the mean over classes; ``"weighted"``: the mean weighted by how often a class
        occurs.
    beta : number > 0: the weight of recall.
    threshold : number in (0, 1]: predictions above it are positive; None: the largest of each
        sample is.
    name, dtype : see ``Metric``.

    Shapes
    ------
    y_true and y_pred (batch, classes).

    Raises
    ------
    ShapeError : for other shapes.
    ArgumentError : for values outside of what is listed above.

    Examples
    --------
    >>> from fastnn.metrics import FBetaScore
    >>> metric = FBetaScore(beta=2.0, threshold=0.5)
    >>> metric.update_state([[1, 1, 1], [1, 0, 0], [1, 1, 0]],
    ...                     [[0.2, 0.6, 0.7], [0.2, 0.6, 0.6], [0.6, 0.8, 0.0]])
    >>> metric.result().round(4).tolist()
    [0.3846, 0.9091, 0.8333]

    Notes
    -----
    ``History`` and logs hold an array for ``average=None``; the display shows its mean.
    """

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: str | None = None,
    ) -> None:
        owner = type(self).__name__
        averages = (None, "micro", "macro", "weighted")
        self.average: str | None = arguments.one_of(owner, "average", average, averages)
        self.beta: float = arguments.number(owner, "beta", beta, "(0, inf)")
        self.threshold: float | None = (
            None if threshold is None else arguments.number(owner, "threshold", threshold, "(0, 1]")
        )
        super().__init__(dtype, name)

    def words(self, prediction: Shape) -> int:
        """For each class: true positives, false positives, false negatives."""
        return 3 * flat_labels(prediction, self.name)

    def accumulate(
        self, first: int, y_true: Tensor, y_pred: Tensor, weights: Tensor | None
    ) -> list[Node]:
        """Add the counts of a batch."""
        classes = flat_labels(y_pred.shape, self.name)
        t = fit_targets(y_true, y_pred, self.name)
        if self.threshold is None:
            largest = binary(y_pred, reduce_columns(y_pred, "max"), function="greater_equal")
            # a row of zeros has no largest element
            positive = binary(unary(y_pred, "absolute"), 1e-9, function="greater")
            p = multiply(largest, positive)
        else:
            p = binary(y_pred, self.threshold, function="greater")
        hit = multiply(p, t)
        parts = (hit, multiply(p, scale(t, -1.0, 1.0)), multiply(scale(p, -1.0, 1.0), t))
        if weights is not None and weights.shape[-1] != 1:  # a weight for each prediction
            parts = tuple(multiply(part, weights) for part in parts)  # type: ignore[assignment]
            weights = None
        return [metric_sum(first + i * classes, part, weights) for i, part in enumerate(parts)]

    def compute(self, state: Array) -> Any:
        """The score, or an array of those of the classes."""
        tp, fp, fn = state.reshape(3, -1)
        support = tp + fn
        if self.average == "micro":
            tp, fp, fn = tp.sum(), fp.sum(), fn.sum()
        epsilon, square = config.epsilon(), self.beta**2
        precision, recall = tp / (tp + fp + epsilon), tp / (tp + fn + epsilon)
        scores = (1 + square) * precision * recall / (square * precision + recall + epsilon)
        if self.average == "weighted":
            return float((scores * support / (support.sum() + epsilon)).sum())
        return scores if self.average is None else float(np.mean(scores))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric, as plain data."""
        return {
            **super().get_config(),
            "average": self.average,
            "beta": self.beta,
            "threshold": self.threshold,
        }


class F1Score(FBetaScore):
    """The harmonic mean of precision and recall.

    2 · precision · recall / (precision + recall), for each class

    Parameters
    ----------
    average, threshold, name, dtype : see ``FBetaScore``.

    Shapes
    ------
    y_true and y_pred (batch, classes).

    Raises
    ------
    ShapeError : for other shapes.
    ArgumentError : for values outside of what ``FBetaScore`` lists.

    Examples
    --------
    >>> from fastnn.metrics import F1Score
    >>> metric = F1Score(threshold=0.5)
    >>> metric.update_state([[1, 1, 1], [1, 0, 0], [1, 1, 0]],
    ...                     [[0.2, 0.6, 0.7], [0.2, 0.6, 0.6], [0.6, 0.8, 0.0]])
    >>> metric.result().round(4).tolist()
    [0.5, 0.8, 0.6667]
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: str | None = None,
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric, as plain data."""
        return {k: v for k, v in super().get_config().items() if k != "beta"}
