"""Activations as functions: values, special values, Keras's extra arguments, names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fastnn import activations, config
from fastnn.errors import ArgumentError, ShapeError, UnsupportedError
from fastnn.program.tensor import BATCH, Tensor

X = np.random.default_rng(3).normal(size=(3, 5)) * 4


def reference_relu(x: Any, slope: float, limit: float | None, start: float) -> Any:
    """Keras's definition: limit above, slope below the threshold."""
    y = np.where(x > start, x, slope * (x - start))
    return y if limit is None else np.minimum(y, limit)


def test_the_example_of_the_documentation() -> None:
    assert activations.relu([-1, 2, -0.5, 3]).tolist() == [0, 2, 0, 3]


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("sigmoid", lambda x: 1 / (1 + np.exp(-x))),
        ("tanh", np.tanh),
        ("linear", lambda x: x),
        ("softmax", lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True)),
    ],
)
def test_values_in_both_types(name: str, reference: Any) -> None:
    function = activations.get(name)
    np.testing.assert_allclose(function(X), reference(X), rtol=1e-12)
    single = function(X.astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, reference(X), rtol=2e-6)


@pytest.mark.parametrize("slope", [0.0, 0.3])
@pytest.mark.parametrize("limit", [None, 2.0, 6])
@pytest.mark.parametrize("start", [0.0, 1.0, -0.5])
def test_relu_with_all_arguments(slope: float, limit: float | None, start: float) -> None:
    out = activations.relu(X, negative_slope=slope, max_value=limit, threshold=start)
    expected = reference_relu(X, slope, limit, start)
    if limit is not None and start < 0:
        expected = np.where(start < X, np.clip(X, 0, limit), slope * (X - start))  # as Keras clips
    np.testing.assert_allclose(out, expected, rtol=1e-12)


def test_relu_with_a_limit_is_never_between_threshold_and_zero() -> None:
    # Keras clips to [0, max_value] even where the threshold lies below 0
    assert activations.relu([-0.3, 0.5], max_value=2.0, threshold=-0.5).tolist() == [0.0, 0.5]


def test_nan_stays_and_large_numbers_are_finite() -> None:
    assert np.isnan(activations.relu([np.nan])).all()
    assert activations.sigmoid([1e4, -1e4]).tolist() == [1.0, 0.0]
    assert activations.softmax([[1e4, -1e4, 0.0]]).tolist() == [[1.0, 0.0, 0.0]]


def test_a_list_is_of_the_default_type_and_an_array_of_its_own() -> None:
    assert activations.relu([1.0]).dtype == np.float32
    assert activations.relu(np.array([1.0])).dtype == np.float64
    assert activations.relu(np.array([1, -1])).dtype == np.float32
    config.set_floatx("float64")
    try:
        assert activations.relu([1.0]).dtype == np.float64
    finally:
        config.set_floatx("float32")


def test_any_number_of_axes() -> None:
    assert activations.relu(-2.0).shape == ()
    assert activations.relu(np.zeros((0, 3))).shape == (0, 3)
    assert activations.relu(np.zeros(0)).shape == (0,)
    assert activations.tanh(np.zeros((2, 3, 4))).shape == (2, 3, 4)
    np.testing.assert_allclose(activations.softmax(X[0]), activations.softmax(X)[0], rtol=1e-12)
    np.testing.assert_array_equal(activations.relu(X[::-1, ::2]), np.maximum(X[::-1, ::2], 0))


def test_softmax_along_another_axis() -> None:
    activations.softmax(X, axis=1)
    with pytest.raises(UnsupportedError, match=r"softmax: received axis=0.*last axis"):
        activations.softmax(X, axis=0)
    with pytest.raises(UnsupportedError, match="last axis is the batch"):
        activations.softmax(Tensor((BATCH,), "float32"))


def test_a_symbolic_tensor_gives_a_symbolic_tensor() -> None:
    out = activations.relu(Tensor((BATCH, 3), "float32"))
    assert isinstance(out, Tensor)
    assert out.shape == (BATCH, 3)


@pytest.mark.parametrize("name", ["relu", "sigmoid", "tanh", "softmax", "linear"])
def test_names_round_trip(name: str) -> None:
    function = activations.get(name)
    assert activations.serialize(function) == name
    assert activations.deserialize(name) is function
    assert activations.get(function) is function
    keras = {"module": "builtins", "class_name": "function", "config": name}
    assert activations.get(keras) is function


def test_no_name_is_the_identity() -> None:
    assert activations.get(None) is activations.linear


def test_unknown_names_and_objects() -> None:
    with pytest.raises(ArgumentError, match=r"'sigmod'. Did you mean 'sigmoid'.*'linear', 'relu'"):
        activations.get("sigmod")
    with pytest.raises(ArgumentError, match="received 7 as an activation"):
        activations.get(7)
    with pytest.raises(ArgumentError, match="lambda"):
        activations.serialize(lambda x: x)
    with pytest.raises(ArgumentError, match="not an array of numbers"):
        activations.relu([[1.0], [2.0, 3.0]])
    with pytest.raises(ArgumentError, match="x of type NoneType that is not an array of numbers"):
        activations.relu(None)
    with pytest.raises(ArgumentError, match="max_value=-1"):
        activations.relu(X, max_value=-1)


def test_a_custom_function_by_name() -> None:
    def double(x: Any) -> Any:
        return x * 2.0

    assert activations.serialize(double) == "double"
    assert activations.get("double", {"double": double}) is double


def test_shapes_that_cannot_be_broadcast() -> None:
    from fastnn import ops

    with pytest.raises(ShapeError, match=r"add: received arrays of shapes x1 \(2,\), x2 \(3,\)"):
        ops.add(np.zeros(2), np.zeros(3))
