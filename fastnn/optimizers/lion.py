"""Lion. The arithmetic is ``lion_step`` of ``fastnn/ops/optimizer.py``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastnn import arguments
from fastnn.ops.optimizer import LION_STEP
from fastnn.optimizers.optimizer import Optimizer
from fastnn.program.tensor import Node, Tensor


class Lion(Optimizer):
    """The sign of an interpolated momentum: every weight moves by the same amount.

    ::

        w ← w - η sign(β₁ m + (1 - β₁) g)
        m ← β₂ m + (1 - β₂) g

    w: a parameter; g: its gradient; η: ``learning_rate``; β₁, β₂: ``beta_1``, ``beta_2``; m: the
    slot ``momentum``, first 0. sign(0) is 0.

    Parameters
    ----------
    learning_rate : η ≥ 0, 0.001 by default; the paper advises a third to a tenth of Adam's.
    beta_1 : β₁ in (0, 1], 0.9 by default.
    beta_2 : β₂ in [0, 1), 0.99 by default.
    weight_decay, name, … : see ``Optimizer``; the paper advises three to ten times AdamW's decay.

    Raises
    ------
    ArgumentError : if an argument is out of its range.

    Examples
    --------
    >>> Lion(learning_rate=3e-4).slots()
    ('momentum',)

    References
    ----------
    Chen et al., "Symbolic discovery of optimization algorithms", NeurIPS 2023.

    Notes
    -----
    There is no epsilon. As in Keras. PyTorch has no Lion; the common packages for it have β₂ = 0.99
    as well, and 1e-4 as the default η.
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
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
        self.beta_1: float = arguments.number("Lion", "beta_1", beta_1, "(0, 1]")
        self.beta_2: float = arguments.number("Lion", "beta_2", beta_2, "[0, 1)")

    def slots(self) -> tuple[str, ...]:
        """``("momentum",)``."""
        return ("momentum",)

    def update(
        self, w: Tensor, g: Tensor, slots: Mapping[str, Tensor], *, weight_decay: float
    ) -> Node:
        """A node of ``lion_step``."""
        attributes = {
            "weight_decay": weight_decay,
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
        }
        return LION_STEP.node((w, g, *(slots[name] for name in self.slots())), attributes, [])

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal optimizer, as plain data."""
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
        }
