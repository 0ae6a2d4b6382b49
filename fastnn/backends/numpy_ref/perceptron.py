"""The perceptron's learning rule, sample after sample. Twin: ``kernels/perceptron.c``."""

from __future__ import annotations

import numpy as np

from fastnn.backends.numpy_ref.context import Array, Context, ieee


@ieee
def perceptron_pass(context: Context, w: Array, b: Array, x: Array, y: Array) -> None:
    """For each row: step = lr · (y − [x · w + b > 0]);  w ← w + step · x;  b ← b + step."""
    T = w.dtype.type
    rate = T(context.learning_rate)
    for row, label in zip(x, y.reshape(-1), strict=True):
        predicted = T(1.0) if np.dot(row, w) + b[0] > 0 else T(0.0)
        step = rate * (label - predicted)
        if step != 0:
            w += step * row
            b[0] += step
