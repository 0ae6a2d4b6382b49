"""The base class of optimizers: hyperparameters, the learning rate, and how an update enters a
Program.

An optimizer holds no arrays. It names its slots (arrays of the shape of each parameter), builds the
op node that updates a run of parameters, and gives the numbers that change from step to step. The
slots are kept by ``fastnn/training`` in ``Optimizer.state``; the arithmetic is in
``fastnn/ops/optimizer.py`` and in the backends.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn import arguments
from fastnn.errors import ArgumentError, StateError, UnsupportedError
from fastnn.layers.layer import argument_names, snake_case
from fastnn.optimizers import schedules
from fastnn.optimizers.processing import AVERAGE, KEPT
from fastnn.optimizers.schedules.schedule import LearningRateSchedule, rate_of
from fastnn.program.tensor import Node, Tensor
from fastnn.program.variable import Variable
from fastnn.registry import unknown_name


class Optimizer:
    """Base class of optimizers.

    In each step: the gradient is averaged over ``gradient_accumulation_steps`` steps, then clipped;
    w ← w - learning_rate · weight_decay · w; the rule of the subclass; the average of the weights
    follows; last come the variables' constraints.

    Parameters
    ----------
    learning_rate : step size, ≥ 0 (0 changes nothing), a schedule of
        ``fastnn.optimizers.schedules``, or a function without arguments that returns a number.
        ``lr`` is accepted too.
    weight_decay : share of each weight that is taken away per step and unit of learning rate, ≥ 0;
        decoupled from the gradient (Loshchilov and Hutter, "Decoupled weight decay regularization",
        ICLR 2019). None is none.
    clipnorm : c > 0; the gradient of each variable is shortened to norm c where it is longer:
        g ← g · c / max(‖g‖, c).
    clipvalue : c > 0; elements of gradients are clipped to -c … c.
    global_clipnorm : as ``clipnorm``, with one norm over the gradients of all variables. Only one
        of the three may be given.
    use_ema : whether to keep a running average of the weights, a ← m a + (1 - m) w after each step
        (a = w after the first), which ``fit`` puts in the weights' place at its end.
    ema_momentum : m in [0, 1], 0.99 by default.
    ema_overwrite_frequency : every so many updates the weights are overwritten by their average
        during training, too; None is never.
    loss_scale_factor : > 0; the loss is multiplied and the gradients are divided by it. That
        matters for half precision alone, which fastnn does not have, so nothing is computed.
    gradient_accumulation_steps : k ≥ 2; the weights change in every k-th step, by the mean of the
        last k gradients. Schedules see all steps, rules and averages count updates.
    name : name in saved files; the class name in snake case by default.

    Attributes
    ----------
    iterations : number of steps done; with accumulation, also those without an update.
    state : the slots, held here by the training code; None before the first step.

    Examples
    --------
    >>> from fastnn.optimizers import SGD
    >>> optimizer = SGD(learning_rate=0.1)
    >>> optimizer.learning_rate = 0.05
    >>> optimizer.learning_rate
    0.05
    """

    def __init__(
        self,
        learning_rate: Any,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        owner = type(self).__name__
        excluded = kwargs.pop("exclude_from_weight_decay", None)
        learning_rate = self._old_spellings(learning_rate, kwargs)
        arguments.unknown(owner, kwargs, argument_names(type(self)))
        if name is not None and not isinstance(name, str):
            raise ArgumentError(
                f"{owner}: received name={name!r}, expected a string. Pass "
                f"name='{snake_case(owner)}', say."
            )
        self.name: str = name or snake_case(owner)
        self.learning_rate = learning_rate
        self.weight_decay: float | None = (
            None
            if weight_decay is None
            else arguments.number(owner, "weight_decay", weight_decay, "[0, inf)")
        )
        clips = {
            "clipnorm": clipnorm,
            "clipvalue": clipvalue,
            "global_clipnorm": global_clipnorm,
        }
        given = [name for name, value in clips.items() if value is not None]
        if len(given) > 1:
            raise ArgumentError(
                f"{owner}: received {' and '.join(given)}, of which only one can be used. Leave "
                "the others out."
            )
        self.clipnorm: float | None = self._positive("clipnorm", clipnorm)
        self.clipvalue: float | None = self._positive("clipvalue", clipvalue)
        self.global_clipnorm: float | None = self._positive("global_clipnorm", global_clipnorm)
        self.use_ema: bool = arguments.flag(owner, "use_ema", use_ema)
        self.ema_momentum: float = arguments.number(owner, "ema_momentum", ema_momentum, "[0, 1]")
        self.ema_overwrite_frequency: int | None = (
            None
            if ema_overwrite_frequency is None
            else arguments.integer(owner, "ema_overwrite_frequency", ema_overwrite_frequency, 1)
        )
        self.loss_scale_factor: float | None = self._positive(
            "loss_scale_factor", loss_scale_factor
        )
        self.gradient_accumulation_steps: int | None = (
            None
            if gradient_accumulation_steps is None
            else arguments.integer(
                owner, "gradient_accumulation_steps", gradient_accumulation_steps, 2
            )
        )
        self.iterations = 0
        self.state: Any = None
        self.averages_in_place: bool = False  # whether weights and averages are exchanged now
        self._excluded_paths: list[str] = list((excluded or {}).get("paths", []))
        self._excluded_names: list[str] = list((excluded or {}).get("names", []))

    def _positive(self, name: str, value: Any) -> float | None:
        """A positive number, or None."""
        owner = type(self).__name__
        return None if value is None else arguments.number(owner, name, value, "(0, inf)")

    def _old_spellings(self, learning_rate: Any, kwargs: dict[str, Any]) -> Any:
        """The learning rate, after ``lr=`` and ``decay=`` are taken out of ``kwargs``."""
        owner = type(self).__name__
        decay = kwargs.pop("decay", None)
        if decay:
            raise UnsupportedError(
                f"{owner}: received decay={decay!r}, but Keras 3 and fastnn have no argument "
                "'decay'. Pass learning_rate=fastnn.optimizers.schedules.InverseTimeDecay(rate, 1, "
                f"{decay!r}), which is the same."
            )
        if "lr" not in kwargs:
            return learning_rate
        given = kwargs.pop("lr")
        parameter = inspect.signature(type(self)).parameters.get("learning_rate")
        if parameter is not None and learning_rate != parameter.default:
            raise ArgumentError(
                f"{owner}: received learning_rate={learning_rate!r} and lr={given!r}, which are "
                "two names for one argument. Pass learning_rate only."
            )
        return given

    @property
    def learning_rate(self) -> float:
        """Step size, that of the next step where there is a schedule.

        A number may be set, and counts from the next call into the backend on; not where the
        optimizer was made with a schedule (as in Keras: ``StateError``).
        """
        return float(self.rates(self.iterations, 1)[0])

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        owner = type(self).__name__
        if isinstance(value, np.ndarray) and value.ndim == 0:
            value = value.item()
        if isinstance(value, type):
            raise ArgumentError(
                f"{owner}: received the class learning_rate={value.__name__}, expected a number or "
                f"a schedule. Write {value.__name__}(...)."
            )
        if not callable(value):
            value = arguments.number(owner, "learning_rate", value, "[0, inf)")
            if isinstance(getattr(self, "_learning_rate", None), LearningRateSchedule):
                raise StateError(
                    f"{owner}: learning_rate={value:g} was set, but the optimizer was made with a "
                    "schedule, which gives its learning rates. Compile the model with an "
                    "optimizer that has a number."
                )
        self._learning_rate: Any = value

    def rates(self, first_step: int, count: int) -> NDArray[np.float64]:
        """The learning rates of ``count`` steps from step ``first_step`` on (all steps count)."""
        value = self._learning_rate
        if isinstance(value, LearningRateSchedule):
            steps = np.arange(first_step, first_step + count, dtype=np.float64)
            found: NDArray[np.float64] = value.rates(steps)
            return found
        if callable(value):
            name = getattr(value, "__name__", type(value).__name__)
            return np.array([rate_of(value(), name) for _ in range(count)], dtype=np.float64)
        return np.full(count, value, dtype=np.float64)

    @property
    def update_every(self) -> int:
        """Steps between two updates: 1 without accumulation."""
        return self.gradient_accumulation_steps or 1

    def state_slots(self) -> tuple[str, ...]:
        """Names of all arrays kept per parameter: those of the rule, then what surrounds it."""
        kept = (KEPT,) if self.update_every > 1 else ()
        return (*self.slots(), *kept, *((AVERAGE,) if self.use_ema else ()))

    def state_shape(self, slot: str, variable: Variable) -> tuple[int, ...] | None:
        """The shape in which files hold an array kept for a variable; None where it has none."""
        return variable.shape if slot in (KEPT, AVERAGE) else self.slot_shape(slot, variable)

    # Whether every iteration needs all the data (L-BFGS), rather than a batch
    full_batch: bool = False

    # -- what subclasses define -------------------------------------------------------------------

    def slots(self) -> tuple[str, ...]:
        """Names of the arrays kept per parameter, in the order of the op's inputs."""
        return ()

    def joins(self, first: Variable, second: Variable) -> bool:
        """Whether two neighbours in storage are updated by one node, as one run."""
        return self.decay_of(first) == self.decay_of(second)

    def slot_shape(self, slot: str, variable: Variable) -> tuple[int, ...] | None:
        """The shape of the rule's slot of a variable; None for a slot it does not have."""
        return variable.shape

    def initial_values(self) -> dict[str, float]:
        """What slots start from, by name, where that is not 0."""
        return {}

    def update(
        self, w: Tensor, g: Tensor, slots: Mapping[str, Tensor], *, weight_decay: float
    ) -> Node | list[Node]:
        """The op node that updates the run ``w`` of parameters, in place; or several, of which one
        that touches what another touches runs after it, if it was made after it.

        Parameters
        ----------
        w, g : a run of parameters and of their gradients.
        slots : the same run of each slot, by name.
        weight_decay : what ``decay_of`` returned for the variables of this run.
        """
        raise ArgumentError(
            f"optimizer class {type(self).__name__!r} does not define update(w, g, slots, "
            "weight_decay=...). Derive from an optimizer of fastnn.optimizers, or build a node of "
            "fastnn.ops.optimizer there."
        )

    def control(self, first_step: int, count: int) -> NDArray[np.float64]:
        """The numbers of ``count`` updates from number ``first_step`` on: rows (learning_rate, s1,
        s2). Without accumulation each step is an update.
        """
        rows = np.zeros((count, 3))
        every = self.update_every
        if every == 1:
            rows[:, 0] = self.rates(first_step, count)
        else:  # an update happens in the last of ``every`` steps
            steps = self.rates(first_step * every, count * every)
            rows[:, 0] = steps[every - 1 :: every]
        return rows

    def control_rows(self, first_step: int, count: int) -> NDArray[np.float64]:
        """``control`` by steps: with accumulation, each step has the row of the next update."""
        every = self.update_every
        if every == 1 or not count:
            return self.control(first_step, count)
        updates = np.arange(first_step, first_step + count) // every
        rows = self.control(int(updates[0]), int(updates[-1] - updates[0]) + 1)
        chosen: NDArray[np.float64] = rows[updates - updates[0]]
        return chosen

    def restart(self) -> None:
        """Set the slots to what they start from, and the averages to the weights."""
        self.state.restart()
        for (kind, buffer), array in self.state.arrays.items():
            if kind == f"slot:{AVERAGE}":
                array[...] = buffer.data

    def finalize_variable_values(self, var_list: Iterable[Variable]) -> None:
        """Overwrite the variables by their running averages, with ``use_ema``; ``fit`` does it at
        its end.
        """
        for variable, average in self._averages(var_list):
            if self.averages_in_place:
                average[...] = variable.view()
            else:
                variable.view()[...] = average
        self.averages_in_place = False

    def swap_averages(self, var_list: Iterable[Variable]) -> None:
        """Exchange variables and their running averages, once there are averages."""
        pairs = self._averages(var_list)
        for variable, average in pairs:
            kept = average.copy()
            average[...] = variable.view()
            variable.view()[...] = kept
        self.averages_in_place = self.averages_in_place != bool(pairs)

    def _averages(
        self, var_list: Iterable[Variable]
    ) -> list[tuple[Variable, NDArray[np.floating[Any]]]]:
        """Variables with their running averages, which exist from the first update on."""
        kind = f"slot:{AVERAGE}"
        if not self.use_ema or self.state is None or self.iterations < self.update_every:
            return []
        return [
            (variable, self.state.view(kind, variable))
            for variable in var_list
            if (kind, variable.buffer) in self.state.arrays
        ]

    # -- weight decay -----------------------------------------------------------------------------

    def exclude_from_weight_decay(
        self, var_list: Iterable[Variable] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Keep weight decay off some variables; to be called before the first ``fit``.

        Parameters
        ----------
        var_list : variables to leave alone.
        var_names : regular expressions; a variable in whose name (``"bias"``) one of them is found
            is left alone.

        Raises
        ------
        StateError : once training has started: what is decayed is fixed then.

        Examples
        --------
        >>> from fastnn.optimizers import AdamW
        >>> optimizer = AdamW()
        >>> optimizer.exclude_from_weight_decay(var_names=["bias"])
        """
        if self.state is not None:
            raise StateError(
                f"{type(self).__name__}: exclude_from_weight_decay() was called after training "
                "had started. Call it before the first fit, or compile the model with a new "
                "optimizer."
            )
        self._excluded_paths = [variable.path for variable in var_list or ()]
        self._excluded_names = list(var_names or ())

    def decays(self, variable: Variable) -> bool:
        """Whether weight decay applies to the variable."""
        return variable.path not in self._excluded_paths and not any(
            re.search(pattern, variable.name) for pattern in self._excluded_names
        )

    def decay_of(self, variable: Variable) -> float:
        """The weight decay of the variable; 0 where there is none."""
        return self.weight_decay or 0.0 if self.decays(variable) else 0.0

    # -- configuration ----------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal optimizer, as plain data."""
        config: dict[str, Any] = {
            "name": self.name,
            "learning_rate": self._rate_config(),
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "global_clipnorm": self.global_clipnorm,
            "clipvalue": self.clipvalue,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency,
            "loss_scale_factor": self.loss_scale_factor,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
        }
        if self._excluded_paths or self._excluded_names:
            config["exclude_from_weight_decay"] = {
                "paths": list(self._excluded_paths),
                "names": list(self._excluded_names),
            }
        return config

    def _rate_config(self) -> Any:
        """The learning rate as plain data: a number, a schedule's data, or a function's name."""
        value = self._learning_rate
        if isinstance(value, LearningRateSchedule):
            return schedules.serialize(value)
        if not callable(value):
            return value
        name = getattr(value, "__name__", "<lambda>")
        if name == "<lambda>":
            raise ArgumentError(
                f"{type(self).__name__}: a learning rate of type {type(value).__name__} cannot be "
                "written to a file. Use a number, a schedule, or a named function, which is passed "
                "as custom_objects when loading."
            )
        return name

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Optimizer:
        """A new optimizer from what ``get_config`` returned.

        Parameters
        ----------
        config : the data.
        custom_objects : schedule classes and functions of the caller, by name.
        """
        settings = dict(config)
        rate = settings.get("learning_rate")
        if isinstance(rate, Mapping):
            settings["learning_rate"] = schedules.deserialize(rate, custom_objects)
        elif isinstance(rate, str):
            if rate not in (custom_objects or {}):
                raise unknown_name("learning rate function", rate, list(custom_objects or {}))
            settings["learning_rate"] = (custom_objects or {})[rate]
        return cls(**settings)

    def __repr__(self) -> str:
        rate = self._learning_rate
        shown = type(rate).__name__ if callable(rate) else rate
        return f"<{type(self).__name__} name={self.name}, learning_rate={shown}>"
