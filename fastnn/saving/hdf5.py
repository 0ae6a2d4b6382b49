"""HDF5 files, read strictly and written plainly, through h5py (extra ``keras``), which is imported
when the first such file is touched. What the datasets mean is in ``keras_weights.py``.

A hostile file costs no more memory than a bounded multiple of its own length: every link, shape,
dtype, filter and size is checked before anything is read. Only hard links inside the file are
followed; soft and external links, external and virtual datasets and filters that would load a
plugin are refused.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, NoReturn

import numpy as np
from numpy.typing import NDArray

from fastnn.errors import FileFormatError, MissingExtraError

MAX_OBJECTS = 65_536  # a group and a dataset for each weight and optimizer slot of 10,000 layers
MAX_DEPTH = 64
MAX_RANK = 32
MAX_TEXT = 4 << 20  # of one attribute: the architecture
MAX_NAMES = 8192  # in one attribute
FREE_BYTES = 64 << 20  # what compressed data may always expand to, in all
MAX_EXPANSION = 100  # beyond that: times what the file stores; gzip at best reaches 1032 on zeros
_NAMES_BYTES = 1 << 30
_FILTERS = {1: "gzip", 2: "shuffle", 3: "fletcher32", 32000: "lzf"}  # built into h5py itself
Array = NDArray[Any]


def h5py(what: str) -> Any:
    """The module h5py.

    Raises
    ------
    MissingExtraError : it is not installed; the message names the extra.
    """
    try:
        import h5py as module
    except ImportError as error:
        raise MissingExtraError(
            f"{what}: files of Keras are HDF5 files, which need h5py; it could not be imported "
            f"({error}). Expected the extra 'keras': pip install 'fastnn[keras]', or use a name "
            "that ends in '.fastnn'."
        ) from error
    return module


@dataclass(frozen=True)
class Stored:
    """A dataset whose sizes have been checked."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def elements(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)


