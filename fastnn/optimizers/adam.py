"""Adam and AdamW. The arithmetic is ``adam_step`` and ``amsgrad_step`` in
``fastnn/ops/optimizer.py``; the bias corrections, which depend on the step only, are computed here
in float64.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn import arguments
from fastnn.errors import ArgumentError
from fastnn.ops.contract import Op
from fastnn.ops.optimizer import ADAM_STEP, AMSGRAD_STEP
from fastnn.optimizers.moments import Moments, one_minus_power


class Adam(Moments):
    """Adam: momentum, divided by the root of a running mean of the squared gradients.

    At step t = 1, 2, …::

        m ← m + (1 - β₁)(g - m)
        v ← v + (1 - β₂)(g² - v)
        w ← w - η √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + ε)

    and with ``amsgrad``::

        v̂ ← max(v̂, v)
        w ← w - η √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v̂ + ε)

    w: a parameter; g: its gradient; η: ``learning_rate``; β₁, β₂: ``beta_1``, ``beta_2``; ε:
    ``epsilon``; m, v, v̂: the slots ``m``, ``v`` and ``v_hat``, first 0.

    Parameters
    ----------
    learning_rate : η ≥ 0, 0.001 by default; ``lr`` is accepted too.
    beta_1 : β₁ in [0, 1), 0.9 by default.
    beta_2 : β₂ in [0, 1), 0.999 by default.
    epsilon : ε ≥ 0, 1e-7 by default: the "epsilon hat" of the paper (the formula before its section
        2.1), not the epsilon of its Algorithm 1.
    amsgrad : whether to divide by the root of the largest v so far (Reddi, Kale and Kumar, "On the
        convergence of Adam and beyond", ICLR 2018); False by default.
    weight_decay, name, … : see ``Optimizer``.

    Raises
    ------
    ArgumentError : if an argument is out of its range.
    UnsupportedError : for the argument ``decay`` of old Keras versions.

    Examples
    --------
    >>> optimizer = Adam(learning_rate=0.001)
    >>> optimizer.slots()
    ('m', 'v')
    >>> optimizer.control(first_step=0, count=2)[:, 1].round(6).tolist()
    [0.000316, 0.000235]

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015.

    Notes
    -----
    As in Keras, except that the powers of β are computed in float64 (Keras: float32, which differs
    by up to 1e-4 relative in the first steps). PyTorch has the epsilon of Algorithm 1, 1e-8: its
    √v̂ + ε is our √v + ε √(1 - β₂ᵗ); and ``weight_decay`` of PyTorch's Adam is added to the
    gradient, here it is decoupled.
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
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
        self.amsgrad: bool = arguments.flag(type(self).__name__, "amsgrad", amsgrad)
        self.step: Op = AMSGRAD_STEP if self.amsgrad else ADAM_STEP

    def slots(self) -> tuple[str, ...]:
        """``("m", "v")``, and ``"v_hat"`` with amsgrad."""
        return ("m", "v", "v_hat") if self.amsgrad else ("m", "v")

    def control(self, first_step: int, count: int) -> NDArray[np.float64]:
        """Rows (η, η √(1 - β₂ᵗ) / (1 - β₁ᵗ), 0) for t = first_step + 1, …"""
        rows = super().control(first_step, count)
        t = np.arange(first_step + 1, first_step + count + 1, dtype=np.float64)
        rows[:, 1] = (
            rows[:, 0] * np.sqrt(one_minus_power(self.beta_2, t)) / one_minus_power(self.beta_1, t)
        )
        return rows

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal optimizer, as plain data."""
        return {**super().get_config(), "amsgrad": self.amsgrad}


class AdamW(Adam):
    """Adam with weight decay that does not pass through the gradient.

    ::

        w ← w - η λ w
        then Adam's update

    λ: ``weight_decay``; everything else as in ``Adam``.

    Parameters
    ----------
    learning_rate : η ≥ 0, 0.001 by default; ``lr`` is accepted too.
    weight_decay : λ ≥ 0, 0.004 by default.
    beta_1, beta_2, epsilon, amsgrad : see ``Adam``, which also says *which* epsilon it is.
    name, … : see ``Optimizer``.

    Raises
    ------
    ArgumentError : if an argument is out of its range, or ``weight_decay`` is None.
    UnsupportedError : for the argument ``decay`` of old Keras versions.

    Examples
    --------
    >>> optimizer = AdamW(learning_rate=0.001, weight_decay=0.01)
    >>> optimizer.exclude_from_weight_decay(var_names=["bias"])
    >>> optimizer.get_config()["weight_decay"]
    0.01

    References
    ----------
    Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019.

    Notes
    -----
    As in Keras and PyTorch, the decay is multiplied by the learning rate (in the paper, by its
    schedule only). PyTorch's default λ is 0.01.
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
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
            beta_1,
            beta_2,
            epsilon,
            amsgrad,
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
        if self.weight_decay is None:
            raise ArgumentError(
                "AdamW: received weight_decay=None, expected a number in [0, inf). Pass "
                "weight_decay=0.004, say, or use Adam."
            )
