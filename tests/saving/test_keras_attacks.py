"""Hostile files in the forms of Keras are refused quickly, and before memory is allocated."""

from __future__ import annotations

import contextlib
import io
import json
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn.errors import FileFormatError, ShapeError
from fastnn.saving import load_model

h5py = pytest.importorskip("h5py", reason="h5py is not installed (extra 'keras')")
LIMIT = 32 << 20  # bytes that a refusal may need
SECONDS = 3.0
KERNEL = "layers/dense/vars/0"


@pytest.fixture(autouse=True)
def _quick_and_small() -> Iterator[None]:
    """No test here may need much memory or time."""
    start = time.perf_counter()
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < LIMIT
    assert time.perf_counter() - start < SECONDS


def model() -> Any:
    return fastnn.Sequential([fastnn.Input((3,)), fastnn.layers.Dense(2, name="dense")], name="m")


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def written(folder: Path, change: Callable[[Any], None], **options: Any) -> Path:
    """A ``.keras`` file whose HDF5 part was changed by ``change(file)``."""
    path = folder / "m.keras"
    model().save(path)
    parts = members(path)
    stream = io.BytesIO(parts["model.weights.h5"])
    with h5py.File(stream, "r+") as file:
        change(file)
    parts["model.weights.h5"] = stream.getvalue()
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def external_link(file: Any) -> None:
    del file[KERNEL]
    file[KERNEL] = h5py.ExternalLink("/etc/passwd", "/x")


def soft_link(file: Any) -> None:
    file["layers/dense/vars/9"] = h5py.SoftLink("/layers/dense/vars/1")


def cycle(file: Any) -> None:
    file["layers/dense/again"] = file["layers"]


def deep(file: Any) -> None:
    file.create_group("/".join(["x"] * 200))


def unallocated(file: Any) -> None:
    del file[KERNEL]
    file.create_dataset(KERNEL, (1 << 40,), "f4")


def zeros(file: Any) -> None:
    del file[KERNEL]
    data = np.zeros(40 << 10, "f4")
    made = file.create_dataset(KERNEL, (1 << 30,), "f4", chunks=(1 << 18,), compression="gzip")
    made[: data.size] = data


def one_huge_piece(file: Any) -> None:
    del file[KERNEL]
    file.create_dataset(KERNEL, (6,), "f4", chunks=(1 << 28,), maxshape=(None,))


def external_data(file: Any) -> None:
    del file[KERNEL]
    file.create_dataset(KERNEL, (3, 2), "f4", external=[("/etc/passwd", 0, 24)])


