"""The checks of the data that users pass, with their messages: what was received, where; what is
expected; what to do. They run once, at the public API; below it code trusts its input. Checks of
single arguments (numbers, flags, names) stand in ``arguments.py``.
"""

from __future__ import annotations

import math
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from fastnn.backends.base import (
    INDEX_OUT_OF_RANGE,
    LABEL_NOT_INTEGRAL,
    LABEL_OUT_OF_RANGE,
    NON_FINITE_INPUT,
    RunResult,
)
from fastnn.errors import DataError, ShapeError
from fastnn.program.program import Slot

Array = np.ndarray[Any, Any]

# Rows that a check looks at together: what it needs beside the data stays below a few megabytes
BLOCK = 65536
PACKAGE = os.path.dirname(__file__) + os.sep


def same_rows(arrays: Sequence[tuple[str, int]]) -> int:
    """The common number of rows of named arrays."""
    counts = {rows for _, rows in arrays}
    if len(counts) > 1:
        listed = ", ".join(f"{name} has {rows}" for name, rows in arrays)
        raise ShapeError(
            f"the arrays do not have the same number of rows: {listed}. Each row of x needs its "
            "own row of y (and its own weight)."
        )
    return arrays[0][1]


def sample_shape(
    received: tuple[int, ...], expected: tuple[int, ...], name: str, layer: str
) -> None:
    """The shape of samples must be the model's; ``expected`` is that of one sample."""
    sample = received[1:]
    if sample == expected:
        return
    variable = name.split()[-1]
    advice = f"Pass an array of shape (n, {', '.join(map(str, expected))})."
    if (*sample, 1) == expected:
        advice = f"Add an axis: {variable}[..., None]."
    elif received == expected:
        advice = f"For a single sample, add the batch axis: {variable}[None]."
    elif len(received) == 2 and received[:1] == expected:
        advice = f"Its columns are samples: pass {variable}.T."
    elif math.prod(sample) == math.prod(expected) and sample:
        advice = f"Reshape it: {variable}.reshape({', '.join(['-1', *map(str, expected)])})."
    raise ShapeError(
        f"{name}: {layer} expects inputs of shape ({', '.join(['batch', *map(str, expected)])}), "
        f"received {received}. {advice}"
    )


def labels(y: Array, classes: int, what: str = "y", ignored: int | None = None) -> None:
    """Integer class labels in [0, classes), or ``ignored``; an error names the first bad row and
    its value.
    """
    for start in range(0, len(y), BLOCK):
        part = y[start : start + BLOCK]
        flat = part.reshape(-1)
        bad = (flat < 0) | (flat >= classes)
        if ignored is not None:
            bad &= flat != ignored
        if flat.dtype.kind == "f":
            fractional = ~np.isfinite(flat) | (flat != np.floor(flat))
            bad |= fractional
        if bad.any():
            first = int(np.argmax(bad))
            row = start + first // (flat.size // len(part))
            if flat.dtype.kind == "f" and fractional[first]:
                raise label_integral_error(what, row, float(flat[first]))
            raise label_range_error(what, row, flat[first], classes)


def label_range_error(what: str, row: int, value: Any, classes: int) -> DataError:
    """The error for a label outside the classes of the last layer."""
    there_are = "There is 1 class" if classes == 1 else f"There are {classes} classes"
    return DataError(
        f"{what}, row {row}: label {_number(value)} is out of range. {there_are}, "
        f"the outputs of the last layer, so labels must be whole numbers from 0 to {classes - 1}. "
        "Renumber the labels, or give the last layer more units."
    )


def id_error(what: str, row: int, value: Any, classes: int) -> DataError:
    """The error for an id that the first layer of the model (Embedding, CategoryEncoding) lacks."""
    return DataError(
        f"{what}, row {row}: {_number(value)} is not an id of the first layer, which takes whole "
        f"numbers from 0 to {classes - 1}. Renumber the ids, or make the layer for more of them."
    )


def label_integral_error(what: str, row: int, value: float) -> DataError:
    """The error for a label that is not a whole number."""
    return DataError(
        f"{what}, row {row}: label {_number(value)} is not a whole number. Sparse labels are class "
        "numbers 0, 1, 2, …; for targets that are numbers use a regression loss such as 'mse', for "
        "one-hot rows 'categorical_crossentropy'."
    )


def _number(value: Any) -> str:
    """A label as a person writes it."""
    number = float(value)
    return str(int(number)) if math.isfinite(number) and number == int(number) else repr(number)


