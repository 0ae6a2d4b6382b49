"""BackupAndRestore: a killed training goes on with the bits of one that was not, whatever the disk
holds; nothing of the user's is deleted.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn.callbacks import (
    BackupAndRestore,
    CallbackList,
    EarlyStopping,
    LambdaCallback,
    ReduceLROnPlateau,
)
from fastnn.callbacks.backup_and_restore import FILE
from fastnn.errors import ArgumentError, FileFormatError, ShapeError
from tests.support.networks import network, regression, same_weights, watch_runs

X, Y = regression(20)


class PowerCut(Exception):
    """What ends a training in these tests."""


def cut_in(epoch: int) -> LambdaCallback:
    def end(now: int, logs: Any) -> None:
        if now == epoch:
            raise PowerCut

    return LambdaCallback(on_epoch_begin=end)


def fit(model: fastnn.Sequential, *callbacks: Any, **options: Any) -> Any:
    return model.fit(X, Y, epochs=6, batch_size=8, verbose=0, callbacks=[*callbacks], **options)


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "lbfgs"])
def test_the_rest_has_the_bits_of_a_whole_training(
    backend: str, optimizer: str, tmp_path: Path
) -> None:
    def made() -> fastnn.Sequential:
        return network(backend, optimizer=optimizer, dropout=0.0 if optimizer == "lbfgs" else 0.3)

    options: dict[str, Any] = {"epochs": 6, "verbose": 0}
    if optimizer != "lbfgs":
        options["batch_size"] = 8
    whole, first, second = made(), made(), made()
    expected = whole.fit(X, Y, **options)
    backup = BackupAndRestore(tmp_path / "b")
    with pytest.raises(PowerCut):
        first.fit(X, Y, callbacks=[backup, cut_in(4)], **options)
    assert (tmp_path / "b" / FILE).exists()
    second.set_weights([w + 1 for w in second.get_weights()])  # they are restored
    history = second.fit(X, Y, callbacks=[BackupAndRestore(str(tmp_path / "b"))], **options)
    assert history.epoch == [4, 5]
    assert history.history["loss"] == expected.history["loss"][4:]
    assert same_weights(whole, second)
    assert not (tmp_path / "b").exists()


SCRIPT = """
    import os, signal, sys
    import numpy as np
    import fastnn
    from fastnn.callbacks import BackupAndRestore, LambdaCallback

    folder, kill, save_freq = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    x = np.linspace(-1, 1, 60).reshape(20, 3).astype("float32")
    model = fastnn.Sequential(
        [fastnn.Input((3,)), fastnn.layers.Dense(4, "tanh"), fastnn.layers.Dense(1)], seed=1
    )
    model.compile("adam", "mse")
    killer = LambdaCallback(
        on_train_batch_end=lambda batch, logs: model.optimizer.iterations == kill
        and os.kill(os.getpid(), signal.SIGKILL)
    )
    backup = BackupAndRestore(folder, save_freq if save_freq == "epoch" else int(save_freq))
    history = model.fit(
        x, x[:, :1] ** 2, epochs=6, batch_size=5, verbose=0, callbacks=[backup, killer]
    )
    print(history.epoch[0], model.optimizer.iterations, *np.concatenate(
        [w.ravel() for w in model.get_weights()]).tolist())
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL on Windows")
@pytest.mark.parametrize("save_freq", ["epoch", "3"])
def test_a_killed_process(tmp_path: Path, save_freq: str) -> None:
    script = tmp_path / "train.py"
    script.write_text(textwrap.dedent(SCRIPT))

    def run(folder: str, kill: int) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(script), str(tmp_path / folder), str(kill), save_freq]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert run("a", 14).returncode == -9  # in the fourth epoch, the third backup is there
    assert (tmp_path / "a" / FILE).exists()
    resumed, whole = run("a", -1).stdout.split(), run("b", -1).stdout.split()
    if save_freq == "epoch":
        assert resumed[0] == "3"
        assert resumed[1:] == whole[1:]
    else:
        assert resumed[:2] == ["2", "28"]  # a backup at the 12th of 24 batches: 4 are done again


