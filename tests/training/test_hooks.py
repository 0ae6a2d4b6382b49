"""Which hooks of callbacks ``fit``, ``evaluate`` and ``predict`` call, in which order, with which
logs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import fastnn
from fastnn.callbacks import Callback, History, LambdaCallback
from tests.support.networks import network, regression

X, Y = regression(20)


class Recorder(Callback):
    """Notes the hooks that are called, with the names in their logs."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    def on_train_begin(self, logs: Any = None) -> None:
        self.calls.append("train_begin")

    def on_train_end(self, logs: Any = None) -> None:
        self.calls.append(f"train_end {sorted(logs)}")

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.calls.append(f"epoch_begin {epoch}")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.calls.append(f"epoch_end {epoch} {sorted(logs)}")

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.calls.append(f"batch_end {batch} {sorted(logs)}")

    def on_test_begin(self, logs: Any = None) -> None:
        self.calls.append("test_begin")

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        self.calls.append(f"test_batch_end {batch}")

    def on_test_end(self, logs: Any = None) -> None:
        self.calls.append(f"test_end {sorted(logs)}")

    def on_predict_begin(self, logs: Any = None) -> None:
        self.calls.append("predict_begin")

    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
        self.calls.append(f"predict_batch_end {batch} {logs['outputs'].shape}")

    def on_predict_end(self, logs: Any = None) -> None:
        self.calls.append("predict_end")


def test_hooks_of_fit_in_the_order_of_keras(backend: str) -> None:
    recorder = Recorder()
    network(backend).fit(
        X[:6], Y[:6], batch_size=2, validation_split=0.4, callbacks=[recorder], verbose=0
    )
    assert recorder.calls == [
        "train_begin",
        "epoch_begin 0",
        "batch_end 0 ['loss']",
        "batch_end 1 ['loss']",
        "test_begin",
        "test_batch_end 0",
        "test_batch_end 1",
        "test_end ['loss']",
        "epoch_end 0 ['loss', 'val_loss']",
        "train_end ['loss', 'val_loss']",
    ]


def test_hooks_of_evaluate_and_predict(backend: str) -> None:
    recorder = Recorder()
    model = network(backend)
    model.evaluate(X, Y, batch_size=12, callbacks=[recorder], verbose=0)
    assert recorder.calls == [
        "test_begin",
        "test_batch_end 0",
        "test_batch_end 1",
        "test_end ['loss']",
    ]
    recorder.calls.clear()
    model.predict(X, batch_size=12, callbacks=[recorder], verbose=0)
    assert recorder.calls == [
        "predict_begin",
        "predict_batch_end 0 (12, 1)",
        "predict_batch_end 1 (8, 1)",
        "predict_end",
    ]


def test_batch_logs_are_means_of_the_epoch_so_far(backend: str) -> None:
    found: list[float] = []
    note = LambdaCallback(on_train_batch_end=lambda batch, logs: found.append(logs["loss"]))
    model = network(backend, optimizer=fastnn.optimizers.SGD(0.0))
    model.fit(X, Y, batch_size=8, shuffle=False, callbacks=[note], verbose=0)
    expected = [model.evaluate(X[:n], Y[:n], verbose=0) for n in (8, 16, 20)]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_stopping_within_an_epoch(backend: str) -> None:
    model = network(backend)

    def stop(batch: int, logs: Any) -> None:
        model.stop_training = batch == 1

    history = model.fit(
        X,
        Y,
        batch_size=4,
        epochs=5,
        callbacks=[LambdaCallback(on_train_batch_end=stop)],
        verbose=0,
    )
    assert model.optimizer.iterations == 2
    assert history.epoch == [0]


def test_history_of_the_last_fit_stays() -> None:
    model = network()
    history = model.fit(X, Y, verbose=0)
    model.evaluate(X, Y, verbose=0)
    model.predict(X, verbose=0)
    assert model.history is history
    own = History()
    assert model.fit(X, Y, callbacks=[own], verbose=0) is own
    assert history.params == {"verbose": 0, "epochs": 1, "steps": 1}
