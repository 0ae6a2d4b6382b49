"""Moving the elements of samples: transposing, slicing, joining, repeating, padding.

============  ===================================================================================
strided_copy  y = fill, then part by part y[target(k)] = x_p[source(k)] for every index k of the
              part's box. x_p (rows, elements of a sample), y the same; source and target are
              sums of strides, within a sample. An x_p without the batch axis goes to every row.
============  ===================================================================================

Every function of ``fastnn.ops`` that changes a layout is one use of this op. Its gradient is
another: the copy the other way round, and where an element was copied to several places, their
sum. No element of y is written twice.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastnn.errors import ShapeError, UnsupportedError
from fastnn.ops.contract import ROW, define
from fastnn.ops.shape import reshape
from fastnn.program.tensor import Dimension, Node, Size, Tensor

RANK_MOST = 8  # axes of a box; the kernels count them on the stack
INPUTS_MOST = 32  # what a record holds; longer lists are joined in steps


@dataclass(frozen=True)
class Part:
    """A box of elements of one input and where they go, in elements of a sample.

    Attributes
    ----------
    sizes : of the box.
    source, target : strides in the input and in the output.
    source_start, target_start : the first element.
    """

    sizes: tuple[int, ...]
    source: tuple[int, ...]
    target: tuple[int, ...]
    source_start: int = 0
    target_start: int = 0

    @property
    def count(self) -> int:
        """Elements of the box."""
        return math.prod(self.sizes)

    def reduced(self) -> Part:
        """The same copy with as few axes as possible, the nearest elements of y last."""
        axes = [a for a in zip(self.sizes, self.source, self.target, strict=True) if a[0] != 1]
        axes.sort(key=lambda axis: -abs(axis[2]))
        merged: list[tuple[int, int, int]] = []
        for size, source, target in axes:
            if merged and merged[-1][1:] == (source * size, target * size):
                merged[-1] = (merged[-1][0] * size, source, target)
            else:
                merged.append((size, source, target))
        sizes, sources, targets = zip(*merged, strict=True) if merged else ((), (), ())
        return Part(sizes, sources, targets, self.source_start, self.target_start)


def _gradient(node: Node, dy: Tensor) -> Sequence[Tensor | None]:
    if dy.dtype == "int32":
        return [None for _ in node.inputs]
    parts = node.attributes["parts"]
    return [_returned(x, part, dy) for x, part in zip(node.inputs, parts, strict=True)]


def _returned(x: Tensor, part: Part, dy: Tensor) -> Tensor:
    """The gradient of one input: dy's elements back at their sources, summed where they meet."""
    from fastnn.ops.reduce import reduce_columns, reduce_rows

    axes = list(zip(part.sizes, part.source, part.target, strict=True))
    kept = [axis for axis in axes if axis[1] != 0]
    summed = [axis for axis in axes if axis[1] == 0]
    sizes = [axis[0] for axis in kept]
    start = part.target_start
    if summed or (dy.has_batch and not x.has_batch):
        terms = math.prod(axis[0] for axis in summed)
        box = [axis[0] for axis in (*kept, *summed)]
        reading = Part(tuple(box), tuple(a[2] for a in (*kept, *summed)), strides(box), start)
        dy = strided_copy([(dy, reading)], [math.prod(sizes), terms])
        dy = reduce_columns(dy, "sum") if terms > 1 else dy
        if dy.has_batch and not x.has_batch:
            dy = reduce_rows(reshape(dy, (dy.shape[0], math.prod(sizes))), "sum")
        targets, start = strides(sizes), 0
    else:
        targets = tuple(axis[2] for axis in kept)
    sources = tuple(axis[1] for axis in kept)
    back = Part(tuple(sizes), targets, sources, start, part.source_start)
    return reshape(strided_copy([(dy, back)], [elements(x)]), x.shape)


def _integers(node: Node) -> Sequence[int]:
    """Whether y needs no fill; then of each part: axes, starts, (size, source, target) per axis."""
    words = [int(sum(part.count for part in node.attributes["parts"]) == node.attributes["size"])]
    for part in node.attributes["parts"]:
        words += [len(part.sizes), part.source_start, part.target_start]
        for axis in zip(part.sizes, part.source, part.target, strict=True):
            words += axis
    return words


