"""Counts of right and wrong decisions, precision and recall.

A prediction above a threshold counts as positive, as does a target other than 0.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np

from fastnn import arguments
from fastnn.metrics.counts import LOWEST, Counts, Thresholds, checked_thresholds, count
from fastnn.metrics.metric import Array, StateMetric
from fastnn.program.tensor import Node, Shape, Tensor


class _Decisions(StateMetric):
    """A figure at each of some thresholds."""

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        owner = type(self).__name__
        self.top_k: int | None = (
            None if top_k is None else arguments.integer(owner, "top_k", top_k, 1)
        )
        self.class_id: int | None = (
            None if class_id is None else arguments.integer(owner, "class_id", class_id, 0)
        )
        found = checked_thresholds(owner, thresholds, 0.5 if top_k is None else LOWEST)
        self.init_thresholds: Any = _listed(thresholds)
        self.thresholds: list[float] = list(found)
        self._bins = Thresholds(found)
        super().__init__(dtype, name)

    def words(self, prediction: Shape) -> int:
        """Bins of positives and of negatives."""
        return self._bins.words

    def accumulate(
        self, first: int, y_true: Tensor, y_pred: Tensor, weights: Tensor | None
    ) -> list[Node]:
        """Add to the bins that predictions lie in."""
        settings = {"name": self.name, "top_k": self.top_k, "class_id": self.class_id}
        return count(first, y_true, y_pred, weights, self._bins, **settings)  # type: ignore[arg-type]

    def compute(self, state: Array) -> Any:
        """The figure at the threshold, or an array of those at all thresholds."""
        found = self.figure(self._bins.counts(state))
        return float(found[0]) if len(self.thresholds) == 1 else found

    @property
    def one_row(self) -> bool:
        """With ``top_k``, an array of one axis holds the classes of one sample."""
        return self.top_k is not None

    def empty(self) -> Any:
        """The result before any data."""
        return self.compute(np.zeros(self._bins.words))

    @abstractmethod
    def figure(self, counts: Counts) -> Array:
        """The figure at each threshold."""

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric, as plain data."""
        return {
            **super().get_config(),
            "thresholds": self.init_thresholds,
            "top_k": self.top_k,
            "class_id": self.class_id,
        }


def _listed(thresholds: Any) -> Any:
    """Thresholds as plain data."""
    if thresholds is None or isinstance(thresholds, (int, float)):
        return thresholds
    if np.ndim(thresholds) == 0:
        return float(thresholds)
    return [float(value) for value in thresholds]


