"""Introductory Keras scripts, as Keras users write them, run unmodified with ``fastnn run``, and
end with results like those of Keras (the README of ``tests/scripts`` has both).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1] / "scripts"
Check = Callable[[float], bool]


def above(limit: float) -> Check:
    return lambda value: value > limit


def below(limit: float) -> Check:
    return lambda value: value < limit


def near(expected: float, within: float) -> Check:
    return lambda value: abs(value - expected) <= within


# script → what stands in its output: a pattern, and what its number must be
SHOWN: dict[str, list[tuple[str, Check | None]]] = {
    "autoencoder": [
        ("halves equal the whole: True", None),
        (r"error of the noisy pictures: ([\d.]+)", near(0.0207, 1e-4)),
        (r"error after the autoencoder: ([\d.]+)", below(0.002)),
    ],
    "bag_of_words": [
        (r"test loss, test acc: \[[\d.]+, ([\d.]+)\]", above(0.85)),
        ("superb cast': positive", None),
        ("boring ending': negative", None),
    ],
    "callbacks_of_ones_own": [
        ("batches per epoch: 8.0", None),
        ("epochs seen equal those trained: True", None),
        (r"trained: True \['epoch', 'loss', 'val_loss'\]", None),
        ("final val_loss below 0.005: True", None),
    ],
    "custom_layer": [
        (r"weights: 2 output: \(2, 4\)", None),
        (r"Test accuracy: ([\d.]+)", above(0.68)),
        ("config: 4", None),
    ],
    "custom_loss": [
        (r"root_mean_squared_error: mean error without the outliers ([\d.]+)", below(0.1)),
        (r"huber_fn: mean error without the outliers ([\d.]+)", below(0.3)),
        (r"quantile_loss: mean error without the outliers ([\d.]+)", below(0.1)),
        (r"metrics: \['loss', 'mae', 'r2'\]", None),
        ("eager: 3.5", None),
    ],
    "diabetes_classification": [(r"Accuracy: ([\d.]+)", near(78, 3)), (r"=> \d \(exp", None)],
    "house_prices": [
        (r"Testing set Mean Abs Error: +([\d.]+)", near(1.5, 0.25)),
        ("Total params: 4,609", None),
    ],
    "imbalanced": [
        ("Weight for class 1: 23.26", None),
        (r"recall : +([\d.]+)", above(0.7)),
        (r"auc : +([\d.]+)", above(0.95)),
    ],
    "iris_cross_validation": [(r"Baseline: ([\d.]+)%", above(85)), (r"\[\[50  0  0\]", None)],
    "learning_rates": [
        (r"\[0.1, 0.05, 0.025, 0.0125\] val_accuracy ([\d.]+)", above(0.88)),
        ("rate after 250 steps: 0.00810", None),
        (r"exponential decay: val_accuracy ([\d.]+)", above(0.88)),
        (r"plateau: final val_accuracy ([\d.]+)", above(0.75)),
    ],
    "mnist_early_stopping": [
        (r"Test accuracy: ([\d.]+)", above(0.91)),
        (r"Accuracy of the checkpoint: ([\d.]+)", above(0.91)),
        (r"First ten: \[7 2 1 0 4 1 4 9", None),
    ],
    "overfitting": [
        (r"plain +epochs +60  train ([\d.]+)", above(0.98)),
        (r"l2 .* test crossentropy ([\d.]+)", below(0.75)),
        (r"dropout .* test crossentropy ([\d.]+)", below(0.9)),
        ("plain overfits: True", None),
    ],
    "save_and_load": [
        (r"\['cp-0001.weights.h5', 'cp-0002.weights.h5', 'cp-0003.weights.h5'\]", None),
        ("weights alone, same accuracy: True", None),
        ("whole model, same predictions: True", None),
        ("from JSON, same predictions: True", None),
    ],
    "tf_quickstart": [
        (r"Test: \[[\d.]+, ([\d.]+)\]", above(0.9)),
        (r"\[7 2 1 0 4\] \[7 2 1 0 4\]", None),
    ],
    "xor": [
        ("AND with one neuron: 1.0", None),
        ("XOR with one neuron solved: False", None),
        ("XOR with a hidden layer: 1.0", None),
    ],
}
ARGUMENTS = {"mnist_early_stopping": ["6000"], "tf_quickstart": ["6000"]}
NEEDS = {"house_prices": ("pandas",), "save_and_load": ("h5py",), "mnist_early_stopping": ("h5py",)}


def test_every_script_is_run() -> None:
    assert {path.stem for path in HERE.glob("*.py")} == set(SHOWN)


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_the_script_runs(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    for package in NEEDS.get(name, ()):
        pytest.importorskip(package, reason=f"the script {name}.py needs {package}")
    environment = dict(os.environ, FASTNN_OFFLINE="1", FASTNN_NUM_THREADS="1")
    if name in ARGUMENTS:
        environment["FASTNN_DATA"] = str(request.getfixturevalue("data_home"))
    command = [sys.executable, "-m", "fastnn", "run", str(HERE / f"{name}.py")]
    done = subprocess.run(
        [*command, *ARGUMENTS.get(name, [])],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        cwd=tmp_path,
        env={**environment, "PYTHONIOENCODING": "utf-8"},
    )
    assert done.returncode == 0, done.stderr
    for pattern, check in SHOWN[name]:
        found = re.search(pattern, done.stdout)
        assert found, f"{pattern!r} is not in\n{done.stdout}"
        assert check is None or check(float(found[1])), found[0]