def test_a_learning_rate_set_by_another_callback_is_kept(tmp_path: Path) -> None:
    reduce = ReduceLROnPlateau("loss", factor=0.5, patience=0, min_delta=1e9)
    model = network(optimizer="adam")
    with pytest.raises(PowerCut):
        fit(model, reduce, BackupAndRestore(tmp_path), cut_in(3))
    again = network(optimizer="adam")
    fit(again, BackupAndRestore(tmp_path))
    assert again.optimizer.learning_rate == pytest.approx(0.001 / 4)
    scheduled = fastnn.optimizers.SGD(fastnn.optimizers.schedules.ExponentialDecay(0.1, 5, 0.5))
    for last in (cut_in(3), LambdaCallback()):
        with pytest.raises(PowerCut) if last._needs_hook("on_epoch_begin") else _nothing():
            fit(network(optimizer=scheduled), BackupAndRestore(tmp_path), last)


def _nothing() -> Any:
    import contextlib

    return contextlib.nullcontext()


def test_a_damaged_backup(tmp_path: Path) -> None:
    with pytest.raises(PowerCut):
        fit(network(), BackupAndRestore(tmp_path, double_checkpoint=True), cut_in(4))
    path = tmp_path / FILE
    assert len(list(tmp_path.iterdir())) == 2
    path.write_bytes(path.read_bytes()[:-7])
    history = fit(network(), BackupAndRestore(tmp_path, double_checkpoint=True))
    assert history.epoch == [3, 4, 5]
    assert list(tmp_path.parent.glob(tmp_path.name)) == []
    tmp_path.mkdir()
    path.write_bytes(b"nothing")
    with pytest.raises(FileFormatError, match=r"damaged .* Delete .* to train from the beginning"):
        fit(network(), BackupAndRestore(tmp_path))
    model = network()
    model.save_weights(path)
    with pytest.raises(FileFormatError, match="it is no backup of a training"):
        fit(model, BackupAndRestore(tmp_path))


def test_the_backup_of_another_model(tmp_path: Path) -> None:
    with pytest.raises(PowerCut):
        fit(network(), BackupAndRestore(tmp_path), cut_in(2))
    other = network(hidden=5)
    before = other.get_weights()
    with pytest.raises(ShapeError, match="do not fit the model"):
        fit(other, BackupAndRestore(tmp_path))
    for one, two in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_when_the_backup_stays_and_when_it_goes(tmp_path: Path) -> None:
    path, mine = tmp_path / FILE, tmp_path / "mine.txt"
    mine.write_text("mine")
    (tmp_path / f".{FILE}.0123.tmp").write_text("half a file of a killed process")
    fit(network(), BackupAndRestore(tmp_path, delete_checkpoint=False))
    assert sorted(tmp_path.iterdir()) == [path, mine]
    assert fit(network(), BackupAndRestore(tmp_path, delete_checkpoint=False)).epoch == []
    assert fit(network(), BackupAndRestore(tmp_path)).epoch == []
    assert list(tmp_path.iterdir()) == [mine]
    stop = EarlyStopping("loss", patience=0, min_delta=1e9)
    assert len(fit(network(), BackupAndRestore(tmp_path), stop).epoch) == 2
    assert list(tmp_path.iterdir()) == [mine]
    interrupt = LambdaCallback(on_epoch_begin=_interrupt)
    assert fit(network(), BackupAndRestore(tmp_path), interrupt).interrupted
    assert path.exists()
    path.unlink()
    model = network()
    options: dict[str, Any] = {"epochs": 10**8, "verbose": 0, "time_limit": 0.1}
    history = model.fit(X, Y, callbacks=[BackupAndRestore(tmp_path)], **options)
    assert history.timed_out
    assert path.exists()


def _interrupt(epoch: int, logs: Any) -> None:
    if epoch == 2:
        raise KeyboardInterrupt


def test_an_epoch_stays_one_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = watch_runs(monkeypatch)
    fit(network(), BackupAndRestore(tmp_path))
    assert len(runs) == 6
    assert CallbackList(BackupAndRestore(tmp_path, save_freq=2)).has_batch_hooks("train")


def test_it_says_where_it_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(PowerCut):
        fit(network(), BackupAndRestore(tmp_path), cut_in(2))
    network().fit(X, Y, epochs=3, verbose=2, callbacks=[BackupAndRestore(tmp_path)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("BackupAndRestore: going on with epoch 3 from ")
    assert lines[1] == "Epoch 3/3"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("",), "backup_dir='', expected the name of a folder"),
        ((None,), "backup_dir=None"),
        (("b", 0), "save_freq=0, expected 'epoch' or a number"),
        (("b", False), "save_freq=False"),
        (("b", "batch"), "save_freq='batch'"),
        (("b", "epoch", "x"), "double_checkpoint='x'"),
    ],
)
def test_bad_arguments(arguments: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        BackupAndRestore(*arguments)
