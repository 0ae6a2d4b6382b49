"""Activations as functions: values, special values, Keras's extra arguments, names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn import activations, config, layers, ops
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


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "sparsemax", "glu"])
def test_along_another_axis(name: str) -> None:
    function = getattr(activations, name)
    x = np.random.default_rng(4).normal(size=(4, 2, 6))
    for axis in (0, 1, 2, -1, -2, -3):
        expected = np.moveaxis(function(np.moveaxis(x, axis, -1)), -1, axis)
        np.testing.assert_allclose(function(x, axis=axis), expected, rtol=1e-12)
    np.testing.assert_array_equal(function(x[0, 0], axis=0), function(x)[0, 0])
    tensor = Tensor((BATCH, 4, 6), "float32")
    assert function(tensor, axis=1).shape == ((BATCH, 2, 6) if name == "glu" else tensor.shape)
    with pytest.raises(UnsupportedError, match=f"{name}: received axis=0, the batch axis"):
        function(tensor, axis=0)
    with pytest.raises(UnsupportedError, match=r"axis is the batch|the batch axis"):
        function(Tensor((BATCH,), "float32"))
    with pytest.raises(ArgumentError, match=f"{name}: received axis=3 for a tensor of 3 axes"):
        function(x, axis=3)


def test_sparsemax_is_the_nearest_point_of_the_simplex() -> None:
    random = np.random.default_rng(5)
    x = random.normal(size=(50, 7)) * random.choice([0.1, 1.0, 10.0], (50, 1))
    y = activations.sparsemax(x)
    np.testing.assert_allclose(y.sum(axis=-1), 1.0, rtol=1e-12)
    assert (y >= 0).all()
    assert (y == 0).any()
    # the nearest: x - y is the same where y > 0, and nowhere larger
    distance = (x - y).max(axis=-1, keepdims=True)
    np.testing.assert_allclose(np.where(y > 0, x - y, distance), distance * np.ones(7), atol=1e-12)
    assert activations.sparsemax([[3.0, 3.0]]).tolist() == [[0.5, 0.5]]


def test_arguments_and_sizes_that_do_not_fit() -> None:
    with pytest.raises(ShapeError, match=r"glu: received a tensor .* has the odd size 5"):
        activations.glu(X)
    for name, arguments in {
        "celu": {"alpha": 0},
        "elu": {"alpha": "1"},
        "squareplus": {"b": -1},
        "soft_shrink": {"threshold": -1},
        "hard_shrink": {"threshold": None},
        "leaky_relu": {"negative_slope": np.nan},
    }.items():
        given = next(iter(arguments))
        with pytest.raises(ArgumentError, match=f"{name}: received {given}="):
            getattr(activations, name)(X, **arguments)


def test_nan_stays_in_every_activation() -> None:
    for name in activations.REGISTRY.classes:
        settings = {"threshold": (0.0, 1.0)}.get(name, ())
        y = activations.get(name)(np.array([[np.nan, 1.0, np.nan, 1.0]]), *settings)
        assert np.isnan(y[0, 0]), name


def test_huge_numbers_are_harmless() -> None:
    for name in activations.REGISTRY.classes:
        if name == "exponential":
            continue
        settings = {"threshold": (0.0, 1.0)}.get(name, ())
        x = np.array([[1e4, -1e4, 1e30, -1e30, 88.8, -88.8]])
        for dtype in ("float32", "float64"):
            y = activations.get(name)(x.astype(dtype), *settings)
            finite = np.isfinite(y) | (name == "squareplus")  # x² overflows in float32, as Keras's
            assert finite.all(), name


def test_the_step_of_the_perceptron() -> None:
    x = [-1.0, -0.0, 0.0, 1e-30, 3.0]
    assert activations.binary_step(x).tolist() == [0.0, 0.0, 0.0, 1.0, 1.0]


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_nothing_is_learned_through_a_step(optimizer: str, backend: str) -> None:
    dense = layers.Dense(3, activation="binary_step")
    model = fastnn.Sequential([layers.Input((5,)), dense], backend=backend)
    model.compile(optimizer=optimizer, loss="mse")
    before = model.get_weights()
    model.fit(X, np.zeros((3, 3)), epochs=2, verbose=0)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ["gelu", "mish", "elu", "softplus", "sparsemax", "glu"])
def test_training_with_an_activation(name: str, backend: str) -> None:
    """Names in Dense: one step of descent is against the gradient."""
    dense = layers.Dense(4, activation=name)
    model = fastnn.Sequential([layers.Input((5,)), dense, layers.Dense(1)], backend=backend, seed=1)
    model.compile(optimizer=fastnn.optimizers.SGD(0.5), loss="mse")
    y = np.ones((3, 1))
    gradients = model.gradients(X, y)
    before = model.get_weights()
    model.fit(X, y, batch_size=3, verbose=0)
    named = [gradients[variable.path] for variable in model.trainable_weights]
    for a, b, gradient in zip(before, model.get_weights(), named, strict=True):
        np.testing.assert_allclose(b, a - 0.5 * gradient, rtol=1e-4, atol=1e-5)


def test_a_function_of_ops_in_dense(backend: str) -> None:
    def wave(x: Any) -> Any:
        return ops.sin(x) ** 2 + ops.erf(x) % 0.3

    model = fastnn.Sequential([layers.Input((5,)), layers.Activation(wave)], backend=backend)
    np.testing.assert_allclose(model.predict(X, verbose=0), wave(X), rtol=1e-4, atol=1e-5)


def test_a_symbolic_tensor_gives_a_symbolic_tensor() -> None:
    out = activations.relu(Tensor((BATCH, 3), "float32"))
    assert isinstance(out, Tensor)
    assert out.shape == (BATCH, 3)


def test_aliases() -> None:
    assert activations.get("swish") is activations.swish is activations.silu
    assert activations.get("hard_swish") is activations.hard_silu
    assert activations.serialize(activations.swish) == "silu"


@pytest.mark.parametrize(
    "name", sorted(set(activations.REGISTRY.classes) - {"swish", "hard_swish"})
)
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
    with pytest.raises(ArgumentError, match=r"'sigmod'. Did you mean 'sigmoid'.*'linear'.*'relu'"):
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
