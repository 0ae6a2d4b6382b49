"""``fit(time_limit=...)`` ends training cleanly after a batch, and ``history.timing`` says where
the time went.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from fastnn.callbacks import LambdaCallback
from fastnn.errors import ArgumentError
from fastnn.training.timing import PARTS, Timing
from tests.support.networks import network, regression, same_weights, watched_epochs

X, Y = regression(2000, 3)
LONG: dict[str, Any] = {"epochs": 100_000_000, "batch_size": 1, "verbose": 0}


@pytest.mark.parametrize("watched", [False, True])
@pytest.mark.parametrize("validated", [False, True])
def test_a_training_without_end_ends(backend: str, watched: bool, validated: bool) -> None:
    model = network(backend)
    extra: dict[str, Any] = {"validation_data": (X[:9], Y[:9])} if validated else {}
    callbacks = [watched_epochs()] if watched else []
    started = time.monotonic()
    history = model.fit(X, Y, time_limit=0.15, callbacks=callbacks, **extra, **LONG)
    assert time.monotonic() - started < 0.15 + 1.0
    assert history.timed_out
    assert model.stop_training
    assert history.epoch == list(range(len(history.epoch)))
    assert model.optimizer.iterations > 2000 * (len(history.epoch) - 1)
    assert model.optimizer.iterations <= 2000 * len(history.epoch)
    for values in history.history.values():
        assert len(values) == len(history.epoch)
        assert np.isfinite(values).all()


def test_the_weights_are_those_after_that_many_batches() -> None:
    model, twin = network(), network()
    model.fit(X, Y, time_limit=0.1, shuffle=False, **LONG)
    done = model.optimizer.iterations
    whole, rest = divmod(done, 2000)
    arguments: dict[str, Any] = {"batch_size": 1, "verbose": 0, "shuffle": False}
    if whole:
        twin.fit(X, Y, epochs=whole, **arguments)
    if rest:
        twin.fit(X[:rest], Y[:rest], **arguments)
    assert same_weights(model, twin)


def test_batch_hooks_and_full_batch() -> None:
    hook = LambdaCallback(on_train_batch_end=lambda batch, logs: time.sleep(0.01))
    model = network()
    history = model.fit(X, Y, time_limit=0.05, callbacks=[hook], **LONG)
    assert history.timed_out
    assert 1 <= model.optimizer.iterations < 20
    slow = LambdaCallback(on_epoch_end=lambda epoch, logs: time.sleep(0.01))
    full = network(optimizer="lbfgs")
    history = full.fit(X, Y, epochs=10**6, verbose=0, time_limit=0.05, callbacks=[slow])
    assert history.timed_out
    assert len(history.epoch) < 10


def test_at_least_one_batch_and_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    model = network()
    history = model.fit(X, Y, epochs=7, batch_size=500, verbose=2, time_limit=1e-9)
    assert model.optimizer.iterations >= 1
    assert len(history.epoch) == 1
    said = capsys.readouterr().out.splitlines()[-1]
    assert said.startswith("time_limit=1e-09 s is over: stopped after ")
    assert said.endswith("epoch 1 of 7.")


def test_a_training_that_is_done_in_time() -> None:
    model = network()
    history = model.fit(X, Y, epochs=2, verbose=0, time_limit=60)
    assert (history.timed_out, len(history.epoch), model.stop_training) == (False, 2, False)


@pytest.mark.parametrize("bad", [0, -1.0, "1h", float("inf"), float("nan"), True])
def test_bad_limits(bad: Any) -> None:
    with pytest.raises(ArgumentError, match="fit: received time_limit="):
        network().fit(X, Y, time_limit=bad)


def test_timing_tells_where_the_time_went() -> None:
    model = network()
    slow = LambdaCallback(
        on_epoch_end=lambda epoch, logs: time.sleep(0.02),
        on_test_begin=lambda logs: time.sleep(0.01),
    )
    history = model.fit(X, Y, epochs=3, verbose=0, validation_split=0.5, callbacks=[slow])
    timing = history.timing
    assert list(timing) == [*PARTS, "other", "total"]
    assert all(seconds >= 0 for seconds in timing.values())
    assert sum(timing.values()) == pytest.approx(2 * timing["total"])
    assert timing["callbacks"] >= 3 * 0.03
    assert timing["validation"] < timing["callbacks"]
    assert min(timing["training"], timing["validation"], timing["compile"], timing["data"]) > 0


def test_parts_exclude_each_other() -> None:
    timing = Timing()
    with timing.part("validation"):
        with timing.part("callbacks"):
            time.sleep(0.02)
        with timing.part("validation"):
            pass
    with pytest.raises(KeyError), timing.part("data"):
        raise KeyError
    found = timing.finish()
    assert found["callbacks"] >= 0.02 > found["validation"] > 0
    assert found["total"] == pytest.approx(sum(timing.seconds.values()))
