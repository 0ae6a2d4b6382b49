"""The NumPy executor: walks over the ops of a Program, one NumPy function each. It fuses nothing
and plans nothing; it is the definition that the other backends are compared with.
"""

from __future__ import annotations

import functools
import importlib
import itertools
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastnn.backends.base import HOST_FAILED, OK, Array, Bound, RunResult, RunState, StepCall
from fastnn.backends.numpy_ref.context import Binding, Context, StepStopped
from fastnn.errors import BackendUnavailable
from fastnn.ops.contract import HOST
from fastnn.ops.host import perform
from fastnn.ops.metric import StateRegion
from fastnn.ops.optimizer import Run, is_step, is_update
from fastnn.program import control as control_words
from fastnn.program.control import ControlBlock
from fastnn.program.program import Program
from fastnn.program.tensor import Node, Size, Tensor

FAMILIES = (
    "data",
    "dense",
    "activation",
    "curve",
    "dropout",
    "noise",
    "normalization",
    "elementwise",
    "reduce",
    "shape",
    "strided",
    "pick",
    "matrices",
    "loss",
    "circle",
    "metric",
    "optimizer",
    "layerwise",
    "perceptron",
    "penalty",
    "gradient",
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


@dataclass(slots=True)
class Call:
    """A node as it is run: its function, and where in the list of values its operands stand."""

    function: Callable[..., Any] | None
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    node: Node


class NumpyExecutable:
    """A Program and the NumPy function of each of its nodes."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.calls: list[Call] = []
        self._places: dict[int, int] = {}
        self._tensors: list[Tensor] = []
        self._shapes: dict[int, list[tuple[int, ...]]] = {}  # of every tensor, by rows of a batch
        # updates last: after every read of the old weights and every check of the step
        groups = [program.nodes, *program.after]
        nodes = [sorted(group, key=lambda node: is_update(node.op)) for group in groups]
        for node in itertools.chain(*nodes):
            function = None if node.op.name == "reshape" else find_function(node.op.name)
            if node.op.stage == HOST:
                function = functools.partial(_perform, node)
            if function is None and node.op.name != "reshape":
                raise BackendUnavailable(f"the numpy backend has no op {node.op.name!r}.")
            function = getattr(function, "__wrapped__", function)  # without ``ieee``: see ``run``
            inputs, outputs = self._numbered(node.inputs), self._numbered(node.outputs)
            self.calls.append(Call(function, inputs, outputs, node))

    def _numbered(self, tensors: Sequence[Tensor]) -> tuple[int, ...]:
        """The places of tensors in the list of values."""
        for tensor in tensors:
            if self._places.setdefault(id(tensor), len(self._tensors)) == len(self._tensors):
                self._tensors.append(tensor)
        return tuple(self._places[id(tensor)] for tensor in tensors)

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
        lasting = self._lasting(state)
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
                with np.errstate(all="ignore"):  # what ``ieee`` does, once a step
                    self._step(context, list(lasting))
            except StepStopped as stop:
                return RunResult(stop.code, index - first, stop.row, stop.binding, stop.value)
            except HostFailed as stop:
                return RunResult(HOST_FAILED, index - first, error=stop.error)
            if deadline and time.monotonic() - start >= deadline:
                return RunResult(OK, index + 1 - first)
        return RunResult(OK, last - first)

    def _step(self, context: Context, values: list[Any]) -> None:
        """Run every node once."""
        shapes = self._shapes.get(context.n)
        if shapes is None:
            shapes = [_concrete(tensor, context.n) for tensor in self._tensors]
            self._shapes[context.n] = shapes
        gradients = self.program.gradients
        updates = (context.step + 1) % self.program.every == 0
        for call in self.calls:
            if not updates and is_step(call.node.op):
                continue
            inputs = [values[place] for place in call.inputs]
            if call.function is None:
                values[call.outputs[0]] = inputs[0].reshape(shapes[call.outputs[0]])
                continue
            if call.node.op.stage == HOST:
                results = call.function(inputs, context.n)
            else:
                results = [call.function(context, *inputs, **call.node.attributes)]
            for place, result in zip(call.outputs, itertools.cycle(results), strict=False):
                shape = shapes[place]
                if result.shape != shape:
                    spread = call.node.op.name == "scale"
                    result = np.broadcast_to(result, shape) if spread else result.reshape(shape)
                values[place] = result
                variable = gradients.get(id(self._tensors[place])) if gradients else None
                if variable is not None:
                    self.program.storage.view("gradients", variable)[...] = result

    def _lasting(self, state: RunState) -> list[Array | None]:
        """The arrays that stay what they are from step to step; None for what a step makes."""
        made = {place for call in self.calls for place in call.outputs}
        return [
            None if place in made else self._array(tensor, state)
            for place, tensor in enumerate(self._tensors)
        ]

    def _array(self, tensor: Tensor, state: RunState) -> Array:
        """The array behind a variable, a constant or a region."""
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
            shape = _concrete(tensor, 0)  # storage knows no batch; scratch may be used in part
            run: Array = data[first.offset :].view(first.dtype)[: math.prod(shape)]
            return run.reshape(shape)
        raise RuntimeError(f"{tensor!r} has no value.")


class HostFailed(Exception):
    """A function of the user's raised ``error``; the current step changes nothing."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(str(error))
        self.error = error


def _perform(node: Node, inputs: Sequence[Array], rows: int) -> list[Array]:
    """``perform``, with what it raises told from what others do."""
    try:
        with np.errstate(divide="warn", over="warn", invalid="warn"):  # as round the run
            return perform(node, inputs, rows)
    except BaseException as error:  # also Ctrl-C: the steps done are to be counted
        raise HostFailed(error) from error


def _concrete(tensor: Tensor, n: int) -> tuple[int, ...]:
    """The shape for a batch of n rows."""
    return tuple(size.at(n) if isinstance(size, Size) else size for size in tensor.shape)
