"""The container of ``.fastnn`` files: a safetensors file (8 bytes with the length of the header, a
JSON header, the arrays), read strictly. What the arrays and the metadata mean is in
``model_file.py``.

Every size is compared with the size of the file before memory is allocated, so a hostile file costs
no more memory than its own length and a header of at most ``MAX_HEADER`` bytes.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, NoReturn

import numpy as np
from numpy.typing import NDArray

from fastnn.errors import ArgumentError, FileFormatError
from fastnn.saving.json_text import parse_json, write_json
from fastnn.version import __version__

FORMAT = "1"
MAX_HEADER = 2 << 20  # 8192 members with names of 100 characters, and the architecture
MAX_MEMBERS = 8192
MAX_RANK = 32  # NumPy 1's limit
DTYPES = {
    "F64": "<f8",
    "I64": "<i8",
    "U64": "<u8",
    "F32": "<f4",
    "I32": "<i4",
    "U32": "<u4",
}
_CODES = {np.dtype(name): code for code, name in DTYPES.items()}
_DIGEST_KEY = "sha256"
_NO_DIGEST = "0" * 64
_CHUNK = 1 << 20
Array = NDArray[Any]


@dataclass(frozen=True)
class Entry:
    """Where an array lies: ``start`` and ``stop`` count bytes after the header."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int

    @property
    def elements(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)


# -- writing ---------------------------------------------------------------------------------------


def write_container(
    stream: BinaryIO, arrays: Mapping[str, Any], metadata: Mapping[str, str]
) -> None:
    """Write these arrays and strings to an empty seekable stream.

    ``arrays`` holds arrays or variables (whatever has ``shape``, ``dtype`` and becomes an array);
    each is copied once, when its turn comes. The digest is filled in last.
    """
    header = _opening(_header(arrays, metadata))
    digest = hashlib.sha256(header)
    stream.write(header)
    for piece in _data(arrays):
        digest.update(piece)
        stream.write(piece)
    stream.seek(header.index(_NO_DIGEST.encode()))
    stream.write(digest.hexdigest().encode())


def _opening(header: bytes) -> bytes:
    return struct.pack("<Q", len(header)) + header


def _header(arrays: Mapping[str, Any], metadata: Mapping[str, str]) -> bytes:
    """The JSON header, the digest still zeros, padded so that the data are aligned to 8 bytes."""
    strings = {"fastnn_format": FORMAT, _DIGEST_KEY: _NO_DIGEST, "fastnn_version": __version__}
    members: dict[str, Any] = {"__metadata__": {**strings, **metadata}}
    places: dict[str, list[int]] = {}
    position = 0
    for name in _by_size(arrays):
        size = _dtype(name, arrays[name]).itemsize * math.prod(arrays[name].shape)
        places[name] = [position, position + size]
        position += size
    for name, value in arrays.items():
        if problem := _name_problem(name):
            raise ArgumentError(
                f"the weight name {name!r} {problem}, which a model file cannot hold. Rename the "
                "layer or the weight."
            )
        members[name] = {
            "dtype": _CODES[_dtype(name, value)],
            "shape": list(value.shape),
            "data_offsets": places[name],
        }
    header = write_json(members, "header").encode("ascii")
    header += b" " * (-len(header) % 8)
    if len(header) > MAX_HEADER or len(arrays) > MAX_MEMBERS:
        raise ArgumentError(
            f"the model needs a file with {len(arrays)} arrays and a header of {len(header)} "
            f"bytes; a model file holds at most {MAX_MEMBERS} and {MAX_HEADER}. Save it in parts, "
            "or keep large constants in weights instead of the configuration."
        )
    return header


def _by_size(arrays: Mapping[str, Any]) -> list[str]:
    """Names in the order of the data: 8-byte elements first, so that all arrays stay aligned."""
    return sorted(arrays, key=lambda name: -np.dtype(arrays[name].dtype).itemsize)


def _dtype(name: str, value: Any) -> np.dtype[Any]:
    dtype: np.dtype[Any] = np.dtype(value.dtype).newbyteorder("<")
    if dtype not in _CODES:
        raise ArgumentError(
            f"{name!r} has dtype {dtype.name}, which a model file cannot hold; expected one of "
            f"{', '.join(np.dtype(known).name for known in DTYPES.values())}."
        )
    return dtype


