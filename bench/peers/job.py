"""What a peer's process is asked to do (``Job``), what it answers (``Measured``), and the three
ways of timing: epochs, calls, and a race to an accuracy. NumPy is all it needs: this file runs in
the peers' interpreter.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench.workloads import WORKLOADS, Workload

Array = np.ndarray[Any, Any]

LEARNING_RATE, BETA_1, BETA_2, EPSILON = 0.001, 0.9, 0.999, 1e-7  # Keras's Adam
BLOCK_SECONDS = 0.02  # of one timed block of calls
WARM_SECONDS = 0.3  # of calls before the first timed block


@dataclass(frozen=True)
class Job:
    """One process's work.

    Attributes
    ----------
    kind : ``"train"``, ``"infer"``, ``"accuracy"`` or ``"versions"``.
    peer, variant : module in this folder without its underscore, and which of its variants.
    workload : name in ``WORKLOADS``. folder : where ``inputs.py`` wrote the arrays.
    threads, processors : how many threads, and where the process is bound to (empty: nowhere).
    epochs, warm_up : timed epochs (or blocks of calls), and epochs before them.
    seed : of permutations and dropout.
    entry : for inference, ``"call"`` (the model as a function) or ``"predict"``.
    accuracy : for a race, the share of test rows to get right.
    package : folder to import fastnn from; empty for the one on the path.
    """

    kind: str
    peer: str
    variant: str = ""
    workload: str = "A"
    folder: str = ""
    threads: int = 1
    processors: tuple[int, ...] = ()
    epochs: int = 5
    warm_up: int = 1
    seed: int = 0
    entry: str = "call"
    accuracy: float = 0.0
    package: str = ""

    @classmethod
    def read(cls, path: str) -> Job:
        """The job in a JSON file."""
        fields = json.loads(Path(path).read_text(encoding="utf-8"))
        return cls(**{**fields, "processors": tuple(fields["processors"])})

    def write(self, path: Path) -> None:
        """Write the job as JSON."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @property
    def network(self) -> Workload:
        """The network, its batch size and dropout."""
        return WORKLOADS[self.workload]

    def array(self, name: str) -> Array:
        """``x``, ``y``, ``x_test`` or ``y_test``: float32 rows, int64 labels."""
        loaded: Array = np.load(Path(self.folder) / f"{name}.npy")
        return loaded

    def targets(self) -> Array:
        """``y`` as Keras's loss of the workload takes it."""
        return self.network.targets(self.array("y"))

    def weights(self) -> list[Array]:
        """Initial kernel and bias of each layer in turn."""
        with np.load(Path(self.folder) / "weights.npz") as stored:
            return [stored[str(number)] for number in range(len(stored.files))]

    def generator(self) -> np.random.Generator:
        """Where every peer draws its permutations from, one per epoch, the warm-up's first."""
        return np.random.Generator(np.random.PCG64(self.seed))


@dataclass
class Measured:
    """What a process answers.

    Attributes
    ----------
    samples : rows of one entry of ``seconds``.
    seconds : of each timed epoch, or of one call in each timed block.
    losses : mean training loss of every epoch, the warm-up's too; for inference one number, the
        mean cross-entropy of the outputs, which shows that all computed the same.
    accuracies : in a race, of every epoch.
    """

    samples: int = 0
    seconds: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    accuracies: list[float] = field(default_factory=list)


def batches(rows: int, batch: int) -> Iterator[slice]:
    """The batches of an epoch; the last may be smaller."""
    for start in range(0, rows, batch):
        yield slice(start, min(start + batch, rows))


def time_epochs(job: Job, epoch: Callable[[Array], float]) -> Measured:
    """Time ``epoch(permutation)``, which returns the mean loss when all of its work is done."""
    rng, rows = job.generator(), len(job.array("y"))
    found = Measured(rows)
    for number in range(job.warm_up + job.epochs):
        start = time.perf_counter()
        loss = epoch(rng.permutation(rows))
        taken = time.perf_counter() - start
        found.losses.append(loss)
        if number >= job.warm_up:
            found.seconds.append(taken)
    return found


def time_calls(job: Job, call: Callable[[], Any], rows: int, outputs: Array) -> Measured:
    """Time many calls in blocks; ``outputs`` is what one call gave, for the comparison."""
    began = time.perf_counter()
    count = 0
    while (spent := time.perf_counter() - began) < WARM_SECONDS:
        call()
        count += 1
    repeats = max(1, round(BLOCK_SECONDS * count / spent))
    found = Measured(rows, losses=[cross_entropy(outputs, job.array("y")[:rows])])
    for _ in range(job.epochs):
        start = time.perf_counter()
        for _ in range(repeats):
            call()
        found.seconds.append((time.perf_counter() - start) / repeats)
    return found


def race(job: Job, epoch: Callable[[Array], float], predict: Callable[[Array], Array]) -> Measured:
    """Train until the test accuracy is reached, or for ``epochs`` epochs; compiling counts."""
    rng, rows = job.generator(), len(job.array("y"))
    x_test, y_test = job.array("x_test"), job.array("y_test")
    found = Measured(rows)
    start = time.perf_counter()
    for _ in range(job.epochs):
        found.losses.append(epoch(rng.permutation(rows)))
        found.accuracies.append(accuracy(predict(x_test), y_test))
        found.seconds.append(time.perf_counter() - start)
        if found.accuracies[-1] >= job.accuracy:
            break
    return found


def accuracy(outputs: Array, labels: Array) -> float:
    """The share of rows whose largest output is the label's."""
    return float((outputs.argmax(axis=1) == labels).mean())


def cross_entropy(outputs: Array, labels: Array) -> float:
    """Mean of -log of the label's probability."""
    p = np.asarray(outputs, dtype=np.float64)
    if p.shape[1] == 1:
        p = np.concatenate([1 - p, p], axis=1)
    return float(-np.log(np.maximum(p[np.arange(len(p)), labels], 1e-12)).mean())
