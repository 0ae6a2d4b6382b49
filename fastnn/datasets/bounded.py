"""Reading files that may lie about their size: the checks made before memory is allocated, and a
reader that fills a buffer piece by piece. The formats are in ``idx.py``, ``npz.py`` and ``csv.py``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from fastnn.errors import FileFormatError

# A deflate stream holds at most 258 bytes per 2 bits (RFC 1951: one length and one distance code of
# one bit each), so no honest file unpacks to more than this multiple of its size.
DEFLATE_LIMIT = 1032
# Above FREE_BYTES a file must not unpack to more than MAX_RATIO times its size. MNIST unpacks to
# 55 MB at 4.7 : 1; 256 MiB is far above the data sets that this library is meant for.
FREE_BYTES = 256 << 20
MAX_RATIO = 100
_CHUNK = 1 << 20


class Readable(Protocol):
    """Whatever has ``read(size)`` and returns bytes."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes; none at the end."""
        ...


def check_unpacked_size(path: Path, unpacked: int, packed: int) -> None:
    """Refuse a compressed file of ``packed`` bytes that claims to hold ``unpacked`` bytes."""
    if unpacked > DEFLATE_LIMIT * packed:
        raise FileFormatError(
            f"{path}: a file of {packed} bytes declares {unpacked} bytes of data, more than "
            f"compression can hold; expected a complete file. It is truncated or damaged: get it "
            f"again."
        )
    if unpacked > FREE_BYTES and unpacked > MAX_RATIO * packed:
        raise FileFormatError(
            f"{path}: a file of {packed} bytes declares {unpacked} bytes of data; expected at most "
            f"{FREE_BYTES} bytes, or {MAX_RATIO} times the size of the file. If the file can be "
            f"trusted, store it uncompressed (np.savez, or gunzip)."
        )


def read_up_to(stream: Readable, size: int) -> bytes:
    """``size`` bytes, or fewer at the end of the stream. For small pieces such as headers."""
    parts: list[bytes] = []
    left = size
    while left > 0:
        part = stream.read(left)
        if not part:
            break
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def read_array(
    stream: Readable, path: Path, where: str, dtype: np.dtype[Any], shape: tuple[int, ...]
) -> NDArray[Any]:
    """The rest of ``stream`` as an array of that type and shape in native byte order.

    ``where`` names the part of the file in messages. Fewer or more bytes than the shape needs are
    an error. The memory is filled as data arrive: a file that ends early costs what it holds.
    """
    size = dtype.itemsize
    for axis in shape:
        size *= axis
    try:
        buffer = np.empty(size, np.uint8)
        array: NDArray[Any] = buffer.view(dtype).reshape(shape)
    except (ValueError, OverflowError, MemoryError) as error:
        raise FileFormatError(
            f"{path}: {where} declares shape {shape} of {dtype.name}, {size} bytes, which cannot "
            f"be held in memory ({error}). Expected an array that fits; check the file."
        ) from error
    view = buffer.data
    done = 0
    while done < size:
        part = stream.read(min(_CHUNK, size - done))
        if not part:
            raise FileFormatError(
                f"{path}: {where} ends after {done} bytes of data; its shape {shape} of "
                f"{dtype.name} needs {size}. The file is truncated: get it again."
            )
        view[done : done + len(part)] = part
        done += len(part)
    if stream.read(1):
        raise FileFormatError(
            f"{path}: {where} goes on after the {size} bytes that its shape {shape} of "
            f"{dtype.name} needs. Expected nothing after them: the file is damaged, get it again."
        )
    if not dtype.isnative:
        array = array.byteswap(inplace=True).view(dtype.newbyteorder("="))
    return array
