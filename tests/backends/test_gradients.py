"""Every gradient rule against central differences in float64, on every backend: the gradient as
the whole road computes it (autodiff, fusion, stages, kernels), the differences of the NumPy
function. Then whole models.
"""

from __future__ import annotations

import numpy as np
import pytest

from fastnn import backends
from fastnn.backends.base import RunState
from fastnn.errors import StateError
from fastnn.ops import data, dense, elementwise, loss, penalty, reduce
from fastnn.ops.codes import FLAT
from fastnn.ops.contract import OPS
from fastnn.ops.shape import reshape
from fastnn.program.autodiff import gradients
from fastnn.program.program import Program
from fastnn.program.tensor import Node, Tensor, constant
from fastnn.program.variable import Variable
from tests.support.cases import Case, cases_of
from tests.support.gradcheck import check_gradient
from tests.support.one_op import Bench
from tests.support.training import ARCHITECTURES, HEADS, Data, Training

DIFFERENTIABLE = [name for name, op in OPS.items() if op.gradient is not None]
# What a rule treats as given: targets and weights of losses, the condition of a choice, statistics.
CONSTANT_INPUTS = {
    ("where", 0),
    ("sparse_softmax_crossentropy_forward", 1),
    ("softmax_crossentropy_forward", 1),
    ("sigmoid_crossentropy_forward", 1),
    ("loss_mean", 1),
    ("batch_norm_forward", 1),
    ("batch_norm_forward", 2),
}


def without_gradient(node: Node, position: int) -> bool:
    function = node.attributes.get("function")
    if node.op.name in ("unary", "binary") and function in FLAT:
        return True
    return (node.op.name, position) in CONSTANT_INPUTS


def computed_gradients(
    bench: Bench, total: Tensor, targets: list[Tensor], backend: str
) -> list[np.ndarray | None]:
    """∂total/∂target by the backend; targets are batches or variables."""
    keys = [t.variable if t.variable is not None else t for t in targets]
    found = gradients(total, keys)
    roots, pairs, outputs = [total.node], {}, {}
    for position, (target, gradient) in enumerate(zip(targets, found, strict=True)):
        if gradient is None:
            continue
        if target.variable is not None:
            pairs[target.variable] = gradient
        else:
            columns = int(np.prod(bench.value(target).shape[1:]))
            number = bench.output(columns)
            outputs[position] = bench.outputs[-1]
            roots.append(data.scatter_rows(gradient, number))
    program = Program(roots, bench.slots, gradients=pairs, storage=bench.storage)
    executable = backends.resolve(backend).compile(program, bench.n)
    result = executable.run(bench.bound, bench.control, RunState.of(program))
    assert result.status == 0
    values: list[np.ndarray | None] = []
    for position, target in enumerate(targets):
        if target.variable in pairs:
            values.append(bench.storage.view("gradients", target.variable).copy())
        elif position in outputs:
            values.append(outputs[position][: bench.n].reshape(bench.value(target).shape))
        else:
            values.append(None)
    return values


def check_case(case: Case, backend: str, n: int, size: int, other: int) -> None:
    bench = Bench("float64", n, size, other)
    node = case.build(bench)
    if node.output.dtype == "int32":  # numbers of things have no gradient
        return
    if case.op == "circle_forward" and n == 1:  # one sample has no pair of each kind: -inf
        return
    inputs = [bench.value(t) for t in node.inputs]
    places = [i for i, _ in enumerate(node.inputs) if inputs[i].dtype == bench.dtype]
    targets = [node.inputs[i] for i in places if node.inputs[i].constant is None]
    skips = case.kink(inputs) if case.kink else [None] * len(inputs)
    if case.op in ("loss_mean", "add_terms", "divide_by_rows"):  # ends of losses
        total, projection = node.output, np.ones(())
    elif case.op == "penalty_sums":
        total = penalty.add_terms(constant(0.0, "float64"), node.output)
        projection = np.ones(())
    else:
        projected = bench.rows(*bench.concrete(node.output.shape[1:]))
        rows = node.output.shape[0]
        if bench.concrete((rows,))[0] != n:  # reshape: several rows per sample
            return
        projection = bench.value(projected)
        product = elementwise.multiply(node.output, projected)
        total = loss.loss_mean(product, None, reduction="sum")
    found = computed_gradients(bench, total, targets, backend)
    for position, target, gradient in zip(places, targets, found, strict=False):
        where = f"{case.id} on {backend}, input {position}, {bench.label}"
        if without_gradient(node, position):
            assert gradient is None, where
            continue
        assert gradient is not None, where

        def f(x: np.ndarray, target: Tensor = target) -> float:
            bench.arrays[id(target)] = x
            return float((bench.reference(node)[0] * projection).sum())

        original = bench.value(target)
        check_gradient(f, original, gradient, skip=skips[position], step=case.step, where=where)
        bench.arrays[id(target)] = original


@pytest.mark.parametrize("op", [name for name in DIFFERENTIABLE if name != "reshape"])
def test_gradient(op: str, kernels: str):
    for case in cases_of(op):
        for n, size, other in ((3, 4, 2), (1, 1, 1), (33, 17, 9)):
            check_case(case, kernels, n, size, other)


