"""What users write in ops runs natively: no stage of the training step is left to Python, and the
backend has a kernel for every op of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn import layers, losses, ops
from fastnn.program.stages import cut
from fastnn.training.programs import Job, build
from tests.test_vocabulary import CLASSES, given

X = np.random.default_rng(0).normal(size=(40, 4))


class Norm(layers.Layer):
    """A layer of the user's own with weights and a layer inside."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.inner = layers.Dense(4, "tanh")

    def build(self, input_shape: Any) -> None:
        self.gain = self.add_weight((input_shape[-1],), "ones", name="gain")

    def call(self, inputs: Any, training: bool = False) -> Any:
        x = self.inner(inputs)
        centred = x - ops.mean(x, axis=-1, keepdims=True)
        return ops.where(ops.greater(centred, 0.0), centred * self.gain, centred * 0.5)


class Weighed(losses.Loss):
    """A loss of the user's own."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        error = ops.absolute(y_true - y_pred)
        return ops.mean(ops.log1p(error) * ops.exp(-error), axis=-1)


def largest_error(y_true: Any, y_pred: Any) -> Any:
    """A metric of the user's own."""
    return ops.max(ops.absolute(y_true - y_pred), axis=-1)


def test_a_users_parts_run_natively(backend: str) -> None:
    block = layers.Parallel(
        [[], Norm(), layers.Lambda(lambda x: ops.square(x))], merge=layers.Concatenate()
    )
    made = fastnn.Sequential(
        [fastnn.Input((4,)), layers.Residual(Norm()), block, layers.Dense(2)], backend=backend
    )
    made.compile("adam", Weighed(), metrics=[largest_error])
    made.fit(X, X[:, :2], verbose=0)
    program = build(made, Job("train", target=(2,), training=True))
    assert {stage.kind for stage in cut(program.nodes)} <= {"row", "tile", "serial"}
    without = {name for name in program.op_names() if not made.backend.has(name)}
    assert without <= {"reshape"}


def kinds_of(model: fastnn.Sequential) -> set[str]:
    """The stages of the ops of the Programs that a model has compiled."""
    programs = [executable.program for executable, _ in model._executables.values()]
    assert programs
    return {node.op.stage for program in programs for node in program.nodes}


BASES = ("Metric", "MeanMetricWrapper", "Mean", "Sum", "Optimizer")  # what takes no y, or no step
METRICS = [n for n in CLASSES if n.startswith("metrics.") and n.split(".")[1] not in BASES]
OPTIMIZERS = [
    name
    for name in CLASSES
    if name.rpartition(".")[0] == "optimizers" and name.split(".")[1] not in BASES
]


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_runs_natively(name: str) -> None:
    metric = CLASSES[name](**given(CLASSES[name]))
    labels = np.arange(40) % 3
    y, loss = (labels, "sparse_categorical_crossentropy") if metric.sparse else (None, "mse")
    model = fastnn.Sequential([fastnn.Input((4,)), layers.Dense(3, "softmax")])
    model.compile("sgd", loss, metrics=[metric])
    history = model.fit(X, np.eye(3)[labels] if y is None else y, verbose=0).history
    assert set(history) == {"loss", metric.name}
    assert kinds_of(model) <= {"row", "tile", "serial"}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_runs_natively(name: str) -> None:
    model = fastnn.Sequential([fastnn.Input((4,)), layers.Dense(3, "tanh"), layers.Dense(2)])
    model.compile(CLASSES[name](**given(CLASSES[name])), "mse")
    model.fit(X, X[:, :2], verbose=0)
    assert kinds_of(model) <= {"row", "tile", "serial"}
