"""Files of Keras 2 (``tf.keras``), made here byte by byte in its form: what ``hdf5_format.py`` of
TensorFlow's Keras writes, as text in bytes, with ``batch_input_shape``, names like
``dense/kernel:0``, ``optimizer_weights`` in the orders of 2.11 and of before, and metrics in lists.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn.saving import load_model

h5py = pytest.importorskip("h5py", reason="h5py is not installed (extra 'keras')")
RNG = np.random.default_rng(8)
X = RNG.normal(size=(6, 3)).astype(np.float32)
Y = RNG.integers(0, 2, (6, 1)).astype(np.float32)
WEIGHTS = {
    "dense": {"kernel:0": RNG.normal(size=(3, 4)), "bias:0": RNG.normal(size=4)},
    "batch_normalization": {
        "gamma:0": RNG.uniform(0.5, 1, 4),
        "beta:0": RNG.normal(size=4),
        "moving_mean:0": RNG.normal(size=4),
        "moving_variance:0": RNG.uniform(0.5, 1, 4),
    },
    "dropout": {},
    "dense_1": {"kernel:0": RNG.normal(size=(4, 1)), "bias:0": RNG.normal(size=1)},
}
TRAINED = [
    (layer, name)
    for layer, inner in WEIGHTS.items()
    for name in inner
    if not name.startswith("moving")
]
SLOTS = {
    (slot, *weight): RNG.uniform(0.1, 0.2, np.shape(WEIGHTS[weight[0]][weight[1]]))
    for slot in ("m", "v")
    for weight in TRAINED
}


def dense(name: str, units: int, activation: str, **first: Any) -> dict[str, Any]:
    config = {
        "name": name,
        "trainable": True,
        **first,
        "dtype": "float32",
        "units": units,
        "activation": activation,
        "use_bias": True,
        "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}},
        "bias_initializer": {"class_name": "Zeros", "config": {}},
        "kernel_regularizer": {"class_name": "L2", "config": {"l2": 0.009999999776482582}},
        "bias_regularizer": None,
        "activity_regularizer": None,
        "kernel_constraint": None,
        "bias_constraint": None,
    }
    return {"class_name": "Dense", "config": config}


def normalization() -> dict[str, Any]:
    config: dict[str, Any] = {
        "name": "batch_normalization",
        "trainable": True,
        "dtype": "float32",
        "axis": [1],
        "momentum": 0.99,
        "epsilon": 0.001,
        "center": True,
        "scale": True,
    }
    for name, kind in (("beta", "Zeros"), ("gamma", "Ones")):
        config |= {
            f"{name}_initializer": {"class_name": kind, "config": {}},
            f"{name}_regularizer": None,
            f"{name}_constraint": None,
        }
    for name, kind in (("mean", "Zeros"), ("variance", "Ones")):
        config[f"moving_{name}_initializer"] = {"class_name": kind, "config": {}}
    return {"class_name": "BatchNormalization", "config": config}


def model_config(*, announced: bool) -> dict[str, Any]:
    """The architecture, with an InputLayer (2.3 and later) or without (before)."""
    begin = {
        "class_name": "InputLayer",
        "config": {
            "batch_input_shape": [None, 3],
            "dtype": "float32",
            "sparse": False,
            "ragged": False,
            "name": "dense_input",
        },
    }
    dropout = {
        "class_name": "Dropout",
        "config": {
            "name": "dropout",
            "trainable": True,
            "dtype": "float32",
            "rate": 0.2,
            "noise_shape": None,
            "seed": None,
        },
    }
    layers = [
        *([begin] if announced else []),
        dense("dense", 4, "relu", batch_input_shape=[None, 3]),
        normalization(),
        dropout,
        dense("dense_1", 1, "sigmoid"),
    ]
    return {"class_name": "Sequential", "config": {"name": "sequential", "layers": layers}}


def training_config(*, new: bool) -> dict[str, Any]:
    """What compile was told, for the optimizers since 2.11 or those of before."""
    adam = {
        "name": "Adam",
        "learning_rate": 0.009999999776482582,
        "beta_1": 0.9,
        "beta_2": 0.999,
        "epsilon": 1e-07,
        "amsgrad": False,
    }
    around = {
        "weight_decay": None,
        "clipnorm": None,
        "global_clipnorm": None,
        "clipvalue": None,
        "use_ema": False,
        "ema_momentum": 0.99,
        "ema_overwrite_frequency": None,
        "jit_compile": False,
        "is_legacy_optimizer": False,
    }
    accuracy = {
        "class_name": "MeanMetricWrapper",
        "config": {"name": "accuracy", "dtype": "float32", "fn": "binary_accuracy"},
    }
    return {
        "loss": "binary_crossentropy",
        "metrics": [[accuracy]],
        "weighted_metrics": None,
        "loss_weights": None,
        "optimizer_config": {
            "class_name": "Adam",
            "config": {**adam, **(around if new else {"decay": 0.0})},
        },
    }


def optimizer_arrays(*, new: bool, rate: bool) -> dict[str, Any]:
    """The arrays of Adam after five steps by name, in their order."""
    found: dict[str, Any] = {"iteration:0" if new else "Adam/iter:0": np.int64(5)}
    if rate:
        found["learning_rate:0"] = np.float32(0.01)
    if new:  # weight by weight
        for layer, name in TRAINED:
            found |= {f"Adam/{s}/{layer}/{name}": SLOTS[s, layer, name] for s in "mv"}
    else:  # slot by slot
        for s in "mv":
            for layer, name in TRAINED:
                found[f"Adam/{layer}/{name.partition(':')[0]}/{s}:0"] = SLOTS[s, layer, name]
    return found


def write(path: Path, version: str, *, new: bool, rate: bool = False) -> None:
    """A file as Keras 2 writes it."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = version.encode()
        file.attrs["backend"] = b"tensorflow"
        config = model_config(announced=new)
        file.attrs["model_config"] = json.dumps(config).encode()
        file.attrs["training_config"] = json.dumps(training_config(new=new)).encode()
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [name.encode() for name in WEIGHTS]
        group.attrs["backend"] = b"tensorflow"
        group.attrs["keras_version"] = version.encode()
        for layer, arrays in WEIGHTS.items():
            inner = group.create_group(layer)
            inner.attrs["weight_names"] = [f"{layer}/{name}".encode() for name in arrays]
            for name, array in arrays.items():
                inner.create_dataset(f"{layer}/{name}", data=array.astype("float32"))
        if new:
            group.create_group("top_level_model_weights").attrs["weight_names"] = []
        group = file.create_group("optimizer_weights")
        stored = optimizer_arrays(new=new, rate=rate)
        group.attrs["weight_names"] = [name.encode() for name in stored]
        for name, array in stored.items():
            kind = "int64" if np.ndim(array) == 0 and "iter" in name else "float32"
            group.create_dataset(name, data=np.asarray(array, kind))


