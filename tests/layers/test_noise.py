"""GaussianNoise, GaussianDropout and AlphaDropout: the formulas on the words of the generator, the
distribution, identity in inference, the same numbers for any batch split, thread and backend.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

import fastnn
from fastnn import random
from fastnn.errors import ArgumentError
from fastnn.layers import AlphaDropout, Dense, GaussianDropout, GaussianNoise, Input
from fastnn.layers.alpha_dropout import SATURATION
from fastnn.random import philox

X = np.random.default_rng(1).normal(size=(50, 70)).astype("float32")
KEY = random.key_from_seed(5)
LAYERS = [GaussianNoise(0.5, seed=5), GaussianDropout(0.2, seed=5), AlphaDropout(0.3, seed=5)]


def formula(layer: fastnn.layers.Layer, x: np.ndarray, step: int, stream: int) -> np.ndarray:
    normal = random.standard_normal(*x.shape, KEY, step, stream)
    if isinstance(layer, GaussianNoise):
        return x + 0.5 * normal
    if isinstance(layer, GaussianDropout):
        return x * (1 + math.sqrt(0.2 / 0.8) * normal)
    kept = random.keep_mask(*x.shape, 0.3, KEY, step, stream)
    a = (0.7 * (1 + 0.3 * SATURATION**2)) ** -0.5
    return a * np.where(kept, x, SATURATION) - a * SATURATION * 0.3


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
def test_the_formula_on_every_backend(layer: fastnn.layers.Layer, backend: str):
    model = fastnn.Sequential([Input((70,)), layer], backend=backend)
    np.testing.assert_array_equal(model(X), X)
    np.testing.assert_array_equal(model.predict(X, verbose=0), X)
    found = model(X, training=True)
    step = 1 << 31
    np.testing.assert_allclose(found, formula(layer, X, step, 0), rtol=1e-6, atol=2e-6)
    again = model(X, training=True)
    assert not np.array_equal(found, again)  # each call has noise of its own
    np.testing.assert_allclose(again, formula(layer, X, step + 1, 0), rtol=1e-6, atol=2e-6)


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
def test_mean_and_variance(layer: fastnn.layers.Layer):
    x = np.full((400, 500), 0.5, "float32")
    y = layer(x, training=True).astype(np.float64)
    if isinstance(layer, AlphaDropout):  # it keeps those of standard normal inputs
        x = random.standard_normal(400, 500, (1, 2), 3, 4).astype("float32")
        y = layer(x, training=True).astype(np.float64)
        mean, deviation = 0.0, 1.0
    else:
        mean, deviation = 0.5, 0.5 if isinstance(layer, GaussianNoise) else 0.5 * 0.5
    # 200,000 numbers: five standard errors
    assert abs(y.mean() - mean) < 5 * deviation / math.sqrt(y.size)
    assert abs(y.std() / deviation - 1) < 5 / math.sqrt(y.size)


def test_normal_numbers_are_the_quantiles_of_their_words():
    words = random.random_words(3, 200, KEY, 7, 1)
    found = random.standard_normal(3, 200, KEY, 7, 1)
    expected = [NormalDist().inv_cdf((int(word) + 0.5) / 2**32) for word in words.ravel()]
    np.testing.assert_allclose(found.ravel(), expected, rtol=1e-14)


@pytest.mark.parametrize("word", [0, 1, 2**31 - 1, 2**31, 2**32 - 1])
def test_extreme_words(word: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(philox, "random_words", lambda *_: np.array([[word]], np.uint32))
    found = random.standard_normal(1, 1, KEY, 0, 0)
    expected = NormalDist().inv_cdf((word + 0.5) / 2**32)
    np.testing.assert_allclose(found, [[expected]], rtol=1e-14)
    assert abs(found[0, 0]) < 6.4


def network(backend: str, batch_layer: fastnn.layers.Layer) -> fastnn.Sequential:
    stack = [Input((70,)), Dense(80, "relu"), batch_layer, Dense(1)]
    model = fastnn.Sequential(stack, backend=backend, seed=3)
    model.compile("adam", "mse")
    return model


@pytest.mark.parametrize("kind", [GaussianNoise, GaussianDropout, AlphaDropout])
def test_training_has_the_same_noise_everywhere(kind: type, backend: str):
    weights = []
    for name, threads in (("numpy", 1), (backend, 1), (backend, 2)):
        with fastnn.threads(threads):
            model = network(name, kind(0.3))
            model.fit(X, X[:, :1], batch_size=16, epochs=3, verbose=0)
        weights.append(model.get_weights())
    for reference, one, two in zip(*weights, strict=True):
        np.testing.assert_allclose(one, reference, rtol=1e-4, atol=1e-5)
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("kind", [GaussianNoise, GaussianDropout, AlphaDropout])
def test_an_interrupted_training_goes_on_with_the_noise_it_would_have_had(kind: type, tmp_path):
    whole, first = network("auto", kind(0.3)), network("auto", kind(0.3))
    whole.fit(X, X[:, :1], batch_size=16, epochs=4, verbose=0)
    first.fit(X, X[:, :1], batch_size=16, epochs=2, verbose=0)
    first.save(tmp_path / "m.fastnn")
    second = fastnn.models.load_model(tmp_path / "m.fastnn")
    second.fit(X, X[:, :1], batch_size=16, epochs=4, initial_epoch=2, verbose=0)
    for a, b in zip(whole.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GaussianNoise(1.5), r"GaussianNoise: received stddev=1.5, expected .* \[0, 1\]"),
        (lambda: GaussianDropout(1), r"GaussianDropout: received rate=1, expected .* \[0, 1\)"),
        (lambda: AlphaDropout(-0.1), r"AlphaDropout: received rate=-0.1"),
        (lambda: GaussianNoise(0.1, seed=-1), r"GaussianNoise 'gaussian_noise.*': .*seed"),
    ],
)
def test_arguments(make, message: str):
    with pytest.raises(ArgumentError, match=message):
        make()


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
def test_configuration(layer: fastnn.layers.Layer):
    again = fastnn.layers.deserialize(fastnn.layers.serialize(layer))
    assert again.get_config() == layer.get_config()
