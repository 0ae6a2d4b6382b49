"""Adagrad. The arithmetic is ``adagrad_step`` of ``fastnn/ops/optimizer.py``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastnn import arguments
from fastnn.ops.optimizer import ADAGRAD_STEP
from fastnn.optimizers.optimizer import Optimizer
from fastnn.program.tensor import Node, Tensor


class Adagrad(Optimizer):
    """Gradients divided by the root of the sum of all their squares: each weight has a learning
    rate of its own, which only falls.

    ::

        v ← v + g²
        w ← w - η g / √(v + ε)

    w: a parameter; g: its gradient; η: ``learning_rate``; ε: ``epsilon``; v: the slot
    ``accumulator``, first ``initial_accumulator_value``.

    Parameters
    ----------
    learning_rate : η ≥ 0, 0.001 by default; the paper's experiments have about 0.1.
    initial_accumulator_value : what v starts from, ≥ 0, 0.1 by default.
    epsilon : ε ≥ 0, 1e-7 by default, *inside* the root.
    weight_decay, name, … : see ``Optimizer``.

    Raises
    ------
    ArgumentError : if an argument is out of its range.

    Examples
    --------
    >>> Adagrad(learning_rate=0.1).initial_values()
    {'accumulator': 0.1}

    References
    ----------
    Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic
    optimization", JMLR 12, 2011.

    Notes
    -----
    As in Keras. PyTorch divides by √v + ε with ε = 1e-10, starts v from 0, and has 0.01 as default
    η.
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        initial_accumulator_value: float = 0.1,
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
        self.initial_accumulator_value: float = arguments.number(
            "Adagrad", "initial_accumulator_value", initial_accumulator_value, "[0, inf)"
        )
        self.epsilon: float = arguments.number("Adagrad", "epsilon", epsilon, "[0, inf)")

    def slots(self) -> tuple[str, ...]:
        """``("accumulator",)``."""
        return ("accumulator",)

    def update(
        self, w: Tensor, g: Tensor, slots: Mapping[str, Tensor], *, weight_decay: float
    ) -> Node:
        """A node of ``adagrad_step``."""
        attributes = {
            "weight_decay": weight_decay,
            "epsilon": self.epsilon,
        }
        return ADAGRAD_STEP.node((w, g, *(slots[name] for name in self.slots())), attributes, [])

    def initial_values(self) -> dict[str, float]:
        """The accumulator does not start from 0."""
        return {"accumulator": self.initial_accumulator_value}

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal optimizer, as plain data."""
        return {
            **super().get_config(),
            "initial_accumulator_value": self.initial_accumulator_value,
            "epsilon": self.epsilon,
        }
