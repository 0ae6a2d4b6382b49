"""The vocabulary of fastnn. The names below are Keras's functions, for symbolic tensors (in a
layer's ``call``, a loss or a metric) and for arrays; the ops behind them are in the families beside
this file.
"""

from __future__ import annotations

from fastnn.ops.public_elementwise import (
    abs,
    absolute,
    add,
    clip,
    divide,
    equal,
    exp,
    expm1,
    greater,
    greater_equal,
    less,
    less_equal,
    log,
    log1p,
    maximum,
    minimum,
    multiply,
    negative,
    not_equal,
    relu,
    sigmoid,
    sign,
    sqrt,
    square,
    subtract,
    tanh,
    where,
)
from fastnn.ops.public_rowwise import (
    argmax,
    log_softmax,
    max,
    mean,
    min,
    one_hot,
    reshape,
    softmax,
    sum,
)

__all__ = [
    # activations
    "relu",
    "sigmoid",
    "tanh",
    "softmax",
    "log_softmax",
    # arithmetic
    "add",
    "subtract",
    "multiply",
    "divide",
    "maximum",
    "minimum",
    # functions of one operand
    "negative",
    "absolute",
    "abs",
    "sign",
    "square",
    "sqrt",
    "exp",
    "expm1",
    "log",
    "log1p",
    "clip",
    # comparisons and selection
    "equal",
    "not_equal",
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "where",
    # along the last axis
    "sum",
    "mean",
    "max",
    "min",
    "argmax",
    # labels and shapes
    "one_hot",
    "reshape",
]
