"""The same bits in every run, for any number of threads, and whoever else uses the pool; dropout
masks that are the same on every backend; predictions that do not depend on the rest of the batch.
"""

from __future__ import annotations

import time

import numpy as np
import pytest

from fastnn import backends
from fastnn.backends.base import Bound, RunState
from fastnn.optimizers import SGD, Adam, RMSprop
from fastnn.program.control import ControlBlock
from fastnn.program.program import Program
from fastnn.random import keep_mask
from tests.support.training import ARCHITECTURES, KEY, Training, perceptron, predictor


def wide(backend: str, rate: float) -> Training:
    """784-512-512-10, whose stages are large enough to be shared out."""
    units = (30, 30, 10) if backend == "numpy" else (512, 512, 10)
    return Training(perceptron(*units, rate=rate), (784,), optimizer=Adam())


@pytest.mark.parametrize("rate", [0.0, 0.2])
def test_threads_give_the_bits_of_one(backend: str, rate: float):
    outcomes = []
    for threads in (1, 4) if backend == "numpy" else (1, 2, 4, 1):
        # On a busy machine a worker may wake when all is done; its bits are the question here.
        for _ in range(10):
            training = wide(backend, rate)
            samples = training.samples(300)  # two batches of 128 and one of 44
            outcome = training.train(backend, samples, 128, threads=threads)
            assert outcome.result.done == 3
            assert 1 <= outcome.result.workers <= threads
            assert outcome.same_bits(outcomes[0] if outcomes else outcome)
            if outcome.result.workers >= min(threads, 2) or backend == "numpy":
                break
            time.sleep(0.2)  # longer than a pool that another program has crowded stays unused
        else:
            pytest.fail(f"with {threads} threads one did all the work, ten times")
        outcomes.append(outcome)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_two_runs_give_the_same_bits(name: str, backend: str):
    architecture, shape = ARCHITECTURES[name]
    outcomes = []
    for threads in (1, 1, 4):
        training = Training(architecture, shape, optimizer=RMSprop(0.01, momentum=0.9))
        samples = training.samples(70)
        samples.permutation = np.random.default_rng(5).permutation(70)
        outcomes.append(training.train(backend, samples, 16, 4, threads=threads))
    assert outcomes[1].same_bits(outcomes[0])
    assert outcomes[2].same_bits(outcomes[0])


def test_another_seed_gives_other_bits(backend: str):
    """So that the comparisons above compare something."""
    architecture, shape = ARCHITECTURES["dropout"]
    outcomes = []
    for seed in (0, 1):
        training = Training(architecture, shape, seed=seed)
        outcomes.append(training.train(backend, training.samples(70), 16))
    assert not outcomes[0].same_bits(outcomes[1])


def predict(
    program: Program,
    backend: str,
    x: np.ndarray,
    batch: int,
    *,
    threads: int = 1,
    step: int = 0,
) -> np.ndarray:
    out = np.full((len(x), program.slots[1].columns), np.nan, dtype=x.dtype)
    executable = backends.resolve(backend).compile(program, batch)
    control = ControlBlock.blocks(len(x), batch)
    control.words[:, 2] = step
    result = executable.run([Bound(x), Bound(out)], control, RunState.of(program), threads=threads)
    assert result.status == 0
    return out


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("units", [(7, 3), (64, 65, 10), (129, 33, 1), (520, 10)])
def test_a_prediction_has_the_same_bits_in_any_batch(
    native: str, units: tuple[int, ...], dtype: str
):
    """Whatever the batch size, the position in the batch and the number of threads."""
    training = Training(perceptron(*units, activation="tanh"), (37,), "softmax", dtype=dtype)
    program = predictor(training)
    x = training.samples(131).x
    expected = predict(program, native, x, 131)
    assert np.isfinite(expected).all()
    for batch in (1, 2, 5, 6, 7, 11, 12, 13, 31, 32, 33, 96, 97, 130):
        found = predict(program, native, x, batch, threads=1 + batch % 3)
        assert found.tobytes() == expected.tobytes(), batch
    for shift in (1, 2, 3, 64, 130):
        moved = predict(program, native, np.roll(x, shift, axis=0), 131)
        assert np.roll(moved, -shift, axis=0).tobytes() == expected.tobytes(), shift


def test_dropout_masks_are_the_same_everywhere(backend: str):
    """The golden function of ``fastnn/random``, for every step and row of a batch."""
    columns = 70
    training = Training(lambda m, t: m.dropout(m.dropout(t, 0.25), 0.5), (columns,), "mse")
    program = predictor(training)
    x = np.ones((45, columns), np.float32)
    for step in (0, 3, 2**32 + 1):
        found = predict(program, backend, x, 45, threads=4, step=step)
        masks = [
            keep_mask(45, columns, rate, KEY, step, stream)
            for stream, rate in enumerate((0.25, 0.5))
        ]
        expected = (masks[0] & masks[1]) / np.float32(0.75) / np.float32(0.5)
        np.testing.assert_allclose(found, expected, rtol=1e-6)
        assert ((found == 0) == (expected == 0)).all()


def test_dropout_in_training_depends_on_the_step_and_not_on_how_runs_are_cut(backend: str):
    outcomes = []
    for parts in ((12,), (1,) * 12, (5, 7)):
        training = Training(perceptron(33, 5, rate=0.5), (13,), optimizer=SGD(0.1))
        samples = training.samples(90)
        executable = backends.resolve(backend).compile(training.program, 16)
        control, state = training.control(90, 16, 2), RunState.of(training.program, 2)
        first = 0
        for count in parts:
            executable.run(samples.bound(), control, state, first=first, count=count)
            first += count
        outcomes.append([state.history, *(v.numpy() for v in training.variables)])
    for other in outcomes[1:]:
        for a, b in zip(other, outcomes[0], strict=True):
            assert a.tobytes() == b.tobytes()
