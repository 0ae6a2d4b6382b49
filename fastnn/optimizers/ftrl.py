"""Ftrl. The arithmetic is ``ftrl_step`` of ``fastnn/ops/optimizer.py``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastnn import arguments
from fastnn.ops.optimizer import FTRL_STEP
from fastnn.optimizers.optimizer import Optimizer
from fastnn.program.tensor import Node, Tensor


class Ftrl(Optimizer):
    """Follow the regularised leader, for sparse linear models on wide inputs: the weights are those
    that a sum of past gradients and the penalties ask for.

    ::

        n' = n + g²
        σ = (n'⁻ᵖ - n⁻ᵖ) / η
        z ← z + g + 2 s w - σ w
        w ← (clip(z, -λ₁, λ₁) - z) / ((β + n'⁻ᵖ) / η + 2 λ₂)
        n ← n'

    w: a parameter; g: its gradient; η: ``learning_rate``; p: ``learning_rate_power``; λ₁, λ₂, s:
    ``l1_regularization_strength``, ``l2_regularization_strength`` and
    ``l2_shrinkage_regularization_strength``; β: ``beta``; n: the slot ``accumulator``, first
    ``initial_accumulator_value``; z: the slot ``linear``, first 0. A weight with |z| ≤ λ₁ is
    exactly 0.

    Parameters
    ----------
    learning_rate : η ≥ 0, 0.001 by default; where it is 0 nothing changes.
    learning_rate_power : p ≤ 0, -0.5 by default; 0 is a fixed learning rate.
    initial_accumulator_value : what n starts from, ≥ 0, 0.1 by default.
    l1_regularization_strength, l2_regularization_strength : λ₁, λ₂ ≥ 0, 0 by default.
    l2_shrinkage_regularization_strength : s ≥ 0, 0 by default; unlike λ₂ it acts through the
        gradient.
    beta : β ≥ 0, 0 by default.
    weight_decay, name, … : see ``Optimizer``.

    Raises
    ------
    ArgumentError : if an argument is out of its range.

    Examples
    --------
    >>> Ftrl(l1_regularization_strength=0.01).slots()
    ('accumulator', 'linear')

    References
    ----------
    McMahan et al., "Ad click prediction: a view from the trenches", KDD 2013.

    Notes
    -----
    There is no epsilon. As in Keras: *z starts from 0, so the first step forgets the initial
    weights*, and a network whose initial weights matter does not train well with it. With
    ``initial_accumulator_value=0``, a weight that never had a gradient is 0/0. PyTorch has no Ftrl.
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
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
        self.learning_rate_power: float = arguments.number(
            "Ftrl", "learning_rate_power", learning_rate_power, "(-inf, 0]"
        )
        self.initial_accumulator_value: float = arguments.number(
            "Ftrl", "initial_accumulator_value", initial_accumulator_value, "[0, inf)"
        )
        self.l1_regularization_strength: float = arguments.number(
            "Ftrl", "l1_regularization_strength", l1_regularization_strength, "[0, inf)"
        )
        self.l2_regularization_strength: float = arguments.number(
            "Ftrl", "l2_regularization_strength", l2_regularization_strength, "[0, inf)"
        )
        self.l2_shrinkage_regularization_strength: float = arguments.number(
            "Ftrl",
            "l2_shrinkage_regularization_strength",
            l2_shrinkage_regularization_strength,
            "[0, inf)",
        )
        self.beta: float = arguments.number("Ftrl", "beta", beta, "[0, inf)")

    def slots(self) -> tuple[str, ...]:
        """``("accumulator", "linear")``."""
        return ("accumulator", "linear")

    def update(
        self, w: Tensor, g: Tensor, slots: Mapping[str, Tensor], *, weight_decay: float
    ) -> Node:
        """A node of ``ftrl_step``."""
        attributes = {
            "weight_decay": weight_decay,
            "power": -self.learning_rate_power,
            "l1": self.l1_regularization_strength,
            "l2": self.l2_regularization_strength,
            "shrinkage": self.l2_shrinkage_regularization_strength,
            "beta": self.beta,
        }
        return FTRL_STEP.node((w, g, slots["accumulator"], slots["linear"]), attributes, [])

    def initial_values(self) -> dict[str, float]:
        """The accumulator does not start from 0."""
        return {"accumulator": self.initial_accumulator_value}

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal optimizer, as plain data."""
        return {
            **super().get_config(),
            "learning_rate_power": self.learning_rate_power,
            "initial_accumulator_value": self.initial_accumulator_value,
            "l1_regularization_strength": self.l1_regularization_strength,
            "l2_regularization_strength": self.l2_regularization_strength,
            "l2_shrinkage_regularization_strength": self.l2_shrinkage_regularization_strength,
            "beta": self.beta,
        }
