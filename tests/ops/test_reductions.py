"""Reductions, picking, products of matrices and casts of ``fastnn.ops`` against NumPy: on arrays
along any axis, on symbolic tensors within samples and over the batch, with gradients.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import fastnn
from fastnn import backends, layers, ops
from fastnn.errors import ArgumentError, DataError, ShapeError, UnsupportedError
from fastnn.ops import elementwise, loss, strided
from fastnn.program import eager
from fastnn.program.tensor import BATCH, Tensor
from tests.backends.test_gradients import computed_gradients
from tests.support.gradcheck import check_gradient
from tests.support.one_op import Bench

_keys = itertools.count()
A = np.random.default_rng(0).uniform(0.5, 2.0, (3, 4, 5)) * np.array([1, -1, 1, -1, 1])
ZEROS = np.where(np.random.default_rng(1).random((3, 4, 5)) < 0.5, 0.0, A)


def logsumexp(x, axis=None, keepdims=False):
    return np.log(np.exp(x).sum(axis=axis, keepdims=keepdims))


REDUCTIONS = {
    "sum": np.sum,
    "mean": np.mean,
    "max": np.max,
    "min": np.min,
    "prod": np.prod,
    "any": np.any,
    "all": np.all,
    "var": np.var,
    "std": np.std,
    "logsumexp": logsumexp,
    "norm": lambda x, axis=None, keepdims=False: np.sqrt((x * x).sum(axis, keepdims=keepdims)),
}
AXES = [None, 0, 1, -1, (0, 2), (1, 2), (2, 0), (0, 1, 2)]


@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions_of_arrays(name: str):
    for x in (A, ZEROS):
        for axis, keepdims in itertools.product(AXES, (False, True)):
            found = getattr(ops, name)(x, axis=axis, keepdims=keepdims)
            expected = REDUCTIONS[name](x, axis=axis, keepdims=keepdims)
            assert found.shape == np.shape(expected), axis
            np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_counts_norms_and_numbers_of_any_type():
    np.testing.assert_array_equal(ops.count_nonzero(ZEROS, 1), np.count_nonzero(ZEROS, 1))
    assert ops.count_nonzero(ZEROS).dtype == np.int32
    for order in (0, 1, 2, 3, np.inf, -np.inf):
        found = ops.norm(A, ord=order, axis=1)
        np.testing.assert_allclose(found, np.linalg.norm(A, ord=order, axis=1), rtol=1e-12)
    np.testing.assert_allclose(ops.norm(A[0], "fro"), np.linalg.norm(A[0]), rtol=1e-12)
    assert ops.sum([[1, 2], [3, 4]], axis=0).dtype == np.float32
    assert float(ops.mean(np.array([True, False]))) == 0.5
    assert ops.logsumexp([-np.inf, -np.inf]) == -np.inf
    assert ops.logsumexp([np.inf, 1.0]) == np.inf


@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions_of_tensors(name: str, backend: str, monkeypatch: pytest.MonkeyPatch):
    """Of samples and over the batch: the difference from the reduced, which every row has."""
    monkeypatch.setattr(backends, "_default", [backend])
    low, high = (0.95, 1.05) if name == "prod" else (0.5, 2.0)  # of 6,000 factors
    x = np.random.default_rng(2).uniform(low, high, (300, 4, 5))
    for axis in AXES:

        def difference(t, axis=axis):
            return ops.subtract(t, getattr(ops, name)(t, axis=axis, keepdims=True))

        found = eager.run(difference, [x], key=("test_reductions", next(_keys)))
        expected = x - REDUCTIONS[name](x, axis=axis, keepdims=True)
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-11)


SMOOTH = ["sum", "mean", "max", "min", "prod", "var", "std", "logsumexp", "norm"]


@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 2), (1, 2)], ids=str)
@pytest.mark.parametrize("name", SMOOTH)
def test_gradients_of_reductions(name: str, axis):
    bench = Bench("float64", 3, 1)
    x = bench.rows(2, 3, low=0.5, high=2.0)
    y = ops.multiply(x, getattr(ops, name)(x, axis=axis, keepdims=True))
    total = loss.loss_mean(y, None, reduction="sum")
    (found,) = computed_gradients(bench, total, [x], "c")

    def f(value: np.ndarray) -> float:
        return float((value * REDUCTIONS[name](value, axis=axis, keepdims=True)).sum())

    check_gradient(f, bench.value(x), found, step=1e-6, where=name)


def test_the_gradient_of_a_product_with_zeros():
    bench = Bench("float64", 3, 1)
    x = bench.gathered(np.array([[2.0, 0.0, 3.0], [0.0, 0.0, 5.0], [1.0, 2.0, 4.0]]), (3,))
    total = loss.loss_mean(ops.prod(x, axis=-1, keepdims=True), None, reduction="sum")
    (found,) = computed_gradients(bench, total, [x], "c")
    assert found.tolist() == [[0, 6, 0], [0, 0, 0], [8, 4, 2]]


def test_stop_gradient():
    bench = Bench("float64", 3, 1)
    x = bench.rows(2)
    y = ops.multiply(x, ops.stop_gradient(x))
    total = loss.loss_mean(y, None, reduction="sum")
    (found,) = computed_gradients(bench, total, [x], "c")
    np.testing.assert_array_equal(found, bench.value(x))


def test_a_loss_that_reads_the_whole_batch():
    def centred(y_true, y_pred):
        return ops.mean(ops.square(y_pred - ops.mean(y_pred, axis=0) - y_true), axis=-1)

    model = fastnn.Sequential([layers.Input((2,)), layers.Dense(2)])
    model.compile(optimizer=fastnn.optimizers.SGD(0.2), loss=centred)
    x = np.random.default_rng(0).normal(size=(64, 2))
    history = model.fit(x, x - x.mean(0), epochs=30, batch_size=64, verbose=0).history["loss"]
    assert history[-1] < 0.5 * history[0]


# -- picking ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [None, 0, 1, 2, -1])
@pytest.mark.parametrize("shape", [(), (4,), (2, 3)])
def test_take_from_arrays(axis, shape):
    size = A.size if axis is None else A.shape[axis]
    index = np.random.default_rng(3).integers(-size, size, shape)
    np.testing.assert_array_equal(ops.take(A, index, axis=axis), np.take(A, index, axis=axis))
    whole = np.arange(60).reshape(3, 4, 5)
    found = ops.take(whole, index, axis=axis)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, np.take(whole, index, axis=axis))


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_take_along_axis(axis):
    order = np.argsort(A, axis=axis)
    found = ops.take_along_axis(A, order, axis=axis)
    np.testing.assert_array_equal(found, np.take_along_axis(A, order, axis=axis))
    largest = np.argmax(A, axis=axis, keepdims=True)
    found = ops.take_along_axis(A, largest, axis=axis)
    np.testing.assert_array_equal(found, A.max(axis=axis, keepdims=True))
    np.testing.assert_array_equal(ops.argmax(A, axis, keepdims=True), largest)
    np.testing.assert_array_equal(ops.argmin(A, axis), np.argmin(A, axis))
    np.testing.assert_allclose(ops.cumsum(A, axis), np.cumsum(A, axis), rtol=1e-12)


def test_places_of_all_elements():
    assert ops.argmax(A) == np.argmax(A)
    assert ops.argmin(A, keepdims=True).shape == (1, 1, 1)
    np.testing.assert_allclose(ops.cumsum(A), np.cumsum(A), rtol=1e-12)
    flat = ops.take_along_axis(A, np.array([5, -1]))
    np.testing.assert_array_equal(flat, np.take_along_axis(A, np.array([5, -1]), None))


def test_top_k():
    values, indices = ops.top_k(A, 3)
    order = np.argsort(-A, axis=-1, kind="stable")[..., :3]
    np.testing.assert_array_equal(indices, order)
    np.testing.assert_array_equal(values, np.take_along_axis(A, order, -1))
    assert ops.top_k([1.0, np.nan, 1.0, 2.0], 4)[1].tolist() == [1, 3, 0, 2]
    scores = [[0.1, 0.6, 0.3], [0.5, 0.5, 0.0], [np.nan, 0.2, 0.1]]
    assert ops.in_top_k([2, 1, 0], scores, 1).tolist() == [0, 1, 0]
    assert ops.in_top_k([2, 1, 0], scores, 2).tolist() == [1, 1, 0]


@pytest.mark.parametrize("shared", [False, True])
def test_a_table_gets_the_sum_of_its_gradients(backend: str, shared: bool):
    bench = Bench("float64", 70, 1)
    table = bench.fixed(9, 3)
    if shared:
        index: object = np.array([[1, 1], [-2, 8]])
        chosen = np.broadcast_to(np.array([[1, 1], [7, 8]]), (70, 2, 2))
        picked = strided.broadcast_to(ops.take(table, index, axis=0), (BATCH, 2, 2, 3))
    else:
        labels = bench.labels(9, 2, 2)
        chosen = bench.value(labels)[..., 0]
        picked = ops.take(table, labels[..., 0], axis=0)
    weights = bench.rows(2, 2, 3)
    total = loss.loss_mean(elementwise.multiply(picked, weights), None, reduction="sum")
    (found,) = computed_gradients(bench, total, [table], backend)
    expected = np.zeros((9, 3))
    np.add.at(expected, chosen, bench.value(weights))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


class Table(layers.Layer):
    """Rows of a table, by the features of x."""

    def build(self, input_shape):
        self.table = self.add_weight((50, 8), "uniform", name="table")

    def call(self, inputs):
        return ops.mean(ops.take(self.table, ops.cast(inputs, "int32"), axis=0), axis=1)


def trained(x, threads: int, **settings):
    fastnn.utils.set_random_seed(0)
    fastnn.set_num_threads(threads)
    model = fastnn.Sequential([layers.Input((6,)), Table(), layers.Dense(1)], **settings)
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, x.sum(1, keepdims=True) / 100, epochs=2, batch_size=64, verbose=0)
    return model


def test_threads_do_not_change_a_table():
    x = np.random.default_rng(0).integers(0, 50, (640, 6)).astype("float32")
    before = fastnn.get_num_threads()
    try:
        one, two = (trained(x, threads).get_weights() for threads in (1, 2))
    finally:
        fastnn.set_num_threads(before)
    for a, b in zip(one, two, strict=True):
        assert a.tobytes() == b.tobytes()


def test_an_index_out_of_range_stops_the_run(backend: str):
    x = np.zeros((100, 6), dtype="float32")
    model = trained(x, 1, backend=backend)
    before = model.get_weights()
    for wrong in (50, -51, 2**31 - 1, -(2**31)):
        bad = x.copy()
        bad[77, 3] = wrong
        with pytest.raises(DataError, match=r"row 77: index .* is out of range"):
            model.fit(bad, x[:, :1], shuffle=False, batch_size=16, verbose=0)
        with pytest.raises(DataError, match="row 77"):
            model.predict(bad, verbose=0)
    model.set_weights(before)
    with pytest.raises(DataError, match=r"index 3 is out of range"):
        ops.take([1.0, 2.0, 3.0], [0, 3])


# -- products --------------------------------------------------------------------------------------

PRODUCTS = [
    ((4,), (4,)),
    ((4,), (4, 3)),
    ((2, 4), (4,)),
    ((2, 4), (4, 3)),
    ((5, 2, 4), (4, 3)),
    ((5, 2, 4), (5, 4, 3)),
    ((2, 4), (5, 4, 3)),
    ((6, 1, 2, 4), (5, 4, 3)),
    ((5, 2, 4), (4,)),
    ((4,), (5, 4, 3)),
]


@pytest.mark.parametrize("shapes", PRODUCTS, ids=str)
def test_products_of_arrays(shapes):
    random = np.random.default_rng(4)
    a, b = (random.normal(size=shape) for shape in shapes)
    found = ops.matmul(a, b)
    assert found.shape == np.matmul(a, b).shape
    np.testing.assert_allclose(found, np.matmul(a, b), rtol=1e-11, atol=1e-12)
    if b.ndim <= 2:
        np.testing.assert_allclose(ops.dot(a, b), np.dot(a, b), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("kinds", ["rows rows", "rows one", "one rows", "lead lead"])
def test_products_of_samples(backend: str, kinds: str):
    bench = Bench("float64", 6, 1)
    lead = (3,) if "lead" in kinds else ()
    left, right = kinds.split()
    a = bench.fixed(5, 4) if left == "one" else bench.rows(*lead, 5, 4)
    b = bench.fixed(4, 3) if right == "one" else bench.rows(*lead, 4, 3)
    y = ops.matmul(a, b)
    x, w = bench.value(a), bench.value(b)
    weights = bench.rows(*y.shape[1:])
    total = loss.loss_mean(elementwise.multiply(y, weights), None, reduction="sum")
    da, db = computed_gradients(bench, total, [a, b], backend)
    g = bench.value(weights)
    expected_a, expected_b = g @ np.swapaxes(w, -1, -2), np.swapaxes(x, -1, -2) @ g
    expected_a = expected_a.sum(0) if left == "one" else expected_a
    expected_b = expected_b.sum(0) if right == "one" else expected_b
    np.testing.assert_allclose(da, expected_a, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(db, expected_b, rtol=1e-11, atol=1e-12)


# -- constants and casts ---------------------------------------------------------------------------


def test_constants_and_casts():
    assert ops.arange(1, 2, 0.5).tolist() == [1.0, 1.5]
    assert ops.arange(3).dtype == np.int32
    assert ops.zeros((2, 1)).dtype == ops.ones(2).dtype == ops.full(2, 7).dtype == np.float32
    np.testing.assert_array_equal(ops.eye(2, 3, 1), np.eye(2, 3, 1))
    assert ops.zeros_like(np.ones((2, 2), np.int32)).dtype == np.int32
    assert ops.ones_like([1.0], "float64").dtype == np.float64
    assert ops.cast([1.9, np.nan, 1e12, -1e12], "int32").tolist() == [1, 0, 2**31 - 1, -(2**31)]
    assert ops.cast([2, 0], "bool").tolist() == [1.0, 0.0]
    assert ops.cast(np.float64([1e-300]), "float32").tolist() == [0.0]
    assert ops.cast([3], np.float64).dtype == np.float64
    x = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    for function in (
        lambda t: ops.full_like(t, 2.0) + ops.zeros_like(t),
        lambda t: ops.cast(ops.cast(t, "float64"), "float32") * 0.0 + 2.0,
    ):
        found = eager.run(function, [x], key=("test_constants", next(_keys)))
        np.testing.assert_array_equal(found, np.full((5, 3), 2.0, "float32"))


def test_the_gradient_of_a_cast():
    bench = Bench("float64", 3, 1)
    x = bench.rows(2)
    y = ops.cast(ops.square(ops.cast(x, "float32")), "float64")
    total = loss.loss_mean(y, None, reduction="sum")
    (found,) = computed_gradients(bench, total, [x], "c")
    np.testing.assert_allclose(found, 2 * bench.value(x), rtol=1e-6)


T = Tensor((BATCH, 3, 4), "float32")
I = Tensor((BATCH, 3), "int32")  # noqa: E741


@pytest.mark.parametrize(
    ("error", "match", "call"),
    [
        (ArgumentError, "expected an axis from -3 to 2", lambda: ops.sum(T, axis=3)),
        (ArgumentError, "names an axis twice", lambda: ops.sum(T, axis=(1, -2))),
        (UnsupportedError, "the batch axis", lambda: ops.cumsum(T, axis=0)),
        (UnsupportedError, "initial", lambda: ops.max(T, initial=0.0)),
        (UnsupportedError, "Frobenius norm", lambda: ops.norm(T, ord=1)),
        (ArgumentError, "a number, 'fro'", lambda: ops.norm(T, ord="nuc", axis=1)),
        (ArgumentError, "expected int32", lambda: ops.take(T, T, axis=1)),
        (ArgumentError, "index 4 for an axis of size 4", lambda: ops.take(T, [4], axis=2)),
        (UnsupportedError, "Use take_along_axis", lambda: ops.take(T, I, axis=1)),
        (UnsupportedError, "Name an axis of the samples", lambda: ops.take(T, [0])),
        (ShapeError, "as many axes", lambda: ops.take_along_axis(T, I, axis=1)),
        (ArgumentError, "at most 4", lambda: ops.top_k(T, 5)),
        (ShapeError, "one target for each row", lambda: ops.in_top_k(I, I, 1)),
        (ShapeError, "as many columns", lambda: ops.matmul(T, T)),
        (
            ShapeError,
            "the batch where a matrix",
            lambda: ops.matmul(T, Tensor((BATCH, 4), "float32")),
        ),
        (UnsupportedError, "a vector or a matrix", lambda: ops.dot(T, T)),
        (ArgumentError, "float32, float64, int32, bool", lambda: ops.cast(T, "int8")),
    ],
)
def test_errors(error: type[Exception], match: str, call):
    with pytest.raises(error, match=match):
        call()
