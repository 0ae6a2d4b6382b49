"""A ``Bench`` holds the inputs of one op and runs it: by the NumPy functions in any float type, as
a one-op Program on a native executor, or kernel by kernel over pieces of its range. The native runs
use the guarded layout: every operand lies between margins, outputs are full of NaN beforehand, and
afterwards margins and inputs must be what they were. Deliberately not here: which ops there are
(``cases.py``).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fastnn.backends.base import Bound, RunState
from fastnn.backends.numpy_ref import activation, dense, gradient
from fastnn.backends.numpy_ref.context import Binding, Context
from fastnn.backends.numpy_ref.executor import find_function
from fastnn.backends.packed import PackedBackend, PackedExecutable
from fastnn.ops import data
from fastnn.ops.dense import GRADIENT_STEPS
from fastnn.ops.gradient import PROCESSED_STEPS
from fastnn.ops.metric import StateRegion
from fastnn.ops.metric import state as state_tensor
from fastnn.ops.optimizer import Run, run_tensor
from fastnn.program import memory
from fastnn.program.control import ControlBlock
from fastnn.program.program import Program, Slot, StateStorage
from fastnn.program.tensor import Node, Shape, Size, Tensor, constant, matrix_view
from fastnn.program.variable import Variable
from tests.support.guard import FILLS, Fence, byte_range, guarded_variable

Array = np.ndarray[Any, Any]

SPECIAL = [0.0, -0.0, 1.0, -1.0, 1e-40, -1e-310, 5e-324, 150.0, -150.0, 1e4, -1e4]
NOT_FINITE = [np.inf, -np.inf, np.nan]
POSITIVE = ("slot:v", "slot:u", "scratch:lengths", "scratch:moves")  # sums of squares
SPARE_ROWS = 3  # capacity beyond the rows of the step: must stay untouched


def _dense_activation_forward(context: Context, *inputs: Array, function: str) -> Array:
    return activation.activation_forward(
        context, dense.dense_forward(context, *inputs), function=function
    )


def _dense_activation_dx(
    context: Context, dz: Array, w: Array, y: Array, *, function: str
) -> Array:
    dx = dense.dense_dx(context, dz, w)
    return activation.activation_backward(context, dx, y, function=function)


def gradient_step(gradient: str, step: str, shift: Array | float = 0.0) -> Callable[..., None]:
    """The step with the gradient that the other op computes, plus ``shift``."""
    make, update = find_function(gradient), find_function(step)
    assert make is not None
    assert update is not None
    count = 2 if gradient == "dense_dw" else 1

    def composed(context: Context, *inputs: Array, **attributes: Any) -> None:
        w, *slots = inputs[count:]
        found = make(context, *inputs[:count]).reshape(w.shape) + shift
        update(context, w, found.astype(w.dtype), *slots, **attributes)

    return composed


def processed_step(name: str) -> Callable[..., None]:
    """clip_by_norm, the step and average_weights, one after the other."""
    update = find_function(name)
    assert update is not None

    def composed(
        context: Context,
        w: Array,
        g: Array,
        *rest: Array,
        norm: float | None,
        average: float | None,
        frequency: int,
        **attributes: Any,
    ) -> None:
        slots = [*rest]
        mean = slots.pop() if average is not None else None
        if norm is not None:
            g = gradient.clip_by_norm(context, g, slots.pop(), norm=norm, every=1)
        update(context, w, g, *slots, **attributes)
        if mean is not None and average is not None:
            options = {"momentum": average, "frequency": frequency, "every": 1}
            gradient.average_weights(context, w, mean, **options)

    return composed


# Ops without a NumPy function: fused ones are defined as their compositions, reshape runs no
# kernel.
COMPOSED: dict[str, Callable[..., Any]] = {
    "dense_activation_forward": _dense_activation_forward,
    "dense_activation_dx": _dense_activation_dx,
    "reshape": lambda context, x, shape: x,
    **{op.name: gradient_step(*names) for names, op in GRADIENT_STEPS.items()},
    **{op.name: processed_step(name) for name, op in PROCESSED_STEPS.items()},
}


class Bench:
    """Inputs of one op.

    Parameters
    ----------
    dtype : float type of the op.
    n : rows of the batch.
    size, other : numbers of columns that the case uses as it likes.
    values : ``"uniform"``, ``"lognormal"`` (wide: e^(2·normal), either sign) or ``"special"``.
    seed : of the inputs.
    """

    def __init__(
        self,
        dtype: str,
        n: int,
        size: int,
        other: int = 5,
        values: str = "uniform",
        seed: int = 0,
    ) -> None:
        self.dtype, self.n, self.size, self.other, self.values = dtype, n, size, other, values
        self.label = f"{dtype} n={n} size={size} other={other} {values} seed={seed}"
        self.random = np.random.default_rng([seed, n, size, other])
        self.arrays: dict[int, Array] = {}
        self.slots: list[Slot] = []
        self.bound: list[Bound] = []
        self.outputs: list[Array] = []
        self.variables: list[Variable] = []
        self.storage = StateStorage()
        self.initial: list[tuple[Variable, str, Array]] = []
        self.state_values = np.zeros(0)
        self.control = ControlBlock(1)
        self.control.words[:, 0] = n
        self.keep: list[Any] = []  # tensors are known by id: none may be collected

    # -- makers of inputs ---------------------------------------------------------------------

    def numbers(
        self, shape: Sequence[int], low: float = -1.0, high: float = 1.0, grid: float = 0.0
    ) -> Array:
        """Random values; ``"lognormal"`` ones are positive if ``low`` is, a grid makes equals."""
        if self.values == "uniform":
            drawn = self.random.uniform(low, high, shape)
            drawn = np.round(drawn / grid) * grid if grid else drawn
        elif self.values == "lognormal":
            drawn = np.exp(2.0 * self.random.standard_normal(shape))
            drawn *= self.random.choice([-1.0, 1.0], shape) if low < 0 else 1.0
        else:
            usual = self.random.uniform(low, high, shape)
            drawn = self.random.choice(SPECIAL, shape)
            drawn = np.where(self.random.random(shape) < 0.5, usual, drawn)
            drawn = np.where(
                self.random.random(shape) < 0.1, self.random.choice(NOT_FINITE, shape), drawn
            )
        with np.errstate(over="ignore", under="ignore"):
            return np.asarray(drawn).astype(self.dtype)

    def _remember(self, tensor: Tensor, array: Array) -> Tensor:
        self.arrays[id(tensor)] = array
        self.keep.append(tensor)
        return tensor

    def rows(self, *shape: int, low: float = -1.0, high: float = 1.0, grid: float = 0.0) -> Tensor:
        """A batch of samples of this shape, gathered from an array lent to the run."""
        array = self.numbers((self.n, *shape), low, high, grid)
        return self.gathered(array, shape)

    def gathered(self, array: Array, shape: Shape, permutation: Array | None = None) -> Tensor:
        """The rows of an array of any type that the gather reads."""
        binding = self._lend(array.reshape(len(array), -1), "input", self.dtype, permutation)
        tensor = data.gather_rows(binding, shape, self.dtype)
        taken = array if permutation is None else array[permutation]
        with np.errstate(over="ignore"):
            value = taken[: self.n].astype(self.dtype).reshape(self.n, *shape)
        return self._remember(tensor, value)

    def labels(self, classes: int, *leading: int) -> Tensor:
        """Class numbers (n, …, 1) as int32."""
        array = self.random.integers(0, classes, (self.n, *leading, 1))
        binding = self._lend(array.reshape(self.n, -1), "labels", "int64", None)
        tensor = data.gather_labels(binding, (*leading, 1), classes)
        return self._remember(tensor, array.astype(np.int32))

    def _lend(self, array: Array, kind: str, dtype: str, permutation: Array | None) -> int:
        self.slots.append(Slot(f"slot {len(self.slots)}", kind, array.shape[1], dtype))
        self.bound.append(Bound(array, permutation))
        return len(self.bound) - 1

    def output(self, columns: int, dtype: str | None = None) -> int:
        """The number of a bound output of n rows (and one more that must stay as it is)."""
        array = np.full((self.n + 1, columns), -77, dtype=dtype or self.dtype)
        self.outputs.append(array)
        return self._lend(array, "output", array.dtype.name, None)

    def fixed(
        self, *shape: int, low: float = -1.0, high: float = 1.0, dtype: str | None = None
    ) -> Tensor:
        """A tensor without a batch axis: a variable between margins."""
        array = self.numbers(shape, low, high).astype(dtype or self.dtype)
        variable = guarded_variable(array)
        self.variables.append(variable)
        return self._remember(variable.tensor(), array)

    def constant(self, array: Array) -> Tensor:
        """A constant array."""
        value = np.asarray(array, dtype=self.dtype)
        return self._remember(constant(value, self.dtype), value)

    def number(self, value: float) -> Tensor:
        """A constant number."""
        tensor = constant(value, self.dtype)
        return self._remember(tensor, np.array(value, dtype=self.dtype))

    def run_of(self, *kinds: str, low: float = -1.0, shape: Shape = ()) -> list[Tensor]:
        """Equal runs of storage: ``parameters`` first, then gradients and slots.

        With a shape they are those of one variable, as fused ops read them; else flat.
        """
        sizes = self.concrete(shape or (self.size,))
        variable = guarded_variable(self.numbers(sizes))
        self.variables.append(variable)
        tensors = []
        for kind in kinds:
            array = self.numbers(sizes, 0.0 if kind in POSITIVE else low)
            if kind == "slot:avg" and self.values != "special":
                # a mean is no larger than the root of the mean square, which is the slot before
                # it
                square = self.initial[-1][2]
                array = (0.5 * self.random.uniform(-1, 1, sizes) * np.sqrt(square)).astype(
                    self.dtype
                )
            tensor = run_tensor(kind, [variable])
            if shape:
                tensor = Tensor(shape, self.dtype, region=Run(kind, (variable,)))
            tensors.append(self._remember(tensor, array))
            self.initial.append((variable, kind, array))
        return tensors

    def state(self, count: int) -> Tensor:
        """Metric accumulators with something in them."""
        self.state_values = self.random.uniform(0, 9, count)
        return self._remember(state_tensor(0, count), self.state_values.copy())

    def steps(self, count: int) -> None:
        """Run several steps, with learning rates and factors that change."""
        self.control = ControlBlock(count)
        self.control.words[:, 0] = self.n
        self.control.words[:, 2] = np.arange(count)
        self.control.floats[:, 8] = 0.1 / (1 + np.arange(count))
        self.control.floats[:, 9] = 0.05 + 0.01 * np.arange(count)
        self.control.floats[:, 10] = 0.01 + 0.01 * np.arange(count)
        self.control.floats[:, 11] = 1.5 - 0.1 * np.arange(count)
        self.control.words[-1, 3] = 1

    # -- the reference ------------------------------------------------------------------------

    def reference(
        self,
        node: Node,
        dtype: str | None = None,
        absolute: bool = False,
        function: Callable[..., Any] | None = None,
    ) -> list[Array]:
        """The op by the NumPy function in ``dtype``: its output, or what it changed.

        ``absolute`` makes every float input positive: the magnitude of a sum of products.
        ``function`` takes the place of the op's own.
        """
        dtype = dtype or self.dtype
        function = function or COMPOSED.get(node.op.name) or find_function(node.op.name)
        assert function is not None, node.op.name
        inputs = []
        for tensor in node.inputs:
            array = self.value(tensor)
            array = array.astype(dtype if array.dtype == self.dtype else array.dtype)
            inputs.append(np.abs(array) if absolute and array.dtype.kind == "f" else array)
        before = [array.copy() for array in inputs]
        attributes = dict(node.attributes)
        if "dtype" in attributes and node.op.name != "gather_labels":
            attributes["dtype"] = dtype
        outputs = [np.array(array, dtype=array.dtype) for array in self.outputs]
        history = np.zeros((1, max(self.state_values.size, 1)))
        result: Any = None
        for index in range(len(self.control)):
            context = self._context(index, outputs, history)
            result = function(context, *inputs, **attributes)
        if not node.outputs:
            return [*outputs, *inputs, *([history] if node.op.name == "epoch_end" else [])]
        for array, copy in zip(inputs, before, strict=True):
            np.testing.assert_array_equal(array, copy, err_msg=f"{node.op.name} changed an input")
        shape = self.concrete(node.output.shape)
        result = np.asarray(result)
        if result.size != int(np.prod(shape)):
            return [np.broadcast_to(result, shape)]
        return [result.reshape(shape)]

    def value(self, tensor: Tensor) -> Array:
        """The value that an input tensor has in every run."""
        node = tensor.node
        if id(tensor) not in self.arrays and node is not None and node.op.name == "reshape":
            return self.value(node.inputs[0]).reshape(self.concrete(tensor.shape))
        return self.arrays[id(tensor)]

    def _context(self, index: int, outputs: list[Array], history: Array) -> Context:
        words, floats = self.control.words[index], self.control.floats[index]
        left = list(outputs)
        bindings = [
            Binding(left.pop(0) if slot.kind == "output" else b.array, b.permutation)
            for slot, b in zip(self.slots, self.bound, strict=True)
        ]
        return Context(
            n=self.n,
            step=int(words[2]),
            flags=int(words[3]),
            learning_rate=float(floats[8]),
            scalars=[float(v) for v in floats[9:]],
            bindings=bindings,
            history=history,
        )

    def concrete(self, shape: Shape) -> tuple[int, ...]:
        """A shape for this bench's rows."""
        return tuple(s.at(self.n) if isinstance(s, Size) else s for s in shape)

    # -- a native executor -----------------------------------------------------------------------

    def compiled(self, backend: PackedBackend, node: Node) -> CompiledOneOp:
        """The op as a Program of its own, in the guarded layout."""
        program = Program(
            [node], self.slots, state_size=self.state_values.size, storage=self.storage
        )
        executable = backend.compile(program, self.n + SPARE_ROWS, guarded=True)
        return CompiledOneOp(self, node, executable)


