"""Layers inside layers against Keras, on every backend and CPU level: forward values, the loss and
every gradient. The cases are in ``golden_blocks.py``; ``make.py`` wrote the file.
"""

from __future__ import annotations

import pytest

import fastnn
from tests.golden.golden_blocks import build, target_of
from tests.golden.golden_file import TOLERANCE, GoldenFile, assert_close

FILE = GoldenFile("blocks")

# What Keras 3.15's get_config returns beside name, trainable and dtype
KEYS = {
    "Identity": (), "Reshape": ("target_shape",), "RepeatVector": ("n",), "Permute": ("dims",),
    "Add": (), "Subtract": (), "Multiply": (), "Average": (), "Maximum": (), "Minimum": (),
    "Concatenate": ("axis",), "Dot": ("axes", "normalize"), "Masking": ("mask_value",),
    "TimeDistributed": ("layer",), "Wrapper": ("layer",), "Flatten": ("data_format",),
    "CategoryEncoding": ("num_tokens", "output_mode"),
    "Embedding": (
        "input_dim", "output_dim", "embeddings_initializer", "embeddings_regularizer",
        "activity_regularizer", "embeddings_constraint", "mask_zero", "quantization_config",
    ),
    "Discretization": ("bin_boundaries", "num_bins", "epsilon", "output_mode", "sparse"),
}  # fmt: skip
ARGUMENTS = {
    "Reshape": {"target_shape": [2, -1]}, "RepeatVector": {"n": 3}, "Permute": {"dims": [2, 1]},
    "Concatenate": {"axis": 1}, "Dot": {"axes": [1, 2], "normalize": True},
    "Embedding": {"input_dim": 3, "output_dim": 2, "mask_zero": True},
    "CategoryEncoding": {"num_tokens": 4, "output_mode": "count"},
    "Discretization": {"bin_boundaries": [0.0, 1.0], "output_mode": "one_hot"},
    "Masking": {"mask_value": 2.0},
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", list(FILE.cases))
@pytest.mark.filterwarnings("ignore:layer .* received an input with a mask")
def test_blocks(case: str, dtype: str, backend: str) -> None:
    description, arrays = FILE.cases[case], FILE.inputs(case, dtype)
    expected, tolerance = FILE.expected(case, dtype), TOLERANCE[dtype]
    made = [build(lambda name: getattr(fastnn.layers, name), s) for s in description["layers"]]
    stack = [fastnn.Input(tuple(description["input_shape"])), *made]
    model = fastnn.Sequential(stack, backend=backend, dtype=dtype)
    model.set_weights([arrays[name] for name in description["weights"]])
    x, y = arrays["x"], expected["y"]
    assert_close(model.predict(x, verbose=0), y, tolerance, "forward")
    if "loss" not in expected:
        return
    model.compile("sgd", fastnn.losses.MeanSquaredError())
    target = target_of(y)
    assert_close(model.evaluate(x, target, verbose=0), expected["loss"], tolerance, "loss")
    found = model.gradients(x, target)
    if "dx" in expected:
        assert_close(found.pop("input"), expected["dx"], tolerance, "gradient of x")
    assert len(found) == len(description["weights"])
    for number, (name, gradient) in enumerate(found.items()):
        assert_close(gradient, expected[f"d:{number}"], tolerance, f"gradient of {name}")


@pytest.mark.parametrize("name", list(KEYS))
def test_the_configuration_is_kerass(name: str) -> None:
    inner = {"layer": fastnn.layers.Dense(2)} if "layer" in KEYS[name] else {}
    layer = getattr(fastnn.layers, name)(**ARGUMENTS.get(name, {}), **inner)
    config = layer.get_config()
    base = {"name", "dtype"} if name == "Discretization" else {"name", "dtype", "trainable"}
    assert set(config) == {*KEYS[name], *base}
    assert {key: config[key] for key in ARGUMENTS.get(name, {})} == ARGUMENTS.get(name, {})
    made = fastnn.layers.deserialize(fastnn.layers.serialize(layer))
    assert made.get_config() == config
