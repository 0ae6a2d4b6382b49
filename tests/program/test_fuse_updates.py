"""Weight gradients that go into the optimizer's step: which do, which must not, and that what is
left is still contiguous and right.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fastnn import backends
from fastnn.backends.base import RunState
from fastnn.ops import data, dense, elementwise, loss, metric, reduce
from fastnn.ops.dense import GRADIENT_STEPS
from fastnn.ops.optimizer import UPDATES, Run, is_update, run_tensor
from fastnn.ops.shape import reshape
from fastnn.optimizers import SGD, Adam, Optimizer, RMSprop
from fastnn.program.autodiff import gradients
from fastnn.program.control import ControlBlock
from fastnn.program.fuse import fuse_updates
from fastnn.program.program import Program, Slot, StateStorage
from fastnn.program.tensor import Node, Tensor
from fastnn.program.variable import Variable, adopt, padded
from tests.support.training import ARCHITECTURES, Data, Training, perceptron

ALL = {op.name for op in GRADIENT_STEPS.values()}
OPTIMIZERS: dict[str, Optimizer] = {
    "sgd_step": SGD(0.1),
    "momentum_step": SGD(0.1, momentum=0.9),
    "rmsprop_step": RMSprop(0.01, momentum=0.9, centered=True),
    "adam_step": Adam(0.01),
}


def fused(program: Program, available: set[str] = ALL) -> list[Node]:
    return fuse_updates(program.nodes, program.gradients, available.__contains__)


def updates(nodes: list[Node]) -> list[tuple[str, list[Variable]]]:
    """Name and variables of every update."""
    steps = [node for node in nodes if is_update(node.op)]
    return [(n.op.name, list(n.op.subject(n).region.variables)) for n in steps]


@pytest.mark.parametrize("step", OPTIMIZERS)
def test_all_weights_of_a_perceptron_are_fused(step: str):
    training = Training(perceptron(6, 5, 4), (3,), optimizer=OPTIMIZERS[step])
    found = updates(fused(training.program))
    assert sorted(name for name, _ in found) == (
        [f"dense_db_{step}"] * 3 + [f"dense_dw_{step}"] * 3
    )
    assert [id(v) for _, (v,) in found] == [id(v) for v in training.variables]


def test_a_fused_step_reads_the_gradients_operands_and_the_parts_of_its_variable():
    training = Training(perceptron(4), (3,), optimizer=Adam())
    makers = {n.op.name: n for n in training.program.nodes}
    (w, b) = training.variables
    whole = makers["adam_step"]
    for node in fused(training.program):
        if not is_update(node.op):
            continue
        name, _, _ = node.op.name.partition("_adam")
        given = len(makers[name].inputs)
        variable = w if name == "dense_dw" else b
        assert node.inputs[:given] == makers[name].inputs
        assert node.attributes == whole.attributes
        kinds = []
        for tensor in node.inputs[given:]:
            assert tensor.shape == variable.shape
            assert tensor.region.variables == (variable,)
            kinds.append(tensor.region.kind)
        assert kinds == ["parameters", "slot:m", "slot:v"]
    assert "adam_step" in [n.op.name for n in training.program.nodes]  # the trace is as it was


def test_without_the_kernels_the_program_stays():
    program = Training(perceptron(6, 4), (3,), optimizer=Adam()).program
    nodes = fused(program, set())
    assert [n.op.name for n in nodes] == program.op_names()
    assert updates(nodes) == updates(program.nodes)
    only_dw = [name for name, _ in updates(fused(program, {"dense_dw_adam_step"}))]
    assert only_dw == ["dense_dw_adam_step"] * 2 + ["adam_step"] * 2


def check_partition(training: Training, nodes: list[Node]) -> None:
    """Every trained variable is updated once, and every run is contiguous storage."""
    found = [v for _, run in updates(nodes) for v in run]
    found.sort(key=lambda v: v.offset)
    assert [id(v) for v in found] == [id(v) for v in training.trained]
    made = {id(t) for n in nodes for t in n.outputs}
    for node in nodes:
        if node.op.name not in UPDATES:
            continue
        run: Run = node.inputs[0].region
        for one, other in zip(run.variables, run.variables[1:], strict=False):
            assert other.buffer is one.buffer
            assert other.offset == one.offset + padded(one.nbytes)
        for tensor in node.inputs:
            assert tensor.region.variables == run.variables
            assert tensor.shape == (tensor.region.count,)
        tensors = {id(v): t for t, v in training.program.gradients.items()}
        assert all(tensors[id(v)] in made for v in run.variables)  # their gradients are stored


@pytest.mark.parametrize("available", [ALL, {"dense_dw_adam_step"}, {"dense_db_adam_step"}])
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_what_is_left_are_contiguous_runs(name: str, available: set[str]):
    training = Training(*ARCHITECTURES[name], optimizer=Adam())
    check_partition(training, fused(training.program, available))


def test_a_weight_that_is_used_twice_stays():
    """Its gradient is a sum; the two are neighbours and stay one run."""
    training = Training(*ARCHITECTURES["shared layer"], optimizer=Adam())
    w1, b1, shared_w, shared_b, w2, b2 = training.variables
    found = [(name, [id(v) for v in run]) for name, run in updates(fused(training.program))]
    assert found == [
        ("dense_dw_adam_step", [id(w1)]),
        ("dense_db_adam_step", [id(b1)]),
        ("dense_dw_adam_step", [id(w2)]),
        ("dense_db_adam_step", [id(b2)]),
        ("adam_step", [id(shared_w), id(shared_b)]),
    ]


def test_a_frozen_layer_is_in_no_step():
    training = Training(*ARCHITECTURES["frozen layers"], optimizer=Adam())
    found = updates(fused(training.program))
    assert [id(v) for _, (v,) in found] == [id(v) for v in training.variables if v.trainable]
    assert {name for name, _ in found} == {"dense_dw_adam_step", "dense_db_adam_step"}


# -- Programs that no layer makes -----------------------------------------------------------------


class Fit:
    """A Program that trains ``variables`` on the mean of a function of one batch x (n, 3)."""

    def __init__(self, variables: list[Variable], total: Any, watch: Any = None) -> None:
        self.variables = variables
        adopt(variables, self)
        x = data.gather_rows(0, (3,), "float64")
        mean = loss.loss_mean(total(x), None)
        found = gradients(mean, variables)
        optimizer = Adam(0.01)
        kinds = ["parameters", "gradients", *(f"slot:{name}" for name in optimizer.slots())]
        w, g, *slots = (run_tensor(kind, variables) for kind in kinds)
        named = dict(zip(optimizer.slots(), slots, strict=True))
        roots = [metric.metric_scalar(0, mean), *(watch(found) if watch else [])]
        roots.append(optimizer.update(w, g, named, weight_decay=0.0))
        slot = Slot("x", "input", 3, "float64")
        self.program = Program(
            roots,
            [slot],
            state_size=4,
            gradients=dict(zip(variables, found, strict=True)),
            storage=StateStorage(),
        )
        self.control = ControlBlock.blocks(40, 8)
        self.control.floats[:, 8:11] = optimizer.control(0, len(self.control))

    def run(self, backend: str) -> tuple[list[np.ndarray], np.ndarray]:
        """Weights and metric state after five steps."""
        samples = Data(np.random.default_rng(0).standard_normal((40, 3)), np.zeros((40, 1)))
        executable = backends.resolve(backend).compile(self.program, 8)
        state = RunState.of(self.program, 1)
        executable.run(samples.bound()[:1], self.control, state, threads=2)
        return [v.numpy() for v in self.variables], state.state.copy()


def weights(*shapes: tuple[int, ...]) -> list[Variable]:
    random = np.random.default_rng(3)
    return [Variable(random.uniform(-1, 1, s), dtype="float64", name="w") for s in shapes]


def square(x: Tensor) -> Tensor:
    return elementwise.unary(x, "square")


def watched() -> Fit:
    """The sum of one weight's gradient is a metric."""
    w, b = weights((3, 4), (4,))

    def watch(found: list[Tensor]) -> list[Node]:
        total = reduce.reduce_columns(reshape(square(found[0]), (12,)), "sum")
        return [metric.metric_scalar(2, reshape(total, ()))]

    return Fit([w, b], lambda x: square(dense.dense_forward(x, w.tensor(), b.tensor())), watch)


