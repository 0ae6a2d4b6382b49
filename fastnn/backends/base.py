"""What a backend is: something that compiles a Program into an Executable.

All backends share the meaning of every op; they differ in speed. A backend that lacks an elementary
op fails when it compiles, and names the op.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from fastnn.program.control import ControlBlock
from fastnn.program.program import Program

Array = np.ndarray[Any, Any]

# Why a run stopped before its last step. The same numbers in kernels/record.h.
OK, NON_FINITE_INPUT, LABEL_OUT_OF_RANGE, LABEL_NOT_INTEGRAL, NON_FINITE_LOSS = range(5)
INDEX_OUT_OF_RANGE = 5
# A stage of Python comes next, which an executor performs; it failed, which ends the run.
HOST, HOST_FAILED = 6, 7

GATHERED_DTYPES = ("uint8", "int32", "int64", "float32", "float64", "bool")


@dataclass(slots=True)
class Bound:
    """An array lent to a run: an input that steps read from or an output that they write to.

    Attributes
    ----------
    array : (rows, columns), of one of ``GATHERED_DTYPES``, native byte order, any strides.
    permutation : int64 row numbers by position, or None for the identity.
    check_finite : whether a NaN or an infinity stops the run.
    """

    array: Array
    permutation: Array | None = None
    check_finite: bool = False


@dataclass(slots=True)
class RunResult:
    """How far a run came, and why it stopped.

    Attributes
    ----------
    status : ``OK`` or the reason why the step after the last one done was not done.
    done : steps done.
    row, binding, value : for the reasons that concern data: the row of the caller's array, which
        one, what.
    workers : threads that did some of the work.
    error : what a function of the user's raised, for ``HOST_FAILED``.
    """

    status: int
    done: int
    row: int = -1
    binding: int = -1
    value: float = 0.0
    workers: int = 1
    error: BaseException | None = None


@dataclass(slots=True)
class RunState:
    """The metric accumulators of a run in progress, and the finished epochs' rows."""

    state: Array
    history: Array = field(default_factory=lambda: np.zeros((1, 1)))

    @classmethod
    def of(cls, program: Program, epochs: int = 1) -> RunState:
        """Accumulators as before any data for a Program, and room for some epochs."""
        size = max(program.state_size, 1)
        initial = program.initial_state
        state = np.zeros(size) if initial is None else initial.copy()
        return cls(state, np.zeros((max(epochs, 1), size)))


StepCall = Callable[[Array, Array, int], int]


class Executable(Protocol):
    """A compiled Program. Several threads may run it at once."""

    program: Program

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
        """Run steps ``first`` … of the control block; stop early after ``deadline`` seconds (0:
        never).
        """
        ...

    def step_call(self, bound: Sequence[Bound]) -> StepCall | None:
        """A prepared run of one step on one input and one output: called with other C-contiguous
        arrays of the same dtypes and columns, and the number of threads, it returns the status.
        None if the backend has no shorter way than ``run``. Not for several threads at once.
        """
        ...


class Backend(Protocol):
    """Compiles Programs."""

    name: str

    def compile(self, program: Program, capacity: int) -> Executable:
        """An Executable for steps of at most ``capacity`` rows."""
        ...

    def has(self, op: str) -> bool:
        """Whether there is a kernel for an op."""
        ...
