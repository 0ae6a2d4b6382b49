"""Data adapters: what users pass as x, y and sample_weight becomes sources that a run borrows.

An array of a type that the gather reads (uint8, int32, int64, float32, float64, bool; native byte
order; rows that are one or two strides) is borrowed as it is: never copied whole, never modified.
Anything else (float16, big-endian, other integers, awkward strides, sparse matrices) is converted
piece by piece through a staging buffer of at most 8 MB. Lists and DataFrames (``tables.py``) are
copied to an array once; tensors of other libraries share their memory. Memory-mapped arrays are
arrays like any other: only the rows of a step are read. What comes batch by batch is in
``batches.py``.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastnn import checks
from fastnn.backends.base import GATHERED_DTYPES, Bound
from fastnn.errors import ArgumentError, DataError, ShapeError
from fastnn.training.sparse import SparseRows, is_sparse
from fastnn.training.tables import as_numbers, from_table, is_table, values_of

Array = np.ndarray[Any, Any]
STAGING_BYTES = 8 << 20


def as_array(value: Any, what: str) -> Array:
    """An array of numbers with at least one axis, from an array, a list, a DataFrame or the
    like.
    """
    variable = what.split()[-1]
    if isinstance(value, np.ndarray):
        array = _plain(value, what)
    elif isinstance(value, (str, bytes, os.PathLike)):
        raise ArgumentError(
            f"{what} is the text {os.fspath(value)!r}. Expected the data itself: read the file "
            "first, for example with pandas.read_csv or numpy.load."
        )
    elif isinstance(value, Mapping):
        raise ArgumentError(
            f"{what} is a {type(value).__name__}. Expected an array, a list or a DataFrame: a "
            f"Sequential model has one input and one output. Pass one of its arrays, or its "
            f"columns beside each other: numpy.column_stack(list({variable}.values()))."
        )
    elif hasattr(value, "__next__") or isinstance(value, (set, frozenset)):
        raise ArgumentError(
            f"{what} is a {type(value).__name__}. Expected an array, a list or a DataFrame: "
            "collect the values into an array first."
        )
    elif is_sparse(value):
        raise ArgumentError(
            f"{what} is a sparse matrix, but only the x of fit, evaluate and predict may be one. "
            f"Pass {variable}.toarray()."
        )
    elif is_table(value):
        array = from_table(value, what)
    elif hasattr(value, "to_numpy"):
        array = values_of(value)
    elif not isinstance(value, (list, tuple)) and _is_tensor(value):
        array = _from_tensor(value, what)
    else:
        try:
            array = np.asarray(value)
        except ValueError as error:
            raise ShapeError(
                f"{what}: its rows do not have equal lengths, so they make no array. Pad or cut "
                "them to one length."
            ) from error
    if array.ndim == 0:
        raise ShapeError(
            f"{what} is a single number. Expected an array whose first axis is the samples."
        )
    return as_numbers(array, what)


def as_samples(value: Any, what: str) -> Any:
    """x as an array, or as rows of a sparse matrix that are made dense in parts."""
    return SparseRows(value, what) if is_sparse(value) else as_array(value, what)


def _is_tensor(value: Any) -> bool:
    """Whether a value is an array of another library."""
    return hasattr(value, "__dlpack__") or hasattr(value, "__array__")


def _from_tensor(value: Any, what: str) -> Array:
    """An array that shares memory with a tensor, where the tensor's library can do that."""
    if getattr(value, "requires_grad", False):
        value = value.detach()
    if str(getattr(value, "dtype", "")) == "torch.bfloat16":  # which NumPy does not know
        value = value.float()
    convert = np.asarray if hasattr(value, "__array__") else np.from_dlpack
    try:
        return np.asarray(convert(value))
    except (TypeError, ValueError, RuntimeError, BufferError) as error:
        reason = error
    raise DataError(
        f"{what} is a {type(value).__name__} that cannot be read as an array ({reason}). Move it "
        "to the CPU and to a type of NumPy first, for example with .detach().cpu().float()."
    )


def _plain(array: Array, what: str) -> Array:
    """The array without a subclass's ideas of indexing (``numpy.matrix``); no masked values."""
    if type(array) is np.ndarray:  # most are: loading numpy.ma to ask would take 7 ms
        return array
    if isinstance(array, np.ma.MaskedArray) and np.ma.is_masked(array):
        masked = int(np.sum(array.mask))
        raise DataError(
            f"{what} is a masked array ({masked} of {array.size} values are masked), but training "
            f"does not know missing values. Fill them, for example with {what.split()[-1]}"
            ".filled(0), or drop those rows."
        )
    return np.asarray(array)


