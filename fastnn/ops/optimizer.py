"""Optimizer updates, in place, elementwise over a contiguous run of parameters.

w, g: a run of parameters and of their gradients; m, v, …: the same run of the optimizer's slots.
The learning rate and what depends on the step (``s1``) come from the step's control row. Weight
decay, where it is not 0, is decoupled and comes first: w -= learning_rate · weight_decay · w.

=============  =================================================================================
sgd_step       w -= lr g
momentum_step  m = momentum m - lr g;  w += m, or with nesterov w += momentum m - lr g
adam_step      m += (1-β1)(g - m);  v += (1-β2)(g² - v);  w -= s1 m / (√v + ε),
               s1 = lr √(1-β2^t)/(1-β1^t)
rmsprop_step   v = ρ v + (1-ρ) g²;  d = v, or centered: a = ρ a + (1-ρ) g, d = v - a²;
               u = lr g / √(d + ε);  w -= u, or with momentum: b = momentum b + u, w -= b
=============  =================================================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastnn.ops.contract import TILE, Op, define
from fastnn.program.tensor import Node, Tensor
from fastnn.program.variable import Variable

# 4,096 elements a tile: 64 kB of w, g, m and v in float32, half of a small L2
GRAIN = 4096


@dataclass(frozen=True)
class Run:
    """A contiguous run of storage: ``kind`` is parameters, gradients or slot:NAME."""

    kind: str
    variables: tuple[Variable, ...]

    @property
    def count(self) -> int:
        """Number of elements, padding between variables included."""
        first, last = self.variables[0], self.variables[-1]
        return (last.offset + last.nbytes - first.offset) // (last.nbytes // last.size)


def _attribute(*names: str) -> Any:
    def floats(node: Node) -> Sequence[float]:
        return [float(node.attributes[name]) for name in names]

    return floats


SGD_STEP = define(
    "sgd_step", "w -= lr*g", TILE, floats=_attribute("weight_decay"), effect=True, grain=GRAIN
)
MOMENTUM_STEP = define(
    "momentum_step",
    "m = momentum*m - lr*g; w += nesterov ? momentum*m - lr*g : m",
    TILE,
    integers=lambda node: (int(node.attributes["nesterov"]),),
    floats=_attribute("weight_decay", "momentum"),
    effect=True,
    grain=GRAIN,
    flops=lambda node: 4.0,
)
ADAM_STEP = define(
    "adam_step",
    "m += (1-b1)*(g-m); v += (1-b2)*(g*g-v); w -= s1*m/(sqrt(v)+eps)",
    TILE,
    floats=_attribute("weight_decay", "beta_1", "beta_2", "epsilon"),
    effect=True,
    grain=GRAIN,
    flops=lambda node: 12.0,
)
RMSPROP_STEP = define(
    "rmsprop_step",
    "v = rho*v + (1-rho)*g*g; w -= lr*g/sqrt(v + eps)",
    TILE,
    integers=lambda node: (
        int(node.attributes["centered"]),
        int(node.attributes["momentum"] > 0),
    ),
    floats=_attribute("weight_decay", "rho", "epsilon", "momentum"),
    effect=True,
    grain=GRAIN,
    flops=lambda node: 12.0,
)
STEPS = (SGD_STEP, MOMENTUM_STEP, ADAM_STEP, RMSPROP_STEP)
UPDATES = tuple(op.name for op in STEPS)


def is_update(op: Op) -> bool:
    """Whether an op changes variables: an optimizer's step, alone or fused with what makes the
    gradient, or an ``assign``.
    """
    return op.name.endswith(UPDATES) or op.name == "assign"


def run_tensor(kind: str, variables: Sequence[Variable]) -> Tensor:
    """The tensor that stands for a run of storage."""
    run = Run(kind, tuple(variables))
    return Tensor((run.count,), variables[0].dtype, region=run)
