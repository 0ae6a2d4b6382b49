"""``fastnn inspect``: what a file holds, told without making a model of it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from fastnn.cli.inspect import describe
from fastnn.errors import FileFormatError
from fastnn.saving import model_to_bytes, save_weights
from tests.saving.fake_model import fake_model
from tests.saving.test_container import join, split, stamped

EXPECTED = """\
format: fastnn 1 (safetensors), written by fastnn {version}
integrity: as written (SHA-256 of the file matches)
model: FakeModel
  Dense: name=first, units=4
  Dense: name=second, units=2
weights: 4 arrays, 26 parameters, 144 bytes
  first/kernel: F32 (3, 4)
  first/bias: F32 (4,)
  second/kernel: F64 (4, 2)
  second/bias: F64 (2,)
compiled with: class_name=Fake, learning_rate=0.1
optimizer state: 4 arrays, 144 bytes
weights sha256: {digest}"""


def edited_file(path: Path, **model: object) -> Path:
    header, data = split(model_to_bytes(fake_model()))
    header["__metadata__"]["model"] = json.dumps(model)
    path.write_bytes(stamped(join(header, data)))
    return path


def test_the_text_names_all_that_is_in_the_file(tmp_path: Path) -> None:
    layers = [
        {"class_name": "Dense", "config": {"name": name, "units": units, "seed": None}}
        for name, units in (("first", 4), ("second", 2))
    ]
    path = edited_file(tmp_path / "m.fastnn", class_name="FakeModel", config={"layers": layers})
    digest = hashlib.sha256()
    for variable in fake_model().weights:
        digest.update(variable.numpy().tobytes())
    first, _, rest = describe(path).partition("\n")
    assert first.startswith("file: ")
    assert first.endswith(f"m.fastnn, {path.stat().st_size:,} bytes")
    version = split(path.read_bytes())[0]["__metadata__"]["fastnn_version"]
    assert rest == EXPECTED.format(version=version, digest=digest.hexdigest())


def test_equal_weights_have_equal_digests_whatever_else_is_there(tmp_path: Path) -> None:
    whole, alone = tmp_path / "m.fastnn", tmp_path / "m.weights.fastnn"
    whole.write_bytes(model_to_bytes(fake_model()))
    save_weights(fake_model(), alone)
    assert describe(whole).splitlines()[-1] == describe(alone).splitlines()[-1]
    assert "model: none, weights only" in describe(alone)
    other = fake_model()
    other.weights[0].assign(np.zeros((3, 4)))
    save_weights(other, alone)
    assert describe(whole).splitlines()[-1] != describe(alone).splitlines()[-1]


def test_damage_is_told_and_nonsense_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.fastnn"
    data = bytearray(model_to_bytes(fake_model()))
    data[-1] ^= 1
    path.write_bytes(data)
    assert "DAMAGED OR EDITED" in describe(path)
    path.write_bytes(data[:-1])
    with pytest.raises(FileFormatError, match=r"m\.fastnn: .*truncated"):
        describe(path)
    with pytest.raises(FileNotFoundError, match="inspect: there is no such file"):
        describe(tmp_path / "gone.fastnn")


def test_hostile_texts_do_not_reach_the_terminal(tmp_path: Path) -> None:
    layers = [{"class_name": "\x1b[2J" + "x" * 1000, "config": {"a": "\x07", "b": [[]] * 50}}]
    path = edited_file(
        tmp_path / "m.fastnn", class_name=["os.system"], config={"layers": layers * 300}
    )
    text = describe(path)
    assert all(line.isprintable() and len(line) < 300 for line in text.split("\n"))
    assert "... and 100 more layers" in text
    for model in ({}, {"config": 3}, {"class_name": "A", "config": {"layers": 7}}):
        assert "weights: 4 arrays" in describe(edited_file(tmp_path / "m.fastnn", **model))
