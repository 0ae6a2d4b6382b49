"""What happens to a gradient before the optimizer's step, and to the weights after it.

===================  ===========================================================================
clip_by_norm         y = g · c / √s where √s > c, else g; s the sum of squares
accumulate_gradient  y = acc + g, divided by k in every k-th step
keep_gradient        acc = y, or 0 in every k-th step: in place
average_weights      avg = m·avg + (1-m)·w, then w = avg in every f-th update: in place; in the
                     first k steps avg = w
===================  ===========================================================================

k: ``every``, the steps between two updates (1 without accumulation); in the other steps
``clip_by_norm`` changes nothing. Which step it is stands in the control row. The first two work in
place on g where nobody else reads g (``program/memory.py``).
"""

from __future__ import annotations

from collections.abc import Sequence

from fastnn.ops.contract import TILE, Op, define
from fastnn.ops.optimizer import FUSED_STEPS, GRAIN
from fastnn.ops.penalty import elements
from fastnn.program.tensor import Node, Size, Tensor


def _every(node: Node) -> Sequence[int]:
    return (int(node.attributes["every"]),)


CLIP_BY_NORM = define(
    "clip_by_norm",
    "y = sqrt(s) > c ? g*c/sqrt(s) : g",
    TILE,
    integers=_every,
    floats=lambda node: (float(node.attributes["norm"]),),
    subject=elements,
    grain=GRAIN,
    in_place=0,
)
ACCUMULATE_GRADIENT = define(
    "accumulate_gradient",
    "y = acc + g; every k-th step y /= k",
    TILE,
    integers=_every,
    subject=elements,
    flops=lambda node: 2.0,
    grain=GRAIN,
    in_place=0,
)
KEEP_GRADIENT = define(
    "keep_gradient",
    "acc = every k-th step ? 0 : y",
    TILE,
    integers=_every,
    subject=elements,
    effect=True,
    grain=GRAIN,
)
AVERAGE_WEIGHTS = define(
    "average_weights",
    "avg = m*avg + (1-m)*w; every f-th update w = avg",
    TILE,
    integers=lambda node: (*_every(node), int(node.attributes["frequency"])),
    floats=lambda node: (float(node.attributes["momentum"]),),
    subject=elements,
    flops=lambda node: 3.0,
    effect=True,
    grain=GRAIN,
)


def _processed_step(step: Op) -> Op:
    """A step with what stands round it. Operands: the step's, the sum of squares if g is clipped,
    the averages if there are any.
    """

    def integers(node: Node) -> Sequence[int]:
        flags = (node.attributes[name] is not None for name in ("norm", "average"))
        return (*step.integers(node), *map(int, flags), int(node.attributes["frequency"]))

    def floats(node: Node) -> Sequence[float]:
        return (*step.floats(node), *(node.attributes[name] or 0.0 for name in ("norm", "average")))

    def flops(node: Node) -> float:
        update = step.flops(node)
        assert not isinstance(update, Size)
        return update + 4.0

    return define(
        f"processed_{step.name}",
        f"{step.formula} of a clipped g; avg = m*avg + (1-m)*w",
        TILE,
        integers=integers,
        floats=floats,
        effect=True,
        grain=GRAIN,
        flops=flops,
    )


PROCESSED_STEPS = {step.name: _processed_step(step) for step in FUSED_STEPS}


def clip_by_norm(g: Tensor, squares: Tensor, norm: float, every: int) -> Tensor:
    """g, shortened so that the root of ``squares`` becomes ``norm``."""
    attributes = {"norm": norm, "every": every}
    return CLIP_BY_NORM.node((g, squares), attributes, [(g.shape, g.dtype)]).output


def accumulate_gradient(g: Tensor, kept: Tensor, every: int) -> Tensor:
    """The sum of g and what was kept, in a step that updates the mean."""
    inputs, attributes = (g, kept), {"every": every}
    return ACCUMULATE_GRADIENT.node(inputs, attributes, [(g.shape, g.dtype)]).output


def keep_gradient(kept: Tensor, g: Tensor, every: int) -> Node:
    """Keep a sum of gradients for the next step; a root."""
    return KEEP_GRADIENT.node((kept, g), {"every": every}, [])


def average_weights(
    w: Tensor, average: Tensor, *, momentum: float, frequency: int, every: int
) -> Node:
    """Move the average of a run of weights, and perhaps overwrite them by it; a root."""
    attributes = {"momentum": momentum, "frequency": frequency, "every": every}
    return AVERAGE_WEIGHTS.node((w, average), attributes, [])
