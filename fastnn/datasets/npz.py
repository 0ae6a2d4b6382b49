"""NumPy's .npz archives, read without pickle and without trust: the list of members, every header
and the sum of all sizes are checked before memory is allocated. What the arrays mean is decided in
``files.py`` and ``image_set.py``.
"""

from __future__ import annotations

import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastnn.datasets.bounded import check_unpacked_size, read_array, read_up_to
from fastnn.errors import FileFormatError

# A zip directory entry of a short name takes about 60 bytes; a data set has a handful of arrays.
_MAX_DIRECTORY = 1 << 18
_MAX_MEMBERS = 1000
# The limit of numpy.lib.format, checked here before the header is read.
_MAX_HEADER = 10000
# What np.save writes for plain arrays, and nothing else: NumPy's own reader evaluates the header as
# a Python expression, which deep nesting can crash, and warns of forms that nobody writes today.
# (A number may end in L, as Python 2 wrote it.)
_HEADER = re.compile(
    r"\{'descr': '(?P<descr>[<>|=]?[?biufcSUVOMm][0-9]{0,10}(?:\[[0-9a-zA-Z]*\])?)', "
    r"'fortran_order': (?P<order>True|False), "
    r"'shape': \((?P<shape>(?:-?[0-9]{1,20}L?, ?)*(?:-?[0-9]{1,20}L?)?)\),? ?\}\s*"
)
_NUMBERS = "biuf"
_TEXT = "US"
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
)


class _Member(NamedTuple):
    """One array of the archive: its entry, where its values begin, and what they are."""

    info: zipfile.ZipInfo
    offset: int
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran: bool


