"""The training loop on one page.

An epoch is one *window*: an order of rows cut into steps. A window runs in as few native calls as
may be; a call returns when the window is done, after each step if a callback listens to batches, or
after about 0.2 s so that Ctrl-C and the progress display get their turn. When nothing needs Python
between epochs, one window spans many of them (texts train 4 samples for 10,000 epochs: a few native
calls in all).
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from fastnn import checks
from fastnn.backends.base import NON_FINITE_LOSS, Executable, RunResult, RunState
from fastnn.backends.threads import get_num_threads
from fastnn.errors import NonFiniteLossError
from fastnn.program import control as words
from fastnn.program.control import ControlBlock
from fastnn.training.data import Feed
from fastnn.training.interrupts import HeldInterrupts
from fastnn.training.snapshot import Snapshot
from fastnn.training.time_limit import TimeLimit
from fastnn.training.timing import Timing

if TYPE_CHECKING:
    from fastnn.callbacks import CallbackList
    from fastnn.models.sequential import Sequential
    from fastnn.training.compiled import Figure
    from fastnn.training.programs import Job
    from fastnn.training.progress import Progress

Array = np.ndarray[Any, Any]

# Seconds after which a native call returns: below the 0.25 s after which Ctrl-C feels ignored
DEADLINE = 0.2
# Bounds of a window that spans several epochs: 2 MB of row numbers, 2 MB of control rows, 8 MB of
# metric accumulators
WINDOW_ROWS = 1 << 18
WINDOW_STEPS = 1 << 14
WINDOW_WORDS = 1 << 20


@dataclass
class Window:
    """Steps over rows in one order: by step, the first position, the rows, and where epochs end;
    ``first_step`` and ``first_row`` are what of the epoch lies before the window.
    """

    permutation: Array | None
    offsets: Array
    rows: Array
    epoch_steps: int
    epochs: int = 1
    first_step: int = 0
    first_row: int = 0

    @property
    def steps(self) -> int:
        """Number of steps."""
        return len(self.offsets)


def batch_grid(rows: int, batch: int) -> tuple[Array, Array]:
    """First row and number of rows of each batch."""
    offsets = np.arange(0, rows, batch, dtype=np.int64)
    sizes = np.minimum(batch, rows - offsets)
    return offsets, sizes


@dataclass
class Runner:
    """Runs windows of one executable over one feed.

    Attributes
    ----------
    figures : what the accumulators mean.
    classes : number of classes, for messages about labels.
    job : what the executable was traced for.
    state : metric accumulators, and one row per finished epoch of the window.
    """

    executable: Executable
    feed: Feed
    figures: list[Figure]
    classes: int
    job: Job
    state: RunState = field(init=False)

    def __post_init__(self) -> None:
        self.state = RunState.of(self.executable.program)

    def prepare(self, epochs: int) -> None:
        """Zero the accumulators and make room for some epochs."""
        self.state = RunState.of(self.executable.program, epochs)

    def control_rows(
        self, window: Window, a: int, b: int, base: int, first_step: int
    ) -> ControlBlock:
        """Control rows for steps a … b of a window whose bound arrays begin at position
        ``base``.
        """
        control = ControlBlock(b - a)
        control.words[:, words.N] = window.rows[a:b]
        control.words[:, words.OFFSET] = window.offsets[a:b] - base
        control.words[:, words.STEP] = np.arange(first_step, first_step + b - a)
        index = np.arange(a, b)
        control.words[:, words.FLAGS] = (index + 1) % window.epoch_steps == 0
        control.words[:, words.HISTORY_ROW] = index // window.epoch_steps
        return control

    def chunks(self, window: Window) -> Iterator[tuple[int, int]]:
        """Step ranges that can be bound at once: as many as fit a control block and, if rows are
        converted, the staging buffer.
        """
        limit = self.feed.window_rows(int(window.rows.max(initial=1)))
        start = 0
        while start < window.steps:
            stop = min(start + WINDOW_STEPS, window.steps)
            if not self.feed.direct:
                ends = window.offsets[start:stop] + window.rows[start:stop] - window.offsets[start]
                stop = start + max(1, int(np.searchsorted(ends, limit, side="right")))
            yield start, stop
            start = stop

    def logs(self, state: Array) -> dict[str, Any]:
        """The figures by name, out of the accumulators."""
        return {figure.name: figure.of(state) for figure in self.figures}

    def columns(self, table: Array) -> dict[str, list[Any]]:
        """The figures by name, one for each row of accumulators."""
        found: dict[str, list[Any]] = {}
        for figure in self.figures:
            words = table[:, figure.first : figure.first + figure.count]
            if figure.is_mean:
                with np.errstate(invalid="ignore", divide="ignore"):
                    found[figure.name] = (words[:, 0] / words[:, 1]).tolist()
            else:
                found[figure.name] = [figure.compute(row) for row in words]
        return found

    def error(self, result: RunResult, window: Window, base: int) -> BaseException:
        """The error for a run that stopped on bad data, or what a function of the user's raised."""
        if result.error is not None:
            return result.error
        place = self.feed.place(result.binding, result.row, window.permutation, base)
        return checks.run_error(result, self.executable.program.slots, self.classes, *place)


