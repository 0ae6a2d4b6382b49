"""Rows of ``cases.py`` for penalties and for what happens to gradients and weights round an
update: see there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastnn.ops import gradient, penalty
from fastnn.program.tensor import Node, Tensor
from tests.support.magnitudes import Array, Arrays
from tests.support.one_op import Bench
from tests.support.tolerances import DOUBLE_SUM, EXACT, rounded


def _node(tensor: Tensor) -> Node:
    assert tensor.node is not None
    return tensor.node


def penalty_sums(l1: float, l2: float, *lead: int) -> Callable[[Bench], Node]:
    return lambda b: _node(penalty.penalty_sums(b.fixed(*lead, b.size), l1, l2))


def penalty_gradient(l1: float, l2: float, *, added: bool) -> Callable[[Bench], Node]:
    def build(b: Bench) -> Node:
        inputs = [b.fixed(b.size) for _ in range(1 + added)]
        attributes = {"l1": l1, "l2": l2}
        return penalty.PENALTY_GRADIENT.node(inputs, attributes, [((b.size,), b.dtype)])

    return build


def add_terms(b: Bench) -> Node:
    first = b.fixed(dtype="float64")
    return _node(penalty.add_terms(first, b.fixed(b.size)))


def clip_by_norm(norm: float, every: int) -> Callable[[Bench], Node]:
    def build(b: Bench) -> Node:
        b.steps(4)
        squares = b.fixed(low=0.1, dtype="float64")
        return _node(gradient.clip_by_norm(b.fixed(b.size), squares, norm, every))

    return build


def accumulate_gradient(every: int) -> Callable[[Bench], Node]:
    def build(b: Bench) -> Node:
        b.steps(4)
        return _node(gradient.accumulate_gradient(b.fixed(b.size), b.fixed(b.size), every))

    return build


def keep_gradient(every: int) -> Callable[[Bench], Node]:
    def build(b: Bench) -> Node:
        b.steps(4)
        _, kept, g = b.run_of("parameters", "slot:kept", "gradients")
        return gradient.keep_gradient(kept, g, every)

    return build


def average_weights(momentum: float, frequency: int, every: int) -> Callable[[Bench], Node]:
    def build(b: Bench) -> Node:
        b.steps(4)
        w, average = b.run_of("parameters", "slot:average")
        options = {"momentum": momentum, "frequency": frequency, "every": every}
        return gradient.average_weights(w, average, **options)  # type: ignore[arg-type]

    return build


def sum_of_sizes(inputs: Arrays, results: Arrays) -> Array | list[Array]:
    """The terms of each result: all inputs of its shape."""
    size = np.sum([np.abs(a) for a in inputs if a.shape == results[0].shape], axis=0)
    return [size] * len(results)


def slope_size(l1: float, l2: float) -> Any:
    def magnitude(inputs: Arrays, results: Arrays) -> Array:
        slope = l1 + 2 * l2 * np.abs(inputs[0])
        return slope + np.abs(inputs[1]) if len(inputs) > 1 else slope

    return magnitude


def all_terms(inputs: Arrays, results: Arrays) -> Array:
    return np.asarray(np.abs(inputs[0]) + np.abs(inputs[1]).sum())


ROWS: list[dict[str, Any]] = [
    *(
        {
            "op": "penalty_sums",
            "variant": variant,
            "build": penalty_sums(l1, l2, *lead),
            "family": DOUBLE_SUM,
            "terms": lambda inputs: inputs[0].size,
        }
        for variant, l1, l2, lead in (
            ("", 0.3, 0.7, ()),
            ("l1", 0.3, 0.0, ()),
            ("l2", 0.0, 0.7, ()),
            ("several chunks", 0.0, 1.0, (130,)),
        )
    ),
    *(
        {
            "op": "penalty_gradient",
            "variant": variant,
            "build": penalty_gradient(l1, l2, added=added),
            "family": rounded(8),
            "magnitude": slope_size(l1, l2),
        }
        for variant, l1, l2, added in (
            ("", 0.3, 0.7, True),
            ("l1", 0.3, 0.0, True),
            ("l2", 0.0, 0.7, True),
            ("alone", 0.3, 0.7, False),
        )
    ),
    {
        "op": "add_terms",
        "variant": "",
        "build": add_terms,
        "family": DOUBLE_SUM,
        "magnitude": all_terms,
        "terms": lambda inputs: inputs[1].size + 1,
    },
    {
        "op": "divide_by_rows",
        "variant": "",
        "build": lambda b: _node(penalty.divide_by_rows(b.fixed())),
        "family": rounded(2),
    },
    *(
        {
            "op": "clip_by_norm",
            "variant": variant,
            "build": clip_by_norm(norm, every),
            "family": rounded(4),
        }
        for variant, norm, every in (
            ("", 0.3, 1),
            ("short enough", 100.0, 1),
            ("in an update", 0.3, 2),
            ("between updates", 0.3, 3),
        )
    ),
    *(
        {
            "op": "accumulate_gradient",
            "variant": variant,
            "build": accumulate_gradient(every),
            "family": rounded(4),
            "magnitude": sum_of_sizes,
        }
        for variant, every in (("", 2), ("between updates", 3))
    ),
    *(
        {"op": "keep_gradient", "variant": variant, "build": keep_gradient(every)}
        for variant, every in (("", 3), ("in an update", 2))
    ),
    *(
        {
            "op": "average_weights",
            "variant": variant,
            "build": average_weights(0.9, frequency, every),
            "family": rounded(24),
            "magnitude": sum_of_sizes,
        }
        for variant, frequency, every in (("", 0, 1), ("overwrites", 2, 1), ("accumulates", 1, 2))
    ),
]
for row in ROWS:
    row.setdefault("family", EXACT)
