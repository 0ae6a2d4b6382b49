"""Predictions of few rows take a prepared native call: the same bits as the long way, and the same
errors, whatever was predicted before.
"""

from __future__ import annotations

import threading

import numpy as np
import pytest

import fastnn
from fastnn.errors import FastnnError
from fastnn.training.prediction import SHORT_ROWS, forward


def model(backend: str = "auto", seed: int = 1) -> fastnn.Sequential:
    return fastnn.Sequential(
        [
            fastnn.Input((5,)),
            fastnn.layers.Dense(7, activation="relu"),
            fastnn.layers.Dense(3, activation="softmax"),
        ],
        backend=backend,
        seed=seed,
    )


def rows(n: int, dtype: str = "float32", columns: int = 5) -> np.ndarray:
    return (np.random.default_rng(n).random((n, columns)) * 9).astype(dtype)


def long_way(made: fastnn.Sequential, x: np.ndarray) -> np.ndarray:
    return forward(made, x, 1024)


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8", "int32", "bool"])
def test_bits_of_the_long_way(backend: str, dtype: str):
    made, other = model(backend), model(backend)
    for n in (1, 2, 1, 16, SHORT_ROWS, SHORT_ROWS + 1, 1):
        x = rows(n, dtype)
        expected = long_way(other, x)
        for _ in range(2):  # the first of a kind prepares, the second is the prepared one
            assert np.array_equal(made(x), expected)
            assert np.array_equal(made.predict(x, verbose=0), expected)


def test_it_is_prepared_for_c_and_not_for_numpy():
    c, reference = model("c"), model("numpy")
    for made in (c, reference):
        made(rows(1))
    assert c._short is not None
    assert c._short(rows(3)) is not None
    assert reference._short is None


def test_what_it_does_not_serve_goes_the_long_way():
    made, other = model(), model()
    made(rows(1))
    x = rows(6)
    for array in (x[::2], x[:, ::-1], np.asfortranarray(x), x.astype(">f4"), x.astype(np.float16)):
        assert np.array_equal(made(array), long_way(other, array))
    assert np.array_equal(made(x.tolist()), made(x.astype(np.float64)))
    assert made(x[:0]).shape == (0, 3)
    read_only = x.copy()
    read_only.flags.writeable = False
    assert np.array_equal(made(read_only), long_way(other, x))


def test_a_single_row_of_a_strided_view_does_not_lend_its_stride():
    """NumPy calls it contiguous, whatever its row stride is."""
    made, other = model(), model()
    one = rows(9)[::4][:1]
    assert one.flags.c_contiguous
    assert one.strides[0] != one.itemsize * one.shape[1]
    made(one)
    x = rows(3)
    assert np.array_equal(made(x), long_way(other, x))
    assert np.array_equal(made(one), long_way(other, one))


@pytest.mark.parametrize(
    "bad", [rows(1, columns=4), rows(1)[0], np.full((1, 5), np.nan, "f4"), "x"]
)
def test_the_same_errors(bad: object):
    made, fresh = model(), model()
    made(rows(1))
    with pytest.raises(FastnnError) as expected:
        fresh(bad)
    with pytest.raises(FastnnError) as found:
        made(bad)
    text = str(found.value)
    for mine, theirs in zip(made.layers, fresh.layers, strict=True):
        text = text.replace(mine.name, theirs.name)
    assert text == str(expected.value)
    assert np.array_equal(made(rows(1)), fresh(rows(1)))


def test_it_sees_new_weights_layers_and_places():
    made, x = model(), rows(2)
    made(x)
    made(x)
    other = model(seed=2)  # building another model makes programs old
    made.set_weights(other.get_weights())
    assert np.array_equal(made(x), other(x))
    made.pop()
    assert made(x).shape == (2, 7)
    made.add(fastnn.layers.Dense(4))
    assert made(x).shape == (2, 4)
    made.compile("sgd", "mse")
    made.fit(x, np.ones((2, 4)), verbose=0)
    assert np.array_equal(made(x), long_way(made, x))


def test_each_output_is_an_array_of_its_own():
    made = model()
    first = made(rows(1))
    kept = first.copy()
    made(rows(2))
    second = made(rows(1))
    second[:] = 7
    assert np.array_equal(first, kept)


def test_an_input_of_several_axes_and_an_output_of_several():
    made = fastnn.Sequential([fastnn.Input((2, 3)), fastnn.layers.Dense(4)], seed=1)
    x = np.random.default_rng(0).random((3, 2, 3)).astype(np.float32)
    expected = long_way(
        fastnn.Sequential([fastnn.Input((2, 3)), fastnn.layers.Dense(4)], seed=1), x
    )
    for _ in range(3):
        assert np.array_equal(made(x), expected)


def test_many_threads_at_once():
    made, wrong = model("c"), []
    inputs = [rows(1 + i % 5) + i for i in range(8)]
    expected = [made(x) for x in inputs]

    def work(i: int) -> None:
        for _ in range(500):
            if not np.array_equal(made(inputs[i]), expected[i]):
                wrong.append(i)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


def test_dropout_is_drawn_in_training_calls():
    made = fastnn.Sequential([fastnn.Input((64,)), fastnn.layers.Dropout(0.5)], seed=1)
    x = np.ones((1, 64), np.float32)
    assert np.array_equal(made(x), x)
    assert not np.array_equal(made(x, training=True), x)
    assert np.array_equal(made(x), x)
