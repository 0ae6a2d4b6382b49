"""Schedules that lower the learning rate: exponential, inverse-time, polynomial and piecewise
constant. The cosine ones are in ``cosine.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastnn import arguments
from fastnn.errors import ArgumentError
from fastnn.optimizers.schedules.schedule import Decay, Rates


class PeriodicDecay(Decay):
    """Base class of schedules that decay by a rate r in each period of s steps."""

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool,
        name: str,
    ) -> None:
        self._common(initial_learning_rate, name)
        self.decay_steps = decay_steps
        self._over = self._steps("decay_steps", decay_steps)
        self.decay_rate: float = arguments.number(
            type(self).__name__, "decay_rate", decay_rate, "[0, inf)"
        )
        self.staircase: bool = arguments.flag(type(self).__name__, "staircase", staircase)

    def periods(self, steps: Rates) -> Rates:
        """The periods that have passed after so many steps; whole ones, with ``staircase``."""
        passed: Rates = steps / self._over
        return np.floor(passed) if self.staircase else passed

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal schedule, as plain data."""
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "decay_rate": self.decay_rate,
            "staircase": self.staircase,
            "name": self.name,
        }


class ExponentialDecay(PeriodicDecay):
    """η = η₀ · r^(step / s), with ``staircase`` η₀ · r^⌊step / s⌋.

    Parameters
    ----------
    initial_learning_rate : η₀ ≥ 0.
    decay_steps : s > 0.
    decay_rate : r ≥ 0.
    staircase : whether the rate falls in steps; False by default.
    name : only kept.

    Raises
    ------
    ArgumentError : if an argument is out of its range.

    Examples
    --------
    >>> ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)(20)
    0.025
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        super().__init__(initial_learning_rate, decay_steps, decay_rate, staircase, name)

    def rates(self, steps: Rates) -> Rates:
        """The learning rates of many steps."""
        found: Rates = self.initial_learning_rate * self.decay_rate ** self.periods(steps)
        return found


class InverseTimeDecay(PeriodicDecay):
    """η = η₀ / (1 + r · step / s), with ``staircase`` η₀ / (1 + r · ⌊step / s⌋).

    Parameters
    ----------
    initial_learning_rate : η₀ ≥ 0.
    decay_steps : s > 0.
    decay_rate : r ≥ 0.
    staircase : whether the rate falls in steps; False by default.
    name : only kept.

    Raises
    ------
    ArgumentError : if an argument is out of its range.

    Examples
    --------
    >>> InverseTimeDecay(0.1, decay_steps=1, decay_rate=0.5)(2)
    0.05
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        super().__init__(initial_learning_rate, decay_steps, decay_rate, staircase, name)

    def rates(self, steps: Rates) -> Rates:
        """The learning rates of many steps."""
        found: Rates = self.initial_learning_rate / (1.0 + self.decay_rate * self.periods(steps))
        return found


class PolynomialDecay(Decay):
    """η = (η₀ - η₁) (1 - min(step, s) / s)^p + η₁.

    With ``cycle``, s is the first multiple of ``decay_steps`` that is not less than the step, so
    the rate falls again and again.

    Parameters
    ----------
    initial_learning_rate : η₀ ≥ 0.
    decay_steps : s > 0.
    end_learning_rate : η₁ ≥ 0, 0.0001 by default.
    power : p, 1 by default.
    cycle : whether to begin again beyond ``decay_steps``; False by default.
    name : only kept.

    Raises
    ------
    ArgumentError : if an argument is out of its range.

    Examples
    --------
    >>> PolynomialDecay(0.1, decay_steps=10, end_learning_rate=0.0)(5)
    0.05
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        self._common(initial_learning_rate, name)
        owner = type(self).__name__
        self.decay_steps = decay_steps
        self._over = self._steps("decay_steps", decay_steps)
        self.end_learning_rate: float = arguments.number(
            owner, "end_learning_rate", end_learning_rate, "[0, inf)"
        )
        self.power: float = arguments.number(owner, "power", power, "[0, inf)")
        self.cycle: bool = arguments.flag(owner, "cycle", cycle)

    def rates(self, steps: Rates) -> Rates:
        """The learning rates of many steps."""
        over = np.full_like(steps, self._over)
        if self.cycle:
            over *= np.maximum(np.ceil(steps / self._over), 1.0)
        else:
            steps = np.minimum(steps, over)
        span = self.initial_learning_rate - self.end_learning_rate
        found: Rates = span * (1.0 - steps / over) ** self.power + self.end_learning_rate
        return found

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal schedule, as plain data."""
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "end_learning_rate": self.end_learning_rate,
            "power": self.power,
            "cycle": self.cycle,
            "name": self.name,
        }


class PiecewiseConstantDecay(Decay):
    """η = values[0] up to and including step boundaries[0], values[1] up to boundaries[1], …

    Parameters
    ----------
    boundaries : steps after which the next value holds, strictly increasing.
    values : learning rates ≥ 0, one more than boundaries.
    name : only kept.

    Raises
    ------
    ArgumentError : if the lengths do not match, the boundaries do not increase, or a rate is
        negative.

    Examples
    --------
    >>> schedule = PiecewiseConstantDecay([10, 20], [0.1, 0.01, 0.001])
    >>> [schedule(step) for step in (10, 11, 21)]
    [0.1, 0.01, 0.001]
    """

    def __init__(
        self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant"
    ) -> None:
        owner = type(self).__name__
        self.boundaries: list[float] = arguments.several(owner, "boundaries", boundaries, "steps")
        self.values: list[float] = arguments.several(owner, "values", values, "learning rates")
        self.name: str = arguments.text(owner, "name", name) or owner
        if not self.boundaries or len(self.boundaries) != len(self.values) - 1:
            raise ArgumentError(
                f"{owner}: received {len(self.boundaries)} boundaries and {len(self.values)} "
                "values, expected at least one boundary and one value more than boundaries. Pass a "
                "value for each interval."
            )
        for value in self.values:
            arguments.number(owner, "values", value, "[0, inf)")
        if any(a >= b for a, b in zip(self.boundaries, self.boundaries[1:], strict=False)):
            raise ArgumentError(
                f"{owner}: received boundaries={self.boundaries}, expected strictly increasing "
                "numbers. Sort them."
            )

    def rates(self, steps: Rates) -> Rates:
        """The learning rates of many steps."""
        interval = np.searchsorted(np.asarray(self.boundaries, dtype=np.float64), steps)
        found: Rates = np.asarray(self.values, dtype=np.float64)[interval]
        return found

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal schedule, as plain data."""
        return {"boundaries": self.boundaries, "values": self.values, "name": self.name}
