"""For the cases of ``cases.py``: how large the terms are that an op adds up (an error bound is a
multiple of it), how many there are, and where an op has a kink that a gradient check must avoid.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Arrays = Sequence[Array]
Magnitude = Callable[[Arrays, Arrays], Any]


def softmax_terms(z: Array) -> tuple[Array, Array, Array]:
    """softmax, its relative condition 1 + |z - max|, and log Σ e^(z - max)."""
    shifted = z - z.max(axis=-1, keepdims=True)
    e = np.exp(shifted)
    total = e.sum(axis=-1, keepdims=True)
    return e / total, 1 + np.abs(shifted), np.log(total)


def softmax(inputs: Arrays, results: Arrays) -> Array:
    p, condition, _ = softmax_terms(inputs[0])
    return p * condition


def log_softmax(inputs: Arrays, results: Arrays) -> Array:
    _, condition, log_sum = softmax_terms(inputs[0])
    return condition + log_sum


def log_softmax_backward(inputs: Arrays, results: Arrays) -> Array:
    dy, y = np.abs(inputs[0]), inputs[1]
    return dy + np.exp(y) * dy.sum(axis=-1, keepdims=True)


def softmax_backward(inputs: Arrays, results: Arrays) -> Array:
    dy, y = np.abs(inputs[0]), np.abs(inputs[1])
    return y * (dy + (dy * y).sum(axis=-1, keepdims=True))


def sparse_forward(inputs: Arrays, results: Arrays) -> Array:
    _, condition, log_sum = softmax_terms(inputs[0])
    labels = inputs[1].astype(np.int64)
    return np.take_along_axis(condition, labels, axis=-1) + log_sum


def sparse_backward(inputs: Arrays, results: Arrays) -> Array:
    p, condition, _ = softmax_terms(inputs[1])
    hot = inputs[2] == np.arange(p.shape[-1])
    return np.abs(inputs[0]) * (p * condition + hot)


def softmax_ce_forward(inputs: Arrays, results: Arrays) -> Array:
    _, condition, log_sum = softmax_terms(inputs[0])
    return (np.abs(inputs[1]) * (condition + log_sum)).sum(axis=-1, keepdims=True)


def softmax_ce_backward(inputs: Arrays, results: Arrays) -> Array:
    p, condition, _ = softmax_terms(inputs[1])
    t = np.abs(inputs[2])
    return np.abs(inputs[0]) * (p * condition * t.sum(axis=-1, keepdims=True) + t)


def sigmoid_ce_forward(inputs: Arrays, results: Arrays) -> Array:
    z, t = np.abs(inputs[0]), np.abs(inputs[1])
    return z + z * t + np.log1p(np.exp(-z))


def sigmoid_ce_backward(inputs: Arrays, results: Arrays) -> Array:
    dl, z, t = inputs
    return np.abs(dl) * (1 / (1 + np.exp(-z)) + np.abs(t))


def derivative(function: str) -> Magnitude:
    """|dy|·|terms of f'(y)|."""

    def magnitude(inputs: Arrays, results: Arrays) -> Array:
        dy, y = np.abs(inputs[0]), np.abs(inputs[1])
        if function == "sigmoid":
            return dy * y * (1 + y)
        return dy * (1 + y * y) if function == "tanh" else dy

    return magnitude


def dense_dx_derivative(function: str) -> Magnitude:
    def magnitude(inputs: Arrays, results: Arrays) -> Array:
        dz, w, y = inputs
        return derivative(function)([np.abs(dz) @ np.abs(w).T, y], [])

    return magnitude


def dense_sum(inputs: Arrays, results: Arrays) -> Array:
    """Σ|x||w| + |b|, then an activation whose slope is at most 1, with errors of its own."""
    x, w = np.abs(inputs[0]), np.abs(inputs[1])
    total = x @ w + np.abs(results[0])
    return total + np.abs(inputs[2]) if len(inputs) == 3 else total


def update(inputs: Arrays, results: Arrays) -> list[Array]:
    """Operands at rest and in motion: start, end, and what flows in (g for slots, g² for v)."""
    g = np.abs(inputs[1])
    moved = np.abs(results[0] - inputs[0])
    sizes = [np.abs(inputs[0]) + np.abs(results[0]) + 8 * moved + g]
    for start, end in zip(inputs[1:], results[1:], strict=True):
        sizes.append(np.abs(start) + np.abs(end) + g + g * g)
    return sizes


def column_sums(inputs: Arrays, results: Arrays) -> Array:
    """Σ|x| of each row."""
    total: Array = np.abs(inputs[0]).sum(axis=-1, keepdims=True)
    return total


def over(column: int) -> Callable[[Arrays], int]:
    """The length of sums over a column count of an operand."""
    return lambda inputs: inputs[column].shape[-1]


def all_rows(inputs: Arrays) -> int:
    return inputs[0].size


# -- kinks, for gradient checks

NEAR = 0.01  # steps are 1e-6: a point this far from a kink does not see it


def near(*points: float) -> Callable[[Arrays], list[Array]]:
    def kink(inputs: Arrays) -> list[Array]:
        return [np.min([np.abs(x - p) for p in points], axis=0) < NEAR for x in inputs]

    return kink


def near_each_other(inputs: Arrays) -> list[Array]:
    """Elements of two operands of one shape that are close."""
    close = np.abs(inputs[0] - inputs[1]) < NEAR
    return [close, close]


def near_extreme(inputs: Arrays) -> list[Array]:
    """Rows whose two largest or smallest elements are close."""
    ordered = np.sort(inputs[0], axis=-1)
    if ordered.shape[-1] < 2:
        return [np.zeros(inputs[0].shape, dtype=bool)]
    gap = np.minimum(ordered[..., -1] - ordered[..., -2], ordered[..., 1] - ordered[..., 0])
    return [np.broadcast_to((gap < NEAR)[..., None], inputs[0].shape)]


def near_column_extreme(inputs: Arrays) -> list[Array]:
    """Columns whose two largest or smallest elements are close."""
    return [near_extreme([inputs[0].T])[0].T]


def unary_kink(function: str) -> Callable[[Arrays], list[Array]] | None:
    return near(0.0) if function == "absolute" else None


def binary_kink(function: str) -> Callable[[Arrays], list[Array]] | None:
    if function == "mod":
        return near_multiples
    return near_each_other if function in ("maximum", "minimum") else None


def near_multiples(inputs: Arrays) -> list[Array]:
    """Where the quotient of two operands is close to a whole number."""
    quotient = inputs[0] / inputs[1]
    close = np.abs(quotient - np.rint(quotient)) < NEAR
    return [close, close]
