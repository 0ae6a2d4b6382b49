"""``CSVLogger``: the quantities of each epoch as a line of a CSV file."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from typing import IO, Any

from fastnn import arguments
from fastnn.callbacks.callback import Callback, Logs
from fastnn.errors import ArgumentError


class CSVLogger(Callback):
    """Write a line per epoch to a CSV file: ``epoch`` (from 0), then the quantities by name.

    Parameters
    ----------
    filename : the file; missing folders are made.
    separator : what stands between two fields, one character; default ``","``.
    append : True goes on in a file that exists, without a second headline; False (default) starts
        it anew at the beginning of every ``fit``.

    Raises
    ------
    ArgumentError : another separator, or a ``filename`` that is no path.
    OSError : the file cannot be written.

    Notes
    -----
    As in Keras: the columns are those of the first epoch, sorted by name; without validation in
    that epoch there is a column ``val_...`` for each; a quantity that is missing in an epoch is
    ``NA``. Each line is on the disk's side of Python when its epoch ends, so that the file can be
    read, or the process killed, at any time.

    Examples
    --------
    >>> import pathlib
    >>> from fastnn.callbacks import CSVLogger
    >>> logger = CSVLogger("log.csv")
    >>> logger.on_train_begin()
    >>> logger.on_epoch_end(0, {"loss": 0.5, "val_loss": 0.75})
    >>> logger.on_train_end()
    >>> print(pathlib.Path("log.csv").read_text().strip())
    epoch,loss,val_loss
    0,0.5,0.75
    """

    def __init__(
        self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False
    ) -> None:
        super().__init__()
        if not isinstance(filename, (str, os.PathLike)):
            raise ArgumentError(
                f"CSVLogger: received filename={filename!r}, expected a string or a path. Pass for "
                "example 'training.csv'."
            )
        if not isinstance(separator, str) or len(separator) != 1:
            raise ArgumentError(
                f"CSVLogger: received separator={separator!r}, expected one character. Pass ',' or "
                "';', say."
            )
        self.filename: str = os.fspath(filename)
        self.sep: str = separator
        self.append: bool = arguments.flag("CSVLogger", "append", append)
        self.writer: Any = None
        self.keys: list[str] | None = None
        self.append_header: bool = True
        self.csv_file: IO[str] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Open the file."""
        self._close()
        if self.append and os.path.exists(self.filename):
            with open(self.filename, encoding="utf-8") as stream:
                self.append_header = not stream.readline()
        folder = os.path.dirname(self.filename)
        if folder:
            os.makedirs(folder, exist_ok=True)
        self.csv_file = _opened(self.filename, "a" if self.append else "w")
        self.keys = None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write the line of one epoch."""
        logs = logs or {}
        if self.csv_file is None:
            return
        if self.keys is None:
            self.keys = sorted(logs)
            if not any(key.startswith("val_") for key in self.keys):
                self.keys += [f"val_{key}" for key in self.keys]
        if self.writer is None:
            fields = ["epoch", *self.keys]
            self.writer = csv.DictWriter(self.csv_file, fields, delimiter=self.sep)
            if self.append_header:
                self.writer.writeheader()
        values = {key: _field(logs.get(key, "NA")) for key in self.keys}
        self.writer.writerow({"epoch": epoch, **values})
        self.csv_file.flush()

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Close the file."""
        self._close()

    def _close(self) -> None:
        if self.csv_file is not None:
            self.csv_file.close()
        self.csv_file = None
        self.writer = None

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: an open file stays here."""
        return {**vars(self), "csv_file": None, "writer": None}


def _field(value: Any) -> Any:
    """A value as it is written: arrays and lists as Keras writes them."""
    if isinstance(value, str) or getattr(value, "ndim", None) == 0:
        return value
    if isinstance(value, Iterable):
        return f'"[{", ".join(map(str, value))}]"'
    return value


def _opened(path: str, mode: str) -> IO[str]:
    """The file; ``csv`` ends its lines itself."""
    return open(path, mode, encoding="utf-8", newline="")
