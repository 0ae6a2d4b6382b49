"""Labels as one-hot rows, outside a model. The op of the same purpose inside one is ``one_hot``."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastnn.errors import ArgumentError, DataError


def to_categorical(x: ArrayLike, num_classes: int | None = None) -> NDArray[np.float64]:
    """Class numbers as one-hot rows: y[i, x[i]] = 1, all else 0.

    Parameters
    ----------
    x : integers in [0, num_classes), any shape; a last axis of size 1 is dropped.
    num_classes : number of classes, at least 1; by default the largest label plus 1.

    Returns
    -------
    float64 array of x's shape with ``num_classes`` appended.

    Raises
    ------
    DataError : if a label is not integral, negative, or not below ``num_classes``.
    ArgumentError : if ``num_classes`` is not a positive integer, or missing for empty x.

    Examples
    --------
    >>> to_categorical([0, 2, 1], num_classes=3)
    array([[1., 0., 0.],
           [0., 0., 1.],
           [0., 1., 0.]])
    >>> to_categorical([[0], [1]]).shape
    (2, 2)

    Notes
    -----
    Differs from Keras, where a label of -1 counts from the end, 1.7 becomes 1 and a label that is
    too large gives NumPy's IndexError: here each is a ``DataError`` that names the label.
    """
    labels = _integral(np.asarray(x))
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if num_classes is None:
        if not labels.size:
            raise ArgumentError(
                "to_categorical: received no labels and no num_classes, expected one of them. "
                "Pass num_classes=."
            )
        classes = int(labels.max()) + 1
    else:
        classes = _positive(num_classes)
    bad = (labels < 0) | (labels >= max(classes, 1))
    if bad.any():
        first = tuple(int(i) for i in np.argwhere(bad)[0])
        raise DataError(
            f"to_categorical: received the label {labels[first]} at position {first}, expected "
            f"labels from 0 to {max(classes, 1) - 1}. Correct the labels or raise num_classes."
        )
    categorical = np.zeros((labels.size, classes))
    categorical[np.arange(labels.size), labels.reshape(-1)] = 1.0
    return categorical.reshape(*labels.shape, classes)


def _integral(labels: NDArray[Any]) -> NDArray[np.int64]:
    """The labels as int64; an error for a fraction, NaN or something that is no number."""
    if labels.dtype.kind not in "buif":
        raise DataError(
            f"to_categorical: received labels of dtype {labels.dtype}, expected integers. "
            "Number the classes first, for example with np.unique(x, return_inverse=True)[1]."
        )
    if labels.dtype.kind == "f":
        bad = ~np.isfinite(labels) | (labels != np.floor(labels))
        if bad.any():
            first = tuple(int(i) for i in np.argwhere(bad)[0])
            raise DataError(
                f"to_categorical: received the label {labels[first]} at position {first}, expected "
                "whole numbers. Round the labels first if that is meant."
            )
    return labels.astype(np.int64)


def _positive(num_classes: object) -> int:
    """``num_classes`` as an int of at least 1."""
    try:
        number = operator.index(num_classes)  # type: ignore[arg-type]
    except TypeError:
        number = 0
    if number < 1:
        raise ArgumentError(
            f"to_categorical: received num_classes={num_classes!r}, expected a positive integer. "
            "Pass the number of classes, or leave it out."
        )
    return number
