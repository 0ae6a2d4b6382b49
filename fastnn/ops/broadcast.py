"""Broadcasting of tensors, as in NumPy: shapes are aligned at their last axes, and an axis of size
1 or a missing one is repeated. The batch axis must come first.

A kernel sees two axes, rows and columns, and repeats an operand along either of them for free. So
the axes of the operands are grouped into rows and columns; where that is impossible, an operand is
spread in memory first (``strided.py``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fastnn.errors import ShapeError
from fastnn.program.tensor import Dimension, Shape, Size, Tensor, constant, product


def common_shape(shapes: Sequence[Shape]) -> Shape:
    """The shape that operands of these shapes have together."""
    ndim = max(map(len, shapes))
    padded = [(1,) * (ndim - len(shape)) + tuple(shape) for shape in shapes]
    found: list[Dimension] = []
    for axis in range(ndim):
        sizes = {shape[axis] for shape in padded} - {1}
        if len(sizes) > 1 or (axis and any(isinstance(size, Size) for size in sizes)):
            raise ShapeError(
                f"operands of shapes {' and '.join(map(str, shapes))} do not go together. Expected "
                "shapes that agree from the last axis on, or have an axis of size 1 or none where "
                "they do not, with the batch as the first axis."
            )
        found.append(sizes.pop() if sizes else 1)
    return tuple(found)


def aligned(
    tensors: Sequence[Tensor], shape: Shape | None = None
) -> tuple[list[Tensor], Shape, Shape]:
    """The operands as kernels take them, the shape of their result, and the shape it stands for.

    The first shape has the elements of the second, which is ``shape`` or else the common one; it
    differs where axes were grouped.
    """
    shape = common_shape([tensor.shape for tensor in tensors] + ([shape] if shape else []))
    if all(_as_it_is(tensor.shape, shape) for tensor in tensors):
        return list(tensors), shape, shape
    first = 1 if any(isinstance(size, Size) for size in shape) else 0
    # the usual grouping, the last axis as columns, leaves most operands as they are
    for split in (len(shape) - 1, *range(len(shape) - 2, first - 1, -1), len(shape)):
        if split < first or not all(_suits(tensor.shape, shape, split) for tensor in tensors):
            continue
        rows, columns = product(shape[:split]), product(shape[split:])
        if isinstance(columns, Size):
            continue
        grouped = shape if split == len(shape) - 1 else (rows, columns)
        return [_grouped(tensor, shape, split, grouped) for tensor in tensors], grouped, shape
    from fastnn.ops.strided import broadcast_to

    # axes repeated here and there, not side by side: such operands are spread in memory
    spread = [t if _as_it_is(t.shape, shape) else broadcast_to(t, shape) for t in tensors]
    return spread, shape, shape


def sum_to(gradient: Tensor, target: Tensor) -> Tensor:
    """Sum ``gradient`` over the rows or columns along which a kernel repeated ``target``."""
    from fastnn.ops.reduce import reduce_columns, reduce_rows
    from fastnn.ops.shape import reshape

    if gradient.shape == target.shape:
        return gradient
    if len(target.shape) > 1:  # the rows are its own: one column was repeated
        return reduce_columns(gradient, "sum")
    if isinstance(gradient.shape[-1], Size):  # (n,) is a column
        return reduce_rows(reshape(gradient, (*gradient.shape, 1)), "sum")
    if target.shape in ((), (1,)) and gradient.shape[-1] != 1:
        gradient = reduce_columns(gradient, "sum")
    return reduce_rows(gradient, "sum")


def _as_it_is(own: Shape, shape: Shape) -> bool:
    """Whether kernels take an operand without regrouping: equal, a column, a vector, a number."""
    if own == shape or own in ((), (1,)):
        return True
    if len(own) == 1:
        return bool(shape) and own[0] == shape[-1]
    return own == (*shape[:-1], 1)


def _repeats(own: Shape, shape: Shape) -> list[bool | None]:
    """For each axis of ``shape``, whether the operand is repeated; None where its size is 1."""
    padded = (1,) * (len(shape) - len(own)) + tuple(own)
    return [None if full == 1 else size == 1 for size, full in zip(padded, shape, strict=True)]


def _suits(own: Shape, shape: Shape, split: int) -> bool:
    """Whether an operand is either whole or repeated in both groups of axes."""
    repeats = _repeats(own, shape)
    return all(len({*group} - {None}) < 2 for group in (repeats[:split], repeats[split:]))


def _grouped(tensor: Tensor, shape: Shape, split: int, grouped: Shape) -> Tensor:
    """An operand under the grouping: whole, one column, one row (a vector), or a number."""
    repeats = _repeats(tensor.shape, shape)
    row_repeated, column_repeated = True in repeats[:split], True in repeats[split:]
    if row_repeated:
        wanted: Shape = (1,) if column_repeated else grouped[-1:]
    else:
        wanted = (*grouped[:-1], 1) if column_repeated else grouped
    if tensor.shape == wanted:
        return tensor
    if tensor.constant is not None:
        return constant(np.reshape(tensor.constant, wanted), tensor.dtype)
    from fastnn.ops.shape import reshape

    return reshape(tensor, wanted)
