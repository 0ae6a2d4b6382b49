"""The functions of ``fastnn.ops`` that give a tensor another layout, under Keras's names, for
symbolic tensors and for arrays: shapes, orders of axes, repetitions, margins.

The batch axis of a symbolic tensor is its first and stays there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastnn import arguments
from fastnn.errors import ArgumentError, ShapeError, UnsupportedError
from fastnn.ops import strided
from fastnn.ops.axes import ordered_axes, sample_axes, sample_axis, sample_place
from fastnn.ops.dispatch import anyaxis
from fastnn.ops.shape import reshape
from fastnn.program.tensor import Size, Tensor


@anyaxis("x")
def expand_dims(x: Any, axis: int | Sequence[int]) -> Tensor:
    """``x`` with new axes of size 1.

    Parameters
    ----------
    x : tensor or array.
    axis : where the new axis stands in the result; or several.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.expand_dims([1.0, 2.0], -1).tolist()
    [[1.0], [2.0]]
    """
    given = arguments.integers("expand_dims", "axis", axis)
    ndim = x.ndim + len(given)
    shape: list[Any] = list(x.shape)
    for place in sorted(sample_place("expand_dims", a, ndim, x.has_batch) for a in given):
        shape.insert(place, 1)
    return reshape(x, tuple(shape))


@anyaxis("x")
def squeeze(x: Any, axis: int | Sequence[int] | None = None) -> Tensor:
    """``x`` without axes of size 1.

    Parameters
    ----------
    x : tensor or array.
    axis : which; or several. None: all of size 1, but not the batch.

    Raises
    ------
    ShapeError : if the size of an axis is not 1.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.squeeze([[1.0], [2.0]], -1).tolist()
    [1.0, 2.0]
    """
    first = int(x.has_batch)
    if axis is None:
        gone = {place for place in range(first, x.ndim) if x.shape[place] == 1}
    else:
        gone = {a + first for a in sample_axes("squeeze", axis, x)}
    for place in gone:
        if x.shape[place] != 1:
            raise ShapeError(
                f"squeeze: received axis={axis} for a tensor of shape {x.shape}, expected an axis "
                f"of size 1, not {x.shape[place]}. Reshape it, or take one element of the axis."
            )
    return reshape(x, tuple(size for place, size in enumerate(x.shape) if place not in gone))


@anyaxis("x")
def transpose(x: Any, axes: Sequence[int] | None = None) -> Tensor:
    """``x`` with its axes in another order.

    Parameters
    ----------
    x : tensor or array.
    axes : the axes of x in their new order; the batch axis of a symbolic tensor is 0 and comes
        first. None: in reverse.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.transpose([[1.0, 2.0], [3.0, 4.0]]).tolist()
    [[1.0, 3.0], [2.0, 4.0]]
    """
    order = range(x.ndim)[::-1] if axes is None else axes
    return strided.transpose(x, ordered_axes("transpose", order, x))


@anyaxis("x")
def swapaxes(x: Any, axis1: int, axis2: int) -> Tensor:
    """``x`` with two of its axes exchanged.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.swapaxes([[1.0, 2.0], [3.0, 4.0]], 0, 1).tolist()
    [[1.0, 3.0], [2.0, 4.0]]
    """
    a, b = sample_axis("swapaxes", axis1, x), sample_axis("swapaxes", axis2, x)
    order = list(range(len(strided.sample(x))))
    order[a], order[b] = b, a
    return strided.transpose(x, order)


@anyaxis("x")
def moveaxis(x: Any, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """``x`` with some axes moved to new places; the others keep their order.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.moveaxis([[[1.0, 2.0]], [[3.0, 4.0]]], 0, -1).tolist()
    [[[1.0, 3.0], [2.0, 4.0]]]
    """
    given, goal = sample_axes("moveaxis", source, x), sample_axes("moveaxis", destination, x)
    if len(given) != len(goal):
        raise ArgumentError(
            f"moveaxis: received source={source} and destination={destination}, expected as many "
            "of one as of the other. Name the new place of each axis."
        )
    order = [axis for axis in range(len(strided.sample(x))) if axis not in given]
    for place, axis in sorted(zip(goal, given, strict=True)):
        order.insert(place, axis)
    return strided.transpose(x, order)


@anyaxis("x")
def flip(x: Any, axis: int | Sequence[int] | None = None) -> Tensor:
    """``x`` with the elements along some axes in reverse order.

    Parameters
    ----------
    x : tensor or array.
    axis : which; or several. None: all, but not the batch.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.flip([1.0, 2.0, 3.0]).tolist()
    [3.0, 2.0, 1.0]
    """
    everything = range(len(strided.sample(x)))
    return strided.flip(x, everything if axis is None else sample_axes("flip", axis, x))


@anyaxis("x")
def roll(x: Any, shift: int | Sequence[int], axis: int | Sequence[int] | None = None) -> Tensor:
    """``x`` with its elements moved along an axis; what leaves at one end enters at the other.

    Parameters
    ----------
    x : tensor or array.
    shift : by how many places; one number for each axis, or one for all.
    axis : along which; None: along the elements of a sample in their order.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.roll([1.0, 2.0, 3.0], 1).tolist()
    [3.0, 1.0, 2.0]
    """
    given = arguments.integers("roll", "shift", shift)
    if axis is None:
        shape = x.shape
        size = strided.elements(x)
        flat = reshape(x, (shape[0], size) if x.has_batch else (size,))
        return reshape(strided.roll(flat, sum(given), 0), shape)
    places = sample_axes("roll", axis, x)
    steps = list(given) * len(places) if len(given) == 1 else list(given)
    if len(steps) != len(places):
        raise ArgumentError(
            f"roll: received shift={shift} for axis={axis}, expected one shift for each axis. "
            "Pass lists of equal lengths."
        )
    for step, place in zip(steps, places, strict=True):
        x = strided.roll(x, step, place)
    rolled: Tensor = x
    return rolled


@anyaxis("x")
def broadcast_to(x: Any, shape: Sequence[Any]) -> Tensor:
    """``x`` under a larger shape: axes from the last on are equal, or 1 and repeated.

    Parameters
    ----------
    x : tensor or array.
    shape : of the result. The batch of a symbolic tensor is None, -1 or the first size of its
        shape, which also brings a variable to every sample.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.broadcast_to([1.0, 2.0], (2, 2)).tolist()
    [[1.0, 2.0], [1.0, 2.0]]
    """
    goal: list[Any] = list(shape) if isinstance(shape, (list, tuple)) else [shape]
    if x.has_batch and goal and (goal[0] in (None, -1)):
        goal[0] = x.shape[0]
    for place, size in enumerate(goal):
        if not isinstance(size, Size):
            goal[place] = arguments.integer("broadcast_to", f"shape[{place}]", size, 1)
    return strided.broadcast_to(x, goal)


@anyaxis("x")
def tile(x: Any, repeats: int | Sequence[int]) -> Tensor:
    """``x`` as a whole, repeated along each axis.

    Parameters
    ----------
    x : tensor or array.
    repeats : how often, for the last axes, or for more axes than x has; 1 for the batch.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.tile([1.0, 2.0], 2).tolist()
    [1.0, 2.0, 1.0, 2.0]
    """
    given = arguments.integers("tile", "repeats", repeats)
    counts = [arguments.integer("tile", f"repeats[{i}]", r, 1) for i, r in enumerate(given)]
    if x.has_batch:
        if len(counts) > x.ndim or (len(counts) == x.ndim and counts[0] != 1):
            raise UnsupportedError(
                f"tile: received repeats={repeats} for a tensor of shape {x.shape}, whose first "
                "axis is the batch. Pass one number for each axis, and 1 for the batch."
            )
        counts = counts[1:] if len(counts) == x.ndim else counts
    ndim = max(len(counts), len(strided.sample(x)))
    sizes = (1,) * (ndim - len(strided.sample(x))) + strided.sample(x)
    shaped = reshape(x, (x.shape[0], *sizes) if x.has_batch else sizes)
    return strided.tiled(shaped, [1] * (ndim - len(counts)) + counts)


@anyaxis("x")
def repeat(x: Any, repeats: int, axis: int | None = None) -> Tensor:
    """Each element of an axis, repeated in its place.

    Parameters
    ----------
    x : tensor or array.
    repeats : how often. (Keras: also one number per element.)
    axis : along which; None: of the elements of a sample in their order, in one axis.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.repeat([1.0, 2.0], 2).tolist()
    [1.0, 1.0, 2.0, 2.0]
    """
    count = arguments.integer("repeat", "repeats", repeats, 1)
    if axis is None:
        size = strided.elements(x)
        x, place = reshape(x, (x.shape[0], size) if x.has_batch else (size,)), 0
    else:
        place = sample_axis("repeat", axis, x)
    counts = [count if a == place else 1 for a in range(len(strided.sample(x)))]
    return strided.tiled(x, counts, each=True)


@anyaxis("x")
def pad(
    x: Any,
    pad_width: int | Sequence[Any],
    mode: str = "constant",
    constant_values: float | None = None,
) -> Tensor:
    """``x`` with a margin of one value round it.

    Parameters
    ----------
    x : tensor or array.
    pad_width : elements before and after each axis: ((before, after), …), one pair for all, or one
        number for all; (0, 0) for the batch. Negative widths are not supported.
    mode : ``"constant"``; others are not supported.
    constant_values : the value; 0 by default.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.pad([1.0, 2.0], (1, 2)).tolist()
    [0.0, 1.0, 2.0, 0.0, 0.0]
    """
    if mode != "constant":
        raise UnsupportedError(
            f"pad: received mode={mode!r}, but fastnn supports mode='constant' only. Concatenate "
            "flipped or repeated slices instead."
        )
    widths = _pairs(pad_width, x)
    if x.has_batch:
        if widths[0] != (0, 0):
            raise UnsupportedError(
                f"pad: received pad_width={pad_width} for a tensor of shape {x.shape}, whose first "
                "axis is the batch. Pass (0, 0) for the batch."
            )
        widths = widths[1:]
    shape = [a + size + b for size, (a, b) in zip(strided.sample(x), widths, strict=True)]
    fill = float(constant_values or 0.0)
    return strided.placed(x, shape, [before for before, _ in widths], fill)


def _pairs(pad_width: Any, x: Tensor) -> list[tuple[int, int]]:
    """(before, after) of every axis."""
    several = isinstance(pad_width, (list, tuple, np.ndarray))
    pairs: list[Any] = list(pad_width) if several else [pad_width]
    if all(isinstance(width, int) for width in pairs) and len(pairs) in (1, 2):
        before, after = pairs[0], pairs[-1]
        start = [(0, 0)] if x.has_batch else []
        pairs = start + [(before, after)] * len(strided.sample(x))
    pairs = [tuple(pair) if isinstance(pair, (list, tuple)) else (pair, pair) for pair in pairs]
    if len(pairs) == 1:
        pairs = pairs * x.ndim
    good = all(
        len(pair) == 2 and all(isinstance(n, (int, np.integer)) and n >= 0 for n in pair)
        for pair in pairs
    )
    if len(pairs) != x.ndim or not good:
        raise ArgumentError(
            f"pad: received pad_width={pad_width} for a tensor of {x.ndim} axes, expected a pair "
            "(before, after) for each axis, 0 or more. Write one pair per axis."
        )
    return pairs
