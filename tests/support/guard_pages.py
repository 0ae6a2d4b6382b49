"""Runs every kernel with each operand in memory of its own that ends where an unmapped page begins:
a load beyond an operand's last element is a crash, even if its value would not have been used. Run
as a program, so that the crash is not the test run's: ``python -m tests.support.guard_pages
c:avx2``; the last line of its output names the case. POSIX only.
"""

from __future__ import annotations

import ctypes
import mmap
import sys
from typing import Any

import numpy as np

from fastnn import backends
from fastnn.backends.packed import PackedBackend
from fastnn.program import memory
from fastnn.program.tensor import Tensor, matrix_view
from tests.support.cases import CASES
from tests.support.guard import FILLS
from tests.support.one_op import Bench, CompiledOneOp

Array = np.ndarray[Any, Any]
SHAPES = ((5, 7, 3), (1, 1, 1), (7, 17, 9), (3, 33, 70))


class Fenced:
    """Memory of ``size`` bytes whose end is the end of a page before one that nobody may touch."""

    def __init__(self, size: int) -> None:
        pages = -(-max(size, 1) // mmap.PAGESIZE)
        self.map = mmap.mmap(-1, (pages + 1) * mmap.PAGESIZE)
        whole = np.frombuffer(self.map, dtype=np.uint8)
        end = pages * mmap.PAGESIZE
        self.data = whole[end - size : end]
        self.data[:] = FILLS[0]
        protect = ctypes.CDLL(None, use_errno=True).mprotect
        address = ctypes.c_void_p(whole.ctypes.data + end)
        if protect(address, ctypes.c_size_t(mmap.PAGESIZE), 0) != 0:
            raise OSError(ctypes.get_errno(), "mprotect")


def run_fenced(compiled: CompiledOneOp, backend: PackedBackend) -> list[Array]:
    """The op's first step with every operand fenced in; what its operands hold afterwards."""
    bench, node = compiled.bench, compiled.node
    compiled.run_pieces(lambda extent: [])  # gathers the inputs, and sets up the segments
    compiled.prepare(FILLS[0])
    record = compiled.records()[-1].copy()
    tensors: list[Tensor] = [*node.outputs, *node.inputs]
    segments = backend.ffi.new("char *[]", memory.FIRST_STORAGE + len(tensors))
    for number in range(memory.FIRST_STORAGE):
        segments[number] = compiled.scratch.segments[number]
    control = backend.pointer(bench.control.words)
    state, history = backend.pointer(compiled.state.state), backend.pointer(compiled.state.history)
    descriptors, owners = compiled.executable._describe(bench.bound)
    lent = backend.pointer(descriptors)
    segments[memory.CONTROL], segments[memory.STATE] = control, state
    segments[memory.HISTORY], segments[memory.BINDINGS] = history, lent
    fenced = []
    for number, tensor in enumerate(tensors):
        rows, columns = matrix_view(tensor.shape)
        size = rows.at(bench.n) * columns * np.dtype(tensor.dtype).itemsize
        memory_of_it = Fenced(size)
        if number >= len(node.outputs):
            value = np.ascontiguousarray(bench.value(tensor))
            memory_of_it.data[:] = value.reshape(-1).view(np.uint8)
        fenced.append(memory_of_it)
        operand = record[8 + 6 * number : 14 + 6 * number]
        operand[:2] = memory.FIRST_STORAGE + number, 0
        segments[memory.FIRST_STORAGE + number] = backend.pointer(memory_of_it.data)
    extent = int(record[3] + record[4] * bench.n)
    words = backend.ffi.from_buffer("int64_t[]", record)
    backend.lib.run_kernel(int(record[1]), words, segments, 0, extent)
    del owners
    return [f.data.view(t.dtype) for f, t in zip(fenced, tensors, strict=True)]


def main(level: str) -> None:
    """All cases on one backend."""
    backend = backends.resolve(level)
    for dtype in ("float32", "float64"):
        for case in CASES:
            if case.op == "reshape":
                continue
            for n, size, other in SHAPES:
                bench = Bench(dtype, n, size, other)
                node = case.build(bench)
                print(case.id, bench.label, flush=True)
                compiled = bench.compiled(backend, node)
                found = run_fenced(compiled, backend)
                if node.outputs:
                    expected = compiled.run_pieces(lambda extent: [])[0]  # of the first step
                    assert found[0].tobytes() == expected.tobytes(), "other bits than in the run"
    print("all kernels stayed inside")


if __name__ == "__main__":
    main(sys.argv[1])
