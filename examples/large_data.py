"""Data larger than memory: a file that is mapped, and read batch by batch."""

import argparse
import tempfile
from pathlib import Path

import numpy as np

import fastnn
from fastnn import layers

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--quick", action="store_true", help="a small file, for a test")
rows = 20_000 if parser.parse_args().quick else 1_000_000
COLUMNS, BLOCK = 256, 10_000

with tempfile.TemporaryDirectory() as folder:
    # Written block by block; bytes take a quarter of float32, and are converted batch by batch.
    path = Path(folder) / "x.npy"
    x = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(rows, COLUMNS))
    y = np.empty(rows, dtype=np.uint8)
    rng = np.random.default_rng(0)
    direction = rng.normal(size=COLUMNS)
    for start in range(0, rows, BLOCK):
        block = rng.integers(0, 256, (min(BLOCK, rows - start), COLUMNS), dtype=np.uint8)
        x[start : start + BLOCK] = block
        y[start : start + BLOCK] = (block - 127.5) @ direction > 0
    x.flush()
    print(f"{path.name}: {path.stat().st_size / 1e6:.0f} MB")

    x = np.load(path, mmap_mode="r")  # nothing is read yet
    held_out = rows // 10
    model = fastnn.Sequential(
        [
            fastnn.Input((COLUMNS,)),
            layers.Rescaling(1 / 127.5, offset=-1),
            layers.Dense(64, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ],
        seed=1,
    )
    model.compile("adam", loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(x[held_out:], y[held_out:], epochs=2, batch_size=256, verbose=2)
    loss, accuracy = model.evaluate(x[:held_out], y[:held_out], verbose=0)
    print(f"accuracy on the rows held out: {accuracy:.3f}")
    del x  # Windows does not remove a file that is mapped
