"""Dropout: off in inference, masks that follow from key, stream and step, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn import layers, random
from fastnn.errors import ArgumentError, UnsupportedError


def test_inference_leaves_the_input_alone() -> None:
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(layers.Dropout(0.5)(x), x)
    np.testing.assert_array_equal(layers.Dropout(0.0)(x, training=True), x)


def test_training_drops_what_the_mask_of_the_seed_says() -> None:
    x = np.ones((4, 100), np.float32)
    kept = random.keep_mask(4, 100, 0.25, random.key_from_seed(7), step=0, stream=0)
    out = layers.Dropout(0.25, seed=7)(x, training=True)
    np.testing.assert_allclose(out, kept / 0.75, rtol=1e-6)


def test_everything_can_be_dropped() -> None:
    assert not layers.Dropout(1.0)(np.ones((2, 3)), training=True).any()


def test_the_model_gives_key_and_stream() -> None:
    layer = layers.Dropout(0.5)
    layer._dropout_key, layer._dropout_stream = (3, 4), 2
    assert (layer.key(), layer.stream) == ((3, 4), 2)
    out = layer(np.ones((1, 64)), training=True)
    kept = random.keep_mask(1, 64, 0.5, (3, 4), step=0, stream=2)
    np.testing.assert_array_equal(out, kept * 2.0)


def test_the_default_seed_fixes_layers_outside_of_models() -> None:
    keys = []
    for _ in range(2):
        random.set_default_seed(5)
        keys.append(layers.Dropout(0.5).key())
    random.set_default_seed(None)
    assert keys[0] == keys[1]
    layer = layers.Dropout(0.5)
    assert layer.key() == layer.key()


def test_two_layers_of_a_model_drop_different_elements() -> None:
    model = fastnn.Sequential(
        [layers.Input((200,)), layers.Dropout(0.5), layers.Dropout(0.5)], seed=1
    )
    model.predict(np.zeros((1, 200)), verbose=0)
    first, second = (layer for layer in model.layers if isinstance(layer, layers.Dropout))
    assert first.stream != second.stream


@pytest.mark.parametrize("rate", [-0.1, 1.1, float("nan"), "half", None, True])
def test_the_rate_is_a_share(rate: Any) -> None:
    with pytest.raises(ArgumentError, match=r"rate=.*a number in \[0, 1\]"):
        layers.Dropout(rate)


@pytest.mark.parametrize("seed", [-1, 2**64, 1.5, "a"])
def test_the_seed_is_a_64_bit_integer(seed: Any) -> None:
    with pytest.raises(ArgumentError, match="Dropout 'd': received seed="):
        layers.Dropout(0.5, seed=seed, name="d")


def test_a_noise_shape_is_not_supported() -> None:
    with pytest.raises(UnsupportedError, match="noise_shape"):
        layers.Dropout(0.5, noise_shape=(None, 1))
