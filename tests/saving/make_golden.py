"""Makes ``golden_v1.fastnn`` and ``golden_v1.npz``: a trained model in format version 1, and what
it predicts.

    PYTHONPATH=. python tests/saving/make_golden.py

Made once, and never again: every later fastnn must read this file. The script refuses to replace
it; a new format version gets a new pair beside the old one.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import fastnn
from fastnn.saving.container import FORMAT

FOLDER = Path(__file__).parent


def golden_model() -> fastnn.Sequential:
    """A small model with every layer, trained for a few steps with an optimizer that has state."""
    model = fastnn.Sequential(
        [
            fastnn.Input((4, 4), name="images"),
            fastnn.layers.Rescaling(1 / 16, offset=-0.5, name="scaled"),
            fastnn.layers.Flatten(name="flat"),
            fastnn.layers.Dense(
                8, activation="relu", kernel_initializer="he_normal", name="hidden"
            ),
            fastnn.layers.Dropout(0.25, name="dropped"),
            fastnn.layers.Dense(5, use_bias=False, name="narrow"),
            fastnn.layers.Activation("tanh", name="squashed"),
            fastnn.layers.Dense(3, activation="softmax", trainable=False, name="probabilities"),
        ],
        name="golden",
        seed=2026,
    )
    model.compile(
        optimizer=fastnn.optimizers.Adam(learning_rate=0.01, beta_2=0.99),
        loss=fastnn.losses.SparseCategoricalCrossentropy(),
        metrics=["accuracy"],
    )
    return model


def golden_data() -> tuple[np.ndarray, np.ndarray]:
    """Images of 4x4 pixels in three classes, by arithmetic alone."""
    pixels = (np.arange(20 * 16, dtype=np.float64) * 7919 % 97 % 17).reshape(20, 4, 4)
    return pixels, np.arange(20) % 3


def main() -> None:
    """Write both files."""
    target = FOLDER / f"golden_v{FORMAT}.fastnn"
    if target.exists():
        raise SystemExit(
            f"{target} exists and stays as it is: it shows that old files can be read."
        )
    x, y = golden_data()
    model = golden_model()
    model.fit(x, y, batch_size=6, epochs=3, verbose=0)
    model.save(target)
    arrays = {f"weight_{index}": weight for index, weight in enumerate(model.get_weights())}
    before = model.predict(x, verbose=0)
    model.fit(x, y, batch_size=6, epochs=2, verbose=0)
    after = model.predict(x, verbose=0)
    np.savez(target.with_suffix(".npz"), x=x, y=y, before=before, after=after, **arrays)
    print(f"wrote {target} and {target.with_suffix('.npz')}, fastnn {fastnn.__version__}")


if __name__ == "__main__":
    main()
