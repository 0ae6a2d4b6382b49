"""For the cases of ``cases.py``: the circle loss."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.backends.numpy_ref.circle import _pairs, circle_forward
from fastnn.backends.numpy_ref.context import Context
from fastnn.ops import data
from fastnn.ops.circle import CIRCLE_BACKWARD, circle_exponents
from fastnn.program.tensor import Node, Tensor, constant
from tests.support.magnitudes import Array, Arrays
from tests.support.one_op import Bench
from tests.support.tolerances import DOUBLE_SUM, TRANSCENDENTAL

SETTINGS = {"gamma": 8.0, "margin": 0.4}


def _short(b: Bench, rows: int) -> Array:
    """Rows of length 0.9: no pair lies at the kink of max(1 - s, 0)."""
    drawn = b.numbers((rows, b.size)).astype(np.float64)
    with np.errstate(all="ignore"):
        lengths = np.sqrt(np.square(drawn).sum(axis=1, keepdims=True))
        found: Array = (0.9 * drawn / np.maximum(lengths, 1e-30)).astype(b.dtype)
    return found


def _labels(b: Bench) -> Tensor:
    """Two classes in turn: of two samples and more, each has references of both."""
    array = np.arange(b.n)[:, None] % 2
    tensor = data.gather_labels(b._lend(array, "labels", "int64", None), (1,), 2)
    return b._remember(tensor, array.astype(np.int32))


def _operands(b: Bench, fixed: bool) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Samples and references, each with labels; fixed references have no batch axis."""
    x, labels = b.gathered(_short(b, b.n), (b.size,)), _labels(b)
    if not fixed:
        return x, labels, b.gathered(_short(b, b.n), (b.size,)), _labels(b)
    numbers = (np.arange(b.other)[:, None] % 2).astype(np.int32)
    others = b._remember(constant(numbers, "int32"), numbers)
    return x, labels, b.constant(_short(b, b.other)), others


def forward(fixed: bool) -> Any:
    """A case's build."""
    return lambda b: circle_exponents(*_operands(b, fixed), **SETTINGS, apart=False).node


def backward(fixed: bool, turned: bool) -> Any:
    """A case's build, with the exponents that belong to the samples."""

    def build(b: Bench) -> Node:
        operands = _operands(b, fixed)
        with np.errstate(all="ignore"):
            y = circle_forward(Context(n=b.n), *map(b.value, operands), **SETTINGS, apart=not fixed)
        shape = operands[2 if turned else 0].shape
        inputs = (b.rows(2), b.gathered(y, (2,)), *operands)
        return CIRCLE_BACKWARD.node(
            inputs, {**SETTINGS, "apart": not fixed, "turned": turned}, [(shape, b.dtype)]
        )

    return build


def exponents(inputs: Arrays, results: Arrays) -> Array:
    """Exponents of up to 8 · 3.2 · 1.4, whose dot products are rounded."""
    return np.abs(np.where(np.isfinite(results[0]), results[0], 0.0)) + 40.0


def slopes(fixed: bool, turned: bool) -> Any:
    """Σ |c| |r|: what is added up."""

    def magnitude(inputs: Arrays, results: Arrays) -> Array:
        dy, y, x, labels, references, others = inputs
        value, slope, near, far = _pairs(x, labels, references, others, **SETTINGS, apart=not fixed)
        c: Any = np.zeros_like(value)
        for place, counts in ((0, near), (1, far)):
            share = np.exp(value - y[:, place : place + 1])
            c = np.where(counts, np.abs(dy[:, place : place + 1] * share * slope), c)
        found: Array = c.T @ np.abs(x) if turned else c @ np.abs(references)
        return 40.0 * found

    return magnitude


ROWS: list[dict[str, Any]] = [
    *(
        {
            "op": "circle_forward",
            "variant": "references" if fixed else "batch",
            "build": forward(fixed),
            "family": DOUBLE_SUM,
            "magnitude": exponents,
            "terms": lambda inputs: inputs[0].shape[-1] + len(inputs[2]),
        }
        for fixed in (False, True)
    ),
    *(
        {
            "op": "circle_backward",
            "variant": name,
            "build": backward(fixed, turned),
            "family": TRANSCENDENTAL,
            "magnitude": slopes(fixed, turned),
        }
        for name, fixed, turned in (
            ("batch", False, False),
            ("by the references", False, True),
            ("references", True, False),
        )
    ),
]
