"""Mistakes of training loops: figures that are not those of the data, runs that do not repeat, best
weights lost, arrays shared behind the user's back, memory that grows. Numbers in the names are the
rows of the project's list of pitfalls; NaN (7) is in training/test_non_finite.py.
"""

from __future__ import annotations

import copy
import hashlib
import random
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn import layers
from fastnn.callbacks import Callback, EarlyStopping, LambdaCallback, ModelCheckpoint
from tests.support.networks import network, regression, same_weights

X, Y = regression(40)


def digest(model: fastnn.Sequential) -> str:
    """SHA-256 over all weights."""
    return hashlib.sha256(b"".join(w.tobytes() for w in model.get_weights())).hexdigest()


class TestFigures:
    """8, 9, 13: loss and metrics are the means over the samples."""

    def constant(
        self, backend: str, value: float = 0.0, rate: float = 0.0, dtype: str = "float32"
    ) -> fastnn.Sequential:
        """y = value, whatever x is."""
        stack = [fastnn.Input((1,)), layers.Dense(1)]
        model = fastnn.Sequential(stack, backend=backend, dtype=dtype)
        model.compile(fastnn.optimizers.SGD(rate), "mse", metrics=["mse"])
        model.set_weights([[[0.0]], [value]])
        return model

    def test_8_the_last_batch_counts_for_its_rows(self, backend: str) -> None:
        """Losses 10, 10, 9 with batches of 2 are 9.667 in the mean, not 9.5."""
        model = self.constant(backend, dtype="float64")
        y = np.sqrt([10.0, 10.0, 9.0])
        history = model.fit(y, y, batch_size=2, shuffle=False, verbose=0).history
        found = model.evaluate(y, y, batch_size=2, verbose=0)
        for value in (*history["loss"], *history["mse"], *found):
            assert value == pytest.approx(29 / 3, rel=1e-14)

    def test_8_the_gradient_of_the_last_batch_is_divided_by_its_rows(self, backend: str) -> None:
        model = self.constant(backend, rate=0.25)
        y = np.array([1.0, 1.0, 1.0, 5.0])
        model.fit(np.zeros(4), y, batch_size=3, shuffle=False, verbose=0)
        # dL/db = 2 mean(b - y): b = 0 + 0.5 · 1, then b = 0.5 + 0.5 · (5 - 0.5)
        assert model.layers[0].bias.numpy()[0] == 2.75

    @pytest.mark.parametrize("batch_size", [1, 3, 8, 40, 99])
    def test_8_fit_and_evaluate_agree(self, backend: str, batch_size: int) -> None:
        model = network(backend, optimizer=fastnn.optimizers.SGD(0.0), metrics=["mse"])
        weights = np.random.default_rng(2).random(40)
        for arguments in ({}, {"sample_weight": weights}):
            history = model.fit(X, Y, batch_size=batch_size, verbose=0, **arguments).history
            expected = model.evaluate(X, Y, return_dict=True, verbose=0, **arguments)
            for name, value in expected.items():
                np.testing.assert_allclose(history[name], [value], rtol=1e-7)

    def test_9_rows_of_weight_0_are_as_good_as_removed(self, backend: str) -> None:
        loss = fastnn.losses.MeanSquaredError(reduction="mean_with_sample_weight")
        weights = np.where(np.arange(40) % 3 == 0, 0.0, 2.5)
        kept = weights > 0
        a, b = (network(backend, loss=loss, dtype="float64") for _ in range(2))
        a.fit(X, Y, sample_weight=weights, batch_size=64, shuffle=False, epochs=3, verbose=0)
        b.fit(X[kept], Y[kept], batch_size=64, shuffle=False, epochs=3, verbose=0)
        for one, other in zip(a.get_weights(), b.get_weights(), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12)

    @pytest.mark.parametrize("optimizer", ["sgd", "adam"])
    def test_9_a_whole_weight_is_a_repeated_row(self, backend: str, optimizer: str) -> None:
        loss = fastnn.losses.MeanSquaredError(reduction="mean_with_sample_weight")
        weights = np.arange(40) % 4
        x, y = (np.repeat(array, weights, axis=0) for array in (X, Y))
        a, b = (network(backend, loss=loss, optimizer=optimizer, dtype="float64") for _ in range(2))
        whole = {"batch_size": 99, "shuffle": False, "epochs": 3, "verbose": 0}
        first = a.fit(X, Y, sample_weight=weights, **whole).history
        second = b.fit(x, y, **whole).history
        np.testing.assert_allclose(first["loss"], second["loss"], rtol=1e-12)
        for one, other in zip(a.get_weights(), b.get_weights(), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12)

    def test_13_the_mean_of_ten_million_equal_losses_is_exact(self, backend: str) -> None:
        rows = 100_000 if backend.startswith("c:") else 10_000_000
        model = self.constant(backend, 0.1)
        x, y = np.zeros((rows, 1), np.uint8), np.zeros((rows, 1), np.uint8)
        one = model.evaluate(x[:1], y[:1], verbose=0)
        np.testing.assert_allclose(
            model.evaluate(x, y, batch_size=1 << 16, verbose=0), one, rtol=1e-9
        )


