"""Flatten, Rescaling and Activation: their values, shapes and errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fastnn import layers
from fastnn.errors import ArgumentError, ShapeError, UnsupportedError
from fastnn.program.tensor import BATCH, Tensor


def test_flatten_keeps_rows_and_order() -> None:
    x = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    np.testing.assert_array_equal(layers.Flatten()(x), x.reshape(2, 12))


def test_flatten_gives_numbers_an_axis() -> None:
    assert layers.Flatten()(Tensor((BATCH,), "float32")).shape == (BATCH, 1)
    assert layers.Flatten()(Tensor((BATCH, 5), "float32")).shape == (BATCH, 5)


def test_flatten_knows_one_order_of_axes() -> None:
    layers.Flatten("channels_last")
    with pytest.raises(UnsupportedError, match="channels_first"):
        layers.Flatten("channels_first")
    with pytest.raises(ArgumentError, match="data_format='last'"):
        layers.Flatten("last")


def test_rescaling_by_numbers() -> None:
    x = np.array([[0.0, 127.5, 255.0]], np.float32)
    np.testing.assert_allclose(layers.Rescaling(1 / 127.5, offset=-1)(x), [[-1, 0, 1]], atol=1e-7)


def test_rescaling_per_channel() -> None:
    x = np.ones((2, 4, 3), np.float32)
    out = layers.Rescaling([1, 2, 3], offset=np.array([0.0, 0.5, 1.0]))(x)
    np.testing.assert_array_equal(out, np.broadcast_to([1.0, 2.5, 4.0], (2, 4, 3)))
    np.testing.assert_array_equal(layers.Rescaling(2.0, offset=[0, 1, 2])(x)[0, 0], [2, 3, 4])


def test_rescaling_by_a_vector_of_another_length() -> None:
    with pytest.raises(ShapeError, match=r"scale has 2 numbers, but the last axis .* has size 3"):
        layers.Rescaling([1.0, 2.0])(np.ones((1, 3)))


@pytest.mark.parametrize("scale", ["x", None, float("inf"), [[1.0]], []])
def test_rescaling_needs_finite_numbers(scale: Any) -> None:
    with pytest.raises(ArgumentError, match="scale="):
        layers.Rescaling(scale)


def test_activation_applies_its_function() -> None:
    x = np.array([[-1.0, 2.0]], np.float32)
    np.testing.assert_array_equal(layers.Activation("relu")(x), [[0.0, 2.0]])
    np.testing.assert_array_equal(layers.Activation(lambda z: z + 1.0)(x), [[0.0, 3.0]])
    with pytest.raises(ArgumentError, match=r"unknown activation 'rel'. Did you mean 'relu'"):
        layers.Activation("rel")
    with pytest.raises(ArgumentError, match="received 3 as an activation"):
        layers.Activation(3)
