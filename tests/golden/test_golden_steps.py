"""Everything round an optimizer's update against Keras: ``make_steps.py`` wrote the numbers, the
cases are in ``step_cases.py``. Histories of losses (with penalties), ``evaluate`` and weights after
12 to 48 steps, the last batch of an epoch partial. Nothing here needs Keras.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastnn
from tests.golden import step_cases

with np.load(Path(__file__).parent / "steps.npz") as _file:
    GOLDEN: dict[str, np.ndarray[Any, Any]] = {key: _file[key] for key in _file.files}

# Keras's numbers are in float64. Rounding to float32 in 48 steps, where Adam divides by roots of
# small numbers, moved weights by up to 2e-5; a wrong constant moves them by more than 1e-3.
TOLERANCE = {"float32": 2e-4, "float64": 2e-6}


@pytest.mark.parametrize("name", step_cases.SCHEDULES)
def test_schedule(name: str) -> None:
    schedule = step_cases.SCHEDULES[name](fastnn.optimizers.schedules)
    expected = GOLDEN[f"schedule/{name}"]
    np.testing.assert_allclose([schedule(step) for step in range(40)], expected, rtol=1e-6)
    np.testing.assert_allclose(schedule(np.arange(40)), expected, rtol=1e-6)
    again = fastnn.optimizers.schedules.deserialize(fastnn.optimizers.schedules.serialize(schedule))
    assert again.get_config() == schedule.get_config()
    np.testing.assert_array_equal(again.rates(np.arange(40.0)), schedule.rates(np.arange(40.0)))


def assert_case(name: str, backend: str, dtype: str) -> None:
    """A case's losses and weights are Keras's."""
    case = step_cases.CASES[name]
    before = fastnn.config.floatx()
    fastnn.config.set_floatx(dtype)
    try:
        model = step_cases.model_of(fastnn, case, backend=backend)
        found = step_cases.outcome(model, case, dtype)
    finally:
        fastnn.config.set_floatx(before)
    for key, array in found.items():
        expected = GOLDEN[f"{name}/{key}"]
        tolerance = TOLERANCE[dtype]
        np.testing.assert_allclose(array, expected, rtol=tolerance, atol=tolerance, err_msg=key)


@pytest.mark.parametrize("name", step_cases.CASES)
def test_training(name: str, backend: str) -> None:
    assert_case(name, backend, "float32")


@pytest.mark.parametrize("name", step_cases.CASES)
def test_training_in_float64(name: str, native_or_numpy: str) -> None:
    assert_case(name, native_or_numpy, "float64")


@pytest.fixture(params=["numpy", "c"])
def native_or_numpy(request: pytest.FixtureRequest) -> str:
    """The two backends whose float64 results are compared."""
    if request.param not in [n for n, b in fastnn.backends.backends().items() if b.available]:
        pytest.skip(f"{request.param} is not available")
    return str(request.param)
