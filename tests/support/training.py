"""Training Programs built by hand from ops, without layers and models: an architecture is a
function that takes a ``Maker`` and the input tensor. Deliberately not here: what users call
(``models/``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fastnn import backends
from fastnn.backends.base import Bound, Executable, RunResult, RunState
from fastnn.ops import data, dense, elementwise, metric
from fastnn.ops import dropout as dropout_ops
from fastnn.ops import loss as loss_ops
from fastnn.ops.activation import activation_forward, softmax_forward
from fastnn.ops.optimizer import run_tensor
from fastnn.ops.reduce import argmax
from fastnn.ops.shape import reshape
from fastnn.optimizers import SGD, Optimizer
from fastnn.program.autodiff import gradients
from fastnn.program.control import ControlBlock
from fastnn.program.program import Program, Slot, StateStorage
from fastnn.program.tensor import Node, Tensor, product
from fastnn.program.variable import Variable, adopt

Array = np.ndarray[Any, Any]
KEY = (7, 9)


class Maker:
    """What architectures are written with; it owns the variables."""

    def __init__(self, dtype: str, seed: int) -> None:
        self.dtype = dtype
        self.random = np.random.default_rng(seed)
        self.variables: list[Variable] = []
        self.named: dict[str, tuple[Variable, Variable | None]] = {}
        self.streams = 0

    def dense(
        self,
        x: Tensor,
        units: int,
        activation: str = "linear",
        *,
        share: str = "",
        frozen: bool = False,
        bias: bool = True,
    ) -> Tensor:
        """activation(x w + b); equal ``share`` means the same weights."""
        if share not in self.named:
            made = self._weights(int(x.shape[-1]), units, bias, not frozen)  # type: ignore[arg-type]
            self.named[share] = made
        w, b = self.named.pop(share) if not share else self.named[share]
        z = dense.dense_forward(x, w.tensor(), None if b is None else b.tensor())
        return activation_forward(z, activation)

    def _weights(
        self, n_in: int, n_out: int, bias: bool, trainable: bool
    ) -> tuple[Variable, Variable | None]:
        limit = np.sqrt(6 / (n_in + n_out))
        options: dict[str, Any] = {"dtype": self.dtype, "trainable": trainable}
        w = Variable(self.random.uniform(-limit, limit, (n_in, n_out)), name="w", **options)
        b = Variable(self.random.uniform(-0.1, 0.1, n_out), name="b", **options) if bias else None
        self.variables += [w] if b is None else [w, b]
        return w, b

    def dropout(self, x: Tensor, rate: float) -> Tensor:
        """Dropout with a stream of its own."""
        self.streams += 1
        return dropout_ops.dropout(x, rate, KEY, self.streams - 1)


Architecture = Callable[[Maker, Tensor], Tensor]


def squared_error(target: Tensor, prediction: Tensor) -> Tensor:
    """(target - prediction)², a composition of elementwise ops."""
    return elementwise.unary(elementwise.binary(prediction, target, function="subtract"), "square")


HEADS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "sparse": lambda t, z: loss_ops.sparse_softmax_crossentropy(z, t),
    "softmax": lambda t, z: loss_ops.softmax_crossentropy(z, t),
    "sigmoid": lambda t, z: loss_ops.sigmoid_crossentropy(z, t),
    "mse": squared_error,
}


@dataclass
class Data:
    """Inputs, targets and perhaps weights of some samples."""

    x: Array
    y: Array
    w: Array | None = None
    permutation: Array | None = None

    def bound(self) -> list[Bound]:
        """What a run borrows."""
        lent = [Bound(self.x.reshape(len(self.x), -1), self.permutation, True)]
        lent.append(Bound(self.y.reshape(len(self.y), -1), self.permutation))
        if self.w is not None:
            lent.append(Bound(self.w.reshape(-1, 1), self.permutation))
        return lent


@dataclass
class Outcome:
    """What a training run left behind."""

    result: RunResult
    history: Array
    weights: list[Array]
    slots: list[Array] = field(default_factory=list)

    def same_bits(self, other: Outcome) -> bool:
        """Whether every number is the same."""
        pairs = zip(
            [self.history, *self.weights, *self.slots],
            [other.history, *other.weights, *other.slots],
            strict=True,
        )
        return all(a.tobytes() == b.tobytes() for a, b in pairs)


class Training:
    """One training Program: forward, loss, accuracy or squared error, gradients, updates."""

    def __init__(
        self,
        architecture: Architecture,
        sample_shape: tuple[int, ...],
        head: str = "sparse",
        *,
        dtype: str = "float32",
        optimizer: Optimizer | None = None,
        weighted: bool = False,
        reduction: str = "mean",
        seed: int = 0,
    ) -> None:
        self.optimizer = optimizer or SGD(0.1)
        self.head, self.dtype, self.sample_shape = head, dtype, sample_shape
        maker = Maker(dtype, seed)
        self.x = data.gather_rows(0, sample_shape, dtype)
        self.prediction = architecture(maker, self.x)
        self.variables = maker.variables
        adopt(self.variables, self)
        shape = self.prediction.shape[1:]
        self.classes = int(shape[-1])  # type: ignore[arg-type]
        if head == "sparse":
            target = data.gather_labels(1, (*shape[:-1], 1), self.classes)
        else:
            target = data.gather_rows(1, shape, dtype)
        weights = data.gather_rows(2, (1,), dtype) if weighted else None
        losses = HEADS[head](target, self.prediction)
        self.loss = loss_ops.loss_mean(losses, weights, reduction=reduction)
        self.target_shape = target.shape[1:]
        self.slots = [Slot("x", "input", int(product(sample_shape)), dtype)]  # type: ignore[arg-type]
        columns = int(product(self.target_shape))  # type: ignore[arg-type]
        self.slots.append(Slot("y", "labels" if head == "sparse" else "input", columns, dtype))
        if weighted:
            self.slots.append(Slot("w", "input", 1, dtype))
        roots = [metric.metric_scalar(0, self.loss)]
        if head == "sparse":
            right = elementwise.equal_labels(argmax(self.prediction), target, dtype)
            roots.append(metric.metric_mean(2, right, weights))
        else:
            roots.append(metric.metric_mean(2, squared_error(target, self.prediction), weights))
        self.trained = [v for v in self.variables if v.trainable]
        found = gradients(self.loss, self.trained)
        self.gradients = {v: g for v, g in zip(self.trained, found, strict=True) if g is not None}
        self.storage = StateStorage()
        for run in self._runs():
            w, g = run_tensor("parameters", run), run_tensor("gradients", run)
            slots = {name: run_tensor(f"slot:{name}", run) for name in self.optimizer.slots()}
            made = self.optimizer.update(w, g, slots, weight_decay=0.0)
            roots += [made] if isinstance(made, Node) else made
        roots.append(metric.epoch_end(4))
        self.program = Program(
            roots, self.slots, state_size=4, gradients=self.gradients, storage=self.storage
        )

    def _runs(self) -> list[list[Variable]]:
        """Neighbouring variables that are trained, together."""
        runs: list[list[Variable]] = [[]]
        for variable in self.variables:
            if variable in self.gradients:
                runs[-1].append(variable)
            elif runs[-1]:
                runs.append([])
        return [run for run in runs if run]

    def samples(self, n: int, seed: int = 1) -> Data:
        """Random samples that fit."""
        random = np.random.default_rng(seed)
        x = random.standard_normal((n, *self.sample_shape)).astype(self.dtype)
        shape = (n, *(int(s) for s in self.target_shape))  # type: ignore[arg-type]
        if self.head == "sparse":
            y: Array = random.integers(0, self.classes, shape)
        else:
            y = random.random(shape).astype(self.dtype)
            if self.head == "softmax":
                y /= y.sum(axis=-1, keepdims=True)
        weighted = len(self.slots) == 3
        return Data(x, y, random.uniform(0.1, 2, n).astype(self.dtype) if weighted else None)

    def control(self, n: int, batch: int, epochs: int) -> ControlBlock:
        """Control rows of whole epochs; the last batch of each may be partial."""
        one = ControlBlock.blocks(n, batch)
        control = ControlBlock(len(one) * epochs)
        control.words[:] = np.tile(one.words, (epochs, 1))
        control.words[:, 2] = np.arange(len(control))
        control.words[len(one) - 1 :: len(one), 3] = 1
        control.words[:, 4] = np.arange(len(control)) // len(one)
        control.floats[:, 8:11] = self.optimizer.control(0, len(control))
        return control

    def train(
        self,
        backend: str,
        samples: Data,
        batch: int = 16,
        epochs: int = 1,
        *,
        threads: int = 1,
        guarded: bool = False,
        steps: int | None = None,
    ) -> Outcome:
        """Train on a backend; the weights change in place."""
        options = {"guarded": True} if guarded else {}
        executable: Executable = backends.resolve(backend).compile(self.program, batch, **options)
        state = RunState.of(self.program, epochs)
        control = self.control(len(samples.x), batch, epochs)
        result = executable.run(samples.bound(), control, state, threads=threads, count=steps)
        slots = [self.storage.array(*key).copy() for key in sorted_keys(self.storage)]
        return Outcome(result, state.history, [v.numpy() for v in self.variables], slots)


def predictor(training: Training) -> Program:
    """The model without targets."""
    columns = training.classes
    slots = [training.slots[0], Slot("predictions", "output", columns, training.dtype)]
    return Program([data.scatter_rows(training.prediction, 1)], slots)


def sorted_keys(storage: StateStorage) -> list[Any]:
    """The slots' keys without the gradients, in a fixed order."""
    return sorted((key for key in storage.arrays if key[0] != "gradients"), key=lambda key: key[0])


