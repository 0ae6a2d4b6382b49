"""What people write by hand in NumPy, and the same network in fastnn: equal within 1e-6 in float64
after thousands of steps. The hand-written programs are repeated here as they stand in texts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn import layers
from fastnn.optimizers import SGD

Array = np.ndarray[Any, Any]
TABLE = np.array([[0, 0, 1], [1, 1, 1], [1, 0, 1], [0, 1, 1]])
XOR = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
TARGETS = np.array([[0], [1], [1], [0]])


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def three_four_one(x: Array, y: Array, rate: float, epochs: int) -> tuple[Array, Array]:
    """A 3-4-1 network without biases on half the sum of squared errors, full batch."""
    rng = np.random.RandomState(1)  # what np.random.seed(1) seeds
    w1 = 2 * rng.random_sample((3, 4)) - 1
    w2 = 2 * rng.random_sample((4, 1)) - 1
    for _ in range(epochs):
        hidden = sigmoid(x @ w1)
        output = sigmoid(hidden @ w2)
        output_delta = (y - output) * output * (1 - output)
        hidden_delta = output_delta @ w2.T * hidden * (1 - hidden)
        w2 += rate * hidden.T @ output_delta
        w1 += rate * x.T @ hidden_delta
    return w1, w2


def start_of_three_four_one() -> list[Array]:
    return list(three_four_one(TABLE, TARGETS, 0.0, 0))


@pytest.mark.parametrize(
    ("x", "rate"), [(TABLE, 1.0), (TABLE, 0.1), (XOR, 0.1)], ids=["rate 1", "rate 0.1", "xor"]
)
@pytest.mark.parametrize("reduction", ["sum", "sum_over_batch_size"])
def test_sigmoid_3_4_1(backend: str, x: Array, rate: float, reduction: str) -> None:
    """Half the sum of squares of 4 samples is half of "sum", twice "sum_over_batch_size"."""
    epochs = 10_000 if backend == "c" else 500
    model = fastnn.Sequential(
        [
            fastnn.Input((3,)),
            layers.Dense(4, "sigmoid", use_bias=False),
            layers.Dense(1, "sigmoid", use_bias=False),
        ],
        backend=backend,
        dtype="float64",
    )
    factor = 0.5 if reduction == "sum" else 2.0
    model.compile(SGD(factor * rate), fastnn.losses.MeanSquaredError(reduction=reduction))
    model.set_weights(start_of_three_four_one())
    model.fit(x, TARGETS, batch_size=4, epochs=epochs, shuffle=False, verbose=0)
    w1, w2 = three_four_one(x, TARGETS, rate, epochs)
    for found, expected in zip(model.get_weights(), (w1, w2), strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * np.abs(expected).max())
    unseen = np.array([[1, 0, 0]])
    expected = sigmoid(sigmoid(unseen @ w1) @ w2)
    np.testing.assert_allclose(model.predict(unseen, verbose=0), expected, atol=1e-6)


def two_three_one(x: Array, y: Array, epochs: int) -> list[Array]:
    """Backpropagation in a 2-3-1 network with biases, binary crossentropy, one sample a step."""
    w1, b1, w2, b2 = start_of_two_three_one()
    for _ in range(epochs):
        for sample, target in zip(x, y, strict=True):
            h = sigmoid(sample @ w1 + b1)
            p = sigmoid(h @ w2 + b2)
            dz2 = p - target
            dz1 = (w2[:, 0] * dz2) * h * (1 - h)
            w2 -= 0.5 * np.outer(h, dz2)
            b2 -= 0.5 * dz2
            w1 -= 0.5 * np.outer(sample, dz1)
            b1 -= 0.5 * dz1
    return [w1, b1, w2, b2]


def start_of_two_three_one() -> list[Array]:
    return [
        np.array([[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]]),
        np.array([0.1, 0.2, 0.3]),
        np.array([[0.7], [0.8], [0.9]]),
        np.array([0.4]),
    ]


def two_three_one_model(backend: str) -> fastnn.Sequential:
    model = fastnn.Sequential(
        [fastnn.Input((2,)), layers.Dense(3, "sigmoid"), layers.Dense(1, "sigmoid")],
        backend=backend,
        dtype="float64",
    )
    model.compile(SGD(0.5), "binary_crossentropy", metrics=["accuracy"])
    model.set_weights(start_of_two_three_one())
    return model


def test_backprop_2_3_1(backend: str) -> None:
    rng = np.random.default_rng(0)
    x = rng.random((200, 2))
    y = (x.sum(axis=1) > 1).astype(float)
    epochs = 50 if backend == "c" else 3
    model = two_three_one_model(backend)
    model.fit(x, y, batch_size=1, epochs=epochs, shuffle=False, verbose=0)
    expected = two_three_one(x, y, epochs)
    for found, by_hand in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(found, by_hand, rtol=0, atol=1e-6 * np.abs(by_hand).max())
    w1, b1, w2, b2 = expected
    p = sigmoid(sigmoid(x @ w1 + b1) @ w2 + b2)[:, 0]
    loss, accuracy = model.evaluate(x, y, verbose=0)
    np.testing.assert_allclose(loss, -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)), atol=1e-9)
    assert accuracy == np.mean((p > 0.5) == y)


def test_one_neuron_and_the_network_of_fixed_weights(backend: str) -> None:
    neuron = fastnn.Sequential(
        [fastnn.Input((2,)), layers.Dense(1, "sigmoid")], backend=backend, dtype="float64"
    )
    neuron.set_weights([[[0.5], [-0.25]], [0.1]])
    x = np.array([[1.0, 2.0]])
    np.testing.assert_allclose(neuron(x), [[sigmoid(0.5 - 0.5 + 0.1)]], rtol=1e-14)
    h = [sigmoid(0.1 + 0.4 + 0.1), sigmoid(0.3 + 0.8 + 0.2), sigmoid(0.5 + 1.2 + 0.3)]
    expected = sigmoid(0.7 * h[0] + 0.8 * h[1] + 0.9 * h[2] + 0.4)
    np.testing.assert_allclose(two_three_one_model(backend)(x), [[expected]], rtol=1e-14)
