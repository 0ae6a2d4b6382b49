"""The rows of ``cases.py`` for ops that move, pick and join elements: (op, variant, how to make the
inputs, further fields of ``Case``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fastnn.ops import data, elementwise, matrices, pick, reduce, strided
from fastnn.ops.strided import Part
from fastnn.program.tensor import Node, Tensor, constant
from tests.support.one_op import Bench
from tests.support.tolerances import DOUBLE_SUM, REDUCTION, rounded

Row = tuple[str, str, Callable[[Bench], Node], dict[str, Any]]


def behind(tensor: Tensor) -> Node:
    """The node that makes what a tensor is reshaped from."""
    node = tensor.node
    assert node is not None
    return behind(node.inputs[0]) if node.op.name == "reshape" else node


def layout(formula: Callable[[Tensor], Tensor], *lead: int) -> Callable[[Bench], Node]:
    """A change of layout of samples (*lead, size)."""

    def build(b: Bench) -> Node:
        return behind(formula(b.rows(*lead, b.size)))

    return build


def slice_of(x: Tensor) -> Tensor:
    """Every second element backwards, from the last."""
    size = strided.sample(x)[-1]
    return strided.window(x, [1, size - 1], [1, -2], [2, (size + 1) // 2])


def joined(b: Bench) -> Node:
    parts = [b.rows(b.size), b.rows(3), b.fixed(1, b.other)]
    given, start = [], 1
    for x in parts:
        size = strided.elements(x)
        given.append((x, Part((size,), (1,), (1,), 0, start)))
        start += size
    return behind(strided.strided_copy(given, [start + 1], fill=0.25))


def spread(b: Bench) -> Node:
    """A variable to every row and along a new axis."""
    x = b.fixed(1, b.size)
    goal = (3, b.size)
    part = Part(goal, (0, 1), strided.strides(goal))
    return behind(strided.strided_copy([(x, part)], goal, rows=b.rows(1).shape[0]))


def integers(b: Bench) -> Node:
    x = b.labels(1000, 2, b.size)
    return behind(strided.placed(x, (4, b.size, 1), (1, 0, 0), 7))


def deep(x: Tensor) -> Tensor:
    """As many axes as the kernels count."""
    size = strided.sample(x)[-1]
    shaped = strided.reshape(x, (x.shape[0], 2, 2, 2, 2, 2, 2, 2, size))
    return strided.transpose(shaped, (7, 6, 5, 4, 3, 2, 1, 0))


def filled(b: Bench) -> Node:
    return behind(strided.full((3, b.size), 0.1, b.dtype, rows=b.rows(1).shape[0]))


def indices(b: Bench, k: int, *shape: int) -> Tensor:
    """Batches of indices (n, m) below k."""
    labels = b.labels(k, *shape)
    return pick.flat(labels, shape[-1])


def picked(kind: str) -> Callable[[Bench], Node]:
    """Pieces of two elements of samples, or rows of a table."""

    def build(b: Bench) -> Node:
        if kind == "table":
            return behind(pick.take(b.fixed(b.size, 3), indices(b, b.size, 4), 3, table=True))
        if kind == "int32":
            x = pick.flat(b.labels(99, b.size), b.size)
            return behind(pick.take(x, indices(b, b.size, 3), 1, table=False))
        x = b.rows(2 * b.size)
        if kind == "for all":
            chosen = np.arange(5, dtype="int32")[None] % b.size
            return behind(
                pick.take(x, b._remember(constant(chosen, "int32"), chosen), 2, table=False)
            )
        return behind(pick.take(x, indices(b, b.size, 5), 2, table=False))

    return build


def put_back(table: bool) -> Callable[[Bench], Node]:
    def build(b: Bench) -> Node:
        dy, index = b.rows(4 * 3), indices(b, b.size, 4)
        shape = (b.size, 3) if table else (dy.shape[0], 3 * b.size)
        attributes = {"inner": 3, "table": table, "binding": 1, "like": shape}
        op = pick.TAKE_DW if table else pick.TAKE_BACKWARD
        return op.node((dy, index), attributes, [(shape, b.dtype)])

    return build


def product(a: str, b_kind: str, transposed: bool = False) -> Callable[[Bench], Node]:
    def build(b: Bench) -> Node:
        p, q, r = 5, b.other, b.size
        left = b.rows(p * q) if a == "rows" else b.fixed(1, p * q)
        right = b.rows(q * r) if b_kind == "rows" else b.fixed(1, q * r)
        return behind(matrices.matmul(left, right, p, q, r, transposed=transposed))

    return build


def other_type(b: Bench) -> Node:
    other = "float64" if b.dtype == "float32" else "float32"
    array = b.numbers((b.n, b.size)).astype(other)
    binding = b._lend(array, "input", other, None)
    x = b._remember(data.gather_rows(binding, (b.size,), other), array)
    return behind(elementwise.cast(x, b.dtype))


def truncated(b: Bench) -> Node:
    return behind(elementwise.cast(b.rows(b.size, low=-1000.0, high=1000.0), "int32"))


def largest(b: Bench) -> Node:
    return behind(pick.top_k(b.rows(2, b.size, grid=0.25), min(3, b.size)))


PUT = {"family": REDUCTION, "magnitude": "absolute", "terms": lambda inputs: inputs[1].size}
PRODUCT = {"family": REDUCTION, "magnitude": "absolute"}
RUNNING = {"family": DOUBLE_SUM, "magnitude": "absolute"}
ROWS: Sequence[Row] = [
    ("strided_copy", "transpose", layout(lambda x: strided.transpose(x, (2, 0, 1)), 2, 3), {}),
    ("strided_copy", "slice", layout(slice_of, 3), {}),
    ("strided_copy", "join", joined, {}),
    ("strided_copy", "tile", layout(lambda x: strided.tiled(x, (2, 3)), 2), {}),
    ("strided_copy", "repeat", layout(lambda x: strided.tiled(x, (3, 2), each=True), 2), {}),
    ("strided_copy", "one element", layout(lambda x: strided.window(x, [0], [1], [1])), {}),
    ("strided_copy", "spread", spread, {}),
    ("strided_copy", "int32", integers, {}),
    ("strided_copy", "eight axes", layout(deep, 128), {}),
    ("strided_copy", "fill", filled, {}),
    *(("take", kind, picked(kind), {}) for kind in ("rows", "table", "int32", "for all")),
    ("take_backward", "", put_back(False), PUT),
    ("take_dw", "", put_back(True), PUT),
    ("top_k_i32", "", largest, {}),
    ("matmul", "", product("rows", "rows"), PRODUCT),
    ("matmul", "transposed", product("rows", "rows", True), PRODUCT),
    ("matmul", "one left", product("one", "rows"), PRODUCT),
    ("matmul", "one right", product("rows", "one", True), PRODUCT),
    ("cumsum", "", layout(lambda x: reduce.cumsum(x), 2), RUNNING),
    ("cumsum", "reverse", layout(lambda x: reduce.cumsum(x, reverse=True)), RUNNING),
    ("cast", "", other_type, {"family": rounded(1)}),
    ("truncate_i32", "", truncated, {}),
]
