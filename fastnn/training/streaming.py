"""The loops of ``fit``, ``evaluate`` and ``predict`` over data that comes batch by batch
(``batches.py``): blocks of batches in turn, each one native call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fastnn import checks
from fastnn.errors import DataError
from fastnn.training.batches import BLOCK_BATCHES, Block, Stream
from fastnn.training.loop import EvaluationLoop, Runner, TrainingLoop, Window
from fastnn.training.prediction import PREDICT_ROWS, forward

if TYPE_CHECKING:
    from fastnn.callbacks import CallbackList
    from fastnn.training.progress import Progress

Array = np.ndarray[Any, Any]

NO_END = 1 << 62  # steps of an epoch that is as long as its data


class _Blocks:
    """Feeds a runner the blocks of a stream."""

    def __init__(self, model: Any, stream: Stream, runner: Runner, check_finite: bool) -> None:
        self._model = model
        self._runner = runner
        self._check_finite = check_finite
        self._capacity = 0
        self.stream: Stream = stream
        self.steps: int = 0
        self.rows: int = 0

    def begin(self) -> None:
        """Count from zero."""
        self.steps = self.rows = 0

    def window(self, block: Block) -> Window:
        """Make a block the runner's data; its steps."""
        model, runner = self._model, self._runner
        runner.feed = block.feed(model.dtype, self._check_finite)
        sizes = np.array(block.sizes, dtype=np.int64)
        largest = int(sizes.max())
        if largest > self._capacity:
            runner.executable = model._executable(runner.job, largest)
            self._capacity = largest
        offsets = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
        return Window(None, offsets, sizes, NO_END, first_step=self.steps, first_row=self.rows)

    def done(self, window: Window, steps: int) -> None:
        """Count the steps of a window that were done."""
        self.steps += steps
        self.rows += int(window.rows[:steps].sum())


class StreamTrainingLoop(TrainingLoop):
    """Trains on a stream; the order of events is ``TrainingLoop``'s."""

    def read(self, stream: Stream, check_finite: bool) -> StreamTrainingLoop:
        """Take the data from a stream."""
        self._blocks = _Blocks(self.model, stream, self.runner, check_finite)
        self._rows_of_epoch: int | None = None
        return self

    def _epochs_at_once(self, left: int) -> int:
        """One, as long as there is data."""
        stream = self._blocks.stream
        if stream.ready():
            return 1
        epochs = f"{left} epoch{'s' if left > 1 else ''}"
        checks.warn(
            f"the {stream.kind} gave no more batches, so training ends {epochs} before the last "
            "one. A generator runs once: let it go on without an end and pass "
            "steps_per_epoch, or pass arrays or a fastnn.utils.PyDataset."
        )
        return 0

    def _time_is_over(self, epoch: int, batch: int, batches: int) -> bool:
        """Within an epoch, ``batch`` counts from the window's beginning."""
        if batches == NO_END:
            batch += self._blocks.steps
            batches = self.steps_per_epoch or self._blocks.stream.batches or 0
        return super()._time_is_over(epoch, batch, batches)

    def _epoch_steps(self, epoch: int, epochs: int) -> tuple[dict[str, Any], int]:
        blocks, steps = self._blocks, self.steps_per_epoch
        blocks.begin()
        self.progress.begin_epoch(epoch, epochs, self._rows_of_epoch)
        self.runner.prepare(1)
        finished = True
        pending = blocks.stream.epoch(steps, 1 if self._batch_hooks else BLOCK_BATCHES)
        while True:
            with self.timing.part("data"):
                block = next(pending, None)
                if block is None:
                    break
                window = blocks.window(block)
            done = self._run_window(window, epoch)
            blocks.done(window, done)
            over = done == window.steps and self._time_is_over(epoch, 0, NO_END)
            if over or done < window.steps or (self.model.stop_training and self._batch_hooks):
                finished = False
                break
        self._rows_of_epoch = blocks.rows if finished else None
        return self.runner.logs(self.runner.state.state), blocks.rows


class StreamEvaluationLoop(EvaluationLoop):
    """Evaluates a stream."""

    def read(self, model: Any, stream: Stream, check_finite: bool) -> StreamEvaluationLoop:
        """Take the data from a stream."""
        self._blocks = _Blocks(model, stream, self.runner, check_finite)
        return self

    @property
    def rows(self) -> int:
        """How many rows there were."""
        return self._blocks.rows

    def run(self, steps: int | None = None) -> dict[str, Any]:
        """The means over a pass, or over ``steps`` batches: the first ones, or of a generator the
        next ones.
        """
        blocks = self._blocks
        stream = blocks.stream
        stream.restart()
        if not stream.ready():
            raise DataError(
                f"{stream.where}: {stream.prefix}the {stream.kind} gave no more batches. A "
                "generator runs once: let it go on without an end and pass the number of steps, "
                "or pass arrays or a fastnn.utils.PyDataset."
            )
        blocks.begin()
        self.runner.prepare(1)
        hooks = self.callbacks.has_batch_hooks("test")
        for block in stream.epoch(steps, 1 if hooks else BLOCK_BATCHES):
            window = blocks.window(block)
            self._run_window(window)
            blocks.done(window, window.steps)
        return self.runner.logs(self.runner.state.state)


def predict_stream(
    model: Any,
    stream: Stream,
    steps: int | None,
    callbacks: CallbackList,
    progress: Progress,
    check_finite: bool,
) -> Array:
    """The model's output for all rows of a stream."""
    stream.first()
    hooks = callbacks.has_batch_hooks("predict")
    found: list[Array] = []
    rows = done = 0
    for block in stream.epoch(steps, 1 if hooks else BLOCK_BATCHES):
        feed = block.feed_of_x(model.dtype, check_finite)
        size = max(block.sizes) if hooks else PREDICT_ROWS
        part = forward(
            model,
            block.arrays.x,
            max(1, size),
            callbacks,
            progress,
            check_finite=check_finite,
            first_step=done,
            first_row=rows,
            feed=feed,
        )
        found.append(part)
        done += len(block.sizes)
        rows += len(part)
    return np.concatenate(found) if len(found) > 1 else found[0]
