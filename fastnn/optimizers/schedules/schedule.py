"""The base class of learning-rate schedules. A schedule is evaluated in Python, in float64, before
a native run: the rates of all its steps go into the control block together.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn import arguments
from fastnn.errors import ArgumentError

Rates = NDArray[np.float64]


class LearningRateSchedule(arguments.NamesItsArguments):
    """A learning rate that depends on the step: ``optimizer = SGD(learning_rate=schedule)``.

    A subclass defines ``__call__(step)``, which takes the number of steps done (an int, first 0)
    and returns a number, and ``get_config()``, so that models can be saved. It may use Python's
    ``math``, NumPy or ``fastnn.ops``. It must be a function of the step alone: the rates of many
    steps are computed ahead.

    Raises
    ------
    ArgumentError : when called, if the subclass does not define ``__call__``; in ``get_config``, if
        it does not define that.

    Examples
    --------
    >>> import fastnn
    >>> class Halving(fastnn.optimizers.schedules.LearningRateSchedule):
    ...     def __init__(self, start):
    ...         self.start = start
    ...
    ...     def __call__(self, step):
    ...         return self.start / 2**step
    ...
    ...     def get_config(self):
    ...         return {"start": self.start}
    >>> fastnn.optimizers.SGD(Halving(0.8)).control(first_step=0, count=3)[:, 0].tolist()
    [0.8, 0.4, 0.2]

    Notes
    -----
    Keras computes schedules in float32, so its rates differ in the seventh digit.
    """

    def __call__(self, step: Any) -> Any:
        """The learning rate of the step after ``step`` steps."""
        raise ArgumentError(
            f"learning rate schedule {type(self).__name__!r} does not define __call__(step). "
            "Define it; it returns the learning rate after that many steps."
        )

    def rates(self, steps: Rates) -> Rates:
        """The learning rates of many steps, one by one."""
        return np.array([rate_of(self(int(step)), type(self).__name__) for step in steps])

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal schedule, as plain data."""
        raise ArgumentError(
            f"learning rate schedule {type(self).__name__!r} does not define get_config(), so it "
            "cannot be written to a file. Define it; it returns the constructor's arguments."
        )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> LearningRateSchedule:
        """A new schedule from what ``get_config`` returned."""
        return cls(**config)


class Decay(LearningRateSchedule):
    """Base of fastnn's own schedules: one formula over arrays of steps, in float64."""

    initial_learning_rate: float
    name: str

    def _common(self, initial_learning_rate: float, name: str | None) -> None:
        """Check and keep what nearly all schedules have."""
        owner = type(self).__name__
        self.initial_learning_rate = arguments.number(
            owner, "initial_learning_rate", initial_learning_rate, "[0, inf)"
        )
        self.name = arguments.text(owner, "name", name) or owner

    def _steps(self, name: str, value: Any) -> float:
        """A number of steps, which must be positive."""
        return arguments.number(type(self).__name__, name, value, "(0, inf)")

    def rates(self, steps: Rates) -> Rates:
        """The learning rates of many steps."""
        raise NotImplementedError(type(self).__name__)

    def __call__(self, step: Any) -> Any:
        """The learning rate after ``step`` steps: a float, or an array for an array of steps."""
        found = self.rates(np.atleast_1d(np.asarray(step, dtype=np.float64)))
        return float(found[0]) if np.ndim(step) == 0 else found.reshape(np.shape(step))


def rate_of(value: Any, owner: str) -> float:
    """What a schedule or function returned, as a learning rate."""
    array = np.asarray(value)
    if array.size == 1 and array.dtype.kind in "fiu":
        rate = float(array.reshape(()))
        if np.isfinite(rate) and rate >= 0:
            return rate
    raise ArgumentError(
        f"learning rate {owner!r} returned {value!r}, expected a number in [0, inf). Return one "
        "number."
    )
