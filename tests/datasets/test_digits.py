"""The bundled digits: the right data, a fixed split, and real classes in both parts."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest

from fastnn.datasets import available, digits, load
from fastnn.datasets.npz import read_npz


def test_shapes_and_values() -> None:
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    assert x_train.shape == (1437, 8, 8)
    assert x_test.shape == (360, 8, 8)
    assert y_train.shape == (1437,)
    assert y_test.shape == (360,)
    assert {a.dtype for a in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}
    assert (x_train.min(), x_train.max()) == (0, 16)
    counts = np.bincount(y_test)
    assert counts.tolist() == [36, 36, 36, 36, 37, 36, 36, 36, 35, 36]
    assert len(set(y_train[:40])) == 10


def test_the_split_never_changes() -> None:
    """Results that users compare depend on it."""
    parts = [a.tobytes() for pair in digits.load_data() for a in pair]
    assert hashlib.sha256(b"".join(parts)).hexdigest() == SPLIT_SHA256


def test_every_sample_is_in_one_part() -> None:
    whole = read_npz(digits.FILE, ("x", "y"))
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    joined = np.concatenate([x_train, x_test]).reshape(1797, 64)
    everything = whole["x"].reshape(1797, 64)
    assert sorted(map(bytes, joined)) == sorted(map(bytes, everything))
    np.testing.assert_array_equal(
        np.bincount(y_train) + np.bincount(y_test), np.bincount(whole["y"])
    )


def test_arrays_are_the_callers_own() -> None:
    first = digits.load_data()[0][0]
    first[:] = 99
    assert digits.load_data()[0][0].max() == 16


def test_dataset() -> None:
    data = load("digits")
    assert (data.name, data.scale, data.class_names) == ("digits", 16.0, tuple("0123456789"))
    assert data.source == available("digits") == digits.FILE
    assert digits.FILE.stat().st_size < 50_000


def test_nearest_neighbour_finds_the_classes() -> None:
    """Images and labels belong together: 1-NN knows about 99 % of these digits."""
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    a, b = (x.reshape(len(x), 64).astype(np.float64) for x in (x_test, x_train))
    distances = (a**2).sum(1)[:, None] - 2 * a @ b.T + (b**2).sum(1)
    accuracy = (y_train[distances.argmin(1)] == y_test).mean()
    assert accuracy > 0.97


def test_the_program_in_the_readme_makes_this_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sklearn", reason="the source of the digits is scikit-learn's copy")
    readme = digits.FILE.with_name("README.md").read_text(encoding="utf-8")
    program = re.search(r"```python\n(.*?)```", readme, re.DOTALL)
    assert program is not None
    monkeypatch.chdir(tmp_path)
    exec(compile(program[1], "README.md", "exec"), {})
    made, bundled = zipfile.ZipFile("digits.npz"), zipfile.ZipFile(digits.FILE)
    assert made.namelist() == bundled.namelist() == ["x.npy", "y.npy"]
    for name in made.namelist():
        assert made.read(name) == bundled.read(name)
        np.load(io.BytesIO(made.read(name)), allow_pickle=False)


SPLIT_SHA256 = "b086734a4c7e9fe9069104bd8f90442e31ebf255ae7dbec23a9030a760bdcc42"
