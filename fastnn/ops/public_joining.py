"""The functions of ``fastnn.ops`` that join tensors and take them apart, under Keras's names, for
symbolic tensors and for arrays.
"""

from __future__ import annotations

import builtins
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from fastnn import arguments
from fastnn.errors import ArgumentError, ShapeError
from fastnn.ops import strided
from fastnn.ops.axes import axis_number, sample_axis, sample_place
from fastnn.ops.dispatch import anyaxis, is_symbolic, symbol
from fastnn.ops.shape import reshape
from fastnn.ops.slicing import getitem
from fastnn.program.tensor import Dimension, Size, Tensor


@anyaxis("xs")
def concatenate(xs: Sequence[Any], axis: int = 0) -> Tensor:
    """Tensors joined along an axis.

    Parameters
    ----------
    xs : tensors or arrays of equal shapes, but for that axis. One without the batch axis beside
        others that have it is joined to every sample.
    axis : along which, the first by default; not the batch of symbolic tensors.

    Raises
    ------
    ShapeError : if other sizes differ.
    UnsupportedError : for the batch axis.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.concatenate([[[1.0, 2.0]], [[3.0]]], axis=-1).tolist()
    [[1.0, 2.0, 3.0]]
    """
    tensors = _batched(xs, "concatenate")
    place = sample_axis("concatenate", axis, tensors[0])
    for x in tensors:
        rest = [size for a, size in enumerate(strided.sample(x)) if a != place]
        first = [size for a, size in enumerate(strided.sample(tensors[0])) if a != place]
        if rest != first or x.ndim != tensors[0].ndim or x.dtype != tensors[0].dtype:
            listed = ", ".join(f"{t.shape} {t.dtype}" for t in tensors)
            raise ShapeError(
                f"concatenate: received tensors {listed} with axis={axis}, expected equal sizes "
                "along all other axes, and one dtype. Reshape or cast some of them."
            )
    return strided.concatenate(tensors, place)


def _batched(xs: Sequence[Tensor], owner: str) -> list[Tensor]:
    """The tensors, those without the batch axis repeated for every sample if others have it."""
    if not xs:
        raise ArgumentError(f"{owner}: received an empty list, expected at least one tensor.")
    leader = next((x for x in xs if x.has_batch), None)
    if leader is None:
        return list(xs)
    found = []
    for x in xs:
        if not x.has_batch:
            sizes = x.shape[1:] if x.ndim == leader.ndim and x.shape[0] == 1 else x.shape
            x = strided.broadcast_to(x, (leader.shape[0], *sizes))
        found.append(x)
    return found


@anyaxis("xs")
def _stack(xs: Sequence[Any], axis: int = 0) -> Tensor:
    """``stack``."""
    tensors = _batched(xs, "stack")
    first = tensors[0]
    if any(x.shape != first.shape for x in tensors):
        raise ShapeError(
            f"stack: received tensors of shapes {', '.join(str(x.shape) for x in tensors)}, "
            "expected equal shapes. Reshape or pad some of them."
        )
    place = sample_place("stack", axis, first.ndim + 1, first.has_batch)
    shape = (*first.shape[:place], 1, *first.shape[place:])
    return strided.concatenate([reshape(x, shape) for x in tensors], place - int(first.has_batch))


def stack(x: Sequence[Any], axis: int = 0) -> Any:
    """Tensors of one shape along a new axis.

    Parameters
    ----------
    x : tensors or arrays.
    axis : place of the new axis in the result; not 0 where the tensors have the batch axis.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.stack([[1.0, 2.0], [3.0, 4.0]]).tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """
    if not isinstance(x, (list, tuple, np.ndarray)):
        raise ArgumentError(
            f"stack: received x of type {type(x).__name__}, expected a list of tensors or arrays "
            "of equal shapes. Pass [a, b]."
        )
    return _stack(list(x), axis)


