"""``convert_to_tensor`` and ``convert_to_numpy``: types as in Keras, tensors as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn import ops


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [
        ([1.0], None, "float32"),
        ([1], None, "int32"),
        ([True], None, "bool"),
        (np.ones(2), None, "float64"),
        (np.ones(2, "uint8"), None, "uint8"),
        ([1], "float64", "float64"),
    ],
)
def test_types_are_those_of_keras(value: Any, dtype: Any, expected: str) -> None:
    found = ops.convert_to_tensor(value, dtype)
    assert found.dtype.name == expected
    np.testing.assert_array_equal(ops.convert_to_numpy(found), value)


def test_a_loss_may_convert_what_it_gets() -> None:
    def loss(y_true: Any, y_pred: Any) -> Any:
        y_pred = ops.convert_to_tensor(y_pred)
        y_true = ops.convert_to_tensor(y_true, y_pred.dtype)
        return ops.mean(ops.square(y_true - y_pred), axis=-1)

    x = np.random.default_rng(0).normal(size=(20, 3))
    model = fastnn.Sequential([fastnn.Input((3,)), fastnn.layers.Dense(2)])
    model.compile("sgd", loss, metrics=["mse"])
    history = model.fit(x, x[:, :2], verbose=0).history
    np.testing.assert_allclose(history["loss"], history["mse"], rtol=1e-6)


def test_sparse_tensors_are_refused() -> None:
    with pytest.raises(fastnn.errors.UnsupportedError, match="tensors are dense in fastnn"):
        ops.convert_to_tensor([1.0], sparse=True)