def expected() -> Any:
    """The same model, made here."""
    layers = fastnn.layers
    model = fastnn.Sequential(
        [
            fastnn.Input((3,)),
            layers.Dense(4, "relu", kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.Dropout(0.2),
            layers.Dense(1, "sigmoid", kernel_regularizer="l2"),
        ]
    )
    model.set_weights([array for inner in WEIGHTS.values() for array in inner.values()])
    return model


@pytest.mark.parametrize(
    ("version", "arguments"),
    [
        ("2.15.0", {"new": True}),
        ("2.15.0", {"new": True, "rate": True}),
        ("2.4.0", {"new": False}),
        ("2.2.4-tf", {"new": False}),
    ],
)
def test_a_file_of_keras_2(version: str, arguments: dict[str, bool], tmp_path: Path) -> None:
    path = tmp_path / "old.h5"
    write(path, version, **arguments)
    model = load_model(path)
    np.testing.assert_allclose(
        model.predict(X, verbose=0), expected().predict(X, verbose=0), rtol=1e-6
    )
    assert [layer.name for layer in model.layers] == list(WEIGHTS)
    optimizer = model.optimizer
    assert (type(optimizer).__name__, optimizer.learning_rate) == ("Adam", 0.01)
    assert optimizer.iterations == 5
    state, arrays = model.get_training_state()
    for slot, layer, name in SLOTS:
        found = arrays[f"{slot}/{layer}/{name.partition(':')[0]}"]
        np.testing.assert_allclose(found, SLOTS[slot, layer, name], rtol=1e-6)
    assert state["iterations"] == 5
    assert list(model.evaluate(X, Y, verbose=0, return_dict=True)) == ["loss", "accuracy"]
    model.fit(X, Y, verbose=0)
    assert optimizer.iterations == 6


def test_its_weights_alone(tmp_path: Path) -> None:
    write(tmp_path / "old.h5", "2.15.0", new=True)
    with h5py.File(tmp_path / "old.h5") as whole, h5py.File(tmp_path / "w.h5", "w") as file:
        for name, value in whole["model_weights"].attrs.items():
            file.attrs[name] = value
        for name in whole["model_weights"]:
            whole.copy(whole["model_weights"][name], file, name)
    model = expected()
    model.set_weights([np.zeros_like(w) for w in model.get_weights()])
    model.load_weights(tmp_path / "w.h5")
    np.testing.assert_allclose(
        model.predict(X, verbose=0), expected().predict(X, verbose=0), rtol=1e-6
    )


def test_another_state_is_a_fresh_optimizer(tmp_path: Path) -> None:
    path = tmp_path / "old.h5"
    write(path, "2.15.0", new=True)
    with h5py.File(path, "a") as file:
        names = file["optimizer_weights"].attrs["weight_names"]
        file["optimizer_weights"].attrs["weight_names"] = names[:-1]
    with pytest.warns(UserWarning, match="the state of optimizer 'Adam'"):
        model = load_model(path)
    assert model.optimizer.iterations == 0
