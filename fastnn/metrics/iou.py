"""Intersection over union, from a confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastnn import arguments, config
from fastnn.errors import ArgumentError, ShapeError
from fastnn.losses.crossentropy import ignored_class
from fastnn.losses.targets import shape_text
from fastnn.metrics.metric import Array, StateMetric
from fastnn.ops.dispatch import check_last_axis
from fastnn.ops.elementwise import binary, cast_i32, multiply, scale, unary
from fastnn.ops.loss import _per_row
from fastnn.ops.metric import metric_histogram
from fastnn.ops.reduce import argmax
from fastnn.program.tensor import Node, Shape, Tensor

# The square of more classes would not be exact in float32, in which places are computed
MOST_CLASSES = 4096


class IoU(StateMetric):
    """Intersection over union: how much of what is, or is predicted to be, of a class is both.

    tp / (tp + fp + fn), averaged over ``target_class_ids``; classes that do not occur are left out

    Parameters
    ----------
    num_classes : integer from 1 to 4096; samples of other classes are left out.
    target_class_ids : list of the classes to average over.
    name, dtype : see ``Metric``.
    ignore_class : a label whose samples are left out, -1 or 255 say.
    sparse_y_true : whether targets are class numbers; else the largest of the last axis is.
    sparse_y_pred : the same for predictions.
    axis : the last axis; others are not supported.

    Shapes
    ------
    y_true and y_pred with equally many classes for each sample: (batch, …), with a last axis of
    classes where they are not sparse.

    Raises
    ------
    ShapeError : if there are not equally many classes.
    ArgumentError : for values outside of what is listed above.
    UnsupportedError : for any other axis.

    Examples
    --------
    >>> from fastnn.metrics import IoU
    >>> metric = IoU(num_classes=2, target_class_ids=[0])
    >>> round(float(metric([0, 0, 1, 1], [0, 1, 0, 1])), 4)
    0.3333

    Notes
    -----
    Differs from Keras: weights and counts are float64 whatever the dtype (Keras by default casts
    weights to integers, so that 0.5 becomes 0).
    """

    checks_targets = False

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: str | None = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        owner = type(self).__name__
        self.num_classes: int = arguments.integer(owner, "num_classes", num_classes, 1)
        if self.num_classes > MOST_CLASSES:
            raise ArgumentError(
                f"{owner}: received num_classes={num_classes}, expected at most {MOST_CLASSES}. "
                "Pass fewer classes."
            )
        self.target_class_ids: list[int] = [
            arguments.integer(owner, "target_class_ids", item, 0)
            for item in arguments.several(owner, "target_class_ids", target_class_ids, "classes")
        ]
        if not self.target_class_ids or max(self.target_class_ids) >= self.num_classes:
            raise ArgumentError(
                f"{owner}: received target_class_ids={target_class_ids!r}, expected classes "
                f"from 0 to {self.num_classes - 1}. Pass at least one of these."
            )
        self.ignore_class: int | None = ignored_class(owner, ignore_class)
        self.sparse_y_true: bool = arguments.flag(owner, "sparse_y_true", sparse_y_true)
        self.sparse_y_pred: bool = arguments.flag(owner, "sparse_y_pred", sparse_y_pred)
        self.axis: int = arguments.axis(type(self).__name__, axis)
        super().__init__(dtype, name)

    def words(self, prediction: Shape) -> int:
        """The confusion matrix: rows are true classes, columns predicted ones."""
        return self.num_classes**2

    def accumulate(
        self, first: int, y_true: Tensor, y_pred: Tensor, weights: Tensor | None
    ) -> list[Node]:
        """Add to the confusion matrix."""
        t = self._numbers(y_true, self.sparse_y_true)
        p = self._numbers(y_pred, self.sparse_y_pred)
        if t.shape != p.shape:
            raise ShapeError(
                f"{self.name}: received targets of shape {shape_text(y_true.shape)} and "
                f"predictions of shape {shape_text(y_pred.shape)}, expected equally many classes "
                "for each sample. Set sparse_y_true or sparse_y_pred to False for one-hot rows and "
                "probabilities."
            )
        values = multiply(self._valid(t), self._valid(p))
        if self.ignore_class is not None:
            other = binary(t, float(self.ignore_class), function="not_equal")
            values = multiply(values, other)
        if weights is not None:
            values = multiply(values, _per_row(weights))
        place = binary(scale(t, float(self.num_classes)), p, function="add")
        edges = np.arange(self.num_classes**2 - 1) + 0.5
        return [metric_histogram(first, place, values, edges.tolist())]

    def _numbers(self, y: Tensor, sparse: bool) -> Tensor:
        """Class numbers (batch, classes per sample), whole, of a float type."""
        if sparse:
            return unary(_per_row(y), "trunc")
        check_last_axis(self.name, self.axis, y.shape)
        return _per_row(cast_i32(argmax(y), y.dtype))

    def _valid(self, numbers: Tensor) -> Tensor:
        """1 for classes that there are, else 0."""
        low = binary(numbers, 0.0, function="greater_equal")
        high = binary(numbers, float(self.num_classes), function="less")
        return multiply(low, high)

    def compute(self, state: Array) -> Any:
        """The mean over the target classes that occur."""
        matrix = state.reshape(self.num_classes, self.num_classes)
        tp = np.diag(matrix)
        union = (matrix.sum(axis=0) + matrix.sum(axis=1) - tp)[self.target_class_ids]
        found = union > 1e-9
        epsilon = config.epsilon()
        parts = np.where(found, tp[self.target_class_ids] / (union + epsilon), 0.0)
        return float(parts.sum() / (found.sum() + epsilon))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric, as plain data."""
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "target_class_ids": self.target_class_ids,
            "ignore_class": self.ignore_class,
            "sparse_y_true": self.sparse_y_true,
            "sparse_y_pred": self.sparse_y_pred,
            "axis": self.axis,
        }


