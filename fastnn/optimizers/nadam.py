"""Nadam. The arithmetic is ``nadam_step`` of ``fastnn/ops/optimizer.py``; the schedule of momentum,
which depends on the step only, is computed here in float64.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.ops.optimizer import NADAM_STEP
from fastnn.optimizers.moments import Moments, one_minus_power

# Steps after which 0.96ᵗ is below float64's rounding of 1
SETTLED = 1000


class Nadam(Moments):
    """Adam with Nesterov momentum.

    At step t = 1, 2, …, with μₜ = β₁ (1 - 0.96ᵗ / 2)::

        m ← m + (1 - β₁)(g - m)
        v ← v + (1 - β₂)(g² - v)
        m̂ = μₜ₊₁ m / (1 - μ₁ ⋯ μₜ₊₁) + (1 - μₜ) g / (1 - μ₁ ⋯ μₜ)
        w ← w - η m̂ / (√(v / (1 - β₂ᵗ)) + ε)

    w: a parameter; g: its gradient; η: ``learning_rate``; β₁, β₂: ``beta_1``, ``beta_2``; ε:
    ``epsilon``; m, v: the slots ``momentum`` and ``velocity``, first 0.

    Parameters
    ----------
    learning_rate : η ≥ 0, 0.001 by default.
    beta_1 : β₁ in [0, 1), 0.9 by default.
    beta_2 : β₂ in [0, 1), 0.999 by default.
    epsilon : ε ≥ 0, 1e-7 by default, added *after* the bias correction (Algorithm 1 of Adam's
        paper), unlike in ``Adam``.
    weight_decay, name, … : see ``Optimizer``.

    Raises
    ------
    ArgumentError : if an argument is out of its range.

    Examples
    --------
    >>> Nadam().slots()
    ('momentum', 'velocity')

    References
    ----------
    Dozat, "Incorporating Nesterov momentum into Adam", ICLR workshop 2016.

    Notes
    -----
    As in Keras, except that the products of μ are computed in float64. PyTorch has the same
    formula (its ``momentum_decay`` 0.004 is the 0.96), ε = 1e-8 and 0.002 as the default η.
    """

    step = NADAM_STEP

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
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
        super().__init__(
            learning_rate,
            weight_decay,
            clipnorm,
            clipvalue,
            global_clipnorm,
            use_ema,
            ema_momentum,
            ema_overwrite_frequency,
            loss_scale_factor,
            gradient_accumulation_steps,
            name,
            **kwargs,
        )
        self.set_moments(beta_1, beta_2, epsilon)

    def control(self, first_step: int, count: int) -> NDArray[np.float64]:
        """Rows (η, s1, s2, s3): the factors of m, of g and of v for t = first_step + 1, …"""
        rows = np.zeros((count, 4))
        rows[:, :1] = super().control(first_step, count)[:, :1]
        t = np.arange(first_step + 1, first_step + count + 1, dtype=np.float64)
        now, ahead = self._momentum(t), self._momentum(t + 1)
        rows[:, 1] = rows[:, 0] * ahead / (1.0 - self._product(t + 1))
        rows[:, 2] = rows[:, 0] * (1.0 - now) / (1.0 - self._product(t))
        rows[:, 3] = 1.0 / one_minus_power(self.beta_2, t)
        return rows

    def _momentum(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
        """μ at step t."""
        return np.asarray(self.beta_1 * (1.0 - 0.5 * np.power(0.96, np.minimum(t, SETTLED))))

    def _product(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
        """μ₁ ⋯ μₜ; logarithms below -40 are cut, which changes nothing in 1 - μ₁ ⋯ μₜ."""
        if self.beta_1 == 0:
            return np.zeros_like(t)
        k = np.arange(1, SETTLED + 1, dtype=np.float64)
        table = np.concatenate([[0.0], np.cumsum(np.log1p(-0.5 * np.power(0.96, k)))])
        settled = table[np.minimum(t, SETTLED).astype(np.int64)]
        return np.asarray(np.exp(np.maximum(t * math.log(self.beta_1) + settled, -40.0)))
