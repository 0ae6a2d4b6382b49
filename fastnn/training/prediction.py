"""Running the prediction Program over rows: what ``predict`` and calling a model on an array
share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fastnn import checks
from fastnn.backends.base import Bound, RunState
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

# Rows of one step of predict: enough tiles for every core, activations of MNIST-sized nets within
# L2 and L3
PREDICT_ROWS = 1024


def forward(
    model: Any,
    array: Array,
    rows: int,
    callbacks: CallbackList | None = None,
    progress: Progress | None = None,
    *,
    check_finite: bool = True,
    training: bool = False,
) -> Array:
    """The model's output for all rows of an array, computed in steps of ``rows`` rows."""
    array = inputs.shaped(model, array, "x")
    total = len(array)
    executable = model._executable(Job("predict", training=training), min(rows, max(total, 1)))
    slot = executable.program.slots[1]
    output = np.empty((total, slot.columns), dtype=slot.dtype)
    feed = Feed([Source.of("x", array, model.dtype)], check_finite=check_finite)
    state = RunState.of(executable.program)
    hooks = callbacks is not None and callbacks.has_batch_hooks("predict")
    # with staged input, one window is a whole number of steps that fits the staging buffer
    window = min(feed.window_rows(rows) // rows * rows, max(total, 1))
    step = 0
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
                row = feed.user_row(result.binding, result.row, None, base)
                raise checks.run_error(result, executable.program.slots, 0, row)
            before, done, step = done, done + result.done, step + result.done
            if hooks and callbacks is not None:
                block = output[start + before * rows : min(stop, start + done * rows)]
                callbacks.on_predict_batch_end(step - 1, {"outputs": block})
            if progress is not None and progress.is_due():
                progress.update(min(stop, start + done * rows))
    return output.reshape(total, *model.output_shape[1:])
