"""Files on disk: which names are accepted, and that a save that fails leaves the old file as it
was.
"""

from __future__ import annotations

import builtins
import errno
import os
import stat
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastnn.saving.files as files
from fastnn.errors import ArgumentError, FileFormatError
from fastnn.saving import load_model, save_model, save_weights
from tests.saving.fake_model import CUSTOM, FakeModel, fake_model

X = np.ones((2, 3))


@pytest.mark.parametrize("name", ["m.weights.h5", "m.H5", "m.keras.zip"])
def test_names_of_weights_and_others_are_no_models(name: str) -> None:
    with pytest.raises(
        ArgumentError, match=r"in '\.keras' for a file of Keras\. Use 'm.*\.fastnn'"
    ):
        save_model(fake_model(), name)


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m.hdf5"])
def test_names_of_models_are_no_weights(name: str) -> None:
    with pytest.raises(ArgumentError, match=r"in '\.weights\.h5' .* Use 'm\.weights\.fastnn'"):
        save_weights(fake_model(), name)


@pytest.mark.parametrize("act", [save_model, save_weights])
def test_other_suffixes_are_errors(act: Any, tmp_path: Path) -> None:
    for name in ("m", "m.npz", "m.fastnn.bak", ".fastnn"):
        with pytest.raises(ArgumentError, match=r"expected a name that ends in .*fastnn', .* Use "):
            act(fake_model(), tmp_path / name)
    for path in (3, None, b"m.fastnn"):
        with pytest.raises(ArgumentError, match="expected a string or a path"):
            act(fake_model(), path)
    (tmp_path / "folder.fastnn").mkdir()
    with pytest.raises(ArgumentError, match="which is a folder"):
        act(fake_model(), tmp_path / "folder.fastnn")
    assert os.listdir(tmp_path) == ["folder.fastnn"]


def test_overwriting_can_be_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.fastnn"
    save_model(fake_model(), path, overwrite=False)
    before = path.read_bytes()
    with pytest.raises(ArgumentError, match="exists, and overwrite=False was passed"):
        save_model(fake_model(), path, overwrite=False)
    assert path.read_bytes() == before


def test_missing_files_and_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"load_model: there is no such file.*gone\.fastnn"):
        load_model(tmp_path / "gone.fastnn")
    with pytest.raises(FileNotFoundError, match=r"could not be written.*gone.m\.fastnn"):
        save_model(fake_model(), tmp_path / "gone" / "m.fastnn")
    with pytest.raises(ArgumentError, match="null"):
        load_model("a\0b.fastnn")


class FullDisk:
    """A file on which the disk fills up: after ``room`` bytes, writing fails."""

    def __init__(self, stream: Any, room: int) -> None:
        self.stream, self.room = stream, room

    def __enter__(self) -> FullDisk:
        return self

    def __exit__(self, *details: Any) -> None:
        self.stream.close()

    def write(self, data: Any) -> None:
        self.room -= len(data)
        if self.room < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.stream.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def changed_model() -> FakeModel:
    model = fake_model()
    model.weights[0].assign(np.zeros((3, 4)))
    return model


@pytest.mark.parametrize("room", [0, 1000, 1300])
@pytest.mark.parametrize("act", [save_model, save_weights])
def test_a_full_disk_leaves_the_old_file(
    act: Any, room: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.fastnn"
    save_model(fake_model(), path)
    before = path.read_bytes()
    room = room if act is save_model else room // 3

    def full_disk(name: Any, mode: str = "r", **options: Any) -> Any:
        stream = builtins.open(name, mode, **options)  # noqa: SIM115
        return FullDisk(stream, room) if "x" in mode else stream

    monkeypatch.setattr(files, "open", full_disk, raising=False)
    with pytest.raises(OSError, match=r"No space left.*old|No space left.*unchanged") as caught:
        act(changed_model(), path)
    assert caught.value.errno == errno.ENOSPC
    assert str(path) in str(caught.value)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["m.fastnn"]
    monkeypatch.undo()
    np.testing.assert_array_equal(load_model(path, CUSTOM).predict(X), fake_model().predict(X))


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_failures_after_writing_leave_the_old_file(
    function: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.fastnn"
    save_model(fake_model(), path)
    before = path.read_bytes()

    def fail(*arguments: Any) -> None:
        raise PermissionError(errno.EACCES, "denied")

    monkeypatch.setattr(os, function, fail)
    with pytest.raises(PermissionError, match=r"could not be written \(denied\).*m\.fastnn"):
        save_model(changed_model(), path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["m.fastnn"]


def test_an_interrupt_while_writing_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.fastnn"
    save_model(fake_model(), path)
    before = path.read_bytes()

    def interrupt(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        save_model(changed_model(), path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["m.fastnn"]


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write to every folder"
)
def test_an_unwritable_folder_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(PermissionError, match=r"could not be written.*m\.fastnn"):
            save_model(fake_model(), tmp_path / "m.fastnn")
    finally:
        tmp_path.chmod(0o700)


def test_a_model_that_cannot_be_described_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "m.fastnn"
    save_model(fake_model(), path)
    before = path.read_bytes()
    model = fake_model()
    model.layers[1].config["name"] = object()  # type: ignore[assignment]
    with pytest.raises(ArgumentError, match=r"\['layers'\]\[1\]\['name'\] is an object of type"):
        save_model(model, path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["m.fastnn"]


@pytest.mark.skipif(sys.platform == "win32", reason="permissions and links are POSIX's")
def test_permissions_and_links_stay(tmp_path: Path) -> None:
    mask = os.umask(0o022)
    try:
        path, link = tmp_path / "m.fastnn", tmp_path / "link.fastnn"
        save_model(fake_model(), path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
        path.chmod(0o600)
        link.symlink_to(path)
        save_model(changed_model(), link)
        assert link.is_symlink()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert not load_model(path, CUSTOM).weights[0].numpy().any()
    finally:
        os.umask(mask)


def test_relative_paths_and_path_objects_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    save_model(fake_model(), "m.fastnn")
    assert load_model(Path("m.fastnn"), CUSTOM).iterations == 7


def test_a_file_of_something_else_is_refused_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "m.fastnn"
    for content in (b"", b"PK\x03\x04" + b"\0" * 100, b"\x89HDF\r\n\x1a\n" + b"\0" * 100):
        path.write_bytes(content)
        with pytest.raises(FileFormatError, match=r"m\.fastnn: its? ha|m\.fastnn: its header"):
            load_model(path)
