"""Layouts and joins of ``fastnn.ops`` against NumPy: on arrays along any axis, on symbolic tensors
within samples, through variables, with gradients.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from fastnn import backends, ops
from fastnn.errors import ArgumentError, ShapeError, UnsupportedError
from fastnn.ops import elementwise, loss, strided
from fastnn.program import eager
from fastnn.program.tensor import BATCH, Tensor
from tests.backends.test_gradients import computed_gradients
from tests.support.gradcheck import check_gradient
from tests.support.one_op import Bench

_keys = itertools.count()
A = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")

# on the whole array A: fastnn's function, NumPy's
WHOLE = {
    "transpose": (ops.transpose, np.transpose),
    "transpose axes": (lambda x: ops.transpose(x, (1, 2, 0)), lambda x: x.transpose(1, 2, 0)),
    "swapaxes": (lambda x: ops.swapaxes(x, 0, -1), lambda x: x.swapaxes(0, -1)),
    "moveaxis": (lambda x: ops.moveaxis(x, 0, -1), lambda x: np.moveaxis(x, 0, -1)),
    "moveaxis two": (
        lambda x: ops.moveaxis(x, (0, 2), (1, 0)),
        lambda x: np.moveaxis(x, (0, 2), (1, 0)),
    ),
    "expand_dims": (lambda x: ops.expand_dims(x, (0, -1)), lambda x: x[None, ..., None]),
    "squeeze": (lambda x: ops.squeeze(x[:1]), lambda x: x[0]),
    "flip": (ops.flip, np.flip),
    "flip one": (lambda x: ops.flip(x, 0), lambda x: np.flip(x, 0)),
    "roll": (lambda x: ops.roll(x, 5), lambda x: np.roll(x, 5)),
    "roll two": (lambda x: ops.roll(x, (1, -1), (0, 2)), lambda x: np.roll(x, (1, -1), (0, 2))),
    "tile": (lambda x: ops.tile(x, (2, 1, 1, 3)), lambda x: np.tile(x, (2, 1, 1, 3))),
    "repeat": (lambda x: ops.repeat(x, 3), lambda x: np.repeat(x, 3)),
    "repeat axis": (lambda x: ops.repeat(x, 3, 0), lambda x: np.repeat(x, 3, 0)),
    "pad": (lambda x: ops.pad(x, 2), lambda x: np.pad(x, 2)),
    "pad pair": (lambda x: ops.pad(x, (1, 2)), lambda x: np.pad(x, (1, 2))),
    "pad value": (
        lambda x: ops.pad(x, ((1, 0), (2, 3), (0, 1)), constant_values=7),
        lambda x: np.pad(x, ((1, 0), (2, 3), (0, 1)), constant_values=7),
    ),
    "broadcast_to": (
        lambda x: ops.broadcast_to(x[:, :1], (5, 2, 3, 4)),
        lambda x: np.broadcast_to(x[:, :1], (5, 2, 3, 4)),
    ),
    "concatenate": (
        lambda x: ops.concatenate([x, x[:1]], axis=0),
        lambda x: np.concatenate([x, x[:1]], axis=0),
    ),
    "stack": (lambda x: ops.stack([x, -x], axis=3), lambda x: np.stack([x, -x], axis=3)),
    "split": (lambda x: ops.split(x, [1, 3], 2)[1], lambda x: x[..., 1:3]),
    "unstack": (lambda x: ops.unstack(x, axis=1)[2], lambda x: x[:, 2]),
    "slice": (lambda x: ops.slice(x, (0, 1, 1), (2, -1, 2)), lambda x: x[:, 1:, 1:3]),
}
# on a batch of samples (3, 4)
ROWS = {
    "transpose": (lambda x: ops.transpose(x, (0, 2, 1)), lambda x: x.transpose(0, 2, 1)),
    "swapaxes": (lambda x: ops.swapaxes(x, 1, 2), lambda x: x.swapaxes(1, 2)),
    "expand_dims": (lambda x: ops.expand_dims(x, 1), lambda x: x[:, None]),
    "squeeze": (lambda x: ops.squeeze(x[:, :1]), lambda x: x[:, 0]),
    "flip": (ops.flip, lambda x: x[:, ::-1, ::-1]),
    "roll": (lambda x: ops.roll(x, 1, -1), lambda x: np.roll(x, 1, -1)),
    "roll all": (lambda x: ops.roll(x, 5), lambda x: np.stack([np.roll(a, 5) for a in x])),
    "tile": (lambda x: ops.tile(x, (1, 2, 3)), lambda x: np.tile(x, (1, 2, 3))),
    "repeat": (lambda x: ops.repeat(x, 2, 1), lambda x: np.repeat(x, 2, 1)),
    "pad": (
        lambda x: ops.pad(x, ((0, 0), (1, 2), (0, 3))),
        lambda x: np.pad(x, ((0, 0), (1, 2), (0, 3))),
    ),
    "broadcast_to": (
        lambda x: ops.broadcast_to(x[:, :, :1], (None, 3, 5)),
        lambda x: np.broadcast_to(x[:, :, :1], (len(x), 3, 5)),
    ),
    "concatenate": (
        lambda x: ops.concatenate([x, x[:, ::-1], np.ones((2, 4))], axis=1),
        lambda x: np.concatenate([x, x[:, ::-1], np.ones((len(x), 2, 4))], axis=1),
    ),
    "stack": (lambda x: ops.stack([x, x * 2], axis=-1), lambda x: np.stack([x, x * 2], -1)),
    "forty parts": (
        lambda x: ops.concatenate(ops.unstack(x, axis=2) * 10, axis=1),
        lambda x: np.concatenate([x[..., i] for i in range(4)] * 10, axis=1),
    ),
    "split": (lambda x: ops.split(x, 2, -1)[1], lambda x: x[..., 2:]),
    "slice": (lambda x: ops.slice(x, (0, 1, 1), (-1, 2, 2)), lambda x: x[:, 1:, 1:3]),
    "index": (lambda x: x[:, 1], lambda x: x[:, 1]),
    "steps": (lambda x: x[:, ::-2, 1:4:2], lambda x: x[:, ::-2, 1:4:2]),
    "ellipsis": (lambda x: x[..., None, -1], lambda x: x[..., None, -1]),
}


@pytest.mark.parametrize("name", WHOLE)
def test_arrays(name: str):
    ours, numpys = WHOLE[name]
    expected = numpys(A)
    found = ours(A)
    assert found.dtype == A.dtype
    assert found.shape == expected.shape
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(ours(A.astype("float64")), numpys(A.astype("float64")))


@pytest.mark.parametrize("name", ROWS)
def test_tensors(name: str, backend: str, monkeypatch: pytest.MonkeyPatch):
    ours, numpys = ROWS[name]
    x = np.random.default_rng(1).normal(size=(300, 3, 4)).astype("float32")
    monkeypatch.setattr(backends, "_default", [backend])
    found = eager.run(ours, [x], key=("test_layout", next(_keys)))
    expected = numpys(x)
    assert found.shape == expected.shape
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("fixed", [False, True])
@pytest.mark.parametrize("name", ROWS)
def test_gradients(name: str, fixed: bool):
    """Of batches, and of variables that every sample reads."""
    ours, numpys = ROWS[name]
    bench = Bench("float64", 3, 1)
    x = bench.fixed(1, 3, 4) if fixed else bench.rows(3, 4)
    rows = bench.rows(1).shape[0]
    y = ours(strided.broadcast_to(x, (rows, 3, 4)))
    weights = bench.rows(*y.shape[1:])
    total = loss.loss_mean(elementwise.multiply(y, weights), None, reduction="sum")
    (found,) = computed_gradients(bench, total, [x], "c")

    def f(value: np.ndarray) -> float:
        spread = np.broadcast_to(value, (3, 3, 4))
        return float((numpys(spread) * bench.value(weights)).sum())

    check_gradient(f, bench.value(x), found, step=1e-6, where=name)


def test_integers_stay_integers():
    found = ops.transpose([[1, 2], [3, 4]])
    assert found.dtype == np.int32
    assert found.tolist() == [[1, 3], [2, 4]]
    assert ops.concatenate([np.array([2**31 - 1]), np.array([5])], 0).tolist() == [2**31 - 1, 5]
    assert ops.flip([True, False]).tolist() == [0.0, 1.0]


def test_more_axes_than_are_merged():
    x = np.arange(2**10, dtype="float32").reshape((2,) * 10)
    with pytest.raises(UnsupportedError, match="10 axes that cannot be merged"):
        ops.transpose(x)


@pytest.mark.parametrize(
    ("error", "match", "call"),
    [
        (UnsupportedError, "axes that begin with 0", lambda x: ops.transpose(x, (1, 0, 2))),
        (ArgumentError, "each of its axes once", lambda x: ops.transpose(x, (0, 1))),
        (UnsupportedError, "the batch axis", lambda x: ops.flip(x, 0)),
        (ArgumentError, "expected an axis from -3 to 2", lambda x: ops.flip(x, 3)),
        (ArgumentError, "expected a whole number", lambda x: ops.flip(x, 1.5)),
        (ArgumentError, "names an axis twice", lambda x: ops.flip(x, (1, -2))),
        (UnsupportedError, "Write ':' for the batch", lambda x: x[0]),
        (ArgumentError, "expected -3 to 2", lambda x: x[:, 3]),
        (ArgumentError, "fastnn.ops.take", lambda x: x[:, [0, 1]]),
        (ArgumentError, "at most 3", lambda x: x[:, 0, 0, 0]),
        (ShapeError, "puts an axis before the batch", lambda x: x[None]),
        (ShapeError, "hold no element", lambda x: x[:, 2:1]),
        (ShapeError, "of size 1, not 3", lambda x: ops.squeeze(x, 1)),
        (ShapeError, "are equal or 1", lambda x: ops.broadcast_to(x, (None, 3, 8))),
        (ShapeError, "equal sizes along all other", lambda x: ops.concatenate([x, x[:, 1:]], -1)),
        (ShapeError, "cut into equal parts", lambda x: ops.split(x, 3, 2)),
        (ShapeError, "an axis of size 4", lambda x: ops.unstack(x, 3, 2)),
        (ShapeError, "reach beyond axis 1", lambda x: ops.slice(x, (0, 2, 0), (-1, 2, 1))),
        (UnsupportedError, "1 for the batch", lambda x: ops.tile(x, (2, 1, 1))),
        (UnsupportedError, "fastnn supports mode='constant'", lambda x: ops.pad(x, 1, "edge")),
        (ArgumentError, "a pair", lambda x: ops.pad(x, ((0, 0), (-1, 0), (0, 0)))),
        (UnsupportedError, "for the batch", lambda x: ops.pad(x, ((1, 0), (0, 0), (0, 0)))),
        (ArgumentError, "as many of one", lambda x: ops.moveaxis(x, (1, 2), 1)),
        (ArgumentError, "one shift for each axis", lambda x: ops.roll(x, (1, 2), 1)),
        (ShapeError, "expected equal shapes", lambda x: ops.stack([x, x[:, 1:]], 1)),
        (ArgumentError, "empty list", lambda x: ops.stack([], 1)),
    ],
)
def test_errors(error: type[Exception], match: str, call):
    with pytest.raises(error, match=match):
        call(Tensor((BATCH, 3, 4), "float32"))
