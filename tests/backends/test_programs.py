"""Whole training Programs: fused, cut into stages and run by the C executor they do what the NumPy
executor does op by op; a step that must not count changes nothing; records that are not sound are
refused.
"""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

from fastnn import backends
from fastnn.backends.base import RunState
from fastnn.backends.c_cffi import executor, levels
from fastnn.errors import BackendUnavailable
from fastnn.optimizers import SGD, Adam, AdamW, RMSprop
from fastnn.program import record
from tests.support.training import ARCHITECTURES, HEADS, Outcome, Training

OPTIMIZERS = {
    "sgd": lambda: SGD(0.1),
    "momentum": lambda: SGD(0.05, momentum=0.9),
    "nesterov": lambda: SGD(0.05, momentum=0.9, nesterov=True, weight_decay=0.01),
    "adam": lambda: Adam(0.003),
    "adamw": lambda: AdamW(0.003),
    "rmsprop": lambda: RMSprop(0.001),
}

# Relative to the largest entry. Measured on two CPU levels: after one batch 1.2e-7 (shared layer,
# RMSprop) and 1.9e-16, after 50 batches 9.5e-7 (dropout, nesterov) and 1.5e-15; ten times that.
AFTER = {("float32", 1): 1e-6, ("float64", 1): 2e-15, ("float32", 50): 1e-5, ("float64", 50): 2e-14}


def assert_close(found: Outcome, expected: Outcome, tolerance: float, where: str) -> None:
    assert (found.result.status, found.result.done) == (0, expected.result.done), where
    assert len(found.slots) == len(expected.slots)
    pairs = zip([found.history, *found.weights], [expected.history, *expected.weights], strict=True)
    for a, b in pairs:
        assert a.dtype == b.dtype
        scale = np.abs(b).max()
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * scale, err_msg=where)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_compiled_program_is_the_walk_of_the_reference(name: str, native: str, dtype: str):
    """After 1 batch and after 50; the last batch of each epoch is partial."""
    architecture, shape = ARCHITECTURES[name]
    for number, optimizer in enumerate(OPTIMIZERS.values()):
        head = list(HEADS)[number % len(HEADS)]
        reduction = ("mean", "mean", "sum", "weighted_mean")[number % 4]
        for steps in (1, 50):
            outcomes = []
            for used in ("numpy", native):
                made = optimizer()
                made.learning_rate *= 0.02 if reduction == "sum" else 1
                training = Training(
                    architecture,
                    shape,
                    head,
                    dtype=dtype,
                    optimizer=made,
                    weighted=number % 2 == 1,
                    reduction=reduction,
                )
                samples = training.samples(70)
                samples.permutation = np.random.default_rng(0).permutation(70)
                outcomes.append(training.train(used, samples, 16, 10, steps=steps))
            where = f"{name} {head} {made} {reduction} {dtype} after {steps}"
            assert_close(outcomes[1], outcomes[0], AFTER[dtype, steps], where)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("weighted", [False, True])
def test_losses_and_metrics_of_an_epoch(head: str, weighted: bool, backend: str):
    """The history row is the mean over samples, the partial batch counted with its rows."""
    architecture, shape = ARCHITECTURES["rank 3"]
    optimizer = SGD(0.0)
    training = Training(
        architecture, shape, head, dtype="float64", weighted=weighted, optimizer=optimizer
    )
    samples = training.samples(21)
    whole = training.train(backend, samples, 21).history[0]
    parts = training.train(backend, samples, 8, 2).history
    np.testing.assert_allclose(parts[0], whole, rtol=1e-12)
    np.testing.assert_array_equal(parts[0], parts[1])
    assert whole[1] == 21
    per_sample = 3 if head == "sparse" else 15
    expected = 21 * per_sample if samples.w is None else samples.w.sum() * per_sample
    np.testing.assert_allclose(whole[3], expected)


# -- steps that must not count --------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_step_with_bad_data_changes_nothing(backend: str, optimizer: str):
    architecture, shape = ARCHITECTURES["perceptron"]
    for fault in ("input", "label", "negative", "fraction"):
        training = Training(architecture, shape, optimizer=OPTIMIZERS[optimizer]())
        clean = Training(architecture, shape, optimizer=OPTIMIZERS[optimizer]())
        samples = training.samples(40)
        samples.permutation = np.random.default_rng(3).permutation(40)
        bad = samples.permutation[19]  # the third row of the third step
        good = clean.train(backend, samples, 8, 1, steps=2)
        samples.x, samples.y = samples.x.copy(), samples.y.astype(np.float64)
        code, binding, value = 2, 1, 5.0
        if fault == "input":
            samples.x[bad, 2] = value = np.inf
            code, binding = 1, 0
        elif fault == "label":
            samples.y[bad] = value
        elif fault == "negative":
            samples.y[bad] = value = -1.0
        else:
            samples.y[bad] = value = 1.5
            code = 3
        found = training.train(backend, samples, 8, 1)
        result = found.result
        assert (result.status, result.done) == (code, 2), fault
        assert (result.row, result.binding, result.value) == (bad, binding, value), fault
        for a, b in zip([*found.weights, *found.slots], [*good.weights, *good.slots], strict=True):
            assert a.tobytes() == b.tobytes(), fault


