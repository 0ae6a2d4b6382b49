"""Memory of whole training Programs: the layout that reuses the workspace gives the bits of the
guarded layout, in which nobody may write between the tensors; rows beyond the batch stay as they
are; the padding between variables means nothing; storage that nobody trains is left alone.
"""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from fastnn import backends
from fastnn.backends.base import RunState
from fastnn.optimizers import SGD, Adam, RMSprop
from fastnn.program.tensor import matrix_view
from tests.support.guard import FILLS, Fence
from tests.support.training import ARCHITECTURES, HEADS, Training

OPTIMIZERS = {
    "sgd": lambda: SGD(0.1),
    "momentum": lambda: SGD(0.05, momentum=0.9, nesterov=True),
    "adam": lambda: Adam(0.01),
    "rmsprop": lambda: RMSprop(0.01, momentum=0.5, centered=True),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_reused_workspace_gives_the_bits_of_the_guarded_one(name: str, native: str, dtype: str):
    architecture, shape = ARCHITECTURES[name]
    for number, head in enumerate(HEADS):
        optimizer = list(OPTIMIZERS.values())[number]
        outcomes = []
        for guarded in (False, True):
            training = Training(
                architecture, shape, head, dtype=dtype, optimizer=optimizer(), weighted=number > 1
            )
            samples = training.samples(75)
            outcomes.append(training.train(native, samples, 33, 2, guarded=guarded))
        assert outcomes[0].same_bits(outcomes[1]), (name, head)


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_whole_programs_stay_in_their_tensors(name: str, native: str, fill: int):
    """Between the tensors, and beyond the rows of a partial batch, nothing is written; and what is
    there (NaN or a tiny number) is not read.
    """
    architecture, shape = ARCHITECTURES[name]
    outcomes = []
    for used in (fill, 0):
        training = Training(architecture, shape, "sparse", optimizer=Adam(0.01))
        samples = training.samples(23)
        executable = backends.resolve(native).compile(training.program, 64, guarded=True)
        scratch = executable._take()
        executable._free.append(scratch)
        scratch.workspace[:] = used
        ranges = []
        for node in training.program.nodes:
            for tensor in node.outputs:
                place = executable.layout.locations.get(id(tensor))
                if place is not None and place.segment == 5:
                    rows, columns = matrix_view(tensor.shape)
                    size = rows.at(23) * columns * np.dtype(tensor.dtype).itemsize
                    ranges.append((place.offset, place.offset + size))
        fence = Fence(scratch.workspace, ranges, name)
        state = RunState.of(training.program)
        executable.run(samples.bound(), training.control(23, 64, 1), state)
        fence.check()
        outcomes.append([state.history, *(v.numpy() for v in training.variables)])
    for a, b in zip(*outcomes, strict=True):
        assert np.isfinite(a).all()
        assert a.tobytes() == b.tobytes()


@pytest.mark.skipif(sys.platform == "win32", reason="mprotect is POSIX's")
def test_no_kernel_reads_beyond_its_operands(native: str):
    """Each operand ends where an unmapped page begins; see ``support/guard_pages.py``."""
    command = [sys.executable, "-m", "tests.support.guard_pages", native]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    last = done.stdout.splitlines()[-1:]
    assert done.returncode == 0, f"ended with {done.returncode} at {last}: {done.stderr}"
    assert last == ["all kernels stayed inside"]


def test_padding_between_variables_means_nothing(backend: str):
    """NaN in the padding of parameters, gradients and slots changes no bit of a weight."""
    results = []
    for poison in (False, True):
        architecture, shape = ARCHITECTURES["perceptron"]
        training = Training(architecture, shape, optimizer=Adam(0.01))
        if poison:
            storage = training.storage
            buffer = training.variables[0].buffer
            kinds = ["gradients", *(f"slot:{name}" for name in training.optimizer.slots())]
            for data in (buffer.data, *(storage.array(kind, buffer) for kind in kinds)):
                used = np.zeros(data.size, dtype=bool)
                for variable in training.variables:
                    used[variable.offset : variable.offset + variable.nbytes] = True
                assert not used.all()
                data[~used] = 0xFF
        outcome = training.train(backend, training.samples(40), 16, 3)
        results.append([outcome.history, *outcome.weights])
    for a, b in zip(*results, strict=True):
        assert np.isfinite(b).all()
        assert a.tobytes() == b.tobytes()


def test_frozen_weights_are_not_written(backend: str):
    architecture, shape = ARCHITECTURES["frozen layers"]
    training = Training(architecture, shape, optimizer=Adam(0.1))
    before = [v.numpy() for v in training.variables]
    training.train(backend, training.samples(40), 16, 3)
    for variable, value in zip(training.variables, before, strict=True):
        changed = variable.numpy().tobytes() != value.tobytes()
        assert changed == variable.trainable, variable


def test_lent_arrays_may_be_read_only_and_stay_as_they_are(backend: str):
    architecture, shape = ARCHITECTURES["perceptron"]
    training = Training(architecture, shape, weighted=True)
    samples = training.samples(50)
    samples.permutation = np.random.default_rng(0).permutation(50)
    arrays = [samples.x, samples.y, samples.w, samples.permutation]
    copies = [a.copy() for a in arrays]
    for array in arrays:
        array.flags.writeable = False
    training.train(backend, samples, 16, 2)
    for array, copy in zip(arrays, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_scratch_is_taken_from_a_free_list(native: str):
    """A run takes one scratch and gives it back, also when it stops."""
    architecture, shape = ARCHITECTURES["one layer"]
    training = Training(architecture, shape)
    samples = training.samples(20)
    executable = backends.resolve(native).compile(training.program, 16)
    control = training.control(20, 16, 1)
    for _ in range(3):
        executable.run(samples.bound(), control, RunState.of(training.program))
        assert len(executable._free) == 1
    samples.y[3] = 99
    result = executable.run(samples.bound(), control, RunState.of(training.program))
    assert result.status != 0
    assert len(executable._free) == 1
