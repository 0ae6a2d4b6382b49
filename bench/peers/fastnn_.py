"""fastnn: ``fit`` with a callback that notes the time, ``model(x)``, ``predict``."""

from __future__ import annotations

import itertools
import time
from typing import Any

import fastnn
from bench.peers.job import Array, Job, Measured, accuracy, time_calls

BACKENDS = ("numba", "numpy")  # further variants: see ``compare.py``'s --backends
VARIANTS = {"train": ["fit"], "infer": ["c"], "accuracy": ["fit"]}


def versions() -> dict[str, str]:
    """Names and versions of what is measured."""
    info = fastnn.backends.backends()["c"]
    return {"fastnn": fastnn.__version__, "backend": str(info), "package": fastnn.__path__[0]}


def model(job: Job) -> Any:
    """The compiled model with the job's weights and permutations."""
    fastnn.set_num_threads(job.threads)
    backend = job.variant if job.variant in BACKENDS else "auto"
    made, values = job.network.model(backend, seed=job.seed), job.weights()
    dense = [layer for layer in made.layers if isinstance(layer, fastnn.layers.Dense)]
    for number, layer in enumerate(dense):
        layer.set_weights(values[2 * number : 2 * number + 2])
    made.generator = job.generator()
    return made


class Clock(fastnn.callbacks.Callback):
    """The time at each epoch's end."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def on_train_begin(self, logs: Any = None) -> None:
        self.times.append(time.perf_counter())

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.times.append(time.perf_counter())


class Race(fastnn.callbacks.Callback):
    """Tests after each epoch; stops training when the accuracy is reached."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.job = job
        self.x, self.y = job.array("x_test"), job.array("y_test")
        self.accuracies: list[float] = []
        self.times: list[float] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        outputs: Array = self.model.predict(self.x, verbose=0)
        self.accuracies.append(accuracy(outputs, self.y))
        self.times.append(time.perf_counter())
        self.model.stop_training = self.accuracies[-1] >= self.job.accuracy


def train(job: Job, variant: str) -> Measured:
    """Epochs of one ``fit``."""
    clock, epochs = Clock(), job.warm_up + job.epochs
    x, y, made = job.array("x"), job.targets(), model(job)
    history = made.fit(
        x, y, batch_size=job.network.batch, epochs=epochs, verbose=0, callbacks=[clock]
    )
    spans = [b - a for a, b in itertools.pairwise(clock.times)]
    return Measured(len(x), spans[job.warm_up :], history.history["loss"])


def infer(job: Job, variant: str) -> Measured:
    """``model(x)`` or ``predict(x, verbose=0)``."""
    x, made = job.array("x"), model(job)
    outputs = made.predict(x, verbose=0)
    if job.entry == "call":
        return time_calls(job, lambda: made(x), len(x), outputs)
    return time_calls(job, lambda: made.predict(x, verbose=0), len(x), outputs)


def time_to_accuracy(job: Job, variant: str) -> Measured:
    """One ``fit`` that a callback stops."""
    x, y, made, race = job.array("x"), job.array("y"), model(job), Race(job)
    start = time.perf_counter()
    history = made.fit(
        x, y, batch_size=job.network.batch, epochs=job.epochs, verbose=0, callbacks=[race]
    )
    seconds = [moment - start for moment in race.times]
    return Measured(len(x), seconds, history.history["loss"], race.accuracies)
