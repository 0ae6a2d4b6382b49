"""For the cases of ``cases.py``: functions that make the inputs of an op on a ``Bench`` and
return its node, most of them by way of the functions in ``fastnn/ops`` that layers and losses
call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import fastnn
from fastnn.ops import activation, data, dense, dropout, elementwise, loss, reduce
from fastnn.ops.codes import COMPARISONS, FLAT
from fastnn.program.tensor import Node, Size, Tensor
from tests.support.one_op import Bench
from tests.support.tolerances import EXACT, TRANSCENDENTAL, Family, rounded


def node_of(tensor: Tensor) -> Node:
    assert tensor.node is not None
    return tensor.node


def gather_of(tensor: Tensor) -> Node:
    """The gather behind the tensor that it is reshaped to."""
    node = node_of(tensor)
    return node_of(node.inputs[0]) if node.op.name == "reshape" else node


def use_of(op: Any, inputs: Sequence[Tensor], attributes: dict[str, Any], like: Tensor) -> Node:
    return op.node(inputs, attributes, [(like.shape, like.dtype)])


def dense_layer(bias: bool, lead: tuple[int, ...] = ()) -> Callable[[Bench], Node]:
    def build(b: Bench) -> Node:
        x, w = b.rows(*lead, b.size), b.fixed(b.size, b.other)
        return node_of(dense.dense_forward(x, w, b.fixed(b.other) if bias else None))

    return build


def fused_forward(function: str, bias: bool = True) -> Callable[[Bench], Node]:
    def build(b: Bench) -> Node:
        x, w = b.rows(b.size), b.fixed(b.size, b.other)
        inputs = (x, w, b.fixed(b.other)) if bias else (x, w)
        shape = (x.shape[0], b.other)
        return dense.DENSE_ACTIVATION_FORWARD.node(
            inputs, {"function": function}, [(shape, b.dtype)]
        )

    return build


def output_range(function: str) -> dict[str, float]:
    return {"low": 0.0} if function in ("relu", "sigmoid") else {}


def fused_dx(function: str) -> Callable[[Bench], Node]:
    def build(b: Bench) -> Node:
        dz, w = b.rows(b.other), b.fixed(b.size, b.other)
        y = b.rows(b.size, **output_range(function))
        return use_of(dense.DENSE_ACTIVATION_DX, (dz, w, y), {"function": function}, y)

    return build


def dense_dx(b: Bench) -> Node:
    shape = (Size(0, 1), b.size)
    return node_of(dense.dense_dx(b.rows(b.other), b.fixed(b.size, b.other), shaped(shape, b)))


def shaped(shape: Any, b: Bench) -> Tensor:
    return Tensor(shape, b.dtype)


def dense_dw(lead: tuple[int, ...] = ()) -> Callable[[Bench], Node]:
    def build(b: Bench) -> Node:
        x, dz = b.rows(*lead, b.size), b.rows(*lead, b.other)
        return node_of(dense.dense_dw(x, dz, shaped((b.size, b.other), b)))

    return build


def dense_db(b: Bench) -> Node:
    return node_of(dense.dense_db(b.rows(b.size), shaped((b.size,), b)))


def activation_of(function: str) -> Callable[[Bench], Node]:
    def build(b: Bench) -> Node:
        z = b.rows(b.size, low=-4, high=4)
        return use_of(activation.ACTIVATION_FORWARD, (z,), {"function": function}, z)

    return build


def activation_backward(function: str) -> Callable[[Bench], Node]:
    def build(b: Bench) -> Node:
        dy, y = b.rows(b.size), b.rows(b.size, **output_range(function))
        return node_of(activation.activation_backward(dy, y, function))

    return build


def pair(op: Any, **second: float) -> Callable[[Bench], Node]:
    """An op of dy and y of one shape."""

    def build(b: Bench) -> Node:
        dy = b.rows(b.size)
        return use_of(op, (dy, b.rows(b.size, **second)), {}, dy)

    return build


# (low, high) of arguments where a function is defined, or where nothing cancels
DOMAINS = {
    **dict.fromkeys(("log", "sqrt", "log2", "log10", "rsqrt"), (0.05, 2.0)),
    **dict.fromkeys(("arcsin", "arccos", "arctanh"), (-0.95, 0.95)),
    "reciprocal": (0.2, 2.0),
    "log1p": (-0.9, 2.0),
    "arccosh": (1.05, 3.0),
    "tan": (-1.4, 1.4),
}

ARITHMETIC = (*FLAT, "negative", "square", "absolute", "sqrt", "reciprocal", "rsqrt")


def unary_family(function: str) -> Family:
    if function == "rsqrt":
        return rounded(2)
    return EXACT if function in ARITHMETIC else TRANSCENDENTAL


def unary(function: str) -> Callable[[Bench], Node]:
    low, high = DOMAINS.get(function, (-2.0, 2.0))

    def build(b: Bench) -> Node:
        low_here = max(low, 0.0) if b.values == "lognormal" and function == "log1p" else low
        return node_of(elementwise.unary(b.rows(b.size, low=low_here, high=high), function))

    return build


def binary(function: str, second: str = "same") -> Callable[[Bench], Node]:
    def build(b: Bench) -> Node:
        whole = function in COMPARISONS or function.startswith("logical")
        grid = 0.5 if whole else 0.0  # so that some are equal, or 0
        low = 0.2 if function in ("divide", "mod", "floor_divide") else -2.0
        wide = {"low": low, "high": 2.0, "grid": grid}
        a_low = 0.1 if function == "power" else -2.0
        a = b.rows(*((3, 1) if second == "rank3" else (b.size,)), low=a_low, high=2, grid=grid)
        if second in ("vector", "one"):
            other = b.fixed(b.size if second == "vector" else 1, low=low, high=2)
        else:
            shape = {"same": (b.size,), "column": (1,), "rank3": (3, b.size)}[second]
            other = b.rows(*shape, **wide)
        return node_of(elementwise.binary(a, other, function=function))

    return build


@fastnn.kernel(derivative=lambda x: 1.0 / (1.0 + abs(x)) ** 2)
def softsign(x: float) -> float:
    """One argument."""
    return x / (1.0 + abs(x))


@fastnn.kernel(derivative=(lambda a, b: b * b, lambda a, b: 2.0 * a * b))
def product_with_square(a: float, b: float) -> float:
    """Two arguments; nothing in it cancels."""
    return a * b * b


def user_function(count: int, second: str = "same") -> Callable[[Bench], Node]:
    def build(b: Bench) -> Node:
        a = b.rows(b.size, low=-2, high=2)
        if count == 1:
            return node_of(elementwise.user_function(softsign, [a]))
        other = b.rows(1 if second == "column" else b.size, low=-2, high=2)
        return node_of(elementwise.user_function(product_with_square, [a, other]))

    return build


def number_left(b: Bench) -> Node:
    return node_of(elementwise.binary(b.number(1.5), b.rows(b.size, low=0.2), function="divide"))


def spread(b: Bench) -> Node:
    return node_of(elementwise.broadcast_to(b.rows(1), (Size(0, 1), b.size)))


def where(kind: str) -> Callable[[Bench], Node]:
    def build(b: Bench) -> Node:
        condition = sparse_rows(b, b.size)
        a = b.rows(b.size) if kind == "rows" else b.fixed(b.size)
        return node_of(
            elementwise.where(condition, a, b.rows(b.size) if kind == "rows" else b.number(0.25))
        )

    return build


def sparse_rows(b: Bench, columns: int) -> Tensor:
    """Rows of which half of the elements are 0."""
    array = b.numbers((b.n, columns))
    array[b.random.random((b.n, columns)) < 0.5] = 0
    return b.gathered(array, (columns,))


def clip_backward(b: Bench) -> Node:
    dy = b.rows(b.size)
    inputs = (dy, b.rows(b.size))
    return use_of(elementwise.CLIP_BACKWARD, inputs, {"low": -0.5, "high": 0.25}, dy)


def loss_mean(reduction: str, weighted: bool) -> Callable[[Bench], Node]:
    def build(b: Bench) -> Node:
        weights = b.rows(1, low=0.1) if weighted else None
        return node_of(
            loss.loss_mean(b.rows(b.size), weights, reduction=reduction, check_finite=False)
        )

    return build


def loss_mean_backward(reduction: str, weighted: bool) -> Callable[[Bench], Node]:
    def build(b: Bench) -> Node:
        losses = b.rows(b.size)
        inputs = (losses, b.rows(1, low=0.1)) if weighted else (losses,)
        attributes = {"reduction": reduction, "check_finite": False, "scale": 0.5}
        return use_of(loss.LOSS_MEAN_BACKWARD, inputs, attributes, losses)

    return build


def head(name: str, backward: bool, offset: float = 0.0) -> Callable[[Bench], Node]:
    """A loss from logits that lie round ``offset``."""

    def build(b: Bench) -> Node:
        z = b.rows(b.size, low=offset - 5, high=offset + 5)
        t = b.labels(b.size) if name == "sparse_softmax" else b.rows(b.size, low=0)
        if backward:
            dl = b.rows(b.size if name == "sigmoid" else 1)
            return use_of(loss.BACKWARD[name], (dl, z, t), {}, z)
        forward = {
            "sparse_softmax": loss.sparse_softmax_crossentropy,
            "softmax": loss.softmax_crossentropy,
            "sigmoid": loss.sigmoid_crossentropy,
        }[name]
        return node_of(forward(z, t))

    return build


def optimizer(op: Any, *slots: str, **attributes: Any) -> Callable[[Bench], Node]:
    def build(b: Bench) -> Node:
        b.steps(4)
        runs = b.run_of("parameters", "gradients", *(f"slot:{name}" for name in slots))
        return op.node(runs, attributes, [])

    return build


def dropout_at(rate: float, lead: tuple[int, ...] = ()) -> Callable[[Bench], Node]:
    def build(b: Bench) -> Node:
        b.control.words[:, 2] = 2**32 + 5  # only its low 32 bits count
        x = b.rows(*lead, b.size)
        return node_of(dropout.dropout(x, rate, (123456789, 4000000000), 3))

    return build


def scatter_labels(b: Bench) -> Node:
    return data.scatter_rows(b.labels(9, b.size), b.output(b.size, "int32"))


def spread_mean(lead: tuple[int, ...]) -> Callable[[Bench], Node]:
    def build(b: Bench) -> Node:
        rows = (Size(0, 1), *lead)
        inputs = (b.fixed(b.size),)
        return reduce.SPREAD_MEAN.node(inputs, {"rows": rows}, [((*rows, b.size), b.dtype)])

    return build


def reduced_columns(function: str) -> Callable[[Bench], Node]:
    """Also of one column, which ``reduce_columns`` returns as it is."""

    def build(b: Bench) -> Node:
        x = b.rows(b.size)
        outputs = [((*x.shape[:-1], 1), x.dtype)]
        return reduce.REDUCE_COLUMNS.node((x,), {"function": function}, outputs)

    return build