def test_the_first_bad_row_of_a_batch_is_reported_for_any_number_of_threads(native: str):
    architecture, shape = ARCHITECTURES["perceptron"]
    training = Training(architecture, shape)
    samples = training.samples(2000)
    samples.permutation = np.random.default_rng(3).permutation(2000)
    samples.y = samples.y.copy()
    for position in (1999, 1500, 700, 699, 1024):
        samples.y[samples.permutation[position]] = 77
        for threads in (1, 4):
            found = training.train(native, samples, 2000, threads=threads)
            first = min(p for p in range(2000) if samples.y[samples.permutation[p]] == 77)
            assert found.result.row == samples.permutation[first]
            assert found.result.done == 0


def test_no_update_before_the_check_of_the_loss(backend: str):
    """A loss that is not finite stops its step before a weight, slot or later step is touched."""
    for name in ("perceptron", "frozen layers", "shared layer"):
        architecture, shape = ARCHITECTURES[name]
        training = Training(architecture, shape, "mse", optimizer=Adam(0.01))
        samples = training.samples(40)
        samples.y[20, 0] = np.float32(3e38)  # finite, and its square is not
        before = training.train(backend, samples, 8, steps=2)
        assert before.result.done == 2
        found = training.train(backend, samples, 8)
        assert (found.result.status, found.result.done) == (4, 2)
        assert found.result.value == np.inf
        for a in (*found.weights, *found.slots):
            assert np.isfinite(a.view(np.float32)).all()


# -- records --------------------------------------------------------------------------------------


def packed(c_level: str) -> executor.CExecutable:
    architecture, shape = ARCHITECTURES["perceptron"]
    training = Training(architecture, shape, optimizer=Adam())
    compiled = backends.resolve(c_level).compile(training.program, 16)
    assert isinstance(compiled, executor.CExecutable)
    return compiled


def checked(
    compiled: executor.CExecutable, words: np.ndarray, attributes: int | None = None
) -> int:
    backend = compiled.backend
    count = compiled.attributes.size if attributes is None else attributes
    code: int = backend.lib.check_program(backend.pointer(words, "int64_t[]"), words.size, count)
    return code


MAGIC, VERSION, LENGTH, KERNEL, SEGMENT, STRUCTURE = range(1, 7)


def test_records_that_are_not_sound_are_refused(c_level: str):
    compiled = packed(c_level)
    good = compiled.words
    assert checked(compiled, good) == 0
    stages, records = int(good[3]), int(good[4])
    table = int(good[7])
    index = table + 8 * stages
    first = int(good[index])  # the first record: gather_rows
    huge = 2**62
    faults = [
        (0, 0, MAGIC),
        (0, -1, MAGIC),
        (1, 0, VERSION),
        (1, record.VERSION + 1, VERSION),
        (2, good.size - 1, LENGTH),
        (2, good.size + 1, LENGTH),
        (2, -1, LENGTH),
        (3, -1, STRUCTURE),
        (3, huge, STRUCTURE),
        (4, -1, STRUCTURE),
        (4, huge, STRUCTURE),
        (5, 6, SEGMENT),
        (5, 65, SEGMENT),
        (5, -1, SEGMENT),
        (6, 0, STRUCTURE),
        (7, 3, STRUCTURE),
        (7, good.size + 1, STRUCTURE),
        (table, 3, STRUCTURE),  # stage kind
        (table, -1, STRUCTURE),
        (table + 1, records + 1, STRUCTURE),  # first record
        (table + 2, records + 1, STRUCTURE),  # number of records
        (table + 2, -1, STRUCTURE),
        (table + 3, 0, STRUCTURE),  # grain of a row stage
        (table + 4, -1, STRUCTURE),  # cost
        (table + 5, huge, STRUCTURE),
        (index, 0, STRUCTURE),
        (index, good.size, STRUCTURE),
        (index, -1, STRUCTURE),
        (first, 7, STRUCTURE),  # length of a record
        (first, good.size, STRUCTURE),
        (first + 1, -1, KERNEL),
        (first + 1, len(compiled.backend.kernels), KERNEL),
        (first + 2, 1, STRUCTURE),  # a tile record in a row stage
        (first + 2, 9, STRUCTURE),
        (first + 3, 1, STRUCTURE),  # a row record has no fixed extent
        (first + 4, -1, STRUCTURE),
        (first + 5, -1, STRUCTURE),
        (first + 6, -1, STRUCTURE),  # first attribute
        (first + 6, compiled.attributes.size + 1, STRUCTURE),
        (first + 7, 0, STRUCTURE),  # operands
        (first + 7, 99, STRUCTURE),
        (first + 8, -1, SEGMENT),
        (first + 8, int(good[5]), SEGMENT),
        (first + 9, -1, STRUCTURE),  # offset
        (first + 10, -1, STRUCTURE),  # rows
        (first + 11, huge, STRUCTURE),
        (first + 12, 0, STRUCTURE),  # columns
        (first + 13, 1, STRUCTURE),  # a stride below the columns
        (first + 13, -1, STRUCTURE),
    ]
    for word, value, code in faults:
        words = good.copy()
        words[word] = value
        assert checked(compiled, words) == code, (word, value)
    for size in (0, 1, 2, 7, 8, good.size - 1):
        short = good[:size].copy() if size else np.zeros(1, np.int64)
        assert checked(compiled, short) != 0, size
    assert checked(compiled, good, 0) == STRUCTURE
    assert checked(compiled, good, -1) == STRUCTURE


