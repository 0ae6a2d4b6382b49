"""``fastnn.datasets`` costs next to nothing until a data set is asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

import fastnn.datasets

PROGRAM = """
import sys, numpy
before = set(sys.modules)
import fastnn.datasets
added = set(sys.modules) - before
for name in ("urllib.request", "ssl", "fastnn.datasets.npz", "fastnn.datasets.mnist"):
    assert name not in added, name
(x, y), _ = fastnn.datasets.digits.load_data()
assert len(x) == 1437
added = set(sys.modules) - before
for name in ("urllib.request", "http.client", "ssl", "sklearn", "scipy", "pandas"):
    assert name not in added, name
from fastnn.datasets import mnist, fashion_mnist, load, available, load_file, load_inputs, Dataset
assert isinstance(load("digits"), Dataset)
"""


def test_imports_when_used() -> None:
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def test_names() -> None:
    for name in fastnn.datasets.__all__:
        assert name in dir(fastnn.datasets)
        assert getattr(fastnn.datasets, name) is not None
    with pytest.raises(AttributeError, match=r"datasets\.cifar10 is not in fastnn: fastnn"):
        _ = fastnn.datasets.cifar10