STRIDED_COPY = define(
    "strided_copy",
    "y[target] = x[source], else fill",
    ROW,
    gradient=_gradient,
    integers=_integers,
    floats=lambda node: (node.attributes["fill"],),
)


def strides(sizes: Sequence[int]) -> tuple[int, ...]:
    """Distances between neighbours along each axis of a dense array."""
    found, distance = [], 1
    for size in reversed(sizes):
        found.append(distance)
        distance *= size
    return tuple(reversed(found))


def sample(x: Tensor) -> tuple[int, ...]:
    """The shape of one sample: without the batch axis, where there is one."""
    return tuple(size for size in x.shape if not isinstance(size, Size))


def elements(x: Tensor) -> int:
    """Elements of one sample."""
    return math.prod(sample(x))


def strided_copy(
    inputs: Sequence[tuple[Tensor, Part]],
    shape: Sequence[int],
    *,
    rows: Dimension | None = None,
    dtype: str | None = None,
    fill: float = 0.0,
) -> Tensor:
    """y (rows, *shape) with the parts of the inputs in their places and ``fill`` elsewhere.

    ``rows`` is the batch axis of the inputs, or given; without any, y has the shape ``shape``.
    """
    for x, _ in inputs:
        rows = x.shape[0] if x.has_batch and rows is None else rows
        if x.has_batch and x.shape[0] != rows:
            raise ShapeError(
                f"tensors of {rows} and of {x.shape[0]} rows do not go together. Pass tensors of "
                "the same batch."
            )
    size = math.prod(shape)
    final = tuple(shape) if rows is None else (rows, *shape)
    if size == 0:
        raise ShapeError(
            f"the result would have the shape {final} and hold no element. Keep at least one."
        )
    parts = [part.reduced() for _, part in inputs]
    deepest = max((len(part.sizes) for part in parts), default=0)
    if deepest > RANK_MOST:
        raise UnsupportedError(
            f"received a layout of {deepest} axes that cannot be merged, but fastnn moves at most "
            f"{RANK_MOST}. Move fewer axes at a time."
        )
    if len(inputs) == 1:
        ((x, _),) = inputs
        whole = Part((size,), (1,), (1,)).reduced()
        if parts[0] == whole and elements(x) == size and x.has_batch == (rows is not None):
            return reshape(x, final)
    flat = [reshape(x, (x.shape[0] if x.has_batch else 1, elements(x))) for x, _ in inputs]
    kind = flat[0].dtype if flat else dtype or "float32"
    attributes: dict[str, Any] = {
        "rows": 1 if rows is None else rows,
        "size": size,
        "parts": tuple(parts),
        "fill": float(fill),
        "type": kind,
    }
    y = STRIDED_COPY.node(flat, attributes, [((attributes["rows"], size), kind)]).output
    return reshape(y, final)


def full(
    shape: Sequence[int], value: float, dtype: str, *, rows: Dimension | None = None
) -> Tensor:
    """(rows, *shape) of one value."""
    return strided_copy([], shape, rows=rows, dtype=dtype, fill=value)


def transpose(x: Tensor, axes: Sequence[int]) -> Tensor:
    """The axes of a sample (0 is its first) in another order."""
    sizes, steps = sample(x), strides(sample(x))
    shape = [sizes[axis] for axis in axes]
    return strided_copy(
        [(x, Part(tuple(shape), tuple(steps[a] for a in axes), strides(shape)))], shape
    )


def window(x: Tensor, starts: Sequence[int], steps: Sequence[int], sizes: Sequence[int]) -> Tensor:
    """Every steps-th element of each axis of a sample from its start on, ``sizes`` of them."""
    each = strides(sample(x))
    source = tuple(a * b for a, b in zip(each, steps, strict=True))
    start = sum(a * b for a, b in zip(each, starts, strict=True))
    return strided_copy([(x, Part(tuple(sizes), source, strides(sizes), start))], sizes)


