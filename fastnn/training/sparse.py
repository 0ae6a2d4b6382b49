"""Sparse matrices as data: rows are made dense in parts, the whole matrix never is."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.errors import DataError

Array = np.ndarray[Any, Any]


def is_sparse(value: Any) -> bool:
    """Whether a value is a sparse matrix or array as SciPy makes them (which is not imported)."""
    return hasattr(value, "tocsr") and hasattr(value, "nnz")


class SparseRows:
    """A sparse matrix by rows, with as much of an array's manners as feeds need.

    Attributes
    ----------
    shape, dtype, ndim : as those of an array.
    """

    def __init__(self, matrix: Any, what: str = "x") -> None:
        self._csr: Any = matrix.tocsr()
        self.shape: tuple[int, ...] = tuple(int(size) for size in matrix.shape)
        self.dtype: np.dtype[Any] = np.dtype(self._csr.dtype)
        self.ndim: int = len(self.shape)
        if self.dtype.kind not in "fiub":
            raise DataError(
                f"{what} is a sparse matrix of dtype {self.dtype}, which is not a number. Convert "
                "it first, for example with .astype('float32')."
            )

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice) -> SparseRows:
        """Some of the rows, sparse."""
        return SparseRows(self._csr[rows])

    def dense(self, rows: slice | Array) -> Array:
        """Some of the rows as an array."""
        return np.asarray(self._csr[rows].toarray())
