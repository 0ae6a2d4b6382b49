"""What one does with a model: fit, evaluate, predict.

The arguments are checked here, once, and become a feed of rows, an executable and a loop; the loop
itself is ``fastnn/training/loop.py``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from fastnn import arguments
from fastnn.callbacks import CallbackList
from fastnn.errors import StateError
from fastnn.models.on_batch import OnBatch, in_order, require_rows
from fastnn.preflight.structure import warn_of_structure
from fastnn.training import inputs
from fastnn.training.batches import Stream, refuse_for_batches, stream_of, validation_of
from fastnn.training.data import as_samples
from fastnn.training.full_batch import FullBatchLoop, batch_of
from fastnn.training.loop import EvaluationLoop, TrainingLoop
from fastnn.training.prediction import PREDICT_ROWS, forward
from fastnn.training.programs import Job
from fastnn.training.progress import Progress
from fastnn.training.streaming import StreamEvaluationLoop, StreamTrainingLoop, predict_stream
from fastnn.training.tables import column_names
from fastnn.training.time_limit import TimeLimit
from fastnn.training.timing import Timing

if TYPE_CHECKING:
    from fastnn.callbacks import History

Array = np.ndarray[Any, Any]

DEFAULT_BATCH = 32


class Trainer(OnBatch):
    """The training half of a model; ``Sequential`` is the other half."""

    @arguments.named
    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
        *,
        check_finite: bool = True,
        terminate_on_nan: bool = True,
        time_limit: float | None = None,
    ) -> History:
        """Train for a number of epochs.

        Parameters
        ----------
        x : samples, first axis; an array of any number type and strides, a list, a DataFrame, a
            SciPy sparse matrix, a tensor of PyTorch or JAX. Arrays are borrowed: not copied whole,
            not modified; memory-mapped ones are read as needed. Or batches (x, y) or (x, y,
            sample_weight): a ``fastnn.utils.PyDataset``, a generator, a DataLoader of PyTorch, any
            iterable; then y, batch_size and sample_weight are left out.
        y : targets, one per sample; class numbers for sparse losses. Left out where the model was
            compiled with ``loss=None`` and without metrics, and layers add the loss.
        batch_size : samples per step; 32 by default. The last batch of an epoch may be smaller.
        epochs : the epoch at which training ends (``epochs - initial_epoch`` are run).
        verbose : 0 silent, 1 or ``"auto"`` a progress bar, 2 one line per epoch.
        callbacks : list of ``fastnn.callbacks.Callback`` objects.
        validation_split : share of the data, its last rows, to validate on instead of training; in
            [0, 1).
        validation_data : (x, y) or (x, y, sample_weight) to validate on after each epoch, or
            batches as for x.
        shuffle : whether each epoch visits the rows (of a ``PyDataset``: the batches) in a new
            random order.
        class_weight : {class: weight} for the loss.
        sample_weight : one weight per sample for the loss and the weighted metrics.
        initial_epoch : number of the first epoch, for going on with an earlier training.
        steps_per_epoch : batches per epoch; the next epoch goes on where this one stopped.
        validation_steps : batches of the validation data to use; all by default.
        validation_batch_size : samples per validation step; ``batch_size`` by default.
        validation_freq : validate every so many epochs, or a list of epochs (from 1).
        check_finite : whether NaN and infinity in x, y or the weights are errors.
        terminate_on_nan : whether a loss that is not finite ends training with an error.
        time_limit : seconds after which training ends, after the batch that is running then. That
            epoch is finished as usual (validation, callbacks, History) and ``fit`` says where it
            stopped; ``history.timed_out`` is True. None (default): no limit.

        Returns
        -------
        History : ``history.history[name]`` holds a number per epoch; ``history.interrupted`` is
            True after Ctrl-C; ``history.timing`` says where the time went.

        Raises
        ------
        ShapeError, DataError, ArgumentError : naming what is wrong, before training or at the first
            bad row.
        NonFiniteLossError : naming epoch and batch; the weights stay finite.

        Notes
        -----
        Differs from Keras: ``check_finite``, ``terminate_on_nan``, ``time_limit``; Ctrl-C ends
        training after the current batches, runs ``on_train_end`` (best weights are restored) and
        returns the History.
        """
        timing = Timing()
        compiled = self.compiled
        if time_limit is not None:
            time_limit = arguments.number("fit", "time_limit", time_limit, "(0, inf)")
        limit = TimeLimit(time_limit)
        epochs = arguments.integer("fit", "epochs", epochs, 1)
        initial_epoch = arguments.integer("fit", "initial_epoch", initial_epoch, 0)
        batch = _batch("fit", "batch_size", batch_size, DEFAULT_BATCH)
        val_batch = _batch("fit", "validation_batch_size", validation_batch_size, batch)
        split = arguments.number("fit", "validation_split", validation_split, "[0, 1)")
        for name, value in (
            ("steps_per_epoch", steps_per_epoch),
            ("validation_steps", validation_steps),
        ):
            if value is not None:
                arguments.integer("fit", name, value, 1)
        validation_freq = inputs.validation_freq(validation_freq)
        shuffle = arguments.flag("fit", "shuffle", shuffle)
        check_finite = arguments.flag("fit", "check_finite", check_finite)
        terminate_on_nan = arguments.flag("fit", "terminate_on_nan", terminate_on_nan)
        if not self._training_lock.acquire(blocking=False):
            raise StateError(
                f"model {self.name!r} is being trained by another thread. Wait for it, or train a "
                "clone_model()."
            )
        stream: Stream | None = None
        held_out: inputs.Arrays | Stream | None = None
        try:
            with timing.part("data"):
                stream = stream_of(
                    self,
                    "fit",
                    x,
                    y=y,
                    sample_weight=sample_weight,
                    batch_size=batch_size,
                    shuffle=shuffle,
                    class_weight=class_weight,
                )
                if stream is not None:
                    refuse_for_batches(stream, split, compiled.optimizer)
                    arrays = stream.first()
                else:
                    arrays = inputs.Arrays.of(self, x, y, sample_weight, "fit")
                require_rows(arrays, "fit")
                if validation_data is not None:
                    held_out = validation_of(self, validation_data)
                elif split:
                    arrays, held_out = arrays.split(split, compiled.loss)
                if stream is None:
                    # class weights weigh the training loss alone, as in Keras
                    arrays = arrays.with_class_weight(class_weight, self.dtype, "fit")
            warn_of_structure(self)
            if compiled.optimizer.full_batch:
                batch = batch_of(compiled.optimizer, batch_size, arrays.rows, steps_per_epoch)
                shuffle = False
            return self._fit(
                arrays,
                held_out,
                stream=stream,
                batch=batch,
                val_batch=val_batch,
                epochs=epochs,
                initial_epoch=initial_epoch,
                verbose=verbose,
                callbacks=callbacks,
                shuffle=shuffle,
                steps_per_epoch=steps_per_epoch,
                validation_steps=validation_steps,
                validation_freq=validation_freq,
                check_finite=check_finite,
                terminate_on_nan=terminate_on_nan,
                timing=timing,
                time_limit=limit,
            )
        finally:
            self._training_lock.release()
            for source in (stream, held_out):
                if isinstance(source, Stream):
                    source.close()

    def _fit(
        self,
        arrays: inputs.Arrays,
        held_out: inputs.Arrays | Stream | None,
        *,
        stream: Stream | None,
        **options: Any,
    ) -> History:
        """Train on checked arguments; of a stream, ``arrays`` are the first batch."""
        full = self.compiled.optimizer.full_batch
        batch, timing, limit = options["batch"], options["timing"], options["time_limit"]
        progress = Progress(verbose=options["verbose"])
        callbacks = _callback_list(
            self,
            options["callbacks"],
            verbose=progress.verbose,
            epochs=options["epochs"],
            steps=_steps(options["steps_per_epoch"], arrays.rows, batch, stream),
            add_history=True,
        )
        callbacks.lend_samples(arrays.x, arrays.y, batch)
        check_loss = options["terminate_on_nan"] or callbacks.terminator is not None
        job = Job(
            "objective" if full else "train",
            arrays.target_shape,
            arrays.weights is not None,
            check_loss and not full,  # a line search may try too long a step
            training=True,
        )
        with timing.part("compile"):
            runner = self._runner(job, arrays, min(batch, arrays.rows), options["check_finite"])
        validate = None
        if held_out is not None:
            with timing.part("compile"):
                loop = self._evaluation_loop(
                    held_out, options["val_batch"], options["check_finite"]
                )
            loop.callbacks = callbacks

            def validate() -> dict[str, float]:
                with timing.part("callbacks"):
                    callbacks.on_test_begin()
                logs = loop.run(options["validation_steps"])
                with timing.part("callbacks"):
                    callbacks.on_test_end(logs)
                return logs

        kind = FullBatchLoop if full else TrainingLoop if stream is None else StreamTrainingLoop
        training = kind(
            self,  # type: ignore[arg-type]
            runner,
            batch=batch,
            shuffle=options["shuffle"],
            steps_per_epoch=options["steps_per_epoch"],
            callbacks=callbacks,
            progress=progress,
            validate=validate,
            validation_freq=options["validation_freq"],
            check_loss=check_loss,
            timing=timing,
            time_limit=limit,
        )
        if stream is not None and isinstance(training, StreamTrainingLoop):
            training.read(stream, options["check_finite"])
        self.stop_training = False
        history = callbacks.history
        assert history is not None  # the list was made with add_history=True
        self._initial_epoch = None
        with timing.part("callbacks"):
            callbacks.on_train_begin()
        first = options["initial_epoch"] if self._initial_epoch is None else self._initial_epoch
        try:
            training.run(first, options["epochs"])
            self._finalize_weights()
        except KeyboardInterrupt:
            history.interrupted = True
            self._finalize_weights()
        finally:
            progress.close()
            with timing.part("callbacks"):
                callbacks.on_train_end(training.logs)
        if history.timed_out and progress.verbose:
            progress.message(limit.text(options["epochs"]))
        history.timing = timing.finish()
        return history

    @arguments.named
    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        *,
        check_finite: bool = True,
    ) -> Any:
        """The loss and the metrics on some data.

        Parameters
        ----------
        x, y, sample_weight : as for ``fit``.
        batch_size : samples per step; 32 by default. The result does not depend on it.
        verbose : 0 silent, 1 or ``"auto"`` a progress bar, 2 one line.
        steps : number of batches to use; all by default.
        callbacks : callbacks with test hooks.
        return_dict : whether to return {name: number} instead of a list.
        check_finite : whether NaN and infinity in the data are errors.

        Returns
        -------
        float, list of float or dict : the loss alone without metrics, else [loss, metric, ...].
        """
        self.compiled  # noqa: B018 - raises before compile
        batch = _batch("evaluate", "batch_size", batch_size, DEFAULT_BATCH)
        if steps is not None:
            arguments.integer("evaluate", "steps", steps, 1)
        arguments.flag("evaluate", "return_dict", return_dict)
        stream = stream_of(
            self, "evaluate", x, y=y, sample_weight=sample_weight, batch_size=batch_size
        )
        arrays = stream.first() if stream is not None else None
        if arrays is None:
            arrays = inputs.Arrays.of(self, x, y, sample_weight, "evaluate")
        require_rows(arrays, "evaluate")
        progress = Progress(verbose=verbose)
        check_finite = arguments.flag("evaluate", "check_finite", check_finite)
        loop = self._evaluation_loop(stream or arrays, batch, check_finite, progress)
        calls = _callback_list(
            self,
            callbacks,
            verbose=progress.verbose,
            epochs=1,
            steps=_steps(steps, arrays.rows, batch, stream),
        )
        loop.callbacks = calls
        samples = arrays.rows if steps is None else min(arrays.rows, steps * batch)
        progress.begin_epoch(samples=samples if stream is None else None)
        calls.on_test_begin()
        try:
            logs = loop.run(steps)
            done = loop.rows if isinstance(loop, StreamEvaluationLoop) else None
            progress.end_epoch(logs, done_samples=done)
        finally:
            progress.close()
            if stream is not None:
                stream.close()
        calls.on_test_end(logs)
        return logs if return_dict else in_order(logs)

    def _evaluation_loop(
        self,
        data: inputs.Arrays | Stream,
        batch: int,
        check_finite: bool,
        progress: Progress | None = None,
    ) -> EvaluationLoop:
        """What evaluates arrays, or the batches of a stream."""
        progress = progress or Progress(verbose=0)
        if not isinstance(data, Stream):
            runner = self._evaluation(data, batch, check_finite)
            return EvaluationLoop(runner, batch, CallbackList(), progress)
        runner = self._evaluation(data.first(), batch, check_finite)
        loop = StreamEvaluationLoop(runner, batch, CallbackList(), progress)
        return loop.read(self, data, check_finite)

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
        *,
        check_finite: bool = True,
    ) -> Array:
        """The model's output for samples.

        Parameters
        ----------
        x : samples, as for ``fit``; zero rows give zero rows.
        batch_size : samples per step as callbacks see them; the result does not depend on it.
        verbose : 0 silent, 1 or ``"auto"`` a progress bar, 2 one line.
        steps : number of batches to use; all by default.
        callbacks : callbacks with predict hooks.
        check_finite : whether NaN and infinity in x are errors.

        Returns
        -------
        array of shape (n, ...) : of the model's dtype.
        """
        usual = batch_size is None and steps is None and callbacks is None and check_finite is True
        if usual and verbose == 0 and self._short is not None:
            short = self._short(x)
            if short is not None:
                return short
        batch = _batch("predict", "batch_size", batch_size, DEFAULT_BATCH)
        check_finite = arguments.flag("predict", "check_finite", check_finite)
        if steps is not None:
            arguments.integer("predict", "steps", steps, 1)
        stream = stream_of(self, "predict", x, batch_size=batch_size, targets=False)
        array: Any = None
        if stream is None:
            array = as_samples(inputs.one_input(self, x, "x"), "x")
            if steps is not None:
                array = array[: steps * batch]
        progress = Progress(verbose=verbose)
        calls = _callback_list(
            self,
            callbacks,
            verbose=progress.verbose,
            epochs=1,
            steps=_steps(steps, 0 if stream is not None else len(array), batch, stream),
        )
        rows = batch if calls.has_batch_hooks("predict") else PREDICT_ROWS
        if progress.verbose:
            progress.begin_epoch(samples=None if stream is not None else len(array))
        calls.on_predict_begin()
        try:
            if stream is not None:
                result = predict_stream(self, stream, steps, calls, progress, check_finite)
            else:
                names = column_names(x)
                result = forward(
                    self, array, rows, calls, progress, check_finite=check_finite, names=names
                )
            progress.end_epoch(done_samples=len(result))
        finally:
            progress.close()
            if stream is not None:
                stream.close()
        calls.on_predict_end()
        return result


def _callback_list(model: Any, callbacks: Any, **params: Any) -> CallbackList:
    """The user's callbacks, for this model."""
    return CallbackList(callbacks, model=model, **params)


def _steps(given: int | None, rows: int, batch: int, stream: Stream | None) -> int | None:
    """How many batches there will be, as callbacks are told; None if that is not known."""
    if given is not None:
        return given
    return math.ceil(rows / batch) if stream is None else stream.batches


def _batch(owner: str, name: str, value: int | None, default: int) -> int:
    """A batch size, or the default for None."""
    return default if value is None else arguments.integer(owner, name, value, 1)