def _without(config: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in config.items() if name not in names}


class BinaryIoU(IoU):
    """Intersection over union of the classes 0 and 1, where y_pred ≥ threshold means 1.

    tp / (tp + fp + fn), averaged over ``target_class_ids``

    Parameters
    ----------
    target_class_ids : ``[0]``, ``[1]`` or ``[0, 1]``.
    threshold : number; 0.5 for probabilities, 0 for logits.
    name, dtype : see ``Metric``.

    Shapes
    ------
    y_true and y_pred of one shape; (batch,) fits (batch, 1).

    Raises
    ------
    ShapeError : if the shapes differ.
    ArgumentError : for other classes.

    Examples
    --------
    >>> from fastnn.metrics import BinaryIoU
    >>> metric = BinaryIoU(target_class_ids=[0, 1], threshold=0.3)
    >>> round(float(metric([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7])), 4)
    0.3333
    """

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        self.threshold: float = arguments.number("BinaryIoU", "threshold", threshold, "(-inf, inf)")
        super().__init__(2, target_class_ids, name, dtype)

    def accumulate(
        self, first: int, y_true: Tensor, y_pred: Tensor, weights: Tensor | None
    ) -> list[Node]:
        """Add to the confusion matrix."""
        decided = binary(y_pred, self.threshold, function="greater_equal")
        return super().accumulate(first, y_true, decided, weights)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric, as plain data."""
        return {
            "name": self.name,
            "dtype": self.dtype,
            "target_class_ids": self.target_class_ids,
            "threshold": self.threshold,
        }


class MeanIoU(IoU):
    """Intersection over union, averaged over all classes that occur.

    mean over classes of tp / (tp + fp + fn)

    Parameters
    ----------
    num_classes, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis : see ``IoU``.

    Raises
    ------
    ShapeError, ArgumentError, UnsupportedError : see ``IoU``.

    Examples
    --------
    >>> from fastnn.metrics import MeanIoU
    >>> round(float(MeanIoU(num_classes=2)([0, 0, 1, 1], [0, 1, 0, 1])), 4)
    0.3333
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: str | None = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        classes = range(arguments.integer(type(self).__name__, "num_classes", num_classes, 1))
        super().__init__(
            num_classes,
            classes,
            name,
            dtype,
            ignore_class,
            sparse_y_true,
            sparse_y_pred,
            axis,
        )

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric, as plain data."""
        return _without(super().get_config(), "target_class_ids")


class OneHotIoU(IoU):
    """Intersection over union of one-hot targets and probabilities.

    tp / (tp + fp + fn), averaged over ``target_class_ids``; the class is the largest of a row

    Parameters
    ----------
    num_classes, target_class_ids, name, dtype, ignore_class, sparse_y_pred, axis : see ``IoU``.

    Raises
    ------
    ShapeError, ArgumentError, UnsupportedError : see ``IoU``.

    Examples
    --------
    >>> from fastnn.metrics import OneHotIoU
    >>> metric = OneHotIoU(num_classes=3, target_class_ids=[0, 2])
    >>> metric.update_state([[0, 0, 1], [1, 0, 0], [0, 1, 0], [1, 0, 0]],
    ...                     [[0.2, 0.3, 0.5], [0.1, 0.2, 0.7], [0.5, 0.3, 0.1], [0.1, 0.4, 0.5]])
    >>> round(float(metric.result()), 4)
    0.1667
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: str | None = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(
            num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis
        )

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric, as plain data."""
        return _without(super().get_config(), "sparse_y_true")


class OneHotMeanIoU(MeanIoU):
    """Intersection over union of one-hot targets and probabilities, averaged over all classes.

    mean over classes of tp / (tp + fp + fn); the class is the largest of a row

    Parameters
    ----------
    num_classes, name, dtype, ignore_class, sparse_y_pred, axis : see ``IoU``.

    Raises
    ------
    ShapeError, ArgumentError, UnsupportedError : see ``IoU``.

    Examples
    --------
    >>> from fastnn.metrics import OneHotMeanIoU
    >>> metric = OneHotMeanIoU(num_classes=3)
    >>> metric.update_state([[0, 0, 1], [1, 0, 0], [0, 1, 0], [1, 0, 0]],
    ...                     [[0.2, 0.3, 0.5], [0.1, 0.2, 0.7], [0.5, 0.3, 0.1], [0.1, 0.4, 0.5]])
    >>> round(float(metric.result()), 4)
    0.1111
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: str | None = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric, as plain data."""
        return _without(super().get_config(), "sparse_y_true")
