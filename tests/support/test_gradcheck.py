"""The checker itself: it accepts right gradients and rejects those that are off by 0.1 %."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.gradcheck import ALL_ENTRIES, check_gradient


def sines(x: np.ndarray) -> float:
    return float(np.sin(x).sum())


@pytest.mark.parametrize("size", [1, 7, ALL_ENTRIES, ALL_ENTRIES + 1, 1000])
def test_accepts_and_rejects(size: int):
    x = np.random.default_rng(size).uniform(-1, 1, size)
    check_gradient(sines, x, np.cos(x))
    for wrong in (1.001, 0.999, -1.0, 0.0):
        with pytest.raises(AssertionError, match="differences give"):
            check_gradient(sines, x, np.cos(x) * wrong)


@pytest.mark.parametrize("size", [7, 300])
def test_rejects_one_wrong_entry(size: int):
    x = np.random.default_rng(size).uniform(-1, 1, size)
    wrong = np.cos(x)
    wrong[size // 2] *= 1.001
    with pytest.raises(AssertionError, match="differences give"):
        check_gradient(sines, x, wrong)


def test_rejects_nan_and_a_wrong_shape():
    x = np.ones((2, 3))
    with pytest.raises(AssertionError, match="differences give"):
        check_gradient(sines, x, np.full((2, 3), np.nan))
    with pytest.raises(AssertionError, match="shape"):
        check_gradient(sines, x, np.cos(x).T)
    with pytest.raises(AssertionError, match="float64"):
        check_gradient(sines, x.astype(np.float32), np.cos(x))


def test_leaves_out_what_lies_near_a_kink():
    x = np.array([0.5, 1e-7, -0.5])

    def relu(v: np.ndarray) -> float:
        return float(np.maximum(v, 0).sum())

    with pytest.raises(AssertionError, match="differences give"):
        check_gradient(relu, x, np.array([1.0, 1.0, 0.0]))
    check_gradient(relu, x, np.array([1.0, 1.0, 0.0]), skip=np.abs(x) < 1e-3)
    with pytest.raises(AssertionError, match="differences give"):
        check_gradient(relu, x, np.array([1.0, 1.0, 0.01]), skip=np.abs(x) < 1e-3)