def virtual(file: Any) -> None:
    del file[KERNEL]
    layout = h5py.VirtualLayout((3, 2), "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (3, 2))
    file.create_virtual_dataset(KERNEL, layout)


def texts(file: Any) -> None:
    del file[KERNEL]
    file[KERNEL] = np.array([b"x"] * 6, dtype=object)


def named_type(file: Any) -> None:
    file["layers/dense/type"] = np.dtype("f4")


def odd_filter(file: Any) -> None:
    del file[KERNEL]
    file.create_dataset(KERNEL, data=np.ones((3, 2), "f4"), chunks=(3, 2), scaleoffset=2)


HOSTILE = [
    (external_link, "an external link, which is never followed"),
    (soft_link, "a soft link, which is never followed"),
    (cycle, "is linked twice"),
    (deep, "groups more than 64 deep"),
    (unallocated, "has 0 bytes, which is not what"),
    (zeros, "expand from .* bytes, more than 100 times"),
    (one_huge_piece, "has pieces of 1073741824 bytes"),
    (external_data, "keeps its data in another file"),
    (virtual, "keeps its data in another file"),
    (texts, "is no array of numbers"),
    (named_type, "is neither a group nor an array"),
    (odd_filter, "compressed by a filter that is none of gzip"),
]


@pytest.mark.parametrize(("change", "message"), HOSTILE, ids=[f.__name__ for f, _ in HOSTILE])
def test_hostile_hdf5_is_refused(change: Any, message: str, tmp_path: Path) -> None:
    path = written(tmp_path, change)
    with pytest.raises(FileFormatError, match=message):
        load_model(path)
    with pytest.raises((FileFormatError, ShapeError)):
        model().load_weights(path)


def test_wrong_shapes_leave_the_model_alone(tmp_path: Path) -> None:
    def transposed(file: Any) -> None:
        del file[KERNEL]
        file[KERNEL] = np.ones((2, 3), "f4")

    path = written(tmp_path, transposed)
    with pytest.raises(FileFormatError, match=r"\(3, 2\) in the model and \(2, 3\) in the file"):
        load_model(path)
    own = model()
    before = own.get_weights()
    with pytest.raises(ShapeError, match="do not fit the model"):
        own.load_weights(path)
    np.testing.assert_array_equal(own.get_weights()[0], before[0])


def test_a_bomb_in_the_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    model().save(path)
    config = members(path)["config.json"]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", config)
        with archive.open("model.weights.h5", "w") as member:
            for _ in range(80):
                member.write(bytes(1 << 20))
    with pytest.raises(FileFormatError, match=r"expands from .* to 83886080 bytes"):
        load_model(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * (5 << 20))
        archive.writestr("model.weights.h5", b"")
    with pytest.raises(FileFormatError, match="at most 4194304 are allowed"):
        load_model(path)


def test_an_architecture_too_deep_or_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    model().save(path)
    parts = members(path)
    config = json.loads(parts["config.json"])
    nested = config
    for _ in range(40):
        nested = {"class_name": "Sequential", "config": {"layers": [nested]}}
    huge = json.loads(parts["config.json"])
    huge["config"]["layers"][1]["config"]["units"] = 1 << 40
    for changed, message in ((nested, "nested more than 64"), (huge, "weights in the file leave")):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("config.json", json.dumps(changed))
            archive.writestr("model.weights.h5", parts["model.weights.h5"])
        with pytest.raises(FileFormatError, match=message):
            load_model(path)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_cut_and_damaged_files_are_refused(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"m{suffix}"
    own = model()
    own.save(path)
    whole = path.read_bytes()
    for length in (0, 1, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(FileFormatError):
            load_model(path)
    rng = np.random.default_rng(5)
    for _ in range(60):  # any outcome but another error: a byte of a weight is as good as any
        damaged = bytearray(whole)
        for place in rng.integers(0, len(whole), 3):
            damaged[place] ^= int(rng.integers(1, 256))
        path.write_bytes(damaged)
        with contextlib.suppress(FileFormatError):
            load_model(path)


def test_names_of_an_old_file_are_bounded(tmp_path: Path) -> None:
    path = tmp_path / "m.h5"
    model().save(path)
    whole = path.read_bytes()

    def refused(change: Callable[[Any], None], message: str) -> None:
        path.write_bytes(whole)
        with h5py.File(path, "r+") as file:
            change(file)
        with pytest.raises(FileFormatError, match=message):
            load_model(path)

    def many(file: Any) -> None:
        file["model_weights"].attrs["layer_names"] = np.zeros(9000, "S2")

    def many_long(file: Any) -> None:
        group = file["model_weights"]
        text = h5py.string_dtype()
        group.attrs.create("layer_names", ["y" * 500_000] + ["z"] * 2999, (3000,), text)

    def elsewhere(file: Any) -> None:
        file["model_weights/dense"].attrs["weight_names"] = np.array([b"../../x"])

    def a_number(file: Any) -> None:
        file.attrs["model_config"] = 3

    def a_soft_link(file: Any) -> None:
        file["model_weights/dense/linked"] = h5py.SoftLink("/model_weights")

    refused(many, "is no list of names")
    refused(many_long, "is no list of names")
    refused(elsewhere, "holds no such array")
    refused(a_number, "'model_config' is no text")
    refused(a_soft_link, "a soft link")


def test_what_is_no_file_of_keras(tmp_path: Path) -> None:
    for name in ("m.keras", "m.h5"):
        with pytest.raises(FileNotFoundError, match="there is no such file"):
            load_model(tmp_path / name)
        (tmp_path / name).mkdir()
        with pytest.raises(FileFormatError, match="not a regular file"):
            load_model(tmp_path / name)
    with zipfile.ZipFile(tmp_path / "e.keras", "w") as archive:
        archive.writestr("x", "y")
    with pytest.raises(FileFormatError, match=r"lacks 'config\.json'"):
        load_model(tmp_path / "e.keras")
