"""For the cases of ``cases.py``: the optimizer steps that are not fused with a weight gradient,
those that look at a whole variable, and the perceptron's rule.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.ops import layerwise, optimizer
from fastnn.ops.contract import Op
from fastnn.ops.perceptron import perceptron_pass
from fastnn.program.tensor import Node
from tests.support import magnitudes
from tests.support.magnitudes import Array, Arrays, Magnitude
from tests.support.one_op import Bench


def roots(inputs: Arrays, results: Arrays) -> list[Array]:
    """``update`` for a step whose own size is the root of a slot: u and v of adadelta."""
    sizes = magnitudes.update(inputs, results)
    move = np.abs(results[0] - inputs[0])
    sizes[0] = sizes[0] + 8 * move
    sizes[3] = sizes[3] + 64 * np.abs(results[3])
    return sizes


def leader(inputs: Arrays, results: Arrays) -> list[Array]:
    """Of ftrl: the difference of the powers cancels, and all of it is divided by the learning rate,
    0.025 and more in a bench.
    """
    w, g, n, z = (np.abs(array) for array in inputs)
    total = n + results[2] + 4 * g * g
    weight = np.abs(w) + np.abs(results[0])
    power = np.maximum(np.sqrt(total), total**0.3)
    linear = z + np.abs(results[3]) + g + weight + power / 0.025 * weight
    quotient = np.minimum(np.sqrt(results[2]), results[2] ** 0.3) / 0.1 + 0.02
    return [8 * weight + 8 * linear / quotient, g, 4 * total, 8 * linear]


_BETAS = {"beta_1": 0.9, "beta_2": 0.99}
_FTRL = {"l1": 0.0, "l2": 0.01, "shrinkage": 0.0, "beta": 0.0}

# op, variant, slots, units of its roundings, sizes, attributes
ROWS: list[tuple[Op, str, tuple[str, ...], int, Magnitude, dict[str, Any]]] = [
    (optimizer.LION_STEP, "", ("m",), 16, magnitudes.update, {"weight_decay": 0.0, **_BETAS}),
    (optimizer.LION_STEP, "decay", ("m",), 16, magnitudes.update, {"weight_decay": 0.1, **_BETAS}),
    (
        *(optimizer.ADAGRAD_STEP, "", ("v",), 16, magnitudes.update),
        {"weight_decay": 0.0, "epsilon": 1e-7},
    ),
    (
        *(optimizer.ADAGRAD_STEP, "decay", ("v",), 16, magnitudes.update),
        {"weight_decay": 0.1, "epsilon": 1e-3},
    ),
    (
        *(optimizer.ADADELTA_STEP, "", ("v", "u"), 40, roots),
        {"weight_decay": 0.0, "rho": 0.9, "epsilon": 1e-3},
    ),
    (
        *(optimizer.ADADELTA_STEP, "decay", ("v", "u"), 40, roots),
        {"weight_decay": 0.1, "rho": 0.95, "epsilon": 1e-3},
    ),
    *(
        (op, name, slots, 24, magnitudes.update, {"weight_decay": decay, **_BETAS, "epsilon": 1e-7})
        for op, slots in (
            (optimizer.AMSGRAD_STEP, ("m", "v", "u")),
            (optimizer.ADAMAX_STEP, ("m", "u")),
            (optimizer.NADAM_STEP, ("m", "v")),
        )
        for name, decay in (("", 0.0), ("decay", 0.1))
    ),
    (
        *(optimizer.FTRL_STEP, "", ("v", "z"), 40, leader),
        {"weight_decay": 0.0, "power": 0.5, **_FTRL},
    ),
    (
        *(optimizer.FTRL_STEP, "all", ("v", "z"), 40, leader),
        {
            **{"weight_decay": 0.1, "power": 0.3, "l1": 0.1, "l2": 0.01},
            **{"shrinkage": 0.05, "beta": 0.1},
        },
    ),
]


def whole(inputs: Arrays, results: Arrays) -> list[Array]:
    """Of Lamb and Adafactor: quotients of norms, and of g by roots of small means."""
    sizes = magnitudes.update(inputs, results)
    moved = np.abs(results[0] - inputs[0])
    sizes[0] = sizes[0] + 8 * moved.max(initial=0.0) + 8 * moved
    return [sizes[0], *(4 * size + 1e-30 for size in sizes[1:])]


def orthogonal(inputs: Arrays, results: Arrays) -> list[Array]:
    """Of Muon: a round multiplies what is small by up to 3.5, and sums over a side of the
    matrix.
    """
    side = max(inputs[0].shape) if inputs[0].ndim else 1
    grown = 8.0 * (side + 4) * (1.0 + max(float(np.abs(r).max(initial=0.0)) for r in results[3:]))
    sizes = magnitudes.update(inputs, results)
    return [sizes[0] + grown, *sizes[1:3], *(np.full(r.shape, 8 * grown) for r in results[3:])]


def perceptron(b: Bench) -> Node:
    """Weights, a bias, and samples of the two classes."""
    b.steps(2)
    w, bias = b.run_of("parameters", "slot:bias", shape=(b.size,))
    labels = b.random.integers(0, 2, (b.n + 3, 1)).astype(b.dtype)
    return perceptron_pass(w, bias, b.rows(b.size), b.gathered(labels[: b.n], (1,)))


def learned(inputs: Arrays, results: Arrays) -> list[Array]:
    """Sums of as many steps as there are samples, twice."""
    w, bias, x, y = inputs
    reach = 0.2 * (1 + np.abs(x).max(initial=0.0)) * len(y)
    return [np.abs(w) + np.abs(results[0]) + reach, np.abs(bias) + 0.2 * len(y) + 1, x, y]


_MUON = {"momentum": 0.9, "a": 3.4445, "b": -4.775, "c": 2.0315, "scale": 0.5}
_ADAFACTOR = {"epsilon_1": 1e-30, "epsilon_2": 1e-3, "clip": 1.0}
_SCRATCH = tuple(f"scratch:{name}" for name in ("x", "product", "gram", "mixed"))

# op, variant, slots, units of its roundings, sizes, attributes; of one variable, by its shape
WHOLE_ROWS: list[tuple[Op, str, tuple[str, ...], int, Magnitude, dict[str, Any]]] = [
    *(
        (
            *(layerwise.LAMB_STEP, name, ("slot:m", "slot:v"), 80, whole),
            {"weight_decay": decay, **_BETAS, "epsilon": 1e-3},
        )
        for name, decay in (("", 0.0), ("decay", 0.1))
    ),
    (
        *(layerwise.ADAFACTOR_STEP, "matrix", ("slot:v", "slot:u"), 80, whole),
        {"weight_decay": 0.0, **_ADAFACTOR, "rows": -1},
    ),
    (
        *(layerwise.ADAFACTOR_STEP, "vector decay", ("slot:v",), 80, whole),
        {"weight_decay": 0.1, **_ADAFACTOR, "rows": 0},
    ),
    (
        *(layerwise.MUON_STEP, "", ("slot:m", *_SCRATCH), 64, orthogonal),
        {"weight_decay": 0.0, **_MUON, "nesterov": True, "rounds": 2},
    ),
    (
        *(layerwise.MUON_STEP, "decay", ("slot:m", *_SCRATCH), 64, orthogonal),
        {"weight_decay": 0.1, **_MUON, "nesterov": False, "rounds": 1},
    ),
]


def whole_variable(op: Op, kinds: tuple[str, ...], attributes: dict[str, Any]) -> Any:
    """A case's build: a matrix, or a vector where there are no rows."""

    def build(b: Bench) -> Node:
        b.steps(2)
        shape = (b.size,) if attributes.get("rows") == 0 else (b.size, b.other)
        found = {**attributes, "rows": b.size} if attributes.get("rows") == -1 else attributes
        return op.node(b.run_of("parameters", "gradients", *kinds, shape=shape), found, [])

    return build
