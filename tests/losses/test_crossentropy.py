"""The crossentropies: values against float64 formulas, logits, smoothing, saturation, fusing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn import config, layers, losses
from fastnn.errors import ArgumentError, UnsupportedError
from fastnn.losses.formulas import logits_of
from fastnn.ops.activation import activation_forward, softmax_forward
from fastnn.program.tensor import BATCH, Tensor

RNG = np.random.default_rng(5)
Z = RNG.normal(size=(6, 4)) * 3
P = np.exp(Z) / np.exp(Z).sum(1, keepdims=True)
Q = RNG.uniform(0.01, 0.99, (6, 4))
LABELS = RNG.integers(0, 4, 6)
ONE_HOT = np.eye(4)[LABELS]
BITS = RNG.integers(0, 2, (6, 4)).astype(float)


def binary(t: Any, p: Any) -> Any:
    return (-t * np.log(p) - (1 - t) * np.log(1 - p)).mean(-1)


def test_the_example_of_the_documentation() -> None:
    p = [[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.3, 0.5]]
    assert round(float(losses.CategoricalCrossentropy()(np.eye(3), p)), 4) == 0.4243


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("from_logits", [False, True])
def test_binary(from_logits: bool, smoothing: float) -> None:
    t = BITS * (1 - smoothing) + 0.5 * smoothing
    p = 1 / (1 + np.exp(-Z)) if from_logits else Q
    out = losses.binary_crossentropy(BITS, Z if from_logits else Q, from_logits, smoothing)
    np.testing.assert_allclose(out, binary(t, p), rtol=1e-9)
    loss = losses.BinaryCrossentropy(from_logits, smoothing, dtype="float64")
    np.testing.assert_allclose(loss(BITS, Z if from_logits else Q), binary(t, p).mean(), rtol=1e-9)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("from_logits", [False, True])
def test_categorical(from_logits: bool, smoothing: float) -> None:
    t = ONE_HOT * (1 - smoothing) + smoothing / 4
    # probabilities that do not sum to 1 are divided by their sum, as in Keras
    p = P if from_logits else Q / Q.sum(1, keepdims=True)
    given = Z if from_logits else Q
    out = losses.categorical_crossentropy(ONE_HOT, given, from_logits, smoothing)
    np.testing.assert_allclose(out, -(t * np.log(p)).sum(1), rtol=1e-9)


@pytest.mark.parametrize("from_logits", [False, True])
def test_sparse_is_categorical_of_one_hot_rows(from_logits: bool) -> None:
    given = Z if from_logits else Q
    expected = losses.categorical_crossentropy(ONE_HOT, given, from_logits)
    for labels in (LABELS, LABELS[:, None]):
        out = losses.sparse_categorical_crossentropy(labels, given, from_logits)
        np.testing.assert_allclose(out, expected, rtol=1e-12)


def test_sequences_have_a_loss_per_step() -> None:
    p = RNG.uniform(0.1, 1, (2, 3, 4))
    labels = RNG.integers(0, 4, (2, 3))
    expected = -np.log(np.take_along_axis(p / p.sum(-1, keepdims=True), labels[..., None], -1))
    out = losses.sparse_categorical_crossentropy(labels, p)
    np.testing.assert_allclose(out, expected[..., 0], rtol=1e-9)


def test_probabilities_are_clipped_as_in_keras() -> None:
    # Keras 3.15: log of float32(1e-7), and of 1 - float32(1 - 1e-7) on the other side
    out = losses.binary_crossentropy([[1.0], [0.0]], [[0.0], [1.0]])
    np.testing.assert_allclose(out, [16.118095, 15.942385], rtol=1e-6)
    out = losses.categorical_crossentropy([[1.0, 0.0]], [[0.0, 1.0]])
    np.testing.assert_allclose(out, [16.118095], rtol=1e-6)
    before = losses.CategoricalCrossentropy()([[1.0, 0.0]], [[0.0, 1.0]])
    config.set_epsilon(1e-3)
    try:
        out = losses.categorical_crossentropy([[1.0, 0.0]], [[0.0, 1.0]])
        np.testing.assert_allclose(out, [-np.log(1e-3)], rtol=1e-6)
        after = losses.CategoricalCrossentropy()([[1.0, 0.0]], [[0.0, 1.0]])
        np.testing.assert_allclose([before, after], [16.118095, -np.log(1e-3)], rtol=1e-6)
    finally:
        config.set_epsilon(1e-7)


@pytest.mark.parametrize("size", [1.0, 1e3, 1e4])
def test_logits_of_any_size_give_finite_losses(size: float) -> None:
    z = np.array([[size, -size], [-size, size], [0.0, size]])
    labels = [1, 1, 0]
    reference = np.logaddexp(z[:, 0], z[:, 1]) - z[np.arange(3), labels]
    sparse = losses.sparse_categorical_crossentropy(labels, z, from_logits=True)
    np.testing.assert_allclose(sparse, reference, rtol=1e-12)
    bits = np.array([[0.0], [1.0], [1.0]])
    out = losses.binary_crossentropy(bits, z[:, 1:], from_logits=True)
    np.testing.assert_allclose(out, (np.logaddexp(0, z[:, 1:]) - bits * z[:, 1:])[:, 0], rtol=1e-12)


def model_loss(activation: str | None, loss: Any, z: Any, y: Any) -> tuple[float, Any]:
    """Loss and its gradient for a model whose weights are the identity, so that logits are x."""
    layer = layers.Dense(z.shape[1], activation, use_bias=False)
    model = fastnn.Sequential([layers.Input(z.shape[1:]), layer], dtype="float64")
    model.set_weights([np.eye(z.shape[1])])
    model.compile(loss=loss)
    found = model.gradients(z, y)["input"]
    return float(np.ravel(model.evaluate(z, y, verbose=0))[0]), found


@pytest.mark.parametrize(
    ("activation", "cls", "y"),
    [
        ("softmax", losses.CategoricalCrossentropy, ONE_HOT),
        ("softmax", losses.SparseCategoricalCrossentropy, LABELS),
        ("sigmoid", losses.BinaryCrossentropy, BITS),
    ],
)
@pytest.mark.parametrize("size", [1.0, 300.0, 1e4])
def test_the_last_activation_is_taken_apart(activation: str, cls: Any, y: Any, size: float) -> None:
    """A softmax or sigmoid at the end gives the loss and gradient of the logits, and finite."""
    fused = model_loss(activation, cls(), Z * size, y)
    logits = model_loss(None, cls(from_logits=True), Z * size, y)
    np.testing.assert_allclose(fused[0], logits[0], rtol=1e-12)
    np.testing.assert_allclose(fused[1], logits[1], atol=1e-15)
    assert np.isfinite(fused[1]).all()


def test_other_last_activations_are_left_alone() -> None:
    softmaxed = softmax_forward(Tensor((BATCH, 3), "float32"))
    squashed = activation_forward(Tensor((BATCH, 3), "float32"), "tanh")
    assert logits_of(softmaxed, "sigmoid", False, "loss", True) is None
    assert logits_of(squashed, "sigmoid", False, "loss", True) is None
    assert logits_of(softmaxed, "softmax", False, "metric", False) is None
    assert logits_of(squashed, "softmax", True, "loss", True) is squashed


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
@pytest.mark.parametrize(
    "cls", [losses.CategoricalCrossentropy, losses.SparseCategoricalCrossentropy]
)
def test_softmax_twice_names_both_places(activation: str, cls: Any) -> None:
    model = fastnn.Sequential([layers.Input((4,)), layers.Dense(4, activation)])
    model.compile("sgd", cls(from_logits=True))
    y = LABELS if cls is losses.SparseCategoricalCrossentropy else ONE_HOT
    with pytest.raises(
        ArgumentError, match=rf"from_logits=True.*activation '{activation}'.*Leave out"
    ):
        model.fit(Z, y, verbose=0)


def test_one_class_is_warned_about() -> None:
    with pytest.warns(SyntaxWarning, match=r"1 class.*binary_crossentropy"):
        losses.categorical_crossentropy(np.ones((2, 1)), np.full((2, 1), 0.5), label_smoothing=0.25)


def test_other_axes_are_not_supported() -> None:
    with pytest.raises(UnsupportedError, match="axis=0"):
        losses.CategoricalCrossentropy(axis=0)(ONE_HOT, P)
    with pytest.raises(ArgumentError, match="label_smoothing=2"):
        losses.BinaryCrossentropy(label_smoothing=2)
    with pytest.raises(ArgumentError, match="from_logits='yes'"):
        losses.BinaryCrossentropy(from_logits="yes")  # type: ignore[arg-type]
