"""Functional graphs and ``Model`` subclasses: the error is the ``Sequential`` to write, and what it
says builds the same network.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn import layers
from fastnn.errors import UnsupportedError
from fastnn.layers import Add, Concatenate, Dense, Dropout, Input, Multiply, Subtract


def message(inputs: Any, outputs: Any) -> str:
    with pytest.raises(UnsupportedError) as caught:
        fastnn.Model(inputs, outputs)
    return str(caught.value)


def program(inputs: Any, outputs: Any) -> str:
    text = message(inputs, outputs)
    start = "Model: received a graph of layers, but fastnn's models are Sequential. "
    assert text.startswith(f"{start}This is the same network:\n\nmodel = Sequential([")
    return text[text.index("model =") :]


def test_a_chain_is_written_with_its_arguments() -> None:
    inputs = Input(shape=(784,), name="pictures")
    x = Dense(64, activation="relu", kernel_regularizer="l2")(inputs)
    x = Dropout(0.2, name="drop")(x)
    outputs = Dense(10, use_bias=False, kernel_initializer="he_normal")(x)
    assert program(inputs, outputs).splitlines() == [
        "model = Sequential([",
        "    Input((784,)),",
        "    Dense(64, activation='relu', kernel_regularizer=L2(l2=0.01)),",
        "    Dropout(0.2),",
        "    Dense(10, use_bias=False, kernel_initializer=HeNormal()),",
        "])",
    ]
    assert program([inputs], [outputs]) == program({"x": inputs}, outputs)


def graphs() -> dict[str, tuple[Any, Any, str]]:
    """Graphs that Residual and Parallel express, and the line that does."""
    found = {}
    inputs = Input((4,))
    f, g = Dense(4)(Dense(8)(inputs)), Dense(4)(inputs)
    found["shortcut"] = (inputs, Add()([inputs, f]), "Residual([Dense(8), Dense(4)]),")
    found["plus"] = (inputs, f + inputs, "Residual([Dense(8), Dense(4)]),")
    found["times"] = (inputs, inputs * g, "Residual([Dense(4)], merge=Multiply()),")
    found["branches"] = (
        inputs,
        Concatenate()([f, g]),
        "Parallel([[Dense(8), Dense(4)], Dense(4)]),",
    )
    found["order"] = (
        inputs,
        Subtract()([inputs, g]),
        "Parallel([[], Dense(4)], merge=Subtract()),",
    )
    found["function"] = (
        inputs,
        layers.concatenate([inputs, layers.add([f, inputs])]),
        "Parallel([[], Residual([Dense(8), Dense(4)])]),",
    )
    inner = Dense(2)(Add()([g, Dense(4)(g)]))
    found["nested"] = (
        inputs,
        Concatenate()([inner, f]),
        "Parallel([[Dense(4), Residual([Dense(4)]), Dense(2)], [Dense(8), Dense(4)]]),",
    )
    return found


@pytest.mark.parametrize("label", graphs())
def test_shortcuts_and_branches(label: str) -> None:
    inputs, outputs, line = graphs()[label]
    text = program(inputs, outputs)
    assert text.splitlines()[2].strip() == line
    scope: dict[str, Any] = {**vars(layers), "Sequential": fastnn.Sequential, "Multiply": Multiply}
    exec(text, scope)
    assert scope["model"].predict(np.ones((3, 4)), verbose=0).shape[0] == 3


def test_a_model_inside_a_graph() -> None:
    inputs = Input((4,))
    body = fastnn.Sequential([Dense(3)])
    assert "Sequential(" in program(inputs, Dense(1)(body(inputs)))


@pytest.mark.parametrize(
    ("graph", "reason"),
    [
        (lambda a, b: ([a, b], Concatenate()([a, b])), "it has 2 inputs: join the arrays"),
        (lambda a, b: (a, [Dense(1)(a), Dense(2)(a)]), "it has 2 outputs: train one model per"),
        (lambda a, b: (a, Concatenate()([a, b])), "its branches begin at different inputs"),
        (lambda a, b: (a, Dense(1)(b)), "its output does not follow from its input"),
    ],
)
def test_what_is_no_sequential(graph: Any, reason: str) -> None:
    text = message(*graph(Input((4,)), Input((4,))))
    assert f"This one is no Sequential as it stands: {reason}" in text
    assert "Residual([" in text
    assert "Parallel([" in text


def test_a_shared_layer_is_no_sequential() -> None:
    inputs, shared = Input((4,)), Dense(4, name="both")
    assert "layer 'both' is used twice" in message(inputs, shared(shared(inputs)))


def test_a_subclass_is_refused_where_it_is_defined() -> None:
    with pytest.raises(UnsupportedError, match=r"Mine: received a subclass of Model, but .*"):

        class Mine(fastnn.Model):
            pass


def test_model_without_a_graph() -> None:
    with pytest.raises(UnsupportedError, match=r"received no graph.* Write Sequential\(\[...\]\)"):
        fastnn.Model()


def test_a_sketch_has_no_values() -> None:
    x = Dense(2)(Input((4,)))
    for use in (lambda: x + 1, lambda: np.asarray(x), lambda: np.ones(2) * x):
        with pytest.raises((UnsupportedError, TypeError)):
            use()
    with pytest.raises(AttributeError, match="Write the network as a Sequential"):
        x.shape  # noqa: B018
