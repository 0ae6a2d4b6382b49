"""The limit on new weights while a model is built from a file."""

from __future__ import annotations

import pytest

from fastnn.errors import ShapeError
from fastnn.program.weight_limit import take_weight, weight_limit


def is_refused(shape: tuple[int, ...]) -> bool:
    """Whether a weight of that shape may not be made now."""
    try:
        take_weight("w", shape)
    except ShapeError:
        return True
    return False


def test_outside_of_a_load_there_is_no_limit():
    huge = (10**9, 10**9)
    assert not is_refused(huge)
    with weight_limit(1):
        assert is_refused(huge)
    assert not is_refused(huge)


def test_weights_draw_on_the_limit():
    with weight_limit(10):
        take_weight("a", (2, 3))
        take_weight("b", (4,))
        with pytest.raises(ShapeError, match=r"'c' of shape \(1,\) needs 1 elements.*leave 0"):
            take_weight("c", (1,))
    take_weight("c", (1,))


def test_limits_nest_and_end_with_an_error():
    with weight_limit(10):
        with pytest.raises(ShapeError, match="leave 2"), weight_limit(2):
            take_weight("a", (3,))
        take_weight("a", (10,))
    take_weight("a", (99,))