@dataclass
class Source:
    """One of the user's arrays, seen as (rows, columns).

    Attributes
    ----------
    name : what messages call it.
    array : the array as given.
    direct : whether a run can borrow it as it is.
    names : those of the columns, if they have names.
    """

    name: str
    array: Any
    direct: bool
    view: Any
    stage_dtype: str
    names: Sequence[Any] | None = None

    @classmethod
    def of(
        cls, name: str, array: Any, stage_dtype: str, names: Sequence[Any] | None = None
    ) -> Source:
        """Find out whether the array (or ``SparseRows``) can be borrowed."""
        if isinstance(array, SparseRows):
            return cls(name, array, False, array, stage_dtype)
        columns = math.prod(array.shape[1:])
        direct = array.dtype.name in GATHERED_DTYPES and array.dtype.isnative
        view = array
        if direct:
            view = _matrix_without_copy(array, columns)
            direct = view.ndim == 2 and view.flags.aligned
        if array.dtype.kind in "iu" and stage_dtype == "label":
            stage_dtype = "int64"
        stage_dtype = "float64" if stage_dtype == "label" else stage_dtype
        return cls(name, array, direct, view, stage_dtype, names)

    @property
    def rows(self) -> int:
        """Number of samples."""
        return len(self.array)

    def bad_column(self, row: int) -> Any:
        """The name or the number of the first column of a row that is not finite; None where a row
        is one number, or no list of columns.
        """
        if len(self.array.shape) != 2 or self.array.shape[1] == 1:
            return None
        values = np.asarray(self.staged(slice(row, row + 1))[0])
        bad = np.flatnonzero(~np.isfinite(values))
        if not len(bad):
            return None
        return int(bad[0]) if self.names is None else self.names[int(bad[0])]

    @property
    def row_bytes(self) -> int:
        """Bytes of a staged row."""
        columns = math.prod(int(size) for size in self.array.shape[1:])
        return columns * np.dtype(self.stage_dtype).itemsize

    def staged(self, rows: slice | Array) -> Array:
        """Some rows, converted."""
        sparse = isinstance(self.array, SparseRows)
        part: Array = self.array.dense(rows) if sparse else self.array[rows]
        with np.errstate(over="ignore", invalid="ignore"):  # what becomes infinite is found later
            converted = part.astype(self.stage_dtype, order="C")
        return converted.reshape(len(part), -1)


def _matrix_without_copy(array: Array, columns: int) -> Array:
    """The array as (rows, columns) sharing memory, or unchanged if its strides do not allow
    that.
    """
    if array.ndim == 2:
        return array
    if array.ndim == 1:
        return array[:, None]
    for axis in range(1, array.ndim - 1):
        if array.strides[axis] != array.strides[axis + 1] * array.shape[axis + 1]:
            return array
    return np.lib.stride_tricks.as_strided(
        array, (len(array), columns), (array.strides[0], array.strides[-1]), writeable=False
    )


class Feed:
    """The sources of a run, with the order in which their rows are visited.

    Attributes
    ----------
    sources : one per input binding, in order.
    check_finite : whether NaN and infinity in floating-point sources are errors.
    first_row : the row of the user's arrays that is the first of the sources, for messages.
    """

    def __init__(
        self, sources: Sequence[Source], *, check_finite: bool, first_row: int = 0
    ) -> None:
        self.sources: list[Source] = list(sources)
        self.rows: int = checks.same_rows([(source.name, source.rows) for source in sources])
        self.check_finite = check_finite
        self.first_row = first_row
        self.direct: bool = all(source.direct for source in sources)
        self._whole: list[Bound] | None = None

    def window_rows(self, batch: int) -> int:
        """How many rows one run may bind: all of them, or what fits the staging buffer."""
        if self.direct:
            return 1 << 62
        width = sum(source.row_bytes for source in self.sources if not source.direct)
        return max(batch, STAGING_BYTES // max(1, width))

    def bind(self, permutation: Array | None, start: int, stop: int) -> tuple[list[Bound], int]:
        """Bound arrays for positions start … stop of the order, and the position that is their
        first.
        """
        if self.direct:
            if permutation is None and self._whole is not None:
                return self._whole, 0
            bound = [Bound(s.view, permutation, self._check(s)) for s in self.sources]
            if permutation is None:
                self._whole = bound
            return bound, 0
        bound = []
        for source in self.sources:
            order = None if permutation is None else permutation[start:stop]
            if not source.direct:
                staged = source.staged(slice(start, stop) if order is None else order)
                bound.append(Bound(staged, None, self._check(source)))
            elif order is None:
                bound.append(Bound(source.view[start:stop], None, self._check(source)))
            else:
                bound.append(Bound(source.view, order, self._check(source)))
        return bound, start

    def user_row(self, binding: int, row: int, permutation: Array | None, base: int) -> int:
        """The row of the user's array for a row that a run reported."""
        source = self.sources[binding]
        if not self.direct and not (source.direct and permutation is not None):
            row = base + row if permutation is None else int(permutation[base + row])
        return self.first_row + row

    def place(
        self, binding: int, row: int, permutation: Array | None, base: int
    ) -> tuple[str, int, Any]:
        """The name, the row and the bad column of the user's array for a row that a run
        reported.
        """
        source, row = self.sources[binding], self.user_row(binding, row, permutation, base)
        return source.name, row, source.bad_column(row - self.first_row)

    def _check(self, source: Source) -> bool:
        return self.check_finite and source.array.dtype.kind == "f"
