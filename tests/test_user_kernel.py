"""Kernels of the user's own: the same numbers on every backend, gradients that are checked, errors
that say what is wrong, files that hold names alone.
"""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest

import fastnn
from fastnn import backends
from fastnn.backends import user_kernels
from fastnn.errors import ArgumentError, BackendUnavailable, FileFormatError, ShapeError


def leaky_slope(x: float) -> float:
    return 1.0 if x > 0 else 0.1


@fastnn.kernel(derivative=leaky_slope)
def leaky(x: float) -> float:
    """A branch: NumPy cannot take whole arrays."""
    if x > 0:
        return x
    return 0.1 * x


@fastnn.kernel(derivative=lambda x: 1.0 - np.tanh(x) ** 2)
def tanh(x: float) -> float:
    return np.tanh(x)


@fastnn.kernel(derivative=lambda y_true, y_pred: math.tanh(y_pred - y_true))
def log_cosh(y_true: float, y_pred: float) -> float:
    return math.log(math.cosh(y_pred - y_true))


@fastnn.kernel
def cube(x: float) -> float:
    return x * x * x


def data() -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).normal(size=(96, 5))
    return x, x.sum(axis=1, keepdims=True)


def network(backend: str, activation: object = leaky, dtype: str = "float32") -> fastnn.Sequential:
    layers = [
        fastnn.Input((5,)),
        fastnn.layers.Dense(8, activation=activation),
        fastnn.layers.Dense(1),
    ]
    return fastnn.Sequential(layers, seed=0, backend=backend, dtype=dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_training_is_the_reference_s(backend: str, dtype: str):
    histories = []
    for used in ("numpy", backend):
        model = network(used, dtype=dtype)
        model.compile("adam", loss=log_cosh)
        histories.append(model.fit(*data(), epochs=4, batch_size=16, verbose=0).history["loss"])
    tolerance = 1e-5 if dtype == "float32" else 1e-12
    np.testing.assert_allclose(histories[1], histories[0], rtol=tolerance)


def test_a_kernel_is_the_composition_it_replaces(backend: str):
    histories = []
    for activation in (tanh, "tanh"):
        model = network(backend, activation, "float64")
        model.compile("sgd", loss="mse")
        histories.append(model.fit(*data(), epochs=3, verbose=0).history["loss"])
    np.testing.assert_allclose(histories[0], histories[1], rtol=1e-10)


def test_ieee_answers_where_python_raises(backend: str):
    @fastnn.kernel
    def quotient(x: float) -> float:
        return 1.0 / x

    @fastnn.kernel
    def power(x: float) -> float:
        return math.exp(1000.0 * x)

    @fastnn.kernel
    def root(x: float) -> float:
        return math.sqrt(x)

    fastnn.set_backend(backend)
    try:
        numbers = np.array([0.0, 4.0, -1.0])
        assert quotient(numbers).tolist() == [np.inf, 0.25, -1.0]
        assert power(numbers).tolist() == [1.0, np.inf, 0.0]
        np.testing.assert_array_equal(root(numbers), [0.0, 2.0, np.nan])
    finally:
        backends._default.clear()


def test_whole_arrays_where_that_is_the_same():
    numbers = np.linspace(-2, 2, 9)
    for kernel in (leaky, tanh, cube):
        expected = [kernel.function(v) for v in numbers]
        np.testing.assert_allclose(kernel.evaluate(-1, [numbers]), expected)
    assert tanh._by_arrays[tanh.function]
    assert not leaky._by_arrays[leaky.function]


def test_a_wrong_derivative_is_refused():
    with pytest.raises(ArgumentError, match=r"derivative by 'x' is .* central differences give"):
        fastnn.kernel(derivative=lambda x: 2.0 * x)(lambda x: x * x * x)
    with pytest.raises(ArgumentError, match="received 2 derivatives for 1 arguments"):
        fastnn.kernel(derivative=(None, None))(lambda x: x)
    with pytest.raises(ArgumentError, match="by 'b'"):
        fastnn.kernel(derivative=(lambda a, b: b, lambda a, b: b))(lambda a, b: a * b)
    with pytest.raises(ArgumentError, match="finite at none"):
        fastnn.kernel(derivative=lambda x: 1.0)(lambda x: math.nan * x)


def test_only_functions_of_one_or_two_numbers():
    for wrong in (3, lambda: 1.0, lambda a, b, c: a, lambda *a: a[0], lambda a, b=1.0: a):
        with pytest.raises(ArgumentError, match="one"):
            fastnn.kernel(wrong)


def test_without_a_derivative_nothing_is_trained(backend: str):
    model = network(backend, cube)
    assert model.predict(data()[0], verbose=0).shape == (96, 1)
    model.compile("sgd", loss="mse")
    with pytest.raises(ArgumentError, match="'cube' has no derivative by 'x'"):
        model.fit(*data(), verbose=0)


def test_what_numba_cannot_compile_is_named():
    @fastnn.kernel
    def reads(x: float) -> float:
        return float(open("numbers.txt").read()) * x

    with pytest.raises(ArgumentError, match=r"kernel 'reads': Numba cannot compile it: .*open"):
        network("numba", reads).predict(data()[0], verbose=0)


def test_operands_must_agree(backend: str):
    with pytest.raises(ShapeError, match="cannot be broadcast"):
        log_cosh(np.zeros((2, 3)), np.zeros((2, 4)))


def test_without_numba_the_c_backend_names_the_extra(monkeypatch: pytest.MonkeyPatch):
    missing = backends.BackendInfo("numba", False, reason=backends.NUMBA_MISSING)
    monkeypatch.setattr(backends, "_numba", lambda: missing)
    monkeypatch.setattr(user_kernels, "_kept", {})
    if backends.backends()["c"].available:
        with pytest.raises(BackendUnavailable, match=r"fastnn\[numba\].*backend='numpy'"):
            network("c").predict(data()[0], verbose=0)
    assert np.isfinite(network("numpy").predict(data()[0], verbose=0)).all()


def test_files_hold_the_name_alone(tmp_path):
    model = network("auto")
    model.compile("adam", loss=log_cosh)
    model.fit(*data(), verbose=0)
    path = tmp_path / "m.fastnn"
    model.save(path)
    assert b"math" not in path.read_bytes()
    with pytest.raises(FileFormatError, match="unknown activation 'leaky'"):
        fastnn.saving.load_model(path)
    own = {"leaky": leaky, "log_cosh": log_cosh}
    again = fastnn.saving.load_model(path, custom_objects=own)
    expected = model.predict(data()[0], verbose=0)
    np.testing.assert_array_equal(again.predict(data()[0], verbose=0), expected)


def test_kernels_pickle_by_name():
    assert pickle.loads(pickle.dumps(leaky)) is leaky
    assert b"0.1" not in pickle.dumps(leaky)
    model = network("auto")
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.get_weights()[0], model.get_weights()[0])
    assert again.layers[0].activation is leaky
