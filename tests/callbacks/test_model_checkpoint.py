"""ModelCheckpoint: when it saves and under which name (as Keras does), and what it refuses."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fastnn.callbacks import CallbackList, ModelCheckpoint
from fastnn.errors import ArgumentError
from tests.golden.callback_cases import BEST, CHECKPOINTS, Shelf, saving

train = partial(saving, ModelCheckpoint)


@pytest.mark.parametrize("case", CHECKPOINTS)
def test_names_equal_keras(case: str, tmp_path: Path) -> None:
    arguments, names = CHECKPOINTS[case]
    arguments = {**arguments, "filepath": arguments["filepath"] + ".fastnn"}
    assert train(tmp_path, **arguments) == [f"{name}.fastnn" for name in names]


def test_weights_only_calls_save_weights(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "best.weights.fastnn"
    train(tmp_path, [1.0], filepath=path, save_weights_only=True)
    assert path.read_text() == "weights"


def test_nan_is_never_the_best(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match=r"ModelCheckpoint: 'q' is NaN in epoch 1"):
        saved = train(tmp_path, [math.nan, 2.0, math.nan, 1.0], filepath="{epoch}.fastnn", **BEST)
    assert saved == ["2.fastnn", "4.fastnn"]


def test_missing_quantity_saves_each_time_and_warns_once(tmp_path: Path) -> None:
    checkpoint = ModelCheckpoint(tmp_path / "{epoch}.fastnn", save_best_only=True)
    checkpoint.set_model(Shelf())
    with pytest.warns(UserWarning, match="'val_loss', which is not available; the model is saved"):
        checkpoint.on_epoch_end(0, {"loss": 1.0})
    checkpoint.on_epoch_end(1, {"loss": 1.0})  # a second warning would fail: warnings are errors
    assert checkpoint.model.saved == ["1.fastnn", "2.fastnn"]


def test_unknown_direction_matters_only_for_the_best(tmp_path: Path) -> None:
    checkpoint = ModelCheckpoint(tmp_path / "m.fastnn", monitor="profit")
    checkpoint.set_model(Shelf())
    checkpoint.on_epoch_end(0, {"profit": 1.0})
    assert checkpoint.model.saved == ["m.fastnn"]


@pytest.mark.parametrize(
    ("filepath", "weights_only", "kind", "message"),
    [
        ("m.keras", True, ArgumentError, r"in '.weights.h5' for .* Use for .* 'm.weights.h5'"),
        ("m.weights.h5", False, ArgumentError, r"in '.keras' for .* Use for .* 'm.keras'"),
        (
            "m.fastnn",
            True,
            ArgumentError,
            r"ends in '.weights.fastnn'. Use for .* 'm.weights.fastnn'",
        ),
        ("m", False, ArgumentError, r"'m'; with save_weights_only=False expected .* 'm.fastnn'"),
        (3, False, ArgumentError, "filepath=3; expected a string or a path"),
        (b"m.fastnn", False, ArgumentError, "expected a string or a path"),
    ],
)
def test_other_endings_are_refused(
    filepath: Any, weights_only: bool, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        ModelCheckpoint(filepath, save_weights_only=weights_only)


@pytest.mark.parametrize(
    ("name", "weights_only"), [("m.keras", False), ("m.h5", False), ("m.weights.h5", True)]
)
def test_files_of_keras(name: str, weights_only: bool) -> None:
    assert ModelCheckpoint(name, save_weights_only=weights_only).filepath == name


def test_unknown_field_is_named(tmp_path: Path) -> None:
    checkpoint = ModelCheckpoint(tmp_path / "{val_los:.2f}.fastnn")
    checkpoint.set_model(Shelf())
    message = r"'val_los'. Did you mean 'val_loss'\? Known: 'epoch', 'loss', 'val_loss'"
    with pytest.raises(ArgumentError, match=message):
        checkpoint.on_epoch_end(0, {"loss": 1.0, "val_loss": 2.0})


@pytest.mark.parametrize("name", ["{}.fastnn", "{epoch:02q}.fastnn", "{epoch.fastnn"])
def test_bad_format_is_explained(name: str) -> None:
    checkpoint = ModelCheckpoint(name)
    checkpoint.set_model(Shelf())
    with pytest.raises(ArgumentError, match="which cannot be filled in"):
        checkpoint.on_epoch_end(0, {})


def test_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "d.fastnn").mkdir()
    with pytest.raises(ArgumentError, match="which is a directory; expected the name of a file"):
        train(tmp_path, [1.0], filepath="d.fastnn")


@pytest.mark.parametrize("save_freq", ["batch", 0, -1, 1.5, True])
def test_bad_save_freq(save_freq: Any) -> None:
    with pytest.raises(ArgumentError, match=r"save_freq=.*; expected 'epoch' or a number"):
        ModelCheckpoint("m.fastnn", save_freq=save_freq)


def test_batches_are_watched_only_when_needed() -> None:
    class Mine(ModelCheckpoint):
        def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
            super().on_train_batch_end(batch, logs)

    assert not CallbackList(ModelCheckpoint("m.fastnn")).has_batch_hooks("train")
    assert CallbackList(ModelCheckpoint("m.fastnn", save_freq=5)).has_batch_hooks("train")
    assert CallbackList(Mine("m.fastnn")).has_batch_hooks("train")


def test_verbose_says_what_happens(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train(tmp_path, [0.5, 0.7, 0.25], filepath="m.fastnn", verbose=1, **BEST)
    path = tmp_path / "m.fastnn"
    assert capsys.readouterr().out.splitlines() == [
        f"Epoch 1: q improved from None to 0.50000, saving model to {path}",
        f"Epoch 1: finished saving model to {path}",
        "Epoch 2: q did not improve from 0.50000",
        f"Epoch 3: q improved from 0.50000 to 0.25000, saving model to {path}",
        f"Epoch 3: finished saving model to {path}",
    ]
