"""A user's scalar function as a kernel: a loop over the elements with the function inlined. Not
kept on disk: what it closes over is not known.
"""

from __future__ import annotations

from typing import Any

from numba import cfunc, types
from numba.core.errors import NumbaError

from fastnn.backends.numba_jit.jit import F32, F64, OPTIONS, device
from fastnn.backends.numba_jit.record import joined, kernel_signature, real
from fastnn.errors import ArgumentError

REALS: dict[str, Any] = {"float32": F32, "float64": F64}


def compile_scalar(function: Any, name: str, count: int, dtype: str) -> Any:
    """The compiled kernel; its ``address`` goes into records."""
    scalar = device(function)

    def one(record: Any, segments: Any, begin: int, end: int) -> None:
        """y = f(x)."""
        rows, (y, x) = joined(record, segments, begin, end, 2)
        for i in range(rows):
            for j in range(y.cols):
                value = x.data[i * x.ld + (j if x.cols == y.cols else 0)]
                y.data[i * y.ld + j] = real(segments, types.float64(scalar(value)))

    def two(record: Any, segments: Any, begin: int, end: int) -> None:
        """y = f(a, b)."""
        rows, (y, a, b) = joined(record, segments, begin, end, 3)
        for i in range(rows):
            for j in range(y.cols):
                left = a.data[i * a.ld + (j if a.cols == y.cols else 0)]
                right = b.data[i * b.ld + (j if b.cols == y.cols else 0)]
                y.data[i * y.ld + j] = real(segments, types.float64(scalar(left, right)))

    try:
        return cfunc(kernel_signature(REALS[dtype]), **OPTIONS)(one if count == 1 else two)
    except NumbaError as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        reason = next((line for line in lines if "pipeline" not in line), lines[0])
        raise ArgumentError(
            f"kernel {name!r}: Numba cannot compile it: {reason} Use numbers, math and "
            "NumPy functions, or backend='numpy'."
        ) from error
