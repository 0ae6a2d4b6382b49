"""The NumPy executor: walks over the ops of a Program, one NumPy function each. It fuses nothing
and overlaps nothing in memory; it is the definition that the other backends are compared with.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import itertools
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from fastnn.backends.base import HOST_FAILED, OK, Array, Bound, RunResult, RunState, StepCall
from fastnn.backends.numpy_ref.context import Binding, Context, StepStopped
from fastnn.errors import BackendUnavailable
from fastnn.ops.contract import HOST
from fastnn.ops.host import perform
from fastnn.ops.metric import StateRegion
from fastnn.ops.optimizer import Run, is_step, is_update
from fastnn.ops.shape import RESHAPE
from fastnn.program import control as control_words
from fastnn.program.control import ControlBlock
from fastnn.program.program import Program
from fastnn.program.tensor import Node, Size, Tensor
from fastnn.program.variable import aligned_bytes

Function = Callable[..., Any]
Call = Callable[[], Any]

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
# numbers of rows that one workspace has bound calls for; a run of ``fit`` has two
MOST_SIZES = 16


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
        """An Executable for steps of at most ``capacity`` rows."""
        return NumpyExecutable(program, capacity)


class NumpyExecutable:
    """A Program in the order in which its nodes run, and memory for those who run it."""

    def __init__(self, program: Program, capacity: int) -> None:
        self.program = program
        self.capacity = capacity
        # updates last: after every read of the old weights and every check of the step
        groups = [program.nodes, *program.after]
        nodes = [sorted(group, key=lambda node: is_update(node.op)) for group in groups]
        self.nodes: list[tuple[Node, Function]] = [
            (node, _function(node)) for node in itertools.chain(*nodes)
        ]
        self._free: list[Workspace] = []
        self._lock = threading.Lock()

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
        last = len(control) if count is None else first + count
        if last == first:
            return RunResult(OK, 0)
        with self._lock:
            workspace = self._free.pop() if self._free else Workspace(self)
        context = workspace.context
        context.bindings = [Binding(b.array, b.permutation, b.check_finite) for b in bound]
        context.history = state.history
        workspace.state[...] = state.state
        try:
            with np.errstate(all="ignore"):  # what ``ieee`` does, once a run
                return self._steps(workspace, control, first, last, deadline)
        finally:
            state.state[...] = workspace.state
            context.bindings = ()  # the user's arrays are only lent
            with self._lock:
                self._free.append(workspace)

    def _steps(
        self, workspace: Workspace, control: ControlBlock, first: int, last: int, deadline: float
    ) -> RunResult:
        """Steps ``first`` … ``last`` - 1."""
        context, every = workspace.context, self.program.every
        start = time.monotonic()
        done = 0
        try:
            for a, b in _equal_rows(control, first, last):
                calls = workspace.calls(int(control.words[a, control_words.N]))
                for index in range(a, b):
                    _set_step(context, control, index, b - index)
                    for call in calls[(context.step + 1) % every == 0]:
                        call()
                    done += 1
                    if deadline and time.monotonic() - start >= deadline:
                        return RunResult(OK, done)
        except StepStopped as stop:
            return RunResult(stop.code, done, stop.row, stop.binding, stop.value)
        except HostFailed as stop:
            return RunResult(HOST_FAILED, done, error=stop.error)
        return RunResult(OK, done)


class Workspace:
    """The memory of one run at a time: an array for each tensor, made once, and the nodes'
    functions bound to these arrays, so that a step computes nothing but the ops themselves.

    Attributes
    ----------
    context : what the ops know of the current step.
    state : the metric accumulators.
    """

    def __init__(self, executable: NumpyExecutable) -> None:
        self.executable = executable
        self.context: Context = Context()
        self.state: Array = np.zeros(max(executable.program.state_size, 1))
        self._arrays: dict[int, Array] = {}  # by tensor, as many rows as there may be
        self._calls: dict[int, tuple[list[Call], list[Call]]] = {}  # by rows of a step

    def calls(self, rows: int) -> tuple[list[Call], list[Call]]:
        """What a step of so many rows calls in turn: if the optimizer keeps still, and if not."""
        if rows not in self._calls:
            while len(self._calls) >= MOST_SIZES:
                del self._calls[next(iter(self._calls))]
            bound = [(node, self._bind(node, f, rows)) for node, f in self.executable.nodes]
            calls = [(node, call) for node, call in bound if call is not None]
            still = [call for node, call in calls if not is_step(node.op)]
            self._calls[rows] = still, [call for _, call in calls]
        return self._calls[rows]

    def _bind(self, node: Node, function: Function, rows: int) -> Call | None:
        """A node's function with its operands; None for a view of the same memory."""
        inputs = [self._array(tensor, rows) for tensor in node.inputs]
        if node.op is RESHAPE:
            self._arrays[id(node.output)] = inputs[0].reshape(_concrete(node.output, rows))
            return None
        outputs = [self._array(tensor, rows) for tensor in node.outputs]
        if node.op.stage == HOST:
            return functools.partial(_perform, node, inputs, outputs, rows)
        call = functools.partial(function, self.context, *inputs, **node.attributes)
        if not outputs:
            return call
        if "out" in (function.__kwdefaults__ or ()):
            return functools.partial(call, out=outputs[0])
        return functools.partial(_store, call, outputs[0])

    def _array(self, tensor: Tensor, rows: int) -> Array:
        """The array of a tensor in a step of so many rows."""
        shape = _concrete(tensor, rows)
        if id(tensor) not in self._arrays:
            self._arrays[id(tensor)] = self._memory(tensor)
        return self._arrays[id(tensor)].reshape(-1)[: math.prod(shape)].reshape(shape)

    def _memory(self, tensor: Tensor) -> Array:
        """The memory of a tensor: that of a variable, a constant, a region, or new."""
        program, region = self.executable.program, tensor.region
        if tensor.variable is not None:
            return tensor.variable.view()
        if tensor.constant is not None:
            return tensor.constant
        if isinstance(region, StateRegion):
            state: Array = self.state[region.first : region.first + region.count]
            return state
        if isinstance(region, Run):
            first = region.variables[0]
            data = (
                first.buffer.data
                if region.kind == "parameters"
                else program.storage.array(region.kind, first.buffer)
            )
            size = math.prod(_concrete(tensor, 0))  # storage knows no batch; may be used in part
            run: Array = data[first.offset :].view(first.dtype)[:size]
            return run
        if id(tensor) in program.gradients:
            return program.storage.view("gradients", program.gradients[id(tensor)])
        if tensor.node is None:
            raise RuntimeError(f"{tensor!r} has no value.")
        dtype = np.dtype(tensor.dtype)
        count = math.prod(_concrete(tensor, self.executable.capacity))
        return aligned_bytes(count * dtype.itemsize).view(dtype)


