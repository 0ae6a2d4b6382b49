"""Data sets in the user's own .npz and .csv files: which arrays or columns are meant, how rows are
split into training and test, what the classes are. The formats are in ``npz.py`` and ``csv.py``.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.datasets.csv import read_csv
from fastnn.datasets.dataset import Dataset
from fastnn.datasets.image_set import ARRAYS
from fastnn.datasets.npz import member_names, read_npz
from fastnn.errors import ArgumentError, DataError, FileFormatError

# Whole numbers from 0 up to this are classes, one output each; larger ones are numbers to predict.
_MAX_CLASSES = 1000


def load_file(
    path: str | os.PathLike[str],
    *,
    test_fraction: float = 0.2,
    seed: int = 0,
    class_names: Sequence[str] | None = None,
) -> Dataset:
    """Read a data set from an .npz or .csv file.

    An .npz file holds ``x_train``, ``y_train``, ``x_test`` and ``y_test``, or only ``x`` and ``y``.
    A .csv file holds one sample per line, with the label in the column named label, target or y,
    else in the last. Files without a test part are split at random, but always in the same way.

    What y holds decides the classes: text is turned into the numbers of the sorted names; whole
    numbers from 0 to 999 are classes as they stand (in an .npz file only if their type is an
    integer or boolean one); anything else is numbers to predict, and ``class_names`` is empty.

    Parameters
    ----------
    path : a file whose name ends in .npz or .csv.
    test_fraction : share of the rows that is for testing where the file does not say, 0 < share
        < 1; at least one row. Default 0.2.
    seed : of that split, 0 to 2**32 - 1. Default 0. The same seed, the same rows, on every machine.
    class_names : the classes by number, where they are known already (from a trained model); a text
        label that is not among them is an error.

    Returns
    -------
    A ``Dataset``; its ``scale`` is 255.0 if x is uint8, else 1.0.

    Raises
    ------
    ArgumentError : no such file, another suffix, or a bad ``test_fraction`` or ``seed``.
    FileFormatError : the file is damaged, or lacks the arrays or columns.
    DataError : x and y do not fit each other, there are fewer than two rows to split, or a label is
        unknown.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> from fastnn.datasets import load_file
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "mine.npz")
    ...     np.savez(file, x=np.eye(10), y=np.array(["no", "yes"] * 5))
    ...     data = load_file(file)
    >>> data.name, data.x_train.shape, data.x_test.shape, data.class_names
    ('mine', (8, 10), (2, 10), ('no', 'yes'))
    """
    path = _existing(path)
    if path.suffix.lower() == ".csv":
        table = read_csv(path)
        parts = _split(path, table.x, np.asarray(table.y), test_fraction, seed)
        floats_are_classes = True
    else:
        parts = _npz_parts(path, test_fraction, seed)
        floats_are_classes = False
    for x, y in (parts[:2], parts[2:]):
        _check_rows(path, x, y)
    if parts[0].shape[1:] != parts[2].shape[1:]:
        raise DataError(
            f"{path}: training samples have shape {parts[0].shape[1:]} and test samples "
            f"{parts[2].shape[1:]}. Expected the same shape: save them again."
        )
    x_train, y_train, x_test, y_test = parts
    labels, names = _classes(path, (y_train, y_test), class_names, floats_are_classes)
    scale = 255.0 if x_train.dtype == np.uint8 else 1.0
    return Dataset(x_train, labels[0], x_test, labels[1], path.stem, names, scale, path)


def load_inputs(path: str | os.PathLike[str]) -> NDArray[Any]:
    r"""Read only the samples of an .npz or .csv file, to predict from.

    From an .npz file: the array ``x``, else ``x_test``, else the only one there is. From a .csv
    file: all columns but one that the header names label, target or y.

    Raises
    ------
    ArgumentError, FileFormatError : as ``load_file``.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from fastnn.datasets import load_inputs
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "new.csv")
    ...     _ = file.write_text("0.5,1\n0.25,0\n")
    ...     load_inputs(file).tolist()
    [[0.5, 1.0], [0.25, 0.0]]
    """
    path = _existing(path)
    if path.suffix.lower() == ".csv":
        return read_csv(path, labels=False).x
    names = member_names(path)
    for wanted in ("x", "X", "x_test"):
        if wanted in names:
            break
    else:
        if len(names) != 1:
            raise FileFormatError(
                f"{path}: has the arrays {_quoted(names)}. Expected one named 'x', or a single "
                f"array: save it with np.savez(path, x=...)."
            )
        wanted = names[0]
    samples = read_npz(path, [wanted])[wanted]
    if samples.ndim < 1 or samples.dtype.kind in "US":
        raise DataError(
            f"{path}: {wanted!r} has shape {samples.shape} and type {samples.dtype.name}. Expected "
            f"numbers, one sample per row."
        )
    return samples


def _existing(path: str | os.PathLike[str]) -> Path:
    """``path``, once it is a file with a suffix that can be read."""
    path = Path(path).expanduser()
    if path.suffix.lower() not in (".npz", ".csv"):
        raise ArgumentError(
            f"data file {str(path)!r} ends in {path.suffix!r}. Expected .npz or .csv: convert it."
        )
    if not path.is_file():
        raise ArgumentError(
            f"data file {str(path)!r} does not exist. Expected an .npz or .csv file: check the "
            f"path."
        )
    return path


def _quoted(names: Sequence[str]) -> str:
    """Names for a message, at most ten of them."""
    shown = ", ".join(repr(name) for name in names[:10]) or "(none)"
    return shown + (f" and {len(names) - 10} more" if len(names) > 10 else "")


def _npz_parts(path: Path, test_fraction: float, seed: int) -> tuple[NDArray[Any], ...]:
    """x_train, y_train, x_test and y_test of an .npz file."""
    names = member_names(path)
    if all(name in names for name in ARRAYS):
        read = read_npz(path, ARRAYS)
        return tuple(read[name] for name in ARRAYS)
    for pair in (("x", "y"), ("X", "y")):
        if all(name in names for name in pair):
            read = read_npz(path, pair)
            return _split(path, read[pair[0]], read["y"], test_fraction, seed)
    raise FileFormatError(
        f"{path}: has the arrays {_quoted(names)}. Expected x_train, y_train, x_test and y_test, "
        f"or x and y: save it with np.savez(path, x=..., y=...)."
    )


def _split(
    path: Path, x: NDArray[Any], y: NDArray[Any], test_fraction: float, seed: int
) -> tuple[NDArray[Any], ...]:
    """Rows of x and y at random into training and test, each in the original order."""
    if not 0.0 < test_fraction < 1.0:
        raise ArgumentError(
            f"test_fraction={test_fraction}. Expected a share between 0 and 1, such as 0.2."
        )
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise ArgumentError(f"seed={seed!r}. Expected a whole number from 0 to 4294967295.")
    _check_rows(path, x, y)
    rows = len(x)
    if rows < 2:
        raise DataError(f"{path}: has {rows} row. Expected at least 2, to train and to test with.")
    n_test = min(max(1, round(rows * test_fraction)), rows - 1)
    # RandomState's stream is frozen for all NumPy versions, Generator's is not.
    is_test = np.zeros(rows, bool)
    is_test[np.random.RandomState(seed).permutation(rows)[:n_test]] = True
    return x[~is_test], y[~is_test], x[is_test], y[is_test]


def _check_rows(path: Path, x: NDArray[Any], y: NDArray[Any]) -> None:
    """Refuse samples that are no numbers, and labels that are not one per sample."""
    if x.ndim < 1 or x.dtype.kind in "US":
        raise DataError(
            f"{path}: x has shape {x.shape} and type {x.dtype.name}. Expected numbers, one sample "
            f"per row."
        )
    if y.ndim < 1 or len(x) != len(y) or not len(x):
        raise DataError(
            f"{path}: x has shape {x.shape} and y {y.shape}. Expected at least one row, and as "
            f"many in y as in x."
        )


def _classes(
    path: Path,
    labels: tuple[NDArray[Any], NDArray[Any]],
    class_names: Sequence[str] | None,
    floats_are_classes: bool,
) -> tuple[tuple[NDArray[Any], NDArray[Any]], tuple[str, ...]]:
    """Labels as class numbers, with the names; unchanged and without names if not classes."""
    train, test = labels
    if (train.dtype.kind in "US") != (test.dtype.kind in "US"):
        raise DataError(
            f"{path}: y_train has the type {train.dtype.name} and y_test {test.dtype.name}. "
            f"Expected the same kind: save them again."
        )
    if train.dtype.kind in "US":
        return _encoded(path, (train.astype(str), test.astype(str)), class_names)
    is_column = train.ndim == 1 or train.shape[1:] == (1,)
    kinds = "biuf" if floats_are_classes else "biu"
    for y in labels:
        in_range = y.dtype.kind in kinds and y.min() >= 0 and y.max() < _MAX_CLASSES
        if not (is_column and in_range and (y == np.floor(y)).all()):
            return labels, ()
    if floats_are_classes:
        train, test = train.astype(np.int64), test.astype(np.int64)
    count = int(max(train.max(), test.max())) + 1
    names = tuple(str(i) for i in range(count))
    if class_names is not None and len(class_names) >= count:
        names = tuple(class_names)
    return (train, test), names


def _encoded(
    path: Path, labels: tuple[NDArray[Any], NDArray[Any]], class_names: Sequence[str] | None
) -> tuple[tuple[NDArray[Any], NDArray[Any]], tuple[str, ...]]:
    """Text labels as the numbers of their names."""
    present = sorted(set(np.concatenate([y.ravel() for y in labels]).tolist()))
    names = list(present if class_names is None else class_names)
    unknown = [name for name in present if name not in names]
    if unknown:
        raise DataError(
            f"{path}: has the label {unknown[0]!r}. Expected the classes {_quoted(names)}: "
            f"correct the label, or train with this file."
        )
    number = {name: i for i, name in enumerate(names)}
    encoded = [
        np.array([number[name] for name in y.ravel().tolist()], np.int64).reshape(y.shape)
        for y in labels
    ]
    return (encoded[0], encoded[1]), tuple(names)
