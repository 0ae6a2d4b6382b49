"""Moving a batch between the user's arrays and the program: gather inputs and labels, scatter
predictions. Deliberately holds no shuffling (the permutation comes from the training loop) and no
messages (``StepStopped`` carries a code, turned into a message at the user's edge).
Twin: ``kernels/data.c``.
"""

from __future__ import annotations

import math

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
def gather_rows(
    context: Context, *, binding: int, dtype: DTypeLike, out: Array | None = None
) -> Array:
    """y[i] = source[permutation[offset + i]], cast; y (n, columns), columns flattened.

    A NaN or infinity in y, which may be a number too large for the dtype of y, stops the step if
    the binding asks for the check. What is reported is the number in the source.
    """
    source = context.bindings[binding]
    array, rows = source.array, source.rows(context.offset, context.n)
    y = np.empty((context.n, math.prod(array.shape[1:])), dtype) if out is None else out
    if array.dtype == y.dtype and array.flags.c_contiguous and not isinstance(rows, slice):
        # one copy instead of two; "clip", because "raise" has NumPy copy once more
        np.take(array, rows, axis=0, out=y.reshape(-1, *array.shape[1:]), mode="clip")
    else:
        y[...] = array[rows].reshape(y.shape)
    # a sum of squares that is finite says that all are, in half the time; it may overflow
    if source.check_finite and y.dtype.kind == "f" and not math.isfinite(np.vdot(y, y)):
        bad = ~np.isfinite(y).reshape(context.n, -1)
        _stop_at_first(bad, _rows(context, binding), NON_FINITE_INPUT, context, binding)
    return y


@ieee
def gather_labels(
    context: Context, *, binding: int, classes: int, out: NDArray[np.int32] | None = None
) -> NDArray[np.int32]:
    """Class numbers of the batch, int32 (n, columns); the source may be of any dtype.

    Stops the step at a number that is not integral (as infinity and NaN) and at one outside
    [0, classes), or outside int32 if ``classes`` is 0.
    """
    rows = _rows(context, binding)
    lowest, highest = (0, classes - 1) if classes else (-(2**31), 2**31 - 1)
    integral = rows.dtype.kind != "f" or bool((rows == np.floor(rows)).all())
    if not (integral and lowest <= rows.min() and rows.max() <= highest):
        _stop_at_bad_label(rows, lowest, highest, context, binding)
    labels = np.empty(rows.shape, np.int32) if out is None else out
    labels.reshape(rows.shape)[...] = rows
    return labels


def _stop_at_bad_label(
    rows: Array, lowest: int, highest: int, context: Context, binding: int
) -> None:
    """Raise ``StepStopped`` for the first number that is no label."""
    fractional = np.zeros(rows.shape, dtype=bool)
    if rows.dtype.kind == "f":
        fractional = ~np.isfinite(rows) | (rows != np.floor(rows))
    bad = fractional | (rows < lowest) | (rows > highest)
    first = np.unravel_index(np.argmax(bad), bad.shape)
    code = LABEL_NOT_INTEGRAL if fractional[first] else LABEL_OUT_OF_RANGE
    _stop_at_first(bad, rows, code, context, binding)


def scatter_rows(context: Context, x: Array, *, binding: int) -> None:
    """output[offset + i] = x[i]: the batch's rows into the bound output, in order."""
    target = context.bindings[binding].array
    target[context.offset : context.offset + context.n] = x.reshape(-1, *target.shape[1:])


def _rows(context: Context, binding: int) -> Array:
    """The batch's rows of a bound array as they are, (n, columns)."""
    source = context.bindings[binding]
    rows: Array = source.array[source.rows(context.offset, context.n)]
    return rows.reshape(context.n, math.prod(rows.shape[1:]))


def _stop_at_first(
    bad: NDArray[np.bool_], rows: Array, code: int, context: Context, binding: int
) -> None:
    """Raise ``StepStopped`` for the first bad element (smallest position, then column), if any."""
    if not bad.any():
        return
    position, column = np.unravel_index(int(np.argmax(bad)), bad.shape)
    row = context.bindings[binding].source_row(context.offset + int(position))
    raise StepStopped(code, row, binding, float(rows[position, column]))
