"""What the executors of packed Programs share: packing a Program into records once, the memory of a
run, and the one native call that runs many steps. Whose kernels are called, and how, is the
backend's ``lib``: the C module of a CPU level, or what Numba compiled.

The call releases the GIL. Memory of one run (workspace, status) comes from a free list, so several
threads may run one Executable at once.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from fastnn.backends.base import (
    HOST,
    HOST_FAILED,
    Array,
    Bound,
    RunResult,
    RunState,
    StepCall,
)
from fastnn.errors import BackendUnavailable
from fastnn.ops.host import perform
from fastnn.program import memory
from fastnn.program.control import WORDS as CONTROL_WORDS
from fastnn.program.control import ControlBlock, N
from fastnn.program.fuse import fuse, fuse_processing, fuse_updates
from fastnn.program.memory import Plan, StorageKey
from fastnn.program.program import Program
from fastnn.program.record import SUFFIX, Packed, pack
from fastnn.program.stages import cut
from fastnn.program.tensor import Node, Size, Tensor
from fastnn.program.variable import aligned_bytes

DTYPE_CODES = {"uint8": 0, "int32": 1, "int64": 2, "float32": 3, "float64": 4, "bool": 5}
DESCRIPTOR_WORDS = 8
RESULT_WORDS = 8
STATUS_WORDS = 8


class PackedBackend:
    """A backend whose kernels read records.

    Attributes
    ----------
    name : the name that users write.
    label : the name in messages.
    kernels : the number of each kernel by name.
    ffi : makes and passes pointers.
    lib : ``run_program``, ``check_program`` and the rest of ``kernels/api.h``.
    """

    name: str
    label: str
    kernels: dict[str, int]
    ffi: Any
    lib: Any

    def has(self, op: str) -> bool:
        """Whether there is a kernel of that op, for any dtype."""
        return any(op + suffix in self.kernels for suffix in SUFFIX.values())

    def kernel_id(self, name: str) -> int:
        """The number of a kernel."""
        if name not in self.kernels:
            raise BackendUnavailable(f"the {self.label} has no kernel {name!r}.")
        return self.kernels[name]

    def compile(
        self, program: Program, capacity: int, *, guarded: bool = False
    ) -> PackedExecutable:
        """Fuse, cut into stages, lay out and pack; ``guarded`` is the layout with red zones."""
        nodes = fuse(program.nodes, set(program.gradients), self.has)
        nodes = fuse_updates(nodes, program.gradients, self.has)
        nodes, after, stored = fuse_processing(nodes, program.after, program.gradients, self.has)
        stages = cut(nodes, program.every)
        for group in after:
            stages += cut(fuse(group, set(), self.has))
        layout = memory.plan(stages, stored, capacity, guarded=guarded)
        packed = pack(stages, layout, self.kernel_id)
        code = self.lib.check_program(
            self.pointer(packed.words, "int64_t[]"), packed.words.size, packed.attributes.size
        )
        if code:
            raise BackendUnavailable(f"the {self.label} refuses the packed Program (code {code}).")
        return PackedExecutable(self, program, layout, packed)

    def pointer(self, array: Array, kind: str = "char[]") -> Any:
        """A C pointer to a contiguous array."""
        return self.ffi.from_buffer(kind, array)


class Scratch:
    """The memory of one run: segment table, workspace, status and result."""

    __slots__ = ("keep", "result", "segments", "status", "workspace")

    def __init__(self, backend: PackedBackend, size: int, count: int) -> None:
        self.workspace: Array = aligned_bytes(size)
        self.status: Array = np.zeros(STATUS_WORDS, dtype=np.int64)
        self.result: Array = np.zeros(RESULT_WORDS, dtype=np.int64)
        self.segments: Any = backend.ffi.new("char *[]", count)
        self.keep: Any = None


class PackedExecutable:
    """A packed Program and the segments that it refers to."""

    def __init__(
        self,
        backend: PackedBackend,
        program: Program,
        layout: Plan,
        packed: Packed,
    ) -> None:
        self.backend = backend
        self.program = program
        self.layout = layout
        self.words: Array = packed.words
        self.attributes: Array = packed.attributes
        self._hosts = packed.hosts
        self._words = backend.pointer(packed.words, "int64_t[]")
        self._storage = [self._array(key) for key in layout.storage]
        self._fixed = [backend.pointer(array) for array in self._storage]
        self._attributes = backend.pointer(packed.attributes)
        self._free: list[Scratch] = []
        self._lock = threading.Lock()

    def _array(self, key: StorageKey) -> Array:
        """The memory behind a storage segment."""
        if key.kind == "constants" or key.buffer is None:
            return self.layout.constants if self.layout.constants.size else aligned_bytes(64)
        if key.kind == "parameters":
            return key.buffer.data
        return self.program.storage.array(key.kind, key.buffer)

    def _take(self) -> Scratch:
        with self._lock:
            if self._free:
                return self._free.pop()
        count = memory.FIRST_STORAGE + len(self._fixed)
        scratch = Scratch(self.backend, self.layout.workspace_bytes + 64, count)
        segments, pointer = scratch.segments, self.backend.pointer
        scratch.keep = (
            pointer(scratch.status),
            pointer(scratch.workspace),
            pointer(scratch.result, "int64_t[]"),
        )
        segments[memory.ATTRIBUTES] = self._attributes
        segments[memory.STATUS] = scratch.keep[0]
        segments[memory.WORKSPACE] = scratch.keep[1]
        for number, fixed in enumerate(self._fixed):
            segments[memory.FIRST_STORAGE + number] = fixed
        return scratch

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
        """Run steps in one native call, or in several round the stages that Python performs; see
        ``Executable.run``.
        """
        steps = len(control) - first if count is None else count
        if steps == 0:
            return RunResult(0, 0)
        scratch = self._take()
        pointer = self.backend.pointer
        descriptors, owners = self._describe(bound)
        segments = scratch.segments
        owners += [
            pointer(state.state),
            pointer(state.history),
            pointer(descriptors),
            pointer(control.words),
        ]
        segments[memory.STATE], segments[memory.HISTORY], segments[memory.BINDINGS] = owners[-4:-1]
        scratch.status[:] = 0
        code, done, stage, left = HOST, 0, 0, math.ceil(deadline * 1e9)
        error: BaseException | None = None
        while code == HOST:
            started = time.monotonic_ns()
            self.backend.lib.run_program(
                self._words,
                segments,
                owners[-1],
                first + done,
                stage,
                steps - done,
                left,
                threads,
                scratch.keep[2],
            )
            code, finished, workers = (int(value) for value in scratch.result[:3])
            done += finished
            if code == HOST:
                stage = int(scratch.result[5])
                rows = int(control.words[first + done, N])
                try:
                    self._perform(self._hosts[stage], scratch, state, rows)
                except BaseException as raised:  # also Ctrl-C: the steps done are to be counted
                    code, error = HOST_FAILED, raised
                stage += 1
                if deadline > 0:
                    left = max(1, left - (time.monotonic_ns() - started))
        result = RunResult(code, done, workers=workers, error=error)
        if code:
            result.row, result.binding = int(scratch.status[1]), int(scratch.status[2])
            result.value = float(scratch.status[3:4].view(np.float64)[0])
        with self._lock:
            self._free.append(scratch)
        if code < 0:
            raise MemoryError(
                f"the {self.backend.label} could not allocate memory for its threads."
            )
        return result

    def _perform(self, nodes: Sequence[Node], scratch: Scratch, state: RunState, rows: int) -> None:
        """A host stage on the memory of a run."""
        for node in nodes:
            inputs = [self._view(tensor, scratch, state, rows) for tensor in node.inputs]
            found = perform(node, inputs, rows)
            for tensor, array in zip(node.outputs, found, strict=True):
                self._view(tensor, scratch, state, rows)[...] = array

    def _view(self, tensor: Tensor, scratch: Scratch, state: RunState, rows: int) -> Array:
        """The memory of a tensor in a run, as an array."""
        place = self.layout.of(tensor)
        data = {memory.WORKSPACE: scratch.workspace, memory.STATE: state.state.view(np.uint8)}.get(
            place.segment
        )
        if data is None:
            data = self._storage[place.segment - memory.FIRST_STORAGE]
        shape = tuple(size.at(rows) if isinstance(size, Size) else size for size in tensor.shape)
        size = math.prod(shape) * np.dtype(tensor.dtype).itemsize
        view: Array = data[place.offset : place.offset + size].view(tensor.dtype).reshape(shape)
        return view

    def step_call(self, bound: Sequence[Bound]) -> StepCall | None:
        """One native call, prepared; see ``Executable.step_call``."""
        if self._hosts:
            return None
        scratch, state = self._take(), RunState.of(self.program)
        descriptors, control = self._describe(bound)[0], np.zeros(CONTROL_WORDS, dtype=np.int64)
        borrow = self.backend.ffi.from_buffer
        arrays = (state.state, state.history, descriptors, control)
        owners = [borrow("char[]", array) for array in arrays]
        segments = scratch.segments
        segments[memory.STATE], segments[memory.HISTORY], segments[memory.BINDINGS] = owners[:3]
        run_step, words, row, result = (
            self.backend.lib.run_step,
            self._words,
            owners[3],
            scratch.keep[2],
        )

        def call(
            array: Array, output: Array, threads: int, keep: Any = (self, scratch, arrays)
        ) -> int:
            code: int = run_step(
                words,
                segments,
                row,
                len(array),
                borrow("char[]", array),
                borrow("char[]", output),
                threads,
                result,
            )
            return code

        return call

    def _describe(self, bound: Sequence[Bound]) -> tuple[Array, list[Any]]:
        """The binding descriptors, and what must stay alive during the call."""
        descriptors = np.zeros((max(len(bound), 1), DESCRIPTOR_WORDS), dtype=np.int64)
        owners: list[Any] = []
        for row, item in zip(descriptors, bound, strict=False):
            array, permutation = item.array, item.permutation
            owners += [array, permutation]
            row[0] = array.ctypes.data
            row[1] = DTYPE_CODES[array.dtype.name]
            row[2], row[3] = array.strides
            row[4] = len(array)
            row[5] = 0 if permutation is None else permutation.ctypes.data
            row[6] = int(item.check_finite)
            row[7] = len(array) if permutation is None else len(permutation)
        return descriptors, owners
