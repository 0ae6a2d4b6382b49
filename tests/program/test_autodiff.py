"""Reverse mode on graphs: what is differentiated, what is left out, what is added up. The
gradients themselves are checked in ``tests/backends/test_gradients.py``.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from fastnn.errors import StateError
from fastnn.ops import activation, data, dense, elementwise, loss, reduce
from fastnn.program.autodiff import ancestors, gradients
from fastnn.program.program import Program, Slot
from fastnn.program.tensor import Tensor
from fastnn.program.variable import Variable
from tests.support.training import ARCHITECTURES, HEADS, Maker, Training, perceptron


def ops_of(training: Training) -> Counter[str]:
    return Counter(training.program.op_names())


@pytest.mark.parametrize("layers", [1, 2, 5])
def test_no_input_gradient_for_the_first_layer(layers: int):
    training = Training(perceptron(*[4] * layers, activation="tanh"), (3,))
    counts = ops_of(training)
    assert counts["dense_dw"] == counts["dense_db"] == layers
    assert counts["dense_dx"] == counts["activation_backward"] == layers - 1


def test_nothing_below_frozen_layers():
    def below(m: Maker, t: Tensor) -> Tensor:
        t = m.dense(t, 4, "tanh", frozen=True)
        t = m.dropout(t, 0.5)
        t = m.dense(t, 5, "relu", frozen=True)
        return m.dense(t, 3)

    counts = ops_of(Training(below, (3,)))
    assert counts["dense_dw"] == counts["dense_db"] == 1
    assert counts["dense_dx"] == counts["activation_backward"] == 0
    assert counts["dropout"] == 1


def test_a_frozen_layer_between_trained_ones_passes_the_gradient_on():
    counts = ops_of(Training(*ARCHITECTURES["frozen layers"]))
    # trained are the second and the last of four; the gradient passes the third
    assert counts["dense_dw"] == counts["dense_db"] == 2
    assert counts["dense_dx"] == 2


@pytest.mark.parametrize("head", HEADS)
def test_each_gradient_has_the_shape_and_type_of_its_variable(head: str):
    training = Training(*ARCHITECTURES["shared layer"], head, dtype="float64")
    assert set(training.gradients) == set(training.variables)
    for variable, gradient in training.gradients.items():
        assert gradient.shape == variable.shape
        assert gradient.dtype == variable.dtype


def test_a_shared_layer_gets_one_sum():
    training = Training(*ARCHITECTURES["shared layer"])
    counts = ops_of(training)
    assert counts["dense_dw"] == 4  # the shared layer is used twice
    assert len(training.variables) == 6
    assert counts["binary"] == 2  # the sums of its two gradients, for w and b


def test_what_the_loss_does_not_depend_on_has_no_gradient():
    x = data.gather_rows(0, (3,), "float32")
    w, other = Variable(np.ones((3, 2))), Variable(np.ones(3))
    total = loss.loss_mean(dense.dense_forward(x, w.tensor()), None)
    found = gradients(total, [other, w, x, Tensor((1,), "float32")])
    assert [g is None for g in found] == [True, False, False, True]


def test_both_tensors_of_one_variable_are_one_value():
    x = data.gather_rows(0, (3,), "float32")
    v = Variable(np.ones(3))
    product = elementwise.multiply(elementwise.multiply(x, v.tensor()), v.tensor())
    (found,) = gradients(loss.loss_mean(product, None, reduction="sum"), [v])
    assert found is not None
    assert found.node is not None
    assert found.node.attributes == {"function": "add"}


def test_ancestors_come_in_the_order_in_which_they_were_traced():
    x = data.gather_rows(0, (3,), "float32")
    a = activation.activation_forward(x, "tanh")
    b = activation.activation_forward(a, "relu")
    unused = activation.activation_forward(a, "sigmoid")
    c = elementwise.binary(b, a, function="add")
    found = ancestors([c.node])
    assert [n.op.name for n in found] == [
        "gather_rows",
        "activation_forward",
        "activation_forward",
        "binary",
    ]
    assert unused.node not in found
    assert [n.id for n in found] == sorted(n.id for n in found)


def test_a_program_drops_what_no_root_needs():
    x = data.gather_rows(0, (3,), "float32")
    used = activation.activation_forward(x, "tanh")
    activation.activation_forward(used, "relu")
    slots = [Slot("x", "input", 3, "float32"), Slot("y", "output", 3, "float32")]
    program = Program([data.scatter_rows(used, 1)], slots)
    assert program.op_names() == ["gather_rows", "activation_forward", "scatter_rows"]
    assert repr(program).splitlines()[1].startswith("activation_forward((n, 3)")


def test_a_gradient_that_is_another_tensor_is_copied():
    """Two variables with one gradient, or one that is a view, need memory of their own."""
    x = data.gather_rows(0, (3,), "float32")
    a, b, c = (Variable(np.ones(3)) for _ in range(3))
    total = elementwise.binary(x, a, function="add")
    total = elementwise.binary(total, b, function="add")
    flat = loss.loss_mean(total, None)
    found = gradients(flat, [a, b])
    assert found[0] is not None
    program = Program([flat.node], [], gradients={a: found[0], b: found[0], c: found[1]})
    assert len(program.gradients) == 3
    assert "copy" in program.op_names()


def test_errors():
    x = data.gather_rows(0, (3,), "float32")
    w = Variable(np.ones((3, 2)))
    with pytest.raises(StateError, match="does not depend on any op"):
        gradients(w.tensor(), [w])
    chosen = reduce.argmax(dense.dense_forward(x, w.tensor()))
    total = loss.loss_mean(elementwise.cast_i32(chosen, "float32"), None)
    with pytest.raises(StateError, match="'cast_i32' has no gradient"):
        gradients(total, [w])
    twice = elementwise.scale(loss.loss_mean(dense.dense_forward(x, w.tensor()), None), 2.0)
    with pytest.raises((TypeError, StateError), match="last op of the loss"):
        gradients(twice, [w])
