"""A weight gradient computed inside the optimizer's step, against the two ops one after the other
on the same kernels: the same bits, op by op and in whole Programs, for any number of threads.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest

from fastnn import backends
from fastnn.backends import packed
from fastnn.ops.contract import OPS
from fastnn.optimizers import SGD, Adam, AdamW, RMSprop
from fastnn.program.tensor import Node
from tests.support.gradient_steps import VARIANTS, Variant
from tests.support.one_op import Bench
from tests.support.training import ARCHITECTURES, Outcome, Training, perceptron

Array = np.ndarray[Any, Any]

OPTIMIZERS = {
    "sgd": lambda: SGD(0.1),
    "momentum": lambda: SGD(0.05, momentum=0.9),
    "nesterov": lambda: SGD(0.05, momentum=0.9, nesterov=True, weight_decay=0.01),
    "adam": lambda: Adam(0.003),
    "adamw": lambda: AdamW(0.003),
    "rmsprop": lambda: RMSprop(0.001),
    "rmsprop momentum": lambda: RMSprop(0.001, momentum=0.9),
    "rmsprop centered": lambda: RMSprop(0.001, momentum=0.5, centered=True),
}

# (n, size, other): partial registers and tiles; batches deeper than a block of the kernel (128) and
# than what it keeps packed (512 samples in float32, 256 in float64)
SHAPES = [(5, 7, 3), (33, 65, 10), (129, 50, 65), (300, 17, 33), (513, 49, 10), (600, 30, 70)]


# -- one op ---------------------------------------------------------------------------------------


def one_after_the_other(variant: Variant, bench: Bench, node: Node, level: str) -> list[Array]:
    """The weights and slots after the gradient op and then the step, four times."""
    rows, parts = node.inputs[: variant.given], node.inputs[variant.given :]
    backend: Any = backends.resolve(level)
    weights = bench.value(parts[0])
    alone = Bench(bench.dtype, bench.n, bench.size)
    taken = [alone.gathered(bench.value(t), t.shape[1:]) for t in rows]
    gradient = OPS[variant.gradient].node(taken, {}, [(weights.shape, bench.dtype)])
    (g,) = alone.compiled(backend, gradient).run()
    values = [weights, g, *(bench.value(t) for t in parts[1:])]
    kinds = ["parameters", "gradients", *(f"slot:{name}" for name in variant.slots)]
    flat = Bench(bench.dtype, bench.n, weights.size)
    flat.steps(4)
    runs = flat.run_of(*kinds)
    flat.initial = [
        (variable, kind, value.reshape(-1))
        for (variable, kind, _), value in zip(flat.initial, values, strict=True)
    ]
    step = OPS[variant.step].node(runs, variant.attributes, [])
    w, _, *slots = flat.compiled(backend, step).run()
    return [w, *slots]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("key", VARIANTS, ids=" ".join)
def test_the_fused_op_gives_the_bits_of_the_two(key: tuple[str, ...], native: str, dtype: str):
    variant = VARIANTS[key]
    for n, size, other in SHAPES:
        for values in ("uniform", "lognormal", "special"):
            bench = Bench(dtype, n, size, other, values)
            node = variant.build(bench)
            fused = bench.compiled(backends.resolve(native), node).run()[variant.given :]
            apart = one_after_the_other(variant, bench, node, native)
            for a, b in zip(fused, apart, strict=True):
                both = np.isnan(a.reshape(-1)) & np.isnan(b)  # of which NaN it is nothing is said
                same = a.reshape(-1).view(np.uint8).reshape(b.size, -1)
                same = (same == b.view(np.uint8).reshape(b.size, -1)).all(axis=1)
                assert (same | both).all(), f"{bench.label}: {np.count_nonzero(~same)} differ"


# -- whole Programs -------------------------------------------------------------------------------


def trained(backend: str, optimizer: str, units: tuple[int, ...], batch: int, **options: Any):
    """Two epochs of 700 samples, the last batch partial."""
    dtype = options.pop("dtype", "float64")
    made = OPTIMIZERS[optimizer]()
    training = Training(perceptron(*units), (37,), dtype=dtype, optimizer=made)
    return training.train(backend, training.samples(700), batch, 2, **options)


def kernels_of(executable: packed.PackedExecutable) -> list[str]:
    """The names of the kernels that a compiled Program runs, in order."""
    words, names = executable.words, {i: n for n, i in executable.backend.kernels.items()}
    first = int(words[7] + 8 * words[3])
    return [names[int(words[int(o) + 1])] for o in words[first : first + int(words[4])]]


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam", "rmsprop"])
def test_a_compiled_perceptron_stores_no_gradient(optimizer: str, native: str):
    training = Training(perceptron(6, 5, 4), (3,), optimizer=OPTIMIZERS[optimizer]())
    names = kernels_of(backends.resolve(native).compile(training.program, 16))
    gradients = [n for n in names if n.startswith(("dense_dw", "dense_db"))]
    step = f"{optimizer}_step_f32"
    assert gradients == [f"dense_dw_{step}", f"dense_db_{step}"] * 3
    assert [n for n in names if n.endswith(step)] == gradients
    assert not [key for key in training.storage.arrays if key[0] == "gradients"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_training_gives_the_bits_of_training_unfused(
    optimizer: str, native: str, dtype: str, monkeypatch: pytest.MonkeyPatch
):
    for batch, widths in ((32, (65, 10)), (129, (40, 1)), (300, (65, 10)), (600, (65, 10))):
        fused = trained(native, optimizer, widths, batch, dtype=dtype)
        with monkeypatch.context() as patch:
            patch.setattr(packed, "fuse_updates", lambda nodes, *rest: nodes)
            apart = trained(native, optimizer, widths, batch, dtype=dtype)
        assert fused.same_bits(apart), batch


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_training_is_the_reference_in_float64(optimizer: str, native: str):
    for batch in (32, 300):
        found = trained(native, optimizer, (65, 10), batch)
        expected = trained("numpy", optimizer, (65, 10), batch)
        for a, b in zip(found.weights, expected.weights, strict=True):
            np.testing.assert_allclose(a, b, rtol=0, atol=1e-12 * np.abs(b).max())


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_architecture_is_the_reference_in_float64(name: str, native: str):
    """Shared and frozen layers, skips, rank 3: what is fused and what is left go together."""
    architecture, shape = ARCHITECTURES[name]
    outcomes = []
    for used in ("numpy", native):
        training = Training(architecture, shape, dtype="float64", optimizer=Adam(0.003))
        outcomes.append(training.train(used, training.samples(70), 16, 4))
    for a, b in zip(outcomes[1].weights, outcomes[0].weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-12 * np.abs(b).max())


def digest(outcome: Outcome) -> str:
    """SHA-256 of all weights."""
    return hashlib.sha256(b"".join(w.tobytes() for w in outcome.weights)).hexdigest()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", ["sgd", "nesterov", "adam", "rmsprop centered"])
def test_weights_do_not_depend_on_the_threads(optimizer: str, native: str, dtype: str):
    """Of layers that are large enough to be shared out."""
    found = {
        digest(trained(native, optimizer, (300, 129, 10), 128, dtype=dtype, threads=threads))
        for threads in (1, 2, 4)
    }
    assert len(found) == 1
