"""Callbacks and the time limit where ``fit`` trains on an iterator of batches."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from fastnn.callbacks import TerminateOnNaN, TrainingReport
from tests.support.networks import network, regression

X, Y = regression(20)


def batches(bad: int = -1) -> Iterator[tuple[Any, Any]]:
    """Batches of four rows without end; the targets of one overflow."""
    number = 0
    while True:
        yield X[:4], Y[:4] if number != bad else np.full((4, 1), 1e30, np.float32)
        number += 1


def test_a_bad_loss_ends_training() -> None:
    model = network()
    history = model.fit(
        batches(7), epochs=3, steps_per_epoch=5, verbose=0, callbacks=[TerminateOnNaN()]
    )
    assert len(history.epoch) == 2
    assert history.history["loss"][1] == math.inf
    assert model.optimizer.iterations == 7


def test_the_time_limit_ends_training() -> None:
    model = network()
    history = model.fit(batches(), epochs=10**8, steps_per_epoch=10**6, verbose=0, time_limit=0.1)
    assert history.timed_out
    assert len(history.epoch) == 1
    assert np.isfinite(history.history["loss"]).all()


def test_the_report_looks_at_the_first_batch() -> None:
    report = TrainingReport(verbose=0)
    network().fit(batches(), steps_per_epoch=5, verbose=0, callbacks=[report])
    assert "on 4 samples" in report.text
    assert [line.name for line in report.layers] == ["a", "b"]