class HostFailed(Exception):
    """A function of the user's raised ``error``; the current step changes nothing."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(str(error))
        self.error = error


def _function(node: Node) -> Function:
    """The NumPy function of a node, without the decorator ``ieee``: see ``run``."""
    if node.op.stage == HOST or node.op is RESHAPE:
        return _perform
    function = find_function(node.op.name)
    if function is None:
        raise BackendUnavailable(f"the numpy backend has no op {node.op.name!r}.")
    unwrapped: Function = inspect.unwrap(function)
    return unwrapped


def _equal_rows(control: ControlBlock, first: int, last: int) -> Iterator[tuple[int, int]]:
    """Steps ``first`` … ``last`` - 1 in ranges of steps with equally many rows."""
    changes = np.flatnonzero(np.diff(control.words[first:last, control_words.N])) + first + 1
    return itertools.pairwise([first, *changes.tolist(), last])


def _set_step(context: Context, control: ControlBlock, index: int, ahead: int) -> None:
    """Make a step of the control block the current one; ``ahead`` counts it and those that follow
    with as many rows.
    """
    words = control.words[index].tolist()
    floats = control.floats[index, control_words.LEARNING_RATE :].tolist()
    context.n = words[control_words.N]
    context.offset = words[control_words.OFFSET]
    context.step = words[control_words.STEP]
    context.flags = words[control_words.FLAGS]
    context.history_row = words[control_words.HISTORY_ROW]
    context.learning_rate, *context.scalars = floats
    context.ahead = ahead


def _store(call: Call, out: Array) -> None:
    """Put what an op returns where it belongs."""
    result = call()
    out[...] = result if result.size < out.size else result.reshape(out.shape)


def _perform(node: Node, inputs: Sequence[Array], outputs: Sequence[Array], rows: int) -> None:
    """``perform``, with what it raises told from what others do."""
    try:
        with np.errstate(divide="warn", over="warn", invalid="warn"):  # as round the run
            results = perform(node, inputs, rows)
    except BaseException as error:  # also Ctrl-C: the steps done are to be counted
        raise HostFailed(error) from error
    for out, result in zip(outputs, results, strict=True):
        out[...] = result


def _concrete(tensor: Tensor, n: int) -> tuple[int, ...]:
    """The shape for a batch of n rows."""
    return tuple(size.at(n) if isinstance(size, Size) else size for size in tensor.shape)
