"""Sequences of different lengths as one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastnn import arguments
from fastnn.errors import ArgumentError, DataError, ShapeError


def pad_sequences(
    sequences: Sequence[Any],
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray[Any, Any]:
    """Sequences of different lengths as the rows of one array, filled up or cut.

    Parameters
    ----------
    sequences : a list of lists of numbers; or of arrays of more axes, which agree but for the
        first.
    maxlen : the length of the rows, at least 1; that of the longest sequence by default.
    dtype : of the result.
    padding : where short sequences are filled up, ``"pre"`` or ``"post"``.
    truncating : where long ones are cut, ``"pre"`` or ``"post"``.
    value : what they are filled up with.

    Returns
    -------
    array (sequences, maxlen, …)

    Raises
    ------
    ArgumentError, DataError, ShapeError : for something that is no list of sequences, or sequences
        whose other axes differ; the position is named.

    Examples
    --------
    >>> pad_sequences([[1], [2, 3], [4, 5, 6]])
    array([[0, 0, 1],
           [0, 2, 3],
           [4, 5, 6]], dtype=int32)
    >>> pad_sequences([[1], [4, 5, 6]], maxlen=2, padding="post", truncating="post")
    array([[1, 0],
           [4, 5]], dtype=int32)
    """
    arguments.one_of("pad_sequences", "padding", padding, ("pre", "post"))
    arguments.one_of("pad_sequences", "truncating", truncating, ("pre", "post"))
    if isinstance(sequences, str) or not hasattr(sequences, "__len__"):
        raise ArgumentError(
            f"pad_sequences: received {type(sequences).__name__}, expected a list of sequences. "
            "Pass [[1, 2], [3]], for example."
        )
    lengths = [_length(item, place) for place, item in enumerate(sequences)]
    if maxlen is None:
        length = max(lengths, default=0)
    else:
        length = arguments.integer("pad_sequences", "maxlen", maxlen, 1)
    kind = np.dtype(dtype)
    if isinstance(value, str) and kind.kind not in "OUS":
        raise ArgumentError(
            f"pad_sequences: received value={value!r} with dtype={kind.name!r}, expected a number. "
            "Pass dtype=object for texts of any length."
        )
    inner = next((np.shape(item)[1:] for item in sequences if len(item)), ())
    rows = np.full((len(lengths), length, *inner), value, dtype=kind)
    for place, item in enumerate(sequences):
        if not lengths[place]:
            continue
        kept = np.asarray(item[-length:] if truncating == "pre" else item[:length], dtype=kind)
        if kept.shape[1:] != inner:
            raise ShapeError(
                f"pad_sequences: sequence {place} has steps of shape {kept.shape[1:]}, those "
                f"before it of shape {inner}. Pass sequences that differ in length alone."
            )
        begin = 0 if padding == "post" else length - len(kept)
        rows[place, begin : begin + len(kept)] = kept
    return rows


def _length(item: Any, place: int) -> int:
    """The length of a sequence."""
    try:
        return len(item)
    except TypeError:
        raise DataError(
            f"pad_sequences: received {type(item).__name__} at position {place}, expected a "
            "sequence. Pass a list of lists."
        ) from None
