"""Layers that merge several tensors: values, gradients, shapes, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fastnn import layers
from fastnn.errors import ArgumentError, ShapeError
from fastnn.program.tensor import BATCH, Tensor

RNG = np.random.default_rng(3)
A, B, C = (RNG.normal(size=(5, 4)).astype(np.float32) for _ in range(3))


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (layers.Add(), A + B + C),
        (layers.Multiply(), A * B * C),
        (layers.Average(), (A + B + C) / 3),
        (layers.Maximum(), np.maximum(np.maximum(A, B), C)),
        (layers.Minimum(), np.minimum(np.minimum(A, B), C)),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_values(layer: layers.Layer, expected: Any) -> None:
    np.testing.assert_allclose(layer([A, B, C]), expected, rtol=1e-6, atol=1e-7)
    np.testing.assert_array_equal(layer([A]), A)


def test_subtract_takes_two() -> None:
    np.testing.assert_array_equal(layers.Subtract()([A, B]), A - B)
    with pytest.raises(ArgumentError, match="received 3 inputs, expected exactly 2"):
        layers.Subtract()([A, B, C])


def test_one_tensor_is_no_list() -> None:
    with pytest.raises(ArgumentError, match="received one tensor, expected a list"):
        layers.Add()(Tensor((BATCH, 4), "float32"))


def test_sizes_agree_or_are_one() -> None:
    np.testing.assert_array_equal(layers.Add()([A, B[:, :1]]), A + B[:, :1])
    with pytest.raises(ShapeError, match=r"\(batch, 4\) and \(batch, 3\), expected sizes that are"):
        layers.Add()([A, B[:, :3]])


@pytest.mark.parametrize(
    ("function", "layer", "arguments"),
    [
        ("add", layers.Add, {}),
        ("subtract", layers.Subtract, {}),
        ("multiply", layers.Multiply, {}),
        ("average", layers.Average, {}),
        ("maximum", layers.Maximum, {}),
        ("minimum", layers.Minimum, {}),
        ("concatenate", layers.Concatenate, {"axis": 1}),
        ("dot", layers.Dot, {"axes": 1, "normalize": True}),
    ],
)
def test_a_function_is_its_layer(
    function: str, layer: type[layers.Layer], arguments: dict[str, Any]
) -> None:
    found = getattr(layers, function)([A, B], **arguments, name="made")
    np.testing.assert_array_equal(found, layer(**arguments)([A, B]))
    a, b = Tensor((BATCH, 4), "float32"), Tensor((BATCH, 4), "float32")
    assert getattr(layers, function)([a, b], **arguments).shape == layer(**arguments)([a, b]).shape


def test_functions_have_the_defaults_of_keras() -> None:
    np.testing.assert_array_equal(layers.concatenate([A, B]), np.concatenate([A, B], -1))
    np.testing.assert_allclose(layers.dot([A, B]), np.sum(A * B, -1, keepdims=True), rtol=1e-5)
    with pytest.raises(ArgumentError, match="wrong"):
        layers.add([A, B], wrong=1)
