"""Every loss against the numbers that Keras gave, on each backend: values, gradients and ten steps
of training. `golden_losses.py` lists the cases.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import fastnn
from tests.conftest import WITHOUT_C, c_levels, why_numba_is_missing
from tests.golden.golden_file import TOLERANCE, GoldenFile, assert_close
from tests.golden.golden_models import (
    batches,
    build_model,
    build_object,
    compile_arguments,
    unflatten,
)

VALUES, STEPS = GoldenFile("loss_family"), GoldenFile("loss_steps")


def ways() -> list[tuple[str, str]]:
    """Backends and float types; every CPU level, and all types on Numba, under FASTNN_FULL."""
    full = os.environ.get("FASTNN_FULL") == "1"
    names = ["numpy"] if WITHOUT_C else ["numpy", "c"]
    if full:
        names += [f"c:{level}" for level, missing in c_levels().items() if not missing]
    pairs = [(name, dtype) for name in names for dtype in TOLERANCE]
    if not why_numba_is_missing():
        pairs += [("numba", dtype) for dtype in (TOLERANCE if full else ("float32",))]
    return pairs


@pytest.fixture(params=ways(), ids="-".join)
def way(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """Eager calls and new models use this backend and this float type."""
    backend, dtype = request.param
    request.node.user_properties.append(("backend", backend))
    before = fastnn.config.floatx()
    fastnn.set_backend(backend)
    fastnn.config.set_floatx(dtype)
    yield backend, dtype
    fastnn.config.set_floatx(before)
    fastnn.set_backend("auto")


@pytest.mark.parametrize("case", list(VALUES.cases))
def test_values_and_gradients(case: str, way: tuple[str, str]) -> None:
    backend, dtype = way
    description, tolerance = VALUES.cases[case], TOLERANCE[dtype]
    arrays, expected = VALUES.inputs(case, dtype), VALUES.expected(case, dtype)
    y, p = arrays["y"], arrays["p"]
    stack = [fastnn.layers.Input(p.shape[1:]), fastnn.layers.Activation("linear")]
    model = fastnn.Sequential(stack, backend=backend)
    for tail, w in (("", None), ("_weighted", arrays["w"])):
        if f"value{tail}" not in expected:
            continue
        loss = build_object(fastnn.losses, description["loss"])
        found = loss(y, p, sample_weight=w)
        assert_close(found, expected[f"value{tail}"], tolerance, f"loss{tail}")
        if description["gradient"]:
            model.compile(optimizer="sgd", loss=loss)
            dp = model.gradients(p, y, sample_weight=w)["input"]
            assert_close(dp, expected[f"gradient{tail}"], tolerance, f"dL/dp{tail}")


@pytest.mark.parametrize("case", list(STEPS.cases))
def test_ten_steps(case: str, way: tuple[str, str]) -> None:
    backend, dtype = way
    description: dict[str, Any] = STEPS.cases[case]
    arrays, expected = STEPS.inputs(case, dtype), STEPS.expected(case, dtype)
    x, y, steps = arrays["x"], arrays["y"], description["steps"]
    model = build_model(fastnn, description["input_shape"], description["layers"], backend=backend)
    model.set_weights([arrays[name] for name in description["weights"]])
    start = model.get_weights()
    parts = {name: description[name] for name in ("loss", "optimizer")}
    model.compile(**compile_arguments(fastnn, parts))
    losses = []
    for rows in batches(len(x), description["batch_size"], steps):
        losses.append(float(model.train_on_batch(x[rows], y[rows])))
    assert_close(losses, expected["losses"], TOLERANCE[dtype], "losses of the steps")
    golden = unflatten(expected[f"weights_{steps}"], description["shapes"])
    for name, a, b in zip(description["weights"], model.get_weights(), golden, strict=True):
        assert_close(a, b, TOLERANCE[dtype], f"{name} after {steps} steps")
    moved = max(float(np.abs(a - b).max()) for a, b in zip(start, golden, strict=True))
    assert moved > 1000 * TOLERANCE["float32"], "the case could not tell a wrong gradient"
