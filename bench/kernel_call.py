"""One op as a call that can be timed: its NumPy function on arrays, or its compiled kernel over the
whole of its range on one thread, without the rest of a Program round it. The inputs come from the
parity suite's case table (``tests/support``); how long calls take is measured in ``test_ops.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastnn import backends
from fastnn.backends.numpy_ref.executor import find_function
from fastnn.ops.optimizer import Run, is_update
from fastnn.program import memory
from fastnn.program.tensor import Node
from tests.support.cases import bytes_moved, flops
from tests.support.guard import FILLS
from tests.support.one_op import COMPOSED, Bench

Array = np.ndarray[Any, Any]
Call = Callable[[], Any]


def numpy_call(bench: Bench, node: Node) -> Call:
    """The op's NumPy function on its inputs."""
    function = COMPOSED.get(node.op.name) or find_function(node.op.name)
    assert function is not None, node.op.name
    inputs = [bench.value(tensor).copy() for tensor in node.inputs]
    outputs = [array.copy() for array in bench.outputs]
    history = np.zeros((1, max(bench.state_values.size, 1)))
    context = bench._context(0, outputs, history)
    attributes = node.attributes

    def call() -> None:
        with np.errstate(all="ignore"):  # updates in place go on for thousands of calls
            function(context, *inputs, **attributes)

    return call


def kernel_call(bench: Bench, node: Node, name: str) -> Call:
    """The op's kernel of a backend such as ``"c:avx2"``, over its whole range, on this thread.

    All records of the one-op Program are run once, which gathers the inputs; the last is the op's.
    """
    backend: Any = backends.resolve(name)
    compiled = bench.compiled(backend, node)
    compiled.prepare(FILLS[1])
    executable, scratch = compiled.executable, compiled.scratch
    scratch.status[:] = 0
    descriptors, owners = executable._describe(bench.bound)
    arrays = {
        memory.CONTROL: bench.control.words,
        memory.STATE: compiled.state.state,
        memory.HISTORY: compiled.state.history,
        memory.BINDINGS: descriptors,
    }
    for number, array in arrays.items():
        scratch.segments[number] = backend.pointer(array)
    calls = []
    for record in compiled.records():
        words = backend.ffi.from_buffer("int64_t[]", record)
        extent = int(record[3] + record[4] * bench.n)
        calls.append((int(record[1]), words, scratch.segments, 0, extent))
        backend.lib.run_kernel(*calls[-1])
    run, last = backend.lib.run_kernel, calls[-1]

    def call(keep: Any = (compiled, arrays, owners, calls)) -> None:
        run(*last)

    return call


@dataclass(frozen=True)
class Work:
    """What one call does: operations, bytes read and written, bytes of its operands."""

    operations: float
    moved: float
    operands: float


def work(bench: Bench, node: Node) -> Work:
    """The work of a node by its contract; an optimizer also writes its weights and slots."""
    moved = operands = float(bytes_moved(node, bench.n))
    if is_update(node.op):
        runs = [
            t for t in node.inputs if isinstance(t.region, Run) and t.region.kind != "gradients"
        ]
        moved += sum(bench.value(tensor).nbytes for tensor in runs)
    return Work(flops(node, bench.n), moved, operands)
