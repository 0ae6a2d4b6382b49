"""A metric function that gives one number for the whole batch, as Keras users write R²: the mean of
the batches' numbers, the last and smaller one like the others.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn import metrics, ops

RNG = np.random.default_rng(4)
X = RNG.normal(size=(50, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True) + RNG.normal(size=(50, 1)).astype("float32")


def r2(y_true: Any, y_pred: Any) -> Any:
    left = ops.sum(ops.square(y_true - y_pred))
    return 1 - left / ops.sum(ops.square(y_true - ops.mean(y_true)))


def numpy_r2(y: Any, p: Any) -> float:
    return float(1 - np.sum((y - p) ** 2) / np.sum((y - y.mean()) ** 2))


def test_one_number_a_batch(backend: str) -> None:
    model = fastnn.Sequential(
        [fastnn.Input((3,)), fastnn.layers.Dense(1, kernel_initializer="ones")], backend=backend
    )
    model.compile("sgd", "mse", metrics=[r2])
    found = model.evaluate(X, Y, batch_size=32, verbose=0)[1]
    p = X.sum(axis=1, keepdims=True)
    parts = [numpy_r2(Y[:32], p[:32]), numpy_r2(Y[32:], p[32:])]
    np.testing.assert_allclose(found, np.mean(parts), rtol=1e-5)


def test_on_arrays() -> None:
    metric = metrics.MeanMetricWrapper(r2)
    metric.update_state(Y, Y * 0.5)
    np.testing.assert_allclose(metric.result(), numpy_r2(Y, Y * 0.5), rtol=1e-5)


def test_a_vector_for_the_whole_batch_is_refused() -> None:
    model = fastnn.Sequential([fastnn.Input((3,)), fastnn.layers.Dense(2)])
    model.compile("sgd", "mse", metrics=[lambda t, p: ops.mean(t - p, axis=0)])
    with pytest.raises(fastnn.errors.ArgumentError, match="per sample, or one for the whole batch"):
        model.fit(X, X[:, :2], verbose=0)
