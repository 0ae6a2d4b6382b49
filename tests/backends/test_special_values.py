"""Zeros of both signs, denormals, large numbers, infinities and NaN through every op: NaN and
infinities come out where the reference, run in the same type, has them. And what the contract
promises by name: relu keeps NaN, losses from logits are finite at ±1e4.
"""

from __future__ import annotations

import numpy as np
import pytest

from fastnn import backends
from fastnn.ops import activation, elementwise, loss
from fastnn.program.tensor import Tensor
from tests.support.cases import cases_of, op_names
from tests.support.one_op import Bench
from tests.support.tolerances import EXACT

Array = np.ndarray


def pattern(array: Array) -> Array:
    """0 for finite, 1 and -1 for the infinities, 2 for NaN."""
    found = np.isnan(array) * 2.0
    return found + np.where(np.isinf(array), np.sign(array), 0.0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("op", op_names())
def test_special_values(op: str, native: str, dtype: str):
    for case in cases_of(op):
        for n, size, other in ((1, 1, 1), (5, 3, 2), (33, 17, 9), (40, 64, 3)):
            bench = Bench(dtype, n, size, other, "special")
            node = case.build(bench)
            expected = bench.reference(node)
            found = bench.compiled(backends.resolve(native), node).run()
            for a, b in zip(found, expected, strict=True):
                message = f"{case.id} {bench.label}"
                if a.dtype.kind == "f":
                    np.testing.assert_array_equal(pattern(a), pattern(b), err_msg=message)
                if case.family is EXACT:
                    np.testing.assert_array_equal(a, b, err_msg=message)


def run_on(kernels: str, bench: Bench, output: Tensor) -> Array:
    node = output.node
    assert node is not None
    if kernels == "numpy":
        return bench.reference(node)[0]
    return bench.compiled(backends.resolve(kernels), node).run()[0]


def given(dtype: str, *rows: list[float]) -> tuple[Bench, list[Tensor]]:
    """A bench with these single rows as inputs."""
    bench = Bench(dtype, 1, 1)
    with np.errstate(over="ignore"):
        return bench, [bench.gathered(np.array([row], dtype), (len(row),)) for row in rows]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nan_goes_through_every_activation(kernels: str, dtype: str):
    for function in ("linear", "relu", "sigmoid", "tanh"):
        bench, (z,) = given(dtype, [np.nan, 1.0, np.nan])
        node = activation.ACTIVATION_FORWARD.node(
            (z,), {"function": function}, [(z.shape, z.dtype)]
        )
        assert np.isnan(run_on(kernels, bench, node.output)[0]).tolist() == [True, False, True]
        bench, (dy, y) = given(dtype, [np.nan, 1.0, 1.0], [0.5, np.nan, 0.5])
        backward = activation.activation_backward(dy, y, function)
        expected = [True, function != "linear", False]
        assert np.isnan(run_on(kernels, bench, backward)[0]).tolist() == expected
    for make in (activation.softmax_forward, activation.log_softmax_forward):
        bench, (z,) = given(dtype, [0.0, np.nan, 1.0])
        assert np.isnan(run_on(kernels, bench, make(z))).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_activations_saturate_without_nan(kernels: str, dtype: str):
    z = [-np.inf, -1e4, -150.0, -0.0, 0.0, 150.0, 1e4, np.inf]
    expected = {
        "relu": [0, 0, 0, -0.0, 0, 150, 1e4, np.inf],
        "sigmoid": [0, 0, None, 0.5, 0.5, 1, 1, 1],
        "tanh": [-1, -1, -1, -0.0, 0, 1, 1, 1],
    }
    for function, values in expected.items():
        bench, (tensor,) = given(dtype, z)
        found = run_on(kernels, bench, activation.activation_forward(tensor, function))[0]
        for value, wanted in zip(found, values, strict=True):
            if wanted is None:
                assert 0 <= float(value) < 1e-60
            else:
                assert value == wanted
                assert np.signbit(value) == np.signbit(wanted)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_softmax_of_large_and_equal_logits(kernels: str, dtype: str):
    for row in ([1e4, -1e4, 0.0], [1e4, 1e4, 1e4], [-1e4] * 3, [-np.inf, 0.0, -np.inf]):
        z = np.array(row)
        best = z == z.max()
        bench, (tensor,) = given(dtype, row)
        y = run_on(kernels, bench, activation.softmax_forward(tensor))[0]
        np.testing.assert_allclose(y, best / best.sum(), rtol=1e-6, atol=0)
        bench, (tensor,) = given(dtype, row)
        y = run_on(kernels, bench, activation.log_softmax_forward(tensor))[0]
        np.testing.assert_allclose(y, z - z.max() - np.log(best.sum()), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [2, 10, 33])
def test_losses_are_finite_at_logits_of_ten_thousand(kernels: str, dtype: str, size: int):
    choices = np.array([0.0, 1e3, -1e3, 1e4, -1e4])
    for seed in range(3):
        for name in ("sparse_softmax", "softmax", "sigmoid"):
            for backward in (False, True):
                bench = Bench(dtype, 9, size, seed=seed)
                z = bench.gathered(bench.random.choice(choices, (9, size)).astype(dtype), (size,))
                t = bench.labels(size) if name == "sparse_softmax" else bench.rows(size, low=0)
                if backward:
                    dl = bench.rows(size if name == "sigmoid" else 1)
                    node = loss.BACKWARD[name].node((dl, z, t), {}, [(z.shape, z.dtype)])
                else:
                    make = getattr(loss, f"{name}_crossentropy")
                    node = make(z, t).node
                found = run_on(kernels, bench, node.output)
                assert np.isfinite(found).all(), (name, backward)
                expected = bench.reference(node, "float64")[0]
                np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6 * size)


def test_a_class_that_is_no_target_adds_nothing(kernels: str):
    """0 · -inf counts as 0 in the crossentropy, as in its definition as a sum over targets."""
    bench, (z, t) = given("float64", [0.0, -np.inf, 0.0], [0.25, 0.0, 0.75])
    found = run_on(kernels, bench, loss.softmax_crossentropy(z, t))
    np.testing.assert_allclose(found, [[np.log(2.0)]], rtol=1e-12)


def test_denormals_are_kept(kernels: str):
    """Nothing switches the processor to flushing denormals to zero."""
    for dtype, tiny in (("float32", 1e-40), ("float64", 5e-324)):
        bench, (x,) = given(dtype, [tiny, -tiny])
        found = run_on(kernels, bench, activation.activation_forward(x, "relu"))[0]
        assert found[0] == np.array(tiny, dtype) != 0
        bench, (x,) = given(dtype, [tiny, -tiny])
        doubled = run_on(kernels, bench, elementwise.scale(x, 2.0))[0]
        np.testing.assert_array_equal(doubled, np.array([tiny, -tiny], dtype) * 2)
