"""Dense: its formula in both dtypes, its shapes, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fastnn import initializers, layers
from fastnn.errors import ArgumentError, ShapeError, UnsupportedError
from fastnn.program.tensor import BATCH, Tensor


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("activation", [None, "relu", "tanh", "sigmoid"])
def test_output_is_activation_of_product_plus_bias(dtype: str, activation: str | None) -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(5, 7)).astype(dtype)
    layer = layers.Dense(3, activation, bias_initializer="ones", dtype=dtype)
    out = layer(x)
    z = x @ layer.kernel.numpy() + 1
    apply: dict[str | None, Any] = {
        None: lambda a: a,
        "relu": lambda a: np.maximum(a, 0),
        "tanh": np.tanh,
        "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    }
    assert out.dtype == dtype
    # sums of 7 products: a few ulp
    np.testing.assert_allclose(
        out, apply[activation](z), atol=1e-6 if dtype == "float32" else 1e-14
    )


def test_without_bias_there_is_one_weight() -> None:
    layer = layers.Dense(2, use_bias=False, kernel_initializer="ones")
    assert layer([[1.0, 2.0]]).tolist() == [[3.0, 3.0]]
    assert layer.bias is None
    assert [w.name for w in layer.weights] == ["kernel"]


def test_leading_axes_are_kept() -> None:
    layer = layers.Dense(4)
    x = np.random.default_rng(0).normal(size=(2, 3, 5))
    out = layer(x)
    assert out.shape == (2, 3, 4)
    np.testing.assert_allclose(out[1, 2], layer(x[1, 2:3])[0], atol=1e-6)


def test_initializers_make_the_weights() -> None:
    layer = layers.Dense(2, kernel_initializer=initializers.Constant(3.0), bias_initializer="ones")
    layer(np.zeros((1, 2)))
    np.testing.assert_array_equal(layer.kernel.numpy(), np.full((2, 2), 3.0))
    np.testing.assert_array_equal(layer.bias.numpy(), np.ones(2))


def test_a_custom_activation_is_a_function_of_a_tensor() -> None:
    layer = layers.Dense(1, activation=lambda z: z * z, kernel_initializer="ones")
    assert layer([[3.0]]).tolist() == [[9.0]]


def test_images_without_flatten_are_explained() -> None:
    layer = layers.Dense(10, name="hidden")
    layer(np.zeros((1, 784)))
    with pytest.raises(
        ShapeError,
        match=r"Dense 'hidden': expected inputs of shape \(batch, 784\), received "
        r"\(batch, 28, 28\)\. Add Flatten\(\) before it, or reshape x to \(batch, 784\)\.",
    ):
        layer(Tensor((BATCH, 28, 28), "float32"))


def test_another_width_is_refused() -> None:
    layer = layers.Dense(10)
    layer(np.zeros((1, 4)))
    with pytest.raises(
        ShapeError, match=r"expected inputs of shape \(batch, 4\), received \(batch, 5\)"
    ):
        layer(np.zeros((1, 5)))


def test_a_batch_of_numbers_is_refused_before_weights_are_made() -> None:
    layer = layers.Dense(3)
    with pytest.raises(
        ShapeError, match=r"received \(batch,\)\. Reshape x of shape \(n,\) to \(n, 1\)"
    ):
        layer(Tensor((BATCH,), "float32"))
    assert layer.weights == []


def test_another_dtype_is_refused() -> None:
    layer = layers.Dense(3, dtype="float64")
    with pytest.raises(ArgumentError, match="expected inputs of dtype float64, received float32"):
        layer(Tensor((BATCH, 2), "float32"))


@pytest.mark.parametrize("units", [0, -1, 2.5, "3", None])
def test_units_must_be_a_positive_integer(units: Any) -> None:
    with pytest.raises(ArgumentError, match=r"units=.*a positive integer"):
        layers.Dense(units)


@pytest.mark.parametrize(
    "argument",
    [
        "lora_rank",
        "lora_alpha",
        "quantization_config",
    ],
)
def test_arguments_of_keras_that_are_not_there_are_named(argument: str) -> None:
    layers.Dense(3, **{argument: None})
    with pytest.raises(UnsupportedError, match=argument):
        layers.Dense(3, **{argument: "l2"})


def test_a_misspelt_activation_is_suggested() -> None:
    with pytest.raises(ArgumentError, match=r"unknown activation 'sigmod'. Did you mean 'sigmoid'"):
        layers.Dense(3, activation="sigmod")
