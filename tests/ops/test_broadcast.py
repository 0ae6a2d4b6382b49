"""Broadcasting of tensors: shapes as NumPy's, values and gradients on every backend."""

from __future__ import annotations

import numpy as np
import pytest

from fastnn.errors import ShapeError
from fastnn.ops import elementwise, loss
from fastnn.ops.broadcast import common_shape
from fastnn.program.tensor import BATCH, Size, Tensor
from tests.backends.test_gradients import computed_gradients
from tests.support.one_op import Bench

# shapes of one sample, or (in a list) of a tensor without the batch
PAIRS = [
    ((3, 4), (3, 4)),
    ((3, 4), (3, 1)),
    ((3, 4), (1, 1)),
    ((3, 4), [4]),
    ((3, 4), [3, 4]),
    ((3, 4), [1, 3, 4]),
    ((3, 4), [1, 1, 4]),
    ((3, 4), [1, 1, 1]),
    ((3, 4), [1]),
    ((2, 3, 4), [3, 4]),
    ((2, 3, 4), (2, 1, 1)),
    ((2, 3, 4), (1, 1, 1)),
    ((2, 3, 1), [4]),
    ((2, 1, 1), [3, 4]),
    ((1, 1), [3, 4]),
    ((5,), [1, 5]),
    ((1,), [5]),
    ((2, 1, 3), (2, 1, 1)),
    ((), [1]),
    ((2, 3, 4), (1, 3, 1)),
    ((2, 3, 4), (2, 1, 4)),
    ((2, 3, 4), (1, 3, 4)),
    ((2, 1, 4), (1, 3, 1)),
    ((2, 3, 4), [2, 1, 4]),
    ((2, 3, 4), [3, 1]),
    ((2, 1, 4), [3, 1]),
    ([3, 4], [3, 1]),
    ([3, 1], [4]),
    ([3, 1], [1, 4]),
]


def made(bench: Bench, shape: tuple[int, ...] | list[int]) -> Tensor:
    if isinstance(shape, list):
        return bench.fixed(*shape, low=0.5, high=2.0)
    return bench.rows(*shape, low=0.5, high=2.0)


@pytest.mark.parametrize("pair", PAIRS, ids=str)
@pytest.mark.parametrize("swap", [False, True])
def test_values_and_gradients(backend: str, pair: tuple, swap: bool) -> None:
    """The gradients of Σ (a·b)², which hold the values too."""
    bench = Bench("float64", 6, 1)
    operands = [made(bench, shape) for shape in (pair[::-1] if swap else pair)]
    a, b = (bench.value(t) for t in operands)
    product = elementwise.multiply(*operands)
    expected = a * b
    assert bench.concrete(product.shape) == expected.shape
    if product.has_batch:
        total = loss.loss_mean(elementwise.multiply(product, product), None, reduction="sum")
        da, db = computed_gradients(bench, total, operands, backend)
        for found, mine, other in ((da, a, b), (db, b, a)):
            slope = 2 * expected * np.broadcast_to(other, expected.shape)
            lead = tuple(range(slope.ndim - mine.ndim))
            slope = slope.sum(axis=lead)
            ones = tuple(i for i, size in enumerate(mine.shape) if size == 1)
            slope = slope.sum(axis=ones, keepdims=True)
            np.testing.assert_allclose(np.reshape(found, mine.shape), slope, rtol=1e-12)


def test_shapes() -> None:
    assert common_shape([(BATCH, 3, 4), (4,), ()]) == (BATCH, 3, 4)
    assert common_shape([(BATCH, 3, 1), (1, 1, 5)]) == (BATCH, 3, 5)
    assert common_shape([(1,), (Size(0, 2), 1)]) == (Size(0, 2), 1)
    for shapes in (
        [(BATCH, 3), (4,)],
        [(BATCH, 3), (BATCH, 2, 3)],
        [(5, 1, 3), (BATCH, 3)],
        [(BATCH, 3), (5, 3)],
        [(BATCH,), (BATCH, 1)],
        [(BATCH, 3), (Size(0, 2), 3)],
    ):
        with pytest.raises(ShapeError, match=r"do not go together\. Expected shapes that agree"):
            common_shape(shapes)


def test_three_operands_and_spreading() -> None:
    x = Tensor((BATCH, 2, 3), "float32")
    column, matrix = Tensor((BATCH, 1, 1), "float32"), Tensor((2, 3), "float32")
    assert elementwise.where(column, x, matrix).shape == (BATCH, 2, 3)
    assert elementwise.where(column, matrix, 0.0).shape == (BATCH, 2, 3)
    assert elementwise.broadcast_to(matrix, (BATCH, 2, 3)).shape == (BATCH, 2, 3)
    assert elementwise.broadcast_to(column, (BATCH, 2, 3)).shape == (BATCH, 2, 3)
    assert elementwise.where(x, Tensor((BATCH, 1, 3), "float32"), 0.0).shape == (BATCH, 2, 3)
