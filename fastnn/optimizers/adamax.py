"""Adamax. The arithmetic is ``adamax_step`` of ``fastnn/ops/optimizer.py``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.ops.optimizer import ADAMAX_STEP
from fastnn.optimizers.moments import Moments, one_minus_power


class Adamax(Moments):
    """Adam with the running maximum of |g| in the place of the root of a mean square.

    At step t = 1, 2, …::

        m ← m + (1 - β₁)(g - m)
        u ← max(β₂ u, |g|)
        w ← w - η / (1 - β₁ᵗ) · m / (u + ε)

    w: a parameter; g: its gradient; η: ``learning_rate``; β₁, β₂: ``beta_1``, ``beta_2``; ε:
    ``epsilon``; m, u: the slots ``momentum`` and ``norm``, first 0.

    Parameters
    ----------
    learning_rate : η ≥ 0, 0.001 by default.
    beta_1 : β₁ in [0, 1), 0.9 by default.
    beta_2 : β₂ in [0, 1), 0.999 by default.
    epsilon : ε ≥ 0, 1e-7 by default, added to u (the paper has none).
    weight_decay, name, … : see ``Optimizer``.

    Raises
    ------
    ArgumentError : if an argument is out of its range.

    Examples
    --------
    >>> Adamax().slots()
    ('momentum', 'norm')

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, section 7.1.

    Notes
    -----
    As in Keras. PyTorch takes max(β₂ u, |g| + ε) with ε = 1e-8, which never divides by 0 either,
    and has 0.002 as the default η.
    """

    step = ADAMAX_STEP

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

    def slots(self) -> tuple[str, ...]:
        """``("momentum", "norm")``."""
        return ("momentum", "norm")

    def control(self, first_step: int, count: int) -> NDArray[np.float64]:
        """Rows (η, η / (1 - β₁ᵗ), 0, 0) for t = first_step + 1, …"""
        rows = super().control(first_step, count)
        t = np.arange(first_step + 1, first_step + count + 1, dtype=np.float64)
        rows[:, 1] = rows[:, 0] / one_minus_power(self.beta_1, t)
        return rows
