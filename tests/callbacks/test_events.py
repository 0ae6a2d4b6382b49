"""Callbacks are told what Keras's are told: hooks, their order, numbers, logs and parameters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastnn
from tests.golden.event_cases import RUNS, events, same

FILE = Path(__file__).parent.parent / "golden" / "callbacks.npz"
GOLDEN: dict[str, list[Any]] = json.loads(str(np.load(FILE)["events"]))


def assert_same(found: list[Any], expected: list[Any]) -> None:
    """Event by event, so that a failure shows the first that differs."""
    for number, (one, other) in enumerate(zip(found, expected, strict=False)):
        assert same(one, other), f"event {number}: {one}, expected {other}"
    assert len(found) == len(expected)


@pytest.mark.filterwarnings("ignore:the data ran out")
@pytest.mark.parametrize("name", RUNS)
def test_as_in_keras(name: str) -> None:
    assert_same(events(fastnn, name), GOLDEN[name])


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", RUNS)
def test_keras_still_does_it(name: str) -> None:
    keras = pytest.importorskip("keras", minversion="3.0")
    assert_same(events(keras, name), GOLDEN[name])


def test_the_comparison_can_fail() -> None:
    run = GOLDEN["arrays"]
    assert same(run, json.loads(json.dumps(run)))
    assert not same(run, run[1:])
    assert not same({"loss": 1.0}, {"loss": 1.0001})
    assert not same({"loss": 1.0}, {"loss": 1.0, "mae": 1.0})
    assert not same(1, True)
    assert set(GOLDEN) == set(RUNS)
