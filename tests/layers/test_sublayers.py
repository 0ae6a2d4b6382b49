"""Layers inside layers: found, named, built, frozen, saved, seeded; calls inside calls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn import layers, ops
from fastnn.errors import ArgumentError, FileFormatError, StateError
from fastnn.program.tensor import BATCH, Tensor

X = np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32)


class Block(layers.Layer):
    """Three inner layers: an attribute, one in a list, one made in build."""

    def __init__(self, units: int = 3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.first = layers.Dense(units, "tanh")
        self.rest = [layers.Dropout(0.5), layers.Dense(units)]

    def build(self, input_shape: Any) -> None:
        self.last = layers.Dense(2)
        self.last.build((None, self.units))
        self.scale = self.add_weight((2,), "ones", name="scale")

    def call(self, inputs: Any) -> Any:
        x = self.first(inputs)
        for layer in self.rest:
            x = layer(x)
        return self.last(x) * self.scale

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


def model(**arguments: Any) -> fastnn.Sequential:
    made = fastnn.Sequential([fastnn.Input((4,)), Block(name="block")], seed=1, **arguments)
    made.compile("sgd", "mse")
    return made


NAMES = [
    "block/scale",
    "block/first/kernel",
    "block/first/bias",
    "block/rest/1/kernel",
    "block/rest/1/bias",
    "block/last/kernel",
    "block/last/bias",
]


def test_weights_of_inner_layers_are_found_and_named_by_structure() -> None:
    made = model()
    assert list(made.named_weights()) == NAMES
    assert made.count_params() == 2 + 4 * 3 + 3 + 3 * 3 + 3 + 3 * 2 + 2
    assert len(made.layers[0].weights) == 7


def test_inner_layers_are_trained(backend: str) -> None:
    made = model(backend=backend)
    before = made.get_weights()
    made.fit(X, X[:, :2], epochs=3, verbose=0)
    assert all(np.any(a != b) for a, b in zip(before, made.get_weights(), strict=True))
    assert set(made.gradients(X, X[:, :2])) == {*NAMES, "input"}


def test_one_seed_gives_one_model() -> None:
    """Inner layers draw weights and masks from the model, those made in build too."""
    one, two = model(), model()
    for made in (one, two):
        made.fit(X, X[:, :2], epochs=2, verbose=0)
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_inner_random_layers_have_masks_of_their_own() -> None:
    class Twice(layers.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.drops = [layers.Dropout(0.5), layers.Dropout(0.5)]

        def call(self, inputs: Any) -> Any:
            return self.drops[0](inputs) - self.drops[1](inputs)

    made = fastnn.Sequential([fastnn.Input((64,)), Twice(), layers.Dropout(0.0)], seed=1)
    x = np.ones((4, 64))
    assert np.any(made(x, training=True) != 0)
    np.testing.assert_array_equal(made(x), np.zeros((4, 64)))


def test_training_reaches_inner_layers() -> None:
    """call(inputs) without training hands the outer call's on, as in Keras."""
    layer = Block()
    assert np.any(layer(X, training=True) != layer(X))
    np.testing.assert_array_equal(layer(X), layer(X, training=False))


def test_freezing_at_any_level() -> None:
    """The counts are those of Keras 3.15."""
    made = fastnn.Sequential([fastnn.Input((4,)), Block(name="block"), layers.Dense(1)])
    block = made.layers[0]
    assert isinstance(block, Block)
    assert len(made.trainable_weights) == 9
    block.trainable = False
    assert not block.first.trainable
    assert (len(block.trainable_weights), len(made.trainable_weights)) == (0, 2)
    block.first.trainable = True
    assert (len(block.trainable_weights), len(made.trainable_weights)) == (0, 4)
    block.trainable = True
    block.rest[1].trainable = False
    assert (len(block.trainable_weights), len(made.trainable_weights)) == (5, 7)
    made.trainable = False
    assert made.trainable_weights == []
    assert not block.last.trainable


def test_a_layer_made_frozen_freezes_what_it_holds() -> None:
    made = fastnn.Sequential([fastnn.Input((4,)), Block(trainable=False), layers.Dense(1)])
    assert len(made.trainable_weights) == 2
    inner = fastnn.Sequential([layers.Dense(3)], trainable=False)
    outer = fastnn.Sequential([fastnn.Input((4,)), inner, layers.Dense(1)])
    assert len(outer.trainable_weights) == 2