def concatenate(xs: Sequence[Tensor], axis: int) -> Tensor:
    """Samples joined along one of their axes; the other sizes are equal."""
    xs = list(xs)
    while len(xs) > INPUTS_MOST:
        groups = [xs[i : i + INPUTS_MOST] for i in range(0, len(xs), INPUTS_MOST)]
        xs = [concatenate(group, axis) for group in groups]
    shape = list(sample(xs[0]))
    shape[axis] = sum(sample(x)[axis] for x in xs)
    target, start, inputs = strides(shape), 0, []
    for x in xs:
        sizes = sample(x)
        inputs.append((x, Part(sizes, strides(sizes), target, 0, start * target[axis])))
        start += sizes[axis]
    return strided_copy(inputs, shape)


def placed(x: Tensor, shape: Sequence[int], starts: Sequence[int], fill: float = 0.0) -> Tensor:
    """A sample of ``shape`` that holds x from ``starts`` on, and ``fill`` round it."""
    target = strides(shape)
    start = sum(a * b for a, b in zip(target, starts, strict=True))
    part = Part(sample(x), strides(sample(x)), target, 0, start)
    return strided_copy([(x, part)], shape, fill=fill)


def tiled(x: Tensor, counts: Sequence[int], *, each: bool = False) -> Tensor:
    """Every axis of a sample repeated as a whole, or every element of it (``each``)."""
    sizes, steps = sample(x), strides(sample(x))
    target = strides([size * count for size, count in zip(sizes, counts, strict=True)])
    box: list[int] = []
    source: list[int] = []
    goal: list[int] = []
    for size, count, step, distance in zip(sizes, counts, steps, target, strict=True):
        pair = [(size, step), (count, 0)] if each else [(count, 0), (size, step)]
        box += [length for length, _ in pair]
        source += [along for _, along in pair]
        goal += [distance * pair[1][0], distance]
    shape = [size * count for size, count in zip(sizes, counts, strict=True)]
    return strided_copy([(x, Part(tuple(box), tuple(source), tuple(goal)))], shape)


def flip(x: Tensor, axes: Sequence[int]) -> Tensor:
    """Some axes of a sample backwards."""
    sizes = sample(x)
    starts = [sizes[a] - 1 if a in axes else 0 for a in range(len(sizes))]
    steps = [-1 if a in axes else 1 for a in range(len(sizes))]
    return window(x, starts, steps, sizes)


def roll(x: Tensor, shift: int, axis: int) -> Tensor:
    """One axis of a sample moved round by ``shift`` places."""
    sizes = sample(x)
    steps = strides(sizes)
    shift %= sizes[axis]
    inputs = []
    for first, count, to in ((0, sizes[axis] - shift, shift), (sizes[axis] - shift, shift, 0)):
        if count:
            box = (*sizes[:axis], count, *sizes[axis + 1 :])
            inputs.append((x, Part(box, steps, steps, first * steps[axis], to * steps[axis])))
    return strided_copy(inputs, sizes)


def broadcast_to(x: Tensor, shape: Sequence[Dimension]) -> Tensor:
    """``x`` under a larger shape, by NumPy's rule: axes from the last on, sizes of 1 repeated.

    A batch axis stays the first axis; without one, x goes to every sample.
    """
    shape = tuple(shape)
    if x.shape == shape:
        return x
    rows = shape[0] if shape and isinstance(shape[0], Size) else None
    goal = [size for size in shape if not isinstance(size, Size)]
    given = list(x.shape)
    fits = len(given) <= len(shape)
    if fits and rows is not None and len(given) == len(shape):
        fits = given[0] in (1, rows)
        given = given[1:]
    elif x.has_batch:
        fits = False
    sizes = [size for size in given if not isinstance(size, Size)]
    sizes = [1] * (len(goal) - len(sizes)) + sizes
    if not fits or any(a not in (1, b) for a, b in zip(sizes, goal, strict=True)):
        raise ShapeError(
            f"received a tensor of shape {x.shape} to broadcast to {shape}, expected axes that, "
            "from the last on, are equal or 1. Reshape or transpose it first."
        )
    source = tuple(
        0 if size == 1 else step for size, step in zip(sizes, strides(sizes), strict=True)
    )
    return strided_copy([(x, Part(tuple(goal), source, strides(goal)))], goal, rows=rows)
