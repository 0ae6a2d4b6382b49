"""CSVLogger: the file that Keras writes, byte for byte, whenever the process may die."""

from __future__ import annotations

import csv
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fastnn.callbacks import CallbackList, CSVLogger, LambdaCallback
from fastnn.errors import ArgumentError
from tests.support.networks import network, regression, watch_runs

X, Y = regression(20)


def test_bytes_are_those_of_keras(tmp_path: Path) -> None:
    """The expected bytes were written by ``keras.callbacks.CSVLogger`` of Keras 3.15.1 called in
    this way.
    """
    path = tmp_path / "log.csv"
    logger = CSVLogger(path)
    logger.on_train_begin()
    logger.on_epoch_end(0, {"loss": 0.5, "accuracy": 0.25})
    logger.on_epoch_end(1, {"loss": 0.25, "accuracy": np.array(0.5), "val_loss": 1.0})
    logger.on_epoch_end(2, {"accuracy": np.array([0.5, 1.0]), "loss": "a,b"})
    logger.on_train_end()
    assert path.read_bytes() == (
        b"epoch,accuracy,loss,val_accuracy,val_loss\r\n"
        b"0,0.25,0.5,NA,NA\r\n"
        b"1,0.5,0.25,NA,1.0\r\n"
        b'2,"""[0.5, 1.0]""","a,b",NA,NA\r\n'
    )


def rows(path: Path, separator: str = ",") -> list[list[str]]:
    with open(path, newline="") as stream:
        return list(csv.reader(stream, delimiter=separator))


def test_a_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "made" / "log.csv"
    runs = watch_runs(monkeypatch)
    seen: list[int] = []
    look = LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(len(rows(path, ";"))))
    model = network(metrics=["mae"])
    logger = CSVLogger(str(path), separator=";")
    history = model.fit(X, Y, epochs=3, verbose=0, validation_split=0.2, callbacks=[logger, look])
    written = rows(path, ";")
    assert written[0] == ["epoch", "loss", "mae", "val_loss", "val_mae"]
    for epoch in range(3):
        expected = [history.history[name][epoch] for name in written[0][1:]]
        assert [float(field) for field in written[epoch + 1]] == [epoch, *expected]
    assert seen == [2, 3, 4]  # a line is in the file when its epoch is over
    assert len(runs) == 6


def test_append_and_anew(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    model = network()
    for _ in range(2):
        model.fit(X, Y, epochs=2, verbose=0, callbacks=[CSVLogger(path)])
    assert [row[0] for row in rows(path)] == ["epoch", "0", "1"]
    again = CSVLogger(path, append=True)
    for first in (2, 3):
        model.fit(X, Y, epochs=first + 1, initial_epoch=first, verbose=0, callbacks=[again])
    assert [row[0] for row in rows(path)] == ["epoch", "0", "1", "2", "3"]
    model.fit(X, Y, verbose=0, callbacks=[CSVLogger(tmp_path / "new.csv", append=True)])
    assert [row[0] for row in rows(tmp_path / "new.csv")] == ["epoch", "0"]


def test_the_file_is_closed_when_training_fails(tmp_path: Path) -> None:
    def fail(epoch: int, logs: Any) -> None:
        raise KeyError("mine")

    logger = CSVLogger(tmp_path / "log.csv")
    with pytest.raises(KeyError):
        network().fit(X, Y, verbose=0, callbacks=[logger, LambdaCallback(on_epoch_end=fail)])
    assert logger.csv_file is None
    assert len(rows(tmp_path / "log.csv")) == 2


def test_it_can_be_pickled_while_open(tmp_path: Path) -> None:
    logger = CSVLogger(tmp_path / "log.csv")
    CallbackList(logger).on_train_begin()
    assert pickle.loads(pickle.dumps(logger)).filename == logger.filename
    logger.on_train_end()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((7,), "filename=7, expected a string or a path"),
        (("log.csv", "; "), "separator='; ', expected one character"),
        (("log.csv", ",", "yes"), "append='yes', expected True or False"),
    ],
)
def test_bad_arguments(arguments: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        CSVLogger(*arguments)
