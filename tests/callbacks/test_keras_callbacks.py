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
from fastnn.callbacks.monitor_callback import LARGER_IS_BETTER, SMALLER_IS_BETTER
from tests.golden.callback_cases import CHECKPOINTS, STOPPINGS, saving, stopping
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


@pytest.mark.parametrize("case", STOPPINGS)
def test_the_table_of_stoppings(case: str, keras: Any) -> None:
    arguments, values, expected = STOPPINGS[case]
    callback = keras.callbacks.EarlyStopping(monitor="q", **{"mode": "min", **arguments})
    assert stopping(callback, values) == expected


@pytest.mark.parametrize("case", CHECKPOINTS)
def test_the_table_of_checkpoints(case: str, keras: Any, tmp_path: Path) -> None:
    arguments, names = CHECKPOINTS[case]
    ending = ".h5" if arguments.get("save_weights_only") else ".keras"
    arguments = {**arguments, "filepath": arguments["filepath"] + ending}
    for library in (keras, fastnn):
        found = saving(library.callbacks.ModelCheckpoint, tmp_path, **arguments)
        assert found == [name + ending for name in names]


@pytest.mark.parametrize(
    ("filepath", "weights_only"),
    [
        ("a.keras", True),
        ("a.h5", True),
        ("a.weights.keras", True),
        ("a", True),
        ("a", False),
        ("a.tf", False),
        ("a.txt", False),
    ],
)
def test_refused_names_of_checkpoints(filepath: str, weights_only: bool, keras: Any) -> None:
    for library in (keras, fastnn):
        with pytest.raises(ValueError, match=r"ends? in .*\."):
            library.callbacks.ModelCheckpoint(filepath, save_weights_only=weights_only)


@pytest.mark.filterwarnings("ignore")
def test_directions_of_metrics(keras: Any) -> None:
    """What ``mode="auto"`` means for each metric that can be compiled by name: as in Keras, and
    alike by the metric of the model and by its name alone.
    """
    names = ["loss", "val_loss"]
    for name in sorted(LARGER_IS_BETTER | SMALLER_IS_BETTER):
        try:
            keras.metrics.get(name)
            fastnn.metrics.get(name)
        except (ValueError, TypeError):  # needs arguments, or is another spelling
            continue
        names += [name, f"val_{name}"]
    assert len(names) > 50
    models = []
    for library in (fastnn, keras):
        model = library.Sequential([library.Input((6,)), library.layers.Dense(1, "sigmoid")])
        model.compile("sgd", "mse", metrics=names[2::2])
        model.evaluate(X, np.zeros((40, 1)), verbose=0)  # labels of the one class there is
        models.append((library, model))
    for name in names:
        found = []
        for library, model in models:
            watch = library.callbacks.EarlyStopping(monitor=name, patience=5)
            watch.set_model(model)
            watch.on_train_begin()
            for epoch, value in enumerate((0.5, 0.25, 0.75)):
                watch.on_epoch_end(epoch, {name: value})
            found.append(float(watch.best))
        assert found[0] == found[1], name
        by_name = fastnn.callbacks.EarlyStopping(monitor=name, patience=5)
        by_name.on_train_begin()
        by_name.on_epoch_end(0, {name: 0.5})
        by_name.on_epoch_end(1, {name: 0.25})
        assert (by_name.best == 0.25) == (found[1] == 0.25), name


def test_a_log_that_goes_on(keras: Any, tmp_path: Path) -> None:
    """``append=True``, and an object that is used for two runs."""
    texts = []
    for library in (fastnn, keras):
        path = tmp_path / f"{library.__name__}.csv"
        for append in (False, True, True):
            train(library, lambda c, p=path, a=append: [c.CSVLogger(str(p), append=a)])
        logger = library.callbacks.CSVLogger(str(path), append=True)
        for _ in range(2):
            train(library, lambda c, logger=logger: [logger])
        lines = path.read_text().splitlines()
        texts.append([line.split(",")[0] for line in lines])
    assert texts[0] == texts[1]
    assert texts[0].count("epoch") == 1
    assert len(texts[0]) == 1 + 5 * 6


REUSED: dict[str, Any] = {
    "stopping": lambda c: c.EarlyStopping("loss", patience=1, min_delta=0.05),
    "plateau": lambda c: c.ReduceLROnPlateau("loss", patience=1, factor=0.5, min_delta=0.05),
    "schedule": lambda c: c.LearningRateScheduler(lambda epoch, rate: rate * 0.9),
    "history": lambda c: c.History(),
    "lambda": lambda c: c.LambdaCallback(on_epoch_end=lambda epoch, logs: None),
}


@pytest.mark.parametrize("name", REUSED)
def test_an_object_for_two_runs(name: str, keras: Any) -> None:
    found = []
    for library in (fastnn, keras):
        callback = REUSED[name](library.callbacks)
        histories = [train(library, lambda c, callback=callback: [callback])[1] for _ in range(2)]
        found.append(histories)
    for ours, theirs in zip(*found, strict=True):
        assert ours.keys() == theirs.keys()
        for key in theirs:
            assert_close(ours[key], theirs[key], 1e-5, key)


def test_a_list_in_a_loop_of_ones_own(keras: Any) -> None:
    """``CallbackList`` as a loop of the user's calls it."""
    found = []
    for library in (fastnn, keras):
        seen: list[Any] = []
        note = library.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, logs, seen=seen: seen.append((batch, dict(logs))),
            on_epoch_end=lambda epoch, logs, seen=seen: seen.append((epoch, dict(logs))),
            on_train_begin=lambda logs, seen=seen: seen.append(logs),
        )
        model = library.Sequential([library.Input((6,)), library.layers.Dense(2)])
        model.compile("sgd", "mse")
        calls = library.callbacks.CallbackList(
            [note, library.callbacks.EarlyStopping("loss", patience=0)],
            add_history=True,
            model=model,
            epochs=3,
            steps=2,
        )
        model.stop_training = False
        calls.on_train_begin()
        for epoch, loss in enumerate((1.0, 2.0, 3.0)):
            calls.on_epoch_begin(epoch)
            for batch in range(2):
                calls.on_train_batch_begin(batch)
                calls.on_train_batch_end(batch, {"loss": np.float32(loss)})
            calls.on_epoch_end(epoch, {"loss": np.float32(loss)})
            if model.stop_training:
                break
        calls.on_train_end({"loss": 2.0})
        assert [type(logs["loss"]) for _, logs in seen[1:]] == [float] * 6
        found.append((seen, calls.callbacks[-1].history, calls.callbacks[0].params))
    assert found[0] == found[1]