def test_any_changed_word_is_refused_or_harmless_to_read(c_level: str):
    """check_program itself reads nothing outside the words: it must survive any content."""
    compiled = packed(c_level)
    random = np.random.default_rng(0)
    interesting = [0, 1, -1, 2**31, 2**62, -(2**63), 7, 64]
    for _ in range(3000):
        words = compiled.words.copy()
        for place in random.integers(0, words.size, random.integers(1, 4)):
            words[place] = random.choice(interesting)
        assert 0 <= checked(compiled, words) <= STRUCTURE


def test_compile_refuses_a_record_that_c_refuses(monkeypatch: pytest.MonkeyPatch, c_level: str):
    architecture, shape = ARCHITECTURES["one layer"]
    training = Training(architecture, shape)
    monkeypatch.setattr(record, "VERSION", record.VERSION + 1)
    with pytest.raises(BackendUnavailable, match=r"refuses the packed Program \(code 2\)"):
        backends.resolve(c_level).compile(training.program, 16)


def test_a_module_of_another_record_version_is_refused(
    monkeypatch: pytest.MonkeyPatch, c_level: str
):
    level = c_level.partition(":")[2]
    assert levels.load(level).lib.record_version() == record.VERSION
    monkeypatch.setattr(levels, "VERSION", record.VERSION + 1)
    levels.load.cache_clear()
    try:
        with pytest.raises(BackendUnavailable, match=r"with record format \d+, expected"):
            levels.load(level)
    finally:
        levels.load.cache_clear()


def test_the_record_version_is_that_of_the_declarations():
    """Whoever changes what Python and the kernels share gets another version, and must write it."""
    pytest.importorskip("setuptools", reason="kernels/build.py imports it")
    build = runpy.run_path(str(Path(__file__).parents[2] / "kernels" / "build.py"))
    found = build["record_version"]()
    assert found == record.VERSION, f"write VERSION = {found:#X} in fastnn/program/record.py"


def test_an_op_without_a_kernel_is_named(native: str):
    backend = backends.resolve(native)
    with pytest.raises(BackendUnavailable, match="has no kernel 'conv2d_f32'"):
        backend.kernel_id("conv2d_f32")
    assert not backend.has("conv2d")
    assert backend.has("dense_forward")


# -- several Programs, runs in parts --------------------------------------------------------------


def test_runs_may_be_cut_anywhere(backend: str):
    architecture, shape = ARCHITECTURES["dropout"]
    whole = Training(architecture, shape, optimizer=Adam(0.01))
    samples = whole.samples(50)
    expected = whole.train(backend, samples, 8, 3)
    cut = Training(architecture, shape, optimizer=Adam(0.01))
    executable = backends.resolve(backend).compile(cut.program, 8)
    control, state = cut.control(50, 8, 3), RunState.of(cut.program, 3)
    first = 0
    for count in (1, 5, 1, 7, 3, 4):
        result = executable.run(samples.bound(), control, state, first=first, count=count)
        assert result.done == count
        first += count
    assert first == len(control)
    found = Outcome(result, state.history, [v.numpy() for v in cut.variables], expected.slots)
    assert found.same_bits(expected)


def test_a_deadline_ends_a_run_after_a_step(backend: str):
    architecture, shape = ARCHITECTURES["one layer"]
    training = Training(architecture, shape)
    samples = training.samples(64)
    executable = backends.resolve(backend).compile(training.program, 16)
    control = training.control(64, 16, 5)
    state = RunState.of(training.program, 5)
    result = executable.run(samples.bound(), control, state, deadline=1e-9)
    assert (result.status, result.done) == (0, 1)
    result = executable.run(samples.bound(), control, state, first=1, deadline=60.0)
    assert (result.status, result.done) == (0, 19)
    assert executable.run(samples.bound(), control, state, first=20, count=0).done == 0


@pytest.mark.parametrize("batch", [1, 31, 32, 33, 64])
def test_any_batch_size_runs_in_one_capacity(batch: int, native: str):
    """The capacity bounds the rows of a step; fewer give the bits of a smaller capacity."""
    architecture, shape = ARCHITECTURES["perceptron"]
    outcomes = []
    for capacity in (batch, 64):
        training = Training(architecture, shape)
        samples = training.samples(130)
        executable = backends.resolve(native).compile(training.program, capacity)
        state = RunState.of(training.program)
        result = executable.run(samples.bound(), training.control(130, batch, 1), state)
        weights = [v.numpy() for v in training.variables]
        outcomes.append(Outcome(result, state.history, weights))
    assert outcomes[0].same_bits(outcomes[1])