class TestRepeating:
    """17: the same seed gives the same bits; nobody else's random numbers are touched."""

    def trained(self, backend: str, seed: int = 5, epochs: int = 3) -> fastnn.Sequential:
        model = network(backend, dropout=0.4, optimizer="adam", seed=seed)
        model.fit(X, Y, batch_size=7, epochs=epochs, verbose=0)
        return model

    def test_17_runs_are_bit_equal(self, backend: str) -> None:
        first = digest(self.trained(backend))
        assert digest(self.trained(backend)) == first
        assert digest(self.trained(backend, seed=6)) != first

    def test_17_set_random_seed_repeats_too(self, backend: str) -> None:
        found = []
        for _ in range(2):
            fastnn.utils.set_random_seed(11)
            model = fastnn.Sequential([fastnn.Input((3,)), layers.Dense(4)], backend=backend)
            model.compile("adam", "mse")
            model.fit(X, X @ np.ones((3, 4), np.float32), epochs=3, verbose=0)
            found.append(digest(model))
        assert found[0] == found[1]

    def test_17_global_generators_stay_as_they_are(self, backend: str) -> None:
        before = (random.getstate(), np.random.get_state()[1].tolist())
        self.trained(backend)
        self.trained(backend, seed=9)
        layers.Dense(3)(X)
        assert (random.getstate(), np.random.get_state()[1].tolist()) == before

    def test_17_global_generators_do_not_matter(self, backend: str) -> None:
        first = digest(self.trained(backend))
        random.random()
        np.random.random()
        assert digest(self.trained(backend)) == first

    def test_17_threads_do_not_matter(self) -> None:
        """Bits and dropout masks of a network that is really split."""
        rng = np.random.default_rng(0)
        x = rng.standard_normal((256, 300)).astype(np.float32)
        found = set()
        for threads in (1, 2, 4):
            with fastnn.threads(threads):
                model = network(
                    inputs=300, hidden=256, outputs=10, dropout=0.3, optimizer="adam", seed=2
                )
                model.fit(x, x[:, :10], batch_size=128, epochs=2, verbose=0)
                found.add(digest(model))
        assert len(found) == 1

    def test_17_resuming_from_a_file_is_going_on(self, backend: str, tmp_path: Path) -> None:
        whole = self.trained(backend, epochs=4)
        half = self.trained(backend, epochs=2)
        half.save(tmp_path / "half.fastnn")
        resumed = fastnn.saving.load_model(tmp_path / "half.fastnn")
        copied = copy.deepcopy(half)
        for model in (half, resumed, copied):
            model.fit(X, Y, batch_size=7, initial_epoch=2, epochs=4, verbose=0)
            assert digest(model) == digest(whole)


class Worse(Callback):
    """Lets the loss fall for three epochs and rise afterwards; keeps the weights of each epoch."""

    def __init__(self, interrupt_at: int = -1) -> None:
        super().__init__()
        self.weights: list[Any] = []
        self.losses: list[float] = []
        self.interrupt_at = interrupt_at

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.model.optimizer.learning_rate = 0.05 if epoch < 3 else 0.9

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if len(self.losses) == self.interrupt_at and batch == 1:
            raise KeyboardInterrupt

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        assert logs is not None
        self.weights.append(self.model.get_weights())
        self.losses.append(logs["val_loss"])


