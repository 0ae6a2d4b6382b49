"""Adadelta. The arithmetic is ``adadelta_step`` of ``fastnn/ops/optimizer.py``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastnn import arguments
from fastnn.ops.optimizer import ADADELTA_STEP
from fastnn.optimizers.optimizer import Optimizer
from fastnn.program.tensor import Node, Tensor


class Adadelta(Optimizer):
    """Gradients divided by the root of a running mean of their squares, times that of past moves,
    so that a move has the unit of a weight.

    ::

        v ← ρ v + (1 - ρ) g²
        d = √(u + ε) / √(v + ε) · g
        u ← ρ u + (1 - ρ) d²
        w ← w - η d

    w: a parameter; g: its gradient; η: ``learning_rate``; ρ: ``rho``; ε: ``epsilon``; v, u: the
    slots ``accumulated_grad`` and ``accumulated_delta_var``, first 0.

    Parameters
    ----------
    learning_rate : η ≥ 0, 0.001 by default; the paper's rule is η = 1.
    rho : ρ in [0, 1), 0.95 by default.
    epsilon : ε ≥ 0, 1e-7 by default, *inside* both roots; it sets the size of the first moves.
    weight_decay, name, … : see ``Optimizer``.

    Raises
    ------
    ArgumentError : if an argument is out of its range.

    Examples
    --------
    >>> Adadelta(learning_rate=1.0).slots()
    ('accumulated_grad', 'accumulated_delta_var')

    References
    ----------
    Zeiler, "ADADELTA: an adaptive learning rate method", 2012.

    Notes
    -----
    As in Keras, whose default η = 0.001 makes it a thousand times slower than the paper's rule;
    PyTorch has η = 1, ρ = 0.9 and ε = 1e-6 by default, the same formula otherwise.
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        rho: float = 0.95,
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
        self.rho: float = arguments.number("Adadelta", "rho", rho, "[0, 1)")
        self.epsilon: float = arguments.number("Adadelta", "epsilon", epsilon, "[0, inf)")

    def slots(self) -> tuple[str, ...]:
        """``("accumulated_grad", "accumulated_delta_var")``."""
        return ("accumulated_grad", "accumulated_delta_var")

    def update(
        self, w: Tensor, g: Tensor, slots: Mapping[str, Tensor], *, weight_decay: float
    ) -> Node:
        """A node of ``adadelta_step``."""
        attributes = {
            "weight_decay": weight_decay,
            "rho": self.rho,
            "epsilon": self.epsilon,
        }
        return ADADELTA_STEP.node((w, g, *(slots[name] for name in self.slots())), attributes, [])

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal optimizer, as plain data."""
        return {
            **super().get_config(),
            "rho": self.rho,
            "epsilon": self.epsilon,
        }
