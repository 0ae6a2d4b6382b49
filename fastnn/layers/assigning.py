"""Assigning arrays to the weights of a layer or model: all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastnn.errors import ShapeError
from fastnn.program.variable import Variable


def assign_weights(variables: Sequence[Variable], values: Sequence[Any], owner: str) -> None:
    """Assign arrays to variables, all or none: count and shapes are compared first."""
    if not isinstance(values, (list, tuple, np.ndarray)):
        raise ShapeError(
            f"{owner}: received weights of type {type(values).__name__}, expected a list of "
            f"{len(variables)} arrays. Pass arrays as get_weights() returns them."
        )
    arrays = [_number_array(value, owner) for value in values]
    if len(arrays) != len(variables):
        raise ShapeError(
            f"{owner} has {len(variables)} weights, received {len(arrays)} arrays. Pass arrays as "
            "get_weights() returns them."
        )
    for variable, array in zip(variables, arrays, strict=True):
        if variable.shape != array.shape:
            raise ShapeError(
                f"{owner}: weight {variable.path!r} has shape {variable.shape}, received an array "
                f"of shape {array.shape}. Pass arrays as get_weights() returns them."
            )
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)


def _number_array(value: Any, owner: str) -> np.ndarray[Any, Any]:
    """An array of numbers, or an error that says that it is none."""
    try:
        array = np.asarray(value)
    except ValueError:  # lists of different lengths
        array = np.array(None)
    if array.dtype.kind not in "fiub":
        raise ShapeError(
            f"{owner}: received a weight of dtype {array.dtype}, which is not a number. Pass "
            "arrays as get_weights() returns them."
        )
    return array
