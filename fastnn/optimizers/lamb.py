"""Lamb. The arithmetic is ``lamb_moments`` and ``lamb_step`` of ``fastnn/ops/layerwise.py``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.ops.layerwise import LAMB_MOMENTS, LAMB_STEP
from fastnn.ops.optimizer import run_tensor
from fastnn.optimizers.moments import Moments, one_minus_power
from fastnn.program.tensor import Node, Tensor
from fastnn.program.variable import Variable


class Lamb(Moments):
    """Adam whose move is as long, for each weight array, as the learning rate's share of its norm:
    for very large batches.

    At step t = 1, 2, …::

        m ← m + (1 - β₁)(g - m)
        v ← v + (1 - β₂)(g² - v)
        u = m / (1 - β₁ᵗ) / (√(v / (1 - β₂ᵗ)) + ε)
        w ← w - η ‖w‖ / ‖u‖ u

    w: a parameter, as a whole; g: its gradient; η: ``learning_rate``; β₁, β₂: ``beta_1``,
    ``beta_2``; ε: ``epsilon``; m, v: the slots ``momentum`` and ``velocity``, first 0. Where a
    norm is 0 (a bias that starts from 0), the quotient is 1.

    Parameters
    ----------
    learning_rate : η ≥ 0, 0.001 by default.
    beta_1 : β₁ in [0, 1), 0.9 by default.
    beta_2 : β₂ in [0, 1), 0.999 by default.
    epsilon : ε ≥ 0, 1e-7 by default, added *after* the bias correction, unlike in ``Adam``.
    weight_decay, name, … : see ``Optimizer``.

    Raises
    ------
    ArgumentError : if an argument is out of its range.

    Examples
    --------
    >>> Lamb().slots()
    ('momentum', 'velocity')

    References
    ----------
    You et al., "Large batch optimization for deep learning: training BERT in 76 minutes", ICLR
    2020.

    Notes
    -----
    As in Keras: weight decay is applied before, and is not part of u as it is in the paper; the
    norm is not clipped. PyTorch has no Lamb. The norms are summed in float64.
    """

    step = LAMB_STEP

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

    def joins(self, first: Variable, second: Variable) -> bool:
        """Never: each variable has norms of its own."""
        return False

    def update(
        self, w: Tensor, g: Tensor, slots: Mapping[str, Tensor], *, weight_decay: float
    ) -> list[Node]:
        """Nodes of ``lamb_moments`` and ``lamb_step``."""
        attributes = {
            "weight_decay": weight_decay,
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
        m, v = slots["momentum"], slots["velocity"]
        sums = [run_tensor(f"scratch:{name}", w.region.variables) for name in ("lengths", "moves")]
        return [
            LAMB_MOMENTS.node((m, v, w, g, *sums), attributes, []),
            LAMB_STEP.node((w, m, v, *sums), attributes, []),
        ]

    def control(self, first_step: int, count: int) -> NDArray[np.float64]:
        """Rows (η, 1 / (1 - β₁ᵗ), 1 / (1 - β₂ᵗ)) for t = first_step + 1, …"""
        rows = super().control(first_step, count)
        t = np.arange(first_step + 1, first_step + count + 1, dtype=np.float64)
        rows[:, 1] = 1.0 / one_minus_power(self.beta_1, t)
        rows[:, 2] = 1.0 / one_minus_power(self.beta_2, t)
        return rows
