"""The perceptron of the texts: the weights of the script that everybody copies, on every
backend.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fastnn.errors import ArgumentError, DataError, ShapeError
from fastnn.models import Perceptron

Array = np.ndarray[Any, Any]
CORNERS = np.array([[1, 1], [1, 0], [0, 1], [0, 0]])
GATES = {"and": [1, 0, 0, 0], "or": [1, 1, 1, 0], "nand": [0, 1, 1, 1], "xor": [0, 1, 1, 0]}


class Script:
    """The script, unchanged in what it computes."""

    def __init__(self, no_of_inputs: int, threshold: int = 100, learning_rate: float = 0.01):
        self.threshold = threshold
        self.learning_rate = learning_rate
        self.weights = np.zeros(no_of_inputs + 1)

    def predict(self, inputs: Array) -> int:
        return 1 if np.dot(inputs, self.weights[1:]) + self.weights[0] > 0 else 0

    def train(self, training_inputs: Array, labels: Any) -> None:
        for _ in range(self.threshold):
            for inputs, label in zip(training_inputs, labels, strict=True):
                update = self.learning_rate * (label - self.predict(inputs))
                self.weights[1:] += update * inputs
                self.weights[0] += update


def both(backend: str, x: Array, y: Any, **options: Any) -> tuple[Perceptron, Script]:
    made, script = Perceptron(x.shape[1], **options, backend=backend), Script(x.shape[1], **options)
    made.train(x, y)
    script.train(x, y)
    return made, script


@pytest.mark.parametrize("gate", GATES)
def test_gates(gate: str, backend: str) -> None:
    made, script = both(backend, CORNERS, GATES[gate])
    assert made.weights.tobytes() == script.weights.tobytes()
    assert [made.predict(x) for x in CORNERS] == [script.predict(x) for x in CORNERS]
    learned = made.predict(CORNERS).tolist() == GATES[gate]
    assert learned == (gate != "xor")


def points(rows: int, width: int, seed: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, width))
    return x, (x @ rng.normal(size=width) + 0.3 > 0).astype(int)


@pytest.mark.parametrize("width", [1, 3, 7])
def test_a_thousand_separable_points(width: int, backend: str) -> None:
    x, y = points(1000, width, width)
    made, script = both(backend, x, y, threshold=12, learning_rate=0.1)
    assert made.weights.tobytes() == script.weights.tobytes()


def test_more_rows_than_a_block(backend: str) -> None:
    """Steps of the Program end in the middle of the data; the order of the samples stays."""
    x, y = points(2500, 4, 0)
    y[::50] = 1 - y[::50]  # not separable: every pass changes something
    made, script = both(backend, x, y, threshold=5, learning_rate=0.3)
    assert made.weights.tobytes() == script.weights.tobytes()


def test_many_inputs(backend: str) -> None:
    """From 32 on sums are made in another order than BLAS's: digits differ, decisions do not."""
    x, y = points(200, 100, 5)
    made, script = both(backend, x, y)
    np.testing.assert_allclose(made.weights, script.weights, rtol=1e-12, atol=1e-12)


def test_training_goes_on_from_the_weights_it_has() -> None:
    x, y = points(50, 2, 3)
    y[3] = 1 - y[3]
    once, twice = Perceptron(2, threshold=6), Perceptron(2, threshold=3)
    once.train(x, y)
    twice.train(x, y)
    twice.train(x, y)
    assert once.weights.tobytes() == twice.weights.tobytes()


def test_lists_and_no_passes() -> None:
    made = Perceptron(2, threshold=0)
    made.train([np.array([1, 1])], [1])
    assert made.weights.tolist() == [0, 0, 0]
    made = Perceptron(2, threshold=1, learning_rate=0.5)
    made.train([np.array([1, 2]), np.array([0, 0])], [1, 1])
    assert made.weights.tolist() == [0.5, 0.5, 1.0]
    assert made.predict([1, 2]) == 1


def test_mistakes() -> None:
    with pytest.raises(ArgumentError, match="no_of_inputs=0"):
        Perceptron(0)
    with pytest.raises(ArgumentError, match="learning_rate=0"):
        Perceptron(1, learning_rate=0)
    made = Perceptron(2)
    with pytest.raises(ShapeError, match=r"shape \(4, 2\), expected \(3,\)|\(4, 2\)"):
        Perceptron(3).train(CORNERS, GATES["and"])
    with pytest.raises(ShapeError, match="labels"):
        made.train(CORNERS, [1, 0])
    with pytest.raises(DataError, match="label -1 of sample 1"):
        made.train(CORNERS, [1, -1, -1, -1])
    with pytest.raises(DataError, match="row 2"):
        made.train([[0, 1], [1, 1], [np.nan, 1]], [0, 1, 1])
    with pytest.raises(ShapeError, match="one row per sample"):
        made.train([1.0, 2.0], [1])
    with pytest.raises(ShapeError, match=r"\(3,\)"):
        made.predict([1, 2, 3])