def split(x: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Any]:
    """The parts of ``x`` along an axis.

    Parameters
    ----------
    x : tensor or array.
    indices_or_sections : number of equal parts, or where each part but the first begins.
    axis : along which; not the batch.

    Raises
    ------
    ShapeError : if the parts would not be equal.

    Examples
    --------
    >>> from fastnn import ops
    >>> [part.tolist() for part in ops.split([1.0, 2.0, 3.0, 4.0], 2)]
    [[1.0, 2.0], [3.0, 4.0]]
    """
    value, place, size = _axis_of("split", x, axis)
    if isinstance(indices_or_sections, (int, np.integer)):
        sections = arguments.integer("split", "indices_or_sections", indices_or_sections, 1)
        if size % sections:
            raise ShapeError(
                f"split: received indices_or_sections={sections} for an axis of size {size}, which "
                "cannot be cut into equal parts. Pass the list of places where parts begin."
            )
        edges = list(range(0, size + 1, size // sections))
    else:
        edges = [0, *arguments.integers("split", "indices_or_sections", indices_or_sections), size]
    pairs = itertools.pairwise(edges)
    return [_along(value, place, builtins.slice(begin, end)) for begin, end in pairs]


def unstack(x: Any, num: int | None = None, axis: int = 0) -> list[Any]:
    """The slices of ``x`` along an axis, without that axis.

    Parameters
    ----------
    x : tensor or array.
    num : the size of the axis, as a check; None: no check.
    axis : along which; not the batch.

    Examples
    --------
    >>> from fastnn import ops
    >>> [part.tolist() for part in ops.unstack([[1.0, 2.0], [3.0, 4.0]])]
    [[1.0, 2.0], [3.0, 4.0]]
    """
    value, place, size = _axis_of("unstack", x, axis)
    if num is not None and num != size:
        raise ShapeError(
            f"unstack: received num={num} for an axis of size {size}. Leave num out, or pass "
            f"{size}."
        )
    return [_along(value, place, i) for i in range(size)]


def slice(inputs: Any, start_indices: Sequence[int], shape: Sequence[Any]) -> Any:
    """A box of ``inputs``.

    Parameters
    ----------
    inputs : tensor or array.
    start_indices : the first element along each axis; 0 for the batch.
    shape : of the box; -1: up to the end of the axis. The whole batch is -1 or None.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.slice([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], (0, 1), (2, 2)).tolist()
    [[2.0, 3.0], [5.0, 6.0]]
    """
    value = symbol(inputs) if is_symbolic(inputs) else np.asarray(inputs)
    starts = list(arguments.integers("slice", "start_indices", start_indices))
    sizes: list[Any] = list(shape) if isinstance(shape, (list, tuple)) else [shape]
    if len(starts) != value.ndim or len(sizes) != value.ndim:
        raise ArgumentError(
            f"slice: received start_indices={tuple(starts)} and shape={tuple(sizes)} for a tensor "
            f"of {value.ndim} axes, expected one number of each for every axis."
        )
    key: list[Any] = []
    for place, (start, size) in enumerate(zip(starts, sizes, strict=True)):
        whole = size in (-1, None) or isinstance(size, Size)
        known = value.shape[place]
        end = None if whole else start + size
        last = known if end is None else end
        if not isinstance(known, Size) and not 0 <= start < last <= known:
            raise ShapeError(
                f"slice: received start_indices={tuple(starts)} and shape={tuple(sizes)}, which "
                f"reach beyond axis {place} of a tensor of shape {value.shape}."
            )
        key.append(builtins.slice(start or None, end))
    return _getitem(value, tuple(key))


@anyaxis("x")
def _getitem(x: Any, key: Any) -> Tensor:
    """``x[key]``."""
    return getitem(x, key)


def _axis_of(owner: str, x: Any, axis: int) -> tuple[Any, int, int]:
    """A tensor or array, the axis counted from the first, and its size."""
    value = symbol(x) if is_symbolic(x) else np.asarray(x)
    if isinstance(value, Tensor):
        sample_axis(owner, axis, value)
    place = axis_number(owner, axis, value.ndim)
    sizes: tuple[Dimension, ...] = value.shape
    return value if is_symbolic(x) else x, place, int(sizes[place])  # type: ignore[arg-type]


def _along(x: Any, place: int, item: Any) -> Any:
    """x[:, …, item] with the item at ``place``."""
    return _getitem(x, (*[builtins.slice(None)] * place, item))
