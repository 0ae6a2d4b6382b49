"""Axes as users number them, of a whole tensor, as axes of one sample; errors say which axes there
are. The batch axis is not an axis of a sample: who names it gets an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastnn import arguments
from fastnn.errors import ArgumentError, UnsupportedError
from fastnn.program.tensor import Tensor


def axis_number(owner: str, axis: Any, ndim: int) -> int:
    """An axis of a tensor of ``ndim`` axes, counted from the first."""
    if isinstance(axis, (bool, np.bool_)) or not isinstance(axis, (int, np.integer)):
        raise ArgumentError(
            f"{owner}: received axis={axis!r} of type {type(axis).__name__}, expected a whole "
            "number. Pass the number of an axis."
        )
    if not -ndim <= axis < ndim:
        known = f"an axis from {-ndim} to {ndim - 1}" if ndim else "no axis: there is none"
        raise ArgumentError(
            f"{owner}: received axis={axis} for a tensor of {ndim} axes, expected {known}."
        )
    return int(axis) % ndim


def sample_place(owner: str, axis: Any, ndim: int, has_batch: bool) -> int:
    """An axis counted from the first, which must not be the batch."""
    place = axis_number(owner, axis, ndim)
    if has_batch and place == 0:
        raise UnsupportedError(
            f"{owner}: received axis={axis}, the batch axis, but fastnn works within each sample "
            "here. Name another axis."
        )
    return place


def sample_axis(owner: str, axis: Any, x: Tensor) -> int:
    """An axis of a sample of ``x``."""
    return sample_place(owner, axis, x.ndim, x.has_batch) - int(x.has_batch)


def sample_axes(owner: str, axes: Any, x: Tensor) -> list[int]:
    """One axis or several, each once."""
    given = axes if isinstance(axes, (list, tuple)) else [axes]
    found = [sample_axis(owner, axis, x) for axis in given]
    if len(set(found)) != len(found):
        raise ArgumentError(
            f"{owner}: received axis={axes}, which names an axis twice. Name each axis once."
        )
    return found


def ordered_axes(owner: str, axes: Sequence[int], x: Tensor) -> list[int]:
    """All axes in a new order, as axes of a sample; the batch must stay the first."""
    found = [axis_number(owner, axis, x.ndim) for axis in arguments.integers(owner, "axes", axes)]
    if sorted(found) != list(range(x.ndim)):
        raise ArgumentError(
            f"{owner}: received axes={tuple(axes)} for a tensor of {x.ndim} axes, expected each of "
            f"its axes once. Pass an order of {tuple(range(x.ndim))}."
        )
    if not x.has_batch:
        return found
    if found[0] != 0:
        raise UnsupportedError(
            f"{owner}: received axes={tuple(axes)} for a tensor of shape {x.shape}, whose first "
            "axis is the batch, which must stay first. Pass axes that begin with 0."
        )
    return [axis - 1 for axis in found[1:]]
