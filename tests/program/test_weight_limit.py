"""The limit on new weights while a model is built from a file."""

from __future__ import annotations

import pytest

from fastnn.errors import ShapeError
from fastnn.program.weight_limit import take_weight, weight_limit


def test_outside_of_a_load_there_is_no_limit():
    take_weight("w", (10**9, 10**9))


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
