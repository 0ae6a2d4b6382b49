"""The Numba executor: the same packed Programs as the C backend, run by kernels that Numba
compiled. What surrounds the native call (segments, bindings, results) is
``fastnn/backends/packed.py``; here is the call, and the threads that help it.
"""

from __future__ import annotations

import functools
from typing import Any

import cffi

from fastnn.backends.numba_jit.job import PARALLEL_COST
from fastnn.backends.numba_jit.pool import POOL
from fastnn.backends.numba_jit.table import KernelTable
from fastnn.backends.packed import DESCRIPTOR_WORDS, PackedBackend
from fastnn.program import memory
from fastnn.program.control import N
from fastnn.program.record import HEADER_WORDS, STAGE_WORDS, SUFFIX, VERSION

RUN = (
    "int64_t(*)(int64_t *, char **, char *, int64_t, int64_t, int64_t, int64_t, int64_t, "
    "int64_t *, int64_t *, int64_t)"
)
KERNEL = "void(*)(int64_t *, char **, int64_t, int64_t)"
SERVE = "void(*)(int64_t *, int64_t)"
STAGES, CAPACITY, COST_A, COST_B = 3, 6, 4, 5
DATA, ROWS, POSITIONS = 0, 4, 7  # words of a binding's descriptor


class Library:
    """The functions of ``kernels/api.h``, made of what Numba compiled.

    Parameters
    ----------
    ffi : the backend's.
    table : its kernels.
    """

    def __init__(self, ffi: Any, table: KernelTable) -> None:
        self._ffi = ffi
        self._table = table
        self._addresses = ffi.from_buffer("int64_t[]", table.addresses)

    @functools.cached_property
    def _run(self) -> Any:
        return self._ffi.cast(RUN, self._table.routine("run_program"))

    @functools.cached_property
    def _serve(self) -> Any:
        return self._ffi.cast(SERVE, self._table.routine("serve"))

    def _help(self, job: int, number: int) -> None:
        """A helper's part in a run, without the GIL."""
        self._serve(self._ffi.cast("int64_t *", job), number)

    def check_program(self, program: Any, words: int, n_attributes: int) -> int:
        """0: what ``pack`` has just made in this process is sound."""
        return 0

    def record_version(self) -> int:
        """The record format that ``run_program`` reads."""
        return VERSION

    def kernel_count(self) -> int:
        """How many kernels there are."""
        return len(self._table.names)

    def run_kernel(self, number: int, record: Any, segments: Any, begin: int, end: int) -> None:
        """One kernel over [begin, end) on the calling thread, for tests."""
        address = int(self._table.addresses[number])
        self._ffi.cast(KERNEL, address)(record, segments, begin, end)

    def run_program(
        self,
        program: Any,
        segments: Any,
        control: Any,
        first_step: int,
        first_stage: int,
        max_steps: int,
        deadline_ns: int,
        threads: int,
        result: Any,
    ) -> int:
        """Run steps of a control block; see ``kernels/api.h``."""
        arguments = (
            program,
            segments,
            control,
            first_step,
            first_stage,
            max_steps,
            deadline_ns,
        )
        if threads < 2 or not _worth_sharing(program):
            result[3] = 0
            return int(self._run(*arguments, 1, result, self._addresses, 0))
        self._serve  # noqa: B018 - made ready here, not by a helper that is to help
        offered, job = POOL.acquire(threads, self._help)
        result[3] = int(job == 0)
        try:
            return int(self._run(*arguments, offered, result, self._addresses, job))
        finally:
            if job:
                POOL.release()

    def run_step(
        self,
        program: Any,
        segments: Any,
        control: Any,
        rows: int,
        source: Any,
        output: Any,
        threads: int,
        result: Any,
    ) -> int:
        """One step of ``rows`` rows, bindings 0 and 1 being rows at ``source`` and ``output``."""
        cast = self._ffi.cast
        cast("int64_t *", control)[N] = rows
        bindings = cast("int64_t *", segments[memory.BINDINGS])
        for first, data in ((0, source), (DESCRIPTOR_WORDS, output)):
            bindings[first + DATA] = int(cast("intptr_t", data))
            bindings[first + ROWS] = bindings[first + POSITIONS] = rows
        return self.run_program(program, segments, control, 0, 0, 1, 0, threads, result)

    def pool_threads(self) -> int:
        """Live helpers, the callers not counted."""
        return POOL.size

    def pool_shutdown(self) -> None:
        """Wait for a run that is using the pool, then end its threads."""
        POOL.shutdown()


def _worth_sharing(program: Any) -> bool:
    """Whether a stage may be large enough for threads at the Program's capacity."""
    stages, rows = program[STAGES], program[CAPACITY]
    for at in range(HEADER_WORDS, HEADER_WORDS + STAGE_WORDS * stages, STAGE_WORDS):
        if program[at + COST_A] + program[at + COST_B] * rows >= PARALLEL_COST:
            return True
    return False


class NumbaBackend(PackedBackend):
    """Kernels that Numba compiles when a Program first needs them."""

    def __init__(self) -> None:
        self.name: str = "numba"
        self.label: str = "numba backend"
        self.ffi: Any = cffi.FFI()
        self.table: KernelTable = KernelTable()
        self.kernels: dict[str, int] = self.table.numbers
        self.lib: Library = Library(self.ffi, self.table)

    def kernel_id(self, name: str) -> int:
        """The number of a kernel, which is made ready."""
        number = super().kernel_id(name)
        self.table.make_ready(name)
        return number

    def warmup(self, dtype: str) -> None:
        """Make every kernel of a float type ready, and the run loop."""
        for name in self.table.names:
            if not name.endswith(("_f32", "_f64")) or name.endswith(SUFFIX[dtype]):
                self.table.make_ready(name)
        for routine in ("run_program", "serve"):
            self.table.routine(routine)


@functools.cache
def backend() -> NumbaBackend:
    """The backend, one for the process."""
    return NumbaBackend()