def _data(arrays: Mapping[str, Any]) -> Iterator[memoryview]:
    """The arrays' bytes, little-endian and row-major, one after another."""
    for name in _by_size(arrays):
        value = arrays[name]
        array = np.ascontiguousarray(value, dtype=_dtype(name, value))
        yield array.reshape(-1).view(np.uint8).data


def _name_problem(name: str) -> str:
    """What is wrong with an array's name; empty if nothing is."""
    if not name.isprintable():
        return "holds characters that cannot be printed"
    if any(part in ("", ".", "..") for part in name.split("/")):
        return "has an empty, '.' or '..' part between its slashes"
    return ""


# -- reading ---------------------------------------------------------------------------------------


class Reader:
    """An opened container whose header has been checked; no array has been read yet.

    Parameters
    ----------
    stream : a seekable binary stream, which the caller closes.
    size : its length in bytes.
    where : what to call it in messages: the path.

    Attributes
    ----------
    metadata : the strings of ``__metadata__``.
    entries : the arrays by name, in the order of the header.

    Raises
    ------
    FileFormatError : the container is damaged, truncated, hostile or of another format.
    """

    def __init__(self, stream: BinaryIO, size: int, where: str) -> None:
        self.where = where
        self.size = size
        self._stream = stream
        self._header = self._read_header()
        self._data_size = size - 8 - len(self._header)
        members = parse_json(self._header.decode("ascii"), f"{where}: its header")
        if not isinstance(members, dict):
            self._fail("its header is not a JSON object")
        self.metadata: dict[str, str] = self._checked_metadata(members.pop("__metadata__", None))
        if len(members) > MAX_MEMBERS:
            self._fail(f"its header names {len(members)} arrays; at most {MAX_MEMBERS} are allowed")
        self.entries: dict[str, Entry] = {
            name: self._checked_entry(name, item) for name, item in members.items()
        }
        self._check_layout()

    def _fail(self, reason: str) -> NoReturn:
        raise FileFormatError(f"{self.where}: {reason}. Expected a file that fastnn has written.")

    def _read_header(self) -> bytes:
        """The header's bytes; no more of them than the file has and than an honest header needs."""
        self._stream.seek(0)
        prefix = self._stream.read(8)
        if len(prefix) < 8:
            self._fail(f"it has {self.size} bytes, too few for a model file")
        (length,) = struct.unpack("<Q", prefix)
        if length > self.size - 8:
            self._fail(
                f"its header claims {length} bytes, and the file has {self.size}; it is truncated "
                "or not a model file"
            )
        if length > MAX_HEADER:
            self._fail(f"its header has {length} bytes; at most {MAX_HEADER} are allowed")
        header = self._stream.read(length)
        if len(header) < length:
            self._fail("its header is truncated")
        if not header.startswith(b"{") or not header.isascii():
            self._fail("its header is not ASCII JSON")
        return header

    def _checked_metadata(self, metadata: Any) -> dict[str, str]:
        """The strings of ``__metadata__``, if this version of the format can be read."""
        if not isinstance(metadata, dict) or "fastnn_format" not in metadata:
            self._fail("it is not a fastnn file (no fastnn_format in its metadata)")
        if not all(isinstance(value, str) for value in metadata.values()):
            self._fail("its metadata hold something else than strings")
        version = metadata["fastnn_format"]
        if version != FORMAT:
            raise FileFormatError(
                f"{self.where}: it has format version {version[:20]!r}; this fastnn "
                f"({__version__}) reads version {FORMAT}. Install a newer fastnn to read it."
            )
        if not isinstance(metadata.get(_DIGEST_KEY), str):
            self._fail("it has no sha256 in its metadata")
        return metadata

    def _checked_entry(self, name: str, item: Any) -> Entry:
        """One member of the header, its sizes in accord."""
        shown = repr(name[:80])
        if problem := _name_problem(name):
            self._fail(f"the array name {shown} {problem}")
        if not isinstance(item, dict) or set(item) != {"dtype", "shape", "data_offsets"}:
            self._fail(f"the entry of {shown} does not consist of dtype, shape and data_offsets")
        dtype, shape, offsets = item["dtype"], item["shape"], item["data_offsets"]
        if not isinstance(dtype, str) or dtype not in DTYPES:
            self._fail(f"{shown} has dtype {str(dtype)[:20]!r}; known: {', '.join(DTYPES)}")
        if not _sizes(shape) or len(shape) > MAX_RANK:
            self._fail(f"{shown} has the shape {str(shape)[:80]}, not a list of sizes")
        if not _sizes(offsets) or len(offsets) != 2:
            self._fail(f"{shown} has the data_offsets {str(offsets)[:80]}, not two positions")
        start, stop = offsets
        width = np.dtype(DTYPES[dtype]).itemsize
        # Zeros are counted as ones: NumPy refuses (0, 2**62), and an honest shape is never so
        # large.
        if math.prod(size or 1 for size in shape) * width > 2**60:
            self._fail(f"{shown} has the impossible shape {str(shape)[:80]}")
        if not start <= stop <= self._data_size:
            self._fail(
                f"{shown} lies at bytes {start} to {stop} of the data, which have "
                f"{self._data_size}; the file is truncated or damaged"
            )
        if math.prod(shape) * width != stop - start:
            self._fail(
                f"{shown} has {stop - start} bytes, which is not what {str(shape)[:80]} needs"
            )
        return Entry(dtype, tuple(shape), start, stop)

    def _check_layout(self) -> None:
        """The arrays follow one another without gaps and overlaps and fill the file."""
        position = 0
        for entry in sorted(self.entries.values(), key=lambda entry: (entry.start, entry.stop)):
            if entry.start != position:
                self._fail(f"its arrays leave a gap or overlap at byte {position} of the data")
            position = entry.stop
        if position != self._data_size:
            self._fail(
                f"its arrays have {position} bytes, and {self._data_size} follow the header; the "
                "file is truncated or damaged"
            )

    @property
    def digest(self) -> str:
        """The SHA-256 that the file states: of all its bytes, the digest's own taken as zeros."""
        return self.metadata[_DIGEST_KEY]

    def actual_digest(self) -> str:
        """The SHA-256 of the bytes that are there."""
        stated = self.digest.encode()
        header = self._header.replace(stated, _NO_DIGEST.encode(), 1) if stated else self._header
        digest = hashlib.sha256(_opening(header))
        for chunk in self._chunks(0, self._data_size):
            digest.update(chunk)
        return digest.hexdigest()

    def verify(self) -> None:
        """FileFormatError unless the file is as it was written."""
        if self.actual_digest() != self.digest:
            self._fail("its bytes do not match the SHA-256 in it: it is damaged or was edited")

    def read(self, name: str) -> Array:
        """The array of that name, in native byte order."""
        entry = self.entries[name]
        array = np.empty(entry.shape, np.dtype(DTYPES[entry.dtype]))
        target = array.reshape(-1).view(np.uint8).data
        done = 0
        for chunk in self._chunks(entry.start, entry.stop):
            target[done : done + len(chunk)] = chunk
            done += len(chunk)
        return array.astype(array.dtype.newbyteorder("="), copy=False)

    def sha256(self, names: Iterable[str]) -> str:
        """The SHA-256 of the bytes of these arrays, one after another."""
        digest = hashlib.sha256()
        for name in names:
            for chunk in self._chunks(self.entries[name].start, self.entries[name].stop):
                digest.update(chunk)
        return digest.hexdigest()

    def _chunks(self, start: int, stop: int) -> Iterator[bytes]:
        """The data from ``start`` to ``stop`` in pieces of bounded size."""
        self._stream.seek(8 + len(self._header) + start)
        while start < stop:
            chunk = self._stream.read(min(_CHUNK, stop - start))
            if not chunk:
                self._fail("it became shorter while it was read")
            yield chunk
            start += len(chunk)


def _sizes(value: Any) -> bool:
    """Whether this is a list of integers that are not negative (a bool is none)."""
    return isinstance(value, list) and all(type(item) is int and item >= 0 for item in value)
