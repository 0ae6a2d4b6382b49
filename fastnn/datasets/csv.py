"""Tables of numbers with one column of labels, read from .csv files; errors name the line. It reads
one file into one x and one y; training and test rows are parted in ``files.py``.
"""

from __future__ import annotations

import csv
import math
import os
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import numpy as np
from numpy.typing import NDArray

from fastnn.errors import FileFormatError

LABEL_COLUMNS = ("label", "target", "y")


class Table(NamedTuple):
    """What a .csv file holds: numbers, labels, and the names of the columns of ``x``.

    ``y`` is None when there is no label column; text labels are an array of ``str``.
    """

    x: NDArray[np.float64]
    y: NDArray[Any] | None
    columns: tuple[str, ...]


class _Layout(NamedTuple):
    """Where things are: line of the header (0: none), column names, the label's column or None."""

    header_lines: int
    names: tuple[str, ...]
    label: int | None


def read_csv(path: str | os.PathLike[str], *, labels: bool = True) -> Table:
    r"""Read a comma-separated table.

    The first row is a header if none of its cells is a number, or if one of them is ``label`` or
    ``target``. The label column is the one named label, target or y (any case), else the last.
    Every other cell must be a finite number. Blank lines are skipped; quotes are understood.

    Parameters
    ----------
    path : the file, in UTF-8.
    labels : whether there must be a label column. False is for inputs to predict from: only a
        column that the header names as the label is then taken as such.

    Returns
    -------
    A ``Table`` with x float64 of shape (rows, columns) and y of shape (rows,): float64 if every
    label is a number, else ``str``.

    Raises
    ------
    FileFormatError : the file cannot be read, has rows of unequal length, or a cell that is no
        number.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from fastnn.datasets.csv import read_csv
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "iris.csv")
    ...     _ = file.write_text("length,width,label\n5.1,3.5,setosa\n6.0,2.7,versicolor\n")
    ...     table = read_csv(file)
    >>> table.x.tolist(), table.y.tolist()
    ([[5.1, 3.5], [6.0, 2.7]], ['setosa', 'versicolor'])
    """
    path = Path(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            layout = _layout(file, path, labels)
            file.seek(0)
            table = _read_fast(file, layout)
            if table is None:
                file.seek(0)
                table = _read_by_row(file, path, layout)
            return table
    except UnicodeDecodeError as error:
        raise FileFormatError(
            f"{path}: is not UTF-8 text (byte {error.start}: {error.reason}). Expected a .csv "
            f"file: save it as UTF-8."
        ) from error
    except OSError as error:
        raise FileFormatError(
            f"{path}: cannot be read ({error.strerror or error}). Expected a .csv file: check the "
            f"path and its permissions."
        ) from error


def _rows(file: TextIO, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of each row that is not blank."""
    reader = csv.reader(file)
    try:
        for row in reader:
            if row and (len(row) > 1 or row[0].strip()):
                yield reader.line_num, row
    except csv.Error as error:
        raise FileFormatError(
            f"{path}, line {reader.line_num}: is not a row of a .csv file ({error}). Expected "
            f"comma-separated numbers: correct the line."
        ) from error


def _layout(file: TextIO, path: Path, labels: bool) -> _Layout:
    """What the first row tells."""
    line, row = next(_rows(file, path), (0, []))
    if not row:
        raise FileFormatError(f"{path}: has no rows. Expected one sample per line.")
    cells = [cell.strip() for cell in row]
    lowered = [cell.lower() for cell in cells]
    is_header = not any(_is_number(cell) for cell in cells) or bool(
        {"label", "target"} & set(lowered)
    )
    if len(cells) == 1 and (";" in cells[0] or "\t" in cells[0]):
        raise FileFormatError(
            f"{path}, line {line}: has one column, with ';' or tabs in it. Expected values "
            f"separated by commas: convert the file."
        )
    named = [i for i, cell in enumerate(lowered) if is_header and cell in LABEL_COLUMNS]
    if len(named) > 1:
        raise FileFormatError(
            f"{path}, line {line}: names {len(named)} label columns "
            f"({', '.join(repr(cells[i]) for i in named)}). Expected one: rename the others."
        )
    label = named[0] if named else (len(cells) - 1 if labels else None)
    if len(cells) - (label is not None) < 1:
        raise FileFormatError(
            f"{path}, line {line}: has {len(cells)} column. Expected at least one column of "
            f"numbers{' and a label column' if labels else ''}."
        )
    names = cells if is_header else [str(i) for i in range(len(cells))]
    return _Layout(line if is_header else 0, tuple(names), label)


def _is_number(cell: str) -> bool:
    """Whether the cell is written as a number."""
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


def _read_fast(file: TextIO, layout: _Layout) -> Table | None:
    """The table if it is all finite numbers; None if it must be read row by row."""
    for _ in range(layout.header_lines):
        file.readline()
    start = file.tell()
    if not any(line.strip() for line in iter(file.readline, "")):
        return None
    file.seek(start)
    try:
        values = np.loadtxt(
            file, dtype=np.float64, delimiter=",", comments=None, quotechar='"', ndmin=2
        )
    except ValueError:
        return None
    if values.shape[1] != len(layout.names) or not np.isfinite(values).all():
        return None
    return _table(values, None, layout)


def _read_by_row(file: TextIO, path: Path, layout: _Layout) -> Table:
    """The table read with checks that name the line; also for labels that are text."""
    numbers, labels = array("d"), []
    for line, row in _rows(file, path):
        if line <= layout.header_lines:
            continue
        if len(row) != len(layout.names):
            raise FileFormatError(
                f"{path}, line {line}: has {len(row)} cells; the first row has "
                f"{len(layout.names)}. Expected rows of one length: correct the line."
            )
        if layout.label is not None:
            label = row.pop(layout.label).strip()
            if not label:
                raise FileFormatError(
                    f"{path}, line {line}: the label (column "
                    f"{layout.names[layout.label]!r}) is empty. Expected a class or a number."
                )
            labels.append(label)
        for column, cell in enumerate(row):
            if not _is_number(cell) or not math.isfinite(float(cell)):
                shown = layout.names if layout.label is None else _features(layout)
                raise FileFormatError(
                    f"{path}, line {line}, column {shown[column]!r}: {cell[:40]!r} is not a finite "
                    f"number. Expected numbers in every column but the label: fill the cell, or "
                    f"encode the column as numbers."
                )
            numbers.append(float(cell))
    columns = len(layout.names) - (layout.label is not None)
    x = np.array(numbers, np.float64).reshape(-1, columns)
    if not len(x):
        raise FileFormatError(f"{path}: has a header but no rows. Expected one sample per line.")
    return _table(x, np.array(labels) if layout.label is not None else None, layout)


def _features(layout: _Layout) -> tuple[str, ...]:
    """The names of the columns of x."""
    return tuple(name for i, name in enumerate(layout.names) if i != layout.label)


def _table(values: NDArray[np.float64], labels: NDArray[Any] | None, layout: _Layout) -> Table:
    """The ``Table`` of ``values``, which include the label column where ``labels`` is None."""
    if layout.label is None:
        return Table(values, None, layout.names)
    if labels is None:
        y: NDArray[Any] = values[:, layout.label].copy()
        return Table(np.delete(values, layout.label, axis=1), y, _features(layout))
    if all(_is_number(label) and math.isfinite(float(label)) for label in labels.tolist()):
        labels = labels.astype(np.float64)
    return Table(values, labels, _features(layout))
