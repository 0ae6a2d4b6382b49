"""Rows of ``cases.py`` for curves and sparsemax: see there."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from fastnn.ops import activation, curve
from fastnn.program.tensor import Node
from tests.support import magnitudes as sizes
from tests.support.magnitudes import Array, Arrays
from tests.support.one_op import Bench
from tests.support.tolerances import REDUCTION, TRANSCENDENTAL, rounded

INF = math.inf
# name, function, numbers, kinks
CURVES: list[tuple[str, str, tuple[float, ...], tuple[float, ...]]] = [
    ("relu6", "ramp", (0.0, 0.0, 0.0, 6.0), (0.0, 6.0)),
    ("leaky", "ramp", (0.2, 0.0, -INF, INF), (0.0,)),
    ("threshold", "ramp", (0.1, -0.5, 0.0, 1.5), (-0.5, 0.0, 1.5)),
    ("hard_sigmoid", "hard", (1 / 6, 0.5, 0.0, 1.0), (-3.0, 3.0)),
    ("elu", "elu", (0.7, 1.0, 1.0), (0.0,)),
    ("selu", "elu", (1.6732632423543772, 1.0507009873554805, 1.0), (0.0,)),
    ("celu", "elu", (2.0, 1.0, 0.5), (0.0,)),
    ("gelu", "gelu", (), ()),
    ("gelu_tanh", "gelu_tanh", (), ()),
    ("silu", "silu", (), ()),
    ("softplus", "softplus", (1.0,), ()),
    ("log_sigmoid", "softplus", (-1.0,), ()),
    ("mish", "mish", (), ()),
    ("hard_silu", "hard_silu", (), (-3.0, 3.0)),
    ("softsign", "softsign", (), (0.0,)),
    ("squareplus", "squareplus", (4.0,), ()),
    ("step", "step", (), (0.0,)),
]


def forward(function: str, numbers: tuple[float, ...]) -> Callable[[Bench], Node]:
    def build(b: Bench) -> Node:
        node = curve.curve(b.rows(b.size, low=-5, high=5), function, *numbers).node
        assert node is not None
        return node

    return build


def backward(function: str, numbers: tuple[float, ...]) -> Callable[[Bench], Node]:
    def build(b: Bench) -> Node:
        dy, z = b.rows(b.size), b.rows(b.size, low=-5, high=5)
        made = forward(function, numbers)(b)
        return curve.CURVE_BACKWARD.node((dy, z), made.attributes, [(z.shape, z.dtype)])

    return build


def value_size(function: str) -> Callable[[Arrays, Arrays], Array]:
    """e^(-x²) doubles its argument's error, so far tails of gelu lose digits (a relative error of
    x² roundings); elsewhere an argument is rounded before it is used.
    """

    def size(inputs: Arrays, results: Arrays) -> Array:
        z, y = np.abs(inputs[0]), np.abs(results[0])
        if function.startswith("gelu"):
            return y * (1 + z * z + (z**4 if function == "gelu_tanh" else 0)) + 1e-30
        return y + (1 if function == "hard" else z if function in ("ramp", "hard_silu") else 0)

    return size


def slope_size(function: str) -> Callable[[Arrays, Arrays], Array]:
    """|dy|·(the terms of f'(z), which may cancel: at most 1 + |z| each)."""

    def size(inputs: Arrays, results: Arrays) -> Array:
        dy, z = np.abs(inputs[0]), np.abs(inputs[1])
        smooth = function in ("gelu", "gelu_tanh", "silu", "mish", "hard_silu")
        return 2 * dy * (1 + np.minimum(z, 30.0) if smooth else 1.0)

    return size


def sparsemax(b: Bench) -> Node:
    node = activation.sparsemax_forward(b.rows(b.size, low=-1, high=1)).node
    assert node is not None
    return node


def sparsemax_backward(b: Bench) -> Node:
    dy, y = b.rows(b.size), b.rows(b.size, low=-1, high=1)
    return activation.SPARSEMAX_BACKWARD.node((dy, y), {}, [(dy.shape, dy.dtype)])


def off_kinks(inputs: Arrays) -> list[Array]:
    """Rows in which an element is about to leave or to join the support."""
    z = inputs[0]
    tau = np.array([_tau(row) for row in z.reshape(-1, z.shape[-1])]).reshape(*z.shape[:-1], 1)
    near = (np.abs(z - tau) < sizes.NEAR).any(axis=-1, keepdims=True)
    return [np.broadcast_to(near, z.shape)]


def _tau(row: Array) -> float:
    ordered = np.sort(row)[::-1]
    taus = (np.cumsum(ordered) - 1) / np.arange(1, len(row) + 1)
    return float(taus[np.count_nonzero(ordered > taus) - 1])


def sparsemax_size(inputs: Arrays, results: Arrays) -> Array:
    z = np.abs(inputs[0])
    return np.broadcast_to(1 + z.max(axis=-1, keepdims=True), z.shape)


def sparsemax_slope_size(inputs: Arrays, results: Arrays) -> Array:
    dy, inside = np.abs(inputs[0]), inputs[1] > 0
    number = np.maximum(inside.sum(axis=-1, keepdims=True), 1)
    return dy + (dy * inside).sum(axis=-1, keepdims=True) / number


def _rows() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name, function, numbers, kinks in CURVES:
        family = rounded(6) if function in curve.CHEAP else TRANSCENDENTAL
        found.append(
            {
                "op": "curve_forward",
                "variant": name,
                "build": forward(function, numbers),
                "family": family,
                "magnitude": value_size(function),
                "kink": sizes.near(*kinks) if kinks else None,
            }
        )
        found.append(
            {
                "op": "curve_backward",
                "variant": name,
                "build": backward(function, numbers),
                "family": family,
                "magnitude": slope_size(function),
            }
        )
    return found


ROWS: list[dict[str, Any]] = [
    *_rows(),
    {
        "op": "sparsemax_forward",
        "variant": "",
        "build": sparsemax,
        "family": REDUCTION,
        "magnitude": sparsemax_size,
        "kink": off_kinks,
    },
    {
        "op": "sparsemax_backward",
        "variant": "",
        "build": sparsemax_backward,
        "family": REDUCTION,
        "magnitude": sparsemax_slope_size,
    },
]
