"""Memory with margins: what lies round an operand must survive a run. A kernel that reads a
margin gets NaN in one run and a tiny number in the other, so its result gives it away; one that
writes there is caught by ``Fence``. Deliberately not here: building and running ops
(``one_op.py``).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from fastnn.program.variable import Buffer, Variable

Array = np.ndarray[Any, Any]

MARGIN = 256
# As float32 and float64: a NaN, and a tiny number (-4.6e-15, -1.2e-117). A kernel that copies a
# NaN margin over another goes unseen in the first run and not in the second.
FILLS = (0xFF, 0xA7)


class Fence:
    """The bytes of one array that a run must leave as they are.

    Parameters
    ----------
    data : uint8 array, as it is before the run.
    open_ranges : (begin, end) byte ranges that may be written.
    what : name for the message.
    """

    def __init__(self, data: Array, open_ranges: Iterable[tuple[int, int]], what: str) -> None:
        self.data = data
        self.what = what
        self.closed = np.ones(data.size, dtype=bool)
        for begin, end in open_ranges:
            self.closed[begin:end] = False
        self.before = data.copy()

    def check(self) -> None:
        """Fail if a closed byte has changed."""
        changed = np.flatnonzero((self.data != self.before) & self.closed)
        if changed.size:
            raise AssertionError(
                f"{self.what}: {changed.size} bytes changed that nobody may write, the first at "
                f"{changed[0]} of {self.data.size}"
            )


def guarded_variable(array: Array, fill: int = FILLS[0]) -> Variable:
    """A variable whose value lies between two margins of its buffer."""
    variable = Variable(array, dtype=array.dtype.name, name="guarded")
    buffer = Buffer(variable.nbytes + 2 * MARGIN)
    buffer.data[:] = fill
    buffer.places[variable] = MARGIN
    variable.buffer, variable.offset = buffer, MARGIN
    variable.view()[...] = array
    return variable


def byte_range(variable: Variable) -> tuple[int, int]:
    """Where the variable lies in its buffer."""
    return variable.offset, variable.offset + variable.nbytes
