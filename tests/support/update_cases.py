"""For the cases of ``cases.py``: the optimizer steps that are not fused with a weight gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.ops import optimizer
from fastnn.ops.contract import Op
from tests.support import magnitudes
from tests.support.magnitudes import Array, Arrays, Magnitude


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
