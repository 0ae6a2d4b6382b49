"""The NumPy executor: walks over the ops of a Program, one NumPy function each. It fuses nothing
and plans nothing; it is the definition that the other backends are compared with.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fastnn.backends.base import OK, Array, Bound, RunResult, RunState, StepCall
from fastnn.backends.numpy_ref.context import Binding, Context, StepStopped
from fastnn.errors import BackendUnavailable
from fastnn.ops.metric import StateRegion
from fastnn.ops.optimizer import Run, is_update
from fastnn.program import control as control_words
from fastnn.program.control import ControlBlock
from fastnn.program.program import Program
from fastnn.program.tensor import Node, Size, Tensor

FAMILIES = (
    "data",
    "dense",
    "activation",
    "dropout",
    "noise",
    "norm",
    "elementwise",
    "reduce",
    "shape",
    "strided",
    "pick",
    "matrices",
    "loss",
    "metric",
    "optimizer",
    "state",
)


def find_function(name: str) -> Callable[..., Any] | None:
    """The NumPy function of an op, wherever its family file is."""
    for family in FAMILIES:
        module = importlib.import_module(f"fastnn.backends.numpy_ref.{family}")
        function = getattr(module, name, None)
        if function is not None:
            found: Callable[..., Any] = function
            return found
    return None


class NumpyBackend:
    """Runs everywhere, with NumPy alone."""

    name = "numpy"

    def has(self, op: str) -> bool:
        """Whether there is a function for an op."""
        return op == "reshape" or find_function(op) is not None

    def compile(self, program: Program, capacity: int) -> NumpyExecutable:
        """An Executable for any number of rows."""
        return NumpyExecutable(program)


class NumpyExecutable:
    """A Program and the NumPy function of each of its nodes."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.steps: list[tuple[Node, Callable[..., Any] | None]] = []
        # updates last: after every read of the old weights and every check of the step
        nodes = sorted(program.nodes, key=lambda node: is_update(node.op))
        for node in nodes:
            function = None if node.op.name == "reshape" else find_function(node.op.name)
            if function is None and node.op.name != "reshape":
                raise BackendUnavailable(f"the numpy backend has no op {node.op.name!r}.")
            self.steps.append((node, function))

    def step_call(self, bound: Sequence[Bound]) -> StepCall | None:
        """None: there is no shorter way than ``run``."""
        return None

    def run(
        self,
        bound: Sequence[Bound],
        control: ControlBlock,
        state: RunState,
        *,
        first: int = 0,
        count: int | None = None,
        deadline: float = 0.0,
        threads: int = 1,
    ) -> RunResult:
        """Run steps one after the other; see ``Executable.run``."""
        bindings = [Binding(b.array, b.permutation, b.check_finite) for b in bound]
        start = time.monotonic()
        last = len(control) if count is None else first + count
        for index in range(first, last):
            words = control.words[index]
            floats = control.floats[index]
            context = Context(
                n=int(words[control_words.N]),
                offset=int(words[control_words.OFFSET]),
                step=int(words[control_words.STEP]),
                flags=int(words[control_words.FLAGS]),
                history_row=int(words[control_words.HISTORY_ROW]),
                learning_rate=float(floats[control_words.LEARNING_RATE]),
                scalars=[float(value) for value in floats[control_words.LEARNING_RATE + 1 :]],
                bindings=bindings,
                history=state.history,
            )
            try:
                self._step(context, state)
            except StepStopped as stop:
                return RunResult(stop.code, index - first, stop.row, stop.binding, stop.value)
            if deadline and time.monotonic() - start >= deadline:
                return RunResult(OK, index + 1 - first)
        return RunResult(OK, last - first)

    def _step(self, context: Context, state: RunState) -> None:
        """Run every node once."""
        values: dict[int, Array] = {}
        for node, function in self.steps:
            inputs = [self._value(tensor, values, state) for tensor in node.inputs]
            if function is None:
                shape = _concrete(node.output, context.n)
                values[id(node.output)] = inputs[0].reshape(shape)
                continue
            result = function(context, *inputs, **node.attributes)
            for tensor in node.outputs:
                shape = _concrete(tensor, context.n)
                if result.shape != shape:
                    spread = node.op.name == "scale"
                    result = np.broadcast_to(result, shape) if spread else result.reshape(shape)
                values[id(tensor)] = result
                variable = self.program.gradients.get(id(tensor))
                if variable is not None:
                    self.program.storage.view("gradients", variable)[...] = result

    def _value(self, tensor: Tensor, values: dict[int, Array], state: RunState) -> Array:
        """The array behind a tensor."""
        if id(tensor) in values:
            return values[id(tensor)]
        if tensor.variable is not None:
            return tensor.variable.view()
        if tensor.constant is not None:
            return tensor.constant
        region = tensor.region
        if isinstance(region, StateRegion):
            return state.state[region.first : region.first + region.count]
        if isinstance(region, Run):
            first = region.variables[0]
            storage = self.program.storage
            data = (
                first.buffer.data
                if region.kind == "parameters"
                else storage.array(region.kind, first.buffer)
            )
            run: Array = data[first.offset :].view(first.dtype)[: region.count]
            return run
        raise RuntimeError(f"{tensor!r} has no value.")


def _concrete(tensor: Tensor, n: int) -> tuple[int, ...]:
    """The shape for a batch of n rows."""
    return tuple(size.at(n) if isinstance(size, Size) else size for size in tensor.shape)
