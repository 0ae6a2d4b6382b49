"""Input and InputLayer: the three ways to give a shape, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from fastnn import layers
from fastnn.errors import ArgumentError, ShapeError, UnsupportedError


@pytest.mark.parametrize(
    "arguments",
    [
        {"shape": (28, 28)},
        {"shape": [28, 28]},
        {"batch_shape": (None, 28, 28)},
        {"input_shape": (28, 28)},
    ],
)
def test_all_spellings_give_the_shape_of_a_sample(arguments: dict[str, Any]) -> None:
    layer = layers.InputLayer(**arguments)
    assert layer.shape == (28, 28)
    assert layer.batch_shape == (None, 28, 28)
    assert layer.input_shape_hint == (28, 28)
    assert layer.built


def test_input_is_an_input_layer() -> None:
    made = layers.Input((784,), batch_size=32, dtype="float64", name="pixels")
    assert isinstance(made, layers.InputLayer)
    assert (made.name, made.dtype, made.batch_shape) == ("pixels", "float64", (32, 784))


def test_the_input_passes_through() -> None:
    assert layers.Input((2,))([[1.0, 2.0]]).tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "received 0 of shape, batch_shape and input_shape"),
        ({"shape": (3,), "batch_shape": (None, 3)}, "received 2 of"),
        ({"batch_shape": (None, 3), "batch_size": 4}, "received batch_size and batch_shape"),
        ({"batch_shape": 3}, r"batch_shape=3.*\(None, 784\)"),
        ({"batch_shape": ()}, "a tuple that begins with the batch size"),
        ({"shape": (3,), "batch_size": 0}, "batch_size=0, expected a positive integer"),
        ({"shape": (3,), "dtype": "string"}, "float32.*float64"),
    ],
)
def test_contradictions_are_explained(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        layers.InputLayer(**arguments)


@pytest.mark.parametrize("shape", [(None, 3), (0,), (-1, 2), (2.5,)])
def test_every_size_must_be_known_and_positive(shape: Any) -> None:
    with pytest.raises(ShapeError, match="shape"):
        layers.Input(shape)


@pytest.mark.parametrize("argument", ["sparse", "ragged", "tensor", "optional"])
def test_kinds_of_input_that_are_not_there_are_named(argument: str) -> None:
    layers.Input((3,), **{argument: None})  # type: ignore[arg-type]
    with pytest.raises(UnsupportedError, match=argument):
        layers.Input((3,), **{argument: True})  # type: ignore[arg-type]
