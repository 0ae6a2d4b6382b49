"""Moving the elements of samples: transposing, slicing, joining, repeating, padding, all by one op.
Twin: ``kernels/strided.c``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from fastnn.backends.numpy_ref.context import Array, Context
from fastnn.program.tensor import Dimension, Size


def strided_copy(
    context: Context,
    *inputs: Array,
    rows: Dimension,
    size: int,
    parts: Sequence[Any],
    fill: float,
    type: str,
) -> Array:
    """y = fill, then y[target] = x[source] for each input and its part (``fastnn/ops/strided.py``).

    Inputs (rows, elements) or (1, elements), which goes to every row; y (rows, size).
    """
    count = rows.at(context.n) if isinstance(rows, Size) else rows
    y: Array = np.full((count, size), fill, inputs[0].dtype if inputs else type)
    for x, part in zip(inputs, parts, strict=True):
        to = _box(y, part.sizes, part.target, part.target_start)
        to[...] = _box(np.ascontiguousarray(x), part.sizes, part.source, part.source_start)
    return y


def _box(x: Array, sizes: Sequence[int], strides: Sequence[int], start: int) -> Array:
    """The elements of a box of each row, as a view (rows, *sizes)."""
    steps = (x.strides[0], *(step * x.itemsize for step in strides))
    return as_strided(x[:, start:], (len(x), *sizes), steps)
