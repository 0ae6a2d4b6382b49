"""The best of one figure where another is good enough: recall at a precision, and the like."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np

from fastnn import arguments
from fastnn.metrics.counts import Counts, Thresholds, count, evenly
from fastnn.metrics.metric import Array, StateMetric
from fastnn.program.tensor import Node, Shape, Tensor


class _OperatingPoint(StateMetric):
    """The largest of one figure over the thresholds at which the other is at least ``value``."""

    #: the name of the argument that the constrained figure must reach
    constrained: ClassVar[str]

    def __init__(
        self,
        value: float,
        num_thresholds: int,
        class_id: int | None,
        name: str | None,
        dtype: str | None,
    ) -> None:
        owner = type(self).__name__
        self.value: float = arguments.number(owner, self.constrained, value, "[0, 1]")
        self.class_id: int | None = (
            None if class_id is None else arguments.integer(owner, "class_id", class_id, 0)
        )
        self.thresholds: list[float] = list(evenly(owner, num_thresholds, 1))
        self.num_thresholds: int = len(self.thresholds)
        self._bins = Thresholds(tuple(self.thresholds))
        super().__init__(dtype, name)

    def words(self, prediction: Shape) -> int:
        """Bins of positives and of negatives."""
        return self._bins.words

    def accumulate(
        self, first: int, y_true: Tensor, y_pred: Tensor, weights: Tensor | None
    ) -> list[Node]:
        """Add to the bins that predictions lie in."""
        settings = {"name": self.name, "class_id": self.class_id}
        return count(first, y_true, y_pred, weights, self._bins, **settings)  # type: ignore[arg-type]

    def compute(self, state: Array) -> Any:
        """The largest wanted figure where the constrained one is large enough, else 0."""
        constrained, wanted = self.figures(self._bins.counts(state))
        return float(np.where(constrained >= self.value, wanted, 0.0).max(initial=0.0))

    @abstractmethod
    def figures(self, counts: Counts) -> tuple[Array, Array]:
        """Of the constrained and of the wanted figure, the values at each threshold."""

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric, as plain data."""
        return {
            **super().get_config(),
            "num_thresholds": self.num_thresholds,
            self.constrained: self.value,
            "class_id": self.class_id,
        }


class SensitivityAtSpecificity(_OperatingPoint):
    """The best sensitivity at a specificity of at least a given one.

    max of tp / (tp + fn) over thresholds with tn / (tn + fp) ≥ specificity, 0 if there are none

    Parameters
    ----------
    specificity : number in [0, 1] that must be reached.
    num_thresholds : so many thresholds divide [0, 1] evenly; one is 0.5.
    class_id : only this column counts.
    name, dtype : see ``Metric``.

    Shapes
    ------
    y_true and y_pred of one shape; (batch,) fits (batch, 1).

    Raises
    ------
    ShapeError : if the shapes differ, or there is no axis of classes for ``class_id``.
    ArgumentError : for a ``specificity`` outside [0, 1], or a ``class_id`` beyond the classes.

    Examples
    --------
    >>> from fastnn.metrics import SensitivityAtSpecificity
    >>> metric = SensitivityAtSpecificity(0.5)
    >>> round(float(metric([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])), 4)
    0.5
    """

    constrained = "specificity"

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(specificity, num_thresholds, class_id, name, dtype)
        self.specificity: float = self.value

    def figures(self, counts: Counts) -> tuple[Array, Array]:
        """Of the constrained and of the wanted figure, the values at each threshold."""
        return counts.specificity, counts.recall


class SpecificityAtSensitivity(_OperatingPoint):
    """The best specificity at a sensitivity of at least a given one.

    max of tn / (tn + fp) over thresholds with tp / (tp + fn) ≥ sensitivity, 0 if there are none

    Parameters
    ----------
    sensitivity : number in [0, 1] that must be reached.
    num_thresholds : so many thresholds divide [0, 1] evenly; one is 0.5.
    class_id : only this column counts.
    name, dtype : see ``Metric``.

    Shapes
    ------
    y_true and y_pred of one shape; (batch,) fits (batch, 1).

    Raises
    ------
    ShapeError : if the shapes differ, or there is no axis of classes for ``class_id``.
    ArgumentError : for a ``sensitivity`` outside [0, 1], or a ``class_id`` beyond the classes.

    Examples
    --------
    >>> from fastnn.metrics import SpecificityAtSensitivity
    >>> metric = SpecificityAtSensitivity(0.5)
    >>> round(float(metric([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])), 4)
    0.6667
    """

    constrained = "sensitivity"

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)
        self.sensitivity: float = self.value

    def figures(self, counts: Counts) -> tuple[Array, Array]:
        """Of the constrained and of the wanted figure, the values at each threshold."""
        return counts.recall, counts.specificity


class PrecisionAtRecall(_OperatingPoint):
    """The best precision at a recall of at least a given one.

    max of tp / (tp + fp) over thresholds with tp / (tp + fn) ≥ recall, 0 if there are none

    Parameters
    ----------
    recall : number in [0, 1] that must be reached.
    num_thresholds : so many thresholds divide [0, 1] evenly; one is 0.5.
    class_id : only this column counts.
    name, dtype : see ``Metric``.

    Shapes
    ------
    y_true and y_pred of one shape; (batch,) fits (batch, 1).

    Raises
    ------
    ShapeError : if the shapes differ, or there is no axis of classes for ``class_id``.
    ArgumentError : for a ``recall`` outside [0, 1], or a ``class_id`` beyond the classes.

    Examples
    --------
    >>> from fastnn.metrics import PrecisionAtRecall
    >>> metric = PrecisionAtRecall(0.5)
    >>> round(float(metric([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])), 4)
    0.5
    """

    constrained = "recall"

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(recall, num_thresholds, class_id, name, dtype)
        self.recall: float = self.value

    def figures(self, counts: Counts) -> tuple[Array, Array]:
        """Of the constrained and of the wanted figure, the values at each threshold."""
        return counts.recall, counts.precision


class RecallAtPrecision(_OperatingPoint):
    """The best recall at a precision of at least a given one.

    max of tp / (tp + fn) over thresholds with tp / (tp + fp) ≥ precision, 0 if there are none

    Parameters
    ----------
    precision : number in [0, 1] that must be reached.
    num_thresholds : so many thresholds divide [0, 1] evenly; one is 0.5.
    class_id : only this column counts.
    name, dtype : see ``Metric``.

    Shapes
    ------
    y_true and y_pred of one shape; (batch,) fits (batch, 1).

    Raises
    ------
    ShapeError : if the shapes differ, or there is no axis of classes for ``class_id``.
    ArgumentError : for a ``precision`` outside [0, 1], or a ``class_id`` beyond the classes.

    Examples
    --------
    >>> from fastnn.metrics import RecallAtPrecision
    >>> metric = RecallAtPrecision(0.5)
    >>> round(float(metric([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])), 4)
    1.0
    """

    constrained = "precision"

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(precision, num_thresholds, class_id, name, dtype)
        self.precision: float = self.value

    def figures(self, counts: Counts) -> tuple[Array, Array]:
        """Of the constrained and of the wanted figure, the values at each threshold."""
        return counts.precision, counts.recall
