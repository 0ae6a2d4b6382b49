"""Fusion: which chains become one node, and which must not. Weight gradients with their updates are
in ``test_fuse_updates.py``.
"""

from __future__ import annotations

import numpy as np

from fastnn.ops import activation, data, dense, elementwise
from fastnn.program.fuse import fuse
from fastnn.program.program import Program, Slot
from fastnn.program.tensor import Node, Tensor
from fastnn.program.variable import Variable
from tests.support.training import Training, perceptron

ALL = {"dense_activation_forward", "dense_activation_dx"}


def fused(program: Program, available: set[str] = ALL) -> list[str]:
    nodes = fuse(program.nodes, set(program.gradients), available.__contains__)
    return [node.op.name for node in nodes]


def layer(x: Tensor, function: str = "relu") -> tuple[Tensor, Tensor]:
    z = dense.dense_forward(x, Variable(np.ones((3, 3))).tensor())
    return z, activation.activation_forward(z, function)


def program_of(*outputs: Tensor, gradients: dict | None = None) -> Program:
    slots = [Slot("x", "input", 3, "float32")]
    slots += [Slot("y", "output", 3, "float32") for _ in outputs]
    roots = [data.scatter_rows(y, i + 1) for i, y in enumerate(outputs)]
    return Program(roots, slots, gradients=gradients)


def test_dense_and_activation_become_one():
    x = data.gather_rows(0, (3,), "float32")
    z, y = layer(x, "tanh")
    program = program_of(y)
    nodes = fuse(program.nodes, set(), ALL.__contains__)
    assert [n.op.name for n in nodes] == ["gather_rows", "dense_activation_forward", "scatter_rows"]
    node = nodes[1]
    assert node.attributes == {"function": "tanh"}
    assert node.outputs == (y,)
    assert node.inputs == z.node.inputs
    assert y.node is not node  # the trace is as it was
    assert program.op_names()[1:3] == ["dense_forward", "activation_forward"]


def test_without_the_kernel_the_chain_stays():
    x = data.gather_rows(0, (3,), "float32")
    program = program_of(layer(x)[1])
    assert fused(program, set()) == program.op_names()
    assert fused(program, {"dense_activation_dx"}) == program.op_names()


def test_a_value_that_something_else_reads_stays():
    x = data.gather_rows(0, (3,), "float32")
    z, y = layer(x)
    assert "dense_activation_forward" not in fused(program_of(y, z))
    z, y = layer(x)
    total = elementwise.binary(z, y, function="add")
    assert "dense_activation_forward" not in fused(program_of(total))


def test_a_gradient_that_is_kept_stays():
    x = data.gather_rows(0, (3,), "float32")
    z, y = layer(x)
    variable = Variable(np.ones(3))
    program = program_of(y, gradients={variable: z})
    assert "dense_activation_forward" not in fused(program)


def test_a_backward_chain_becomes_one_and_reads_the_output_below():
    training = Training(perceptron(6, 5, 4), (3,))
    names = fused(training.program)
    assert names.count("dense_activation_forward") == 2
    assert names.count("dense_activation_dx") == 2
    assert names.count("dense_forward") == 1  # the logits
    assert not {"dense_dx", "activation_backward", "activation_forward"} & set(names)
    nodes = fuse(training.program.nodes, set(training.program.gradients), ALL.__contains__)
    for node in nodes:
        if node.op.name == "dense_activation_dx":
            dz, w, y = node.inputs
            assert y.shape == node.output.shape
            assert w.shape == (y.shape[1], dz.shape[1])
    check_order(nodes)


def test_dropout_between_keeps_the_backward_chain_apart():
    names = fused(Training(perceptron(6, 5, rate=0.5), (3,)).program)
    assert names.count("dense_activation_forward") == 1
    assert names.count("dense_dx") == names.count("activation_backward") == 1


def check_order(nodes: list[Node]) -> None:
    """Every tensor is made before it is read."""
    made: set[int] = set()
    for node in nodes:
        for tensor in node.inputs:
            assert tensor.node is None or id(tensor) in made
        made.update(id(tensor) for tensor in node.outputs)
