"""The rows of ``cases.py`` for ops that move, pick and join elements: (op, variant, how to make the
inputs, further fields of ``Case``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fastnn.ops import strided
from fastnn.ops.strided import Part
from fastnn.program.tensor import Node, Tensor
from tests.support.one_op import Bench

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
]
