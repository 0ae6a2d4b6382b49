"""State that changes while a Program runs, beside what optimizers train.

======  ====================================================================================
assign  variable = value, in place: after every read of the old value and every check of the
        step, beside the optimizer's updates
======  ====================================================================================
"""

from __future__ import annotations

from fastnn.ops.contract import TILE, define
from fastnn.ops.optimizer import GRAIN, run_tensor
from fastnn.ops.shape import RESHAPE, copy, reshape
from fastnn.program.tensor import Node, Tensor
from fastnn.program.variable import Variable

ASSIGN = define("assign", "variable = value", TILE, effect=True, grain=GRAIN)


def assign(variable: Variable, value: Tensor) -> Node:
    """Overwrite a variable with a tensor of its shape and dtype; the node is a root.

    A value that is itself a variable, or a view of one, is copied first: the stage that assigns has
    no order, and another node of it may change that variable.
    """
    source = value
    while source.node is not None and source.node.op is RESHAPE:
        source = source.node.inputs[0]
    if source.node is None:
        value = copy(value)
    target = run_tensor("parameters", [variable])
    return ASSIGN.node((target, reshape(value, (variable.size,))), {}, [])