def perceptron(*units: int, activation: str = "relu", rate: float = 0.0) -> Architecture:
    """Dense layers, with dropout between them."""

    def architecture(m: Maker, t: Tensor) -> Tensor:
        for number, width in enumerate(units):
            last = number == len(units) - 1
            t = m.dense(t, width, "linear" if last else activation)
            if rate and not last:
                t = m.dropout(t, rate)
        return t

    return architecture


def _shared(m: Maker, t: Tensor) -> Tensor:
    t = m.dense(t, 11, "tanh")
    t = m.dense(t, 11, "tanh", share="middle")
    t = m.dense(t, 11, "sigmoid", share="middle")
    return m.dense(t, 5)


def _frozen(m: Maker, t: Tensor) -> Tensor:
    t = m.dense(t, 9, "relu", frozen=True)
    t = m.dense(t, 8, "tanh")
    t = m.dense(t, 7, "sigmoid", frozen=True)
    return m.dense(t, 5)


def _residual(m: Maker, t: Tensor) -> Tensor:
    t = m.dense(t, 9, "relu")
    t = t + m.dense(t, 9, "tanh", bias=False)
    return m.dense(t * 0.5, 5)


def _flat(m: Maker, t: Tensor) -> Tensor:
    """Rank 3: a dense layer over the last axis, then all axes as one."""
    t = m.dense(t, 6, "relu")
    n, *rest = t.shape
    flat = reshape(t, (n, product(rest)))
    return m.dense(flat, 5)


def _probabilities(m: Maker, t: Tensor) -> Tensor:
    """A softmax inside the model."""
    return m.dense(softmax_forward(m.dense(t, 6, "tanh")), 5)


ARCHITECTURES: dict[str, tuple[Architecture, tuple[int, ...]]] = {
    "one layer": (perceptron(5), (7,)),
    "perceptron": (perceptron(17, 9, 5), (13,)),
    "dropout": (perceptron(33, 20, 5, rate=0.4), (13,)),
    "shared layer": (_shared, (6,)),
    "frozen layers": (_frozen, (6,)),
    "residual": (_residual, (6,)),
    "rank 3": (perceptron(8, 5, activation="tanh"), (3, 6)),
    "flattened rank 3": (_flat, (3, 4)),
    "softmax inside": (_probabilities, (6,)),
}
