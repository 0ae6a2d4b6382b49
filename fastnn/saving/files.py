"""Model files on disk: which names are accepted, opening one for reading, and writing one so that a
failure leaves the old file as it was. What is in a file is in ``container.py``.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from fastnn.errors import ArgumentError, FileFormatError
from fastnn.saving.container import Reader

SUFFIX = ".fastnn"
WEIGHTS_SUFFIX = ".weights.fastnn"
KERAS_SUFFIXES = (".keras", ".h5", ".hdf5")
KERAS_WEIGHTS_SUFFIX = ".weights.h5"
PathLike = str | os.PathLike[str]


def checked_path(path: Any, what: str) -> Path:
    """The path as a Path; an error for what is no path."""
    if not isinstance(path, (str, os.PathLike)) or not isinstance(os.fspath(path), str):
        raise ArgumentError(
            f"{what}: received the path {path!r}; expected a string or a path, for example "
            f"'model{SUFFIX}'."
        )
    return Path(path)


def checked_target(path: Any, overwrite: bool, what: str, suffix: str = SUFFIX) -> Path:
    """The path of a file to be written: its suffix is right, and it may be replaced.

    ``suffix`` says what is written: a model, or weights alone. Either may be a file of Keras.
    """
    target = checked_path(path, what)
    weights = suffix == WEIGHTS_SUFFIX
    known = (SUFFIX, KERAS_WEIGHTS_SUFFIX) if weights else (SUFFIX, *KERAS_SUFFIXES)
    wrong = not target.name.endswith(known) or target.name in known
    if wrong or (not weights and target.name.endswith(KERAS_WEIGHTS_SUFFIX)):
        stem = _stem(target.name)
        of_keras = KERAS_WEIGHTS_SUFFIX if weights else ".keras"
        raise ArgumentError(
            f"{what}: received {str(path)!r}; expected a name that ends in {suffix!r}, or in "
            f"{of_keras!r} for a file of Keras. Use {str(target.with_name(stem + suffix))!r}."
        )
    if target.is_dir():
        raise ArgumentError(
            f"{what}: received {str(path)!r}, which is a folder; expected the name of a file. Add "
            f"one: {str(target / ('model' + suffix))!r}."
        )
    if not overwrite and target.exists():
        raise ArgumentError(
            f"{what}: {str(path)!r} exists, and overwrite=False was passed; expected a new name. "
            "Choose another one, or pass overwrite=True."
        )
    return target


def _stem(name: str) -> str:
    """The name without what looks like an ending of a model file."""
    for ending in (KERAS_WEIGHTS_SUFFIX, WEIGHTS_SUFFIX, *KERAS_SUFFIXES, SUFFIX):
        if name.endswith(ending):
            return name.removesuffix(ending) or "model"
    return Path(name).stem or "model"


def is_of_keras(path: Any) -> bool:
    """Whether the name says that this is a file of Keras."""
    text = os.fspath(path) if isinstance(path, (str, os.PathLike)) else ""
    return isinstance(text, str) and text.endswith(KERAS_SUFFIXES)


def write_atomically(path: Path, write: Callable[[BinaryIO], None], what: str) -> None:
    """Write a file under a temporary name beside it, flush it to disk, then rename it.

    Whatever fails, the file that stood there before stays whole and no temporary file is left.

    Raises
    ------
    OSError : of the class of the cause; the message names the path.
    """
    target = Path(os.path.realpath(path))  # a link stays, what it points to is replaced
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(8)}.tmp")
    try:
        _write_new(temporary, write, _mode(target))
        os.replace(temporary, target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError):
            kept = " The file that was there is unchanged." if target.exists() else ""
            raise OSError(
                error.errno,
                f"{what}: the file could not be written ({error.strerror or error}).{kept} Check "
                "the folder, its permissions and the free space",
                str(path),
            ) from error
        raise
    _flush_folder(target.parent)


def _mode(target: Path) -> int | None:
    """The permissions of the file that will be replaced; None if there is none."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except OSError:
        return None


def _write_new(path: Path, write: Callable[[BinaryIO], None], mode: int | None) -> None:
    """Make a file that does not exist yet and put it on the disk."""
    with open(path, "xb") as stream:
        write(stream)
        stream.flush()
        os.fsync(stream.fileno())
    if mode is not None:
        os.chmod(path, mode)


def _flush_folder(folder: Path) -> None:
    """Put the renaming on the disk, where folders can be opened (not on Windows)."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def opened(path: Any, what: str) -> Iterator[Reader]:
    """The container in a file, its header checked.

    Raises
    ------
    FileNotFoundError : there is no such file.
    FileFormatError : it is not a regular file, or not a container.
    """
    with opened_stream(path, what) as (stream, size):
        yield Reader(stream, size, str(path))


@contextmanager
def opened_stream(path: Any, what: str) -> Iterator[tuple[BinaryIO, int]]:
    """A regular file, opened for reading, and its length."""
    source = checked_path(path, what)
    try:
        regular = stat.S_ISREG(source.stat().st_mode)  # a pipe would block, a device has no end
    except FileNotFoundError as error:
        raise FileNotFoundError(error.errno, f"{what}: there is no such file", str(path)) from None
    except ValueError as error:  # a NUL in the name
        raise ArgumentError(f"{what}: received the path {str(path)!r} ({error}).") from None
    if not regular:
        raise FileFormatError(f"{path}: it is not a regular file. Expected a file of fastnn.")
    with open(source, "rb") as stream:
        yield stream, os.fstat(stream.fileno()).st_size
