"""The memory planner: tensors that are alive together never overlap, memory is reused, everything
is aligned, and the guarded plan reuses nothing.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from fastnn import backends
from fastnn.backends.base import Bound, RunState
from fastnn.ops import activation, data, dense, elementwise, loss, reduce
from fastnn.ops.optimizer import run_tensor
from fastnn.ops.shape import reshape
from fastnn.optimizers import Adam
from fastnn.program import memory
from fastnn.program.autodiff import gradients
from fastnn.program.control import ControlBlock
from fastnn.program.fuse import fuse
from fastnn.program.memory import FIRST_STORAGE, STATE, WORKSPACE, plan
from fastnn.program.program import Program, Slot
from fastnn.program.stages import cut
from fastnn.program.tensor import BATCH, Tensor, constant, matrix_view
from fastnn.program.variable import ALIGNMENT, Variable
from tests.support.training import ARCHITECTURES, HEADS, Training, perceptron

FUSED = {"dense_activation_forward", "dense_activation_dx"}


def planned(program: Program, capacity: int, *, guarded: bool = False):
    nodes = fuse(program.nodes, set(program.gradients), FUSED.__contains__)
    stages = cut(nodes)
    return stages, plan(stages, program.gradients, capacity, guarded=guarded)


def lifetimes(stages) -> dict[int, tuple[int, int]]:
    """First and last stage of the memory behind each tensor, worked out here from scratch."""
    root: dict[int, int] = {}
    alive: dict[int, tuple[int, int]] = {}
    for number, stage in enumerate(stages):
        for node in stage.nodes:
            for tensor in node.inputs:
                key = root.get(id(tensor), id(tensor))
                if key in alive:
                    alive[key] = (alive[key][0], number)
            for tensor in node.outputs:
                if node.op.name == "reshape":
                    source = id(node.inputs[0])
                    root[id(tensor)] = root.get(source, source)
                else:
                    alive[id(tensor)] = (number, number)
    return alive


def check_plan(stages, layout, capacity: int) -> int:
    """No overlap among tensors that are alive in one stage; returns the bytes in use at most."""
    alive = lifetimes(stages)
    tensors = {id(t): t for s in stages for n in s.nodes for t in n.outputs if id(t) in alive}
    spans = []
    for key, tensor in tensors.items():
        place = layout.of(tensor)
        if place.segment != WORKSPACE:
            continue
        rows, columns = matrix_view(tensor.shape)
        size = rows.at(capacity) * columns * np.dtype(tensor.dtype).itemsize
        assert place.offset % ALIGNMENT == 0
        assert place.stride == columns
        assert place.offset >= 0
        assert place.offset + size <= layout.workspace_bytes
        spans.append((*alive[key], place.offset, place.offset + size, tensor))
    for i, (a, b, begin, end, one) in enumerate(spans):
        for c, d, start, stop, other in spans[i + 1 :]:
            if a <= d and c <= b:
                assert end <= start or stop <= begin, (one, other)
    return max((end for *_, end, _ in spans), default=0)


@pytest.mark.parametrize("capacity", [1, 7, 64])
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_tensors_alive_together_never_overlap(name: str, capacity: int):
    for head in HEADS:
        for weighted in (False, True):
            training = Training(*ARCHITECTURES[name], head, optimizer=Adam(), weighted=weighted)
            for guarded in (False, True):
                stages, layout = planned(training.program, capacity, guarded=guarded)
                check_plan(stages, layout, capacity)
                assert layout.capacity == capacity


def chain(depth: int) -> Program:
    """Alternating row and tile ops: no more than two batch tensors are alive at once."""
    x = data.gather_rows(0, (64,), "float32")
    vector = Variable(np.ones(64)).tensor()
    for _ in range(depth):
        total = reduce.reduce_rows(x, "sum")
        x = elementwise.binary(
            elementwise.binary(x, total, function="add"), vector, function="multiply"
        )
    slots = [Slot("x", "input", 64, "float32"), Slot("y", "output", 64, "float32")]
    return Program([data.scatter_rows(x, 1)], slots)


def test_memory_is_reused():
    sizes = []
    for depth in (3, 30):
        stages, layout = planned(chain(depth), 100)
        check_plan(stages, layout, 100)
        sizes.append(layout.workspace_bytes)
    one = 100 * 64 * 4
    assert sizes[1] == sizes[0] <= 5 * one
    guarded = planned(chain(30), 100, guarded=True)[1].workspace_bytes
    assert guarded > 60 * one


def test_the_guarded_plan_reuses_nothing_and_leaves_red_zones():
    training = Training(perceptron(6, 5, 4), (3,), optimizer=Adam())
    stages, layout = planned(training.program, 10, guarded=True)
    spans = []
    for stage in stages:
        for node in stage.nodes:
            for tensor in node.outputs:
                place = layout.of(tensor)
                if place.segment == WORKSPACE and node.op.name != "reshape":
                    rows, columns = matrix_view(tensor.shape)
                    size = rows.at(10) * columns * np.dtype(tensor.dtype).itemsize
                    spans.append((place.offset, place.offset + size))
    spans.sort()
    assert spans[0][0] >= memory.RED_ZONE
    for (_, end), (begin, _) in itertools.pairwise(spans):
        assert begin - end >= memory.RED_ZONE
    assert layout.workspace_bytes - spans[-1][1] >= memory.RED_ZONE


def test_where_what_is_not_workspace_lives():
    training = Training(perceptron(6, 4), (3,), optimizer=Adam())
    stages, layout = planned(training.program, 10)
    kinds = [key.kind for key in layout.storage]
    slots = [f"slot:{name}" for name in training.optimizer.slots()]
    assert sorted(kinds) == sorted(["gradients", "parameters", *slots])
    (buffer,) = {key.buffer for key in layout.storage}
    assert buffer is training.variables[0].buffer
    for stage in stages:
        for node in stage.nodes:
            for tensor in (*node.inputs, *node.outputs):
                place = layout.of(tensor)
                if tensor.variable is not None:
                    key = layout.storage[place.segment - FIRST_STORAGE]
                    assert key.kind == "parameters"
                    assert place.offset == tensor.variable.offset
                if id(tensor) in training.program.gradients:
                    variable = training.program.gradients[id(tensor)]
                    key = layout.storage[place.segment - FIRST_STORAGE]
                    assert key.kind == "gradients"
                    assert place.offset == variable.offset
            if node.op.name in ("metric_scalar", "metric_mean"):
                assert layout.of(node.inputs[0]).segment == STATE
                assert layout.of(node.inputs[0]).offset == 8 * node.inputs[0].region.first


def test_constants_are_stored_once_each_and_aligned():
    x = data.gather_rows(0, (3,), "float32")
    a = constant([1.0, 2.0, 3.0], "float32")
    y = elementwise.binary(x, a, function="multiply")
    y = elementwise.binary(y, a, function="add")
    y = elementwise.binary(y, constant(4.0, "float32"), function="divide")
    slots = [Slot("x", "input", 3, "float32"), Slot("y", "output", 3, "float32")]
    _, layout = planned(Program([data.scatter_rows(y, 1)], slots), 5)
    place = layout.of(a)
    stored = layout.constants[place.offset : place.offset + 12].view(np.float32)
    assert stored.tolist() == [1, 2, 3]
    assert layout.constants.size == 2 * ALIGNMENT
    assert [key.kind for key in layout.storage] == ["constants"]


def test_a_reshape_shares_memory_and_keeps_it_alive():
    x = data.gather_rows(0, (4, 6), "float32")
    h = activation.activation_forward(x, "tanh")
    flat = reshape(h, (BATCH, 24))
    w = Variable(np.ones((24, 3)))
    z = dense.dense_forward(flat, w.tensor())
    slots = [Slot("x", "input", 24, "float32"), Slot("y", "output", 3, "float32")]
    stages, layout = planned(Program([data.scatter_rows(z, 1)], slots), 9)
    assert layout.of(flat).offset == layout.of(h).offset
    assert layout.of(flat).stride == 24
    assert layout.of(h).stride == 6
    check_plan(stages, layout, 9)


def test_a_reshaped_variable_lies_where_the_variable_lies():
    w = Variable(np.ones((6, 4)))
    x = data.gather_rows(0, (24,), "float32")
    flat = reshape(w.tensor(), (24,))
    y = elementwise.binary(x, flat, function="multiply")
    slots = [Slot("x", "input", 24, "float32"), Slot("y", "output", 24, "float32")]
    _, layout = planned(Program([data.scatter_rows(y, 1)], slots), 9)
    place = layout.of(flat)
    assert layout.storage[place.segment - FIRST_STORAGE].kind == "parameters"
    assert place.offset == w.offset
    assert place.stride == 24


def test_a_reshaped_variable_is_read_and_trained(backend: str):
    w = Variable(np.arange(24.0).reshape(6, 4))
    x = data.gather_rows(0, (24,), "float32")
    product = elementwise.binary(x, reshape(w.tensor(), (24,)), function="multiply")
    total = loss.loss_mean(product, None, reduction="sum")
    (gradient,) = gradients(total, [w])
    slots = [Slot("x", "input", 24, "float32"), Slot("y", "output", 24, "float32")]
    program = Program([data.scatter_rows(product, 1)], slots, gradients={w: gradient})
    given, found = np.ones((3, 24), np.float32), np.zeros((3, 24), np.float32)
    executable = backends.resolve(backend).compile(program, 3)
    lent = [Bound(given), Bound(found)]
    executable.run(lent, ControlBlock.blocks(3, 3), RunState.of(program))
    np.testing.assert_array_equal(found, np.tile(np.arange(24), (3, 1)))
    np.testing.assert_array_equal(program.storage.view("gradients", w), np.full((6, 4), 3))


def test_reading_what_nobody_makes_is_an_error():
    lost = Tensor((BATCH, 3), "float32")
    y = activation.activation_forward(lost, "tanh")
    with pytest.raises(RuntimeError, match="read before it is made"):
        plan(cut([y.node]), {}, 5)


def test_a_run_counts_the_padding_between_its_variables():
    training = Training(perceptron(6, 4), (3,))
    run = run_tensor("parameters", training.variables)
    first, last = training.variables[0], training.variables[-1]
    assert run.shape == ((last.offset + last.nbytes - first.offset) // 4,)
    assert run_tensor("parameters", [first]).shape == (first.size,)
