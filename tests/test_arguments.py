"""The checks of constructor arguments: which values pass, and what the errors say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fastnn import arguments
from fastnn.errors import ArgumentError, UnsupportedError


@pytest.mark.parametrize("value", [0, 0.5, np.float32(0.25), np.int64(0)])
def test_numbers_inside_the_bounds_pass(value: Any) -> None:
    assert arguments.number("Owner", "rate", value, "[0, 1)") == float(value)


@pytest.mark.parametrize("value", [1, -1e-9, float("nan"), float("inf"), "0.5", None, True, [0.5]])
def test_numbers_outside_the_bounds_are_refused(value: Any) -> None:
    with pytest.raises(ArgumentError, match=r"Owner: received rate=.*a number in \[0, 1\)"):
        arguments.number("Owner", "rate", value, "[0, 1)")


def test_an_open_bound_leaves_its_end_out() -> None:
    assert arguments.number("Owner", "x", 1, "(0, 1]") == 1.0
    with pytest.raises(ArgumentError, match=r"\(0, 1\]"):
        arguments.number("Owner", "x", 0, "(0, 1]")


@pytest.mark.parametrize("value", [0, 2.0, "3", True, None])
def test_integers_are_not_guessed(value: Any) -> None:
    with pytest.raises(ArgumentError, match=r"units=.*a positive integer"):
        arguments.integer("Dense", "units", value, 1)
    assert arguments.integer("Dense", "units", np.int32(3), 1) == 3


@pytest.mark.parametrize("value", [2, "yes", None, 0.5])
def test_flags_are_true_or_false(value: Any) -> None:
    with pytest.raises(ArgumentError, match="True or False"):
        arguments.flag("Dense", "use_bias", value)
    assert arguments.flag("Dense", "use_bias", 1) is True


def test_an_unsupported_argument_passes_at_its_default_only() -> None:
    arguments.unsupported("SGD", {"a": (None, 1), "b": (0.99, 0.99), "c": (False, False)})
    with pytest.raises(UnsupportedError, match=r"SGD: received clipnorm=1\.0.*Leave it out"):
        arguments.unsupported("SGD", {"clipnorm": (1.0, None)})
    with pytest.raises(UnsupportedError, match="use_ema"):
        arguments.unsupported("SGD", {"use_ema": (0, False)})


def test_an_unknown_argument_is_named_with_the_known_ones() -> None:
    arguments.unknown("SGD", {}, ["momentum"])
    with pytest.raises(ArgumentError, match=r"'momentun'.*Did you mean 'momentum'.*nesterov"):
        arguments.unknown("SGD", {"momentun": 1}, ["momentum", "nesterov"])
