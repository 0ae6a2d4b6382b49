"""Models that share layers, hold models, freeze layers or share an optimizer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn import layers
from fastnn.models import Sequential, clone_model
from tests.support.networks import network, regression, same_weights

X, Y = regression(20)


def unchanged(model: Sequential, train: Any) -> list[bool]:
    """For each weight, whether training leaves it as it is."""
    before = model.get_weights()
    train()
    pairs = zip(before, model.get_weights(), strict=True)
    return [bool(np.array_equal(one, other)) for one, other in pairs]


class TestFreezing:
    """``trainable`` as in Keras 3.15: what counts is its value when training starts after compile.

    Later changes count from the next call on (in Keras 3.15 that depends on its backend: with torch
    they count, with JAX they are an error).
    """

    @pytest.mark.parametrize("when", ["before compile", "after compile", "after fit"])
    def test_a_frozen_layer_keeps_its_weights(self, backend: str, when: str) -> None:
        model = network(backend, optimizer="adam")
        if when == "after fit":
            model.fit(X, Y, verbose=0)
        model.layers[0].trainable = False
        if when == "before compile":
            model.compile("adam", "mse")
        frozen = unchanged(model, lambda: model.fit(X, Y, verbose=0))
        assert frozen == [True, True, False, False]

    def test_an_unfrozen_layer_trains_again(self, backend: str) -> None:
        model = network(backend, optimizer="adam")
        model.layers[0].trainable = False
        model.fit(X, Y, verbose=0)
        model.layers[0].trainable = True
        assert not any(unchanged(model, lambda: model.fit(X, Y, verbose=0)))

    def test_freezing_equals_not_updating(self, backend: str) -> None:
        """The other layer trains as if the frozen one were part of the data."""
        model = network(backend, optimizer="adam", dtype="float64")
        model.layers[0].trainable = False
        kernel, bias, *rest = model.get_weights()
        top = Sequential(
            [fastnn.Input((4,)), layers.Dense(1)], backend=backend, seed=1, dtype="float64"
        )
        top.compile("adam", "mse")
        top.set_weights(rest)
        hidden = np.tanh(X @ kernel + bias)
        for one, x in ((model, X), (top, hidden)):
            one.fit(x, Y, shuffle=False, batch_size=5, epochs=3, verbose=0)
        for found, expected in zip(model.get_weights()[2:], top.get_weights(), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-12)

    def test_a_frozen_model(self, backend: str) -> None:
        model = network(backend)
        model.trainable = False
        assert model.trainable_weights == []
        assert len(model.non_trainable_weights) == 4
        assert all(unchanged(model, lambda: model.fit(X, Y, verbose=0)))

    def test_gradients_are_those_of_trainable_weights(self, backend: str) -> None:
        model = network(backend)
        model.layers[0].trainable = False
        assert set(model.gradients(X, Y)) == {"b/kernel", "b/bias", "input"}

    def test_is_kept_in_files_and_clones(self, tmp_path: Path) -> None:
        model = network()
        model.layers[0].trainable = False
        model.save(tmp_path / "m.fastnn")
        for other in (fastnn.saving.load_model(tmp_path / "m.fastnn"), clone_model(model)):
            assert [layer.trainable for layer in other.layers] == [False, True]


def autoencoder(backend: str) -> tuple[Sequential, Sequential]:
    """3 → 2 → 3, and the model of its first layer."""
    code = layers.Dense(2, "tanh", name="code")
    whole = Sequential(
        [fastnn.Input((3,)), code, layers.Dense(3, name="out")], seed=1, backend=backend
    )
    encoder = Sequential([fastnn.Input((3,)), code], seed=1, backend=backend)
    for model in (whole, encoder):
        model.compile("adam", "mse")
    return whole, encoder


class TestSharedLayers:
    def test_both_models_train_the_same_memory(self, backend: str) -> None:
        whole, encoder = autoencoder(backend)
        assert not any(unchanged(encoder, lambda: whole.fit(X, X, verbose=0)))
        np.testing.assert_array_equal(whole.get_weights()[0], encoder.get_weights()[0])
        found = unchanged(whole, lambda: encoder.fit(X, X[:, :2], verbose=0))
        assert found == [False, False, True, True]
        expected = np.tanh(X @ whole.get_weights()[0] + whole.get_weights()[1])
        np.testing.assert_allclose(encoder.predict(X, verbose=0), expected, atol=1e-6)

    def test_predictions_follow_while_the_other_trains(self, backend: str) -> None:
        whole, encoder = autoencoder(backend)
        seen = []
        note = fastnn.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: seen.append(encoder.predict(X, verbose=0))
        )
        whole.fit(X, X, epochs=3, callbacks=[note], verbose=0)
        assert not np.array_equal(seen[0], seen[1])
        assert not np.array_equal(seen[1], seen[2])

    def test_predictions_follow_when_weights_move(self, backend: str) -> None:
        """A new layer moves the weights to a new buffer; what was compiled before reads it."""
        whole, encoder = autoencoder(backend)
        code = whole.layers[0]
        encoder.predict(X, verbose=0)
        encoder.fit(X, X[:, :2], verbose=0)
        code(X)
        whole.add(layers.Dense(1))
        whole.fit(X, Y, verbose=0)
        expected = np.tanh(X @ whole.get_weights()[0] + whole.get_weights()[1])
        np.testing.assert_allclose(encoder.predict(X, verbose=0), expected, atol=1e-6)
        np.testing.assert_allclose(code(X), expected, atol=1e-6)
        assert not any(unchanged(encoder, lambda: encoder.fit(X, X[:, :2], verbose=0)))

    def test_making_the_second_model_late_changes_nothing(self, backend: str) -> None:
        early, _ = autoencoder(backend)
        early.fit(X, X, epochs=4, verbose=0)
        late, _ = autoencoder(backend)
        late.fit(X, X, epochs=2, verbose=0)
        encoder = Sequential([fastnn.Input((3,)), late.layers[0]], backend=backend)
        encoder.add(layers.Dense(1))
        late.fit(X, X, epochs=4, initial_epoch=2, verbose=0)
        assert same_weights(early, late)

    def test_a_layer_used_twice_in_one_model_is_refused(self) -> None:
        layer = layers.Dense(3)
        with pytest.raises(fastnn.errors.ArgumentError, match="are called"):
            Sequential([fastnn.Input((3,)), layer, layer])


class TestModelsInModels:
    def parts(self, backend: str) -> tuple[Sequential, Sequential, Sequential]:
        """Encoder, decoder and both in one; their layers have the same names."""
        encoder = Sequential(
            [fastnn.Input((3,)), layers.Dense(2, "tanh", name="a")],
            name="encoder",
            seed=1,
            backend=backend,
        )
        decoder = Sequential(
            [fastnn.Input((2,)), layers.Dense(3, name="a")], name="decoder", seed=2, backend=backend
        )
        both = Sequential([encoder, decoder], seed=3, backend=backend)
        both.compile("adam", "mse")
        return encoder, decoder, both

    def test_are_built_when_the_first_is(self, backend: str) -> None:
        _, _, both = self.parts(backend)
        assert both.built
        assert (both.input_shape, both.output_shape, both.count_params()) == (
            (None, 3),
            (None, 3),
            17,
        )

    def test_equal_one_after_the_other(self, backend: str) -> None:
        encoder, decoder, both = self.parts(backend)
        both.fit(X, X, epochs=2, verbose=0)
        inner = decoder.predict(encoder.predict(X, verbose=0), verbose=0)
        np.testing.assert_allclose(both.predict(X, verbose=0), inner, atol=1e-6)

    def test_equal_the_flat_model(self, backend: str) -> None:
        _, _, both = self.parts(backend)
        flat = Sequential(
            [fastnn.Input((3,)), layers.Dense(2, "tanh"), layers.Dense(3)], seed=3, backend=backend
        )
        flat.compile("adam", "mse")
        flat.set_weights(both.get_weights())
        for model in (flat, both):
            model.fit(X, X, epochs=3, shuffle=False, verbose=0)
        assert same_weights(flat, both)

    def test_training_one_part(self, backend: str) -> None:
        """The way GANs are written down: the second part is frozen in the whole."""
        _, decoder, both = self.parts(backend)
        decoder.trainable = False
        assert unchanged(both, lambda: both.fit(X, X, verbose=0)) == [False, False, True, True]

    def test_same_names_inside_are_kept_apart(self, backend: str, tmp_path: Path) -> None:
        _, _, both = self.parts(backend)
        both.fit(X, X, epochs=2, verbose=0)
        shapes = {name: array.shape for name, array in both.gradients(X, X).items()}
        assert shapes == {
            "encoder/a/kernel": (3, 2),
            "encoder/a/bias": (2,),
            "decoder/a/kernel": (2, 3),
            "decoder/a/bias": (3,),
            "input": (20, 3),
        }
        both.save(tmp_path / "both.fastnn")
        loaded = fastnn.saving.load_model(tmp_path / "both.fastnn")
        assert [layer.name for layer in loaded.layers] == ["encoder", "decoder"]
        for model in (both, loaded):
            model.fit(X, X, epochs=2, verbose=0)
        assert same_weights(both, loaded)
        assert clone_model(both, recursive=True).count_params() == 17


def test_two_models_may_share_an_optimizer(backend: str) -> None:
    """Each keeps its own averages; the count of steps is common."""
    optimizer = fastnn.optimizers.Adam()
    one, two = network(backend, optimizer=optimizer), network(backend, optimizer=optimizer, seed=2)
    for _ in range(2):
        for model in (one, two):
            model.fit(X, Y, verbose=0)
            assert all(np.any(array != 0) for array in model.get_training_state()[1].values())
    assert optimizer.iterations == 4
    first = one.get_training_state()[1]["m/a/kernel"]
    assert not np.array_equal(first, two.get_training_state()[1]["m/a/kernel"])