def run_error(
    result: RunResult,
    slots: Sequence[Slot],
    classes: int,
    name: str | None = None,
    row: int | None = None,
    column: Any = None,
) -> BaseException:
    """The error for a run that stopped because of the data, or what a function of the user's
    raised; ``name``, ``row`` and ``column`` are those of the user's array.
    """
    if result.error is not None:
        return result.error
    slot = slots[result.binding] if 0 <= result.binding < len(slots) else None
    name = name or (slot.name if slot else "the data")
    row = result.row if row is None else row
    if result.status == NON_FINITE_INPUT:
        dtype = slot.dtype if slot else "float32"
        return non_finite_error(name, row, result.value, dtype, column)
    if result.status == LABEL_OUT_OF_RANGE:
        if slot and slot.classes:
            return id_error(name, row, result.value, slot.classes)
        return label_range_error(name, row, result.value, classes)
    if result.status == LABEL_NOT_INTEGRAL and slot and slot.classes:
        return id_error(name, row, result.value, slot.classes)
    if result.status == LABEL_NOT_INTEGRAL:
        return label_integral_error(name, row, result.value)
    if result.status == INDEX_OUT_OF_RANGE:
        return index_range_error(name, row, result.value)
    return DataError(f"{name}: the run stopped with status {result.status} at row {row}.")


def index_range_error(what: str, row: int, value: float) -> DataError:
    """The error for an index beyond what it is taken from."""
    return DataError(
        f"{what}, row {row}: index {_number(value)} is out of range of what it is taken from, for "
        "example the rows of an Embedding. Indices count from 0 to one less than their number, or "
        "back from -1. Renumber the indices, or give the table more rows (input_dim)."
    )


def non_finite_error(
    name: str, row: int, value: float, dtype: str, column: Any = None
) -> DataError:
    """The error for NaN or infinity in the data."""
    shown = "NaN"
    if not math.isnan(value):
        shown = f"{'infinity' if value > 0 else '-infinity'}, or a number too large for {dtype}"
    alternative = " Or pass check_finite=False to go on regardless."
    where = "" if column is None else f" (column {column!r})"
    named = column is not None and not isinstance(column, int)  # as in a DataFrame
    filled = f"{name.split()[-1]}.fillna(0)" if named else "numpy.nan_to_num"
    error = DataError(
        f"{name}, row {row} contains {shown}{where}. Training on it would spoil every weight. "
        f"Remove or fill such rows (for example {filled}).{alternative}"
    )
    error.alternative = alternative
    return error


def one_hot_rows(y: Array, what: str = "y") -> None:
    """Warn if rows of a categorical target do not sum to 1."""
    for start in range(0, len(y), BLOCK):
        sums = y[start : start + BLOCK].sum(axis=-1, dtype=np.float64)
        bad = np.abs(sums - 1.0) > 1e-3
        if bad.any():
            first = tuple(int(i) for i in np.unravel_index(int(np.argmax(bad)), bad.shape))
            warn(
                f"{what}, row {start + first[0]} sums to {sums[first]:.4g}, not 1: categorical "
                "crossentropy expects each row to be a distribution over the classes (one-hot, for "
                "example). For independent yes/no targets use 'binary_crossentropy' with a sigmoid."
            )
            return


def split_classes(training: Array, validation: Array, one_hot: bool) -> None:
    """Warn if validation_split leaves a class on one side only."""
    trained, validated = _classes(training, one_hot), _classes(validation, one_hot)
    for missing, side in ((trained - validated, "validation"), (validated - trained, "training")):
        if missing:
            first = sorted(missing)[:5]
            shown = ", ".join(map(_number, first)) + (", …" if len(missing) > len(first) else "")
            warn(
                "validation_split takes the last rows, and these classes are missing from the "
                f"{side} part: {shown}. The data may be sorted: shuffle x and y together first, or "
                "pass validation_data."
            )


def _classes(y: Array, one_hot: bool) -> set[float]:
    """The classes that occur in labels or one-hot rows."""
    found: set[float] = set()
    for start in range(0, len(y), BLOCK):
        part = y[start : start + BLOCK]
        found.update(np.unique(np.argmax(part, axis=-1) if one_hot else part).tolist())
    return found


def zero_or_one(y: Array) -> bool:
    """Whether all values are 0 or 1."""
    if y.dtype.kind == "b":
        return True
    parts = (y[start : start + BLOCK] for start in range(0, len(y), BLOCK))
    return all(bool(((part == 0) | (part == 1)).all()) for part in parts)


def warn(message: str) -> None:
    """A ``UserWarning`` that points at the line of the user's code that called fastnn."""
    level = 2
    frame = sys._getframe(1)
    while frame.f_back is not None and _is_own(frame.f_code.co_filename):
        frame = frame.f_back
        level += 1
    warnings.warn(message, UserWarning, stacklevel=level)


def _is_own(filename: str) -> bool:
    """Whether a file belongs to fastnn."""
    return filename.startswith(PACKAGE)
