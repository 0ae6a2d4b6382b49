"""What confusion metrics share: weights of positives and of negatives by the bin, between two
thresholds, that the prediction lies in. All four counts at every threshold follow from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastnn import arguments, config
from fastnn.errors import ArgumentError, ShapeError
from fastnn.losses.targets import fit_targets, shape_text
from fastnn.ops import metric as metric_ops
from fastnn.ops.elementwise import binary, clip, multiply, scale, vector, where
from fastnn.ops.loss import _per_row
from fastnn.ops.pick import marked, top_k
from fastnn.program.tensor import Node, Shape, Tensor

Array = np.ndarray[Any, Any]

# Below every threshold: what predictions beyond the k largest become (as in Keras)
LOWEST = -1e10
# Two arrays of so many bins in double are 16 MB
MOST_THRESHOLDS = 1_000_000


@dataclass(frozen=True)
class Thresholds:
    """The thresholds of a metric.

    Attributes
    ----------
    given : in the order of the results.
    labels : number of columns with counts of their own, 0 for common counts.
    """

    given: tuple[float, ...]
    labels: int = 0

    @property
    def edges(self) -> tuple[float, ...]:
        """The thresholds, ascending."""
        return tuple(sorted(self.given))

    @property
    def words(self) -> int:
        """Bins of positives, then of negatives."""
        return 2 * (len(self.given) + 1) * max(1, self.labels)

    @property
    def are_even(self) -> bool:
        """Whether they divide [0, 1] evenly: Keras then counts what lies outside as 0 or 1."""
        count = len(self.given)
        if count < 3:
            return False
        even = np.arange(count, dtype=np.float32) / (count - 1)
        return bool(np.allclose(self.given, even, atol=config.epsilon()))

    def counts(self, state: Array) -> Counts:
        """The counts at each threshold, in the order given; (thresholds,) or (thresholds,
        labels).
        """
        bins = state.reshape(2, len(self.given) + 1, max(1, self.labels))
        above = np.flip(np.cumsum(np.flip(bins, 1), axis=1), 1)[:, 1:]
        below = np.cumsum(bins, axis=1)[:, :-1]
        order = np.searchsorted(self.edges, self.given)
        (tp, fp), (fn, tn) = above[:, order], below[:, order]
        if not self.labels:
            tp, fp, tn, fn = (count[:, 0] for count in (tp, fp, tn, fn))
        return Counts(tp, fp, tn, fn)


@dataclass(frozen=True)
class Counts:
    """Weights of true and false positives, true and false negatives."""

    tp: Array
    fp: Array
    tn: Array
    fn: Array

    @property
    def precision(self) -> Array:
        """tp / (tp + fp), 0 where there are none."""
        return ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> Array:
        """tp / (tp + fn), 0 where there are none."""
        return ratio(self.tp, self.tp + self.fn)

    @property
    def specificity(self) -> Array:
        """tn / (tn + fp), 0 where there are none."""
        return ratio(self.tn, self.tn + self.fp)


def ratio(a: Any, b: Any) -> Array:
    """a / b, 0 where b is 0."""
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    zeros: Array = np.zeros(np.broadcast(a, b).shape)
    np.divide(a, b, out=zeros, where=b != 0)
    return zeros


def checked_thresholds(owner: str, thresholds: Any, default: float) -> tuple[float, ...]:
    """One threshold or a list of them as a tuple of floats in [0, 1]."""
    if thresholds is None:
        return (default,)
    listed = thresholds if isinstance(thresholds, (list, tuple, np.ndarray)) else [thresholds]
    try:
        found = tuple(float(value) for value in listed)
    except (TypeError, ValueError):
        found = ()
    if not found or not all(0 <= value <= 1 for value in found):
        raise ArgumentError(
            f"{owner}: received thresholds={thresholds!r}, expected a number in [0, 1] or a list "
            "of them. Pass 0.5, say."
        )
    return found


def evenly(owner: str, number: Any, low: int) -> tuple[float, ...]:
    """So many thresholds from 0 to 1 at equal distances, 0.5 if it is one; at least ``low``."""
    steps = arguments.integer(owner, "num_thresholds", number, low) - 1
    if steps >= MOST_THRESHOLDS:
        raise ArgumentError(
            f"{owner}: received num_thresholds={number}, expected at most {MOST_THRESHOLDS}. Pass "
            "200, the default, or a few thousand."
        )
    inner = ((i + 1) * 1.0 / steps for i in range(steps - 1))
    return (0.0, *inner, 1.0) if steps else (0.5,)


def count(
    first: int,
    y_true: Tensor,
    y_pred: Tensor,
    weights: Tensor | None,
    thresholds: Thresholds,
    *,
    name: str,
    top_k: int | None = None,
    class_id: int | None = None,
    label_weights: Sequence[float] | None = None,
) -> list[Node]:
    """The ops that add the weights of a batch to the bins from ``first`` on.

    Targets other than 0 are positives.
    """
    t = binary(fit_targets(y_true, y_pred, name), 0.0, function="not_equal")
    if top_k is not None:
        y_pred = _largest(y_pred, top_k, name)
    if thresholds.are_even:
        y_pred = clip(y_pred, 0.0, 1.0)
    f = scale(t, -1.0, 1.0)
    factors = [] if label_weights is None else [_by_label(label_weights, y_pred, name)]
    if class_id is not None:
        mask = np.arange(_columns(y_pred, name)) == _checked_class(class_id, y_pred, name)
        factors.append(vector(mask, y_pred.dtype))
    found = []
    half = thresholds.words // 2
    for place, values in ((first, t), (first + half, f)):
        for factor in factors:
            values = multiply(values, factor)
        values = _per_row(values)
        if weights is not None:
            values = multiply(values, _per_row(weights))
        found.append(
            metric_ops.metric_histogram(
                place, y_pred, values, thresholds.edges, by_column=thresholds.labels > 0
            )
        )
    return found


def _columns(y_pred: Tensor, name: str) -> int:
    """The number of labels: the last axis, which must not be the batch."""
    size = y_pred.shape[-1]
    if y_pred.ndim < 2 or not isinstance(size, int):
        raise ShapeError(
            f"{name}: received predictions of shape {shape_text(y_pred.shape)}, expected an axis "
            "of classes. Pass (batch, classes), or leave out class_id and top_k."
        )
    return size


def _checked_class(class_id: int, y_pred: Tensor, name: str) -> int:
    columns = _columns(y_pred, name)
    if class_id >= columns:
        raise ArgumentError(
            f"{name}: received class_id={class_id}, but predictions have {columns} classes. Pass a "
            f"class_id below {columns}."
        )
    return class_id


def _by_label(label_weights: Sequence[float], y_pred: Tensor, name: str) -> Tensor:
    """Weights of labels as a vector over columns."""
    columns = _columns(y_pred, name)
    if len(label_weights) != columns:
        raise ShapeError(
            f"{name}: received {len(label_weights)} label_weights for predictions of {columns} "
            "labels. Pass one for each label."
        )
    return vector(label_weights, y_pred.dtype)


def _largest(y_pred: Tensor, k: int, name: str) -> Tensor:
    """The k largest predictions of each row, first of equals; the others far below."""
    columns = _columns(y_pred, name)
    if k > columns:
        raise ArgumentError(
            f"{name}: received top_k={k}, but predictions have {columns} classes. Pass at most "
            f"{columns}."
        )
    return where(marked(top_k(y_pred, k), y_pred), y_pred, LOWEST)


def flat_labels(prediction: Shape, name: str) -> int:
    """The number of labels of predictions (batch, labels)."""
    if len(prediction) != 2 or not isinstance(prediction[-1], int):
        raise ShapeError(
            f"{name}: received predictions of shape {shape_text(prediction)}, expected (batch, "
            "labels). Reshape them."
        )
    return prediction[-1]
