"""Sizes that depend on the batch, shapes as kernels see them, and symbolic tensors, which have no
numbers and say so.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

import fastnn
from fastnn.errors import FastnnError, ShapeError
from fastnn.ops import data, elementwise
from fastnn.program.tensor import (
    BATCH,
    Size,
    SymbolicTensorError,
    Tensor,
    constant,
    matrix_view,
    product,
)
from fastnn.program.variable import Variable


def test_sizes():
    size = Size(2, 3)
    assert size.at(0) == 2
    assert size.at(10) == 32
    assert size * 4 == Size(8, 12)
    assert (BATCH.a, BATCH.b) == (0, 1)
    assert [repr(s) for s in (BATCH, Size(0, 3), Size(2, 1))] == ["n", "3n", "2+1n"]
    assert len({Size(0, 1), BATCH, Size(1, 0)}) == 2


@pytest.mark.parametrize(
    ("dimensions", "expected"),
    [
        ((), 1),
        ((2, 3), 6),
        ((BATCH,), BATCH),
        ((BATCH, 3), Size(0, 3)),
        ((4, BATCH, 3), Size(0, 12)),
        ((Size(1, 2), 5), Size(5, 10)),
        ((2, 0), 0),
    ],
)
def test_product(dimensions: tuple, expected: object):
    assert product(dimensions) == expected


def test_product_of_two_batch_axes():
    with pytest.raises(ShapeError, match=r"two axes of .* depend on the batch size"):
        product((BATCH, 2, BATCH))


@pytest.mark.parametrize(
    ("shape", "rows", "columns"),
    [
        ((), Size(1, 0), 1),
        ((5,), Size(1, 0), 5),
        ((4, 5), Size(4, 0), 5),
        ((2, 4, 5), Size(8, 0), 5),
        ((BATCH,), BATCH, 1),
        ((BATCH, 5), BATCH, 5),
        ((BATCH, 3, 5), Size(0, 3), 5),
    ],
)
def test_matrix_view(shape: tuple, rows: Size, columns: int):
    assert matrix_view(shape) == (rows, columns)


def x() -> Tensor:
    return data.gather_rows(0, (3,), "float32")


@pytest.mark.parametrize(
    ("what", "action"),
    [
        ("bool", lambda t: bool(t)),
        ("bool", lambda t: 1 if t > 0 else 0),
        ("float", float),
        ("float", math.sqrt),
        ("int", int),
        ("len", len),
        ("iteration", list),
        ("NumPy", np.mean),
        ("NumPy", np.exp),
        ("NumPy", np.asarray),
        ("NumPy", lambda t: np.ones(3) + t),
        ("NumPy", lambda t: np.concatenate([t, t])),
        ("NumPy", lambda t: np.where(t, 1, 0)),
    ],
)
def test_what_needs_numbers_names_the_ops(what: str, action):
    with pytest.raises(SymbolicTensorError, match=rf"{what}.*symbolic.*fastnn\.ops"):
        action(x())


def test_the_error_is_a_type_error_of_fastnn():
    assert issubclass(SymbolicTensorError, TypeError)
    assert issubclass(SymbolicTensorError, FastnnError)


def test_a_layer_that_uses_numpy_is_told_so():
    class Wrong(fastnn.layers.Layer):
        def call(self, inputs):
            return np.tanh(inputs)

    with pytest.raises(SymbolicTensorError, match=r"fastnn\.ops"):
        Wrong()(np.ones((2, 3)))


@pytest.mark.parametrize(
    ("expression", "op", "attributes"),
    [
        (lambda t: t + t, "binary", {"function": "add"}),
        (lambda t: t - t, "binary", {"function": "subtract"}),
        (lambda t: t * t, "binary", {"function": "multiply"}),
        (lambda t: t / t, "binary", {"function": "divide"}),
        (lambda t: t > t, "binary", {"function": "greater"}),
        (lambda t: t >= t, "binary", {"function": "greater_equal"}),
        (lambda t: t < t, "binary", {"function": "less"}),
        (lambda t: t <= t, "binary", {"function": "less_equal"}),
        (lambda t: t + 2, "scale", {"scale": 1.0, "offset": 2.0}),
        (lambda t: 2 + t, "scale", {"scale": 1.0, "offset": 2.0}),
        (lambda t: t - 2, "scale", {"scale": 1.0, "offset": -2.0}),
        (lambda t: 2 - t, "scale", {"scale": -1.0, "offset": 2.0}),
        (lambda t: t * 3, "scale", {"scale": 3.0, "offset": 0.0}),
        (lambda t: 3 * t, "scale", {"scale": 3.0, "offset": 0.0}),
        (lambda t: -t, "unary", {"function": "negative"}),
        (abs, "unary", {"function": "absolute"}),
        (lambda t: ~t, "unary", {"function": "logical_not"}),
        (lambda t: t**2.0, "unary", {"function": "square"}),
        (lambda t: 2.0**t, "binary", {"function": "power"}),
        (lambda t: t // t, "binary", {"function": "floor_divide"}),
        (lambda t: t % t, "binary", {"function": "mod"}),
        (lambda t: t & t, "binary", {"function": "logical_and"}),
        (lambda t: t / 3, "binary", {"function": "divide"}),
        (lambda t: 3 / t, "binary", {"function": "divide"}),
    ],
)
def test_operators(expression, op: str, attributes: dict):
    made = expression(x())
    assert made.node.op.name == op
    assert made.node.attributes == attributes
    assert (made.shape, made.dtype) == ((BATCH, 3), "float32")


def test_operands():
    tensor = x()
    vector = Variable(np.ones(3))
    assert (tensor + vector).node.inputs[1].variable is vector
    assert (vector + tensor).node.inputs[0].variable is vector
    assert (tensor * constant([1.0, 2.0, 3.0], "float32")).shape == (BATCH, 3)
    column = data.gather_rows(1, (1,), "float32")
    assert (tensor + column).shape == (BATCH, 3)
    assert (column - tensor).shape == (BATCH, 3)
    for wrong in ((4,), (2,), (3, 3)):
        with pytest.raises(ShapeError, match="do not go together"):
            tensor + data.gather_rows(1, wrong, "float32")
    with pytest.raises(ShapeError, match="do not go together"):
        tensor + Variable(np.ones(4))
    with pytest.raises(ShapeError, match="float32 and float64"):
        tensor + data.gather_rows(1, (3,), "float64")
    labels = data.gather_labels(0, (1,), 3)
    with pytest.raises(ShapeError, match="cast them to a float type"):
        elementwise.binary(labels, labels, function="add")


def test_a_constant_is_a_copy():
    array = np.ones(3)
    tensor = constant(array, "float64")
    array[0] = 5
    assert tensor.constant is not None
    assert tensor.constant.tolist() == [1, 1, 1]
    assert not tensor.has_batch
    assert repr(x()) == "<Tensor shape=(n, 3) dtype=float32>"
