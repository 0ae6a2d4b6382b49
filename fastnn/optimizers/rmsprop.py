"""RMSprop, with momentum and centered. The arithmetic is ``rmsprop_step`` of
``fastnn/ops/optimizer.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastnn import arguments
from fastnn.ops.optimizer import RMSPROP_STEP
from fastnn.optimizers.optimizer import Optimizer
from fastnn.program.tensor import Node, Tensor


class RMSprop(Optimizer):
    """Gradients divided by the root of a running mean of their squares.

    ::

        v ← ρ v + (1 - ρ) g²
        u = η g / √(v + ε)
        w ← w - u

    centered, which estimates the variance of g instead of its mean square::

        a ← ρ a + (1 - ρ) g
        u = η g / √(v - a² + ε)

    with momentum μ > 0::

        b ← μ b + u
        w ← w - b

    w: a parameter; g: its gradient; η: ``learning_rate``; ρ: ``rho``; μ: ``momentum``; ε:
    ``epsilon``; v, a, b: the slots ``v``, ``average`` and ``momentum``, first 0.

    Parameters
    ----------
    learning_rate : η ≥ 0, 0.001 by default; ``lr`` is accepted too.
    rho : ρ in [0, 1), 0.9 by default.
    momentum : μ in [0, 1), 0 by default.
    epsilon : ε ≥ 0, 1e-7 by default, *inside* the root.
    centered : whether to divide by the standard deviation; False by default.
    weight_decay, name, … : see ``Optimizer``.

    Raises
    ------
    ArgumentError : if an argument is out of its range.
    UnsupportedError : for the argument ``decay`` of old Keras versions.

    Examples
    --------
    >>> RMSprop(momentum=0.9, centered=True).slots()
    ('v', 'average', 'momentum')

    References
    ----------
    Tieleman and Hinton, "Lecture 6.5: rmsprop", Coursera, 2012. Centered: Graves, "Generating
    sequences with recurrent neural networks", 2013, section 4.2.

    Notes
    -----
    As in Keras, ε stands inside the root and the learning rate inside b. PyTorch divides by √v + ε,
    keeps η outside of b, and has ρ = ``alpha`` = 0.99 and ε = 1e-8 by default.
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
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
        self.rho: float = arguments.number("RMSprop", "rho", rho, "[0, 1)")
        self.momentum: float = arguments.number("RMSprop", "momentum", momentum, "[0, 1)")
        self.epsilon: float = arguments.number("RMSprop", "epsilon", epsilon, "[0, inf)")
        self.centered: bool = arguments.flag("RMSprop", "centered", centered)

    def slots(self) -> tuple[str, ...]:
        """``"v"``, then ``"average"`` if centered, then ``"momentum"`` if there is any."""
        average = ("average",) if self.centered else ()
        return ("v", *average, *(("momentum",) if self.momentum else ()))

    def update(
        self, w: Tensor, g: Tensor, slots: Mapping[str, Tensor], *, weight_decay: float
    ) -> Node:
        """A node of ``rmsprop_step``."""
        attributes = {
            "weight_decay": weight_decay,
            "rho": self.rho,
            "epsilon": self.epsilon,
            "momentum": self.momentum,
            "centered": self.centered,
        }
        return RMSPROP_STEP.node((w, g, *(slots[name] for name in self.slots())), attributes, [])

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal optimizer, as plain data."""
        return {
            **super().get_config(),
            "rho": self.rho,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "centered": self.centered,
        }
