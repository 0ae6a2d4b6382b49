"""Writes ``vocabulary.npz``: what Keras computes for ``vocabulary_cases.py``, in float64.

KERAS_BACKEND=jax python -m tests.golden.make_vocabulary
"""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np

from tests.golden.make import use_dtype
from tests.golden.vocabulary_cases import CASES

PATH = Path(__file__).parent / "vocabulary.npz"


def main() -> None:
    """Run every case and write the file."""
    warnings.simplefilter("ignore")
    use_dtype("float64")
    found: dict[str, np.ndarray] = {}
    for name, case in CASES.items():
        for key, value in case(keras).items():
            found[f"{name}/{key}"] = np.asarray(value)
    versions = {"keras": keras.__version__, "keras_backend": keras.backend.backend()}
    np.savez_compressed(PATH, versions=np.array(json.dumps(versions)), **found)
    print(f"{PATH.name}: {len(found)} arrays, {PATH.stat().st_size} bytes")


if __name__ == "__main__":
    main()
