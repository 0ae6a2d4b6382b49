"""The circle loss, masks, ``add_loss`` without a loss, the k largest and reductions over the batch
against Keras, on each backend; the cases are in ``vocabulary_cases.py``. Nothing here needs Keras.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastnn
from tests.golden.vocabulary_cases import CASES

with np.load(Path(__file__).parent / "vocabulary.npz") as _file:
    GOLDEN: dict[str, np.ndarray[Any, Any]] = {key: _file[key] for key in _file.files}

# Keras's numbers are in float64. The exponents of the circle loss, 80 times products of distances,
# turn a float32 rounding of 6e-8 into 1e-4 of the loss; the rest is within 1e-5.
TOLERANCE = {"float32": 3e-4, "float64": 1e-8}


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", CASES)
def test_case(name: str, dtype: str, backend: str) -> None:
    before = fastnn.config.floatx()
    fastnn.set_backend(backend)
    fastnn.config.set_floatx(dtype)
    try:
        found = CASES[name](fastnn)
    finally:
        fastnn.config.set_floatx(before)
        fastnn.set_backend("auto")
    keys = {key.partition("/")[2] for key in GOLDEN if key.startswith(f"{name}/")}
    assert set(found) == keys
    for key, value in found.items():
        expected = GOLDEN[f"{name}/{key}"]
        given = np.asarray(value)
        assert given.shape == expected.shape, key
        limit = TOLERANCE[dtype]
        np.testing.assert_allclose(given, expected, rtol=limit, atol=limit, err_msg=key)