def test_freezing_between_fits(backend: str) -> None:
    """Before or after compile: what is frozen when fit begins is not changed by it."""
    made = model(backend=backend)
    made.fit(X, X[:, :2], verbose=0)
    block = made.layers[0]
    assert isinstance(block, Block)
    block.first.trainable = False
    before = made.get_weights()
    made.fit(X, X[:, :2], verbose=0)
    changed = [np.any(a != b) for a, b in zip(before, made.get_weights(), strict=True)]
    assert changed == [True, False, False, True, True, True, True]


def test_saving_and_loading(tmp_path: Path) -> None:
    made = model()
    made.compile("adam", "mse")
    made.fit(X, X[:, :2], verbose=0)
    made.save(tmp_path / "m.fastnn")
    with pytest.raises(FileFormatError, match=r"unknown layer 'Block'.*custom_objects"):
        fastnn.saving.load_model(tmp_path / "m.fastnn")
    layers.Dense(1)  # automatic names of inner layers may differ: files do not hold them
    loaded = fastnn.saving.load_model(tmp_path / "m.fastnn", {"Block": Block})
    for current in (made, loaded):
        current.fit(X, X[:, :2], verbose=0)
    for a, b in zip(made.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_freezing_survives_a_file(tmp_path: Path) -> None:
    inner = fastnn.Sequential([layers.Dense(3, name="a"), layers.Dense(2, name="b")], name="inner")
    made = fastnn.Sequential([fastnn.Input((4,)), inner, layers.Dense(1)])
    inner.trainable = False
    inner.layers[1].trainable = True
    made.save(tmp_path / "m.fastnn")
    loaded = fastnn.saving.load_model(tmp_path / "m.fastnn")
    for current in (made, loaded):
        assert len(current.trainable_weights) == 4
        assert current.layers[0].trainable_weights == []


def test_float64_reaches_inner_layers() -> None:
    made = fastnn.Sequential(
        [fastnn.Input((4,)), Block(), fastnn.Sequential([layers.Dense(2)])], dtype="float64"
    )
    assert made.predict(X, verbose=0).dtype == np.float64
    assert Block(dtype="float64")(X).dtype == np.float64


def test_super_first() -> None:
    class Late(layers.Layer):
        def __init__(self) -> None:
            self.inner = layers.Dense(1)
            super().__init__()

    with pytest.raises(StateError, match=r"'Late' holds a layer before.*super\(\).__init__"):
        Late()


def test_shared_and_replaced_attributes() -> None:
    class Tied(layers.Layer):
        def __init__(self, other: layers.Dense) -> None:
            super().__init__()
            self.other = other
            self.again = other
            self.inner = layers.Dense(9)
            self.inner = layers.Dense(4)

        def call(self, inputs: Any) -> Any:
            return self.inner(self.again(self.other(inputs)))

    layer = Tied(layers.Dense(4))
    layer(X)
    assert [w.shape for w in layer.weights] == [(4, 4), (4,), (4, 4), (4,)]
    assert list(layer.named_weights()) == [
        "other/kernel", "other/bias", "inner/kernel", "inner/bias",
    ]  # fmt: skip


def test_a_weight_of_another_layer_is_shared() -> None:
    class Decoder(layers.Layer):
        def __init__(self, source: layers.Dense) -> None:
            super().__init__()
            self.shared = source.kernel

        def call(self, inputs: Any) -> Any:
            return inputs * ops.sum(self.shared)

    source = layers.Dense(4)
    source(X)
    layer = Decoder(source)
    assert layer.weights == [source.kernel]
    made = fastnn.Sequential([fastnn.Input((4,)), source, layer])
    assert len(made.weights) == 2


def test_layers_of_several_inputs_and_outputs() -> None:
    class Both(layers.Layer):
        def call(self, inputs: Any, factor: float = 1.0) -> Any:
            a, b = inputs
            return [a + b, (a - b) * factor]

    class Outer(layers.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.both = Both()

        def call(self, inputs: Any) -> Any:
            total, difference = self.both([inputs, inputs * 0.5], factor=2.0)
            return total - difference

    np.testing.assert_allclose(Outer()(X), X * 0.5, rtol=1e-6)
    made = fastnn.Sequential([fastnn.Input((4,))])
    with pytest.raises(ArgumentError, match="returned a list of tensors, expected one tensor"):
        made.add(Split())


class Split(layers.Layer):
    """Gives two tensors."""

    def call(self, inputs: Any) -> Any:
        return [inputs, inputs]


def test_several_inputs_where_one_is_expected() -> None:
    x = Tensor((BATCH, 3), "float32")
    with pytest.raises(ArgumentError, match="received 2 inputs, expected one tensor"):
        layers.Activation("relu")([x, x])
