"""The executor of the NumPy reference: arrays that live as long as the executable do not carry
anything from one step, run or thread to another.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

import fastnn
from fastnn.backends.numpy_ref import executor
from fastnn.training.programs import Job

Array = np.ndarray[Any, Any]


class Listens(fastnn.callbacks.Callback):
    """Listens to batches, so that every step is a run."""

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.heard = batch


def network(**options: Any) -> fastnn.Sequential:
    layers = [
        fastnn.Input((5,)),
        fastnn.layers.Dense(7, "relu"),
        fastnn.layers.Dropout(0.3),
        fastnn.layers.Dense(3, "softmax"),
    ]
    model = fastnn.Sequential(layers, backend="numpy", seed=1)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], **options)
    return model


def data(rows: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(rows, 5)).astype("f4"), rng.integers(0, 3, rows)


def test_rows_of_other_batches_are_not_seen():
    model, (x, _) = network(), data(40)
    whole = model.predict(x, verbose=0)
    for rows in (40, 1, 33, 7, 40):
        found = model.predict(x[:rows], batch_size=16, verbose=0)
        np.testing.assert_allclose(found, whole[:rows], rtol=1e-6)


def test_a_run_in_pieces_is_the_run_in_one():
    x, y = data(50)
    whole, pieces = network(), network()
    one = whole.fit(x, y, batch_size=16, epochs=3, verbose=0)
    other = pieces.fit(x, y, batch_size=16, epochs=3, verbose=0, callbacks=[Listens()])
    assert one.history == other.history
    for a, b in zip(whole.get_weights(), pieces.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_threads_have_arrays_of_their_own():
    model, (x, _) = network(), data(900)
    whole = model.predict(x, batch_size=30, verbose=0)

    def predict(start: int) -> Array:
        return model.predict(x[start : start + 300], batch_size=30, verbose=0)

    with ThreadPoolExecutor(3) as pool:
        for start, found in zip(
            3 * [0, 300, 600], pool.map(predict, 3 * [0, 300, 600]), strict=True
        ):
            np.testing.assert_array_equal(found, whole[start : start + 300])


def test_few_sizes_of_batches_are_kept(monkeypatch: Any):
    monkeypatch.setattr(executor, "MOST_SIZES", 2)
    model, (x, _) = network(), data(20)
    whole = model.predict(x, verbose=0)
    for rows in (1, 2, 3, 4, 1, 2, 20):
        np.testing.assert_allclose(model.predict(x[:rows], verbose=0), whole[:rows], rtol=1e-6)
    (workspace,) = model._executable(Job("predict", training=False), 20)._free
    assert len(workspace._calls) <= 2
