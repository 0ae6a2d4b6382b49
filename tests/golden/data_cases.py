"""Forms of data and the arguments of ``fit`` about data: what each gives as History. What it is in
Keras is in ``callbacks.npz`` (``data``, JSON), written by ``make_callbacks.py``;
``tests/training/test_keras_data.py`` compares.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

rng = np.random.default_rng(6)
X = rng.normal(size=(12, 3)).astype(np.float32)
Y = rng.normal(size=(12, 1)).astype(np.float32)
LABELS = np.arange(12) % 3
ONE_HOT = np.eye(3, dtype=np.float32)[LABELS]
W = np.linspace(0.5, 2.0, 12).astype(np.float32)
FRAME = pd.DataFrame(X, columns=["a", "b", "c"])
BY_CLASS = {0: 1.0, 1: 2.0, 2: 3.0}


def model(library: Any, kind: str) -> Any:
    """A layer with fixed weights: ``number``, ``sparse`` or ``one-hot``."""
    units = 1 if kind == "number" else 3
    made = library.Sequential(
        [
            library.Input((3,)),
            library.layers.Dense(units, activation=None if units == 1 else "softmax"),
        ]
    )
    made.set_weights([np.arange(3.0 * units).reshape(3, units) / 10, np.zeros(units)])
    loss = {"number": "mse", "sparse": "sparse_categorical_crossentropy"}
    metrics = {} if units == 1 else {"metrics": ["accuracy"], "weighted_metrics": ["accuracy"]}
    made.compile("sgd", loss.get(kind, "categorical_crossentropy"), **metrics)
    return made


def batches(*arrays: Any) -> list[Any]:
    """Batches of 5, 5 and 2 rows."""
    return [tuple(array[start : start + 5] for array in arrays) for start in (0, 5, 10)]


def endless(*arrays: Any) -> Any:
    """Those batches again and again."""
    while True:
        yield from batches(*arrays)


def dataset(library: Any, *arrays: Any) -> Any:
    """Those batches as a ``PyDataset``."""

    class Data(library.utils.PyDataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return 3

        def __getitem__(self, index: int) -> Any:
            return batches(*arrays)[index]

    return Data()


ARRAYS: dict[str, Any] = {"x": X, "y": Y, "batch_size": 5}
SPARSE: dict[str, Any] = {"x": X, "y": LABELS, "batch_size": 5}
# name: kind of model, and the arguments of fit for a library
RUNS: dict[str, tuple[str, Callable[[Any], dict[str, Any]]]] = {
    "arrays": ("number", lambda k: ARRAYS),
    "batch of 32": ("number", lambda k: {"x": X, "y": Y}),
    "targets of one axis": ("number", lambda k: {**ARRAYS, "y": Y[:, 0]}),
    "DataFrame and Series": ("number", lambda k: {**ARRAYS, "x": FRAME, "y": pd.Series(Y[:, 0])}),
    "integers": ("number", lambda k: {**ARRAYS, "x": np.arange(36).reshape(12, 3) % 5}),
    "booleans": ("number", lambda k: {**ARRAYS, "x": X > 0}),
    "float64": ("number", lambda k: {**ARRAYS, "x": X.astype(float), "y": Y.astype(float)}),
    "lists of one array": ("number", lambda k: {**ARRAYS, "x": [X], "y": [Y]}),
    "sample_weight": ("number", lambda k: {**ARRAYS, "sample_weight": W}),
    "column of sample_weight": ("number", lambda k: {**ARRAYS, "sample_weight": W[:, None]}),
    "Series of sample_weight": ("number", lambda k: {**ARRAYS, "sample_weight": pd.Series(W)}),
    "negative sample_weight": ("number", lambda k: {**ARRAYS, "sample_weight": -W}),
    "labels": ("sparse", lambda k: SPARSE),
    "column of labels": ("sparse", lambda k: {**SPARSE, "y": LABELS[:, None]}),
    "labels as floats": ("sparse", lambda k: {**SPARSE, "y": LABELS.astype("float32")}),
    "one-hot": ("one-hot", lambda k: {**SPARSE, "y": ONE_HOT}),
    "class_weight": ("sparse", lambda k: {**SPARSE, "class_weight": BY_CLASS}),
    "class_weight of some": ("sparse", lambda k: {**SPARSE, "class_weight": {1: 4.0}}),
    "class_weight, one-hot": (
        "one-hot",
        lambda k: {**SPARSE, "y": ONE_HOT, "class_weight": BY_CLASS},
    ),
    "class_weight and validation": (
        "sparse",
        lambda k: {**SPARSE, "class_weight": BY_CLASS, "validation_data": (X, LABELS)},
    ),
    "class_weight and split": (
        "sparse",
        lambda k: {**SPARSE, "class_weight": BY_CLASS, "validation_split": 0.25},
    ),
    "validation_split": ("number", lambda k: {**ARRAYS, "validation_split": 0.3}),
    "split and data": (
        "number",
        lambda k: {**ARRAYS, "validation_split": 0.3, "validation_data": (X, Y)},
    ),
    "weights of validation": ("number", lambda k: {**ARRAYS, "validation_data": (X, Y, W)}),
    "validation_freq": (
        "number",
        lambda k: {**ARRAYS, "epochs": 5, "validation_freq": 2, "validation_data": (X, Y)},
    ),
    "validation_freq as a list": (
        "number",
        lambda k: {**ARRAYS, "epochs": 5, "validation_freq": [1, 4], "validation_data": (X, Y)},
    ),
    "validation_batch_size and steps": (
        "number",
        lambda k: {
            **ARRAYS,
            "validation_data": (X, Y),
            "validation_batch_size": 4,
            "validation_steps": 2,
        },
    ),
    "initial_epoch": ("number", lambda k: {**ARRAYS, "initial_epoch": 3, "epochs": 5}),
    "initial_epoch after the last": ("number", lambda k: {**ARRAYS, "initial_epoch": 5}),
    "steps_per_epoch": ("number", lambda k: {**ARRAYS, "epochs": 3, "steps_per_epoch": 2}),
    "generator": ("number", lambda k: {"x": endless(X, Y), "steps_per_epoch": 3}),
    "generator of weights": ("number", lambda k: {"x": endless(X, Y, W), "steps_per_epoch": 3}),
    "dataset": ("number", lambda k: {"x": dataset(k, X, Y)}),
    "dataset of weights": ("number", lambda k: {"x": dataset(k, X, Y, W)}),
    "dataset and class_weight": (
        "one-hot",
        lambda k: {"x": dataset(k, X, ONE_HOT), "class_weight": BY_CLASS},
    ),
    "dataset to validate on": (
        "number",
        lambda k: {**ARRAYS, "validation_data": dataset(k, X, Y)},
    ),
}


def history(library: Any, name: str) -> dict[str, Any]:
    """The History of a run, as JSON gives it back."""
    kind, arguments = RUNS[name]
    fit = {"epochs": 2, "shuffle": False, "verbose": 0, **arguments(library)}
    found = model(library, kind).fit(**fit).history
    plain = {key: [float(value) for value in found[key]] for key in sorted(found)}
    result: dict[str, Any] = json.loads(json.dumps(plain))
    return result
