"""Gradient descent, with momentum and Nesterov momentum. The arithmetic is ``sgd_step`` and
``momentum_step`` in ``fastnn/ops/optimizer.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastnn import arguments
from fastnn.ops.optimizer import MOMENTUM_STEP, SGD_STEP
from fastnn.optimizers.optimizer import Optimizer
from fastnn.program.tensor import Node, Tensor


class SGD(Optimizer):
    """Gradient descent.

    Without momentum::

        w ← w - η g

    With momentum μ > 0, and with Nesterov momentum::

        m ← μ m - η g
        w ← w + m              (momentum)
        w ← w + μ m - η g      (nesterov)

    w: a parameter; g: its gradient; η: ``learning_rate``; μ: ``momentum``; m: the slot
    ``momentum``, first 0.

    Parameters
    ----------
    learning_rate : η ≥ 0, 0.01 by default; ``lr`` is accepted too.
    momentum : μ in [0, 1), 0 by default.
    nesterov : whether to look ahead by one step of momentum; False by default.
    weight_decay, name, … : see ``Optimizer``.

    Raises
    ------
    ArgumentError : if an argument is out of its range.
    UnsupportedError : for the argument ``decay`` of old Keras versions.

    Examples
    --------
    >>> SGD(learning_rate=0.1, momentum=0.9, nesterov=True).slots()
    ('momentum',)

    References
    ----------
    Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in deep
    learning", ICML 2013.

    Notes
    -----
    There is no epsilon. As in Keras, the learning rate is inside m, so a change of η acts on new
    gradients only; PyTorch keeps m ← μ m + g, w ← w - η m, where it also rescales the past. Keras
    allows momentum=1, under which nothing is ever forgotten; here it is an error.
    """

    def __init__(
        self,
        learning_rate: float = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
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
        self.momentum: float = arguments.number("SGD", "momentum", momentum, "[0, 1)")
        self.nesterov: bool = arguments.flag("SGD", "nesterov", nesterov)

    def slots(self) -> tuple[str, ...]:
        """``("momentum",)``, or nothing without momentum."""
        return ("momentum",) if self.momentum else ()

    def update(
        self, w: Tensor, g: Tensor, slots: Mapping[str, Tensor], *, weight_decay: float
    ) -> Node:
        """A node of ``sgd_step`` or ``momentum_step``."""
        if not self.momentum:
            return SGD_STEP.node((w, g), {"weight_decay": weight_decay}, [])
        attributes = {
            "weight_decay": weight_decay,
            "momentum": self.momentum,
            "nesterov": self.nesterov,
        }
        return MOMENTUM_STEP.node((w, g, slots["momentum"]), attributes, [])

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal optimizer, as plain data."""
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}
