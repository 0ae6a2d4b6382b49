"""Selection by a mask, for the ops that keep some elements and drop the others. Holds no op."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.backends.numpy_ref.context import Array

INTEGERS = {2: np.int16, 4: np.int32, 8: np.int64}  # by size: as wide as a float type


def keep(kept: NDArray[np.bool_], x: Array, out: Array | None = None) -> Array:
    """y = x where ``kept``, else 0; all of one shape."""
    return keep_bits(bits_of(kept, x.itemsize), x, out)


def bits_of(kept: NDArray[np.bool_], size: int) -> NDArray[Any]:
    """Integers of so many bytes: all bits set where ``kept``, else none."""
    bits = kept.astype(INTEGERS[size])
    return np.negative(bits, out=bits)  # -1 has all bits set


def keep_bits(bits: NDArray[Any], x: Array, out: Array | None = None) -> Array:
    """y = x & bits: x where all bits are set, 0 where none is; all of one shape.

    A product with 0 or 1 would let NaN and infinity through, and ``np.where`` takes 6 ns an element
    if the mask is random, since it branches.
    """
    y = np.empty(x.shape, x.dtype) if out is None else out
    np.bitwise_and(bits, x.view(bits.dtype), out=y.view(bits.dtype))
    return y
