"""For the cases of ``cases.py``: the fused ops of a weight gradient and an optimizer's step, in
every variant of the step. An error of the gradient goes through the step, which may make it
larger or smaller: the bound is what the reference's step makes of a gradient that is off by the
gradient's own bound.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from fastnn.backends.numpy_ref.executor import find_function
from fastnn.ops.dense import GRADIENT_STEPS
from fastnn.program.tensor import Node
from tests.support import magnitudes
from tests.support.magnitudes import Array, Arrays
from tests.support.one_op import Bench, gradient_step
from tests.support.tolerances import DOUBLE_SUM, REDUCTION, Family, rounded

GRADIENTS = {"dense_dw": REDUCTION, "dense_db": DOUBLE_SUM}


@dataclass(frozen=True)
class Variant:
    """A fused op with one set of attributes.

    Attributes
    ----------
    gradient, step : names of the ops that it is made of.
    family : of the step's own roundings.
    slots, attributes : of the step.
    lead : axes between the batch and the features.
    """

    gradient: str
    step: str
    family: Family
    slots: tuple[str, ...] = ()
    attributes: dict[str, Any] = field(default_factory=dict)
    lead: tuple[int, ...] = ()

    @property
    def given(self) -> int:
        """How many operands the gradient is made of; the weights follow."""
        return 2 if self.gradient == "dense_dw" else 1

    def build(self, b: Bench) -> Node:
        """The inputs and the node."""
        b.steps(4)
        sizes = (b.size, b.other)[: self.given]
        rows = [b.rows(*self.lead, size) for size in sizes]
        kinds = ("parameters", *(f"slot:{name}" for name in self.slots))
        parts = b.run_of(*kinds, shape=sizes)
        op = GRADIENT_STEPS[self.gradient, self.step]
        return op.node([*rows, *parts], self.attributes, [])

    def bounds(self, bench: Bench, node: Node, reference: Arrays, found: Arrays) -> list[Array]:
        """The allowed error of each operand after the steps."""
        dtype = found[0].dtype.name
        inputs = [bench.value(t).astype(np.float64) for t in node.inputs]
        rows, parts = inputs[: self.given], inputs[self.given :]
        make: Callable[..., Array] | None = find_function(self.gradient)
        assert make is not None
        shape = parts[0].shape
        exact = make(None, *rows).reshape(shape)
        terms = rows[0].size // rows[0].shape[-1]
        size = make(None, *map(np.abs, rows)).reshape(shape)
        shift = GRADIENTS[self.gradient].bound(dtype, size, terms)
        ends = reference[self.given :]
        first, *rest = magnitudes.update([parts[0], exact, *parts[1:]], [ends[0], exact, *ends[1:]])
        allowed = [self.family.bound(dtype, size, 1) for size in (first, *rest[1:])]
        for sign in (-1, 1):
            function = gradient_step(self.gradient, self.step, sign * shift)
            moved = bench.reference(node, "float64", function=function)[self.given :]
            for bound, a, b in zip(allowed, moved, ends, strict=True):
                bound += 2 * np.abs(a - b)  # 2: the largest change need not be at an end
        return [*(np.zeros(array.shape) for array in rows), *allowed]


_ADAM = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}
_RMSPROP = {"rho": 0.9, "epsilon": 1e-7}

# step, variant, units of the step's roundings, slots, attributes
_STEPS: list[tuple[str, str, int, tuple[str, ...], dict[str, Any]]] = [
    ("sgd_step", "", 8, (), {"weight_decay": 0.0}),
    ("sgd_step", "decay", 8, (), {"weight_decay": 0.1}),
    ("momentum_step", "", 16, ("m",), {"weight_decay": 0.0, "momentum": 0.9, "nesterov": False}),
    (
        "momentum_step",
        "nesterov decay",
        16,
        ("m",),
        {"weight_decay": 0.1, "momentum": 0.9, "nesterov": True},
    ),
    ("adam_step", "", 24, ("m", "v"), {"weight_decay": 0.0, **_ADAM}),
    ("adam_step", "decay", 24, ("m", "v"), {"weight_decay": 0.1, **_ADAM}),
    *(
        (
            "rmsprop_step",
            name,
            24,
            slots,
            {"weight_decay": decay, "centered": centered, "momentum": momentum, **_RMSPROP},
        )
        for name, decay, centered, momentum, slots in (
            ("", 0.0, False, 0.0, ("v",)),
            ("decay", 0.1, False, 0.0, ("v",)),
            ("momentum", 0.0, False, 0.9, ("v", "mom")),
            ("centered", 0.0, True, 0.0, ("v", "avg")),
            ("centered momentum", 0.0, True, 0.9, ("v", "avg", "mom")),
        )
    ),
]

VARIANTS = {
    (gradient, step, name): Variant(gradient, step, rounded(units), slots, attributes)
    for gradient in GRADIENTS
    for step, name, units, slots, attributes in _STEPS
}
for _name in GRADIENTS:
    VARIANTS[_name, "adam_step", "rank 3"] = replace(VARIANTS[_name, "adam_step", ""], lead=(7,))
