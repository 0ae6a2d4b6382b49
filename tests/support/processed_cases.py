"""Rows of ``cases.py`` for the steps that clip their gradient and average their weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastnn.ops.gradient import PROCESSED_STEPS
from fastnn.program.tensor import Node
from tests.support import magnitudes
from tests.support.gradient_steps import VARIANTS
from tests.support.magnitudes import Array, Arrays
from tests.support.one_op import Bench
from tests.support.tolerances import rounded

# name, norm, momentum of the average, how often it overwrites the weights
ROUND: list[tuple[str, float | None, float | None, int]] = [
    ("clipped averaged", 0.3, 0.9, 0),
    ("clipped overwritten", 0.3, 0.9, 2),
    ("short enough", 1e9, None, 0),
    ("averaged", None, 0.99, 3),
]


def build(
    step: str,
    slots: tuple[str, ...],
    attributes: dict[str, Any],
    *around: Any,
) -> Callable[[Bench], Node]:
    norm, average, frequency = around
    options = {**attributes, "norm": norm, "average": average, "frequency": frequency}

    def made(b: Bench) -> Node:
        b.steps(4)
        kinds = ["parameters", "gradients", *(f"slot:{name}" for name in slots)]
        operands = b.run_of(*kinds, *["slot:average"] * (average is not None))
        if norm is not None:
            squares = b.fixed(low=0.1, dtype="float64")
            operands.insert(len(kinds), squares)
        return PROCESSED_STEPS[step].node(operands, options, [])

    return made


def size(averaged: bool) -> Callable[[Arrays, Arrays], list[Array]]:
    """A step's, and for the averages also the weights that flow in."""

    def magnitude(inputs: Arrays, results: Arrays) -> list[Array]:
        found = magnitudes.update(inputs, results)
        if averaged:
            found[-1] = found[-1] + np.abs(results[-1]) + found[0]
            found[0] = found[0] + found[-1]  # which may overwrite the weights
        return found

    return magnitude


ROWS: list[dict[str, Any]] = [
    {
        "op": f"processed_{made.step}",
        "variant": f"{name} {around[0]}".strip(),
        "build": build(made.step, made.slots, made.attributes, *around[1:]),
        "family": rounded(64),
        "magnitude": size(around[2] is not None),
    }
    for (gradient, step, name), made in VARIANTS.items()
    if gradient == "dense_dw" and name != "rank 3"
    for around in (ROUND if step == "adam_step" and not name else ROUND[:1])
]