class _Count(_Decisions):
    """One of the four counts."""

    of: ClassVar[str]

    def __init__(
        self, thresholds: Any = None, name: str | None = None, dtype: str | None = None
    ) -> None:
        super().__init__(thresholds, name=name, dtype=dtype)

    def figure(self, counts: Counts) -> Array:
        """The count at each threshold."""
        found: Array = getattr(counts, self.of)
        return found

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric, as plain data."""
        return {"name": self.name, "dtype": self.dtype, "thresholds": self.init_thresholds}


class TruePositives(_Count):
    """The number, or the weight, of positives that are predicted.

    Σ w over all elements with y_true ≠ 0 and y_pred > threshold

    Parameters
    ----------
    thresholds : a number in [0, 1] or a list of them, for one result each; 0.5 by default.
    name, dtype : see ``Metric``.

    Shapes
    ------
    y_true and y_pred of one shape; (batch,) fits (batch, 1).

    Raises
    ------
    ShapeError : if the shapes differ.
    ArgumentError : for a threshold outside [0, 1].

    Examples
    --------
    >>> from fastnn.metrics import TruePositives
    >>> float(TruePositives()([0, 1, 1, 1], [1, 0, 1, 1]))
    2.0
    """

    of = "tp"


class FalsePositives(_Count):
    """The number, or the weight, of negatives that are predicted to be positive.

    Σ w over all elements with y_true = 0 and y_pred > threshold

    Parameters
    ----------
    thresholds : a number in [0, 1] or a list of them, for one result each; 0.5 by default.
    name, dtype : see ``Metric``.

    Shapes
    ------
    y_true and y_pred of one shape; (batch,) fits (batch, 1).

    Raises
    ------
    ShapeError : if the shapes differ.
    ArgumentError : for a threshold outside [0, 1].

    Examples
    --------
    >>> from fastnn.metrics import FalsePositives
    >>> float(FalsePositives()([0, 1, 0, 0], [0, 0, 1, 1]))
    2.0
    """

    of = "fp"


class TrueNegatives(_Count):
    """The number, or the weight, of negatives that are predicted.

    Σ w over all elements with y_true = 0 and y_pred ≤ threshold

    Parameters
    ----------
    thresholds : a number in [0, 1] or a list of them, for one result each; 0.5 by default.
    name, dtype : see ``Metric``.

    Shapes
    ------
    y_true and y_pred of one shape; (batch,) fits (batch, 1).

    Raises
    ------
    ShapeError : if the shapes differ.
    ArgumentError : for a threshold outside [0, 1].

    Examples
    --------
    >>> from fastnn.metrics import TrueNegatives
    >>> float(TrueNegatives()([0, 1, 0, 0], [1, 1, 0, 0]))
    2.0
    """

    of = "tn"


class FalseNegatives(_Count):
    """The number, or the weight, of positives that are predicted to be negative.

    Σ w over all elements with y_true ≠ 0 and y_pred ≤ threshold

    Parameters
    ----------
    thresholds : a number in [0, 1] or a list of them, for one result each; 0.5 by default.
    name, dtype : see ``Metric``.

    Shapes
    ------
    y_true and y_pred of one shape; (batch,) fits (batch, 1).

    Raises
    ------
    ShapeError : if the shapes differ.
    ArgumentError : for a threshold outside [0, 1].

    Examples
    --------
    >>> from fastnn.metrics import FalseNegatives
    >>> float(FalseNegatives()([0, 1, 1, 1], [0, 1, 0, 0]))
    2.0
    """

    of = "fn"


class Precision(_Decisions):
    """The share of right predictions among the positive ones.

    tp / (tp + fp), 0 where nothing is predicted to be positive

    Parameters
    ----------
    thresholds : a number in [0, 1] or a list of them, for one result each; 0.5 by default, and none
        with ``top_k``.
    top_k : only the largest k predictions of a sample can be positive.
    class_id : only this column counts.
    name, dtype : see ``Metric``.

    Shapes
    ------
    y_true and y_pred of one shape; (batch,) fits (batch, 1).

    Raises
    ------
    ShapeError : if the shapes differ, or there is no axis of classes for ``top_k`` or ``class_id``.
    ArgumentError : for a threshold outside [0, 1], or a ``top_k`` or ``class_id`` beyond the
        classes.

    Examples
    --------
    >>> from fastnn.metrics import Precision
    >>> round(float(Precision()([0, 1, 1, 1], [1, 0, 1, 1])), 4)
    0.6667

    Notes
    -----
    For logits, ``thresholds=0`` divides where a probability of 0.5 would.
    """

    def figure(self, counts: Counts) -> Array:
        """The precision at each threshold."""
        return counts.precision


class Recall(_Decisions):
    """The share of the positives that are predicted.

    tp / (tp + fn), 0 where nothing is positive

    Parameters
    ----------
    thresholds : a number in [0, 1] or a list of them, for one result each; 0.5 by default, and none
        with ``top_k``.
    top_k : only the largest k predictions of a sample can be positive.
    class_id : only this column counts.
    name, dtype : see ``Metric``.

    Shapes
    ------
    y_true and y_pred of one shape; (batch,) fits (batch, 1).

    Raises
    ------
    ShapeError : if the shapes differ, or there is no axis of classes for ``top_k`` or ``class_id``.
    ArgumentError : for a threshold outside [0, 1], or a ``top_k`` or ``class_id`` beyond the
        classes.

    Examples
    --------
    >>> from fastnn.metrics import Recall
    >>> round(float(Recall()([0, 1, 1, 1], [1, 0, 1, 1])), 4)
    0.6667

    Notes
    -----
    For logits, ``thresholds=0`` divides where a probability of 0.5 would.
    """

    def figure(self, counts: Counts) -> Array:
        """The recall at each threshold."""
        return counts.recall
