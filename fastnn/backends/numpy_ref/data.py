"""Moving a batch between the user's arrays and the program: gather inputs and labels, scatter
predictions. Deliberately holds no shuffling (the permutation comes from the training loop) and no
messages (``StepStopped`` carries a code, turned into a message at the user's edge).
Twin: ``kernels/data.c``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fastnn.backends.numpy_ref.context import (
    LABEL_NOT_INTEGRAL,
    LABEL_OUT_OF_RANGE,
    NON_FINITE_INPUT,
    Array,
    Context,
    StepStopped,
    ieee,
)


@ieee
def gather_rows(context: Context, *, binding: int, dtype: DTypeLike) -> Array:
    """y[i] = source[permutation[offset + i]], cast; y (n, columns), columns flattened.

    A NaN or infinity in y, which may be a number too large for the dtype of y, stops the step if
    the binding asks for the check. What is reported is the number in the source.
    """
    rows = _rows(context, binding)
    y: Array = rows.astype(dtype)
    if context.bindings[binding].check_finite and y.dtype.kind == "f":
        _stop_at_first(~np.isfinite(y), rows, NON_FINITE_INPUT, context, binding)
    return y


@ieee
def gather_labels(context: Context, *, binding: int, classes: int) -> NDArray[np.int32]:
    """Class numbers of the batch, int32 (n, columns); the source may be of any dtype.

    Stops the step at a number that is not integral (as infinity and NaN) and at one outside
    [0, classes), or outside int32 if ``classes`` is 0.
    """
    rows = _rows(context, binding)
    fractional = np.zeros(rows.shape, dtype=bool)
    if rows.dtype.kind == "f":
        fractional = ~np.isfinite(rows) | (rows != np.floor(rows))
    lowest, highest = (0, classes - 1) if classes else (-(2**31), 2**31 - 1)
    bad = fractional | (rows < lowest) | (rows > highest)
    if bad.any():
        first = np.unravel_index(np.argmax(bad), bad.shape)
        code = LABEL_NOT_INTEGRAL if fractional[first] else LABEL_OUT_OF_RANGE
        _stop_at_first(bad, rows, code, context, binding)
    return rows.astype(np.int32)


def scatter_rows(context: Context, x: Array, *, binding: int) -> None:
    """output[offset + i] = x[i]: the batch's rows into the bound output, in order."""
    target = context.bindings[binding].array
    target[context.offset : context.offset + context.n] = x.reshape(-1, *target.shape[1:])


def _rows(context: Context, binding: int) -> Array:
    """The batch's rows of a bound array as they are, (n, columns)."""
    source = context.bindings[binding]
    rows: Array = source.array[source.rows(context.offset, context.n)]
    return rows.reshape(context.n, int(np.prod(rows.shape[1:])))


def _stop_at_first(
    bad: NDArray[np.bool_], rows: Array, code: int, context: Context, binding: int
) -> None:
    """Raise ``StepStopped`` for the first bad element (smallest position, then column)."""
    if bad.any():
        position, column = np.unravel_index(int(np.argmax(bad)), bad.shape)
        row = context.bindings[binding].source_row(context.offset + int(position))
        raise StepStopped(code, row, binding, float(rows[position, column]))
