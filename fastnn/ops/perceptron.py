"""The perceptron's learning rule.

===============  ===============================================================================
perceptron_pass  for each row i, in order: step = lr (y[i] - [x[i] · w + b > 0]);
                 w += step x[i];  b += step. In place; a step of 0 changes nothing.
===============  ===============================================================================

w (n_in,), b (1,): runs of parameters; x (n, n_in); y (n, 1), 0 or 1. Each sample meets the weights
that the one before it left, so the op is serial. No gradient: the rule is not one of descent.
"""

from __future__ import annotations

from fastnn.ops.contract import SERIAL, define
from fastnn.program.tensor import Node, Tensor, matrix_view

PERCEPTRON_PASS = define(
    "perceptron_pass",
    "for each row: step = lr*(y - (x @ w + b > 0)); w += step*x; b += step",
    SERIAL,
    effect=True,
    flops=lambda node: matrix_view(node.inputs[2].shape)[0] * 4,
)


def perceptron_pass(w: Tensor, b: Tensor, x: Tensor, y: Tensor) -> Node:
    """One pass over the rows of a batch; the node is a root of its Program."""
    return PERCEPTRON_PASS.node((w, b, x, y), {}, [])
