"""The ops of the NumPy reference that move data or change state: gather and scatter with what stops
them, metric accumulators, and optimizer steps against textbook loops.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from fastnn.backends.numpy_ref.context import Binding, Context, StepStopped
from fastnn.backends.numpy_ref.data import gather_labels, gather_rows, scatter_rows
from fastnn.backends.numpy_ref.metric import epoch_end, metric_mean, metric_scalar
from fastnn.backends.numpy_ref.optimizer import adam_step, momentum_step, rmsprop_step, sgd_step

Array = np.ndarray[Any, Any]
PERMUTATION = np.array([5, 3, 0, 1, 4, 2])


def context_for(source: Array, permuted: bool = True, **options: Any) -> Context:
    binding = Binding(source, PERMUTATION if permuted else None, **options)
    return Context(n=3, offset=2, bindings=[Binding(np.zeros((0, 1))), binding])


# --- data


@pytest.mark.parametrize(
    "dtype", ["bool", "uint8", "int8", "int32", "int64", "uint64", "float16", ">f4", "f4", ">f8"]
)
@pytest.mark.parametrize("permuted", [False, True])
def test_gather_rows(dtype: str, permuted: bool):
    source = np.arange(6 * 4).reshape(6, 2, 2).astype(dtype)
    found = gather_rows(context_for(source, permuted), binding=1, dtype="float32")
    rows = [0, 1, 4] if permuted else [2, 3, 4]
    np.testing.assert_array_equal(found, source[rows].reshape(3, 4).astype("float32"))
    assert found.dtype == np.dtype("float32")
    assert found.flags.writeable
    assert not np.shares_memory(found, source)


def test_gather_rows_of_any_strides_and_one_axis():
    source = np.asfortranarray(np.arange(48.0).reshape(12, 4))[::-2, ::3]
    source.flags.writeable = False
    found = gather_rows(context_for(source), binding=1, dtype="float64")
    np.testing.assert_array_equal(found, source[[0, 1, 4]])
    found = gather_rows(context_for(np.arange(6)), binding=1, dtype="float64")
    np.testing.assert_array_equal(found, [[0], [1], [4]])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_gather_rows_stops_at_values_that_are_not_finite(value: float):
    source = np.zeros((6, 2))
    source[4, 0] = source[1, 1] = value  # batch rows 2 and 1: the smaller position is reported
    with pytest.raises(StepStopped) as stopped:
        gather_rows(context_for(source, check_finite=True), binding=1, dtype="float32")
    assert (stopped.value.code, stopped.value.row, stopped.value.binding) == (1, 1, 1)
    np.testing.assert_equal(stopped.value.value, value)
    source[[1, 4]] = 0
    source[5, 0] = value  # not in this batch
    gather_rows(context_for(source, check_finite=True), binding=1, dtype="float32")
    source[4, 0] = value
    assert not np.isfinite(gather_rows(context_for(source), binding=1, dtype="float32")).all()


def test_gather_rows_takes_finite_values_whose_squares_are_not():
    source = np.full((6, 2), 3e38, "f4")
    found = gather_rows(context_for(source, check_finite=True), binding=1, dtype="float32")
    np.testing.assert_array_equal(found, source[:3])


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64", "float32", "float64", "bool"])
def test_gather_labels(dtype: str):
    source = np.array([1, 0, 1, 1, 0, 1]).astype(dtype)
    found = gather_labels(context_for(source), binding=1, classes=2)
    np.testing.assert_array_equal(found, [[1], [0], [0]])
    assert found.dtype == np.int32


@pytest.mark.parametrize(
    ("bad", "code"),
    [(-1, 2), (3, 2), (1000, 2), (0.5, 3), (np.nan, 3), (np.inf, 3), (2.9999998, 3)],
)
def test_gather_labels_stops(bad: float, code: int):
    source = np.array([0, 1, 2, 0, 0, 2], dtype=np.float32)
    source[4] = bad
    with pytest.raises(StepStopped, match=f"code {code}, row 4, binding 1") as stopped:
        gather_labels(context_for(source), binding=1, classes=3)
    np.testing.assert_equal(stopped.value.value, float(np.float32(bad)))
    source[1] = 7  # a smaller position wins, whatever its kind
    with pytest.raises(StepStopped, match="code 2, row 1, binding 1"):
        gather_labels(context_for(source), binding=1, classes=3)


def test_gather_labels_without_range():
    source = np.array([-5, 1000, 2, 0, 70000, 2])
    found = gather_labels(context_for(source), binding=1, classes=0)
    np.testing.assert_array_equal(found, [[-5], [1000], [70000]])
    source[0] = 2**31
    with pytest.raises(StepStopped, match=r"code 2, row 0, binding 1, value 2147483648\.0"):
        gather_labels(context_for(source), binding=1, classes=0)
    gather_labels(context_for(source.astype("uint8")), binding=1, classes=0)


def test_gather_labels_of_unsigned_dtype_compares_as_numbers():
    source = np.array([0, 255, 2, 0, 0, 2], dtype=np.uint8)
    with pytest.raises(StepStopped, match=r"code 2, row 1, binding 1, value 255\.0"):
        gather_labels(context_for(source), binding=1, classes=10)


def test_scatter_rows():
    target = np.full((7, 2, 2), -1.0, dtype=np.float32)
    scatter_rows(context_for(target), np.arange(12.0, dtype=np.float32).reshape(3, 4), binding=1)
    np.testing.assert_array_equal(target[2:5], np.arange(12.0).reshape(3, 2, 2))
    np.testing.assert_array_equal(target[[0, 1, 5, 6]], -1.0)
    flat = np.zeros(6)
    scatter_rows(context_for(flat), np.ones((3, 1)), binding=1)
    np.testing.assert_array_equal(flat, [0, 0, 1, 1, 1, 0])


# --- metrics


def test_metric_accumulators_and_epoch_end():
    context = Context(n=2, history_row=1, history=np.full((3, 4), -1.0))
    state = np.zeros(4)
    values = np.array([[1.0, 2.0], [3.0, 5.0]], dtype=np.float32)
    metric_mean(context, state[:2], values)
    np.testing.assert_array_equal(state, [11, 4, 0, 0])
    metric_mean(context, state[:2], values, np.array([[0.0], [0.5]], dtype=np.float32))
    np.testing.assert_array_equal(state, [15, 5, 0, 0])
    metric_scalar(context, state[2:], np.array(0.25))
    np.testing.assert_array_equal(state, [15, 5, 0.5, 2])
    epoch_end(context, state)
    np.testing.assert_array_equal(state, [15, 5, 0.5, 2])
    context.flags = 1
    epoch_end(context, state)
    np.testing.assert_array_equal(state, 0)
    np.testing.assert_array_equal(context.history, [[-1] * 4, [15, 5, 0.5, 2], [-1] * 4])


# --- optimizers: three steps on one weight in Python floats, from the papers' formulas

GRADIENTS = [0.5, -1.5, 0.25]
W0, LR = 2.0, 0.1


def run(step: Any, slots: int, dtype: str = "float64", **attributes: Any) -> tuple[Array, ...]:
    """Three steps with GRADIENTS; returns w and the slots."""
    arrays = (np.full(3, W0, dtype), *(np.zeros(3, dtype) for _ in range(slots)))
    for t, gradient in enumerate(GRADIENTS, start=1):
        s1 = LR
        if step is adam_step:
            s1 *= math.sqrt(1 - attributes["beta_2"] ** t) / (1 - attributes["beta_1"] ** t)
        context = Context(learning_rate=LR, scalars=[s1])
        g = np.full(3, gradient, dtype)
        assert step(context, arrays[0], g, *arrays[1:], **attributes) is None
        np.testing.assert_array_equal(g, np.full(3, gradient, dtype))
    for array in arrays:
        assert array.dtype == dtype
        assert (array == array[0]).all()
    return arrays


@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_sgd(decay: float):
    w = W0
    for g in GRADIENTS:
        w = w - LR * decay * w - LR * g
    np.testing.assert_allclose(run(sgd_step, 0, weight_decay=decay)[0], w, rtol=1e-14)


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_momentum(nesterov: bool, decay: float):
    w, m = W0, 0.0
    for g in GRADIENTS:
        w = w - LR * decay * w
        m = 0.9 * m - LR * g
        w = w + 0.9 * m - LR * g if nesterov else w + m
    found = run(momentum_step, 1, weight_decay=decay, momentum=0.9, nesterov=nesterov)
    np.testing.assert_allclose([found[0][0], found[1][0]], [w, m], rtol=1e-14)


@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_adam(decay: float):
    b1, b2, epsilon = 0.9, 0.99, 1e-3
    w, m, v = W0, 0.0, 0.0
    for t, g in enumerate(GRADIENTS, start=1):
        w = w - LR * decay * w
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        m_hat, v_hat = m / (1 - b1**t), v / (1 - b2**t)
        # epsilon hat: the paper's epsilon times sqrt(1 - b2^t)
        w -= LR * m_hat / (math.sqrt(v_hat) + epsilon / math.sqrt(1 - b2**t))
    found = run(adam_step, 2, weight_decay=decay, beta_1=b1, beta_2=b2, epsilon=epsilon)
    np.testing.assert_allclose([array[0] for array in found], [w, m, v], rtol=1e-13)


@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize("momentum", [0.0, 0.8])
@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_rmsprop(centered: bool, momentum: float, decay: float):
    rho, epsilon = 0.9, 1e-3
    w, v, average, moment = W0, 0.0, 0.0, 0.0
    for g in GRADIENTS:
        w = w - LR * decay * w
        v = rho * v + (1 - rho) * g**2
        average = rho * average + (1 - rho) * g
        variance = v - average**2 if centered else v
        increment = LR * g / math.sqrt(variance + epsilon)
        moment = momentum * moment + increment
        w -= moment if momentum else increment
    found = run(
        rmsprop_step,
        1 + centered + (momentum > 0),  # unused slots are left out
        weight_decay=decay,
        rho=rho,
        epsilon=epsilon,
        momentum=momentum,
        centered=centered,
    )
    expected = [w, v, *([average] if centered else []), *([moment] if momentum else [])]
    np.testing.assert_allclose([array[0] for array in found], expected, rtol=1e-13)


@pytest.mark.parametrize(
    ("step", "slots", "attributes"),
    [
        (sgd_step, 0, {"weight_decay": 0.01}),
        (momentum_step, 1, {"weight_decay": 0.01, "momentum": 0.9, "nesterov": True}),
        (adam_step, 2, {"weight_decay": 0.01, "beta_1": 0.9, "beta_2": 0.99, "epsilon": 1e-7}),
        (
            rmsprop_step,
            3,
            {"weight_decay": 0, "rho": 0.9, "epsilon": 1e-7, "momentum": 0.9, "centered": True},
        ),
    ],
)
def test_optimizers_in_float32_stay_near_float64(step: Any, slots: int, attributes: Any):
    single, double = (run(step, slots, dtype, **attributes) for dtype in ("float32", "float64"))
    for a, b in zip(single, double, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-6)  # three steps of a few roundings of 6e-8
