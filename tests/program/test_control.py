"""The control block: one row of 16 words per step."""

from __future__ import annotations

import numpy as np
import pytest

from fastnn.program.control import (
    FLAGS,
    HISTORY_ROW,
    LEARNING_RATE,
    OFFSET,
    STEP,
    WORDS,
    ControlBlock,
    N,
)


def test_layout():
    control = ControlBlock(3)
    assert len(control) == 3
    assert control.words.shape == control.floats.shape == (3, 16)
    assert WORDS == 16
    assert (N, OFFSET, STEP, FLAGS, HISTORY_ROW, LEARNING_RATE) == (0, 1, 2, 3, 4, 8)
    assert not control.words.any()
    control.floats[1, LEARNING_RATE] = 0.5
    assert control.words[1, LEARNING_RATE] == np.float64(0.5).view(np.int64)
    assert control.words.flags.c_contiguous


@pytest.mark.parametrize(
    ("rows", "block", "expected"),
    [
        (10, 4, [(4, 0), (4, 4), (2, 8)]),
        (8, 4, [(4, 0), (4, 4)]),
        (3, 4, [(3, 0)]),
        (1, 1, [(1, 0)]),
        (5, 1, [(1, i) for i in range(5)]),
    ],
)
def test_blocks(rows: int, block: int, expected: list[tuple[int, int]]):
    control = ControlBlock.blocks(rows, block)
    assert [tuple(row[:2]) for row in control.words.tolist()] == expected
    assert control.words[:, N].sum() == rows