def test_reshape(kernels: str):
    bench = Bench("float64", 3, 4)
    x, w = bench.rows(2, 6), bench.rows(3, 4)
    total = loss.loss_mean(elementwise.multiply(reshape(x, w.shape), w), None, reduction="sum")
    dx, dw = computed_gradients(bench, total, [x, w], kernels)
    np.testing.assert_array_equal(dx, bench.value(w).reshape(3, 2, 6))
    np.testing.assert_array_equal(dw, bench.value(x).reshape(3, 3, 4))


def gradient_at(kernels: str, values: list[list[float]], function, *more) -> np.ndarray:
    """The gradient of Σ function(x, …) at chosen points."""
    bench = Bench("float64", 1, 1)
    tensors = [bench.gathered(np.array([row]), (len(row),)) for row in (values, *more)]
    total = loss.loss_mean(function(*tensors), None, reduction="sum")
    return [g[0].tolist() for g in computed_gradients(bench, total, tensors, kernels)]


def test_conventions_at_kinks(kernels: str):
    """relu'(0) = 0, |0|' = 0, clip passes at its bounds, equals share: as JAX."""
    from fastnn.ops.activation import activation_forward

    def relu(x):
        return activation_forward(x, "relu")

    assert gradient_at(kernels, [-1.0, 0.0, -0.0, 2.0], relu) == [[0, 0, 0, 1]]
    absolute = gradient_at(kernels, [-1.0, 0.0, 2.0], lambda x: elementwise.unary(x, "absolute"))
    assert absolute == [[-1, 0, 1]]
    clipped = gradient_at(
        kernels, [-2.0, -1.0, 0.0, 1.0, 2.0], lambda x: elementwise.clip(x, -1, 1)
    )
    assert clipped == [[0, 1, 1, 1, 0]]
    for function in ("maximum", "minimum"):
        pair = gradient_at(
            kernels,
            [1.0, 2.0, 3.0],
            lambda a, b, f=function: elementwise.binary(a, b, function=f),
            [3.0, 2.0, 1.0],
        )
        ends = [[0, 0.5, 1], [1, 0.5, 0]]
        assert pair == (ends if function == "maximum" else ends[::-1])
    extreme = gradient_at(kernels, [3.0, 1.0, 3.0], lambda x: reduce.reduce_columns(x, "max"))
    assert extreme == [[0.5, 0, 0.5]]


def test_an_operand_used_twice_gets_the_sum(kernels: str):
    def square(x):
        return elementwise.multiply(x, x)

    assert gradient_at(kernels, [1.5, -2.0], square) == [[3.0, -4.0]]


def test_operands_that_were_broadcast_get_sums(kernels: str):
    bench = Bench("float64", 5, 3)
    x, column = bench.rows(3), bench.rows(1)
    vector, one = bench.fixed(3), bench.fixed(1)
    for second in (column, vector, one):
        bench.outputs.clear()
        del bench.slots[2:], bench.bound[2:]
        product = elementwise.multiply(x, second)
        total = loss.loss_mean(product, None, reduction="sum")
        dx, found = computed_gradients(bench, total, [x, second], kernels)
        value, a = bench.value(x), bench.value(second)
        np.testing.assert_allclose(dx, np.broadcast_to(a, value.shape), rtol=1e-15)
        axes = {column: 1, vector: 0, one: (0, 1)}[second]
        np.testing.assert_allclose(found, value.sum(axis=axes).reshape(a.shape), rtol=1e-13)


def test_an_op_without_a_gradient_is_named():
    bench = Bench("float64", 2, 3)
    x = bench.rows(3)
    w = bench.fixed(3, 3)
    labels = reduce.argmax(dense.dense_forward(x, w))
    total = loss.loss_mean(elementwise.cast_i32(labels, "float64"), None)
    with pytest.raises(StateError, match=r"'cast_i32' has no gradient.*differentiable function"):
        gradients(total, [w.variable])
    with pytest.raises(StateError, match="does not depend on any op"):
        gradients(Tensor((1,), "float64"), [w.variable])


def gradients_in_a_step(
    training: Training, backend: str, samples: Data
) -> dict[Variable, np.ndarray]:
    """By how much a step of plain descent with learning rate 1 changes each weight; no gradient
    need be stored. The weights are put back.
    """
    before = {variable: variable.numpy() for variable in training.gradients}
    training.optimizer.learning_rate = 1.0
    training.train(backend, samples, batch=len(samples.x))
    found = {variable: value - variable.numpy() for variable, value in before.items()}
    for variable, value in before.items():
        variable.assign(value)
    return found


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("name", ["shared layer", "softmax inside", "rank 3", "frozen layers"])
def test_whole_model(name: str, head: str, kernels: str):
    architecture, sample_shape = ARCHITECTURES[name]
    training = Training(
        architecture, sample_shape, head, dtype="float64", weighted=head != "softmax"
    )
    samples = training.samples(7)
    computed = gradients_in_a_step(training, kernels, samples)
    assert set(training.gradients) == {v for v in training.variables if v.trainable}
    training.optimizer.learning_rate = 0.0
    executable = backends.resolve(kernels).compile(training.program, 7)
    control = training.control(7, 7, 1)
    for variable, gradient in computed.items():
        original = variable.numpy()

        def f(w: np.ndarray, variable=variable) -> float:
            variable.assign(w)
            state = RunState.of(training.program, 1)
            executable.run(samples.bound(), control, state)
            return float(state.history[0, 0] / state.history[0, 1])

        check_gradient(f, original, gradient, where=f"{name} {head} {variable.name}")
        variable.assign(original)
