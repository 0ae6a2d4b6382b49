"""Adamax. The arithmetic is ``adamax_step`` of ``fastnn/ops/optimizer.py``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn import arguments
from fastnn.ops.optimizer import ADAMAX_STEP
from fastnn.optimizers.adam import one_minus_power
from fastnn.optimizers.optimizer import Optimizer
from fastnn.program.tensor import Node, Tensor


class Adamax(Optimizer):
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
        self.beta_1: float = arguments.number("Adamax", "beta_1", beta_1, "[0, 1)")
        self.beta_2: float = arguments.number("Adamax", "beta_2", beta_2, "[0, 1)")
        self.epsilon: float = arguments.number("Adamax", "epsilon", epsilon, "[0, inf)")

    def slots(self) -> tuple[str, ...]:
        """``("momentum", "norm")``."""
        return ("momentum", "norm")

    def update(
        self, w: Tensor, g: Tensor, slots: Mapping[str, Tensor], *, weight_decay: float
    ) -> Node:
        """A node of ``adamax_step``."""
        attributes = {
            "weight_decay": weight_decay,
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
        return ADAMAX_STEP.node((w, g, *(slots[name] for name in self.slots())), attributes, [])

    def control(self, first_step: int, count: int) -> NDArray[np.float64]:
        """Rows (η, η / (1 - β₁ᵗ), 0, 0) for t = first_step + 1, …"""
        rows = super().control(first_step, count)
        t = np.arange(first_step + 1, first_step + count + 1, dtype=np.float64)
        rows[:, 1] = rows[:, 0] / one_minus_power(self.beta_1, t)
        return rows

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal optimizer, as plain data."""
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
