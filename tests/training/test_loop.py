"""The training loop: how often native code is called, and that many epochs in one call are the same
as one by one, also after an interrupt.
"""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn.callbacks import EarlyStopping, LambdaCallback
from fastnn.models import engine
from fastnn.training import loop
from tests.support.networks import (
    largest_difference,
    network,
    regression,
    same_weights,
    watch_runs,
    watched_epochs,
)

XOR_X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
XOR_Y = np.array([0, 1, 1, 0])


class TestManyTinyEpochs:
    """Texts train 4 samples for 10,000 epochs: a few native calls, whatever they record."""

    def test_take_few_native_calls(self, backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
        runs = watch_runs(monkeypatch)
        epochs = 10_000 if backend != "numpy" else 300
        model = network(backend, inputs=2, metrics=["mse"])
        history = model.fit(XOR_X, XOR_Y, epochs=epochs, verbose=0)
        assert sum(run["done"] for run in runs) == epochs
        assert len(runs) <= (10 if backend != "numpy" else 3)
        assert history.epoch == list(range(epochs))
        assert len(history.history["loss"]) == len(history.history["mse"]) == epochs
        assert history.history["loss"][-1] < history.history["loss"][0]

    @pytest.mark.parametrize("shuffle", [True, False])
    @pytest.mark.parametrize("batch_size", [1, 3, 32])
    def test_equal_epoch_by_epoch(self, backend: str, batch_size: int, shuffle: bool) -> None:
        models = [
            network(backend, inputs=2, dropout=0.3, optimizer="adam", metrics=["mse"])
            for _ in range(2)
        ]
        histories = [
            model.fit(
                XOR_X,
                XOR_Y,
                epochs=40,
                batch_size=batch_size,
                shuffle=shuffle,
                callbacks=callbacks,
                verbose=0,
            )
            for model, callbacks in zip(models, ([], [watched_epochs()]), strict=True)
        ]
        assert histories[0].history == histories[1].history
        assert same_weights(*models)
        states = [model.generator.bit_generator.state for model in models]
        assert states[0] == states[1]
        assert models[0].optimizer.iterations == models[1].optimizer.iterations

    def test_across_windows(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(loop, "WINDOW_ROWS", 12)
        runs = watch_runs(monkeypatch)
        one = network(inputs=2)
        one.fit(XOR_X, XOR_Y, epochs=10, verbose=0)
        assert [run["done"] for run in runs] == [3, 3, 3, 1]
        other = network(inputs=2)
        other.fit(XOR_X, XOR_Y, epochs=10, callbacks=[watched_epochs()], verbose=0)
        assert same_weights(one, other)

    def test_stop_at_the_deadline_and_go_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(loop, "DEADLINE", 1e-9)  # every call returns after one step
        runs = watch_runs(monkeypatch)
        model = network(inputs=2)
        history = model.fit(XOR_X, XOR_Y, epochs=20, batch_size=2, verbose=0)
        assert len(runs) == 40
        monkeypatch.undo()
        whole = network(inputs=2)
        assert (
            whole.fit(XOR_X, XOR_Y, epochs=20, batch_size=2, verbose=0).history == history.history
        )
        assert same_weights(model, whole)

    @pytest.mark.parametrize("at", [0, 1, 5, 6])
    def test_after_an_interrupt(self, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
        """Ctrl-C while a call runs: everything is as after the same steps one epoch at a time."""

        def press(number: int) -> None:
            if number == at:
                os.kill(os.getpid(), signal.SIGINT)

        monkeypatch.setattr(loop, "DEADLINE", 1e-9)
        runs = watch_runs(monkeypatch, press)
        model = network(inputs=2, optimizer="adam")
        history = model.fit(XOR_X, XOR_Y, epochs=50, batch_size=2, verbose=0)
        assert history.interrupted
        steps = at + 1  # the call that was running counts
        assert sum(run["done"] for run in runs) == model.optimizer.iterations == steps
        assert len(history.history.get("loss", [])) == len(history.epoch) == steps // 2
        monkeypatch.undo()
        stepwise = network(inputs=2, optimizer="adam")
        seen = 0

        def stop(batch: int, logs: Any) -> None:
            nonlocal seen
            seen += 1
            if seen == steps:
                raise KeyboardInterrupt

        stepwise.fit(
            XOR_X,
            XOR_Y,
            epochs=50,
            batch_size=2,
            callbacks=[LambdaCallback(on_train_batch_end=stop)],
            verbose=0,
        )
        assert same_weights(model, stepwise)
        states = [m.generator.bit_generator.state for m in (model, stepwise)]
        assert states[0] == states[1]

    def test_after_an_interrupt_before_the_first_step(self) -> None:
        """Ctrl-C while the orders of the rows are drawn."""
        model = network(inputs=2)
        state = model.generator.bit_generator.state

        class Pressed:
            """The model's generator, and Ctrl-C at its third permutation."""

            bit_generator = model.generator.bit_generator
            calls = 0

            def permutation(self, rows: int) -> np.ndarray[Any, Any]:
                self.calls += 1
                if self.calls == 3:
                    raise KeyboardInterrupt
                return generator.permutation(rows)

        generator, model.generator = model.generator, Pressed()  # type: ignore[assignment]
        history = model.fit(XOR_X, XOR_Y, epochs=50, verbose=0)
        assert (history.interrupted, history.epoch) == (True, [])
        assert generator.bit_generator.state == state
        assert same_weights(model, network(inputs=2))


class TestNativeCalls:
    """No native call lasts much over 0.2 s, whatever is shown."""

    @pytest.mark.parametrize("verbose", [0, 2])
    def test_every_call_has_a_deadline(
        self, backend: str, monkeypatch: pytest.MonkeyPatch, verbose: int
    ) -> None:
        runs = watch_runs(monkeypatch)
        x, y = regression(40)
        model = network(backend)
        model.fit(x, y, epochs=2, validation_split=0.2, verbose=verbose)
        model.evaluate(x, y, verbose=verbose)
        model.predict(x, verbose=verbose)
        assert len(runs) == 6
        assert {run["deadline"] for run in runs} == {loop.DEADLINE}
        assert 0 < loop.DEADLINE <= 0.25

    def test_a_long_epoch_returns_in_between(
        self, backend: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(loop, "DEADLINE", 0.02)
        times: list[float] = []
        runs = watch_runs(monkeypatch, lambda number: times.append(time.perf_counter()))
        x = np.zeros((40_000, 64), np.float32)
        model = network(backend, inputs=64, hidden=64)
        model.fit(x, x[:, :1], batch_size=16, steps_per_epoch=400, verbose=0)
        assert sum(run["done"] for run in runs) == 400
        if len(times) > 3:  # a fast machine needs no second call
            assert sorted(np.diff(times))[len(times) // 2 - 1] < 0.2

    def test_a_batch_callback_gets_every_step(self, monkeypatch: pytest.MonkeyPatch) -> None:
        runs = watch_runs(monkeypatch)
        batches: list[int] = []
        x, y = regression(25)
        network().fit(
            x,
            y,
            batch_size=10,
            epochs=2,
            callbacks=[
                LambdaCallback(on_train_batch_end=lambda batch, logs: batches.append(batch))
            ],
            verbose=0,
        )
        assert batches == [0, 1, 2, 0, 1, 2]
        assert [run["count"] for run in runs] == [1] * 6

    def test_converted_data_is_run_in_pieces(
        self, backend: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("fastnn.training.data.STAGING_BYTES", 7 * 12)
        runs = watch_runs(monkeypatch)
        x, y = regression(20)
        staged, direct = network(backend), network(backend)
        for model, data in ((staged, x.astype(">f4")), (direct, x)):
            model.fit(data, y, batch_size=3, epochs=2, verbose=0)
            np.testing.assert_array_equal(
                model.predict(data, batch_size=4, verbose=0), model.predict(x, verbose=0)
            )
            assert model.evaluate(data, y, batch_size=3, verbose=0) == model.evaluate(
                x, y, batch_size=3, verbose=0
            )
        assert same_weights(staged, direct)
        assert [run["done"] for run in runs[:4]] == [2, 2, 2, 1]


class TestLearningRate:
    def test_changes_take_effect_at_the_next_step(self, backend: str) -> None:
        x, y = regression(8)
        model = network(backend)
        rates: list[float] = []

        def begin(batch: int, logs: Any) -> None:
            model.optimizer.learning_rate = 0.0 if batch else 0.5
            rates.append(model.optimizer.learning_rate)

        seen = [model.get_weights()[0]]
        model.fit(
            x,
            y,
            batch_size=4,
            shuffle=False,
            callbacks=[
                LambdaCallback(
                    on_train_batch_begin=begin,
                    on_train_batch_end=lambda batch, logs: seen.append(model.get_weights()[0]),
                )
            ],
            verbose=0,
        )
        assert rates == [0.5, 0.0]
        assert not np.array_equal(seen[0], seen[1])
        np.testing.assert_array_equal(seen[1], seen[2])

    def test_of_each_epoch(self, backend: str) -> None:
        x, y = regression(8)
        model, twice = network(backend), network(backend)

        def begin(epoch: int, logs: Any) -> None:
            model.optimizer.learning_rate = [0.1, 0.02][epoch]

        model.fit(x, y, epochs=2, callbacks=[LambdaCallback(on_epoch_begin=begin)], verbose=0)
        for rate in (0.1, 0.02):
            twice.optimizer.learning_rate = rate
            twice.fit(x, y, verbose=0)
        assert same_weights(model, twice)


def test_one_model_is_trained_by_one_thread_at_a_time() -> None:
    x, y = regression(10)
    model = network()

    def again(epoch: int, logs: Any) -> None:
        model.fit(x, y, verbose=0)

    with pytest.raises(fastnn.errors.StateError, match="is being trained"):
        model.fit(x, y, callbacks=[LambdaCallback(on_epoch_end=again)], verbose=0)
    model.fit(x, y, verbose=0)  # and the lock is free again


def test_batches_of_growing_size_compile_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[int] = []
    original = engine.build

    def counted(model: Any, job: Any) -> Any:
        compiled.append(1)
        return original(model, job)

    monkeypatch.setattr(engine, "build", counted)
    model = network()
    for rows in range(1, 101):
        model.predict(np.zeros((rows, 3)), verbose=0)
    assert len(compiled) == 2  # capacities 64, the least, and 128


def test_early_stopping_ends_a_run(backend: str) -> None:
    x, y = regression(20)
    model = network(backend, optimizer=fastnn.optimizers.SGD(0.0))
    history = model.fit(x, y, epochs=10, callbacks=[EarlyStopping("loss", patience=1)], verbose=0)
    assert history.epoch == [0, 1]
    assert not history.interrupted
    assert largest_difference(model, network(backend)) == 0
