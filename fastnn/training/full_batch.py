"""Training with an optimizer that looks at all the data in every iteration (L-BFGS): an epoch is
one iteration, which evaluates the loss and its gradient natively and does the rest in NumPy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.backends.threads import get_num_threads
from fastnn.errors import ArgumentError
from fastnn.optimizers.wolfe import Point
from fastnn.program import control as words
from fastnn.program.control import ControlBlock
from fastnn.training import loop
from fastnn.training.loop import Window

Vector = NDArray[np.float64]


def batch_of(optimizer: Any, batch_size: int | None, rows: int, steps: int | None) -> int:
    """The batch of a full-batch optimizer: all rows; an error if another one was asked for."""
    owner = type(optimizer).__name__
    if batch_size is not None and batch_size < rows:
        raise ArgumentError(
            f"fit: received batch_size={batch_size} for {rows} samples, but {owner} needs all the "
            f"data in every iteration. Leave batch_size out, or use Adam for mini-batches."
        )
    if steps is not None:
        raise ArgumentError(
            f"fit: received steps_per_epoch={steps}, but an epoch of {owner} is one iteration. "
            f"Leave it out, and say by epochs how many iterations there are."
        )
    return rows


class FullBatchLoop(loop.TrainingLoop):
    """The order of events is ``TrainingLoop``'s; a step is an iteration of the optimizer.

    The runner's Program is that of the job ``"objective"``: loss, metrics and gradients, no update.
    """

    _here: Point | None = None

    def _epochs_at_once(self, left: int) -> int:
        return 1  # between two iterations Python is at work anyway

    def _run_window(self, window: Window, epoch: int) -> int:
        """One iteration; its loss and metrics become the epoch's."""
        optimizer, model = self.model.optimizer, self.model
        if self._batch_hooks:
            with self.timing.part("callbacks"):
                self.callbacks.on_train_batch_begin(0)
        evaluation = _Evaluation(self, window)
        here = self._here
        start = evaluation.weights()
        if here is None or not np.array_equal(here.place, start):
            here = Point(start, *evaluation(start))
        if not np.isfinite(here.value) and self._check_loss:
            self._end(
                self._diverged(f"the loss is {here.value} in epoch {epoch + 1}."), 0, here.value
            )
            return 0
        pairs = self._pairs(evaluation)
        try:
            point, finished = optimizer.iterate(evaluation, here, pairs)
        except BaseException:
            evaluation.place(here.place)  # Ctrl-C in the middle of a line search
            raise
        self._here = evaluation.accept(point)
        self._keep(evaluation, pairs)
        optimizer.iterations += 1
        limit = optimizer.max_iterations
        if finished or (limit is not None and optimizer.iterations >= limit):
            model.stop_training = True
        self._snapshot.refresh()
        self._after_run(window, window.steps)
        return window.steps

    def _pairs(self, evaluation: _Evaluation) -> list[tuple[Vector, Vector]]:
        """The optimizer's pairs, oldest first."""
        storage, found = self.model.optimizer_storage(), []
        for number in range(self.model.optimizer.history_size):
            s, y = (evaluation.flat(storage, f"slot:{kind}_{number}") for kind in "sy")
            if float(s @ y) > 0:
                found.append((s, y))
        return found

    def _keep(self, evaluation: _Evaluation, pairs: list[tuple[Vector, Vector]]) -> None:
        """Store the pairs where files and later calls of fit find them."""
        storage, size = self.model.optimizer_storage(), self.model.optimizer.history_size
        none = (np.zeros(0), np.zeros(0))
        for number, pair in enumerate([*pairs, *[none] * (size - len(pairs))]):
            for kind, vector in zip("sy", pair, strict=True):
                evaluation.spread(vector, storage, f"slot:{kind}_{number}")


class _Evaluation:
    """The loss over all rows as a function of the weights in one vector."""

    def __init__(self, loop: FullBatchLoop, window: Window) -> None:
        self.loop = loop
        self.window = window
        runner = loop.runner
        self.variables: list[Any] = loop.model._trained_variables()
        self.bound, self.base = runner.feed.bind(window.permutation, 0, int(window.rows.sum()))
        self.control = ControlBlock.blocks(int(window.rows.sum()), int(window.rows.sum()))
        self.control.words[:, words.STEP] = loop.model.optimizer.iterations
        self.last: tuple[Vector, Any] | None = None

    def __call__(self, place: Vector) -> tuple[float, Vector]:
        """Loss and gradient at some weights."""
        runner = self.loop.runner
        self.place(place)
        runner.state.state[:] = 0
        with self.loop._interrupts, self.loop.timing.part("training"):
            result = runner.executable.run(
                self.bound, self.control, runner.state, threads=get_num_threads()
            )
        if result.status:
            raise runner.error(result, self.window, self.base)
        total, weight = runner.state.state[:2]
        self.last = (place, runner.state.state.copy())
        return float(total / weight), self.flat(runner.executable.program.storage, "gradients")

    def accept(self, point: Point) -> Point:
        """Leave the model at a point, and its sums as those of the epoch; returns the point with
        the weights as the model holds them, rounded to its type.
        """
        if self.last is None or not np.array_equal(self.last[0], point.place):
            self(point.place)
        assert self.last is not None  # the call has set it
        self.loop.runner.state.history[0] = self.last[1]
        return point._replace(place=self.weights())

    def weights(self) -> Vector:
        """All trained weights in one vector."""
        return np.concatenate([v.numpy().reshape(-1).astype(np.float64) for v in self.variables])

    def place(self, place: Vector) -> None:
        """Set the trained weights."""
        first = 0
        for v in self.variables:
            v.view()[...] = place[first : first + v.size].reshape(v.shape)
            first += v.size

    def flat(self, storage: Any, kind: str) -> Vector:
        """What a storage holds beside the weights, in one vector."""
        parts = [storage.view(kind, v).reshape(-1).astype(np.float64) for v in self.variables]
        return np.concatenate(parts)

    def spread(self, vector: Vector, storage: Any, kind: str) -> None:
        """The inverse of ``flat``; an empty vector is zeros."""
        first = 0
        for v in self.variables:
            part = vector[first : first + v.size] if vector.size else 0.0
            storage.view(kind, v)[...] = np.reshape(part, v.shape) if vector.size else part
            first += v.size