class TestBestWeights:
    """21: the best epoch is restored however training ends."""

    def fit(
        self, model: fastnn.Sequential, worse: Worse, *others: Callback, **arguments: Any
    ) -> Any:
        arguments = {"epochs": 7, "validation_data": (X, Y), "verbose": 0, **arguments}
        return model.fit(X, Y, batch_size=10, callbacks=[worse, *others], **arguments)

    def assert_best(self, model: fastnn.Sequential, worse: Worse) -> None:
        best = int(np.argmin(worse.losses))
        assert best < len(worse.losses) - 1  # the last epoch is not the best, or nothing is shown
        for one, other in zip(model.get_weights(), worse.weights[best], strict=True):
            np.testing.assert_array_equal(one, other)

    @pytest.mark.parametrize(
        ("patience", "interrupt_at", "epochs_run"), [(1, -1, None), (99, -1, 7), (99, 5, 5)]
    )
    def test_21_stopped_early_epochs_ran_out_or_ctrl_c(
        self, backend: str, patience: int, interrupt_at: int, epochs_run: int | None
    ) -> None:
        model, worse = network(backend), Worse(interrupt_at)
        stopping = EarlyStopping(patience=patience, restore_best_weights=True)
        history = self.fit(model, worse, stopping)
        assert history.interrupted is (interrupt_at >= 0)
        assert len(history.epoch) == len(worse.losses)
        assert len(history.epoch) == (epochs_run or stopping.stopped_epoch + 1)
        assert stopping.best_epoch == int(np.argmin(worse.losses))
        self.assert_best(model, worse)

    def test_21_the_object_can_be_used_again(self, backend: str) -> None:
        stopping = EarlyStopping(patience=1, restore_best_weights=True)
        for _ in range(2):
            model, worse = network(backend), Worse()
            self.fit(model, worse, stopping)
            self.assert_best(model, worse)

    def test_21_the_best_model_is_on_disk(self, backend: str, tmp_path: Path) -> None:
        model, worse = network(backend), Worse(interrupt_at=6)
        path = tmp_path / "best.fastnn"
        self.fit(model, worse, ModelCheckpoint(path, save_best_only=True))
        best = fastnn.saving.load_model(path)
        self.assert_best(best, worse)
        assert best.evaluate(X, Y, verbose=0) == pytest.approx(min(worse.losses))

    def test_21_ctrl_c_from_a_callback_ends_fit_in_order(self, backend: str) -> None:
        ends: list[Any] = []
        model, worse = network(backend), Worse(interrupt_at=2)
        history = self.fit(model, worse, LambdaCallback(on_train_end=ends.append))
        assert (history.interrupted, history.epoch) == (True, [0, 1])
        assert ends == [{"loss": history.history["loss"][-1], "val_loss": worse.losses[-1]}]
        assert model.optimizer.iterations == 10
        again = self.fit(model, Worse(), epochs=1)
        assert not again.interrupted


class TestCopies:
    """22: what is handed out or taken in is a copy."""

    def test_22_weights_handed_out(self, backend: str) -> None:
        model = network(backend)
        before = model.predict(X, verbose=0)
        layer = model.layers[0]
        handed_out = [*model.get_weights(), *layer.get_weights(), layer.kernel.numpy()]
        handed_out += [layer.bias.value, np.asarray(layer.kernel), *model.gradients(X, Y).values()]
        for array in handed_out:
            array[...] = 7
        np.testing.assert_array_equal(model.predict(X, verbose=0), before)

    def test_22_weights_taken_in(self, backend: str) -> None:
        model = network(backend)
        arrays = [np.ones_like(w) for w in model.get_weights()]
        model.set_weights(arrays)
        for array in arrays:
            array[...] = 7
        assert all((w == 1).all() for w in model.get_weights())

    def test_22_predictions(self, backend: str) -> None:
        model = network(backend)
        first = model.predict(X, verbose=0)
        kept = first.copy()
        model.predict(X + 1, verbose=0)
        np.testing.assert_array_equal(first, kept)
        first[...] = 0
        np.testing.assert_array_equal(model.predict(X, verbose=0), kept)

    @pytest.mark.parametrize("make", [copy.deepcopy, copy.copy, fastnn.models.clone_model])
    def test_22_copies_train_independently(self, backend: str, make: Any) -> None:
        model = network(backend, optimizer="adam")
        model.fit(X, Y, verbose=0)
        before = model.get_weights()
        other = make(model)
        other.fit(X, Y, epochs=2, verbose=0)
        for one, kept in zip(model.get_weights(), before, strict=True):
            np.testing.assert_array_equal(one, kept)
        assert not same_weights(model, other)
        assert model.optimizer is not other.optimizer
        assert model.optimizer.iterations == 2


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads Linux's /proc")
@pytest.mark.parametrize("name", ["numpy", "c"])
def test_memory_does_not_grow(name: str) -> None:
    """10,000 predictions and 100 trainings: what is resident stays, and so do the caches."""
    if name == "c" and not fastnn.backends()["c"].available:
        pytest.skip("the C backend is left out of this run")
    program = """
        import gc, sys
        import numpy as np, fastnn
        from fastnn.program import eager
        def resident():
            gc.collect()
            return int(open("/proc/self/statm").read().split()[1]) * 4096
        def model():
            made = fastnn.Sequential([fastnn.Input((8,)), fastnn.layers.Dense(16, "relu"),
                fastnn.layers.Dense(1)], backend=sys.argv[1], seed=1)
            made.compile("adam", "mse")
            return made
        x, y = np.ones((3, 8), np.float32), np.ones((3, 1), np.float32)
        one = model()
        def predict(times):
            for _ in range(times):
                one.predict(x, verbose=0)
            for _ in range(times // 10):
                one.layers[0](x)
        def fit(times):
            for _ in range(times):
                model().fit(x, y, epochs=3, verbose=0)
        predict(1_000); fit(20)
        caches, before = (len(one._executables), len(eager._cache)), resident()
        predict(10_000 if sys.argv[1] == "c" else 2_000)
        middle = resident()
        assert (len(one._executables), len(eager._cache)) == caches == (1, 1), caches
        fit(100)
        print(middle - before, resident() - middle)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), name],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    predicting, fitting = map(int, done.stdout.split())
    assert predicting < 256 << 10  # 26 bytes a call
    assert fitting < 1 << 20
