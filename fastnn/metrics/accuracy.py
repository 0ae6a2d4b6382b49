"""Accuracies: how often predictions are right."""

from __future__ import annotations

from typing import Any

from fastnn import arguments
from fastnn.losses.targets import fit_targets
from fastnn.metrics.means import MeanMetricWrapper
from fastnn.ops.elementwise import binary, equal_labels
from fastnn.ops.public_pick import in_top_k
from fastnn.ops.reduce import argmax
from fastnn.ops.shape import reshape
from fastnn.program.tensor import Tensor


def equal_elements(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """1 where both are equal, (…, k)."""
    return binary(fit_targets(y_true, y_pred, "accuracy"), y_pred, function="equal")


def right_decisions(y_true: Tensor, y_pred: Tensor, threshold: float = 0.5) -> Tensor:
    """1 where y_true = [y_pred > threshold], (…, k)."""
    y_true = fit_targets(y_true, y_pred, "binary_accuracy")
    decided = binary(y_pred, threshold, function="greater")
    return binary(y_true, decided, function="equal")


def right_classes(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """1 where the largest target and the largest prediction are in one place, (…, 1)."""
    y_true = fit_targets(y_true, y_pred, "categorical_accuracy")
    return equal_labels(argmax(y_true), argmax(y_pred), y_pred.dtype)


def right_labels(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """1 where the largest prediction is in the place of the label, (…, 1)."""
    labels = fit_targets(y_true, y_pred, "sparse_categorical_accuracy", sparse=True)
    return equal_labels(labels, argmax(y_pred), y_pred.dtype)


def sparse_in_top_k(y_true: Tensor, y_pred: Tensor, k: int = 5) -> Tensor:
    """1 where fewer than k predictions are larger than that of the label, (…, 1)."""
    labels = fit_targets(y_true, y_pred, "sparse_top_k_categorical_accuracy", sparse=True)
    return _among_largest(labels, y_pred, k)


def target_in_top_k(y_true: Tensor, y_pred: Tensor, k: int = 5) -> Tensor:
    """The same for the class of a one-hot target."""
    t = fit_targets(y_true, y_pred, "top_k_categorical_accuracy")
    return _among_largest(argmax(t), y_pred, k)


def _among_largest(labels: Tensor, y_pred: Tensor, k: int) -> Tensor:
    """``in_top_k`` of labels (…, 1), with that shape."""
    found: Tensor = in_top_k(reshape(labels, labels.shape[:-1]), y_pred, k)
    return reshape(found, labels.shape)


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
        super().__init__(equal_elements, name, dtype)

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
        super().__init__(right_decisions, name, dtype, threshold=self.threshold)

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
        super().__init__(right_classes, name, dtype)

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
        super().__init__(right_labels, name, dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric, as plain data."""
        return {"name": self.name, "dtype": self.dtype}


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the class of a one-hot target is among the k largest predictions.

    mean of [number of j with p_j > p_class < k], class = argmax y_true

    Parameters
    ----------
    k : positive integer.
    name, dtype : see ``Metric``.

    Shapes
    ------
    y_true and y_pred (batch, …, classes); logits serve as well as probabilities.

    Raises
    ------
    ShapeError : if the shapes differ.

    Examples
    --------
    >>> from fastnn.metrics import TopKCategoricalAccuracy
    >>> metric = TopKCategoricalAccuracy(k=2)
    >>> float(metric([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.9, 0.05, 0.06]]))
    0.5
    """

    checks_targets = True

    def __init__(
        self,
        k: int = 5,
        name: str | None = "top_k_categorical_accuracy",
        dtype: str | None = None,
    ) -> None:
        self.k: int = arguments.integer("TopKCategoricalAccuracy", "k", k, 1)
        super().__init__(target_in_top_k, name, dtype, k=self.k)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric, as plain data."""
        return {"name": self.name, "dtype": self.dtype, "k": self.k}


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the class of an integer label is among the k largest predictions.

    mean of [number of j with p_j > p_label < k]

    Parameters
    ----------
    k : positive integer.
    name, dtype : see ``Metric``.
    from_sorted_ids : not supported; False.

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
    >>> from fastnn.metrics import SparseTopKCategoricalAccuracy
    >>> metric = SparseTopKCategoricalAccuracy(k=2)
    >>> float(metric([2, 1], [[0.1, 0.9, 0.8], [0.9, 0.05, 0.06]]))
    0.5
    """

    sparse = True
    checks_targets = True

    def __init__(
        self,
        k: int = 5,
        name: str | None = "sparse_top_k_categorical_accuracy",
        dtype: str | None = None,
        from_sorted_ids: bool = False,
    ) -> None:
        owner = "SparseTopKCategoricalAccuracy"
        arguments.unsupported(owner, {"from_sorted_ids": (from_sorted_ids, False)})
        self.k: int = arguments.integer(owner, "k", k, 1)
        super().__init__(sparse_in_top_k, name, dtype, k=self.k)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric, as plain data."""
        return {"name": self.name, "dtype": self.dtype, "k": self.k, "from_sorted_ids": False}
