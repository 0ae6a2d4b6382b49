"""Accuracies: how often predictions are right."""

from __future__ import annotations

from typing import Any

from fastnn import arguments
from fastnn.losses.targets import fit_targets
from fastnn.metrics.metric import MeanMetricWrapper, mean_of_columns
from fastnn.ops.elementwise import binary, equal_labels
from fastnn.ops.reduce import argmax
from fastnn.program.tensor import Tensor


def accuracy(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """Share of the last axis where both are equal, (…, 1)."""
    y_true = fit_targets(y_true, y_pred, "accuracy")
    return mean_of_columns(binary(y_true, y_pred, function="equal"))


def binary_accuracy(y_true: Tensor, y_pred: Tensor, threshold: float = 0.5) -> Tensor:
    """Share of the last axis where y_true = [y_pred > threshold], (…, 1)."""
    y_true = fit_targets(y_true, y_pred, "binary_accuracy")
    decided = binary(y_pred, threshold, function="greater")
    return mean_of_columns(binary(y_true, decided, function="equal"))


def categorical_accuracy(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """1 where the largest target and the largest prediction are in one place, (…, 1)."""
    y_true = fit_targets(y_true, y_pred, "categorical_accuracy")
    return equal_labels(argmax(y_true), argmax(y_pred), y_pred.dtype)


def sparse_categorical_accuracy(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """1 where the largest prediction is in the place of the label, (…, 1)."""
    labels = fit_targets(y_true, y_pred, "sparse_categorical_accuracy", sparse=True)
    return equal_labels(labels, argmax(y_pred), y_pred.dtype)


class Accuracy(MeanMetricWrapper):
    """How often predictions equal targets exactly.

    mean of [y_true = y_pred]

    Parameters
    ----------
    name, dtype : see ``Metric``.

    Shapes
    ------
    y_true and y_pred of one shape; (batch,) fits (batch, 1).

    Raises
    ------
    ShapeError : if the shapes differ.

    Examples
    --------
    >>> from fastnn.metrics import Accuracy
    >>> float(Accuracy()([[1], [2], [3], [4]], [[0], [2], [3], [4]]))
    0.75

    Notes
    -----
    The name ``"accuracy"`` in ``compile`` does not mean this class: see ``fastnn.metrics.resolve``.
    """

    elementwise = True
    checks_targets = True

    def __init__(self, name: str | None = "accuracy", dtype: str | None = None) -> None:
        super().__init__(accuracy, name, dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric, as plain data."""
        return {"name": self.name, "dtype": self.dtype}


class BinaryAccuracy(MeanMetricWrapper):
    """How often predictions are on the side of the threshold where the targets are.

    mean of [y_true = [y_pred > threshold]]

    Parameters
    ----------
    name, dtype : see ``Metric``.
    threshold : number above which a prediction counts as 1; 0.5 by default.

    Shapes
    ------
    y_true and y_pred of one shape; (batch,) fits (batch, 1).

    Raises
    ------
    ShapeError : if the shapes differ.

    Examples
    --------
    >>> from fastnn.metrics import BinaryAccuracy
    >>> float(BinaryAccuracy()([[1], [1], [0], [0]], [[0.98], [1.0], [0.0], [0.6]]))
    0.75
    """

    elementwise = True
    checks_targets = True

    def __init__(
        self,
        name: str | None = "binary_accuracy",
        dtype: str | None = None,
        threshold: float = 0.5,
    ) -> None:
        self.threshold: float = arguments.number(
            "BinaryAccuracy", "threshold", threshold, "(-inf, inf)"
        )
        super().__init__(binary_accuracy, name, dtype, threshold=self.threshold)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric, as plain data."""
        return {"name": self.name, "dtype": self.dtype, "threshold": self.threshold}


class CategoricalAccuracy(MeanMetricWrapper):
    """How often the largest prediction is that of the class of a one-hot target.

    mean of [argmax y_true = argmax y_pred]

    Parameters
    ----------
    name, dtype : see ``Metric``.

    Shapes
    ------
    y_true and y_pred (batch, …, classes); logits serve as well as probabilities.

    Raises
    ------
    ShapeError : if the shapes differ.

    Examples
    --------
    >>> from fastnn.metrics import CategoricalAccuracy
    >>> float(CategoricalAccuracy()([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]]))
    0.5
    """

    checks_targets = True

    def __init__(self, name: str | None = "categorical_accuracy", dtype: str | None = None) -> None:
        super().__init__(categorical_accuracy, name, dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric, as plain data."""
        return {"name": self.name, "dtype": self.dtype}


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """How often the largest prediction is that of the class of an integer label.

    mean of [label = argmax y_pred]

    Parameters
    ----------
    name, dtype : see ``Metric``.

    Shapes
    ------
    y_true (batch, …) or (batch, …, 1); y_pred (batch, …, classes); logits serve as well as
    probabilities.

    Raises
    ------
    ShapeError : if the shapes do not fit.
    DataError : for a label that is negative, not whole, or not below the number of classes.

    Examples
    --------
    >>> from fastnn.metrics import SparseCategoricalAccuracy
    >>> float(SparseCategoricalAccuracy()([2, 1], [[0.1, 0.6, 0.3], [0.05, 0.95, 0]]))
    0.5
    """

    sparse = True
    checks_targets = True

    def __init__(
        self, name: str | None = "sparse_categorical_accuracy", dtype: str | None = None
    ) -> None:
        super().__init__(sparse_categorical_accuracy, name, dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric, as plain data."""
        return {"name": self.name, "dtype": self.dtype}
