"""Every dtype, layout and container of x, y and weights trains like the contiguous float32 array,
stays as it was, and is not copied whole.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fastnn.errors import ArgumentError, DataError, ShapeError
from fastnn.training.data import STAGING_BYTES, Feed, Source, as_array
from tests.support.networks import network

Array = np.ndarray[Any, Any]
MB = 1 << 20

rng = np.random.default_rng(7)
X = rng.integers(0, 2, (23, 6))  # 0 and 1: exact in every dtype, bool included
Y = rng.integers(0, 2, 23)

DTYPES = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "g"]
DTYPES += [">f4", ">f8", ">i4", ">i2", ">u8", ">f2"]


def strided(x: Array) -> Array:
    """Every second column of a wider array."""
    wide = np.zeros((len(x), 2 * x.shape[1]), x.dtype)
    wide[:, ::2] = x
    return wide[:, ::2]


def unaligned(x: Array) -> Array:
    """A view that starts at an odd address."""
    raw = np.zeros(x.nbytes + 1, np.uint8)
    view: Array = raw[1:].view(x.dtype).reshape(x.shape)
    view[...] = x
    return view


def read_only(x: Array) -> Array:
    x = x.copy()
    x.flags.writeable = False
    return x


LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "contiguous": np.ascontiguousarray,
    "F-order": np.asfortranarray,
    "negative strides": lambda x: np.ascontiguousarray(x[::-1, ::-1])[::-1, ::-1],
    "every second column": strided,
    "transposed": lambda x: x.T.copy().T,
    "unaligned": unaligned,
    "read-only": read_only,
}


def trained(backend: str, x: Any, y: Any, sample_weight: Any = None) -> list[Any]:
    """Weights, losses and predictions of a short training."""
    model = network(
        backend, inputs=6, activation="sigmoid", loss="binary_crossentropy", optimizer="adam"
    )
    history = model.fit(x, y, epochs=2, batch_size=10, sample_weight=sample_weight, verbose=0)
    return [*model.get_weights(), history.history["loss"], model.predict(x, verbose=0)]


def assert_same(found: list[Any], expected: list[Any], what: str) -> None:
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other, err_msg=what)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_dtype_and_layout_of_x_trains_alike(backend: str, layout: str) -> None:
    expected = trained(backend, np.ascontiguousarray(X, np.float32), Y)
    for dtype in DTYPES:
        x = LAYOUTS[layout](X.astype(dtype))
        before = x.copy()
        assert_same(trained(backend, x, Y), expected, f"{dtype}, {layout}")
        np.testing.assert_array_equal(x, before)
        assert x.dtype == np.dtype(dtype)


def test_every_dtype_and_layout_of_y_trains_alike(backend: str) -> None:
    expected = trained(backend, X, np.ascontiguousarray(Y, np.float32))
    for dtype in DTYPES:
        y = Y.astype(dtype)
        before = y.copy()
        wide = np.stack([y, y], axis=1)
        for targets in (y, y[:, None], wide[:, 0], wide[:, :1], np.flip(np.flip(y).copy())):
            assert_same(trained(backend, X, targets), expected, dtype)
        np.testing.assert_array_equal(y, before)


def test_labels_of_every_dtype_and_layout(backend: str) -> None:
    def losses(y: Any) -> list[float]:
        model = network(
            backend,
            inputs=6,
            outputs=3,
            activation="softmax",
            loss="sparse_categorical_crossentropy",
        )
        found: list[float] = model.fit(X, y, epochs=2, verbose=0).history["loss"]
        return found

    y = np.arange(23) % 3
    expected = losses(y)
    for dtype in DTYPES[1:]:
        for labels in (y.astype(dtype), np.stack([y, y], axis=1).astype(dtype)[:, 1]):
            assert losses(labels) == expected, dtype
    assert losses(y.tolist()) == expected
    assert losses(pd.Series(y, dtype="category").astype(int)) == expected


def test_containers(backend: str) -> None:
    expected = trained(backend, X, Y, np.ones(23))
    frame = pd.DataFrame(X, columns=list("abcdef"))
    mixed = frame.astype({"a": "float64", "b": "bool", "c": "uint8"})
    masked = np.ma.masked_array(X, mask=False)
    for x in (X.tolist(), frame, mixed, masked, X.view(np.matrix), tuple(map(tuple, X))):
        assert_same(trained(backend, x, Y, np.ones(23)), expected, type(x).__name__)
    for y in (Y.tolist(), pd.Series(Y), pd.DataFrame(Y), Y[:, None].view(np.matrix)):
        assert_same(trained(backend, X, y, [1] * 23), expected, type(y).__name__)
    weights = pd.Series(np.ones(23), index=range(5, 28))
    assert_same(trained(backend, X, Y, weights), expected, "weights")


def test_samples_of_more_axes_in_any_layout(backend: str) -> None:
    import fastnn

    model = fastnn.Sequential(
        [fastnn.Input((4, 5)), fastnn.layers.Flatten(), fastnn.layers.Dense(2)],
        backend=backend,
        seed=1,
    )
    x = rng.standard_normal((9, 4, 5)).astype(np.float32)
    expected = model.predict(x, verbose=0)
    wide = np.repeat(np.repeat(x, 2, axis=1), 3, axis=2)
    flipped = np.ascontiguousarray(x[:, ::-1, ::-1])[:, ::-1, ::-1]
    for other in (
        wide[:, ::2, ::3],
        flipped,
        np.asfortranarray(x),
        x.transpose(2, 0, 1).copy().transpose(1, 2, 0),
    ):
        np.testing.assert_array_equal(model.predict(other, verbose=0), expected)


def test_float64_data_is_not_rounded_in_a_float64_model(backend: str) -> None:
    model = network(backend, inputs=1, hidden=1, dtype="float64")
    model.set_weights([[[1e-9]], [0.0], [[1.0]], [0.0]])
    x = np.array([[1.0], [1.0 + 2.0**-40]])
    low, high = model.predict(x, verbose=0)[:, 0]
    assert high > low
    np.testing.assert_allclose(high, np.tanh(1e-9 * (1.0 + 2.0**-40)), rtol=1e-15)


def peak_of(function: Callable[[], object]) -> int:
    """Bytes that a call allocates through Python and NumPy at its peak."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("dtype", ["u1", ">f4", "f2", "i2"])
