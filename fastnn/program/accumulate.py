"""Eager use of metrics: ops that update a state, applied to arrays by a tiny Program of their own,
as ``eager.py`` does it for functions. Programs are cached beside those.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np

from fastnn import backends
from fastnn.backends.base import Bound, RunState
from fastnn.backends.threads import get_num_threads
from fastnn.ops import data
from fastnn.program import eager
from fastnn.program.control import ControlBlock
from fastnn.program.program import Program, Slot
from fastnn.program.tensor import Node, Tensor

Array = np.ndarray[Any, Any]


def accumulate(
    function: Callable[..., list[Node]],
    arrays: Sequence[Array],
    state: Array,
    *,
    key: Hashable,
    names: Sequence[str],
) -> None:
    """Let the ops that a function of symbolic tensors makes update a state, in place.

    Parameters
    ----------
    function : takes one tensor per array and returns nodes that change words of the state.
    arrays : arrays of one float type with equal numbers of rows, the batch first.
    state : float64 words.
    key : identifies the function with all its settings; equal keys must mean equal functions.
    names : what messages call the arrays.
    """
    rows, dtype, backend = len(arrays[0]), arrays[0].dtype.name, backends.resolve(None)
    if rows == 0:
        return
    shapes = tuple(value.shape[1:] for value in arrays)
    full_key = ("accumulate", key, shapes, dtype, backend)
    made = eager.cached(full_key, rows)
    if made is None:
        slots = [
            Slot(name, "input", int(np.prod(shape)), dtype)
            for name, shape in zip(names, shapes, strict=False)
        ]
        inputs: list[Tensor] = [
            data.gather_rows(number, shape, dtype) for number, shape in enumerate(shapes)
        ]
        program = Program(function(*inputs), slots, state_size=state.size)
        compiled = backend.compile(program, eager.CAPACITY)
        made = eager.keep(
            full_key, eager.Eager(compiled, (), dtype, eager.CAPACITY, False, alone=False)
        )
    executable = made.executable
    result = executable.run(
        [Bound(value.reshape(rows, -1)) for value in arrays],
        ControlBlock.blocks(rows, min(rows, eager.CAPACITY)),
        RunState(state),
        threads=get_num_threads(),
    )
    if result.status:
        from fastnn import checks

        name = names[result.binding]
        raise checks.run_error(result, executable.program.slots, 0, name=name)
