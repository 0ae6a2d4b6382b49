"""What an optimizer does round its update, as Keras does it and in that order: the gradients of
several steps are averaged, clipped, then comes the update with its weight decay, then the running
average of the weights. (Constraints follow; ``fastnn/training/programs.py`` adds them.)

Without any of it nothing is added to a Program, and gradients may stay inside fused steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fastnn.ops import gradient as ops
from fastnn.ops.elementwise import clip
from fastnn.ops.optimizer import Run, run_tensor
from fastnn.ops.penalty import square_sum
from fastnn.program.tensor import Node, Tensor
from fastnn.program.variable import Variable

if TYPE_CHECKING:
    from fastnn.optimizers.optimizer import Optimizer

# slots that belong to no rule
KEPT, AVERAGE = "kept_gradient", "weight_average"


def processed(
    optimizer: Optimizer, gradients: Mapping[Variable, Tensor]
) -> tuple[dict[Variable, Tensor], list[Node]]:
    """The gradients that the update sees, and the nodes that keep what later steps need."""
    found, roots = dict(gradients), []
    every = optimizer.update_every
    if every > 1:
        for variable, g in found.items():
            kept = _slot(KEPT, variable)
            found[variable] = ops.accumulate_gradient(g, kept, every)
            roots.append(ops.keep_gradient(kept, found[variable], every))
    if optimizer.clipnorm:
        for variable, g in found.items():
            found[variable] = ops.clip_by_norm(g, square_sum([g]), optimizer.clipnorm, every)
    elif optimizer.global_clipnorm:
        squares = square_sum(list(found.values()))
        for variable, g in found.items():
            found[variable] = ops.clip_by_norm(g, squares, optimizer.global_clipnorm, every)
    elif optimizer.clipvalue:
        limit = optimizer.clipvalue
        found = {variable: clip(g, -limit, limit) for variable, g in found.items()}
    return found, roots


def averages(optimizer: Optimizer, runs: Sequence[Sequence[Variable]]) -> list[Node]:
    """The nodes that move the averages of contiguous runs of weights, after the update."""
    if not optimizer.use_ema:
        return []
    return [
        ops.average_weights(
            run_tensor("parameters", run),
            run_tensor(f"slot:{AVERAGE}", run),
            momentum=optimizer.ema_momentum,
            frequency=optimizer.ema_overwrite_frequency or 0,
            every=optimizer.update_every,
        )
        for run in runs
    ]


def _slot(name: str, variable: Variable) -> Tensor:
    """What a slot holds for one variable."""
    return Tensor(variable.shape, variable.dtype, region=Run(f"slot:{name}", (variable,)))
