"""``Dataset``: training and test arrays with what a program must know to use them. How it is read
from a file or fetched is decided in ``files.py`` and ``image_set.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Dataset:
    """Training and test data of one data set.

    Parameters
    ----------
    x_train, x_test : samples, of shapes (n_train, ...) and (n_test, ...).
    y_train, y_test : labels or targets, with n_train and n_test rows.
    name : ``"mnist"``, or the file's name without folder and suffix.
    class_names : the name of class k at index k; empty when y holds numbers to predict and not
        classes.
    scale : x divided by this lies in 0..1 (255.0 for bytes, 16.0 for the digits); 1.0 where the
        range is not known.
    source : the file or folder that was read.

    Examples
    --------
    >>> from fastnn.datasets import load
    >>> data = load("digits")
    >>> data.x_train.shape, data.scale, len(data.class_names)
    ((1437, 8, 8), 16.0, 10)
    """

    x_train: NDArray[Any]
    y_train: NDArray[Any]
    x_test: NDArray[Any]
    y_test: NDArray[Any]
    name: str
    class_names: tuple[str, ...]
    scale: float
    source: Path

    @property
    def arrays(self) -> tuple[tuple[NDArray[Any], NDArray[Any]], tuple[NDArray[Any], NDArray[Any]]]:
        """The arrays in Keras's form: ``(x_train, y_train), (x_test, y_test)``."""
        return (self.x_train, self.y_train), (self.x_test, self.y_test)
