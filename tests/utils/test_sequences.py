"""``pad_sequences``: what Keras gives, and errors that name the place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fastnn.errors import ArgumentError, DataError, ShapeError
from fastnn.utils import pad_sequences

RAGGED = [[1], [2, 3], [4, 5, 6, 7], []]
CASES: list[tuple[dict[str, Any], list[list[int]]]] = [
    ({}, [[0, 0, 0, 1], [0, 0, 2, 3], [4, 5, 6, 7], [0, 0, 0, 0]]),
    ({"maxlen": 2}, [[0, 1], [2, 3], [6, 7], [0, 0]]),
    ({"maxlen": 2, "truncating": "post"}, [[0, 1], [2, 3], [4, 5], [0, 0]]),
    ({"maxlen": 3, "padding": "post", "value": -1}, [[1, -1, -1], [2, 3, -1], [5, 6, 7], [-1] * 3]),
]


@pytest.mark.parametrize(("arguments", "expected"), CASES)
def test_rows_are_filled_up_or_cut(arguments: dict[str, Any], expected: list[list[int]]) -> None:
    found = pad_sequences(RAGGED, **arguments)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, expected)


def test_other_contents() -> None:
    steps = [np.ones((2, 3)), np.full((1, 3), 2.0)]
    found = pad_sequences(steps, dtype="float32")
    np.testing.assert_array_equal(found[:, 0, 0], [1.0, 0.0])
    assert (found.shape, found.dtype) == ((2, 2, 3), np.float32)
    assert pad_sequences([["a"], ["b", "c"]], dtype=object, value="-").tolist() == [
        ["-", "a"],
        ["b", "c"],
    ]
    assert pad_sequences([]).shape == (0, 0)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"sequences": 3}, ArgumentError, "received int, expected a list of sequences"),
        ({"sequences": [[1], 2]}, DataError, "received int at position 1, expected a sequence"),
        ({"sequences": [[1]], "padding": "before"}, ArgumentError, "padding='before'"),
        ({"sequences": [[1]], "maxlen": 0}, ArgumentError, "maxlen=0"),
        ({"sequences": [[1]], "value": "x"}, ArgumentError, "value='x' with dtype='int32'"),
        (
            {"sequences": [np.ones((1, 2)), np.ones((1, 3))]},
            ShapeError,
            r"sequence 1 has steps of shape \(3,\)",
        ),
    ],
)
def test_errors(arguments: dict[str, Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        pad_sequences(**arguments)
