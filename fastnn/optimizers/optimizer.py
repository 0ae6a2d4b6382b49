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
from fastnn.program.tensor import Node, Tensor
from fastnn.program.variable import Variable


class Optimizer:
    """Base class of optimizers.

    w ← w - learning_rate · weight_decay · w, then the rule of the subclass.

    Parameters
    ----------
    learning_rate : step size, ≥ 0 (0 changes nothing). ``lr`` is accepted too.
    weight_decay : share of each weight that is taken away per step and unit of learning rate, ≥ 0;
        decoupled from the gradient (Loshchilov and Hutter, "Decoupled weight decay regularization",
        ICLR 2019). None is none.
    name : name in saved files; the class name in snake case by default.
    clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
    loss_scale_factor,
    gradient_accumulation_steps : Keras arguments that are not supported: any value but Keras's
        default raises ``UnsupportedError``.

    Attributes
    ----------
    iterations : number of steps done.
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
        learning_rate: float,
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
        arguments.unsupported(
            owner,
            {
                "clipnorm": (clipnorm, None),
                "clipvalue": (clipvalue, None),
                "global_clipnorm": (global_clipnorm, None),
                "use_ema": (use_ema, False),
                "ema_momentum": (ema_momentum, 0.99),
                "ema_overwrite_frequency": (ema_overwrite_frequency, None),
                "loss_scale_factor": (loss_scale_factor, None),
                "gradient_accumulation_steps": (gradient_accumulation_steps, None),
            },
        )
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
        self.iterations = 0
        self.state: Any = None
        self._excluded_paths: list[str] = list((excluded or {}).get("paths", []))
        self._excluded_names: list[str] = list((excluded or {}).get("names", []))

    def _old_spellings(self, learning_rate: Any, kwargs: dict[str, Any]) -> Any:
        """The learning rate, after ``lr=`` and ``decay=`` are taken out of ``kwargs``."""
        owner = type(self).__name__
        decay = kwargs.pop("decay", None)
        if decay:
            raise UnsupportedError(
                f"{owner}: received decay={decay!r}, but Keras 3 and fastnn have no argument "
                "'decay'. Leave it out, and set model.optimizer.learning_rate between calls of "
                "fit or in a callback."
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
        """Step size; a new value counts from the next call into the backend on."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        owner = type(self).__name__
        if callable(value):
            raise UnsupportedError(
                f"{owner}: received learning_rate={type(value).__name__}, but fastnn does not "
                "support schedules and functions as learning rates. Pass a number, and change "
                "model.optimizer.learning_rate between calls of fit or in a callback."
            )
        if isinstance(value, np.ndarray) and value.ndim == 0:
            value = value.item()
        self._learning_rate = arguments.number(owner, "learning_rate", value, "[0, inf)")

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
        """The shape in which files hold a slot of a variable; None for a slot it does not have."""
        return variable.shape

    def initial_values(self) -> dict[str, float]:
        """What slots start from, by name, where that is not 0."""
        return {}

    def update(
        self, w: Tensor, g: Tensor, slots: Mapping[str, Tensor], *, weight_decay: float
    ) -> Node:
        """The op node that updates the run ``w`` of parameters, in place.

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
        """The numbers of ``count`` steps from ``first_step`` on: rows (learning_rate, s1, s2)."""
        rows = np.zeros((count, 3))
        rows[:, 0] = self.learning_rate
        return rows

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
            "learning_rate": self.learning_rate,
            "weight_decay": self.weight_decay,
            "clipnorm": None,
            "global_clipnorm": None,
            "clipvalue": None,
            "use_ema": False,
            "ema_momentum": 0.99,
            "ema_overwrite_frequency": None,
            "loss_scale_factor": None,
            "gradient_accumulation_steps": None,
        }
        if self._excluded_paths or self._excluded_names:
            config["exclude_from_weight_decay"] = {
                "paths": list(self._excluded_paths),
                "names": list(self._excluded_names),
            }
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Optimizer:
        """A new optimizer from what ``get_config`` returned."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, learning_rate={self.learning_rate}>"
