"""The IDX format of the MNIST files, plain or gzipped. Nothing is trusted: type, rank and sizes are
checked against the file before memory is allocated. Which files to read is decided elsewhere.

Layout, all numbers big-endian::

    0  0  type  rank  |  rank x uint32 sizes  |  the values, row-major

Reference: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", file formats.
"""

from __future__ import annotations

import gzip
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.datasets.bounded import Readable, check_unpacked_size, read_array, read_up_to
from fastnn.errors import FileFormatError

_DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
# NumPy 1.x allows arrays of 32 dimensions.
_MAX_RANK = 32


def read_idx(path: str | os.PathLike[str]) -> NDArray[Any]:
    """Read one IDX file into an array of native byte order.

    Parameters
    ----------
    path : the file, plain or gzipped; its first bytes tell which, not its name.

    Returns
    -------
    A new, writable, row-major array of the declared type (uint8, int8, int16, int32, float32 or
    float64) and the declared shape, of rank 1 to 32.

    Raises
    ------
    FileFormatError : the file cannot be read, is not IDX, is truncated, or has bytes left over.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from fastnn.datasets.idx import read_idx
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "two-labels")
    ...     _ = file.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 3]))
    ...     read_idx(file)
    array([7, 3], dtype=uint8)
    """
    path = Path(path)
    try:
        with path.open("rb") as raw:
            packed = os.fstat(raw.fileno()).st_size
            zipped = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            if not zipped:
                return _read(raw, path, packed, zipped=False)
            with gzip.GzipFile(fileobj=raw) as stream:
                return _read(stream, path, packed, zipped=True)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FileFormatError(
            f"{path}: damaged or truncated gzip data ({error}). Expected a complete .gz file: get "
            f"it again."
        ) from error
    except OSError as error:
        raise FileFormatError(
            f"{path}: cannot be read ({error.strerror or error}). Expected an IDX file: check the "
            f"path and its permissions."
        ) from error


def _read(stream: Readable, path: Path, packed: int, *, zipped: bool) -> NDArray[Any]:
    """The array in ``stream``, which comes from a file of ``packed`` bytes."""
    magic = read_up_to(stream, 4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in _DTYPES:
        raise FileFormatError(
            f"{path}: begins with the bytes {magic.hex(' ') or '(none)'}; expected an IDX file: "
            f"00 00, a type of {', '.join(f'{code:02x}' for code in _DTYPES)}, then the rank. "
            f"Check that this is the right file."
        )
    dtype, rank = np.dtype(_DTYPES[magic[2]]), magic[3]
    if not 1 <= rank <= _MAX_RANK:
        raise FileFormatError(
            f"{path}: declares {rank} dimensions; expected 1 to {_MAX_RANK}. The file is damaged: "
            f"get it again."
        )
    sizes = read_up_to(stream, 4 * rank)
    if len(sizes) < 4 * rank:
        raise FileFormatError(
            f"{path}: ends within its header of {4 + 4 * rank} bytes. The file is truncated: get "
            f"it again."
        )
    shape: tuple[int, ...] = struct.unpack(f">{rank}I", sizes)
    declared = dtype.itemsize
    for axis in shape:
        declared *= axis
    if zipped:
        check_unpacked_size(path, declared, packed)
    elif 4 + 4 * rank + declared != packed:
        raise FileFormatError(
            f"{path}: has {packed - 4 - 4 * rank} bytes of data; its shape {shape} of {dtype.name} "
            f"needs {declared}. The file is truncated or damaged: get it again."
        )
    return read_array(stream, path, "the data", dtype, shape)
