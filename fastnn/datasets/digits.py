"""The 1,797 handwritten digits of 8x8 pixels that come with fastnn, so that something real can be
trained without a download. Their origin and licence are in ``README.md`` of this folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.datasets.dataset import Dataset
from fastnn.datasets.npz import read_npz

FILE = Path(__file__).with_name("digits.npz")
_EVERY = 5


def load_dataset() -> Dataset:
    """The digits as a ``Dataset``; ``load_data`` says how they are split."""
    arrays = read_npz(FILE, ("x", "y"))
    x, y = arrays["x"], arrays["y"]
    is_test = np.zeros(len(y), bool)
    is_test[np.argsort(y, kind="stable")[::_EVERY]] = True
    train = ~is_test
    return Dataset(
        x[train], y[train], x[is_test], y[is_test], "digits", tuple("0123456789"), 16.0, FILE
    )


def load_data() -> tuple[
    tuple[NDArray[np.uint8], NDArray[np.uint8]], tuple[NDArray[np.uint8], NDArray[np.uint8]]
]:
    """Load the 1,797 real 8x8 handwritten digits that come with fastnn.

    The split is fixed and needs no random numbers: with the samples sorted by class (and by their
    original order within a class), every fifth from the first on is a test sample. So 1,437 are for
    training and 360 for testing, with 35 to 37 test samples per class; both keep the original
    order. The same 13 people wrote both parts, so the test accuracy says little about new writers.

    Returns
    -------
    ``(x_train, y_train), (x_test, y_test)``: images uint8 of shape (1437, 8, 8) and (360, 8, 8),
    **0 to 16**, so divide by 16; labels uint8 of shape (1437,) and (360,), 0 to 9.

    Examples
    --------
    >>> from fastnn.datasets import digits
    >>> (x_train, y_train), (x_test, y_test) = digits.load_data()
    >>> x_train.shape, x_test.shape, int(x_train.max())
    ((1437, 8, 8), (360, 8, 8), 16)

    References
    ----------
    E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning
    Repository, 1998, https://doi.org/10.24432/C50P49. Licence: CC BY 4.0.

    Differs from Keras: Keras has no such data set; the form is that of ``keras.datasets.mnist``.
    """
    arrays: tuple[Any, Any] = load_dataset().arrays
    return arrays
