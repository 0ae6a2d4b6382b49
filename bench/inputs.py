"""Writes what all processes of a comparison read: rows, labels and initial weights, as ``.npy``
files in a temporary folder. Random data is that of ``workloads.py``; real data is MNIST in the
folder that FASTNN_DATA names (or wherever ``fastnn.datasets`` finds it), pixels scaled to 0 … 1.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from bench.tasks import Task
from bench.workloads import Workload

Array = np.ndarray[Any, Any]


def mnist() -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """MNIST as float32 rows and int64 labels, for training and for testing."""
    from fastnn.datasets.mnist import load_data

    (x, y), (x_test, y_test) = load_data()
    return (_rows(x), y.astype(np.int64)), (_rows(x_test), y_test.astype(np.int64))


def _rows(images: Array) -> Array:
    rows: Array = images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
    return rows


def fits(task: Task, data: str) -> bool:
    """Whether a task can use that data."""
    return data == "random" or task.network.sizes[0] == 784


def write(folder: Path, task: Task, data: str, samples: int = 0) -> None:
    """Write ``x`` and ``y`` of a task; with MNIST, ``x_test`` and ``y_test`` too.

    ``samples`` (0: all) limits the rows of training.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = task.rows or samples
    if data == "mnist":
        (x, y), (x_test, y_test) = mnist()
        x, y = (x[:rows], y[:rows]) if rows else (x, y)
        np.save(folder / "x_test.npy", x_test)
        np.save(folder / "y_test.npy", y_test)
    else:
        x, y = task.network.data(rows or None)
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", y.astype(np.int64))


def write_weights(folder: Path, network: Workload, seed: int) -> None:
    """Write the initial weights of a seed."""
    weights = network.initial_weights(seed)
    named: dict[str, Any] = {str(i): w for i, w in enumerate(weights)}
    np.savez(folder / "weights.npz", **named)
