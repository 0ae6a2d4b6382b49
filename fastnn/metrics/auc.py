"""The area under the ROC or the precision-recall curve."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn import arguments, config
from fastnn.errors import ArgumentError, ShapeError
from fastnn.metrics.counts import (
    Counts,
    Thresholds,
    checked_thresholds,
    count,
    evenly,
    flat_labels,
    ratio,
)
from fastnn.metrics.metric import Array, StateMetric
from fastnn.ops.activation import activation_forward
from fastnn.program.tensor import Node, Shape, Tensor

CURVES = {"ROC": "ROC", "roc": "ROC", "PR": "PR", "pr": "PR", "PRGAIN": "PRGAIN"}
CURVES |= {"prgain": "PRGAIN"}
METHODS = {name: name.lower() for name in ("interpolation", "minoring", "majoring")}
METHODS |= {name.capitalize(): name for name in METHODS}


class AUC(StateMetric):
    """Area under the curve of the decisions at all thresholds.

    ROC: Σ_i (x_i - x_{i+1}) h_i with x = fp / (fp + tn), y = tp / (tp + fn) and h_i the mean
    (``"interpolation"``), minimum (``"minoring"``) or maximum (``"majoring"``) of y_i and y_{i+1}.
    PR: the same with x recall and y precision, except that ``"interpolation"`` is that of Davis and
    Goadrich. PRGAIN: recall gain and precision gain.

    Parameters
    ----------
    num_thresholds : integer > 1: so many thresholds divide [0, 1] evenly.
    curve : ``"ROC"``, ``"PR"`` or ``"PRGAIN"``.
    summation_method : ``"interpolation"``, ``"minoring"`` or ``"majoring"``.
    name, dtype : see ``Metric``.
    thresholds : list of numbers in [0, 1] to use instead; one below 0 and one above 1 are added.
    multi_label : whether each column has a curve of its own, whose areas are averaged; else all
        elements share one.
    num_labels : number of columns, with ``multi_label``; found by itself.
    label_weights : one weight per column: of its area with ``multi_label``, else of its elements.
    from_logits : whether predictions are logits, to which a sigmoid is applied.

    Shapes
    ------
    y_true and y_pred of one shape; (batch,) fits (batch, 1).

    Raises
    ------
    ShapeError : if shapes differ, or do not fit ``num_labels`` or ``label_weights``.
    ArgumentError : for values outside of what is listed above.

    Examples
    --------
    >>> from fastnn.metrics import AUC
    >>> metric = AUC(num_thresholds=3)
    >>> metric.update_state([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])
    >>> float(metric.result())
    0.75

    Notes
    -----
    Davis and Goadrich, "The relationship between Precision-Recall and ROC curves", ICML 2006; Flach
    and Kull, "Precision-Recall-Gain curves: PR analysis done right", NeurIPS 2015.
    """

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: str | None = None,
        thresholds: Any = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:
        self.curve: str = CURVES[arguments.one_of("AUC", "curve", curve, tuple(CURVES))]
        method = arguments.one_of("AUC", "summation_method", summation_method, tuple(METHODS))
        self.summation_method: str = METHODS[method]
        self._given = thresholds is not None
        if self._given:
            inner = tuple(sorted(checked_thresholds("AUC", thresholds, 0.5)))
        else:
            inner = evenly("AUC", num_thresholds, 2)[1:-1]
        epsilon = config.epsilon()
        self.thresholds: list[float] = [0.0 - epsilon, *inner, 1.0 + epsilon]
        self.num_thresholds: int = len(self.thresholds)
        self.multi_label: bool = arguments.flag("AUC", "multi_label", multi_label)
        self.num_labels: int | None = None
        if num_labels is not None:
            self.num_labels = arguments.integer("AUC", "num_labels", num_labels, 1)
            if not self.multi_label:
                raise ArgumentError(
                    f"AUC: received num_labels={num_labels!r} without multi_label=True. Leave it "
                    "out, or pass multi_label=True."
                )
        self.label_weights: list[float] | None = None
        if label_weights is not None:
            self.label_weights = [
                arguments.number("AUC", "label_weights", weight, "[0, inf)")
                for weight in arguments.several("AUC", "label_weights", label_weights)
            ]
        self.from_logits: bool = arguments.flag("AUC", "from_logits", from_logits)
        super().__init__(dtype, name)

    def _bins(self, labels: int = 0) -> Thresholds:
        return Thresholds(tuple(self.thresholds), labels)

    def _labels(self, prediction: Shape) -> int:
        """The number of columns with a curve of their own, 0 for one curve."""
        if not self.multi_label:
            return 0
        labels = flat_labels(prediction, self.name)
        for what, wanted in (
            ("num_labels", self.num_labels),
            ("the number of label_weights", self.label_weights and len(self.label_weights)),
        ):
            if wanted not in (None, labels):
                raise ShapeError(
                    f"{self.name}: received predictions of {labels} labels, but {what} is "
                    f"{wanted}. Pass predictions (batch, {wanted})."
                )
        return labels

    def words(self, prediction: Shape) -> int:
        """Bins of positives and of negatives, for each label."""
        return self._bins(self._labels(prediction)).words

    def accumulate(
        self, first: int, y_true: Tensor, y_pred: Tensor, weights: Tensor | None
    ) -> list[Node]:
        """Add to the bins that predictions lie in."""
        if self.from_logits:
            y_pred = activation_forward(y_pred, "sigmoid")
        return count(
            first,
            y_true,
            y_pred,
            weights,
            self._bins(self._labels(y_pred.shape)),
            name=self.name,
            label_weights=None if self.multi_label else self.label_weights,
        )

    def compute(self, state: Array) -> Any:
        """The area, averaged over labels."""
        per_label = self._bins().words
        labels = state.size // per_label if self.multi_label else 0
        counts = self._bins(labels).counts(state)
        if self.curve == "PR" and self.summation_method == "interpolation":
            areas = _interpolated(counts)
        else:
            x, y = self._curve(counts)
            areas = ((x[:-1] - x[1:]) * self._heights(y[:-1], y[1:])).sum(axis=0)
        if not self.multi_label:
            return float(areas)
        if self.label_weights is None:
            return float(areas.mean())
        weights = np.array(self.label_weights)
        return float(ratio((areas * weights).sum(), weights.sum()))

    def _heights(self, left: Array, right: Array) -> Array:
        """Of the rectangles between two points of the curve."""
        if self.summation_method == "minoring":
            return np.minimum(left, right)
        if self.summation_method == "majoring":
            return np.maximum(left, right)
        return (left + right) / 2

    def _curve(self, counts: Counts) -> tuple[Array, Array]:
        """x and y at each threshold."""
        if self.curve == "ROC":
            return ratio(counts.fp, counts.fp + counts.tn), counts.recall
        if self.curve == "PR":
            return counts.recall, counts.precision
        factor = ratio(counts.tp + counts.fn, counts.tn + counts.fp)
        none = counts.tp == 0
        recall_gain = np.where(none, 0.0, 1.0 - factor * ratio(counts.fn, counts.tp))
        precision_gain = np.where(none, 1.0, 1.0 - factor * ratio(counts.fp, counts.tp))
        return np.maximum(recall_gain, 0.0), precision_gain

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric, as plain data."""
        found = {
            **super().get_config(),
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": self.label_weights,
            "from_logits": self.from_logits,
        }
        if self._given:
            found["thresholds"] = self.thresholds[1:-1]
        return found


def _interpolated(counts: Counts) -> Array:
    """The area under the precision-recall curve, true positives linear in predicted ones."""
    tp, predicted = counts.tp, counts.tp + counts.fp
    dtp, dp = tp[:-1] - tp[1:], predicted[:-1] - predicted[1:]
    slope = ratio(dtp, np.maximum(dp, 0))
    intercept = tp[1:] - slope * predicted[1:]
    both = (predicted[:-1] > 0) & (predicted[1:] > 0)
    grown = np.where(both, ratio(predicted[:-1], np.maximum(predicted[1:], 0)), 1.0)
    parts = ratio(slope * (dtp + intercept * np.log(grown)), np.maximum(tp + counts.fn, 0)[1:])
    total: Array = parts.sum(axis=0)
    return total
