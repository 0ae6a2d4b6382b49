"""The part of a model that training needs under its public methods: what ``compile`` fixed, the
compiled Programs of its jobs, the optimizer's arrays, and the state that a file must hold.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from fastnn import arguments, random
from fastnn.backends.base import Backend, Executable
from fastnn.errors import ArgumentError, StateError
from fastnn.layers.tracking import flattened
from fastnn.program.program import StateStorage
from fastnn.program.tensor import BATCH
from fastnn.program.variable import Variable, unique
from fastnn.training import inputs
from fastnn.training.loop import Runner
from fastnn.training.programs import Job, build

if TYPE_CHECKING:
    from fastnn.callbacks import History
    from fastnn.training.compiled import Compiled
    from fastnn.training.prediction import ShortPrediction

Array = np.ndarray[Any, Any]

# Below so many rows, the capacity of an executable is rounded up to a power of two
ROUNDED_ROWS = 1024
# Masks of calls with training=True count from here on; the Philox counter has 32 bits for the step
FIRST_STEP_OUTSIDE_FIT = 1 << 31

# 2**53 steps: no training does as many, and later ones still fit the int64 of a control row
MAX_ITERATIONS = 1 << 53


class Engine:
    """What ``Trainer`` builds on; ``Sequential`` provides the layers and weights."""

    name: str
    backend: Backend
    seed: int
    generator: np.random.Generator
    dtype: str
    built: bool
    sample_shape: tuple[int, ...]
    weights: Any
    named_weights: Any
    trainable_weights: Any

    def _init_training(self) -> None:
        """The state that training adds to a model."""
        self._compiled: Compiled | None = None
        self._executables: dict[Job, tuple[Executable, int]] = {}
        self._short: ShortPrediction | None = None
        self._training_lock = threading.Lock()
        self._trainable_key: tuple[int, ...] = ()
        self._steps_outside_fit = 0
        self.stop_training: bool = False
        self._initial_epoch: int | None = None  # where a callback lets training go on
        self.history: History | None = None

    # -- compile ----------------------------------------------------------------------------------

    @arguments.named
    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Say how the model is trained.

        Parameters
        ----------
        optimizer : name (``"adam"``) or object of ``fastnn.optimizers``.
        loss : name (``"mse"``), object of ``fastnn.losses``, or a function of (y_true, y_pred) in
            ``fastnn.ops``.
        metrics : list of names (``"accuracy"``), objects or functions, reported beside the loss.
        weighted_metrics : the same, weighted by ``sample_weight`` and ``class_weight``.
        loss_weights : None; a Sequential model has one output.
        run_eagerly, steps_per_execution, jit_compile, auto_scale_loss : accepted for Keras's sake
            and without effect: training always runs compiled, many steps a call.

        Raises
        ------
        ArgumentError : for unknown names and values.
        """
        from fastnn.training.compiled import Compiled

        if loss_weights is not None:
            raise ArgumentError(
                "compile: loss_weights weighs the losses of several outputs; a Sequential model "
                "has one. Leave it out."
            )
        arguments.flag("compile", "run_eagerly", run_eagerly)
        arguments.integer("compile", "steps_per_execution", steps_per_execution, 1)
        arguments.one_of("compile", "jit_compile", jit_compile, ("auto", True, False))
        arguments.flag("compile", "auto_scale_loss", auto_scale_loss)
        self._compiled = Compiled(optimizer, loss, metrics, weighted_metrics)
        self.stop_training = False
        self._forget_programs()

    @property
    def compiled(self) -> Compiled:
        """What ``compile`` fixed; an error if it has not been called."""
        if self._compiled is None:
            raise StateError(
                "compile() must be called first; for example model.compile(optimizer='adam', "
                "loss='mse')."
            )
        return self._compiled

    @property
    def optimizer(self) -> Any:
        """The optimizer, or None before ``compile``."""
        return None if self._compiled is None else self._compiled.optimizer

    @property
    def loss(self) -> Any:
        """The loss, or None before ``compile``."""
        return None if self._compiled is None else self._compiled.loss

    @property
    def metrics_names(self) -> list[str]:
        """The names of what ``evaluate`` returns, in order."""
        return ["loss", *self.compiled.metric_names()]

    def get_compile_config(self) -> dict[str, Any] | None:
        """The arguments of ``compile`` as plain data, or None."""
        return None if self._compiled is None else self._compiled.get_config()

    def compile_from_config(
        self, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> None:
        """Compile as ``get_compile_config`` described."""
        from fastnn.training.compiled import Compiled

        self._compiled = Compiled.from_config(config, custom_objects)
        self._forget_programs()

    # -- programs ---------------------------------------------------------------------------------

    def _forget_programs(self) -> None:
        """Drop what was compiled: the layers, the weights' places or the training changed."""
        self._executables.clear()
        self._short = None

    def _trained_variables(self) -> list[Variable]:
        return unique(self.trainable_weights)

    def optimizer_storage(self) -> StateStorage:
        """The optimizer's arrays, made when first needed; moved along when weights have moved."""
        optimizer = self.compiled.optimizer
        if optimizer.state is None:
            starts = optimizer.initial_values()
            optimizer.state = StateStorage(
                initial={f"slot:{name}": value for name, value in starts.items()}
            )
        storage: StateStorage = optimizer.state
        inputs.move_storage(storage)
        return storage

    def _finalize_weights(self) -> None:
        """What the optimizer does to the weights when training ends (averages, with use_ema)."""
        self.optimizer_storage()
        self.optimizer.finalize_variable_values(self._trained_variables())

    def _executable(self, job: Job, capacity: int) -> Executable:
        """The compiled Program of a job, for at least so many rows a step."""
        # layers without weights may depend on it too, and what a frozen layer computes
        frozen = (-id(layer) for layer in flattened(self) if not layer.trainable)  # type: ignore[arg-type]
        key = (*(id(v) for v in self.trainable_weights), *frozen)
        if key != self._trainable_key:
            self._forget_programs()
            self._trainable_key = key
        if capacity < ROUNDED_ROWS:  # batches of slowly growing size do not compile again each time
            capacity = 1 << max(0, capacity - 1).bit_length()
        found = self._executables.get(job)
        if found is not None and found[1] >= capacity and found[0].program.is_current:
            return found[0]
        executable = self.backend.compile(build(self, job), capacity)  # type: ignore[arg-type]
        self._executables[job] = (executable, capacity)
        return executable

    def _runner(self, job: Job, arrays: inputs.Arrays, capacity: int, check_finite: bool) -> Runner:
        """An executable with the feed of its data."""
        executable = self._executable(job, capacity)
        feed = arrays.feed(self.dtype, check_finite)
        prediction = self.output_shape  # type: ignore[attr-defined]
        figures = self.compiled.figures((BATCH, *arrays.target_shape), prediction)
        classes = arrays.classes or int(prediction[-1])  # a sparse metric beside another loss
        return Runner(executable, feed, figures, classes, job)

    def _evaluation(self, arrays: inputs.Arrays, batch: int, check_finite: bool) -> Runner:
        """A runner that evaluates."""
        job = Job("evaluate", arrays.target_shape, arrays.weights is not None, check_loss=False)
        return self._runner(job, arrays, min(batch, max(1, arrays.rows)), check_finite)

    def steps_outside_fit(self, count: int) -> Array:
        """Numbers for the dropout masks of a call with ``training=True``: each step its own, none
        those of ``fit``.
        """
        first = FIRST_STEP_OUTSIDE_FIT + self._steps_outside_fit
        self._steps_outside_fit += count
        return np.arange(first, first + count)

    # -- training state ---------------------------------------------------------------------------

    def get_training_state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """What a file must hold beside weights so that training goes on bit for bit."""
        optimizer = self.optimizer
        state: dict[str, Any] = {"generator": random.generator_state(self.generator)}
        arrays: dict[str, Array] = {}
        if optimizer is not None:
            state["iterations"] = optimizer.iterations
            if optimizer.state is not None:
                storage = self.optimizer_storage()
                trained = {id(v) for v in self._trained_variables()}
                for slot in optimizer.state_slots():
                    for path, v in self.named_weights().items():
                        shape = optimizer.state_shape(slot, v)
                        if id(v) in trained and shape is not None:
                            view = storage.view(f"slot:{slot}", v, shape)
                            arrays[f"{slot}/{path}"] = view.copy()
        return state, arrays

    def set_training_state(self, state: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
        """Go on from what ``get_training_state`` returned."""
        self.generator = random.restore_generator(state["generator"])
        optimizer = self.optimizer
        if optimizer is None or "iterations" not in state:
            return
        done = arguments.integer("training state", "iterations", state["iterations"], 0)
        if done > MAX_ITERATIONS:
            raise ArgumentError(
                f"training state: iterations={done} is more than {MAX_ITERATIONS}: the file is "
                "damaged."
            )
        optimizer.iterations = done
        if not arrays:
            return
        storage = self.optimizer_storage()
        for slot in optimizer.state_slots():
            for path, v in self.named_weights().items():
                stored = arrays.get(f"{slot}/{path}")
                if stored is not None:
                    view = storage.view(f"slot:{slot}", v, optimizer.state_shape(slot, v))
                    if stored.shape != view.shape:
                        raise ArgumentError(
                            f"optimizer state {slot}/{path}: shape {stored.shape}, expected "
                            f"{view.shape}."
                        )
                    view[...] = stored
