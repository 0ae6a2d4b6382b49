"""Writes ``steps.npz``: what Keras computes for the cases of ``step_cases.py``, in float64.

KERAS_BACKEND=jax python -m tests.golden.make_steps
"""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np

from tests.golden import step_cases
from tests.golden.make import use_dtype

PATH = Path(__file__).parent / "steps.npz"


def main() -> None:
    """Run every case and write the file."""
    warnings.simplefilter("ignore")
    use_dtype("float64")
    found: dict[str, np.ndarray] = {}
    for name, make in step_cases.SCHEDULES.items():
        schedule = make(keras.optimizers.schedules)
        found[f"schedule/{name}"] = np.array([float(schedule(step)) for step in range(40)])
    for name, case in step_cases.CASES.items():
        keras.utils.clear_session()
        model = step_cases.model_of(keras, case)
        for key, array in step_cases.outcome(model, case, "float64").items():
            found[f"{name}/{key}"] = array
    versions = {"keras": keras.__version__, "keras_backend": keras.backend.backend()}
    np.savez_compressed(PATH, versions=np.array(json.dumps(versions)), **found)
    print(f"{PATH.name}: {len(step_cases.CASES)} cases, {PATH.stat().st_size} bytes")


if __name__ == "__main__":
    main()
