"""Cosine schedules: one decay, after a warm-up if wanted, and decays with warm restarts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fastnn import arguments
from fastnn.errors import ArgumentError
from fastnn.optimizers.schedules.schedule import Decay, Rates


class CosineDecay(Decay):
    """η = η₀ ((1 - α) (1 + cos(π · min(step, s) / s)) / 2 + α).

    With ``warmup_target`` ηw and ``warmup_steps`` w, the rate first rises on a straight line from
    η₀ to ηw in w steps, then decays from ηw as above, with step - w in place of step.

    Parameters
    ----------
    initial_learning_rate : η₀ ≥ 0.
    decay_steps : s > 0, not counting the warm-up.
    alpha : α ≥ 0, the last rate as a share of the first of the decay; 0 by default.
    name : only kept.
    warmup_target : ηw ≥ 0; None, the default, is no warm-up.
    warmup_steps : w ≥ 0; 0 by default.

    Raises
    ------
    ArgumentError : if an argument is out of its range.

    Examples
    --------
    >>> schedule = CosineDecay(0.0, decay_steps=10, warmup_target=0.1, warmup_steps=5)
    >>> [round(schedule(step), 6) for step in (0, 1, 5, 10, 15)]
    [0.0, 0.02, 0.1, 0.05, 0.0]

    References
    ----------
    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017. The
    warm-up: Goyal et al., "Accurate, large minibatch SGD", 2017.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        self._common(initial_learning_rate, name)
        owner = type(self).__name__
        self.decay_steps = decay_steps
        self._over = self._steps("decay_steps", decay_steps)
        self.alpha: float = arguments.number(owner, "alpha", alpha, "[0, inf)")
        self.warmup_steps = warmup_steps
        self._warm = arguments.number(owner, "warmup_steps", warmup_steps, "[0, inf)")
        self.warmup_target: float | None = (
            None
            if warmup_target is None
            else arguments.number(owner, "warmup_target", warmup_target, "[0, inf)")
        )

    def _decayed(self, steps: Rates) -> Rates:
        """The share of the first rate after so many steps of the decay."""
        fraction = np.minimum(steps, self._over) / self._over
        found: Rates = (1.0 - self.alpha) * 0.5 * (1.0 + np.cos(math.pi * fraction)) + self.alpha
        return found

    def rates(self, steps: Rates) -> Rates:
        """The learning rates of many steps."""
        first, target = self.initial_learning_rate, self.warmup_target
        if target is None:
            return first * self._decayed(steps)
        rising = (target - first) * steps / max(self._warm, 1.0) + first
        return np.where(steps < self._warm, rising, target * self._decayed(steps - self._warm))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal schedule, as plain data."""
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "alpha": self.alpha,
            "name": self.name,
            "warmup_target": self.warmup_target,
            "warmup_steps": self.warmup_steps,
        }


class CosineDecayRestarts(Decay):
    """Cosine decays one after the other: period i = 0, 1, … has s · tⁱ steps and begins at η₀ · mⁱ.

    η = η₀ ((1 - α) mⁱ (1 + cos(π f)) / 2 + α), f the fraction of period i that is done.

    Parameters
    ----------
    initial_learning_rate : η₀ ≥ 0.
    first_decay_steps : s > 0.
    t_mul : t ≥ 1, 2 by default.
    m_mul : m ≥ 0, 1 by default.
    alpha : α ≥ 0, the lowest rate as a share of η₀; 0 by default.
    name : only kept.

    Raises
    ------
    ArgumentError : if an argument is out of its range.

    Examples
    --------
    >>> schedule = CosineDecayRestarts(0.1, first_decay_steps=10, m_mul=0.5)
    >>> [round(schedule(step), 6) for step in (0, 5, 10, 20)]
    [0.1, 0.05, 0.05, 0.025]

    References
    ----------
    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017.

    Notes
    -----
    The step at which a period begins counts as its first; Keras computes the period's number as the
    logarithm of float32 numbers, whose rounding can move such a step to the end of the period
    before.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        self._common(initial_learning_rate, name)
        owner = type(self).__name__
        self.first_decay_steps = first_decay_steps
        self._first = self._steps("first_decay_steps", first_decay_steps)
        self.t_mul: float = arguments.number(owner, "t_mul", t_mul, "(0, inf)")
        if self.t_mul < 1:
            raise ArgumentError(
                f"{owner}: received t_mul={t_mul!r}, under which the periods would end after "
                "finitely many steps. Pass a number of at least 1."
            )
        self.m_mul: float = arguments.number(owner, "m_mul", m_mul, "[0, inf)")
        self.alpha: float = arguments.number(owner, "alpha", alpha, "[0, inf)")

    def rates(self, steps: Rates) -> Rates:
        """The learning rates of many steps."""
        done = steps / self._first
        if self.t_mul == 1.0:
            period = np.floor(done)
            fraction = done - period
        else:
            # the tiny summand keeps the step at which a period begins in that period
            logarithm = np.log(1.0 + done * (self.t_mul - 1.0)) / math.log(self.t_mul)
            period = np.floor(logarithm + 1e-12)
            length = self.t_mul**period
            fraction = np.maximum(done - (length - 1.0) / (self.t_mul - 1.0), 0.0) / length
        cosine = 0.5 * self.m_mul**period * (1.0 + np.cos(math.pi * fraction))
        found: Rates = self.initial_learning_rate * ((1.0 - self.alpha) * cosine + self.alpha)
        return found

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal schedule, as plain data."""
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "first_decay_steps": self.first_decay_steps,
            "t_mul": self.t_mul,
            "m_mul": self.m_mul,
            "alpha": self.alpha,
            "name": self.name,
        }
