"""Where data sets are looked for, in which order, and what is said of a file that is not right."""

from __future__ import annotations

import gzip
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from fastnn.datasets import available, fashion_mnist, load, mnist
from fastnn.datasets import places as folders
from fastnn.errors import ArgumentError, FileFormatError
from tests.datasets.conftest import IDX, idx_bytes, small_mnist, write_files


def small_npz(file: Path, rows: int = 6) -> Path:
    """MNIST's npz form, with ``rows`` training images."""
    file.parent.mkdir(parents=True, exist_ok=True)
    images, labels = np.zeros((rows, 28, 28), np.uint8), np.zeros(rows, np.uint8)
    np.savez(file, x_train=images, y_train=labels, x_test=images, y_test=labels)
    return file


def rows_found() -> int:
    return len(mnist.load_data()[0][0])


def test_order_of_the_search(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each place that is filled, from the last to the first, takes over from the one before."""
    monkeypatch.setenv("FASTNN_DATA", str(places / "data"))
    assert available("mnist") is None
    data, keras, cache = (places / name for name in ("data", "keras/datasets", "cache/datasets"))
    steps = [
        (small_npz, cache / "mnist" / "mnist.npz"),
        (small_mnist, cache / "mnist"),
        (small_npz, keras / "mnist.npz"),
        (small_npz, data / "mnist.npz"),
        (small_npz, data / "mnist" / "mnist.npz"),
        (small_mnist, data / "mnist"),
    ]
    for number, (make, place) in enumerate(steps):
        rows = 10 + 2 * number
        if make is small_npz:
            small_npz(place, rows)
        else:
            write_files(place, small_mnist(rows))
        assert available("mnist") == place
        assert rows_found() == rows


def test_fashion_mnist_in_both_spellings(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keras = write_files(places / "keras" / "datasets" / "fashion-mnist", small_mnist(4))
    assert available("fashion_mnist") == keras
    assert len(fashion_mnist.load_data()[0][0]) == 4
    monkeypatch.setenv("FASTNN_DATA", str(places / "data"))
    dashed = write_files(places / "data" / "fashion-mnist", small_mnist(6))
    assert available("fashion_mnist") == dashed
    proper = write_files(places / "data" / "fashion_mnist", small_mnist(8))
    assert available("fashion_mnist") == proper
    assert available("mnist") is None


def test_plain_idx_files(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTNN_DATA", str(places))
    files = small_mnist(4)
    plain = {name.removesuffix(".gz"): gzip.decompress(body) for name, body in files.items()}
    write_files(places / "mnist", plain)
    assert rows_found() == 4


def test_incomplete_folder_is_passed_over(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTNN_DATA", str(places))
    write_files(places / "mnist", dict(list(small_mnist(4).items())[:3]))
    assert available("mnist") is None
    small_npz(places / "keras" / "datasets" / "mnist.npz", 8)
    assert rows_found() == 8


def test_path_argument(places: Path) -> None:
    """Keras's argument: a file in Keras's folder, or an absolute path; else the search goes on."""
    small_npz(places / "keras" / "datasets" / "mnist.npz", 2)
    small_npz(places / "keras" / "datasets" / "mine.npz", 4)
    small_npz(places / "elsewhere.npz", 6)
    assert len(mnist.load_data("mine.npz")[0][0]) == 4
    assert len(mnist.load_data(path=str(places / "elsewhere.npz"))[0][0]) == 6
    assert len(mnist.load_data("none.npz")[0][0]) == 2


def test_cache_and_keras_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FASTNN_CACHE", "KERAS_HOME", "FASTNN_DATA", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert folders.data_folder() is None
    if sys.platform != "win32":
        assert folders.keras_folder() == tmp_path / ".keras" / "datasets"
        assert folders.cache_folder() == tmp_path / ".cache" / "fastnn" / "datasets"
        monkeypatch.setenv("XDG_CACHE_HOME", "relative")
        assert folders.cache_folder() == tmp_path / ".cache" / "fastnn" / "datasets"
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
        assert folders.cache_folder() == tmp_path / "xdg" / "fastnn" / "datasets"
    monkeypatch.setenv("FASTNN_CACHE", "~/mine")
    assert folders.cache_folder() == Path(os.path.expanduser("~/mine")) / "datasets"
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "k"))
    assert folders.keras_folder() == tmp_path / "k" / "datasets"


def test_windows_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FASTNN_CACHE", raising=False)
    monkeypatch.setattr(folders.sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert folders.cache_folder() == tmp_path / "fastnn" / "datasets"


BAD = {
    "wrong-size": ("train-images-idx3-ubyte.gz", np.zeros((4, 8, 8), np.uint8), "(4, 8, 8)"),
    "wrong-type": ("t10k-images-idx3-ubyte.gz", np.zeros((2, 28, 28), np.int8), "int8"),
    "too-few": ("train-labels-idx1-ubyte.gz", np.zeros(3, np.uint8), "each of the 4 images"),
    "swapped": ("train-labels-idx1-ubyte.gz", np.zeros((4, 28, 28), np.uint8), "(4, 28, 28)"),
    "label-10": ("t10k-labels-idx1-ubyte.gz", np.full(2, 10, np.uint8), "label 10; expected 0"),
}


@pytest.mark.parametrize("case", BAD)
def test_wrong_contents_name_the_file(
    places: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    name, array, text = BAD[case]
    monkeypatch.setenv("FASTNN_DATA", str(places))
    write_files(places / "mnist", {**small_mnist(4), name: idx_bytes(array)})
    with pytest.raises(FileFormatError) as caught:
        mnist.load_data()
    assert str(places / "mnist" / name) in str(caught.value)
    assert text in str(caught.value)


def test_damaged_file_is_an_error_even_if_there_are_others(
    places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTNN_DATA", str(places))
    files = small_mnist(4)
    write_files(places / "mnist", {**files, IDX[0]: files[IDX[0]][:-9]})
    small_npz(places / "keras" / "datasets" / "mnist.npz")
    with pytest.raises(FileFormatError, match=r"idx3-ubyte\.gz: damaged or truncated"):
        mnist.load_data()


def test_unknown_names() -> None:
    with pytest.raises(ArgumentError, match=r"unknown data set 'mnits'. Did you mean 'mnist'\?"):
        available("mnits")
    with pytest.raises(ArgumentError, match=r"mean 'fashion_mnist'\? .*path of an .npz or .csv"):
        load("fashionmnist")


@pytest.mark.data
def test_real_data() -> None:
    """The complete sets, in the folder that FASTNN_DATA names."""
    data = folders.data_folder()
    for name, module in (("mnist", mnist), ("fashion_mnist", fashion_mnist)):
        found = available(name) if data is not None else None
        if found is None or data not in found.parents:
            pytest.skip(f"FASTNN_DATA names no folder with {name}")
        (x_train, y_train), (x_test, y_test) = module.load_data()
        assert x_train.shape == (60000, 28, 28)
        assert x_test.shape == (10000, 28, 28)
        assert {a.dtype for a in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}
        assert set(np.bincount(y_test)) == {1000} or name == "mnist"
        if name == "mnist":
            assert y_train[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
            assert y_test[:5].tolist() == [7, 2, 1, 0, 4]
            assert round(float(x_train.mean() / 255), 4) == 0.1307