class EvaluationLoop:
    """Evaluates: every batch once, in order."""

    def __init__(
        self, runner: Runner, batch: int, callbacks: CallbackList, progress: Progress
    ) -> None:
        self.runner = runner
        self.batch = batch
        self.callbacks = callbacks
        self.progress = progress

    def run(self, steps: int | None = None) -> dict[str, Any]:
        """The means over all rows, or over the first ``steps`` batches."""
        offsets, rows = batch_grid(self.runner.feed.rows, self.batch)
        if steps is not None:
            offsets, rows = offsets[:steps], rows[:steps]
        self.runner.prepare(1)
        self._run_window(Window(None, offsets, rows, len(offsets)))
        return self.runner.logs(self.runner.state.state)

    def _run_window(self, window: Window) -> None:
        """Run the steps of a window."""
        runner, offsets, rows = self.runner, window.offsets, window.rows
        hooks = self.callbacks.has_batch_hooks("test")
        for a, b in runner.chunks(window):
            first, last = int(offsets[a]), int(offsets[b - 1] + rows[b - 1])
            bound, base = runner.feed.bind(None, first, last)
            control = runner.control_rows(window, a, b, base, 0)
            done = 0
            while done < b - a:
                if hooks:
                    self.callbacks.on_test_batch_begin(window.first_step + a + done)
                result = runner.executable.run(
                    bound,
                    control,
                    runner.state,
                    first=done,
                    count=1 if hooks else b - a - done,
                    deadline=DEADLINE,
                    threads=get_num_threads(),
                )
                done += result.done
                if result.status:
                    raise runner.error(result, window, base)
                if hooks:
                    step = window.first_step + a + done - 1
                    self.callbacks.on_test_batch_end(step, runner.logs(runner.state.state))
                if self.progress.is_due():
                    position = int(offsets[a + done - 1] + rows[a + done - 1])
                    logs = runner.logs(runner.state.state)
                    self.progress.update(window.first_row + position, logs)


