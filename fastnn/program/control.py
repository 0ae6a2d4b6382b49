"""The control block: what changes from step to step, filled by Python ahead of a run.

One row of 16 words of 8 bytes per step: int64 [0] rows of the step, [1] position of its first row,
[2] optimizer steps done before it, [3] flags (bit 0: last step of an epoch), [4] row of the
history; float64 [8] learning rate, [9], [10] further numbers of the optimizer. Nothing per-step is
baked into a record.
"""

from __future__ import annotations

from typing import Any

import numpy as np

WORDS = 16
N, OFFSET, STEP, FLAGS, HISTORY_ROW = range(5)
LEARNING_RATE = 8
END_OF_EPOCH = 1

Array = np.ndarray[Any, Any]


class ControlBlock:
    """The control rows of ``steps`` steps."""

    __slots__ = ("floats", "words")

    def __init__(self, steps: int) -> None:
        self.words: Array = np.zeros((steps, WORDS), dtype=np.int64)
        self.floats: Array = self.words.view(np.float64)

    def __len__(self) -> int:
        return len(self.words)

    @classmethod
    def blocks(cls, rows: int, block: int) -> ControlBlock:
        """Steps that walk over ``rows`` rows in blocks, the last one partial."""
        steps = -(-rows // block)
        control = cls(steps)
        control.words[:, OFFSET] = np.arange(steps) * block
        control.words[:, N] = block
        control.words[-1, N] = rows - (steps - 1) * block
        return control
