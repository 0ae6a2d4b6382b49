"""Clipping by the common norm and averages of the weights in the pass of the optimizer's step: what
is taken in, what must not be, and that the bits stay.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn import optimizers
from fastnn.backends import packed
from fastnn.ops.gradient import PROCESSED_STEPS
from fastnn.program.fuse import fuse_processing, fuse_updates
from fastnn.training.programs import Job, build

X = np.random.default_rng(0).standard_normal((70, 9)).astype(np.float32)
Y = (X[:, :1] * X[:, 1:2] > 0).astype(np.float32)
ALL = {op.name for op in PROCESSED_STEPS.values()}
BOTH = {"global_clipnorm": 0.05, "use_ema": True, "ema_momentum": 0.9}
ROUND: dict[str, dict[str, Any]] = {
    "both": BOTH,
    "overwritten": {**BOTH, "ema_overwrite_frequency": 3},
    "clipped": {"global_clipnorm": 0.05},
    "short enough": {"global_clipnorm": 1e6, "use_ema": True},
}
STEPS: dict[str, Any] = {
    "sgd_step": lambda **round_it: optimizers.SGD(0.1, weight_decay=0.01, **round_it),
    "momentum_step": lambda **round_it: optimizers.SGD(0.1, momentum=0.9, **round_it),
    "rmsprop_step": lambda **round_it: optimizers.RMSprop(0.01, centered=True, **round_it),
    "adam_step": lambda **round_it: optimizers.AdamW(0.01, **round_it),
}


def model(optimizer: Any, backend: str = "auto", **options: Any) -> fastnn.Sequential:
    made = fastnn.Sequential([fastnn.Input((9,))], backend=backend, seed=3)
    made.add(fastnn.layers.Dense(130, "tanh"))
    made.add(fastnn.layers.Dense(1, "sigmoid", **options))
    made.compile(optimizer, "binary_crossentropy")
    return made


def fused(made: fastnn.Sequential) -> list[str]:
    """The names of the nodes and of those behind them."""
    program = build(made, Job("train", (1,), training=True))
    nodes = fuse_updates(program.nodes, program.gradients, ALL.__contains__)
    nodes, after, stored = fuse_processing(
        nodes, program.after, program.gradients, ALL.__contains__
    )
    tensors = {id(tensor) for node in nodes for tensor in node.outputs}
    assert set(stored) <= tensors, "a gradient that nothing makes"
    assert [id(v) for v in stored.values()] == [id(v) for v in program.gradients.values()]
    return [node.op.name for group in (nodes, *after) for node in group]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("around", ROUND)
def test_one_pass_does_it_all(step: str, around: str) -> None:
    names = fused(model(STEPS[step](**ROUND[around])))
    assert names.count(f"processed_{step}") == 1
    assert not {step, "clip_by_norm", "average_weights"} & set(names)


@pytest.mark.parametrize(
    "kept",
    [
        {"clipnorm": 0.05},
        {"clipvalue": 0.05},
        {"global_clipnorm": 0.05, "gradient_accumulation_steps": 2},
    ],
    ids=lambda options: next(iter(options)) + f" {len(options)}",
)
def test_what_stays_a_pass_of_its_own(kept: dict[str, Any]) -> None:
    names = fused(model(optimizers.Adam(0.01, **kept)))
    assert "adam_step" in names
    assert "processed_adam_step" not in names


def test_averages_alone_stay_behind_steps_that_are_in_the_weight_gradients() -> None:
    made = model(optimizers.Adam(0.01, use_ema=True))
    program = build(made, Job("train", (1,), training=True))
    nodes = fuse_updates(program.nodes, program.gradients, lambda name: True)
    nodes, after, _ = fuse_processing(nodes, program.after, program.gradients, lambda name: True)
    assert not ALL & {node.op.name for node in nodes}
    assert [node.op.name for node in after[0]] == ["average_weights"]


def test_a_step_without_a_kernel_of_its_own_stays() -> None:
    names = fused(model(optimizers.Lion(0.01, **BOTH)))
    assert {"lion_step", "clip_by_norm", "average_weights"} <= set(names)


def trained(step: str, around: str, backend: str, **options: Any) -> bytes:
    made = model(STEPS[step](**ROUND[around]), backend, **options)
    made.fit(X, Y, batch_size=16, epochs=3, verbose=0)
    slots = made.optimizer_storage().arrays
    state = [array for (kind, _), array in slots.items() if kind != "gradients"]
    arrays = [*made.get_weights(), *state]
    return b"".join(array.tobytes() for array in arrays)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("around", ROUND)
def test_the_bits_are_those_of_the_passes_one_after_the_other(
    step: str, around: str, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for options in ({}, {"kernel_constraint": fastnn.constraints.MaxNorm(1.0)}):
        together = trained(step, around, backend, **options)
        with monkeypatch.context() as patch:
            patch.setattr(
                packed, "fuse_processing", lambda nodes, after, stored, has: (nodes, after, stored)
            )
            assert trained(step, around, backend, **options) == together
