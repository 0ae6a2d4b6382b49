"""Classes with names as class numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.errors import DataError, ShapeError


def encode_labels(
    labels: Any, classes: Sequence[Any] | NDArray[Any] | None = None
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Labels such as ``"cat"`` and ``"dog"`` as class numbers 0, 1, …

    Parameters
    ----------
    labels : one label per sample: a list, an array or a Series.
    classes : the classes in the order of their numbers, as an earlier call returned them; by
        default the labels that occur, sorted. Encode validation and test data with the classes of
        the training data.

    Returns
    -------
    numbers, classes : ``classes[numbers]`` are the labels.

    Raises
    ------
    DataError : naming the first label that is missing (None, NaN) or not among the classes.
    ShapeError : if labels are not one per sample.

    Examples
    --------
    >>> from fastnn.utils import encode_labels
    >>> y, classes = encode_labels(["cat", "dog", "cat", "bird"])
    >>> y
    array([1, 2, 1, 0])
    >>> [str(name) for name in classes[[2, 0]]]  # what predictions mean
    ['dog', 'bird']
    >>> encode_labels(["dog"], classes)[0]
    array([2])

    Notes
    -----
    Not in Keras, whose ``StringLookup`` layer does this with TensorFlow.
    """
    array = labels.to_numpy() if hasattr(labels, "to_numpy") else labels
    if not isinstance(array, np.ndarray):
        array = np.asarray(array, dtype=object)  # as strings, a NaN would be the class "nan"
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise ShapeError(
            f"encode_labels: labels have shape {array.shape}, expected one label per sample: (n,)."
        )
    values = array.tolist()
    for row, value in enumerate(values):
        if value is None or value != value:  # NaN is the only label unequal to itself
            raise DataError(
                f"encode_labels: labels, row {row} is {value}, which is no class. Drop such rows, "
                "or give them a label of their own."
            )
    known = _sorted(values) if classes is None else list(np.asarray(classes).tolist())
    numbers = {value: number for number, value in enumerate(known)}
    for row, value in enumerate(values):
        if value not in numbers:
            shown = ", ".join(map(repr, known[:10])) + (", …" if len(known) > 10 else "")
            raise DataError(
                f"encode_labels: labels, row {row}: {value!r} is not among the classes {shown}. "
                "Correct the label, or take the classes from all data."
            )
    found = np.fromiter((numbers[value] for value in values), np.int64, len(values))
    return found, np.asarray(known)


def _sorted(values: list[Any]) -> list[Any]:
    """The different labels, in order."""
    try:
        return sorted(set(values))
    except TypeError as error:
        kinds = sorted({type(value).__name__ for value in values})
        raise DataError(
            f"encode_labels: labels are of the types {', '.join(kinds)}, which have no common "
            "order. Convert them to one type, for example with map(str, labels)."
        ) from error
