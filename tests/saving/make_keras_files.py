"""Makes ``tests/saving/keras/*`` with Keras: a ``.keras`` file of every model in
``keras_cases.py``, some ``.h5`` files, one file of weights, and ``expected.npz``: predictions, and
the weights after going on to train.

KERAS_BACKEND=jax python -m tests.saving.make_keras_files [NAME...]

With names of cases only their files are made anew.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import keras
import numpy as np

from tests.saving.keras_cases import CASES, inputs, prepared, targets

FOLDER = Path(__file__).parent / "keras"
OLD_FILES = ("nested", "uncompiled")  # the others would only add size


def main() -> None:
    """Write the files."""
    FOLDER.mkdir(exist_ok=True)
    expected: dict[str, np.ndarray] = {}
    if sys.argv[1:]:
        with np.load(FOLDER / "expected.npz") as arrays:
            expected.update(arrays)
    for name in sys.argv[1:] or CASES:
        keras.utils.clear_session()
        model = prepared(name, keras)
        model.save(FOLDER / f"{name}.keras")
        if name in OLD_FILES:
            model.save(FOLDER / f"{name}.h5")
        if name == "mlp":
            model.save_weights(FOLDER / f"{name}.weights.h5")
        # (after a fit with averages, Keras on JAX can save a model and no more)
        model = keras.saving.load_model(FOLDER / f"{name}.keras")
        x = inputs(name)
        expected[f"{name}/y"] = model.predict(x, verbose=0)
        if model.compiled:
            y = targets(name, model.output_shape[-1])
            model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0)
            flat = [np.ravel(w) for w in model.get_weights()]
            expected[f"{name}/after"] = np.concatenate(flat)
    np.savez_compressed(FOLDER / "expected.npz", **expected)
    size = sum(os.path.getsize(FOLDER / name) for name in os.listdir(FOLDER))
    print(f"{len(os.listdir(FOLDER))} files, {size} bytes, Keras {keras.__version__}")


if __name__ == "__main__":
    main()
