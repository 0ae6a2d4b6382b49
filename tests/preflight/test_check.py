"""``fastnn.check`` finds each planted mistake by its name, says what to do, and finds nothing in
data that is right; ``fit`` warns once of what shows in the model alone.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import fastnn
from fastnn import layers, losses
from fastnn.errors import ArgumentError, StateError
from fastnn.preflight import Findings
from tests.support.networks import network

Array = np.ndarray[Any, Any]
rng = np.random.default_rng(11)
X = rng.standard_normal((200, 3)).astype(np.float32)
NUMBERS = (X[:, :1] * 2 + rng.standard_normal((200, 1))).astype(np.float32)
LABELS = rng.integers(0, 3, 200)
BITS = rng.integers(0, 2, 200)


def classes(**arguments: Any) -> fastnn.Sequential:
    return network(
        outputs=3, activation="softmax", **{"loss": "sparse_categorical_crossentropy", **arguments}
    )


def binary() -> fastnn.Sequential:
    return network(activation="sigmoid", loss="binary_crossentropy")


def spoiled(column: int, factor: float, added: float = 0.0) -> Array:
    x = X.copy()
    x[:, column] = x[:, column] * factor + added
    return x


def test_nothing_is_found_in_what_is_right() -> None:
    for model, y in (
        (network(), NUMBERS),
        (classes(), LABELS),
        (classes(loss="categorical_crossentropy"), np.eye(3)[LABELS]),
        (binary(), BITS),
        (network(activation="sigmoid", loss="binary_crossentropy", outputs=2), np.eye(2)[BITS]),
        (
            network(outputs=3, loss=losses.CategoricalCrossentropy(from_logits=True)),
            np.eye(3)[LABELS],
        ),
    ):
        found = fastnn.check(model, X, y, (X[100:] + 0.01, y[100:]), batch_size=32)
        assert found == [], found
        assert str(found) == repr(found) == "Nothing found: the model and the data look right."


FOUND: dict[str, tuple[Any, ...]] = {
    "softmax-of-one": (lambda: network(activation="softmax", loss="mse"), X, BITS),
    "not-logits": (
        lambda: classes(loss=losses.SparseCategoricalCrossentropy(from_logits=True)),
        X,
        LABELS,
    ),
    "not-probabilities": (lambda: network(loss="binary_crossentropy"), X, BITS),
    "sigmoid-with-categorical": (
        lambda: network(outputs=3, activation="sigmoid", loss="categorical_crossentropy"),
        X,
        np.eye(3)[LABELS],
    ),
    "softmax-with-binary": (lambda: classes(loss="binary_crossentropy"), X, np.eye(3)[LABELS]),
    "not-finite": (network, np.where(np.arange(600).reshape(200, 3) == 7, np.nan, X), NUMBERS),
    "constant": (network, spoiled(1, 0.0), NUMBERS),
    "unscaled": (network, spoiled(2, 300.0, 5000.0), NUMBERS),
    "refused": (classes, X, LABELS + 1),
    "one-class": (binary, X, np.zeros(200)),
    "imbalance": (binary, X, (np.arange(200) % 50 == 0).astype(int)),
    "class-without-samples": (classes, X, BITS),
    "sorted": (classes, X, np.sort(LABELS)),
    "out-of-reach": (lambda: network(activation="sigmoid"), X, NUMBERS),
    "one-value": (network, X, np.full(200, 3.0)),
    "large-targets": (network, X, NUMBERS * 1000),
    "accuracy-of-numbers": (lambda: network(metrics=["accuracy"]), X, NUMBERS),
    "class-missing": (classes, X, LABELS, (X[:50] + 1e-3, np.minimum(LABELS[:50], 1))),
    "other-scale": (network, X, NUMBERS, (X * 100 + 3, NUMBERS)),
    "validates-on-training": (network, X, NUMBERS, (X, NUMBERS)),
    "warned": (
        lambda: classes(loss="categorical_crossentropy"),
        X,
        np.eye(3)[LABELS] * 2,
    ),
}


@pytest.mark.parametrize("code", FOUND)
def test_finds(code: str) -> None:
    make, *data = FOUND[code]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = fastnn.check(make(), *data)
    assert code in found.codes, found
    others = set(found.codes) - {code}
    assert others <= {"unscaled", "class-without-samples"}, found
    finding = found[found.codes.index(code)]
    assert finding.message
    assert finding.advice or code in ("refused", "warned")
    assert all(len(line) <= 96 for line in str(found).splitlines())


def test_the_worst_comes_first_and_the_text_says_what_to_do() -> None:
    x = spoiled(0, 0.0, 1.0)
    x[:, 2] *= 1000
    x[5, 1] = np.inf
    found = fastnn.check(network(), x, NUMBERS, batch_size=500)
    assert found.codes == ["not-finite", "unscaled", "constant", "large-batch"]
    assert [finding.kind for finding in found] == ["error", "warning", "note", "note"]
    assert [item.code for item in found.errors + found.warnings] == ["not-finite", "unscaled"]
    text = " ".join(str(found).split())
    assert "error: x: 1 of 200 rows contain NaN or infinity, the first of them row 5." in text
    assert "layers.Normalization()" in text
    assert isinstance(found, Findings)


def test_columns_are_named_and_pixels_recognised() -> None:
    frame = pd.DataFrame(spoiled(1, 0.0), columns=["height", "unit", "weight"])
    frame["weight"] *= 1000
    text = " ".join(str(fastnn.check(network(), frame, NUMBERS)).split())
    assert "1 column is constant ('unit')" in text
    assert "1 column reaches far beyond 1 ('weight';" in text
    pixels = rng.integers(0, 256, (200, 3)).astype(np.uint8)
    assert "layers.Rescaling(1 / 255)" in str(fastnn.check(network(), pixels, NUMBERS))
    model = fastnn.Sequential([fastnn.Input((3,)), layers.Rescaling(1 / 255), layers.Dense(1)])
    model.compile("sgd", "mse")
    assert fastnn.check(model, pixels, NUMBERS) == []


def test_imbalance_gives_the_weights_that_fit_takes() -> None:
    y = (np.arange(200) % 20 == 0).astype(int)
    (finding,) = fastnn.check(binary(), X, y)
    assert "class_weight={0: 0.53, 1: 10.0}" in finding.advice
    assert "accuracy of 0.95" in finding.message


def test_classes_of_validation_data_in_both_directions() -> None:
    one, other = np.minimum(LABELS, 1), np.maximum(LABELS, 1)
    text = " ".join(str(fastnn.check(classes(), X, one, (X + 1e-3, other))).split())
    assert "validation_data: no sample is of class 0" in text
    assert "y: no sample is of class 2" in text


def test_changes_nothing_and_reads_maps_in_blocks(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    model = network()
    before = model.get_weights()
    assert fastnn.check(model, np.load(tmp_path / "x.npy", mmap_mode="r"), NUMBERS) == []
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert model.optimizer.iterations == 0


def test_refuses() -> None:
    with pytest.raises(StateError, match="compile"):
        fastnn.check(fastnn.Sequential([layers.Dense(1)]), X, NUMBERS)
    with pytest.raises(ArgumentError, match="one batch"):
        fastnn.check(network(), iter([(X, NUMBERS)]))
    assert "y is missing" in str(fastnn.check(network(), X))
    assert fastnn.check(network(), X[:0], NUMBERS[:0]) == []


class TestFit:
    def test_warns_once_of_what_shows_in_the_model(self) -> None:
        model = network(activation="softmax")
        with pytest.warns(
            UserWarning, match=r"softmax of 1 unit.*Use activation='sigmoid'"
        ) as seen:
            model.fit(X, NUMBERS, verbose=0)
        assert seen[0].filename == __file__
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model.fit(X, NUMBERS, verbose=0)

    def test_does_not_look_at_the_data(self) -> None:
        """What ``check`` finds in these data, ``fit`` does not look for."""
        x, y = spoiled(0, 0.0), np.zeros(200)
        assert fastnn.check(network(), x, y)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            network().fit(x, y, verbose=0)
        assert not caught
