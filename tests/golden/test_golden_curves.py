"""The activations and the rectifying layers against Keras, on every backend and CPU level: values,
gradients, configurations. ``golden_curves.py`` lists the cases.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest

import fastnn
from tests.golden.golden_file import TOLERANCE, GoldenFile, assert_close
from tests.golden.golden_models import build_model

CURVES, LAYERS = GoldenFile("curves"), GoldenFile("rectifiers")
KINDS = ("moderate", "wide", "huge")
NAMES = [name.removesuffix("_wide") for name in CURVES.cases if name.endswith("_wide")]


@pytest.fixture(params=["float32", "float64"])
def dtype(request: pytest.FixtureRequest) -> Iterator[str]:
    """The float type of everything made in the test."""
    before = fastnn.config.floatx()
    fastnn.config.set_floatx(request.param)
    yield request.param
    fastnn.config.set_floatx(before)


@pytest.mark.parametrize("name", NAMES)
def test_activations(name: str, dtype: str, backend: str) -> None:
    given = CURVES.cases[f"{name}_wide"]
    function = partial(getattr(fastnn.activations, given["activation"]), **given["config"])
    layer = fastnn.layers.Activation(function)
    model = fastnn.Sequential([fastnn.layers.Input((6,)), layer], backend=backend)
    model.compile(optimizer="sgd", loss=fastnn.losses.MeanSquaredError())
    for kind in KINDS:
        case = f"{name}_{kind}"
        arrays, expected = CURVES.inputs(case, dtype), CURVES.expected(case, dtype)
        y = model.predict(arrays["x"], verbose=0)
        assert y.dtype == np.dtype(dtype)
        assert_close(y, expected["y"], TOLERANCE[dtype], case)
        dx = model.gradients(arrays["x"], arrays["target"])["input"]
        assert_close(dx, expected["dx"], TOLERANCE[dtype], f"gradient of {case}")


@pytest.mark.parametrize("name", NAMES)
def test_activations_of_arrays(name: str) -> None:
    given = CURVES.cases[f"{name}_wide"]
    arrays, expected = CURVES.inputs(f"{name}_wide"), CURVES.expected(f"{name}_wide", "float64")
    function = getattr(fastnn.activations, given["activation"])
    y = function(arrays["x"], **given["config"])
    assert_close(y, expected["y"], TOLERANCE["float64"], name)
    in_ops = getattr(fastnn.ops, given["activation"], None)
    if in_ops is not None and given["activation"] not in ("relu", "gelu"):
        np.testing.assert_array_equal(in_ops(arrays["x"], **given["config"]), y)
    assert fastnn.activations.get(given["activation"]) is function


@pytest.mark.parametrize("case", LAYERS.cases)
def test_layers(case: str, dtype: str, backend: str) -> None:
    description = LAYERS.cases[case]
    arrays, expected = LAYERS.inputs(case, dtype), LAYERS.expected(case, dtype)
    model = build_model(
        fastnn, description["input_shape"], description["layers"], backend=backend, dtype=dtype
    )
    model.set_weights([arrays[name] for name in description["weights"]])
    y = model.predict(arrays["x"], verbose=0)
    assert_close(y, expected["y"], TOLERANCE[dtype], "forward")
    model.compile(optimizer="sgd", loss=fastnn.losses.MeanSquaredError())
    found = model.gradients(arrays["x"], arrays["target"])
    for name, gradient in expected.items():
        if name.startswith("d:"):
            assert_close(found[name[2:]], gradient, TOLERANCE[dtype], name)


@pytest.mark.parametrize("case", LAYERS.cases)
def test_configurations(case: str) -> None:
    """Keras's arguments make the layer, and its configuration makes it again."""
    (given,) = LAYERS.cases[case]["layers"]
    layer = getattr(fastnn.layers, given["class"])(**given["config"])
    config = layer.get_config()
    assert {name: config[name] for name in given["config"]} == given["config"]
    again = fastnn.layers.deserialize(fastnn.layers.serialize(layer))
    assert type(again) is type(layer)
    assert again.get_config() == config
