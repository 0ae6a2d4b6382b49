"""Keras on JAX: ``fit`` as users call it, and with 32 steps per native call
(``steps_per_execution``); ``model(x)`` and ``predict``.
"""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import itertools
import time
from typing import Any

import keras
import numpy as np

from bench.peers import job as jobs
from bench.peers.job import Array, Job, Measured

VARIANTS = {
    "train": ["fit", "fit, 32 steps a call"],
    "infer": ["model"],
    "accuracy": ["fit"],
}


def versions() -> dict[str, str]:
    """Names and versions of what is measured."""
    backend = keras.config.backend()
    return {"keras": keras.__version__, backend: __import__(backend).__version__}


def model(job: Job, variant: str) -> Any:
    """The compiled model with the job's weights."""
    workload = job.network
    keras.utils.set_random_seed(job.seed)
    made = keras.Sequential([keras.Input((workload.sizes[0],))])
    for units in workload.sizes[1:-1]:
        made.add(keras.layers.Dense(units, "relu"))
        if workload.dropout:
            made.add(keras.layers.Dropout(workload.dropout))
    made.add(keras.layers.Dense(workload.sizes[-1], "sigmoid" if workload.binary else "softmax"))
    made.compile(
        optimizer=keras.optimizers.Adam(jobs.LEARNING_RATE),
        loss="binary_crossentropy" if workload.binary else "sparse_categorical_crossentropy",
        steps_per_execution=32 if "32 steps" in variant else 1,
    )
    made.set_weights(job.weights())
    return made


class Orders(keras.callbacks.Callback):
    """Gives ``fit`` the job's permutations, and notes the time at each epoch's end.

    Keras shuffles by one ``np.random.permutation`` per epoch, drawn lazily after the epoch has
    begun; iterators that it makes for other ends, to look at shapes, get the identity.
    """

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.rng, self.rows = job.generator(), len(job.array("y"))
        self.times: list[float] = []
        self.order: Array | None = None
        np.random.permutation = self._permutation  # type: ignore[assignment]

    def _permutation(self, count: int) -> Array:
        return np.arange(count) if self.order is None else self.order

    def on_train_begin(self, logs: Any = None) -> None:
        self.times.append(time.perf_counter())

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.order = self.rng.permutation(self.rows)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.times.append(time.perf_counter())


class Race(keras.callbacks.Callback):
    """Tests after each epoch; stops training when the accuracy is reached."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.job = job
        self.x, self.y = job.array("x_test"), job.array("y_test")
        self.accuracies: list[float] = []
        self.times: list[float] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        outputs = self.model.predict(self.x, batch_size=2000, verbose=0)
        self.accuracies.append(jobs.accuracy(outputs, self.y))
        self.times.append(time.perf_counter())
        self.model.stop_training = self.accuracies[-1] >= self.job.accuracy


def train(job: Job, variant: str) -> Measured:
    """Epochs of one ``fit``."""
    x, y, made, orders = job.array("x"), job.array("y"), model(job, variant), Orders(job)
    history = made.fit(
        x,
        y,
        batch_size=job.network.batch,
        epochs=job.warm_up + job.epochs,
        verbose=0,
        callbacks=[orders],
    )
    spans = [b - a for a, b in itertools.pairwise(orders.times)]
    return Measured(len(x), spans[job.warm_up :], history.history["loss"])


def infer(job: Job, variant: str) -> Measured:
    """``model(x)``, or ``predict`` in batches of at most 2,000 rows."""
    x, made = job.array("x"), model(job, variant)
    batch = min(len(x), 2000)
    outputs = made.predict(x, batch_size=batch, verbose=0)
    if job.entry == "call":

        def call() -> None:
            np.asarray(made(x))

    else:

        def call() -> None:
            made.predict(x, batch_size=batch, verbose=0)

    return jobs.time_calls(job, call, len(x), outputs)


def time_to_accuracy(job: Job, variant: str) -> Measured:
    """One ``fit`` that a callback stops."""
    x, y, made = job.array("x"), job.array("y"), model(job, variant)
    orders, race = Orders(job), Race(job)
    start = time.perf_counter()
    history = made.fit(
        x,
        y,
        batch_size=job.network.batch,
        epochs=job.epochs,
        verbose=0,
        callbacks=[orders, race],
    )
    seconds = [moment - start for moment in race.times]
    return Measured(len(x), seconds, history.history["loss"], race.accuracies)
