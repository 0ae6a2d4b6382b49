"""Muon. The arithmetic is ``muon_start`` to ``muon_step`` of ``fastnn/ops/layerwise.py`` for
matrices, ``adam_step`` for everything else.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn import arguments
from fastnn.errors import ArgumentError
from fastnn.ops.layerwise import MUON_PRODUCT, MUON_SCALE, MUON_START, MUON_STEP
from fastnn.ops.optimizer import ADAM_STEP, run_tensor, variable_part
from fastnn.optimizers.moments import one_minus_power
from fastnn.optimizers.optimizer import Optimizer
from fastnn.program.tensor import Node, Tensor
from fastnn.program.variable import Variable


class Muon(Optimizer):
    """Momentum whose matrices are made orthogonal before they are applied; AdamW for what is no
    matrix.

    For a weight with two axes::

        m ← μ m + g
        x = g + μ m      (nesterov), else m
        x ← x / (‖x‖ + 1e-7)
        x ← a x + (b A + c A²) x,   A = x xᵀ        ``ns_steps`` times
        w ← w - η s x,   s = ``rms_rate`` √max(rows, columns)

    w: a parameter; g: its gradient; η: ``learning_rate``; μ: ``momentum``; a, b, c: ``muon_a``,
    ``muon_b``, ``muon_c``, of a Newton-Schulz iteration that moves all singular values of x to
    about 1; m: the slot ``momentum``, first 0. s is 1 where ``rms_rate`` is None.

    Every other weight (biases, embeddings, excluded layers) is updated by ``AdamW`` with the slots
    ``momentum`` and ``velocity`` and the learning rate η · ``adam_lr_ratio``.

    Parameters
    ----------
    learning_rate : η ≥ 0, 0.001 by default.
    adam_beta_1, adam_beta_2 : β₁, β₂ of AdamW, in [0, 1), 0.9 and 0.999 by default.
    adam_weight_decay : weight decay of what AdamW updates, 0.004 by default; None is none.
    epsilon : AdamW's, ≥ 0, 1e-7 by default: see ``Adam`` for *which* epsilon it is.
    weight_decay : of the matrices, decoupled, 0.004 by default; None is none.
    exclude_layers : regular expressions; a weight in whose path one is found is AdamW's. The last
        layer belongs there: ``exclude_layers=["output"]``, if that is its name.
    exclude_embeddings : whether weights with "embedding" in their path are AdamW's; True by
        default.
    muon_a, muon_b, muon_c : numbers, 3.4445, -4.775 and 2.0315 by default.
    adam_lr_ratio : number ≥ 0, 1 by default.
    momentum : μ in [0, 1), 0.95 by default.
    ns_steps : rounds of Newton-Schulz, at least 1, 5 by default.
    nesterov : True by default.
    rms_rate : number ≥ 0 or None, 0.2 by default: makes moves as large as AdamW's.
    name, … : see ``Optimizer``.

    Raises
    ------
    ArgumentError : if an argument is out of its range.

    Examples
    --------
    >>> optimizer = Muon(learning_rate=0.002, exclude_layers=["output"])
    >>> optimizer.slots()
    ('momentum', 'velocity')

    References
    ----------
    Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024. Liu et al.,
    "Muon is scalable for LLM training", 2025, for ``rms_rate``.

    Notes
    -----
    As in Keras. PyTorch's Muon has ``lr=1e-3``, ``weight_decay=0.1`` and (1 - μ) g in m, and
    refuses what is no matrix. A round costs about three products as large as the layer's own on a
    batch of min(rows, columns) samples; threads share them.
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float | None = 0.004,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        exclude_layers: Sequence[str] | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.7750,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1.0,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
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
        self.adam_beta_1: float = arguments.number("Muon", "adam_beta_1", adam_beta_1, "[0, 1)")
        self.adam_beta_2: float = arguments.number("Muon", "adam_beta_2", adam_beta_2, "[0, 1)")
        self.adam_weight_decay: float | None = _number_or_none(
            "adam_weight_decay", adam_weight_decay
        )
        self.epsilon: float = arguments.number("Muon", "epsilon", epsilon, "[0, inf)")
        self.exclude_layers: list[str] = _patterns(exclude_layers)
        self.exclude_embeddings: bool = arguments.flag(
            "Muon", "exclude_embeddings", exclude_embeddings
        )
        self.muon_a: float = arguments.number("Muon", "muon_a", muon_a, "(-inf, inf)")
        self.muon_b: float = arguments.number("Muon", "muon_b", muon_b, "(-inf, inf)")
        self.muon_c: float = arguments.number("Muon", "muon_c", muon_c, "(-inf, inf)")
        self.adam_lr_ratio: float = arguments.number(
            "Muon", "adam_lr_ratio", adam_lr_ratio, "[0, inf)"
        )
        self.momentum: float = arguments.number("Muon", "momentum", momentum, "[0, 1)")
        self.ns_steps: int = arguments.integer("Muon", "ns_steps", ns_steps, 1)
        self.nesterov: bool = arguments.flag("Muon", "nesterov", nesterov)
        self.rms_rate: float | None = _number_or_none("rms_rate", rms_rate)

    def slots(self) -> tuple[str, ...]:
        """``("momentum", "velocity")``; the second is AdamW's alone."""
        return ("momentum", "velocity")

    def slot_shape(self, slot: str, variable: Variable) -> tuple[int, ...] | None:
        """The variable's own; a matrix has no velocity."""
        return variable.shape if slot == "momentum" or self.by_adam(variable) else None

    def by_adam(self, variable: Variable) -> bool:
        """Whether AdamW updates the variable."""
        if len(variable.shape) != 2:
            return True
        if self.exclude_embeddings and "embedding" in variable.path.lower():
            return True
        return any(re.search(pattern, variable.path) for pattern in self.exclude_layers)

    def decay_of(self, variable: Variable) -> float:
        """The weight decay of the variable: Muon's or AdamW's."""
        decay = self.adam_weight_decay if self.by_adam(variable) else self.weight_decay
        return decay or 0.0 if self.decays(variable) else 0.0

    def joins(self, first: Variable, second: Variable) -> bool:
        """Where AdamW updates both alike."""
        return self.by_adam(first) and self.by_adam(second) and super().joins(first, second)

    def update(
        self, w: Tensor, g: Tensor, slots: Mapping[str, Tensor], *, weight_decay: float
    ) -> Node | list[Node]:
        """Nodes of ``muon_start`` to ``muon_step``, or a node of ``adam_step``."""
        variables = w.region.variables
        if self.by_adam(variables[0]):
            attributes: dict[str, Any] = {
                "weight_decay": weight_decay,
                "beta_1": self.adam_beta_1,
                "beta_2": self.adam_beta_2,
                "epsilon": self.epsilon,
            }
            return ADAM_STEP.node((w, g, slots["momentum"], slots["velocity"]), attributes, [])
        longest = math.sqrt(max(variables[0].shape))
        scale = 1.0 if self.rms_rate is None else longest * self.rms_rate
        w, g, m = (variable_part(t) for t in (w, g, slots["momentum"]))
        return self._orthogonal(w, g, m, {"weight_decay": weight_decay, "scale": scale})

    def _orthogonal(self, w: Tensor, g: Tensor, m: Tensor, move: Mapping[str, float]) -> list[Node]:
        """The nodes that update a matrix; they work on a tall x, which is transposed for it."""
        rows, cols = w.region.variables[0].shape
        turned, small, large = rows < cols, min(rows, cols), max(rows, cols)

        def scratch(name: str, *shape: int) -> Tensor:
            """A part of an array as large as w that is kept for no one."""
            return Tensor(shape, w.dtype, region=run_tensor(f"scratch:{name}", (variable,)).region)

        (variable,) = w.region.variables
        x, y = scratch("x", large, small), scratch("product", large, small)
        gram, mixed = scratch("gram", small, small), scratch("mixed", small, small)
        lengths = scratch("lengths", rows, cols)
        begin = {"momentum": self.momentum, "nesterov": self.nesterov, "turned": turned}

        def product(to: Tensor, p: Tensor, q: Tensor, z: Tensor, factor: float, own: float) -> Node:
            attributes = {"factor": factor, "own": own, "turned": to is gram}
            return MUON_PRODUCT.node((to, p, q, z), attributes, [])

        nodes = [
            MUON_START.node((m, g, x, lengths), begin, []),
            MUON_SCALE.node((x, lengths), {}, []),
        ]
        for _ in range(self.ns_steps):
            nodes += [
                product(gram, x, x, gram, 1.0, 0.0),
                product(mixed, gram, gram, gram, self.muon_c, self.muon_b),
                product(y, x, mixed, x, 1.0, self.muon_a),
            ]
            x, y = y, x
        return [*nodes, MUON_STEP.node((w, x), {**move, "turned": turned}, [])]

    def control(self, first_step: int, count: int) -> NDArray[np.float64]:
        """Rows (η, AdamW's s1, 0) for t = first_step + 1, …"""
        rows = super().control(first_step, count)
        t = np.arange(first_step + 1, first_step + count + 1, dtype=np.float64)
        root = np.sqrt(one_minus_power(self.adam_beta_2, t))
        rows[:, 1] = self.adam_lr_ratio * rows[:, 0] * root / one_minus_power(self.adam_beta_1, t)
        return rows

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal optimizer, as plain data."""
        return {
            **super().get_config(),
            "adam_beta_1": self.adam_beta_1,
            "adam_beta_2": self.adam_beta_2,
            "epsilon": self.epsilon,
            "exclude_layers": list(self.exclude_layers),
            "muon_a": self.muon_a,
            "muon_b": self.muon_b,
            "muon_c": self.muon_c,
            "adam_lr_ratio": self.adam_lr_ratio,
            "momentum": self.momentum,
            "ns_steps": self.ns_steps,
            "nesterov": self.nesterov,
            "exclude_embeddings": self.exclude_embeddings,
            "adam_weight_decay": self.adam_weight_decay,
            "rms_rate": self.rms_rate,
        }


def _number_or_none(name: str, value: float | None) -> float | None:
    """A number of at least 0, or None."""
    return None if value is None else arguments.number("Muon", name, value, "[0, inf)")


def _patterns(value: Sequence[str] | None) -> list[str]:
    """The regular expressions of ``exclude_layers``."""
    if value is None:
        return []
    patterns = arguments.several("Muon", "exclude_layers", value, "strings")
    if not all(isinstance(text, str) for text in patterns):
        raise ArgumentError(
            f"Muon: received exclude_layers={value!r}, expected a list of strings. Pass "
            "exclude_layers=['output'], say."
        )
    return patterns
