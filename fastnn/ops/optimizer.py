"""Optimizer updates, in place, elementwise over a contiguous run of parameters.

w, g: a run of parameters and of their gradients; m, v, …: the same run of the optimizer's slots.
The learning rate and what depends on the step (``s1``) come from the step's control row. Weight
decay, where it is not 0, is decoupled and comes first: w -= learning_rate · weight_decay · w.

=============  =================================================================================
sgd_step       w -= lr g
momentum_step  m = momentum m - lr g;  w += m, or with nesterov w += momentum m - lr g
adam_step      m += (1-β1)(g - m);  v += (1-β2)(g² - v);  w -= s1 m / (√v + ε),
               s1 = lr √(1-β2^t)/(1-β1^t)
lion_step      w -= lr sign(β1 m + (1-β1) g);  m = β2 m + (1-β2) g
adagrad_step   v += g²;  w -= lr g / √(v + ε)
adadelta_step  v = ρ v + (1-ρ) g²;  d = √(u + ε) g / √(v + ε);  u = ρ u + (1-ρ) d²;  w -= lr d
amsgrad_step   adam_step's m and v;  v̂ = max(v̂, v);  w -= s1 m / (√v̂ + ε)
adamax_step    adam_step's m;  u = max(β2 u, |g|);  w -= s1 m / (u + ε), s1 = lr/(1-β1^t)
nadam_step     adam_step's m and v;  w -= (s1 m + s2 g) / (√(s3 v) + ε)
ftrl_step      n' = n + g²;  z += g + 2 shrinkage w - (n'^p - n^p)/lr w;
               w = (clip(z, -l1, l1) - z) / ((n'^p + β)/lr + 2 l2)
rmsprop_step   v = ρ v + (1-ρ) g²;  d = v, or centered: a = ρ a + (1-ρ) g, d = v - a²;
               u = lr g / √(d + ε);  w -= u, or with momentum: b = momentum b + u, w -= b
=============  =================================================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastnn.ops.contract import TILE, Op, define
from fastnn.ops.layerwise import LAYERWISE
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


_BETAS = ("beta_1", "beta_2")


def _step(name: str, formula: str, *attributes: str) -> Op:
    """A step with weight decay and these float attributes."""
    floats = _attribute("weight_decay", *attributes)
    return define(
        name, formula, TILE, floats=floats, effect=True, grain=GRAIN, flops=lambda node: 12.0
    )


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
# What the fusion pass may put into the op of a weight gradient; the others stay steps of their own
FUSED_STEPS = (SGD_STEP, MOMENTUM_STEP, ADAM_STEP, RMSPROP_STEP)

LION_STEP = _step("lion_step", "w -= lr*sign(b1*m + (1-b1)*g); m = b2*m + (1-b2)*g", *_BETAS)
ADAGRAD_STEP = _step("adagrad_step", "v += g*g; w -= lr*g/sqrt(v + eps)", "epsilon")
ADADELTA_STEP = _step(
    "adadelta_step",
    "v = rho*v + (1-rho)*g*g; d = sqrt(u + eps)*g/sqrt(v + eps); w -= lr*d; u = the mean of d*d",
    "rho",
    "epsilon",
)
AMSGRAD_STEP = _step(
    "amsgrad_step", "adam_step with max(v_hat, v) in the place of v", *_BETAS, "epsilon"
)
ADAMAX_STEP = _step(
    "adamax_step",
    "m += (1-b1)*(g-m); u = max(b2*u, abs(g)); w -= s1*m/(u + eps)",
    *_BETAS,
    "epsilon",
)
NADAM_STEP = _step(
    "nadam_step", "adam_step's m and v; w -= (s1*m + s2*g)/(sqrt(s3*v) + eps)", *_BETAS, "epsilon"
)
FTRL_STEP = define(
    "ftrl_step",
    "z += g + 2*shrinkage*w - (n'^p - n^p)/lr*w; w = (clip(z) - z)/((n'^p + beta)/lr + 2*l2)",
    TILE,
    integers=lambda node: (int(node.attributes["power"] == 0.5),),
    floats=lambda node: [
        node.attributes[name] * factor
        for name, factor in (
            *(("weight_decay", 1.0), ("power", 1.0), ("l1", 1.0)),
            *(("l2", 2.0), ("shrinkage", 2.0), ("beta", 1.0)),
        )
    ],
    effect=True,
    grain=GRAIN,
    flops=lambda node: 20.0,
)
STEPS = (
    *FUSED_STEPS,
    *(LION_STEP, ADAGRAD_STEP, ADADELTA_STEP, AMSGRAD_STEP, ADAMAX_STEP, NADAM_STEP, FTRL_STEP),
)
UPDATES = tuple(op.name for op in (*STEPS, *LAYERWISE))


def is_step(op: Op) -> bool:
    """Whether an op is an optimizer's step, alone or fused with what makes the gradient."""
    return op.name.endswith(UPDATES)


def is_update(op: Op) -> bool:
    """Whether an op changes what other ops read, and so runs last: an optimizer's step, an
    ``assign``, or a sum of gradients that is kept.
    """
    return is_step(op) or op.name in ("assign", "keep_gradient")


def run_tensor(kind: str, variables: Sequence[Variable]) -> Tensor:
    """The tensor that stands for a run of storage."""
    run = Run(kind, tuple(variables))
    return Tensor((run.count,), variables[0].dtype, region=run)


def variable_part(tensor: Tensor) -> Tensor:
    """A run of one variable in the variable's shape."""
    (variable,) = tensor.region.variables
    return Tensor(variable.shape, variable.dtype, region=tensor.region)
