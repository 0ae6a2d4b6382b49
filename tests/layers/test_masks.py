"""Masks: who makes them, who hands them on, and what the loss does with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn import layers, ops
from fastnn.program.tensor import BATCH, Tensor

RNG = np.random.default_rng(4)
X = RNG.normal(size=(6, 4, 3)).astype(np.float32)
X[0, 2:] = X[3, 1:] = X[5, 0] = 0
COUNTS = np.any(X != 0, axis=-1)
Y = RNG.normal(size=(6, 4, 2)).astype(np.float32)


def masked(*more: layers.Layer, **arguments: Any) -> fastnn.Sequential:
    stack = [fastnn.Input((4, 3)), layers.Masking(), *more, layers.Dense(2)]
    made = fastnn.Sequential(stack, seed=1, **arguments)
    made.compile("sgd", "mse")
    return made


def test_the_loss_leaves_masked_steps_out(backend: str) -> None:
    made = masked(layers.TimeDistributed(layers.Dense(3)), layers.Dropout(0.0), backend=backend)
    error = np.square(made.predict(X, verbose=0) - Y).mean(axis=-1)
    np.testing.assert_allclose(made.evaluate(X, Y, verbose=0), error[COUNTS].mean(), rtol=1e-5)
    weights = np.arange(1.0, 7.0)
    expected = (error * weights[:, None])[COUNTS].sum() / COUNTS.sum()
    found = made.evaluate(X, Y, sample_weight=weights, verbose=0)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert np.all(made.gradients(X, Y)["input"][~COUNTS] == 0)


# What Keras 3.15 gives for this model: loss, mse, weighted mse; without and with sample weights
KERAS = {
    "sum_over_batch_size": ([3.8064950] * 3, [5.1827211, 3.8064947, 3.9642782]),
    "sum": ([68.516914, 3.8064947, 3.8064947], [93.288979, 3.8064947, 3.9642782]),
    "mean_with_sample_weight": ([3.8064950] * 3, [3.9642780, 3.8064947, 3.9642782]),
}


@pytest.mark.parametrize("reduction", list(KERAS))
def test_losses_and_metrics_are_kerass(reduction: str, backend: str) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(6, 4, 3)).astype(np.float32)
    x[0, 2:] = x[3, 1:] = x[5, 0] = 0
    y = rng.normal(size=(6, 4, 2)).astype(np.float32)
    w = rng.uniform(0.5, 2, 6).astype(np.float32)
    kernel = rng.normal(size=(3, 2)).astype(np.float32)
    made = fastnn.Sequential(
        [fastnn.Input((4, 3)), layers.Masking(), layers.Dense(2)], backend=backend
    )
    made.set_weights([kernel, np.zeros(2)])
    made.compile(
        "sgd",
        fastnn.losses.MeanSquaredError(reduction=reduction),
        metrics=["mse"],
        weighted_metrics=[fastnn.metrics.MeanSquaredError(name="wm")],
    )
    plain, weighted = KERAS[reduction]
    np.testing.assert_allclose(made.evaluate(x, y, verbose=0), plain, rtol=1e-6)
    found = made.evaluate(x, y, sample_weight=w, verbose=0)
    np.testing.assert_allclose(found, weighted, rtol=1e-6)


@pytest.mark.parametrize(
    "layer",
    [
        layers.Residual(layers.Dense(3)),
        layers.Parallel([layers.Dense(3), []]),
        layers.Parallel([layers.Dense(3), []], merge=layers.Concatenate(axis=1)),
        fastnn.Sequential([layers.Dense(3)]),
        layers.Identity(),
        layers.Activation("tanh"),
    ],
    ids=lambda layer: layer.name,
)
def test_layers_hand_masks_on(layer: layers.Layer) -> None:
    x = layers.Masking()(Tensor((BATCH, 4, 3), "float32"))
    y = layer(x)
    assert y.mask is not None
    assert y.mask.shape == y.shape[:-1]


def test_a_layer_that_ends_a_mask_warns() -> None:
    x = layers.Masking()(Tensor((BATCH, 4, 3), "float32"))
    with pytest.warns(UserWarning, match=r"\(Flatten\) received an input with a mask"):
        assert layers.Flatten()(x).mask is None


def test_embedding_with_mask_zero() -> None:
    ids = np.array([[1, 2, 0], [3, 0, 0]])
    embedding = layers.Embedding(4, 2, mask_zero=True)
    np.testing.assert_array_equal(embedding.compute_mask(ids), ids != 0)
    assert layers.Embedding(4, 2).compute_mask(ids) is None
    made = fastnn.Sequential([fastnn.Input((3,)), embedding, Mean(), layers.Dense(1)])
    table = embedding.embeddings.numpy()
    expected = np.stack([table[[1, 2]].mean(axis=0), table[3]])
    part = fastnn.Sequential(made.layers[:2])
    np.testing.assert_allclose(part.predict(ids, verbose=0), expected, rtol=1e-5, atol=1e-7)


class Mean(layers.Layer):
    """The mean over the steps that count."""

    def call(self, inputs: Any, mask: Any = None) -> Any:
        counts = ops.expand_dims(mask, -1)
        total = ops.sum(ops.moveaxis(inputs * counts, 1, -1), axis=-1)
        return total / ops.sum(mask, axis=-1, keepdims=True)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        return None


@pytest.mark.parametrize("merge", ["Add", "Multiply", "Maximum", "Minimum", "Average"])
def test_merging_masked_steps(merge: str) -> None:
    """Where one input is masked, the other's value holds in maximum, minimum and product."""
    block = layers.Parallel(
        [layers.Masking(), [layers.Lambda(ops.negative), layers.Masking(mask_value=-2.0)]],
        merge=getattr(layers, merge)(),
    )
    x = np.array([[[0.0, 0.0], [2.0, 2.0], [1.0, 3.0]]])
    a, b = x[0], np.array([[0.0, 0.0], [0.0, 0.0], [-1.0, -3.0]])
    expected = {
        "Add": a + b,
        "Average": (a + b) / 2,
        "Multiply": [[0.0, 0.0], [2.0, 2.0], [-1.0, -9.0]],
        "Maximum": [[0.0, 0.0], [2.0, 2.0], [1.0, 3.0]],
        "Minimum": [[0.0, 0.0], [2.0, 2.0], [-1.0, -3.0]],
    }
    np.testing.assert_allclose(block(x)[0], expected[merge])
