"""ReduceLROnPlateau and LearningRateScheduler: learning rates as in Keras, one native call per
epoch, and errors for what cannot be used.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fastnn.callbacks import LearningRateScheduler, ReduceLROnPlateau
from fastnn.errors import ArgumentError
from fastnn.optimizers import SGD
from tests.golden.callback_cases import PLATEAUS, START, trajectory
from tests.support.networks import network, regression, watch_runs

X, Y = regression(20)
GOLDEN = np.load(Path(__file__).parent.parent / "golden" / "callbacks.npz")


@pytest.mark.parametrize("name", PLATEAUS)
def test_plateaus_are_those_of_keras(name: str) -> None:
    arguments, values = PLATEAUS[name]
    net = SimpleNamespace(optimizer=SGD(START))
    callback = ReduceLROnPlateau("q", **arguments)
    for _ in range(2):  # an object may be used again
        net.optimizer.learning_rate = START
        found = trajectory(callback, net, values)
        np.testing.assert_allclose(found, GOLDEN[name], rtol=1e-6)  # Keras's rates are float32


def test_the_rate_that_trained_an_epoch_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    model = network(optimizer=SGD(0.1))
    reduce = ReduceLROnPlateau("loss", factor=0.5, patience=0, min_delta=1e9)
    runs = watch_runs(monkeypatch)
    history = model.fit(X, Y, epochs=4, verbose=0, callbacks=[reduce])
    np.testing.assert_allclose(history.history["learning_rate"], [0.1, 0.1, 0.05, 0.025])
    assert len(runs) == 4
    assert model.optimizer.learning_rate == pytest.approx(0.0125)


def test_a_reduced_rate_counts() -> None:
    model, stays = network(optimizer=SGD(0.1)), network(optimizer=SGD(0.1))
    stays.fit(X, Y, epochs=2, verbose=0)
    frozen = ReduceLROnPlateau("loss", factor=0.0, patience=0, min_delta=1e9)
    model.fit(X, Y, epochs=9, verbose=0, callbacks=[frozen])
    for one, other in zip(model.get_weights(), stays.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_missing_quantity_and_nan_warn() -> None:
    net = SimpleNamespace(optimizer=SGD(0.1))
    callback = ReduceLROnPlateau(patience=0)
    callback.set_model(net)
    with pytest.warns(UserWarning, match="ReduceLROnPlateau monitors 'val_loss', which is not"):
        callback.on_epoch_end(0, {"loss": 1.0})
    callback.on_train_begin()
    with pytest.warns(UserWarning, match="'val_loss' is NaN in epoch 1"):
        callback.on_epoch_end(0, {"val_loss": float("nan")})
    assert callback.best is None


def test_messages(capsys: pytest.CaptureFixture[str]) -> None:
    model = network(optimizer=SGD(0.1))
    callbacks: list[Any] = [
        LearningRateScheduler(lambda epoch: 0.5 / 2**epoch, verbose=1),
        ReduceLROnPlateau("loss", patience=0, min_delta=1e9, verbose=1),
    ]
    model.fit(X, Y, epochs=2, verbose=0, callbacks=callbacks)
    assert capsys.readouterr().out.splitlines() == [
        "Epoch 1: LearningRateScheduler setting learning rate to 0.5.",
        "Epoch 2: LearningRateScheduler setting learning rate to 0.25.",
        "Epoch 2: ReduceLROnPlateau reducing learning rate to 0.025.",
    ]


@pytest.mark.parametrize(
    "schedule",
    [
        lambda epoch, rate: 0.5**epoch,
        lambda epoch: 0.5**epoch,
        lambda epoch, rate: rate * (1 if epoch == 0 else 0.5),
        lambda epoch, lr=0.0: np.float32(0.5**epoch),
        lambda *arguments: np.array(0.5 ** arguments[0]),
        lambda epoch, rate: 1 if epoch == 0 else 0.5**epoch,
    ],
)
def test_schedules(schedule: Any) -> None:
    model = network(optimizer=SGD(1.0))
    history = model.fit(X, Y, epochs=3, verbose=0, callbacks=[LearningRateScheduler(schedule)])
    assert history.history["learning_rate"] == [1.0, 0.5, 0.25]


def test_an_error_in_a_schedule_is_not_hidden() -> None:
    def schedule(epoch: int, rate: float) -> float:
        return rate + "1"  # type: ignore[operator,no-any-return]

    with pytest.raises(TypeError, match="unsupported operand"):
        network().fit(X, Y, verbose=0, callbacks=[LearningRateScheduler(schedule)])


@pytest.mark.parametrize("bad", [None, "0.1", np.array([0.1]), True])
def test_schedules_return_numbers(bad: Any) -> None:
    with pytest.raises(ArgumentError, match=r"schedule\(0, 0.01\) returned .* Return the learning"):
        network().fit(X, Y, verbose=0, callbacks=[LearningRateScheduler(lambda epoch, rate: bad)])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ReduceLROnPlateau(factor=1.0), r"factor=1.0, expected a number in \[0, 1\)"),
        (lambda: ReduceLROnPlateau(patience=-1), "patience=-1"),
        (lambda: ReduceLROnPlateau(cooldown=0.5), "cooldown=0.5"),  # type: ignore[arg-type]
        (lambda: ReduceLROnPlateau(epsilon=1e-4), "the old name of 'min_delta'"),
        (lambda: ReduceLROnPlateau(patienze=1), "Did you mean 'patience'"),
        (lambda: ReduceLROnPlateau(mode="up"), "mode='up'"),
        (lambda: LearningRateScheduler(0.1), "expected a function"),  # type: ignore[arg-type]
    ],
)
def test_bad_arguments(make: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        make()
