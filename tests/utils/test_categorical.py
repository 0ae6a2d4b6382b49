"""``to_categorical``: Keras's shapes and dtype, and the labels that Keras lets pass."""

from __future__ import annotations

import numpy as np
import pytest

from fastnn.errors import ArgumentError, DataError
from fastnn.utils import to_categorical


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64", "float32", "bool"])
def test_values(dtype: str):
    found = to_categorical(np.array([1, 0, 1]).astype(dtype))
    np.testing.assert_array_equal(found, [[0, 1], [1, 0], [0, 1]])
    assert found.dtype == np.float64


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((4,), (4, 5)),
        ((4, 1), (4, 5)),
        ((2, 3), (2, 3, 5)),
        ((1,), (1, 5)),
        ((0,), (0, 5)),
        ((), (5,)),
    ],
)
def test_shapes(shape: tuple[int, ...], expected: tuple[int, ...]):
    labels = np.full(shape, 2)
    found = to_categorical(labels, num_classes=5)
    assert found.shape == expected
    assert (found.argmax(-1) == 2).all()


@pytest.mark.parametrize(
    ("labels", "classes", "message"),
    [
        ([0, 3, 1], 3, r"received the label 3 at position \(1,\), expected labels from 0 to 2"),
        ([0, -1], None, r"received the label -1 at position \(1,\)"),
        ([-1, -2], None, r"received the label -1 at position \(0,\)"),
        ([[0, 1.5]], 3, r"received the label 1\.5 at position \(0, 1\), expected whole numbers"),
        ([np.nan], 3, "received the label nan"),
        (["cat"], None, "received labels of dtype <U3, expected integers"),
    ],
)
def test_bad_labels(labels: object, classes: int | None, message: str):
    with pytest.raises(DataError, match=message):
        to_categorical(labels, classes)


@pytest.mark.parametrize("classes", [0, -2, 2.0, "3"])
def test_bad_num_classes(classes: object):
    with pytest.raises(
        ArgumentError, match=r"received num_classes=.*, expected a positive integer"
    ):
        to_categorical([0], classes)
    with pytest.raises(ArgumentError, match="received no labels and no num_classes"):
        to_categorical([])
