"""The NumPy reference: every forward op against its formula written a second way, every backward op
against central differences, special values, dtypes, and what stops a step. Parity of other backends
with this one is tested elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fastnn.backends.numpy_ref.activation import (
    activation_backward,
    activation_forward,
    log_softmax_backward,
    log_softmax_forward,
    softmax_backward,
    softmax_forward,
)
from fastnn.backends.numpy_ref.context import Context, StepStopped
from fastnn.backends.numpy_ref.dense import dense_db, dense_dw, dense_dx, dense_forward
from fastnn.backends.numpy_ref.dropout import dropout
from fastnn.backends.numpy_ref.elementwise import (
    binary,
    cast_i32,
    clip,
    clip_backward,
    equal_i32,
    scale,
    unary,
    where,
)
from fastnn.backends.numpy_ref.loss import (
    loss_mean,
    loss_mean_backward,
    sigmoid_crossentropy_backward,
    sigmoid_crossentropy_forward,
    softmax_crossentropy_backward,
    softmax_crossentropy_forward,
    sparse_softmax_crossentropy_backward,
    sparse_softmax_crossentropy_forward,
)
from fastnn.backends.numpy_ref.reduce import argmax_i32, reduce_columns, reduce_rows
from fastnn.backends.numpy_ref.shape import copy, one_hot
from fastnn.random import keep_mask

C = Context(n=4)
Array = np.ndarray[Any, Any]


def numbers(*shape: int, seed: int = 0, dtype: str = "float64") -> Array:
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype(dtype)


def numeric_gradient(f: Callable[[Array], Array], x: Array, dy: Array, h: float = 1e-6) -> Array:
    """Central differences of Σ dy·f(x)."""
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index] += h
        down[index] -= h
        gradient[index] = ((f(up) - f(down)) * dy).sum() / (2 * h)
    return gradient


def assert_close(found: Array, expected: Array, tolerance: float = 1e-8) -> None:
    """Absolute: values here are of order 1; differences with h = 1e-6 are good to 1e-9."""
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


# --- dense


@pytest.mark.parametrize("lead", [(4,), (1,), (2, 3)])
def test_dense_forward_and_gradients(lead: tuple[int, ...]):
    x, w, b = numbers(*lead, 5), numbers(5, 3, seed=1), numbers(3, seed=2)
    dz = numbers(*lead, 3, seed=3)
    assert_close(dense_forward(C, x, w, b), np.einsum("...i,ij->...j", x, w) + b, 1e-12)
    assert_close(dense_forward(C, x, w), np.einsum("...i,ij->...j", x, w), 1e-12)
    assert_close(dense_dx(C, dz, w), numeric_gradient(lambda a: dense_forward(C, a, w, b), x, dz))
    assert_close(dense_dw(C, x, dz), numeric_gradient(lambda a: dense_forward(C, x, a, b), w, dz))
    assert_close(dense_db(C, dz), numeric_gradient(lambda a: dense_forward(C, x, w, a), b, dz))


def test_dense_db_accumulates_in_float64():
    dz = np.full((2**25, 1), 1.0, dtype=np.float32)[: 2**24 + 9]
    dz[0] = 2**24  # 2²⁴ + 1 + 1 + … stays 2²⁴ in float32, row by row
    assert dense_db(C, dz).item() == np.float32(2**25 + 8)


# --- activations

FORMULAS: dict[str, Callable[[float], float]] = {
    "linear": lambda z: z,
    "relu": lambda z: max(z, 0.0),
    "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
    "tanh": lambda z: (math.exp(2 * z) - 1) / (math.exp(2 * z) + 1),
}


@pytest.mark.parametrize("function", FORMULAS)
def test_activation(function: str):
    z, dy = numbers(4, 7) * 3, numbers(4, 7, seed=1)
    y = activation_forward(C, z, function=function)
    assert_close(y, np.vectorize(FORMULAS[function])(z), 1e-12)
    expected = numeric_gradient(lambda a: activation_forward(C, a, function=function), z, dy)
    assert_close(activation_backward(C, dy, y, function=function), expected)
    assert not np.shares_memory(y, z)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_activation_special_values(dtype: str):
    z = np.array([[np.nan, np.inf, -np.inf, -0.0, 150.0, -150.0, -1e4, 1e4]], dtype=dtype)
    relu = activation_forward(C, z, function="relu")
    np.testing.assert_array_equal(relu, [[np.nan, np.inf, 0, 0, 150, 0, 0, 1e4]])
    sigmoid = activation_forward(C, z, function="sigmoid")
    small = np.array([[np.exp(np.array(-150.0, dtype)) if dtype == "float64" else 0]])
    np.testing.assert_allclose(
        sigmoid, [[np.nan, 1, 0, 0.5, 1, small.item(), 0, 1]], rtol=1e-15, atol=0
    )
    assert (
        activation_forward(C, np.array([-90.0], "f4"), function="sigmoid") > 0
    ).all()  # denormal
    np.testing.assert_array_equal(
        activation_forward(C, z, function="tanh"), [[np.nan, 1, -1, 0, 1, -1, -1, 1]]
    )
    for y in (relu, sigmoid):
        assert y.dtype == dtype


def test_relu_gradient_at_zero_and_nan():
    y = np.array([[0.0, -0.0, np.nan, 1.0]])
    dy = np.array([[1.0, np.inf, 2.0, np.nan]])
    found = activation_backward(C, dy, y, function="relu")
    np.testing.assert_array_equal(found, [[0.0, 0.0, np.nan, np.nan]])


@pytest.mark.parametrize("lead", [(4,), (2, 3)])
def test_softmax_and_log_softmax(lead: tuple[int, ...]):
    z, dy = numbers(*lead, 5), numbers(*lead, 5, seed=1)
    y = softmax_forward(C, z)
    assert_close(y, np.exp(z) / np.exp(z).sum(-1, keepdims=True), 1e-14)
    assert_close(
        softmax_backward(C, dy, y), numeric_gradient(lambda a: softmax_forward(C, a), z, dy)
    )
    y = log_softmax_forward(C, z)
    assert_close(y, np.log(softmax_forward(C, z)), 1e-14)
    expected = numeric_gradient(lambda a: log_softmax_forward(C, a), z, dy)
    assert_close(log_softmax_backward(C, dy, y), expected)


def test_softmax_of_large_equal_and_nan_logits():
    z = np.array([[1e4, -1e4, 0], [7, 7, 7], [np.nan, 0, 0], [0, -np.inf, 0]], dtype=np.float32)
    nan = np.nan
    expected = [[1, 0, 0], [1 / 3] * 3, [nan] * 3, [0.5, 0, 0.5]]
    np.testing.assert_allclose(softmax_forward(C, z), expected, rtol=1e-6)
    log = log_softmax_forward(C, z)
    np.testing.assert_allclose(log[0], [0, -2e4, -1e4])
    assert log.dtype == np.float32


# --- dropout


def test_dropout_scales_what_the_mask_keeps():
    context = Context(n=3, step=7)
    x = numbers(3, 2, 70, dtype="float32")
    y = dropout(context, x, rate=0.25, key=(11, 12), stream=5)
    mask = keep_mask(6, 70, 0.25, (11, 12), 7, 5).reshape(x.shape)
    np.testing.assert_array_equal(y, np.where(mask, x * np.float32(1 / 0.75), 0))
    assert y.dtype == np.float32
    context.step = 8
    assert (dropout(context, x, rate=0.25, key=(11, 12), stream=5) != y).any()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dropout_masks_of_steps_drawn_together_are_those_of_each_step(dtype: str):
    context = Context(n=3)
    for step in (*range(5, 60), 59, 7):  # "backward" once more, and a step that lies before
        rows = 3 if step % 8 else 2  # a smaller batch now and then
        x = np.ones((rows, 2000), dtype)
        context.step, context.ahead = step, 60 - step
        y = dropout(context, x, rate=0.5, key=(11, 12), stream=5)
        mask = keep_mask(rows, 2000, 0.5, (11, 12), step, 5)
        np.testing.assert_array_equal(y, 2 * mask.astype(dtype))
        assert y.dtype == dtype
    assert len(context.masks) == 2


def test_dropped_and_clipped_elements_may_be_anything():
    x = np.array([[np.nan, np.inf, -np.inf, 1.0]])
    np.testing.assert_array_equal(dropout(C, x, rate=1.0, key=(1, 2), stream=0), np.zeros((1, 4)))
    z = np.array([[9.0, -9.0, np.nan, 0.5]])
    found = clip_backward(C, x, z, low=0.0, high=1.0)
    np.testing.assert_array_equal(found, [[0.0, 0.0, 0.0, 1.0]])


def test_dropout_rates_zero_and_one():
    x = numbers(4, 9)
    np.testing.assert_array_equal(dropout(C, x, rate=0.0, key=(1, 2), stream=0), x)
    np.testing.assert_array_equal(dropout(C, x, rate=1.0, key=(1, 2), stream=0), 0 * np.abs(x))


# --- elementwise

UNARY: dict[str, Callable[[float], float]] = {
    "negative": lambda x: -x,
    "square": lambda x: x**2,
    "exp": math.exp,
    "log": math.log,
    "absolute": abs,
    "sqrt": math.sqrt,
    "reciprocal": lambda x: 1 / x,
    "sign": lambda x: math.copysign(1.0, x),
    "log1p": lambda x: math.log(1 + x),
    "expm1": lambda x: math.exp(x) - 1,
}


@pytest.mark.parametrize("function", UNARY)
def test_unary(function: str):
    x = numbers(4, 6)
    x = np.abs(x) if function in ("log", "sqrt", "log1p") else x
    assert_close(unary(C, x, function=function), np.vectorize(UNARY[function])(x), 1e-12)
    special = np.array([np.nan, 0.0, -1.0], dtype=np.float32)
    found = unary(C, special, function=function)
    assert np.isnan(found[0])
    assert found.dtype == np.float32


BINARY: dict[str, Callable[[float, float], float]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "maximum": max,
    "minimum": min,
    "greater": lambda a, b: a > b,
    "greater_equal": lambda a, b: a >= b,
    "equal": lambda a, b: a == b,
    "less": lambda a, b: a < b,
    "less_equal": lambda a, b: a <= b,
    "not_equal": lambda a, b: a != b,
}


@pytest.mark.parametrize("function", BINARY)
@pytest.mark.parametrize("shape", [(4, 6), (1, 6), (4, 1), (6,), (1,)])
def test_binary_with_broadcasting(function: str, shape: tuple[int, ...]):
    a = np.round(numbers(4, 6, dtype="float32"))  # rounded, so that some elements are equal
    b = np.round(numbers(*shape, seed=1, dtype="float32")) + np.float32(
        0.5 if function == "divide" else 0
    )
    found = binary(C, a, b, function=function)
    assert found.dtype == np.float32
    expected = np.vectorize(BINARY[function], otypes=["float32"])(a, b)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_binary_nan():
    a, b = np.array([[np.nan, 1.0]]), np.array([[1.0, np.nan]])
    for function in ("add", "multiply", "maximum", "minimum"):
        assert np.isnan(binary(C, a, b, function=function)).all()
    np.testing.assert_array_equal(binary(C, a, b, function="greater"), [[0, 0]])
    np.testing.assert_array_equal(binary(C, a, b, function="not_equal"), [[1, 1]])


def test_scale_clip_where_and_casts():
    x = np.array([[-2.0, -1.0, 0.5, 1.0, 3.0, np.nan]], dtype=np.float32)
    np.testing.assert_array_equal(scale(C, x, scale=2.0, offset=1.0), x * 2 + 1)
    clipped = clip(C, x, low=-1.0, high=1.0)
    np.testing.assert_array_equal(clipped, [[-1, -1, 0.5, 1, 1, np.nan]])
    dy = np.arange(1, 7, dtype=np.float32)[np.newaxis]
    np.testing.assert_array_equal(clip_backward(C, dy, x, low=-1.0, high=1.0), [[0, 2, 3, 4, 0, 0]])
    chosen = where(C, np.array([[1.0], [0.0]], "f4"), x, np.float32(7) + 0 * dy)
    np.testing.assert_array_equal(chosen, [x[0], [7] * 6])
    labels = np.array([[1], [2]], dtype=np.int32)
    same = equal_i32(C, labels, np.array([[1], [3]], dtype=np.int32), dtype="float32")
    np.testing.assert_array_equal(same, [[1], [0]])
    cast = cast_i32(C, labels, dtype="float64")
    np.testing.assert_array_equal(cast, [[1.0], [2.0]])
    for result in (scale(C, x, scale=2.0, offset=1.0), clipped, chosen, same):
        assert result.dtype == np.float32
    assert cast.dtype == np.float64


# --- reductions and shapes


@pytest.mark.parametrize("function", ["sum", "mean", "max", "min"])
def test_reduce_columns(function: str):
    x = numbers(2, 3, 5, dtype="float32")
    found = reduce_columns(C, x, function=function)
    assert found.shape == (2, 3, 1)
    assert found.dtype == np.float32
    python = {"sum": sum, "mean": lambda row: sum(row) / 5, "max": max, "min": min}[function]
    expected = [[[python(row.tolist())] for row in block] for block in x]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    x[0, 0, 2] = np.nan
    assert np.isnan(reduce_columns(C, x, function=function)[0, 0, 0])


def test_reduce_rows_accumulates_in_float64():
    x = np.ones((70_000, 2), dtype=np.float32)
    x[0] = 2**24
    total = reduce_rows(C, x.reshape(7, -1, 2), function="sum")
    assert total.shape == (2,)
    assert total.dtype == np.float32
    np.testing.assert_array_equal(total, np.float32(2**24 + 69_999))
    mean = reduce_rows(C, x, function="mean")
    np.testing.assert_allclose(mean, (2**24 + 69_999) / 70_000, rtol=1e-7)


def test_argmax_one_hot_and_copy():
    x = np.array([[1, 3, 3], [np.nan, 5, np.nan], [2, 2, np.nan], [-1, -2, -3]])
    found = argmax_i32(C, x)
    np.testing.assert_array_equal(found, [[1], [0], [2], [0]])
    assert found.dtype == np.int32
    hot = one_hot(C, np.array([[1], [0], [-1], [3]], np.int32), classes=3, dtype="float32")
    np.testing.assert_array_equal(hot, [[0, 1, 0], [1, 0, 0], [0, 0, 0], [0, 0, 0]])
    assert hot.dtype == np.float32
    assert one_hot(C, np.zeros((2, 4, 1), np.int32), classes=3, dtype="f8").shape == (2, 4, 3)
    copied = copy(C, x.T)
    np.testing.assert_array_equal(copied, x.T)
    assert copied.flags.c_contiguous
    assert not np.shares_memory(copied, x)


# --- losses


@pytest.mark.parametrize("lead", [(4,), (2, 3)])
def test_crossentropies(lead: tuple[int, ...]):
    z, dl = numbers(*lead, 5), numbers(*lead, 1, seed=1)
    labels = np.random.default_rng(3).integers(0, 5, (*lead, 1)).astype(np.int32)
    log_p = np.log(np.exp(z) / np.exp(z).sum(-1, keepdims=True))

    found = sparse_softmax_crossentropy_forward(C, z, labels)
    assert_close(found, -np.take_along_axis(log_p, labels, -1), 1e-14)
    expected = numeric_gradient(lambda a: sparse_softmax_crossentropy_forward(C, a, labels), z, dl)
    assert_close(sparse_softmax_crossentropy_backward(C, dl, z, labels), expected)

    t = np.abs(numbers(*lead, 5, seed=2))  # rows that do not sum to 1
    assert_close(softmax_crossentropy_forward(C, z, t), -(t * log_p).sum(-1, keepdims=True), 1e-13)
    expected = numeric_gradient(lambda a: softmax_crossentropy_forward(C, a, t), z, dl)
    assert_close(softmax_crossentropy_backward(C, dl, z, t), expected)

    p, dl = 1 / (1 + np.exp(-z)), numbers(*lead, 5, seed=4)
    found = sigmoid_crossentropy_forward(C, z, t)
    assert_close(found, -t * np.log(p) - (1 - t) * np.log(1 - p), 1e-13)
    expected = numeric_gradient(lambda a: sigmoid_crossentropy_forward(C, a, t), z, dl)
    assert_close(sigmoid_crossentropy_backward(C, dl, z, t), expected)


@pytest.mark.parametrize("size", [1e3, 1e4])
def test_crossentropies_of_large_logits_are_exact(size: float):
    z = np.array([[size, -size]], dtype=np.float32)
    one = np.ones((1, 1), np.float32)
    for label in (0, 1):
        labels, t = np.array([[label]], np.int32), np.eye(2, dtype=np.float32)[[label]]
        expected = [[2 * size * label]]
        np.testing.assert_array_equal(sparse_softmax_crossentropy_forward(C, z, labels), expected)
        np.testing.assert_array_equal(softmax_crossentropy_forward(C, z, t), expected)
        gradient = np.array([[1, 0]]) - t
        np.testing.assert_array_equal(
            sparse_softmax_crossentropy_backward(C, one, z, labels), gradient
        )
        np.testing.assert_array_equal(softmax_crossentropy_backward(C, one, z, t), gradient)
    t = np.array([[0.0, 1.0]], np.float32)
    np.testing.assert_array_equal(sigmoid_crossentropy_forward(C, z, t), [[size, size]])
    np.testing.assert_array_equal(sigmoid_crossentropy_backward(C, one, z, t), [[1, -1]])


def test_softmax_crossentropy_of_infinite_logit_off_target():
    z = np.array([[0.0, -np.inf, 0.0]])
    found = softmax_crossentropy_forward(C, z, np.array([[1.0, 0.0, 0.0]]))
    np.testing.assert_allclose(found, [[math.log(2)]])
    assert np.isnan(softmax_crossentropy_forward(C, z * np.nan, np.array([[1.0, 0, 0]]))).all()


@pytest.mark.parametrize("reduction", ["mean", "sum", "weighted_mean"])
@pytest.mark.parametrize("weighted", [False, True])
def test_loss_mean(reduction: str, weighted: bool):
    losses = numbers(4, 3, dtype="float32")
    w = np.array([[1.0], [0.0], [2.5], [1.0]], dtype=np.float32) if weighted else None
    per_row = np.ones((4, 1)) if w is None else w.astype(float)
    total = sum(per_row[i, 0] * float(losses[i, j]) for i in range(4) for j in range(3))
    divisor = {"mean": 12.0, "sum": 1.0, "weighted_mean": 3 * per_row.sum()}[reduction]
    found = loss_mean(C, losses, w, reduction=reduction, check_finite=True)
    assert found.shape == ()
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, total / divisor, rtol=1e-14)
    dl = loss_mean_backward(C, losses, w, reduction=reduction, scale=2.0)
    assert dl.dtype == np.float32
    np.testing.assert_allclose(dl, np.broadcast_to(2 * per_row / divisor, (4, 3)), rtol=1e-7)


def test_loss_mean_is_exact_over_many_rows():
    losses = np.full((10_000_000, 1), 0.1, dtype=np.float32)
    found = loss_mean(C, losses, reduction="mean", check_finite=True)
    np.testing.assert_allclose(found, np.float64(np.float32(0.1)), rtol=1e-12)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_loss_mean_stops_at_a_loss_that_is_not_finite(value: float):
    losses = np.array([[1.0], [value]], dtype=np.float32)
    with pytest.raises(StepStopped) as stopped:
        loss_mean(C, losses, reduction="mean", check_finite=True)
    assert stopped.value.code == 4
    np.testing.assert_equal(stopped.value.value, value)
    assert not np.isfinite(loss_mean(C, losses, reduction="mean", check_finite=False))
