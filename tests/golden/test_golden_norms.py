"""The normalising layers against Keras in float64 (``make_norms.py``): values in inference and
training, gradients through the batch's statistics, moving statistics, networks that are trained.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn.models import on_batch
from fastnn.training.programs import Job
from tests.golden.golden_file import GoldenFile, assert_close
from tests.golden.golden_models import batches, build_model, compile_arguments, flatten, unflatten
from tests.golden.norm_cases import BATCH, LAYERS, NETWORKS, STEPS

NORMS = GoldenFile("norms")
TOLERANCE = 1e-10


@pytest.fixture(autouse=True)
def _float64() -> Iterator[None]:
    before = fastnn.config.floatx()
    fastnn.config.set_floatx("float64")
    yield
    fastnn.config.set_floatx(before)


def set_weights(model: Any, flat: np.ndarray) -> None:
    model.set_weights(unflatten(flat, [w.shape for w in model.get_weights()]) if flat.size else [])


def weights_of(model: Any) -> np.ndarray:
    return np.concatenate([np.zeros(0), *map(np.ravel, model.get_weights())])


@pytest.mark.parametrize("case", list(LAYERS))
def test_layer(case: str, backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    layer, shape = LAYERS[case]
    given, expected = NORMS.inputs(case), NORMS.expected(case, "float64")
    x, target = given["x"], given["target"]
    model = build_model(fastnn, shape, [layer], backend=backend)
    set_weights(model, given["weights"])
    assert_close(model(x), expected["y"], TOLERANCE, "inference")
    monkeypatch.setattr(on_batch, "Job", lambda *a: Job(*a, training=True))
    model.compile("sgd", "mse")
    found = model.gradients(x, target)
    assert_close(found.pop("input"), expected["d:input"], TOLERANCE, "gradient of x")
    for number, gradient in enumerate(found.values()):
        assert_close(gradient, expected[f"d:w{number}"], TOLERANCE, f"gradient {number}")
    assert f"d:w{len(found)}" not in expected
    np.testing.assert_array_equal(weights_of(model), given["weights"])
    assert_close(model(x, training=True), expected["y_training"], TOLERANCE, "training")
    model(x[:1], training=True)
    model(x[:5], training=True)
    assert_close(weights_of(model), expected["weights"], TOLERANCE, "moving statistics")


@pytest.mark.parametrize("case", list(NETWORKS))
def test_network(case: str, backend: str) -> None:
    layers, arguments = NETWORKS[case]
    given, expected = NORMS.inputs(case), NORMS.expected(case, "float64")
    model = build_model(fastnn, [7], layers, backend=backend)
    set_weights(model, given["weights"])
    model.compile(**compile_arguments(fastnn, arguments))
    losses = []
    for rows in batches(len(given["x"]), BATCH, STEPS):
        losses.append(float(model.train_on_batch(given["x"][rows], given["y"][rows])))
    assert_close(losses, expected["losses"], TOLERANCE, "losses")
    assert_close(flatten(model.get_weights()), expected["weights"], TOLERANCE, "weights")
    assert_close(model.predict(given["x"], verbose=0), expected["y"], TOLERANCE, "prediction")


@pytest.mark.parametrize("case", list(LAYERS))
def test_configurations_come_back(case: str) -> None:
    layer, shape = LAYERS[case]
    first = build_model(fastnn, shape, [layer])
    again = fastnn.Sequential.from_config(first.get_config())
    assert again.get_config() == first.get_config()
    x = NORMS.inputs(case)["x"]
    again.set_weights(first.get_weights())
    np.testing.assert_array_equal(again(x), first(x))