class CompiledOneOp:
    """One op compiled by a native executor, with the memory round its operands watched."""

    def __init__(self, bench: Bench, node: Node, executable: PackedExecutable) -> None:
        self.bench, self.node, self.executable = bench, node, executable
        scratch = executable._take()
        executable._free.append(scratch)
        self.scratch = scratch
        self.state = RunState.of(executable.program, 1)
        self.fences: list[Fence] = []

    def prepare(self, fill: int) -> None:
        """As before a run: margins and outputs filled, operands at their first values."""
        bench, node, layout = self.bench, self.node, self.executable.layout
        self.scratch.workspace[:] = fill
        kept = {(v, kind): array for v, kind, array in bench.initial}
        for variable in bench.variables:
            value = kept.get((variable, "parameters"))
            value = variable.numpy() if value is None else value
            variable.buffer.data[:] = fill
            variable.view()[...] = value
        for (variable, kind), array in kept.items():
            if kind != "parameters":
                bench.storage.array(kind, variable.buffer)[:] = fill
                bench.storage.view(kind, variable)[...] = array
        for array in bench.outputs:
            array[...] = -77
        self.state.state[: bench.state_values.size] = bench.state_values
        self.state.history[...] = 0
        nodes = self.executable.program.nodes
        ranges = [self._bytes(tensor) for used in nodes for tensor in used.outputs]
        self.fences = [Fence(self.scratch.workspace, ranges, "workspace")]
        for key in layout.storage:
            if key.buffer is None:
                continue
            data = self.executable._array(key)
            changed = node.op.effect and key.kind != "gradients"
            places = [byte_range(v) for v in bench.variables if v.buffer is key.buffer]
            self.fences.append(Fence(data, places if changed else [], key.kind))

    def _bytes(self, tensor: Tensor) -> tuple[int, int]:
        """The bytes that a workspace tensor's logical elements occupy in this step."""
        place = self.executable.layout.of(tensor)
        rows, columns = matrix_view(tensor.shape)
        size = rows.at(self.bench.n) * columns * np.dtype(tensor.dtype).itemsize
        return place.offset, place.offset + size

    def _read(self, tensor: Tensor) -> Array:
        begin, end = self._bytes(tensor)
        found = self.scratch.workspace[begin:end].view(tensor.dtype)
        return found.reshape(self.bench.concrete(tensor.shape)).copy()

    def results(self) -> list[Array]:
        """The output, or what the op changed, in the order of ``Bench.reference``."""
        bench, node = self.bench, self.node
        if node.outputs:
            return [self._read(node.output)]
        found = [array.copy() for array in bench.outputs]
        for tensor in node.inputs:
            if isinstance(tensor.region, StateRegion):
                found.append(self.state.state[: tensor.region.count].copy())
            elif isinstance(tensor.region, Run) and tensor.region.kind == "parameters":
                found.append(bench.variables[0].numpy())
            elif isinstance(tensor.region, Run):
                found.append(bench.storage.view(tensor.region.kind, bench.variables[0]).copy())
            elif tensor.variable is not None:
                found.append(tensor.variable.numpy())
            elif tensor.constant is not None:
                found.append(tensor.constant.copy())
            elif tensor.node is not None:
                found.append(self._read(tensor))
        return [*found, *([self.state.history.copy()] if node.op.name == "epoch_end" else [])]

    def check(self) -> None:
        """Margins untouched, inputs unmodified, lent inputs too."""
        for fence in self.fences:
            fence.check()
        for tensor in self.node.inputs:
            if tensor.node is not None:
                np.testing.assert_array_equal(
                    self._read(tensor), self.bench.value(tensor), err_msg="input modified"
                )

    def run(self, fill: int = FILLS[0], threads: int = 1) -> list[Array]:
        """All steps by ``run_program``."""
        lent = [b.array.copy() for b in self.bench.bound]
        self.prepare(fill)
        result = self.executable.run(
            self.bench.bound, self.bench.control, self.state, threads=threads
        )
        assert (result.status, result.done) == (0, len(self.bench.control)), result
        self.check()
        for before, slot, bound in zip(lent, self.bench.slots, self.bench.bound, strict=True):
            if slot.kind != "output":
                np.testing.assert_array_equal(bound.array, before, err_msg="lent array modified")
        return self.results()

    def run_pieces(self, cuts: Callable[[int], Sequence[int]]) -> list[Array]:
        """The first step, kernel by kernel, the op's own in pieces that end at the cuts."""
        bench, executable, scratch = self.bench, self.executable, self.scratch
        backend = executable.backend
        self.prepare(FILLS[0])
        scratch.status[:] = 0
        descriptors, owners = executable._describe(bench.bound)
        pointers = {
            memory.CONTROL: backend.pointer(bench.control.words),
            memory.STATE: backend.pointer(self.state.state),
            memory.HISTORY: backend.pointer(self.state.history),
            memory.BINDINGS: backend.pointer(descriptors),
        }
        for number, pointer in pointers.items():
            scratch.segments[number] = pointer
        records = list(self.records())
        for record in records:
            extent = int(record[3] + record[4] * bench.n)
            edges = [0, extent]
            if record is records[-1]:
                edges = [0, *cuts(extent), extent]
            words = backend.ffi.from_buffer("int64_t[]", record)
            for begin, end in itertools.pairwise(edges):
                backend.lib.run_kernel(int(record[1]), words, scratch.segments, begin, end)
        del owners
        self.check()
        return self.results()

    def records(self) -> list[Array]:
        """The packed records, in order."""
        words = self.executable.words
        first = int(words[7] + 8 * words[3])
        offsets = words[first : first + int(words[4])]
        return [words[int(o) : int(o + words[o])] for o in offsets]
