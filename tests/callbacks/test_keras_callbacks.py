"""Callbacks beside an installed Keras: the same program with each of them gives the same numbers.
Marked `keras`: skipped where Keras is not installed.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastnn
from tests.golden.golden_file import assert_close

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

RNG = np.random.default_rng(20261121)
X = RNG.normal(size=(40, 6)).astype("float32")
Y = RNG.normal(size=(40, 2)).astype("float32")
START = [RNG.normal(0.0, 0.5, shape) for shape in ((6, 8), (8,), (8, 2), (2,))]


@pytest.fixture(scope="module")
def keras() -> Any:
    return pytest.importorskip("keras", minversion="3.0")


def train(library: Any, callbacks: Any, **optimizer: Any) -> tuple[Any, Any]:
    """A model after six epochs with validation, and its history."""
    model = library.Sequential(
        [
            library.Input((6,)),
            library.layers.Dense(8, activation="tanh"),
            library.layers.Dense(2),
        ]
    )
    model.set_weights(START)
    model.compile(library.optimizers.SGD(0.1, momentum=0.5, **optimizer), "mse", metrics=["mae"])
    data = {"validation_data": (X[::-1][:20], Y[:20])}
    fit = {"epochs": 6, "batch_size": 8, "shuffle": False, "verbose": 0, **data}
    return model, model.fit(X, Y, callbacks=callbacks(library.callbacks), **fit).history


def assert_same_weights(ours: Any, theirs: Any) -> None:
    pairs = zip(ours.get_weights(), theirs.get_weights(), strict=True)
    for number, (one, other) in enumerate(pairs):
        assert_close(one, other, 1e-5, f"weight {number}")


CALLBACKS: dict[str, Any] = {
    "plateau": lambda c: [c.ReduceLROnPlateau(patience=1, factor=0.5, cooldown=1)],
    "plateau and schedule": lambda c: [
        c.LearningRateScheduler(lambda epoch, rate: rate * (0.5 if epoch == 3 else 1.0)),
        c.ReduceLROnPlateau("mae", patience=0, factor=0.25, min_delta=0.05, min_lr=0.002),
    ],
    "schedule by epoch": lambda c: [c.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1))],
    "early stopping": lambda c: [c.EarlyStopping(patience=1, restore_best_weights=True)],
    "display": lambda c: [c.ProgbarLogger(), c.TerminateOnNaN()],
}


@pytest.mark.parametrize("name", CALLBACKS)
def test_whole_trainings(name: str, keras: Any) -> None:
    (ours, a), (theirs, b) = (train(library, CALLBACKS[name]) for library in (fastnn, keras))
    assert a.keys() == b.keys()
    for key in b:
        assert_close(a[key], b[key], 1e-5, key)
    assert_same_weights(ours, theirs)


@pytest.mark.parametrize("swap_on_epoch", [False, True])
def test_averages(swap_on_epoch: bool, keras: Any) -> None:
    options = {"use_ema": True, "ema_momentum": 0.8}
    results = [
        train(library, lambda c: [c.SwapEMAWeights(swap_on_epoch)], **options)
        for library in (fastnn, keras)
    ]
    (ours, a), (theirs, b) = results
    for key in b:
        assert_close(a[key], b[key], 1e-5, key)
    assert_same_weights(ours, theirs)


def test_csv_files(keras: Any, tmp_path: Path) -> None:
    tables = []
    for library in (fastnn, keras):
        path = tmp_path / f"{library.__name__}.csv"
        train(library, lambda c, path=path: [c.CSVLogger(str(path), separator=";")])
        with open(path, newline="") as stream:
            tables.append(list(csv.reader(stream, delimiter=";")))
    ours, theirs = tables
    assert ours[0] == theirs[0]
    assert_close(np.array(ours[1:], float), np.array(theirs[1:], float), 1e-5, "the file")


def test_a_bad_loss_ends_training_in_the_same_batch(
    keras: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    said, epochs = [], []
    for library in (fastnn, keras):
        model = library.Sequential([library.Input((1,)), library.layers.Dense(1)])
        model.compile("sgd", "mse")
        model.set_weights([np.ones((1, 1)), np.zeros(1)])
        x = np.array([[0.0], [1.0], [1e30], [0.0]], "float32")
        watch = library.callbacks.TerminateOnNaN()
        options = {"epochs": 5, "batch_size": 1, "shuffle": False, "verbose": 0}
        history = model.fit(x, np.zeros((4, 1), "float32"), callbacks=[watch], **options)
        epochs.append(history.history["loss"])
        said.append(capsys.readouterr().out.strip())
    assert said[0] == said[1] == "Batch 2: Invalid loss, terminating training"
    assert len(epochs[0]) == len(epochs[1]) == 1
    assert not np.isfinite(epochs).any()


def test_a_resumed_training(keras: Any, tmp_path: Path) -> None:
    """Epochs of the second run, as in the example of ``keras.callbacks.BackupAndRestore``."""
    found = []
    for library in (fastnn, keras):

        def cut(epoch: int, logs: Any) -> None:
            if epoch == 4:
                raise OSError("cut")

        folder = str(tmp_path / library.__name__)
        with pytest.raises(OSError, match="cut"):
            train(
                library,
                lambda c, folder=folder, cut=cut: [
                    c.BackupAndRestore(folder),
                    c.LambdaCallback(on_epoch_begin=cut),
                ],
            )
        _, history = train(library, lambda c, folder=folder: [c.BackupAndRestore(folder)])
        found.append(history)
        assert not Path(folder).exists()
    assert len(found[0]["loss"]) == len(found[1]["loss"]) == 2
    for key in found[1]:
        assert_close(found[0][key], found[1][key], 1e-5, key)
