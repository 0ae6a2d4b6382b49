"""Data sets by name: the three that fastnn knows, or the path of a file of the user's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fastnn.datasets import digits, fashion_mnist, mnist
from fastnn.datasets.dataset import Dataset
from fastnn.datasets.files import load_file
from fastnn.datasets.image_set import ImageSet
from fastnn.registry import unknown_name

_IMAGE_SETS: dict[str, ImageSet] = {"mnist": mnist.SET, "fashion_mnist": fashion_mnist.SET}
NAMES = ("digits", *_IMAGE_SETS)


def available(name: str) -> Path | None:
    """Where a data set lies on this machine, or None if it would have to be downloaded.

    Parameters
    ----------
    name : ``"digits"`` (always there), ``"mnist"`` or ``"fashion_mnist"``.

    Returns
    -------
    The file or folder. It is not opened: ``load`` may still find that it is damaged.

    Raises
    ------
    ArgumentError : another name.

    Examples
    --------
    >>> from fastnn.datasets import available
    >>> available("digits").name
    'digits.npz'
    """
    if name == "digits":
        return digits.FILE
    if name not in _IMAGE_SETS:
        raise unknown_name("data set", name, list(NAMES))
    return _IMAGE_SETS[name].find()


def load(
    name_or_path: str,
    *,
    test_fraction: float = 0.2,
    seed: int = 0,
    class_names: Sequence[str] | None = None,
) -> Dataset:
    """A data set by name, or from an .npz or .csv file.

    Parameters
    ----------
    name_or_path : ``"digits"``, ``"mnist"``, ``"fashion_mnist"``, or a path that ends in .npz or
        .csv.
    test_fraction, seed, class_names : for files only, as in ``load_file``.

    Raises
    ------
    ArgumentError : no known name and no such file.
    DownloadError, FileFormatError, DataError : see ``mnist.load_data`` and ``load_file``.

    Examples
    --------
    >>> from fastnn.datasets import load
    >>> load("digits").x_test.shape
    (360, 8, 8)
    """
    if name_or_path == "digits":
        return digits.load_dataset()
    if name_or_path in _IMAGE_SETS:
        return _IMAGE_SETS[name_or_path].load()
    if Path(name_or_path).suffix.lower() not in (".npz", ".csv"):
        error = unknown_name("data set", name_or_path, list(NAMES))
        raise type(error)(f"{error} Or give the path of an .npz or .csv file.")
    return load_file(name_or_path, test_fraction=test_fraction, seed=seed, class_names=class_names)