@pytest.mark.parametrize("call", ["fit", "evaluate", "predict"])
def test_big_data_is_not_copied(call: str, dtype: str) -> None:
    """Peak of a call beside the data: model + 64 MB + 4 batches; a copy would be 4 times more."""
    rows, columns, batch = 400_000, 200 // np.dtype(dtype).itemsize, 4096
    x = np.broadcast_to(np.zeros(columns, dtype), (rows, columns)).copy()
    y = np.zeros(rows, np.int8)
    model = network(
        inputs=columns,
        hidden=1,
        outputs=2,
        activation="softmax",
        loss="sparse_categorical_crossentropy",
    )
    calls: dict[str, Callable[[], object]] = {
        "fit": lambda: model.fit(x, y, batch_size=batch, validation_split=0.5, verbose=0),
        "evaluate": lambda: model.evaluate(x, y, batch_size=batch, verbose=0),
        "predict": lambda: model.predict(x, batch_size=batch, verbose=0),
    }
    assert x.nbytes == 80_000_000
    assert (
        peak_of(calls[call]) < 40 * MB
    )  # 3 MB of row numbers, 8 MB of staging, batches of 3 MB, 3 MB of results


def test_small_batches_of_many_rows_need_little_memory() -> None:
    """The control rows of 300,000 steps (38 MB) are filled in pieces."""
    x = np.zeros((300_000, 1), np.uint8)
    y = np.zeros((300_000, 1), np.uint8)
    model = network(inputs=1, hidden=1)
    model.evaluate(x[:2], y[:2], verbose=0)
    assert peak_of(lambda: model.evaluate(x, y, batch_size=1, verbose=0)) < 12 * MB


class TestFeed:
    """Which arrays are borrowed, and which row of the user's array a run means."""

    @pytest.mark.parametrize("dtype", ["u1", "i4", "i8", "f4", "f8", "?"])
    def test_borrows_what_the_gather_reads(self, dtype: str) -> None:
        array = np.zeros((5, 4), dtype)
        source = Source.of("x", array[:, ::2], "float32")
        assert source.direct
        assert np.shares_memory(source.view, array)

    @pytest.mark.parametrize("dtype", ["f2", ">f4", "i1", "u4", "g"])
    def test_stages_the_rest(self, dtype: str) -> None:
        source = Source.of("x", np.ones((5, 4), dtype), "float32")
        assert not source.direct
        staged = source.staged(np.array([4, 0]))
        assert (staged.dtype, staged.shape) == (np.float32, (2, 4))

    def test_stages_a_piece_at_a_time(self) -> None:
        feed = Feed([Source.of("x", np.ones((5, 1024), "f2"), "float32")], check_finite=True)
        assert feed.window_rows(32) == STAGING_BYTES // 4096
        assert feed.window_rows(10**6) == 10**6

    def test_names_the_users_row(self) -> None:
        staged = Source.of("x", np.ones((9, 2), "f2"), "float32")
        direct = Source.of("y", np.ones((9, 1), "f4"), "float32")
        order = np.array([3, 1, 4, 0, 5, 8, 2, 6, 7])
        feed = Feed([staged, direct], check_finite=True, first_row=100)
        assert feed.user_row(0, 1, order, 2) == 100  # position 2 + 1 is row 0
        assert feed.user_row(1, 5, order, 2) == 105  # a borrowed array is indexed by its own rows
        assert feed.user_row(0, 1, None, 2) == 103
        alone = Feed([direct], check_finite=True)
        assert alone.user_row(0, 5, order, 0) == 5


class TestAsArray:
    def test_base_arrays_are_taken_as_they_are(self) -> None:
        array = np.zeros((2, 3))
        assert as_array(array, "x") is array

    @pytest.mark.parametrize(
        ("value", "error", "message"),
        [
            (3.0, ShapeError, "x is a single number"),
            ([[1, 2], [3]], ShapeError, "x: its rows do not have equal lengths"),
            ([["a"]], DataError, r"x holds text \(row 0: 'a'\)"),
            (np.zeros(3, complex), DataError, "x holds complex numbers"),
            (np.array(["2020-01-01"], "M8[D]"), DataError, "x holds dates or times"),
            (pd.DataFrame({"a": [1, "b"]}), DataError, "x, column 'a' holds text \\(row 1: 'b'\\)"),
            ({"x": 1}, ArgumentError, "x is a dict"),
            (iter([1]), ArgumentError, "x is a list_iterator"),
            (np.ma.masked_array([1, 2], mask=[0, 1]), DataError, "1 of 2 values are masked"),
        ],
    )
    def test_refuses(self, value: Any, error: type[Exception], message: str) -> None:
        with pytest.raises(error, match=message):
            as_array(value, "x")
