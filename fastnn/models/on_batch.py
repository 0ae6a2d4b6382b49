"""One batch at a time: ``train_on_batch`` and its kin, and the gradients of the loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from fastnn import checks
from fastnn.backends.base import Bound, RunState
from fastnn.backends.threads import get_num_threads
from fastnn.callbacks import CallbackList
from fastnn.errors import ShapeError
from fastnn.models.engine import Engine
from fastnn.program.control import ControlBlock
from fastnn.training import inputs
from fastnn.training.data import as_samples
from fastnn.training.loop import EvaluationLoop, TrainingLoop
from fastnn.training.prediction import PREDICT_ROWS, forward
from fastnn.training.programs import Job
from fastnn.training.progress import Progress

Array = np.ndarray[Any, Any]


class OnBatch(Engine):
    """The methods of a model that take one batch."""

    def _call_on_array(self, inputs_: Any, training: bool) -> Array:
        """The output for an array of samples."""
        short = None if training or self._short is None else self._short(inputs_)
        if short is not None:
            return short
        array = as_samples(inputs.one_input(self, inputs_, "x"), "x")
        # with training=True all rows are one batch: layers may look at all of it
        rows = max(PREDICT_ROWS, len(array)) if training and array.ndim else PREDICT_ROWS
        return forward(self, array, rows, training=training)

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """One training step on the given samples as one batch; returns the loss and metrics of that
        batch.
        """
        self.compiled  # noqa: B018 - raises before compile
        arrays = inputs.Arrays.of(self, x, y, sample_weight, "train_on_batch")
        arrays = arrays.with_class_weight(class_weight, self.dtype, "train_on_batch")
        require_rows(arrays, "train_on_batch")
        job = Job("train", arrays.target_shape, arrays.weights is not None, training=True)
        runner = self._runner(job, arrays, arrays.rows, True)
        progress = Progress(verbose=0)
        loop = TrainingLoop(
            self,  # type: ignore[arg-type]
            runner,
            batch=arrays.rows,
            shuffle=False,
            steps_per_epoch=1,
            callbacks=CallbackList(),
            progress=progress,
        )
        logs = loop.run_once()
        return logs if return_dict else in_order(logs)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """The loss and metrics on the given samples."""
        self.compiled  # noqa: B018 - raises before compile
        arrays = inputs.Arrays.of(self, x, y, sample_weight, "test_on_batch")
        require_rows(arrays, "test_on_batch")
        runner = self._evaluation(arrays, arrays.rows, True)
        loop = EvaluationLoop(runner, arrays.rows, CallbackList(), Progress(verbose=0))
        logs = loop.run()
        return logs if return_dict else in_order(logs)

    def predict_on_batch(self, x: Any) -> Array:
        """The model's output for the given samples, without a display."""
        return self._call_on_array(x, training=False)

    def gradients(self, x: Any, y: Any, sample_weight: Any = None) -> dict[str, Array]:
        """The gradient of the loss with respect to every trainable weight and to x.

        Parameters
        ----------
        x, y, sample_weight : as for ``fit``; all rows are one batch. Layers behave as in inference
            (no dropout).

        Returns
        -------
        dict : arrays by the path of the weight (``"dense/kernel"``), and ``"input"`` for x.

        Examples
        --------
        >>> import fastnn
        >>> layer = fastnn.layers.Dense(1, use_bias=False, name="d")
        >>> model = fastnn.Sequential([fastnn.Input((1,)), layer])
        >>> model.set_weights([[[2.0]]])
        >>> model.compile(loss="mse")
        >>> {name: g.tolist() for name, g in model.gradients([[3.0]], [[5.0]]).items()}
        {'d/kernel': [[6.0]], 'input': [[4.0]]}
        """
        self.compiled  # noqa: B018 - raises before compile
        arrays = inputs.Arrays.of(self, x, y, sample_weight, "gradients")
        require_rows(arrays, "gradients")
        job = Job("gradients", arrays.target_shape, arrays.weights is not None)
        runner = self._runner(job, arrays, arrays.rows, True)
        executable = runner.executable
        bound, _ = runner.feed.bind(None, 0, arrays.rows)
        found: dict[str, Array] = {}
        if len(executable.program.slots) > len(bound):
            columns = executable.program.slots[-1].columns
            found["input"] = np.zeros((arrays.rows, columns), dtype=self.dtype)
            bound = [*bound, Bound(found["input"])]
        result = executable.run(
            bound,
            ControlBlock.blocks(arrays.rows, arrays.rows),
            RunState.of(executable.program),
            threads=get_num_threads(),
        )
        if result.status:
            raise checks.run_error(result, executable.program.slots, runner.classes)
        storage = executable.program.storage
        trained = {id(v) for v in self._trained_variables()}
        named = {
            path: storage.view("gradients", v).copy()
            for path, v in self.named_weights().items()
            if id(v) in trained
        }
        if "input" in found:
            named["input"] = found["input"].reshape(arrays.x.shape)
        return named


def require_rows(arrays: inputs.Arrays, where: str) -> None:
    """Nothing can be learned or measured on no samples."""
    if arrays.rows == 0:
        raise ShapeError(f"{where}: x has no rows. Pass at least one sample.")


def in_order(logs: Mapping[str, float]) -> Any:
    """Logs as Keras returns them: the loss alone, or a list."""
    values = list(logs.values())
    return values[0] if len(values) == 1 else values
