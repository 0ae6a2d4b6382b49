"""Batches of a ``PyDataset`` that threads make ahead: the same training, an error in its turn, no
thread that stays.
"""

from __future__ import annotations

import itertools
import threading
import time
from typing import Any

import numpy as np
import pytest

from fastnn.training.workers import made_ahead
from fastnn.utils import PyDataset
from tests.support.networks import network, regression, same_weights

X, Y = regression(48)


class Slow(PyDataset):
    """Eight batches; those of even numbers take longer, so that threads finish in another order."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.threads: set[str] = set()
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()

    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: int) -> Any:
        with self.lock:
            self.threads.add(threading.current_thread().name)
            self.at_once += 1
            self.most_at_once = max(self.at_once, self.most_at_once)
        time.sleep(0.004 if index % 2 == 0 else 0.001)
        with self.lock:
            self.at_once -= 1
        return X[6 * index : 6 * index + 6], Y[6 * index : 6 * index + 6]


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_the_result_does_not_depend_on_workers(workers: int) -> None:
    one, other, data = network(), network(), Slow(workers=workers)
    one.fit(Slow(), epochs=2, verbose=0)
    other.fit(data, epochs=2, verbose=0, validation_data=Slow(workers=workers))
    assert same_weights(one, other)
    assert data.most_at_once == max(1, workers)
    assert all(("fastnn-dataset" in name) == (workers > 1) for name in data.threads)
    np.testing.assert_array_equal(
        other.predict(Slow(workers=workers), verbose=0), other.predict(X, verbose=0)
    )


def test_threads_end_with_the_data_and_with_training() -> None:
    network().fit(Slow(workers=4), epochs=2, steps_per_epoch=3, verbose=0)
    patience = time.monotonic() + 5
    while time.monotonic() < patience and any(
        "fastnn-dataset" in thread.name for thread in threading.enumerate()
    ):
        time.sleep(0.01)
    assert not [t for t in threading.enumerate() if "fastnn-dataset" in t.name]


def test_an_error_comes_in_its_turn() -> None:
    class Broken(Slow):
        def __getitem__(self, index: int) -> Any:
            if index == 3:
                raise OSError("the disk is gone")
            return super().__getitem__(index)

    model = network()
    with pytest.raises(OSError, match="the disk is gone"):
        model.fit(Broken(workers=4), shuffle=False, verbose=0)
    assert model.optimizer.iterations <= 3


@pytest.mark.parametrize(("ahead", "most"), [(0, 2), (1, 2), (5, 5)])
def test_no_more_is_made_ahead_than_allowed(ahead: int, most: int) -> None:
    """Also of numbers without an end."""
    asked: list[int] = []

    def make(number: int) -> int:
        asked.append(number)
        return number

    made = made_ahead(make, itertools.count(), 2, ahead)
    for expected in range(20):
        assert next(made) == expected
        assert len(asked) <= expected + most
    made.close()  # type: ignore[attr-defined]
