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
    "churn_tabular": [
        (r"stopped: True \['accuracy', 'auc', 'learning_rate'\]", None),
        (r"AUC: ([\d.]+)", near(0.85, 0.03)),
        (r"those who left: ([\d.]+)", above(0.65)),
        (r"submission: \(750, 2\)", None),
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
    "k_fold_regression": [
        ("folds: 4 epochs: 40", None),
        (r"mean of the folds: ([\d.]+)", near(2.3, 0.5)),
        ("falls: True", None),
        (r"test mae: ([\d.]+)", near(2.0, 0.5)),
        (r"first prediction: \(1,\) error below 6: True", None),
    ],
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
    "mnist_first_network": [
        (r"\(60000, 28, 28\) 60000 \[5 0 4 1 9\]", None),
        ("\n7 True 7\n", None),
        (r"test_acc: ([\d.]+)", above(0.91)),
        ("2 float32 1.0", None),
    ],
    "newswires_one_hot": [
        ("by hand the same: True", None),
        (r"\['loss', 'accuracy', 'val_loss', 'val_accuracy'\]|\['accuracy', 'loss', ", None),
        (r"one-hot: ([\d.]+)", above(0.97)),
        (r"\(12,\) sums to one: True", None),
        ("bottleneck is worse: True", None),
    ],
    "overfitting": [
        (r"plain +epochs +60  train ([\d.]+)", above(0.98)),
        (r"l2 .* test crossentropy ([\d.]+)", below(0.75)),
        (r"dropout .* test crossentropy ([\d.]+)", below(0.9)),
        ("plain overfits: True", None),
    ],
    "pima_loadtxt": [
        (r"Accuracy: ([\d.]+)", near(76, 5)),
        (r"\[2.0, 96.559, .* => \d \(expected 0\)", None),
        ("same:  True", None),
        (r"by the weights: \[\(8, 12\), \(12,\)", None),
    ],
    "reviews_multi_hot": [
        ("largest index: True", None),
        (r"\['accuracy', 'loss', 'val_accuracy', 'val_loss'\]", None),
        (r"test accuracy: ([\d.]+)", above(0.95)),
        (r"\(1000, 1\) sure ones: True", None),
        (r"padded: \(2000, 50\) int32", None),
    ],
    "save_and_load": [
        (r"\['cp-0001.weights.h5', 'cp-0002.weights.h5', 'cp-0003.weights.h5'\]", None),
        ("weights alone, same accuracy: True", None),
        ("whole model, same predictions: True", None),
        ("from JSON, same predictions: True", None),
    ],
    "search_by_hand": [
        (r"'learning_rate': 0.0005, 'dropout': 0.0} val_accuracy ([\d.]+)", below(0.8)),
        (r"Best: ([\d.]+) using units 32", above(0.97)),
        (r"Folds: 3, mean accuracy: ([\d.]+)", above(0.95)),
        ("copy predicts the same: True", None),
        ("with noise, same shape: True", None),
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
ARGUMENTS = {
    name: ["6000"] for name in ("mnist_early_stopping", "mnist_first_network", "tf_quickstart")
}
NEEDS = {
    "churn_tabular": ("pandas", "sklearn"),
    "house_prices": ("pandas",),
    "save_and_load": ("h5py",),
    "mnist_early_stopping": ("h5py",),
}


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
