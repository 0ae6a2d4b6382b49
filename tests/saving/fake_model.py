"""The least that the saving code needs of a model: layers with weights, a compile configuration and
a training state. Tests of the file format use it, so that they fail for the format's reasons alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.program.variable import Variable
from fastnn.program.weight_limit import take_weight


class FakeDense:
    """Weights of a dense layer, drawn at once."""

    def __init__(self, name: str, n_in: int, n_out: int, dtype: str) -> None:
        self.config = {"name": name, "n_in": n_in, "n_out": n_out, "dtype": dtype}
        self.weights = []
        for part, shape in (("kernel", (n_in, n_out)), ("bias", (n_out,))):
            take_weight(f"{name}/{part}", shape)
            value = np.random.default_rng(0).normal(size=shape)
            variable = Variable(value, name=part, dtype=dtype)
            variable.path = f"{name}/{part}"
            self.weights.append(variable)


class FakeModel:
    """Dense layers in a row, with an optimizer that has one slot per weight."""

    def __init__(self, layers: list[FakeDense]) -> None:
        self.layers = layers
        self.built = bool(layers)
        self.optimizer: dict[str, Any] | None = None
        self.slots: dict[str, Any] = {}
        self.iterations = 0

    @property
    def weights(self) -> list[Variable]:
        return [variable for layer in self.layers for variable in layer.weights]

    def named_weights(self) -> dict[str, Variable]:
        return {variable.path: variable for variable in self.weights}

    def get_config(self) -> dict[str, Any]:
        return {"layers": [layer.config for layer in self.layers]}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> FakeModel:
        return cls([FakeDense(**layer) for layer in config["layers"]])

    def compile(self) -> None:
        self.optimizer = {"class_name": "Fake", "learning_rate": 0.1}
        self.slots = {f"m/{v.path}": np.full(v.shape, 0.5, v.dtype) for v in self.weights}

    def get_compile_config(self) -> dict[str, Any] | None:
        return self.optimizer

    def compile_from_config(self, config: dict[str, Any], custom_objects: Any = None) -> None:
        self.compile()
        self.optimizer = config

    def get_training_state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return {"iterations": self.iterations}, self.slots

    def set_training_state(self, state: dict[str, Any], arrays: dict[str, Any]) -> None:
        self.iterations = int(state["iterations"])
        for name in arrays:
            if self.slots[name].shape != arrays[name].shape:
                raise ValueError(f"slot {name} has another shape")
        self.slots.update(arrays)

    def predict(self, x: Any) -> Any:
        for layer in self.layers:
            kernel, bias = (variable.numpy() for variable in layer.weights)
            x = x @ kernel + bias
        return x


def fake_model() -> FakeModel:
    """A compiled model with weights of both dtypes."""
    model = FakeModel([FakeDense("first", 3, 4, "float32"), FakeDense("second", 4, 2, "float64")])
    model.compile()
    model.iterations = 7
    return model


CUSTOM = {"FakeModel": FakeModel}
