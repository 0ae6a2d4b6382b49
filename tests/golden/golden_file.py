"""Reads and writes the golden .npz files, and holds their one tolerance rule.

A file has a JSON text `meta` (versions, seed, dtypes, command, and for each case its description)
and arrays keyed `case/input/name` (float64 or integer; a test casts them to its dtype) and
`case/float32/name`, `case/float64/name` (what the peer computed in that dtype). Pickle is never
used. The files are small, so one read loads everything.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent

# Why these: one float32 rounding is 6e-8, and ten training steps of these small nets multiply it by
# less than 50 (make.py checks that Keras in float32 stays within a third of the tolerance of Keras
# in float64); a float64 rounding is 1e-16. make.py also checks that after ten steps any two of the
# optimizers are ten tolerances apart, so that neighbouring formulas cannot pass for each other.
TOLERANCE = {"float32": 1e-5, "float64": 1e-10}


def error_of(actual: Any, expected: Any) -> float:
    """max|a - b| / max(1, max|b|); infinite when shapes differ or a NaN or inf is not matched."""
    a = np.asarray(actual, dtype=np.float64)
    b = np.asarray(expected, dtype=np.float64)
    if a.shape != b.shape:
        return float("inf")
    if a.size == 0:
        return 0.0
    finite = np.isfinite(b)
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
        return float("inf")
    if not np.isfinite(a[finite]).all():
        return float("inf")
    if not finite.any():
        return 0.0
    return float(np.max(np.abs(a[finite] - b[finite])) / max(1.0, np.max(np.abs(b[finite]))))


def assert_close(actual: Any, expected: Any, tolerance: float, what: str) -> None:
    """Fail, saying which tensor is how far off and where, unless `error_of` is within tolerance."""
    error = error_of(actual, expected)
    if error <= tolerance:
        return
    a, b = np.asarray(actual), np.asarray(expected)
    detail = f"shapes {a.shape} and {b.shape}"
    if a.shape == b.shape:
        where = np.unravel_index(np.argmax(np.abs(np.nan_to_num(a - b, nan=np.inf))), a.shape)
        detail = f"worst at {tuple(int(i) for i in where)}: {a[where]!r}, expected {b[where]!r}"
    raise AssertionError(f"{what}: error {error:.3g} > {tolerance:g}; {detail}")


class GoldenFile:
    """One area's golden numbers, read from `<area>.npz`."""

    def __init__(self, area: str, folder: Path = FOLDER) -> None:
        with np.load(folder / f"{area}.npz", allow_pickle=False) as archive:
            self.arrays = {name: archive[name] for name in archive.files}
        self.meta: dict[str, Any] = json.loads(str(self.arrays.pop("meta")))
        self.cases: dict[str, dict[str, Any]] = self.meta["cases"]

    def inputs(self, case: str, dtype: str | None = None) -> dict[str, np.ndarray]:
        """The inputs of a case; floating ones cast to `dtype`."""
        found = self._part(f"{case}/input/")
        if dtype is None:
            return found
        return {
            name: value.astype(dtype) if value.dtype.kind == "f" else value
            for name, value in found.items()
        }

    def expected(self, case: str, dtype: str) -> dict[str, np.ndarray]:
        """What the peer computed for a case in `dtype`."""
        return self._part(f"{case}/{dtype}/")

    def _part(self, prefix: str) -> dict[str, np.ndarray]:
        """The arrays whose key starts with `prefix`, keyed by the rest."""
        return {k[len(prefix) :]: v for k, v in self.arrays.items() if k.startswith(prefix)}


class GoldenWriter:
    """Collects the cases of one area and writes them as `<area>.npz`."""

    def __init__(self, area: str, meta: dict[str, Any]) -> None:
        self.area = area
        self.meta: dict[str, Any] = {"area": area, **meta, "cases": {}}
        self.arrays: dict[str, np.ndarray] = {}

    def inputs(self, case: str, description: dict[str, Any], **arrays: Any) -> None:
        """Declare a case: what it is, and its input arrays."""
        if case in self.meta["cases"]:
            raise ValueError(f"golden case {case!r} is declared twice in area {self.area!r}")
        self.meta["cases"][case] = description
        for name, value in arrays.items():
            if value is not None:
                self.arrays[f"{case}/input/{name}"] = np.asarray(value)

    def expected(self, case: str, dtype: str, **arrays: Any) -> None:
        """Record what the peer computed for a declared case; floats must be of `dtype`."""
        if case not in self.meta["cases"]:
            raise ValueError(f"golden case {case!r} has no inputs in area {self.area!r}")
        for name, value in arrays.items():
            array = np.asarray(value)
            if array.dtype != np.dtype(dtype):
                raise TypeError(f"{case}/{name} is {array.dtype}, expected {dtype}")
            self.arrays[f"{case}/{dtype}/{name}"] = array

    def save(self, folder: Path = FOLDER) -> Path:
        """Write the file (same content, same bytes) and return its path."""
        path = folder / f"{self.area}.npz"
        meta = np.array(json.dumps(self.meta, sort_keys=True))
        np.savez_compressed(path, meta=meta, **self.arrays)
        return path
