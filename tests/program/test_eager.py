"""Functions of tensors applied to arrays: one Program per function and shape, cached, bounded."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import fastnn
from fastnn.ops import activation, elementwise, reduce
from fastnn.ops.shape import one_hot
from fastnn.program import eager


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch):
    """An empty cache of four Programs, and a count of compilations."""
    monkeypatch.setattr(eager, "_cache", type(eager._cache)())
    monkeypatch.setattr(eager, "CACHE_SIZE", 4)
    return eager._cache


def double(x):
    return elementwise.scale(x, 2.0)


def test_a_program_is_made_once_per_function_shape_and_type(cache):
    x = np.ones((5, 3), np.float32)
    traced = []

    def function(t):
        traced.append(t.shape)
        return double(t)

    for rows in (5, 5, 9, 1, 300):
        result = eager.run(function, [np.ones((rows, 3), np.float32)], key="double")
        np.testing.assert_array_equal(result, np.full((rows, 3), 2.0))
    assert len(traced) == 1  # any number of rows is one Program
    eager.run(function, [np.ones((5, 4), np.float32)], key="double")
    eager.run(function, [x.astype(np.float64)], key="double")
    assert len(traced) == 3
    eager.run(function, [x], key="another")
    assert len(traced) == 4
    assert len(cache) == 4


def test_the_cache_is_bounded_and_forgets_the_oldest(cache):
    for width in range(1, 30):
        eager.run(double, [np.ones((2, width), np.float32)], key="double")
        assert len(cache) <= 4
    traced = []

    def function(t):
        traced.append(t)
        return double(t)

    eager.run(function, [np.ones((2, 26), np.float32)], key="double")  # kept: the fourth last
    assert not traced
    eager.run(function, [np.ones((2, 99), np.float32)], key="double")  # 27 goes, not 26
    eager.run(function, [np.ones((2, 26), np.float32)], key="double")
    assert len(traced) == 1
    eager.run(function, [np.ones((2, 27), np.float32)], key="double")
    assert len(traced) == 2


def test_the_default_bound():
    assert eager.CACHE_SIZE == 256


def test_a_moved_weight_is_found_where_it_is(cache):
    layer = fastnn.layers.Dense(2, kernel_initializer="ones")
    x = np.ones((1, 3), np.float32)
    np.testing.assert_array_equal(layer(x), [[3, 3]])
    model = fastnn.Sequential([fastnn.Input((3,)), layer])
    np.testing.assert_array_equal(model.predict(x, verbose=0), [[3, 3]])
    layer.kernel.assign(np.full((3, 2), 2.0))
    np.testing.assert_array_equal(layer(x), [[6, 6]])


def test_shapes_in_and_out(cache):
    assert eager.run(double, [np.float32(3)], key="d").shape == ()
    assert eager.run(double, [np.ones(4, np.float32)], key="d").shape == (4,)
    assert eager.run(double, [np.ones((2, 4), np.float32)], key="d").shape == (2, 4)
    assert eager.run(double, [np.ones((2, 3, 4), np.float32)], key="d").shape == (2, 3, 4)
    assert eager.run(double, [np.ones((0, 4), np.float32)], key="d").shape == (0, 4)
    total = eager.run(
        lambda t: reduce.reduce_columns(t, "sum"), [np.ones((2, 4), np.float32)], key="sum"
    )
    assert total.tolist() == [[4], [4]]


def test_types_in_and_out(cache):
    assert eager.run(double, [np.ones((2, 3))], key="d").dtype == np.float64
    assert eager.run(double, [np.ones((2, 3), np.float16)], key="d").dtype == np.float32
    assert eager.run(double, [[[1, 2], [3, 4]]], key="d").dtype == np.float32
    labels = eager.run(
        lambda t: one_hot(t, 3, "float32"),
        [np.array([[2], [0]])],
        key="hot",
        integer_inputs=(0,),
        label_classes=3,
    )
    assert labels.tolist() == [[0, 0, 1], [1, 0, 0]]
    with pytest.raises(fastnn.errors.DataError, match="7"):
        eager.run(
            lambda t: one_hot(t, 3, "float32"),
            [np.array([[7]])],
            key="hot",
            integer_inputs=(0,),
            label_classes=3,
        )


def test_inputs_may_have_any_layout_and_are_not_changed(cache):
    base = np.arange(24, dtype=np.float32).reshape(4, 6)
    for x in (base[::-1], base[:, ::2], np.asfortranarray(base), base.T, base[1:3, 1:]):
        before = x.copy()
        np.testing.assert_array_equal(eager.run(double, [x], key="d"), 2 * before)
        np.testing.assert_array_equal(x, before)


def test_rows_beyond_the_capacity_run_in_blocks(cache):
    x = np.random.default_rng(0).random((3 * eager.CAPACITY + 1, 2), np.float32)
    np.testing.assert_array_equal(eager.run(double, [x], key="d"), 2 * x)


def test_many_threads_share_the_cache(cache):
    barrier = threading.Barrier(8)

    def work(number: int) -> bool:
        barrier.wait()
        good = True
        for i in range(40):
            x = np.full((2, 1 + (number + i) % 7), number, np.float32)
            result = eager.run(lambda t: activation.activation_forward(t, "relu"), [x], key="r")
            good &= bool((result == x).all())
        return good

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))
    assert len(cache) <= 4


def test_a_layer_must_return_a_tensor(cache):
    class Wrong(fastnn.layers.Layer):
        def call(self, inputs):
            return 3

    with pytest.raises(fastnn.errors.ArgumentError, match="returned int"):
        Wrong()(np.ones((2, 3)))
