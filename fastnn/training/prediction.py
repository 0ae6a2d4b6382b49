"""Running the prediction Program over rows: what ``predict`` and calling a model on an array
share.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fastnn import checks
from fastnn.backends.base import Bound, Executable, RunState, StepCall
from fastnn.backends.threads import get_num_threads
from fastnn.program import control as words
from fastnn.program.control import ControlBlock
from fastnn.training import inputs
from fastnn.training.data import Feed, Source
from fastnn.training.loop import DEADLINE
from fastnn.training.programs import Job

if TYPE_CHECKING:
    from fastnn.callbacks import CallbackList
    from fastnn.training.progress import Progress

Array = np.ndarray[Any, Any]

# Rows of a call that is prepared: of more rows, the preparation is a small part
SHORT_ROWS = 64
# Rows of one step of predict: enough tiles for every core, activations of MNIST-sized nets within
# L2 and L3
PREDICT_ROWS = 1024


class ShortPrediction:
    """Predictions of a few rows as one native call, for arrays like one that was predicted before.

    Everything that ``forward`` makes anew for a call is kept: what is left to do is to compare
    type, dtype and shape, and to make the output. Called with anything else, or when the data is
    refused, it returns None: then ``forward`` does it, or says what is wrong.
    """

    __slots__ = (
        "_calls",
        "_columns",
        "_dtype",
        "_executable",
        "_output_dtype",
        "_rows",
        "_shape",
        "_tail",
    )

    def __init__(self, model: Any, executable: Executable, array: Array, capacity: int) -> None:
        slot = executable.program.slots[1]
        self._executable = executable
        self._rows = min(SHORT_ROWS, capacity)
        self._dtype = array.dtype
        self._shape = array.shape[1:]
        self._columns, self._output_dtype = slot.columns, np.dtype(slot.dtype)
        self._tail = model.output_shape[1:]
        self._calls: list[StepCall] = []  # those that no thread is using

    @classmethod
    def of(
        cls, model: Any, executable: Executable, array: Array, capacity: int
    ) -> ShortPrediction | None:
        """One for arrays like this one, if it can be, of an executable for ``capacity`` rows."""
        if not array.flags.c_contiguous or not 0 < len(array) <= min(SHORT_ROWS, capacity):
            return None
        short = cls(model, executable, array, capacity)
        call = short._prepare(array)
        if call is None:
            return None
        short._calls.append(call)
        return short

    def _prepare(self, array: Array) -> StepCall | None:
        # a new array: NumPy calls a single row contiguous whatever its row stride, and it is kept
        source = Source.of("x", np.empty(array.shape, array.dtype), "")
        if not source.direct:
            return None
        output = np.empty((len(array), self._columns), dtype=self._output_dtype)
        check = array.dtype.kind == "f"
        return self._executable.step_call([Bound(source.view, None, check), Bound(output)])

    def serves(self, array: Array) -> bool:
        """Whether it is for arrays of this dtype and shape, and the weights are where they were."""
        return (
            array.dtype == self._dtype
            and array.shape[1:] == self._shape
            and self._executable.program.is_current
        )

    def __call__(self, array: Any) -> Array | None:
        """The output for an array, or None."""
        if type(array) is not np.ndarray or not self.serves(array):
            return None
        flags = array.flags
        if not (0 < len(array) <= self._rows and flags.c_contiguous and flags.aligned):
            return None
        try:
            call = self._calls.pop()
        except IndexError:  # another thread is at it
            prepared = self._prepare(array)
            if prepared is None:
                return None
            call = prepared
        output = np.empty((len(array), self._columns), self._output_dtype)
        status = call(array, output, get_num_threads())
        self._calls.append(call)
        if status:
            return None
        return output if len(self._tail) == 1 else output.reshape(len(array), *self._tail)


def forward(
    model: Any,
    array: Array,
    rows: int,
    callbacks: CallbackList | None = None,
    progress: Progress | None = None,
    *,
    check_finite: bool = True,
    training: bool = False,
    feed: Feed | None = None,
    first_step: int = 0,
    first_row: int = 0,
    names: Sequence[Any] | None = None,
) -> Array:
    """The model's output for all rows of an array, computed in steps of ``rows`` rows. ``feed`` is
    the array's, if there is one already; ``first_step`` and ``first_row`` are what of the data lies
    before the array; ``names`` are those of its columns.
    """
    array = inputs.shaped(model, array, "x")
    total = len(array)
    capacity = min(rows, max(total, SHORT_ROWS))
    executable = model._executable(Job("predict", training=training), capacity)
    slot = executable.program.slots[1]
    output = np.empty((total, slot.columns), dtype=slot.dtype)
    if feed is None:
        feed = Feed([Source.of("x", array, model.dtype, names)], check_finite=check_finite)
    state = RunState.of(executable.program)
    hooks = callbacks is not None and callbacks.has_batch_hooks("predict")
    # with staged input, one window is a whole number of steps that fits the staging buffer
    window = min(feed.window_rows(rows) // rows * rows, max(total, 1))
    step = first_step
    for start in range(0, total, window):
        stop = min(total, start + window)
        bound, base = feed.bind(None, start, stop)
        bound = [*bound, Bound(output[base:])]
        control = ControlBlock.blocks(stop - start, rows)
        control.words[:, words.OFFSET] += start - base
        if training:
            control.words[:, words.STEP] = model.steps_outside_fit(len(control))
        done = 0
        while done < len(control):
            if hooks and callbacks is not None:
                callbacks.on_predict_batch_begin(step)
            result = executable.run(
                bound,
                control,
                state,
                first=done,
                count=1 if hooks else len(control) - done,
                deadline=DEADLINE,
                threads=get_num_threads(),
            )
            if result.status:
                place = feed.place(result.binding, result.row, None, base)
                raise checks.run_error(result, executable.program.slots, 0, *place)
            before, done, step = done, done + result.done, step + result.done
            if hooks and callbacks is not None:
                block = output[start + before * rows : min(stop, start + done * rows)]
                callbacks.on_predict_batch_end(step - 1, {"outputs": block})
            if progress is not None and progress.is_due():
                progress.update(first_row + min(stop, start + done * rows))
    short = feed.direct and total <= SHORT_ROWS and check_finite and not training
    if short and (model._short is None or not model._short.serves(array)):
        model._short = ShortPrediction.of(model, executable, array, capacity)
    return output.reshape(total, *model.output_shape[1:])
