"""TerminateOnNaN: training ends where Keras ends it, without an error, with finite weights, at no
cost while the loss is finite.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn.callbacks import Callback, CallbackList, LambdaCallback, TerminateOnNaN
from fastnn.errors import ArgumentError, NonFiniteLossError
from tests.support.networks import network, regression, same_weights, watch_runs

X, Y = regression(20)


def broken(at: int) -> Any:
    """Targets of which one makes the loss overflow."""
    y = Y.copy()
    y[at] = 1e30
    return y


@pytest.mark.parametrize("batch", [0, 3])
def test_training_ends_in_that_batch(
    backend: str, batch: int, capsys: pytest.CaptureFixture[str]
) -> None:
    model, twin = network(backend), network(backend)
    ends: list[Any] = []
    note = LambdaCallback(
        on_epoch_end=lambda epoch, logs: ends.append(dict(logs)),
        on_train_end=lambda logs: ends.append("end"),
    )
    arguments: dict[str, Any] = {"batch_size": 4, "shuffle": False, "verbose": 0}
    history = model.fit(
        X,
        broken(4 * batch + 1),
        epochs=3,
        validation_data=(X, Y),
        callbacks=[TerminateOnNaN(), note],
        **arguments,
    )
    assert capsys.readouterr().out == f"Batch {batch}: Invalid loss, terminating training\n"
    assert history.history["loss"] == [math.inf]
    assert len(history.history["val_loss"]) == 1
    assert ends == [{"loss": math.inf, "val_loss": history.history["val_loss"][0]}, "end"]
    if batch:
        twin.fit(X[: 4 * batch], Y[: 4 * batch], **arguments)
    assert same_weights(model, twin)


def test_it_counts_even_with_terminate_on_nan_off() -> None:
    history = network().fit(
        X, broken(0), epochs=3, verbose=0, callbacks=[TerminateOnNaN()], terminate_on_nan=False
    )
    assert len(history.epoch) == 1


def test_raise_error_reaches_the_caller_and_backups_stay() -> None:
    ended: list[int] = []
    note = LambdaCallback(on_train_end=lambda logs: ended.append(1))
    with pytest.raises(RuntimeError, match="the loss became infinite in epoch 1, batch 1"):
        network().fit(
            X, broken(0), verbose=0, shuffle=False, callbacks=[TerminateOnNaN(True), note]
        )
    assert ended == [1]


def test_full_batch_training() -> None:
    model = network(optimizer="lbfgs")
    history = model.fit(X, broken(0), epochs=3, verbose=0, callbacks=[TerminateOnNaN()])
    assert history.history["loss"] == [math.inf]


def test_overflowing_weights_at_the_very_end(capsys: pytest.CaptureFixture[str]) -> None:
    model = fastnn.Sequential([fastnn.Input((1,)), fastnn.layers.Dense(1, use_bias=False)])
    model.compile(fastnn.optimizers.SGD(1e38), "mse")
    model.set_weights([[[1.0]]])
    x = np.full((1, 1), 3.0)
    history = model.fit(x, np.zeros((1, 1)), verbose=0, callbacks=[TerminateOnNaN()])
    assert history.history["loss"] == [9.0]
    assert "Invalid loss" in capsys.readouterr().out
    assert np.isfinite(model.get_weights()[0]).all()


def test_a_finite_training_stays_one_call_per_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = watch_runs(monkeypatch)
    network().fit(X, Y, epochs=3, batch_size=2, verbose=0, callbacks=[TerminateOnNaN()])
    assert [run["done"] for run in runs] == [10, 10, 10]
    assert not CallbackList(TerminateOnNaN()).has_batch_hooks("train")

    class Mine(TerminateOnNaN):
        def on_batch_end(self, batch: int, logs: Any = None) -> None: ...

    assert CallbackList(Mine()).has_batch_hooks("train")


def test_in_a_loop_of_your_own(capsys: pytest.CaptureFixture[str]) -> None:
    model = network()
    watch: Callback = TerminateOnNaN()
    watch.set_model(model)
    watch.on_train_batch_end(4, {"loss": 1.0})
    assert not model.stop_training
    watch.on_train_batch_end(5, {"loss": math.nan})
    assert model.stop_training
    assert capsys.readouterr().out == "Batch 5: Invalid loss, terminating training\n"
    with pytest.raises(NonFiniteLossError, match="the loss is inf at batch 6"):
        TerminateOnNaN(raise_error=True).on_batch_end(6, {"loss": math.inf})
    with pytest.raises(ArgumentError, match="raise_error='no'"):
        TerminateOnNaN("no")  # type: ignore[arg-type]