def member_names(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """The names of the arrays in an .npz file, in file order; raises FileFormatError."""
    path = Path(path)
    with _opened(path) as file:
        return tuple(_directory(_archive(path, file), path))


def read_npz(path: str | os.PathLike[str], names: Iterable[str]) -> dict[str, NDArray[Any]]:
    """Read the named arrays of an .npz file; other arrays in it are not touched.

    Parameters
    ----------
    path : the file, as written by ``np.savez`` or ``np.savez_compressed``.
    names : the arrays to read, for example ``("x", "y")``. All must be there.

    Returns
    -------
    New, writable arrays by name, in native byte order: booleans, integers, floats or text. Arrays
    of Python objects (pickles), structures, complex numbers and dates are refused.

    Raises
    ------
    FileFormatError : the file cannot be read, is not .npz, lacks a name, holds a name twice, or
        declares sizes that its bytes do not have.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> from fastnn.datasets.npz import read_npz
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "data.npz")
    ...     np.savez(file, x=np.eye(2), y=np.array([0, 1]))
    ...     read_npz(file, ["y"])
    {'y': array([0, 1])}
    """
    path = Path(path)
    with _opened(path) as file:
        packed = os.fstat(file.fileno()).st_size
        archive = _archive(path, file)
        entries = _directory(archive, path)
        lacking = [name for name in names if name not in entries]
        if lacking:
            raise FileFormatError(
                f"{path}: has the arrays {_listed(entries)}, but no {_listed(lacking)}. Save it "
                f"with np.savez(path, {', '.join(f'{name}=...' for name in lacking)}, ...)."
            )
        try:
            members = {name: _header(archive, entries[name], path) for name in names}
            check_unpacked_size(path, sum(m.info.file_size for m in members.values()), packed)
            return {name: _values(archive, member, path) for name, member in members.items()}
        except FileFormatError:
            raise
        except (*_ZIP_ERRORS, OSError) as error:
            raise _damaged(path, error) from error


def _opened(path: Path) -> BinaryIO:
    """The open file; a FileFormatError where there is none."""
    try:
        return path.open("rb")
    except OSError as error:
        raise FileFormatError(
            f"{path}: cannot be read ({error.strerror or error}). Expected an .npz file: check the "
            f"path and its permissions."
        ) from error


def _listed(names: Iterable[str]) -> str:
    """Names for a message, at most ten of them."""
    shown = [repr(name) for name in names]
    return ", ".join(shown[:10]) + (f" and {len(shown) - 10} more" if len(shown) > 10 else "")


def _damaged(path: Path, error: BaseException) -> FileFormatError:
    """The error for an archive that the zip reader refuses."""
    return FileFormatError(
        f"{path}: not a readable .npz archive ({error}). Expected a file written by np.savez: it "
        f"is truncated, damaged or of another format; get or save it again."
    )


def _archive(path: Path, file: BinaryIO) -> zipfile.ZipFile:
    """The opened zip archive, after a look at the size of its directory.

    ``zipfile`` makes an object of some 600 bytes for each entry as it opens the file, so the size
    of the directory is read first, from the last 22 bytes (and from the zip64 record before them).
    """
    try:
        size = os.fstat(file.fileno()).st_size
        file.seek(max(0, size - 98))
        tail = file.read(98)
        end = tail[-22:]
        if len(end) < 22 or end[:4] != b"PK\5\6" or end[20:] != b"\0\0":
            raise zipfile.BadZipFile("no zip directory at the end of the file")
        directory = struct.unpack("<L", end[12:16])[0]
        if tail[-42:-38] == b"PK\6\7":
            record = struct.unpack("<Q", tail[-34:-26])[0]
            if len(tail) < 98 or tail[:4] != b"PK\6\6" or record != size - 98:
                raise zipfile.BadZipFile("no zip64 directory record where it should be")
            directory = max(directory, struct.unpack("<Q", tail[40:48])[0])
        if directory > _MAX_DIRECTORY:
            raise zipfile.BadZipFile(
                f"its directory takes {directory} bytes, more than {_MAX_DIRECTORY}"
            )
        return zipfile.ZipFile(file)
    except (*_ZIP_ERRORS, OSError) as error:
        raise _damaged(path, error) from error


def _directory(archive: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    """The entries by array name (without .npy)."""
    entries: dict[str, zipfile.ZipInfo] = {}
    infos = archive.infolist()
    if len(infos) > _MAX_MEMBERS:
        raise FileFormatError(
            f"{path}: has {len(infos)} arrays; expected at most {_MAX_MEMBERS}. Save only the "
            f"arrays of the data set."
        )
    for info in infos:
        name = info.filename.removesuffix(".npy")
        if name in entries:
            raise FileFormatError(
                f"{path}: holds the array {name!r} twice; expected every name once. Save it again "
                f"with np.savez."
            )
        entries[name] = info
    return entries


def _header(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> _Member:
    """What the array ``info`` is, read from its .npy header and checked against its size."""
    where = repr(info.filename)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 1:
        raise FileFormatError(
            f"{path}: {where} is encrypted or compressed in another way than np.savez does "
            f"(method {info.compress_type}). Save it again with np.savez."
        )
    with archive.open(info) as stream:
        start = read_up_to(stream, 8)
        version = tuple(start[6:8])
        if start[:6] != b"\x93NUMPY" or version not in ((1, 0), (2, 0)):
            raise FileFormatError(
                f"{path}: {where} is not an array of .npy version 1 or 2 (it begins with "
                f"{start.hex(' ') or 'nothing'}). Save it again with np.savez."
            )
        counter = read_up_to(stream, 2 if version == (1, 0) else 4)
        length = int.from_bytes(counter, "little")
        if length > _MAX_HEADER:
            raise FileFormatError(
                f"{path}: {where} declares a header of {length} bytes; expected at most "
                f"{_MAX_HEADER}. Save it again as a plain array."
            )
        text = read_up_to(stream, length)
    found = _HEADER.fullmatch(text.decode("latin-1"))
    try:
        if found is None:
            raise ValueError("not the type, order and shape of a plain array")
        dtype = np.dtype(found["descr"])
        shape = tuple(int(axis.strip(" L")) for axis in found["shape"].split(",") if axis.strip())
    except (ValueError, TypeError) as error:
        raise FileFormatError(
            f"{path}: {where} has a header that cannot be read ({error}). Expected an array of "
            f"numbers or text: save it again with np.savez."
        ) from error
    offset = 8 + len(counter) + length
    return _checked(_Member(info, offset, dtype, shape, found["order"] == "True"), path)


def _checked(member: _Member, path: Path) -> _Member:
    """``member``, once its type is a plain one and its shape fits the size of its entry."""
    where, dtype, shape = repr(member.info.filename), member.dtype, member.shape
    if dtype.hasobject:
        raise FileFormatError(
            f"{path}: {where} holds Python objects (pickle), which are never loaded because that "
            f"can run code. Expected numbers: save it as an array of a numeric type."
        )
    if dtype.kind not in _NUMBERS + _TEXT or dtype.itemsize == 0:
        raise FileFormatError(
            f"{path}: {where} has the type {dtype.name!r}; expected booleans, integers, floats or "
            f"text. Convert it with astype() and save it again."
        )
    declared = dtype.itemsize
    for axis in shape:
        if axis < 0:
            raise FileFormatError(
                f"{path}: {where} declares the shape {shape}; expected sizes of at least 0. The "
                f"file is damaged: get or save it again."
            )
        declared *= axis
    if declared != member.info.file_size - member.offset:
        raise FileFormatError(
            f"{path}: {where} has {member.info.file_size - member.offset} bytes of data; its "
            f"shape {shape} of {dtype.name} needs {declared}. The file is truncated or damaged: "
            f"get or save it again."
        )
    return member


def _values(archive: zipfile.ZipFile, member: _Member, path: Path) -> NDArray[Any]:
    """The values of one array; reading to the end also checks their CRC."""
    shape = member.shape[::-1] if member.fortran else member.shape
    with archive.open(member.info) as stream:
        read_up_to(stream, member.offset)
        array = read_array(stream, path, repr(member.info.filename), member.dtype, shape)
    return np.ascontiguousarray(array.T) if member.fortran else array