def product_of_weights(view: bool) -> Fit:
    """x·(A·B): the gradient of B reads A, which is a weight itself."""
    a, b = weights((3, 5) if not view else (15,), (5, 4))

    def total(x: Tensor) -> Tensor:
        left = reshape(a.tensor(), (3, 5)) if view else a.tensor()
        return square(dense.dense_forward(x, dense.dense_forward(left, b.tensor())))

    return Fit([a, b], total)


def test_a_gradient_that_something_else_reads_is_stored(backend: str):
    made = watched()
    names = [name for name, _ in updates(fused(made.program))]
    assert names == ["dense_db_adam_step", "adam_step"]
    (w, b), state = watched().run(backend)
    (expected_w, expected_b), expected = watched().run("numpy")
    np.testing.assert_allclose(w, expected_w, rtol=1e-12)
    np.testing.assert_allclose(b, expected_b, rtol=1e-12)
    assert expected[2] > 0
    np.testing.assert_allclose(state, expected, rtol=1e-12)


@pytest.mark.parametrize("view", [False, True])
def test_a_gradient_that_reads_weights_is_made_before_any_update(backend: str, view: bool):
    """Within the stage of updates the other weight may have changed already."""
    names = [name for name, _ in updates(fused(product_of_weights(view).program))]
    assert names == ["adam_step"]
    found, _ = product_of_weights(view).run(backend)
    expected, _ = product_of_weights(view).run("numpy")
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
