"""What the columns of x look like: counted in one pass over blocks of rows, in float64."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastnn import checks
from fastnn.preflight.findings import Finding
from fastnn.training.sparse import SparseRows

Array = np.ndarray[Any, Any]

# A column is called unscaled beyond this magnitude: first layers are made for values round 1
LARGE = 20.0
# Layers that scale by themselves
SCALES = ("Rescaling", "Normalization", "BatchNormalization", "LayerNormalization")
BLOCK_VALUES = 1 << 20


class Columns:
    """Smallest and largest finite value, mean and deviation by column, and rows that hold NaN."""

    def __init__(self, x: Any) -> None:
        rows = len(x)
        width = int(np.prod(x.shape[1:], dtype=np.int64))
        self.rows = rows
        self.low: Array = np.full(width, np.inf)
        self.high: Array = np.full(width, -np.inf)
        self.bad_rows: int = 0
        self.first_bad: int = -1
        total, squares, count = np.zeros(width), np.zeros(width), np.zeros(width)
        step = max(1, min(checks.BLOCK, BLOCK_VALUES // max(1, width)))
        for start in range(0, rows, step):
            rows_here = slice(start, start + step)
            part = x.dense(rows_here) if isinstance(x, SparseRows) else x[rows_here]
            block = np.asarray(part, dtype=np.float64).reshape(len(part), -1)
            good = np.isfinite(block)
            if not good.all():
                bad = np.flatnonzero(~good.all(axis=1))
                if not self.bad_rows:
                    self.first_bad = start + int(bad[0])
                self.bad_rows += len(bad)
            clean = np.where(good, block, 0.0)
            self.low = np.minimum(self.low, np.where(good, block, np.inf).min(axis=0))
            self.high = np.maximum(self.high, np.where(good, block, -np.inf).max(axis=0))
            total += clean.sum(axis=0)
            squares += (clean**2).sum(axis=0)
            count += good.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            self.mean: Array = total / count
            self.deviation: Array = np.sqrt(np.maximum(squares / count - self.mean**2, 0.0))

    @property
    def constant(self) -> Array:
        """The numbers of columns with one value only."""
        return np.flatnonzero(self.low == self.high) if self.rows > 1 else np.zeros(0, int)

    @property
    def large(self) -> Array:
        """The numbers of columns with values far from 1."""
        return np.flatnonzero(np.maximum(np.abs(self.low), np.abs(self.high)) > LARGE)


def listed(numbers: Sequence[int] | Array, names: Sequence[str] | None = None) -> str:
    """Some column numbers or names, and that there are more."""
    shown = [repr(names[n]) if names else str(n) for n in list(numbers)[:5]]
    return ", ".join(shown) + (", …" if len(numbers) > 5 else "")


def of_features(
    model: Any, columns: Columns, prefix: str, names: Sequence[str] | None
) -> list[Finding]:
    """What is wrong with the columns of x."""
    found = []
    width = len(columns.low)
    if columns.bad_rows:
        found.append(
            Finding(
                "error",
                "not-finite",
                f"{prefix}x: {columns.bad_rows} of {columns.rows} rows contain NaN or infinity, "
                f"the first of them row {columns.first_bad}.",
                "Remove or fill them, for example with numpy.nan_to_num.",
            )
        )
    constant = columns.constant
    if len(constant) and not prefix:
        some = f"{len(constant)} of {width} columns are" if len(constant) > 1 else "1 column is"
        found.append(
            Finding(
                "note" if len(constant) < width else "error",
                "constant",
                f"x: {some} constant ({listed(constant, names)}), so nothing can be learned there.",
                "Leave them out, or check how they were made."
                if len(constant) < width
                else "Check how x was made.",
            )
        )
    large = columns.large
    first = next(
        (type(layer).__name__ for layer in model.layers if type(layer).__name__ != "Flatten"), ""
    )
    if len(large) and not prefix and first not in SCALES and not model.input_classes:
        low, high = float(columns.low.min()), float(columns.high.max())
        pixels = low >= 0 and 128 < high <= 255 and len(large) > 1
        some = f"{len(large)} of {width} columns reach" if len(large) > 1 else "1 column reaches"
        found.append(
            Finding(
                "warning",
                "unscaled",
                f"x: {some} far beyond 1 ({listed(large, names)}; values from {low:.4g} to "
                f"{high:.4g}), which makes training slow or makes it diverge.",
                "Divide by 255, or begin with layers.Rescaling(1 / 255)."
                if pixels
                else "Subtract each column's mean and divide by its deviation, or begin with "
                "layers.Normalization().",
            )
        )
    return found


def compared(training: Columns, validation: Columns) -> list[Finding]:
    """Whether the columns of validation data are made as those of training data."""
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.where(training.deviation > 0, training.deviation, np.inf)
        off = np.abs(validation.mean - training.mean) / scale
        wider = (validation.deviation > 10 * scale) | (
            (validation.deviation > 0) & (validation.deviation * 10 < training.deviation)
        )
    columns = np.flatnonzero((off > 5) | wider)
    if 2 * len(columns) <= np.count_nonzero(np.isfinite(scale)):
        return []
    return [
        Finding(
            "warning",
            "other-scale",
            f"validation_data: x has other values than x: in column {columns[0]} "
            f"{validation.mean[columns[0]]:.4g} ± {validation.deviation[columns[0]]:.4g}, there "
            f"{training.mean[columns[0]]:.4g} ± {training.deviation[columns[0]]:.4g}.",
            "Scale both in the same way, with the numbers of the training data.",
        )
    ]
