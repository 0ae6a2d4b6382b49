"""Training goes on in Keras where it stopped in fastnn, and the other way: the state of every
optimizer, with averaged weights and accumulated gradients. And each layer that both libraries have
goes through a file both ways. Marked ``keras``: skipped where Keras is not installed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn.saving.keras_config import _item, native

pytestmark = [
    pytest.mark.keras,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # Keras and JAX about themselves
]
RNG = np.random.default_rng(4)
X = RNG.normal(size=(20, 6)).astype(np.float32)
Y = RNG.normal(size=(20, 2)).astype(np.float32)
START = [RNG.uniform(0.05, 0.9, shape) for shape in ((6, 4), (4,), (4, 2), (2,))]


@pytest.fixture(scope="module")
def keras() -> Any:
    pytest.importorskip("h5py")
    return pytest.importorskip("keras", minversion="3.0")


AVERAGED = {"use_ema": True, "ema_momentum": 0.8}
ACCUMULATED = {"gradient_accumulation_steps": 3}
OPTIMIZERS: list[tuple[str, dict[str, Any]]] = [
    ("Adafactor", {}),
    ("Adafactor", {**AVERAGED, **ACCUMULATED, "clipnorm": 1.0}),
    ("Adam", {**AVERAGED, "ema_overwrite_frequency": 2}),
    ("Nadam", {**AVERAGED, **ACCUMULATED}),
    ("SGD", {**ACCUMULATED, "momentum": 0.9}),
    ("SGD", AVERAGED),
    ("Muon", AVERAGED),
    ("Lamb", ACCUMULATED),
]


@pytest.mark.parametrize(("name", "arguments"), OPTIMIZERS)
def test_training_goes_on(name: str, arguments: dict[str, Any], keras: Any, tmp_path: Path) -> None:
    for library in (fastnn, keras):
        layers = library.layers
        model = library.Sequential(
            [library.Input((6,)), layers.Dense(4, activation="tanh"), layers.Dense(2)]
        )
        model.set_weights(START)
        model.compile(getattr(library.optimizers, name)(0.02, **arguments), "mse")
        go_on(model, 1)  # five steps
        path = tmp_path / f"{library.__name__}.keras"
        model.save(path)
        ours, theirs = fastnn.saving.load_model(path), keras.saving.load_model(path)
        assert ours.optimizer.iterations == 5
        go_on(ours, 2)
        go_on(theirs, 2)
        for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


def go_on(model: Any, epochs: int) -> None:
    model.fit(X, Y, batch_size=4, epochs=epochs, shuffle=False, verbose=0)


# Arguments of each layer that both have, and the shape of a sample
LAYERS: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {
    "Dense": ({"units": 3, "activation": "selu", "kernel_regularizer": "l1"}, (6,)),
    "Activation": ({"activation": "mish"}, (6,)),
    "Dropout": ({"rate": 0.3, "seed": 4}, (6,)),
    "Identity": ({}, (6,)),
    "ReLU": ({"max_value": 2.0, "threshold": 0.1}, (6,)),
    "LeakyReLU": ({"negative_slope": 0.1}, (6,)),
    "PReLU": ({"alpha_initializer": "ones"}, (6,)),
    "ELU": ({"alpha": 0.5}, (6,)),
    "Softmax": ({"axis": -1}, (6,)),
    "Flatten": ({}, (2, 3)),
    "Reshape": ({"target_shape": (3, -1)}, (6,)),
    "Permute": ({"dims": (2, 1)}, (2, 3)),
    "RepeatVector": ({"n": 3}, (6,)),
    "Rescaling": ({"scale": 0.5, "offset": [1.0, 2.0, 3.0]}, (3,)),
    "Normalization": ({"mean": [1.0, 2.0, 3.0], "variance": [4.0, 5.0, 6.0]}, (3,)),
    "BatchNormalization": ({"momentum": 0.8, "epsilon": 0.01, "center": False}, (6,)),
    "LayerNormalization": ({"epsilon": 0.01, "scale": False}, (6,)),
    "RMSNormalization": ({"epsilon": 0.01}, (6,)),
    "GroupNormalization": ({"groups": 2}, (6,)),
    "UnitNormalization": ({"axis": -1}, (6,)),
    "SpectralNormalization": ({"power_iterations": 2}, (6,)),
    "GaussianNoise": ({"stddev": 0.1}, (6,)),
    "GaussianDropout": ({"rate": 0.1}, (6,)),
    "AlphaDropout": ({"rate": 0.1}, (6,)),
    "Embedding": ({"input_dim": 9, "output_dim": 2, "mask_zero": True}, (4,)),
    "CategoryEncoding": ({"num_tokens": 9, "output_mode": "count"}, (4,)),
    "Discretization": ({"bin_boundaries": [0.0, 1.0], "output_mode": "one_hot"}, (1,)),
    "Masking": ({"mask_value": 1.0}, (2, 3)),
    "TimeDistributed": ({}, (2, 3)),
    "ActivityRegularization": ({"l1": 0.1, "l2": 0.2}, (6,)),
}
MERGING: dict[str, dict[str, Any]] = {
    **{name: {} for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")},
    "Concatenate": {"axis": 1},
    "Dot": {"axes": (1, 1), "normalize": True},
}
# without a form of their own in a file: the input, code, a base class
ELSEWHERE = {"InputLayer", "Lambda", "Wrapper"}


def made(library: Any, name: str) -> Any:
    arguments, _ = LAYERS[name]
    layers = library.layers
    if name in ("SpectralNormalization", "TimeDistributed"):
        return getattr(layers, name)(layers.Dense(2), **arguments)
    return getattr(layers, name)(**arguments)


def test_every_layer_is_tested(keras: Any) -> None:
    shared = {name for name in fastnn.layers.REGISTRY.classes if hasattr(keras.layers, name)}
    assert shared == {*LAYERS, *MERGING, *ELSEWHERE}


@pytest.mark.filterwarnings("ignore:.*mask")
@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_passes_both_ways(name: str, keras: Any, tmp_path: Path) -> None:
    shape = LAYERS[name][1]
    ids = name in ("Embedding", "CategoryEncoding")
    x = RNG.integers(0, 9, (5, *shape)) if ids else RNG.normal(size=(5, *shape))
    for library, other in ((fastnn, keras), (keras, fastnn)):
        begin = library.Input(shape, dtype="int32" if ids else "float32")
        model = library.Sequential([begin, made(library, name), library.layers.Flatten()])
        path = tmp_path / f"{library.__name__}.keras"
        model.set_weights([RNG.uniform(0.1, 0.9, np.shape(w)) for w in model.get_weights()])
        model.save(path)
        again = other.saving.load_model(path)
        kind = np.int32 if ids else np.float32
        found, expected = (m.predict(x.astype(kind), verbose=0) for m in (again, model))
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
        assert agree(again.layers[0].get_config(), model.layers[0].get_config()) == []


@pytest.mark.parametrize("name", MERGING)
def test_a_merging_layer_passes_both_ways(name: str, keras: Any) -> None:
    ours = getattr(fastnn.layers, name)(**MERGING[name])
    theirs = getattr(keras.layers, name)(**MERGING[name])
    written = _item("layer", {"class_name": name, "config": ours.get_config()})
    assert agree(keras.layers.deserialize(written).get_config(), theirs.get_config()) == []
    again = fastnn.layers.deserialize(native(keras.layers.serialize(theirs)))
    assert agree(again.get_config(), ours.get_config()) == []


def agree(a: dict[str, Any], b: dict[str, Any]) -> list[str]:
    """The plain arguments in which two configurations differ."""

    def plain(value: Any) -> Any:
        return list(value) if isinstance(value, (tuple, list, np.ndarray)) else value

    kinds = (bool, int, float, str, tuple, list)
    # (an axis of Keras's normalising layers is -1 or [1], as they were built or not)
    shared = {*a} & {*b} - {"name", "dtype", "axis"}
    both = [key for key in shared if isinstance(a[key], kinds) and isinstance(b[key], kinds)]
    return [key for key in both if plain(a[key]) != plain(b[key])]


def test_the_comparison_can_fail() -> None:
    assert agree({"rate": 0.1, "dims": (1,)}, {"rate": 0.2, "dims": [1]}) == ["rate"]