class TrainingLoop:
    """Trains for epochs; ``fit`` owns the arguments, this class the order of events."""

    def __init__(
        self,
        model: Sequential,
        runner: Runner,
        *,
        batch: int,
        shuffle: bool,
        steps_per_epoch: int | None,
        callbacks: CallbackList,
        progress: Progress,
        validate: Any = None,
        validation_freq: int | frozenset[int] = 1,
        check_loss: bool = True,
        timing: Timing | None = None,
        time_limit: TimeLimit | None = None,
    ) -> None:
        self.model = model
        self.runner = runner
        self.logs: dict[str, Any] = {}
        self.shuffle = shuffle
        self.callbacks = callbacks
        self.progress = progress
        self.validate = validate
        self.validation_freq = validation_freq
        self.offsets: Array
        self.rows: Array
        self.offsets, self.rows = batch_grid(runner.feed.rows, batch)
        self.steps: int = len(self.offsets)
        self.steps_per_epoch = steps_per_epoch
        self._cursor = self.steps
        self._order: Array | None = None
        self._batch_hooks = callbacks.has_batch_hooks("train")
        self._interrupts = HeldInterrupts()
        self._check_loss = check_loss
        self._snapshot = Snapshot(model, keep=False)  # a bad loss of one step changes nothing
        self._bad_loss: float | None = None
        self.timing: Timing = timing or Timing()
        self.time_limit: TimeLimit = time_limit or TimeLimit(None)

    def run(self, first_epoch: int, epochs: int) -> None:
        """Train epochs ``first_epoch`` … ``epochs`` - 1; ``logs`` are those of the last one."""
        epoch = first_epoch
        self._snapshot = Snapshot(self.model, keep=self._check_loss)
        while epoch < epochs and not self.model.stop_training:
            count = self._epochs_at_once(epochs - epoch)
            if not count:
                break
            if count > 1:
                self.logs = self._many_epochs(epoch, count)
            else:
                self.logs = self._one_epoch(epoch, epochs)
            epoch += count
            if epoch < epochs and not self.model.stop_training:
                self._time_is_over(epoch - 1, self.steps, self.steps)
        if self._check_loss and not self._snapshot.weights_are_finite():
            what = f"the last steps of epoch {epoch} made weights NaN or infinite."
            self._end(self._diverged(what), self.steps - 1, math.nan)

    def run_once(self) -> dict[str, Any]:
        """One step over all rows, as ``train_on_batch`` does it."""
        window = self._next_window()
        self.runner.prepare(1)
        self._run_window(window, 0)
        return self.runner.logs(self.runner.state.history[0])

    # -- epochs -----------------------------------------------------------------------------------

    def _epochs_at_once(self, left: int) -> int:
        """How many epochs one window may span: 1 if Python must look between them, 0 if there is no
        data for any.
        """
        watched = (
            self._batch_hooks
            or self.callbacks.has_epoch_hooks
            or self.validate is not None
            or self.progress.verbose
            or self.steps_per_epoch is not None
            or not self.runner.feed.direct
        )
        if watched:
            return 1
        rows, words = self.runner.feed.rows, self.runner.executable.program.state_size
        fit = (WINDOW_ROWS // max(1, rows), WINDOW_STEPS // self.steps, WINDOW_WORDS // words)
        return max(1, min(left, *fit))

    def _one_epoch(self, epoch: int, epochs: int) -> dict[str, Any]:
        """One epoch with everything that may happen round it."""
        started = time.perf_counter()
        with self.timing.part("callbacks"):
            self.callbacks.on_epoch_begin(epoch)
        logs, trained = self._epoch_steps(epoch, epochs)
        if self._bad_loss is not None:
            logs["loss"] = self._bad_loss
        if self.validate is not None and self._validates(epoch):
            with self.timing.part("validation"):
                logs |= {f"val_{name}": value for name, value in self.validate().items()}
        self.progress.end_epoch(logs, time.perf_counter() - started, trained)
        with self.timing.part("callbacks"):
            self.callbacks.on_epoch_end(epoch, logs)
        return logs

    def _epoch_steps(self, epoch: int, epochs: int) -> tuple[dict[str, Any], int]:
        """The steps of one epoch: its figures, and how many rows were trained on."""
        with self.timing.part("data"):
            window = self._next_window()
        self.progress.begin_epoch(epoch, epochs, int(window.rows.sum()))
        self.runner.prepare(1)
        done = self._run_window(window, epoch)
        complete = done == window.steps
        sums = self.runner.state.history[0] if complete else self.runner.state.state
        return self.runner.logs(sums), int(window.rows[:done].sum())

    def _many_epochs(self, epoch: int, count: int) -> dict[str, Any]:
        """Many epochs that nobody watches, in one window; the History gets the finished ones."""
        rows, generator = self.runner.feed.rows, self.model.generator
        before = generator.bit_generator.state
        first = self.model.optimizer.iterations
        finished = 0
        try:
            with self.timing.part("data"):
                window = self._window_of_epochs(count)
            self.runner.prepare(count)
            self._run_window(window, epoch)
        finally:
            done = self.model.optimizer.iterations - first
            finished = done // self.steps
            if self.shuffle and finished < count:
                # the generator stands where training one epoch at a time would have left it
                generator.bit_generator.state = before
                for _ in range(-(-done // self.steps)):
                    generator.permutation(rows)
            self._record(epoch, self.runner.state.history[:finished])
        if done % self.steps:  # the time limit ended training within an epoch
            self._record(epoch + finished, self.runner.state.state[None])
            return self.runner.logs(self.runner.state.state)
        return self.runner.logs(self.runner.state.history[finished - 1])

    def _window_of_epochs(self, count: int) -> Window:
        """The steps of many epochs, each in an order of its own."""
        rows, generator = self.runner.feed.rows, self.model.generator
        orders = [generator.permutation(rows) for _ in range(count)] if self.shuffle else []
        shift = np.repeat(np.arange(count, dtype=np.int64) * rows, self.steps) if orders else 0
        return Window(
            np.concatenate(orders) if orders else None,
            np.tile(self.offsets, count) + shift,
            np.tile(self.rows, count),
            self.steps,
            count,
        )

    def _record(self, epoch: int, table: Array) -> None:
        """Fill the History from rows of accumulators, one for each epoch."""
        history = self.callbacks.history
        if history is not None and len(table):
            history.extend(epoch, self.runner.columns(table))

    def _next_window(self) -> Window:
        """The steps of the next epoch: a whole pass, or the next ``steps_per_epoch`` batches."""
        if self._cursor >= self.steps:
            rows = self.runner.feed.rows
            self._order = self.model.generator.permutation(rows) if self.shuffle else None
            self._cursor = 0
        wanted = self.steps if self.steps_per_epoch is None else self.steps_per_epoch
        a, b = self._cursor, min(self._cursor + wanted, self.steps)
        self._cursor = b
        if b - a < wanted:
            checks.warn(
                f"the data ran out after {b - a} batches; the epoch of steps_per_epoch={wanted} "
                "ends there. Pass more data, a smaller batch_size or fewer steps."
            )
        return Window(self._order, self.offsets[a:b], self.rows[a:b], b - a)

    def _validates(self, epoch: int) -> bool:
        """Whether validation is due after this epoch."""
        if isinstance(self.validation_freq, int):
            return (epoch + 1) % self.validation_freq == 0
        return epoch + 1 in self.validation_freq

    # -- steps ------------------------------------------------------------------------------------

    def _run_window(self, window: Window, epoch: int) -> int:
        """Run the steps of a window; returns how many were done."""
        runner, optimizer = self.runner, self.model.optimizer
        for a, b in runner.chunks(window):
            start, stop = int(window.offsets[a]), int(window.offsets[b - 1] + window.rows[b - 1])
            with self.timing.part("data"):
                bound, base = runner.feed.bind(window.permutation, start, stop)
                control = runner.control_rows(window, a, b, base, optimizer.iterations)
            done = 0
            self._fill_rates(control, 0, b - a)
            while done < b - a:
                if self._batch_hooks:
                    with self.timing.part("callbacks"):
                        self.callbacks.on_train_batch_begin(window.first_step + a + done)
                    self._fill_rates(control, done, 1)
                with self._interrupts, self.timing.part("training"):
                    result = runner.executable.run(
                        bound,
                        control,
                        runner.state,
                        first=done,
                        count=1 if self._batch_hooks else b - a - done,
                        deadline=self.time_limit.deadline(DEADLINE),
                        threads=get_num_threads(),
                    )
                    optimizer.iterations += result.done
                    done += result.done
                if result.status == NON_FINITE_LOSS:
                    error = self._loss_error(result, window, a + done, epoch)
                    self._end(
                        error, window.first_step + (a + done) % window.epoch_steps, result.value
                    )
                    return a + done
                if result.status:
                    raise runner.error(result, window, base)
                self._snapshot.refresh()
                self._after_run(window, a + done)
                if self.model.stop_training and self._batch_hooks:
                    return a + done
                if a + done < window.steps:
                    batch = (a + done - 1) % window.epoch_steps + 1
                    here = epoch + (a + done - 1) // window.epoch_steps
                    if self._time_is_over(here, batch, window.epoch_steps):
                        return a + done
        return window.steps

    def _time_is_over(self, epoch: int, batch: int, batches: int) -> bool:
        """Whether the time limit ends training here, after a batch of an epoch."""
        over = self.time_limit.is_over(epoch, batch, batches)
        if over:
            self.model.stop_training = True
            if self.callbacks.history is not None:
                self.callbacks.history.timed_out = True
        return over

    def _fill_rates(self, control: ControlBlock, first: int, count: int) -> None:
        """The learning rate and what depends on the step, for rows ``first`` … of the block."""
        optimizer = self.model.optimizer
        table = optimizer.control_rows(optimizer.iterations, count)
        columns = slice(words.LEARNING_RATE, words.LEARNING_RATE + table.shape[1])
        control.floats[first : first + count, columns] = table

    def _after_run(self, window: Window, done: int) -> None:
        """Tell the callbacks and the display how far the window is."""
        if not self._batch_hooks and not self.progress.is_due():
            return
        ended = done % window.epoch_steps == 0
        sums = self.runner.state.history[0] if ended else self.runner.state.state
        logs = self.runner.logs(sums)
        if self.progress.is_due():
            self.progress.update(window.first_row + int(window.rows[:done].sum()), logs)
        if self._batch_hooks:
            with self.timing.part("callbacks"):
                self.callbacks.on_train_batch_end(window.first_step + done - 1, logs)

    def _end(self, error: NonFiniteLossError, batch: int, value: float) -> None:
        """Raise, or end training without an error if a TerminateOnNaN says so."""
        watcher = self.callbacks.terminator
        if watcher is None or watcher.raise_error:
            raise error
        watcher.terminate(batch)
        self._bad_loss = value

    def _loss_error(
        self, result: RunResult, window: Window, step: int, epoch: int
    ) -> NonFiniteLossError:
        """The error for a loss that is not finite."""
        epoch += step // window.epoch_steps
        shown = "NaN" if math.isnan(result.value) else "infinite"
        batch = window.first_step + step % window.epoch_steps + 1
        return self._diverged(f"the loss became {shown} in epoch {epoch + 1}, batch {batch}.")

    def _diverged(self, what: str) -> NonFiniteLossError:
        """The error for a training that diverges; the weights go back to finite ones."""
        kept = self._snapshot.restore_if_needed()
        rate = self.model.optimizer.learning_rate
        alternative = " Or pass terminate_on_nan=False to go on regardless."
        error = NonFiniteLossError(
            f"{what} {kept} Try a smaller learning rate (it is {rate:g}), or scale the inputs to "
            f"about 0 … 1.{alternative}"
        )
        error.alternative = alternative
        return error
