"""The operators of symbolic tensors and of variables: the functions of ``fastnn.ops``."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn import layers

X = np.array([[1.5, -2.25, 0.5, 3.0], [0.0, 2.5, -1.0, 1.0]])
PAIRS: dict[str, Callable[[Any, Any], Any]] = {
    **{
        name: getattr(operator, name)
        for name in ("add", "sub", "mul", "truediv", "gt", "ge", "eq", "ne")
    },
    **{name: getattr(operator, name) for name in ("lt", "le", "floordiv", "mod")},
    "pow": lambda a, b: abs(a) ** b,
}
LOGIC = {"and_": np.logical_and, "or_": np.logical_or, "xor": np.logical_xor}
ONE: dict[str, Callable[[Any], Any]] = {"neg": operator.neg, "abs": abs}


class Apply(layers.Layer):
    """Some function of the inputs and a weight."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def build(self, input_shape: Any) -> None:
        self.w = self.add_weight((4,), "ones", name="w")

    def call(self, inputs: Any) -> Any:
        return self.function(inputs, self.w)


def computed(function: Callable[..., Any]) -> np.ndarray:
    layer = Apply(function)
    model = fastnn.Sequential([layers.Input((4,)), layer], dtype="float64")
    layer.w.assign([2.0, 1.0, 0.5, 3.0])
    return model.predict(X, verbose=0)


W = np.array([2.0, 1.0, 0.5, 3.0])


@pytest.mark.parametrize("name", PAIRS)
def test_pairs(name: str) -> None:
    f = PAIRS[name]
    np.testing.assert_allclose(computed(lambda x, w: f(x, 1.5)), f(X, 1.5), rtol=1e-14)
    np.testing.assert_allclose(computed(lambda x, w: f(1.5, x + 4.0)), f(1.5, X + 4.0), rtol=1e-14)
    np.testing.assert_allclose(computed(lambda x, w: f(x, w)), f(X, W), rtol=1e-14)
    if name != "pow":  # abs(variable) is an array
        np.testing.assert_allclose(computed(lambda x, w: f(w, x + 4.0)), f(W, X + 4.0), rtol=1e-14)


def test_equal_elements() -> None:
    np.testing.assert_array_equal(computed(lambda x, w: x == 0.5), X == 0.5)
    np.testing.assert_array_equal(computed(lambda x, w: (x > 0) == (w > 1.0)), (X > 0) == (W > 1))
    np.testing.assert_array_equal(computed(lambda x, w: x * (w != 1.0)), X * (W != 1))
    layer = Apply(lambda x, w: x * float(x is not None and w == w and [x].index(x) == 0))
    np.testing.assert_array_equal(layer(X), X.astype("float32"))
    assert (layer.w == np.ones(4)).all()
    assert layer.w not in (None, "w")
    with pytest.raises(TypeError, match="bool"):
        computed(lambda x, w: x if x == 1.0 else w)


def test_products_of_matrices() -> None:
    matrix = np.arange(12.0).reshape(4, 3)
    np.testing.assert_allclose(computed(lambda x, w: x @ matrix), X @ matrix)
    np.testing.assert_allclose(computed(lambda x, w: x @ w), X @ W)
    layer = Apply(lambda x, w: x)
    layer.build((None, 4))
    np.testing.assert_array_equal(layer.w @ matrix, matrix.sum(axis=0))
    np.testing.assert_array_equal(matrix.T @ layer.w, matrix.sum(axis=0))


@pytest.mark.parametrize("name", LOGIC)
def test_logic(name: str) -> None:
    f = getattr(operator, name)
    expected = LOGIC[name](X, X > 1)
    np.testing.assert_array_equal(computed(lambda x, w: f(x, x > 1.0)), expected)
    np.testing.assert_array_equal(computed(lambda x, w: f(1.0, x)), LOGIC[name](1.0, X))
    np.testing.assert_array_equal(computed(lambda x, w: ~x), np.logical_not(X))


@pytest.mark.parametrize("name", ONE)
def test_one(name: str) -> None:
    np.testing.assert_array_equal(computed(lambda x, w: ONE[name](x)), ONE[name](X))
    np.testing.assert_array_equal(computed(lambda x, w: x + ONE[name](w)), X + ONE[name](W))
    np.testing.assert_array_equal(computed(lambda x, w: round(x)), np.round(X))
    np.testing.assert_array_equal(computed(lambda x, w: round(x, 1)), np.round(X, 1))


def test_variables_beside_numbers_are_arrays() -> None:
    layer = Apply(lambda x, w: x)
    layer.build((None, 4))
    w = layer.w
    np.testing.assert_array_equal(w**2 // 1 % 3 > 0.5, np.ones(4) > 0.5)
    np.testing.assert_array_equal(2.0 / w, np.full(4, 2.0))
    np.testing.assert_array_equal([-w, +w, abs(w)], np.array([[-1.0], [1], [1]]) * np.ones(4))
    np.testing.assert_array_equal([3.0 // w, 3.5 % w, 2.0**w], [[3.0] * 4, [0.5] * 4, [2.0] * 4])
    assert (w <= 1).all()
    assert (w < 2).all()
    assert (w >= 1).all()
