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


def sums(inputs: Arrays, results: Arrays) -> list[Array]:
    """Moments, and sums of squares of quotients of them."""
    sizes = magnitudes.update(inputs, results)
    return [8 * size + 8 * np.abs(r) + 1e-30 for size, r in zip(sizes, results, strict=True)]


def product(inputs: Arrays, results: Arrays) -> list[Array]:
    """Of a product: sums over the depth."""
    _, p, q, z = (np.abs(array) for array in inputs)
    depth = np.sum(p, axis=0).max(initial=0.0) + np.sum(p, axis=1).max(initial=0.0)
    size = np.abs(results[0]) + 4 * (depth + 1) * q.max(initial=0.0) + 8 * z
    return [size, p, q, z]


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


_ADAFACTOR = {"epsilon_2": 1e-3, "clip": 1.0}
_SUMS = ("scratch:lengths", "scratch:moves")
_FIRST = ("slot:v", "parameters", "gradients")

# op, variant, kinds of storage, units of its roundings, sizes, attributes; of one variable, by its
# shape
WHOLE_ROWS: list[tuple[Op, str, tuple[str, ...], int, Magnitude, dict[str, Any]]] = [
    *(
        (op, name, kinds, 80, sizes, {"weight_decay": decay, **_BETAS, "epsilon": 1e-3})
        for op, kinds, sizes in (
            (
                layerwise.LAMB_MOMENTS,
                ("slot:m", "slot:v", "parameters", "gradients", *_SUMS),
                sums,
            ),
            (layerwise.LAMB_STEP, ("parameters", "slot:m", "slot:v", *_SUMS), whole),
        )
        for name, decay in (("", 0.0), ("decay", 0.1))
    ),
    (
        *(layerwise.ADAFACTOR_ROWS, "decay", (*_FIRST, _SUMS[0]), 80, sums),
        {"weight_decay": 0.1, "epsilon_1": 1e-30, "rows": -1},
    ),
    (
        *(layerwise.ADAFACTOR_COLUMNS, "", ("slot:v", "gradients"), 80, sums),
        {"epsilon_1": 1e-30, "rows": -1},
    ),
    (
        *(layerwise.ADAFACTOR_MOVES, "", (_SUMS[1], "gradients", "slot:v", "slot:u"), 80, sums),
        {"rows": -1},
    ),
    (
        *(layerwise.ADAFACTOR_MOMENTS, "decay", (*_FIRST, *_SUMS), 80, sums),
        {"weight_decay": 0.1, "epsilon_1": 1e-30},
    ),
    (
        layerwise.ADAFACTOR_STEP,
        "matrix",
        ("parameters", "gradients", *_SUMS, "slot:v", "slot:u"),
        *(80, whole, {"weight_decay": 0.0, **_ADAFACTOR, "rows": -1}),
    ),
    (
        *(layerwise.ADAFACTOR_STEP, "vector decay"),
        ("parameters", "gradients", *_SUMS, "slot:v"),
        *(80, whole, {"weight_decay": 0.1, **_ADAFACTOR, "rows": 0}),
    ),
    *(
        (
            *(layerwise.MUON_START, name, ("slot:m", "gradients", "scratch:x", _SUMS[0]), 24, sums),
            {"momentum": 0.9, "nesterov": nesterov, "turned": turned},
        )
        for name, nesterov, turned in (("nesterov", True, False), ("turned", False, True))
    ),
    (layerwise.MUON_SCALE, "", ("scratch:x", _SUMS[0]), 24, sums, {}),
    *(
        (
            *(layerwise.MUON_PRODUCT, name),
            tuple(f"scratch:{operand}" for operand in ("product", "x", "mixed", "z")),
            *(64, product, {"factor": factor, "own": own, "turned": turned}),
        )
        for name, factor, own, turned in (("", 1.0, 0.0, False), ("turned sum", 2.0, -4.7, True))
    ),
    *(
        (
            *(layerwise.MUON_STEP, name, ("parameters", "scratch:x"), 24, magnitudes.update),
            {"weight_decay": decay, "scale": 0.5, "turned": turned},
        )
        for name, decay, turned in (("", 0.0, False), ("turned decay", 0.1, True))
    ),
]


def whole_variable(op: Op, kinds: tuple[str, ...], attributes: dict[str, Any]) -> Any:
    """A case's build: a matrix (of a product, squares), or a vector where there are no rows."""

    def build(b: Bench) -> Node:
        b.steps(2)
        shape = (b.size,) if attributes.get("rows") == 0 else (b.size, b.other)
        if op is layerwise.MUON_PRODUCT:
            shape = (b.size, b.size)
        found = {**attributes, "rows": b.size} if attributes.get("rows") == -1 else attributes
        return op.node(b.run_of(*kinds, shape=shape), found, [])

    return build
