"""One row per variant of every op of ``fastnn/ops``: how to make its inputs, what error it may
have and why, where its gradient may be checked. The parity, gradient, special-value, memory and
speed tests all read this table; ``tests/backends/test_contract.py`` fails if an op has no row.

To add an op: add its row here, run ``python -m pytest tests/backends -k NAME``, then break the
formula in each backend once and see it fail. Deliberately not here: running the op
(``one_op.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fastnn.ops import activation, data, elementwise, loss, optimizer
from fastnn.ops import reduce as reduce_ops
from fastnn.ops.codes import BINARY, REDUCE, UNARY
from fastnn.ops.shape import copy, one_hot, reshape
from fastnn.program.tensor import Node, Size, Tensor, matrix_view
from tests.support import (
    circle_cases,
    curve_cases,
    gradient_steps,
    metric_cases,
    norm_cases,
    processed_cases,
    shape_cases,
    update_cases,
)
from tests.support import magnitudes as sizes
from tests.support import makers as make
from tests.support.magnitudes import Array, Arrays, Magnitude
from tests.support.one_op import Bench
from tests.support.tolerances import (
    DOUBLE_SUM,
    EXACT,
    REDUCTION,
    TRANSCENDENTAL,
    Family,
    rounded,
)

SIZES = (1, 7, 8, 9, 15, 16, 17, 63, 64, 65)
FEW_SIZES = (1, 16, 65)
FULL_SIZES = (*SIZES, 2, 3, 31, 32, 33, 100, 127, 128, 129, 255, 256, 257, 511, 513, 1000)
# A common offset of the logits changes nothing and must cost no digits.
FAR_LOGITS = (("", 0.0), ("far from 0", 3000.0))
ACTIVATIONS = ("linear", "relu", "sigmoid", "tanh")


@dataclass(frozen=True)
class Case:
    """A variant of an op.

    Attributes
    ----------
    op, variant : names; together the id of the case.
    build : makes the inputs on a bench and returns the node.
    family : how large an error may be.
    magnitude : from the float64 inputs and reference results, the size of the terms of each result;
        the absolute reference result by default. ``"absolute"``: the op applied to |inputs|.
    terms : how many terms a sum has, from the inputs.
    step : of central differences.
    own_bounds : the allowed error of each result, where no family and magnitude say it: from the
        bench, the node, the float64 reference and what was found.
    kink : for gradient checks, from the float64 inputs: where each input lies near a kink.
    """

    op: str
    variant: str
    build: Callable[[Bench], Node]
    family: Family = EXACT
    magnitude: Magnitude | str | None = None
    terms: Callable[[Arrays], int] = lambda inputs: inputs[0].shape[-1]
    step: float = 1e-6
    kink: Callable[[Arrays], list[Array]] | None = None
    own_bounds: Callable[[Bench, Node, Arrays, Arrays], list[Array]] | None = None

    @property
    def id(self) -> str:
        """For test ids and messages."""
        return f"{self.op}[{self.variant}]" if self.variant else self.op

    def bounds(self, bench: Bench, node: Node, reference: Arrays, found: Arrays) -> list[Array]:
        """The allowed error of each result, by the type that it was found in."""
        if self.own_bounds is not None:
            return self.own_bounds(bench, node, reference, found)
        inputs = [bench.value(t).astype(np.float64) for t in node.inputs]
        terms = self.terms(inputs) if inputs and inputs[0].ndim else 1
        with np.errstate(all="ignore"):
            if self.magnitude == "absolute":
                magnitudes = bench.reference(node, "float64", absolute=True)
            elif callable(self.magnitude):
                given = self.magnitude(inputs, reference)
                magnitudes = given if isinstance(given, list) else [given]
            else:
                magnitudes = [np.abs(r) for r in reference]
            return [
                self.family.bound(array.dtype.name, size, terms)
                if array.dtype.kind == "f"
                else np.zeros(array.shape)
                for array, size in zip(found, magnitudes, strict=True)
            ]


def flops(node: Node, n: int) -> float:
    """Floating-point operations of a node for n rows, by the contract."""
    each = node.op.flops(node)
    return (each.at(n) if isinstance(each, Size) else each) * _elements(node.op.subject(node), n)


def bytes_moved(node: Node, n: int) -> int:
    """Bytes that a node reads and writes at least, for n rows."""
    tensors = (*node.outputs, *node.inputs)
    return sum(_elements(t, n) * np.dtype(t.dtype).itemsize for t in tensors)


def _elements(tensor: Tensor, n: int) -> int:
    rows, columns = matrix_view(tensor.shape)
    return rows.at(n) * columns


def _reduce_family(function: str) -> Family:
    return EXACT if function in ("max", "min") else REDUCTION


_RMSPROP = {"weight_decay": 0.0, "rho": 0.9, "epsilon": 1e-7}

CASES = [
    Case("gather_rows", "", lambda b: make.gather_of(b.rows(b.size))),
    Case("gather_labels", "", lambda b: make.gather_of(b.labels(10, b.size))),
    Case("scatter_rows", "", lambda b: data.scatter_rows(b.rows(b.size), b.output(b.size))),
    Case("scatter_rows", "int32", make.scatter_labels),
    Case("dense_forward", "bias", make.dense_layer(True), REDUCTION, "absolute"),
    Case("dense_forward", "no bias", make.dense_layer(False), REDUCTION, "absolute"),
    Case("dense_forward", "rank 3", make.dense_layer(True, (7,)), REDUCTION, "absolute"),
    *(
        Case("dense_activation_forward", name, make.fused_forward(name), REDUCTION, sizes.dense_sum)
        for name in ACTIVATIONS
    ),
    Case(
        "dense_activation_forward",
        "no bias",
        make.fused_forward("tanh", False),
        REDUCTION,
        sizes.dense_sum,
    ),
    Case("dense_dx", "", make.dense_dx, REDUCTION, "absolute"),
    *(
        Case(
            "dense_activation_dx",
            name,
            make.fused_dx(name),
            REDUCTION,
            sizes.dense_dx_derivative(name),
        )
        for name in ACTIVATIONS
    ),
    Case("dense_dw", "", make.dense_dw(), REDUCTION, "absolute", terms=sizes.all_rows),
    Case("dense_dw", "rank 3", make.dense_dw((7,)), REDUCTION, "absolute", terms=sizes.all_rows),
    Case("dense_db", "", make.dense_db, DOUBLE_SUM, "absolute", terms=sizes.all_rows),
    Case("activation_forward", "linear", make.activation_of("linear")),
    Case("activation_forward", "relu", make.activation_of("relu"), kink=sizes.near(0.0)),
    Case("activation_forward", "sigmoid", make.activation_of("sigmoid"), TRANSCENDENTAL),
    Case("activation_forward", "tanh", make.activation_of("tanh"), TRANSCENDENTAL),
    *(
        Case(
            "activation_backward",
            name,
            make.activation_backward(name),
            rounded(3),
            sizes.derivative(name),
        )
        for name in ACTIVATIONS
    ),
    Case(
        "softmax_forward",
        "",
        lambda b: make.node_of(activation.softmax_forward(b.rows(b.size, low=-4, high=4))),
        REDUCTION,
        sizes.softmax,
    ),
    Case(
        "softmax_backward",
        "",
        make.pair(activation.SOFTMAX_BACKWARD, low=0),
        REDUCTION,
        sizes.softmax_backward,
    ),
    Case(
        "log_softmax_forward",
        "",
        lambda b: make.node_of(activation.log_softmax_forward(b.rows(b.size, low=-4, high=4))),
        REDUCTION,
        sizes.log_softmax,
    ),
    Case(
        "log_softmax_backward",
        "",
        make.pair(activation.LOG_SOFTMAX_BACKWARD, low=-4, high=0),
        REDUCTION,
        sizes.log_softmax_backward,
    ),
    Case("dropout", "0.25", make.dropout_at(0.25), rounded(2)),
    Case("dropout", "0", make.dropout_at(0.0), rounded(2)),
    Case("dropout", "0.9 rank 3", make.dropout_at(0.9, (3,)), rounded(2)),
    *(
        Case(
            "unary",
            name,
            make.unary(name),
            make.unary_family(name),
            kink=sizes.unary_kink(name),
        )
        for name in UNARY
    ),
    Case("user_function", "one", make.user_function(1), rounded(3)),
    Case("user_function", "two", make.user_function(2), rounded(4)),
    Case("user_function", "two column", make.user_function(2, "column"), rounded(4)),
    *(
        Case(
            "binary",
            name,
            make.binary(name),
            TRANSCENDENTAL if name in ("power", "arctan2") else EXACT,
            kink=sizes.binary_kink(name),
        )
        for name in BINARY
    ),
    *(
        Case("binary", f"{name} {second}", make.binary(name, second))
        for name in ("multiply", "divide", "subtract")
        for second in ("column", "vector", "one", "rank3")
    ),
    Case("binary", "number left", make.number_left),
    Case(
        "scale",
        "",
        lambda b: make.node_of(elementwise.scale(b.rows(b.size), 1.5, -0.3)),
        rounded(3),
        lambda inputs, results: np.abs(inputs[0]) * 1.5 + 0.3,
    ),
    Case("scale", "spread", make.spread),
    Case(
        "clip",
        "",
        lambda b: make.node_of(elementwise.clip(b.rows(b.size), -0.5, 0.25)),
        kink=sizes.near(-0.5, 0.25),
    ),
    Case("clip_backward", "", make.clip_backward),
    Case("where", "rows", make.where("rows")),
    Case("where", "vector and number", make.where("vector")),
    Case(
        "equal_i32",
        "",
        lambda b: make.node_of(
            elementwise.equal_labels(b.labels(3, b.size), b.labels(3, b.size), b.dtype)
        ),
    ),
    Case(
        "cast_i32", "", lambda b: make.node_of(elementwise.cast_i32(b.labels(99, b.size), b.dtype))
    ),
    *(
        Case(
            "reduce_columns",
            name,
            make.reduced_columns(name),
            _reduce_family(name),
            None if name == "prod" else sizes.column_sums,
            kink=sizes.near_extreme if name in ("max", "min") else None,
        )
        for name in REDUCE
    ),
    *(
        Case(
            "reduce_rows",
            name,
            lambda b, name=name: make.node_of(reduce_ops.reduce_rows(b.rows(b.size), name)),
            _reduce_family(name),
            None if name == "prod" else "absolute",
            terms=sizes.all_rows,
            kink=sizes.near_column_extreme if name in ("max", "min") else None,
        )
        for name in REDUCE
    ),
    Case("spread_mean", "", make.spread_mean(())),
    Case("spread_mean", "rank 3", make.spread_mean((3,))),
    Case("argmax_i32", "", lambda b: make.node_of(reduce_ops.argmax(b.rows(b.size)))),
    Case("argmax_rows_i32", "", lambda b: make.node_of(reduce_ops.argmax_rows(b.rows(b.size)))),
    Case("one_hot", "", lambda b: make.node_of(one_hot(b.labels(b.size), b.size, b.dtype))),
    Case("copy", "", lambda b: make.node_of(copy(b.rows(b.size)))),
    Case(
        "reshape",
        "",
        lambda b: make.node_of(reshape(b.rows(2, b.size), (Size(0, 2), b.size))),
    ),
    *(
        Case(
            "sparse_softmax_crossentropy_forward",
            variant,
            make.head("sparse_softmax", False, offset),
            REDUCTION,
            sizes.sparse_forward,
            step=1e-4 if offset else 1e-6,  # z ± step is rounded to eps·offset
        )
        for variant, offset in FAR_LOGITS
    ),
    Case(
        "sparse_softmax_crossentropy_backward",
        "",
        make.head("sparse_softmax", True),
        REDUCTION,
        sizes.sparse_backward,
        terms=sizes.over(1),
    ),
    *(
        Case(
            "softmax_crossentropy_forward",
            variant,
            make.head("softmax", False, offset),
            REDUCTION,
            sizes.softmax_ce_forward,
            step=1e-4 if offset else 1e-6,  # z ± step is rounded to eps·offset
        )
        for variant, offset in FAR_LOGITS
    ),
    Case(
        "softmax_crossentropy_backward",
        "",
        make.head("softmax", True),
        REDUCTION,
        sizes.softmax_ce_backward,
        terms=sizes.over(1),
    ),
    Case(
        "sigmoid_crossentropy_forward",
        "",
        make.head("sigmoid", False),
        TRANSCENDENTAL,
        sizes.sigmoid_ce_forward,
    ),
    Case(
        "sigmoid_crossentropy_backward",
        "",
        make.head("sigmoid", True),
        TRANSCENDENTAL,
        sizes.sigmoid_ce_backward,
    ),
    *(
        Case(
            "loss_mean",
            f"{reduction}{' weighted' if weighted else ''}",
            make.loss_mean(reduction, weighted),
            DOUBLE_SUM,
            "absolute",
            terms=sizes.all_rows,
        )
        for reduction in loss.REDUCTIONS
        for weighted in (False, True)
    ),
    *(
        Case(
            "loss_mean_backward",
            f"{reduction}{' weighted' if weighted else ''}",
            make.loss_mean_backward(reduction, weighted),
            DOUBLE_SUM,
            terms=sizes.all_rows,
        )
        for reduction in loss.REDUCTIONS
        for weighted in (False, True)
    ),
    *(Case(**row) for row in metric_cases.ROWS),
    Case(
        "sgd_step",
        "",
        make.optimizer(optimizer.SGD_STEP, weight_decay=0.0),
        rounded(8),
        sizes.update,
    ),
    Case(
        "sgd_step",
        "decay",
        make.optimizer(optimizer.SGD_STEP, weight_decay=0.1),
        rounded(8),
        sizes.update,
    ),
    *(
        Case(
            "momentum_step",
            name,
            make.optimizer(
                optimizer.MOMENTUM_STEP, "m", weight_decay=decay, momentum=0.9, nesterov=nesterov
            ),
            rounded(16),
            sizes.update,
        )
        for name, nesterov, decay in (("", False, 0.0), ("nesterov decay", True, 0.1))
    ),
    *(
        Case(
            "adam_step",
            name,
            make.optimizer(
                optimizer.ADAM_STEP,
                "m",
                "v",
                weight_decay=decay,
                beta_1=0.9,
                beta_2=0.999,
                epsilon=1e-7,
            ),
            rounded(24),
            sizes.update,
        )
        for name, decay in (("", 0.0), ("decay", 0.1))
    ),
    *(
        Case(
            "rmsprop_step",
            name,
            make.optimizer(
                optimizer.RMSPROP_STEP,
                *slots,
                **_RMSPROP,
                centered=centered,
                momentum=momentum,
            ),
            rounded(24),
            sizes.update,
        )
        for name, centered, momentum, slots in (
            ("", False, 0.0, ["v"]),
            ("momentum", False, 0.9, ["v", "mom"]),
            ("centered", True, 0.0, ["v", "avg"]),
            ("centered momentum", True, 0.9, ["v", "avg", "mom"]),
        )
    ),
    *(Case(op, variant, build, **more) for op, variant, build, more in shape_cases.ROWS),
    *(
        Case(op.name, name, make.optimizer(op, *slots, **attributes), rounded(units), magnitude)
        for op, name, slots, units, magnitude, attributes in update_cases.ROWS
    ),
    *(
        Case(
            op.name,
            name,
            update_cases.whole_variable(op, kinds, attributes),
            rounded(units),
            magnitude,
        )
        for op, name, kinds, units, magnitude, attributes in update_cases.WHOLE_ROWS
    ),
    Case("perceptron_pass", "", update_cases.perceptron, rounded(40), update_cases.learned),
    *(
        Case(f"{gradient}_{step}", name, made.build, made.family, own_bounds=made.bounds)
        for (gradient, step, name), made in gradient_steps.VARIANTS.items()
    ),
    *(
        Case(**row)
        for rows in (norm_cases, curve_cases, processed_cases, circle_cases)
        for row in rows.ROWS
    ),
]


def cases_of(op: str) -> list[Case]:
    """The rows of one op."""
    return [case for case in CASES if case.op == op]


def op_names() -> list[str]:
    """The ops that have rows, in their order."""
    return list(dict.fromkeys(case.op for case in CASES))