class Hdf5Reader:
    """An opened HDF5 file of which everything but the data has been checked.

    Parameters
    ----------
    stream : a seekable binary stream, which the caller closes.
    size : its length in bytes.
    where : what to call it in messages.
    what : the function that reads it, for the message if h5py is missing.

    Attributes
    ----------
    datasets : the datasets by path (``layers/dense/vars/0``), in the file's order.
    groups : the paths of the groups.

    Raises
    ------
    FileFormatError : the file is damaged, truncated or hostile.
    """

    def __init__(self, stream: BinaryIO, size: int, where: str, what: str) -> None:
        self._h5py = h5py(what)
        self.where = where
        self.size = size
        self.datasets: dict[str, Stored] = {}
        self.groups: list[str] = []
        self._stored_bytes = 0
        try:
            self._file = self._h5py.File(stream, "r")
            self._walk()
        except FileFormatError:
            raise
        except Exception as error:  # whatever the HDF5 library finds wrong with it
            self._fail(f"it is not a whole HDF5 file ({error})")

    def _fail(self, reason: str) -> NoReturn:
        raise FileFormatError(f"{self.where}: {reason}. Expected a file that Keras has written.")

    # -- checks -----------------------------------------------------------------------------------

    def _walk(self) -> None:
        """Visit every object once and check it."""
        seen: set[Any] = set()
        waiting: list[tuple[str, Any, int]] = [("", self._file, 0)]
        objects = logical = 0
        while waiting:
            path, group, depth = waiting.pop()
            address = self._address(group)
            if address in seen:
                self._fail(f"its group {_shown(path)} is linked twice")
            seen.add(address)
            self.groups.append(path)
            objects += len(group)
            if objects > MAX_OBJECTS or depth > MAX_DEPTH:
                self._fail(
                    f"it holds more than {MAX_OBJECTS} objects, or groups more than {MAX_DEPTH} "
                    "deep"
                )
            for name in group:
                inner = f"{path}/{name}" if path else name
                self._check_link(group, name, inner)
                item = group[name]
                if isinstance(item, self._h5py.Group):
                    waiting.append((inner, item, depth + 1))
                elif isinstance(item, self._h5py.Dataset):
                    stored = self._checked(inner, item)
                    logical += stored.elements * stored.dtype.itemsize
                    self.datasets[inner] = stored
                else:
                    self._fail(f"{_shown(inner)} is neither a group nor an array")
        if self._stored_bytes > self.size:
            self._fail("its arrays overlap, or it is truncated")
        if logical > FREE_BYTES + MAX_EXPANSION * self._stored_bytes:
            self._fail(
                f"its arrays expand from {self._stored_bytes} to {logical} bytes, more than "
                f"{MAX_EXPANSION} times"
            )

    def _address(self, item: Any) -> tuple[int, int]:
        info = self._h5py.h5o.get_info(item.id)
        return info.fileno, info.addr

    def _check_link(self, group: Any, name: str, path: str) -> None:
        link = group.get(name, getlink=True)
        if not isinstance(link, self._h5py.HardLink):
            kind = "an external" if isinstance(link, self._h5py.ExternalLink) else "a soft"
            self._fail(f"{_shown(path)} is {kind} link, which is never followed")

    def _checked(self, path: str, item: Any) -> Stored:
        """The dataset's shape and dtype, if reading it costs what the file says."""
        shape, dtype, shown = item.shape, item.dtype, _shown(path)
        if dtype.kind not in "fiu" or dtype.itemsize > 8 or shape is None:
            self._fail(f"{shown} is no array of numbers (dtype {str(dtype)[:40]})")
        if len(shape) > MAX_RANK or math.prod(n or 1 for n in shape) * dtype.itemsize > 2**60:
            self._fail(f"{shown} has the impossible shape {str(shape)[:80]}")
        layout = item.id.get_create_plist()
        if layout.get_external_count() or item.is_virtual:
            self._fail(f"{shown} keeps its data in another file")
        for number in range(layout.get_nfilters()):
            if layout.get_filter(number)[0] not in _FILTERS:
                known = ", ".join(_FILTERS.values())
                self._fail(f"{shown} is compressed by a filter that is none of {known}")
        logical = math.prod(shape) * dtype.itemsize
        stored = item.id.get_storage_size()
        self._stored_bytes += stored
        if item.chunks is None and stored != logical:
            self._fail(f"{shown} has {stored} bytes, which is not what {str(shape)[:80]} needs")
        if item.chunks is not None:
            chunk = math.prod(item.chunks) * dtype.itemsize
            if chunk > max(1 << 20, 4 * logical) or (logical and not stored):
                self._fail(f"{shown} has pieces of {chunk} bytes, of which {stored} are stored")
        return Stored(tuple(shape), dtype)

    # -- reading ----------------------------------------------------------------------------------

    def read(self, path: str) -> Array:
        """The array at that path, in native byte order."""
        try:
            array = np.asarray(self._file[path][()])
        except (OSError, ValueError, RuntimeError) as error:
            self._fail(f"{_shown(path)} cannot be read ({error})")
        return array.astype(array.dtype.newbyteorder("="), copy=False)

    def has_attribute(self, path: str, name: str) -> bool:
        """Whether a group has an attribute."""
        with self._guarded(name):
            return name in self._file[path or "/"].attrs

    def text(self, path: str, name: str) -> str:
        """A text in an attribute of a group.

        Raises
        ------
        FileFormatError : it is something else, or too long.
        """
        with self._guarded(name):
            shape = self._attribute(path, name).shape
            value = self._file[path or "/"].attrs[name] if shape == () else None
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        if not isinstance(value, str) or len(value) > MAX_TEXT:
            self._fail(f"its attribute {name!r} is no text, or longer than {MAX_TEXT}")
        return value

    def names(self, path: str, name: str) -> list[str]:
        """A list of names in an attribute of a group; Keras cuts long ones into ``name0``, …"""
        pieces = [name]
        if not self.has_attribute(path, name):
            count = 0
            while self.has_attribute(path, f"{name}{count}"):
                count += 1
            pieces = [f"{name}{number}" for number in range(count)]
        if not pieces:
            self._fail(f"its group {_shown(path)} has no attribute {name!r}")
        found: list[str] = []
        for piece in pieces:
            with self._guarded(piece):
                shape = self._attribute(path, piece).shape
            count = shape[0] if len(shape) == 1 else MAX_NAMES + 1
            # each of the names may be the same string, as long as all that is no array
            if count > MAX_NAMES or count * (self.size - self._stored_bytes) > _NAMES_BYTES:
                self._fail(f"its attribute {piece!r} of shape {shape} is no list of names")
            with self._guarded(piece):
                items = list(self._file[path or "/"].attrs[piece])
            for item in items:
                found.append(item.decode("utf-8", "replace") if isinstance(item, bytes) else item)
        if not all(isinstance(item, str) for item in found):
            self._fail(f"its attribute {name!r} holds something else than names")
        return found

    @contextmanager
    def _guarded(self, name: str) -> Iterator[None]:
        """What the HDF5 library finds wrong with an attribute is the file's fault."""
        try:
            yield
        except (OSError, RuntimeError, KeyError, TypeError, OverflowError) as error:
            self._fail(f"its attribute {name!r} cannot be read ({error})")

    def _attribute(self, path: str, name: str) -> Any:
        """The attribute, its value not yet read; its size has been checked."""
        attribute = self._h5py.h5a.open(self._file[path or "/"].id, name.encode())
        kind = attribute.get_type()
        fixed = isinstance(kind, self._h5py.h5t.TypeStringID) and not kind.is_variable_str()
        size = math.prod(attribute.shape or ()) * (kind.get_size() if fixed else 1)
        if size > MAX_TEXT:
            self._fail(f"its attribute {name!r} has {size} bytes; at most {MAX_TEXT} are allowed")
        return attribute


def _shown(path: str) -> str:
    return repr(path[:80]) if path else "of the whole file"


def file_bytes(write: Any, what: str) -> bytes:
    """The bytes of a new HDF5 file that ``write(file)`` fills."""
    stream = io.BytesIO()
    with h5py(what).File(stream, "w") as file:
        write(file)
    return stream.getvalue()
