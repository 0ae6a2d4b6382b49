"""What all layers share: names, configuration round trips, unknown arguments, calls on arrays."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from fastnn import initializers, layers, ops
from fastnn.errors import ArgumentError, ShapeError, StateError, UnsupportedError
from fastnn.layers.layer import automatic_name, reset_names, snake_case

LAYERS: list[layers.Layer] = [
    layers.InputLayer(shape=(3,), name="a"),
    layers.InputLayer(batch_shape=(4, 3, 2), dtype="float64", name="b"),
    layers.Dense(3, activation="relu", use_bias=False, kernel_initializer="he_normal", name="c"),
    layers.Dense(2, kernel_initializer=initializers.RandomNormal(stddev=0.5), dtype="float64"),
    layers.Activation("softmax", name="d", trainable=False),
    layers.Dropout(0.25, seed=7, name="e"),
    layers.Flatten(name="f"),
    layers.Rescaling([1.0, 2.0], offset=np.array([0.5, 0.0]), name="g"),
    layers.Rescaling(1 / 255, name="h"),
]


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_configuration_makes_an_equal_layer(layer: layers.Layer) -> None:
    data = json.loads(json.dumps(layers.serialize(layer)))
    copy = layers.deserialize(data)
    assert type(copy) is type(layer)
    assert copy.get_config() == layer.get_config()
    assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()


def test_only_known_classes_are_made() -> None:
    with pytest.raises(ArgumentError, match=r"unknown layer 'Dens'. Did you mean 'Dense'"):
        layers.deserialize({"class_name": "Dens", "config": {}})
    with pytest.raises(ArgumentError, match="'class_name' and 'config'"):
        layers.deserialize({"module": "os", "name": "system"})
    with pytest.raises(ArgumentError, match=r"received 3 as a layer.*fastnn\.layers\.Dense"):
        layers.get(3)


def test_custom_objects_are_found_inside_a_configuration() -> None:
    def cube(x: Any) -> Any:
        return x * x * x

    class Scaled(initializers.Constant):
        pass

    layer = layers.Dense(1, activation=cube, kernel_initializer=Scaled(2.0))
    with pytest.raises(ArgumentError, match="unknown activation 'cube'"):
        layers.deserialize(layers.serialize(layer))
    copy = layers.deserialize(layers.serialize(layer), {"cube": cube, "Scaled": Scaled})
    assert copy([[1.0]]).tolist() == [[8.0]]


@pytest.mark.parametrize(
    ("make", "known"),
    [
        (lambda **k: layers.Dense(3, **k), "units, activation, use_bias"),
        (lambda **k: layers.Dropout(0.5, **k), "rate, noise_shape, seed"),
        (lambda **k: layers.Flatten(**k), "data_format"),
        (lambda **k: layers.Activation("relu", **k), "activation"),
        (lambda **k: layers.Rescaling(2, **k), "scale, offset"),
        (lambda **k: layers.InputLayer(shape=(1,), **k), "shape, batch_size"),
    ],
)
def test_unknown_arguments_are_refused_with_the_known_ones(make: Any, known: str) -> None:
    with pytest.raises(ArgumentError, match=rf"unknown argument 'unit'.*{known}.*name"):
        make(unit=3)


@pytest.mark.parametrize("make", [layers.Layer, layers.Flatten, lambda **k: layers.Dense(1, **k)])
def test_arguments_of_keras_that_are_not_there_are_named(make: Any) -> None:
    make(activity_regularizer=None, autocast=True)
    with pytest.raises(UnsupportedError, match=r"autocast=False.*Leave it out, or pass True"):
        make(autocast=False)


@pytest.mark.parametrize(
    ("argument", "default", "other"),
    [
        ("autocast", True, False),
        ("aggregation", "none", "mean"),
        ("overwrite_with_gradient", False, True),
    ],
)
def test_arguments_of_add_weight_that_are_not_there(
    argument: str, default: Any, other: Any
) -> None:
    layer = layers.Layer()
    assert layer.add_weight((2,), **{argument: default}).shape == (2,)
    with pytest.raises(UnsupportedError, match=f"add_weight: received {argument}="):
        layer.add_weight((2,), **{argument: other})


def test_automatic_names_count_per_class() -> None:
    reset_names()
    assert [layers.Dense(1).name, layers.Dense(1).name, layers.Flatten().name] == [
        "dense",
        "dense_1",
        "flatten",
    ]
    assert automatic_name("InputLayer") == "input_layer"
    assert snake_case("RMSprop") == "rm_sprop"
    reset_names()


def test_an_array_in_gives_an_array_out() -> None:
    layer = layers.Dense(2, kernel_initializer="ones")
    out = layer([[1, 2, 3]])
    assert isinstance(out, np.ndarray)
    assert out.dtype == np.float32
    np.testing.assert_array_equal(out, [[6.0, 6.0]])
    assert layer.count_params() == 8


def test_an_unbuilt_layer_says_so() -> None:
    with pytest.raises(StateError, match="has no weights yet"):
        layers.Dense(2).count_params()
    with pytest.raises(AttributeError, match="has no kernel yet"):
        _ = layers.Dense(2).kernel


def test_weights_are_copies_and_set_all_or_none() -> None:
    layer = layers.Dense(2)
    layer(np.zeros((1, 3)))
    taken = layer.get_weights()
    taken[0][:] = 5.0
    assert not np.any(layer.kernel.numpy() == 5.0)
    before = layer.kernel.numpy()
    with pytest.raises(ShapeError, match=r"kernel.*\(3, 2\).*\(2, 3\)"):
        layer.set_weights([np.ones((2, 3)), np.ones(2)])
    with pytest.raises(ShapeError, match="has 2 weights, received 1"):
        layer.set_weights([np.ones((3, 2))])
    np.testing.assert_array_equal(layer.kernel.numpy(), before)


def test_a_custom_layer_is_written_in_ops() -> None:
    class Affine(layers.Layer):
        def build(self, input_shape: Any) -> None:
            self.factor = self.add_weight((input_shape[-1],), "ones", name="factor")

        def call(self, inputs: Any) -> Any:
            return ops.tanh(inputs * self.factor)

    layer = Affine()
    x = np.array([[0.5, -1.0]], np.float32)
    np.testing.assert_allclose(layer(x), np.tanh(x), rtol=1e-6)
    assert [w.path for w in layer.weights] == [f"{layer.name}/factor"]


def test_a_layer_without_a_formula_says_so() -> None:
    class Empty(layers.Layer):
        pass

    with pytest.raises(ArgumentError, match=r"'Empty' does not define call\(inputs\)"):
        Empty()([[1.0]])
