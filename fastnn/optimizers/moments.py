"""What Adam's kin share: two decaying means, of the gradients and of their sizes, in one node of an
op that takes both decays and an epsilon. The bias corrections of the means depend on the step only;
each subclass computes them in ``control``, in float64.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn import arguments
from fastnn.ops.contract import Op
from fastnn.optimizers.optimizer import Optimizer
from fastnn.program.tensor import Node, Tensor


class Moments(Optimizer):
    """Base class of the rules with β₁, β₂ and ε; see its subclasses.

    A subclass sets ``step``, calls ``set_moments`` in its constructor and defines ``control``.
    """

    #: the op; its inputs are the weights, their gradients and the slots
    step: Op

    def set_moments(self, beta_1: float, beta_2: float, epsilon: float) -> None:
        """Check and keep the decays of the two means, and what is added to the divisor."""
        owner = type(self).__name__
        self.beta_1: float = arguments.number(owner, "beta_1", beta_1, "[0, 1)")
        self.beta_2: float = arguments.number(owner, "beta_2", beta_2, "[0, 1)")
        self.epsilon: float = arguments.number(owner, "epsilon", epsilon, "[0, inf)")

    def slots(self) -> tuple[str, ...]:
        """``("momentum", "velocity")``."""
        return ("momentum", "velocity")

    def update(
        self, w: Tensor, g: Tensor, slots: Mapping[str, Tensor], *, weight_decay: float
    ) -> Node | list[Node]:
        """A node of ``step``."""
        attributes = {
            "weight_decay": weight_decay,
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
        return self.step.node((w, g, *(slots[name] for name in self.slots())), attributes, [])

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal optimizer, as plain data."""
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }


def one_minus_power(beta: float, t: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 - βᵗ for t ≥ 1. Powers below 1e-17 are cut: they change nothing, and NumPy takes 0.1 µs for
    each that underflows, a tenth of a small network's step.
    """
    exponent = t * math.log(beta) if beta > 0 else np.full(len(t), -np.inf)
    return -np.expm1(np.maximum(exponent, -40.0))
