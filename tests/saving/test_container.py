"""The container: what is written is what is read, other programs can open it, and every lie in a
header is refused with the path and the reason.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import io
import json
import os
import random
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from fastnn.errors import ArgumentError, FileFormatError
from fastnn.saving import load_model, model_from_bytes, model_to_bytes
from fastnn.saving.container import MAX_HEADER, Reader, write_container
from fastnn.saving.json_text import write_json
from tests.saving.fake_model import CUSTOM, fake_model

GOLDEN = Path(__file__).parent / "golden_v1.fastnn"
FULL = os.environ.get("FASTNN_FULL") == "1"


def written(arrays: dict[str, Any], **metadata: str) -> bytes:
    stream = io.BytesIO()
    write_container(stream, arrays, metadata)
    return stream.getvalue()


def reader_of(data: bytes) -> Reader:
    return Reader(io.BytesIO(data), len(data), "some.fastnn")


def split(data: bytes) -> tuple[dict[str, Any], bytes]:
    (length,) = struct.unpack("<Q", data[:8])
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def join(header: dict[str, Any] | bytes, data: bytes) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def stamped(data: bytes) -> bytes:
    """The file with the digest that its bytes deserve, so that the other checks are reached."""
    header, _ = split(data)
    stated = header["__metadata__"]["sha256"].encode()
    digest = hashlib.sha256(data.replace(stated, b"0" * 64, 1)).hexdigest().encode()
    return data.replace(stated, digest, 1)


ARRAYS = {
    "weights/a/kernel": np.arange(6, dtype=np.float32).reshape(2, 3),
    "weights/a/bias": np.array([np.nan, np.inf, -0.0]),
    "weights/a/scale": np.array(2.5, dtype=np.float32),
    "weights/a/none": np.zeros((0, 3), dtype=np.float32),
    "optimizer/m/a": np.array([1, -1], dtype=np.int64),
}


def test_arrays_come_back_bit_for_bit_and_in_order() -> None:
    reader = reader_of(written(ARRAYS, model="{}"))
    reader.verify()
    assert list(reader.entries) == list(ARRAYS)
    assert reader.metadata["model"] == "{}"
    for name, array in ARRAYS.items():
        found = reader.read(name)
        assert (found.dtype, found.shape) == (array.dtype, array.shape)
        assert found.tobytes() == array.tobytes()


def test_the_safetensors_package_opens_our_files(tmp_path: Path) -> None:
    path = tmp_path / "m.fastnn"
    path.write_bytes(written(ARRAYS, model='{"class_name": "é"}'))
    found = safetensors.numpy.load_file(path)
    assert {name: array.tobytes() for name, array in found.items()} == {
        name: array.tobytes() for name, array in ARRAYS.items()
    }
    with safetensors.safe_open(path, "numpy") as opened:
        assert opened.metadata()["fastnn_format"] == "1"
        assert opened.metadata()["model"] == '{"class_name": "é"}'


def test_odd_layouts_are_written_row_major_and_little_endian() -> None:
    array = np.arange(12, dtype=">f4").reshape(3, 4)
    reader = reader_of(written({"weights/t": array.T[::-1]}))
    np.testing.assert_array_equal(reader.read("weights/t"), array.T[::-1])


def test_data_are_aligned_to_8_bytes() -> None:
    data = written({"weights/one": np.ones(1, np.float32), "weights/two": np.ones(1)})
    header, _ = split(data)
    assert struct.unpack("<Q", data[:8])[0] % 8 == 0
    assert header["weights/two"]["data_offsets"] == [0, 8]


@pytest.mark.parametrize("name", ["weights/../a", "/a", "a//b", "", "a\x1b[2J", "."])
def test_names_that_could_not_be_read_are_not_written(name: str) -> None:
    with pytest.raises(ArgumentError, match="Rename the layer or the weight"):
        written({name: np.ones(1)})


def test_unreadable_sizes_and_types_are_not_written() -> None:
    with pytest.raises(ArgumentError, match=r"header of .* bytes; a model file holds at most"):
        written({}, model="x" * MAX_HEADER)
    with pytest.raises(ArgumentError, match="'weights/a' has dtype complex128"):
        written({"weights/a": np.ones(1, complex)})


def test_configurations_are_plain_data() -> None:
    given = {"a": (1, np.float32(0.5)), "b": np.bool_(True), "c": np.arange(2), "d": None}
    assert write_json(given, "it") == '{"a":[1,0.5],"b":true,"c":[0,1],"d":null}'
    with pytest.raises(ArgumentError, match=r"it\['a'\]\[1\] is an object of type object, which"):
        write_json({"a": [1, object()]}, "it")
    with pytest.raises(ArgumentError, match=r"it has the key 3, which"):
        write_json({3: 1}, "it")


def edited(change: Any) -> bytes:
    header, data = split(written(ARRAYS, model="{}"))
    changed = change(header)
    return join(header if changed is None else changed, data)


def entry(**changes: Any) -> Any:
    return lambda header: header["weights/a/kernel"].update(changes)


def rename(name: str) -> Any:
    return lambda header: header.update({name: header.pop("weights/a/kernel")})


def meta(**changes: Any) -> Any:
    return lambda header: header["__metadata__"].update(changes)


def text_of(header: dict[str, Any]) -> bytes:
    return json.dumps(header).encode()


MEMBER = '{"dtype":"F32","shape":[],"data_offsets":[0,4]}'
HOSTILE: dict[str, tuple[Any, str]] = {
    "huge declared shape": (entry(shape=[1 << 20, 1 << 20]), "is not what"),
    "overflowing product": (entry(shape=[1 << 33, 1 << 33, 0]), "impossible shape"),
    "product that wraps to the size": (entry(shape=[(1 << 64) + 6, 1]), "impossible shape"),
    "negative size": (entry(shape=[-2, -3]), "not a list of sizes"),
    "NaN size": (entry(shape=[float("nan"), 3]), "not a list of sizes"),
    "fractional size": (entry(shape=[2.0, 3]), "not a list of sizes"),
    "boolean size": (entry(shape=[True, 6]), "not a list of sizes"),
    "rank 33": (entry(shape=[1] * 33), "not a list of sizes"),
    "shape no list": (entry(shape="23"), "not a list of sizes"),
    "dtype object": (entry(dtype="O"), "has dtype 'O'; known"),
    "dtype a list": (entry(dtype=["F32"]), "has dtype"),
    "offsets beyond the file": (entry(data_offsets=[0, 1 << 62]), "truncated or damaged"),
    "offsets reversed": (entry(data_offsets=[24, 0]), "truncated or damaged"),
    "offsets overlap": (entry(data_offsets=[0, 24]), "gap or overlap"),
    "a gap": (lambda header: header.pop("weights/a/bias") and None, "gap or overlap"),
    "an entry lacks": (entry(extra=1), "does not consist of"),
    "an entry is a list": (lambda header: header.update({"x": []}), "does not consist of"),
    "path out of the folder": (rename("../../etc/passwd"), "'..' part between its slashes"),
    "control characters": (rename("weights/\x1b[2J"), "cannot be printed"),
    "no metadata": (lambda header: header.pop("__metadata__") and None, "not a fastnn file"),
    "metadata a number": (meta(model=1), "something else than strings"),
    "a future version": (meta(fastnn_format="2"), "format version '2'; .* Install a newer"),
    "no digest": (lambda header: header["__metadata__"].pop("sha256") and None, "no sha256"),
    "a list": (lambda header: b"[]", "not ASCII JSON"),
    "not JSON": (lambda header: b'{"a": }', "not valid JSON"),
    "not ASCII": (lambda header: '{"é": 1}'.encode(), "not ASCII JSON"),
    "not UTF-8": (lambda header: b'{"\xff": 1}', "not ASCII JSON"),
    "a name twice": (
        lambda header: text_of(header)[:-1] + b', "weights/a/kernel": {}}',
        "holds the name 'weights/a/kernel' twice",
    ),
    "a key twice in an entry": (
        lambda header: text_of(header).replace(b'"dtype"', b'"shape": [], "dtype"', 1),
        "holds the name 'shape' twice",
    ),
    "100,000 members": (
        lambda header: ("{" + ",".join(f'"{i}":{MEMBER}' for i in range(10**5)) + "}").encode()[
            :MAX_HEADER
        ],
        "JSON tokens|header has .* bytes",
    ),
    "9,000 members": (
        lambda header: text_of(
            {**header, **{f"o/{i}": {} for i in range(9000)}},
        ),
        "names 9005 arrays",
    ),
    "many empty lists": (lambda header: b'{"a":[' + b"[]," * 600_000 + b"[]]}", "JSON tokens"),
    "deep nesting": (lambda header: b'{"a":' + b"[" * 10**6, "levels deep"),
    "one long string": (lambda header: b'{"' + b"a" * (MAX_HEADER - 9) + b'":1}', "not a fastnn"),
    "one long wide string": (
        lambda header: b'{"\\ud83d\\ude00' + b"a" * (MAX_HEADER - 30) + b'":1}',
        "not a fastnn",
    ),
    "a number of 65 digits": (lambda header: b'{"a":' + b"9" * 65 + b"}", "number of 65 digits"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_headers_are_refused(name: str, tmp_path: Path) -> None:
    change, reason = HOSTILE[name]
    path = tmp_path / "hostile.fastnn"
    path.write_bytes(edited(change))
    with pytest.raises(FileFormatError, match=reason) as caught:
        load_model(path, CUSTOM)
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_lying_lengths_and_truncations_are_refused() -> None:
    good = written(ARRAYS)
    for length in (1 << 63, len(good), len(good) - 7):
        with pytest.raises(FileFormatError, match="its header claims"):
            reader_of(struct.pack("<Q", length) + good[8:])
    with pytest.raises(FileFormatError, match="at most 2097152 are allowed"):
        reader_of(join(b"{" + b" " * MAX_HEADER, b""))
    for cut in range(0, len(good), 7):
        with pytest.raises(FileFormatError):
            reader_of(good[:cut])
    with pytest.raises(FileFormatError, match="follow the header; the file is truncated"):
        reader_of(good + b"\0")


def test_every_changed_bit_is_noticed() -> None:
    good = model_to_bytes(fake_model())
    generator = random.Random(0)
    for position in range(len(good)):
        bad = bytearray(good)
        bad[position] ^= 1 << generator.randrange(8)
        with pytest.raises(FileFormatError):
            model_from_bytes(bytes(bad), CUSTOM)


def test_pipes_and_devices_are_not_read(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    pipe = tmp_path / "pipe.fastnn"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path):
        with pytest.raises(FileFormatError, match="it is not a regular file"):
            load_model(path)


MEMORY_PROBE = """
import sys
from tests.saving.fake_model import CUSTOM, fake_model
from fastnn.errors import FileFormatError
from fastnn.saving import load_model, model_from_bytes, model_to_bytes
model_from_bytes(model_to_bytes(fake_model()), CUSTOM)
load_model(sys.argv[1])
def peak():  # in kB; ru_maxrss would count what the parent process had
    return int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0])
before = peak()
for path in sys.argv[2:]:
    try:
        load_model(path, CUSTOM)
    except FileFormatError:
        print(path, peak() - before)
    else:
        sys.exit(path + " was loaded")
"""


def hostile_models() -> dict[str, bytes]:
    """Files whose containers are sound and whose architecture lies."""
    header, data = split(model_to_bytes(fake_model()))
    model = json.loads(header["__metadata__"]["model"])
    found = {}
    for name, n_out in (("wide", 10**9), ("wider", 1 << 61), ("negative", -5), ("bomb", 200_000)):
        model["config"]["layers"][0]["n_out"] = n_out
        if name == "bomb":  # many layers, each within the limit
            model["config"]["layers"] = [{**model["config"]["layers"][0], "n_out": 4}] * 20_000
        header["__metadata__"]["model"] = json.dumps(model)
        found[name] = stamped(join(header, data))
    for name, layer, change in (
        ("units", 3, {"units": 10**9}),
        ("samples", 0, {"batch_shape": [None, 10**6, 10**6]}),
        ("nothing", 3, {"units": -1}),
        ("initial values", 3, {"kernel_initializer": {"class_name": "os.system", "config": {}}}),
    ):
        header, data = split(GOLDEN.read_bytes())
        model = json.loads(header["__metadata__"]["model"])
        model["config"]["layers"][layer]["config"].update(change)
        header["__metadata__"]["model"] = json.dumps(model)
        found[name] = stamped(join(header, data))
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
def test_hostile_files_cost_less_than_16_megabytes(tmp_path: Path) -> None:
    files = {name: edited(change) for name, (change, _) in HOSTILE.items()} | hostile_models()
    paths = []
    for index, data in enumerate(files.values()):
        paths.append(str(tmp_path / f"{index}.fastnn"))
        Path(paths[-1]).write_bytes(data)
    folder = str(Path(__file__).resolve().parents[2])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([folder, *sys.path])}
    done = subprocess.run(
        [sys.executable, "-c", MEMORY_PROBE, str(GOLDEN), *paths],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    growth = [int(line.split()[-1]) for line in done.stdout.splitlines()]
    assert len(growth) == len(files)
    assert max(growth) * 1024 < 16e6, done.stdout


INTERESTING = (0, -1, 1, 2, 3, 4, 2**31, 2**63, 2**64, 0.5, float("nan"), "", "F64", [], {}, None)


def mutated(header: dict[str, Any], data: bytes, generator: random.Random) -> bytes:
    """A file with one to three changes in its bytes, its header or the JSON in its metadata."""
    kind = generator.randrange(4)
    whole = join(header, data)
    if kind == 0:  # bytes anywhere
        changed = bytearray(whole)
        for _ in range(generator.randint(1, 3)):
            changed[generator.randrange(len(changed))] = generator.randrange(256)
        return bytes(changed)
    if kind == 1:  # a piece removed or doubled
        start = generator.randrange(len(whole))
        stop = min(len(whole), start + generator.randint(1, 40))
        return whole[:start] + whole[start:stop] * generator.choice((0, 2)) + whole[stop:]
    copied = json.loads(json.dumps(header))
    if kind == 2:  # a value in the header
        change_value(copied, generator)
    else:  # a value in one of the texts, sealed again
        texts = copied["__metadata__"]
        key = generator.choice(("model", "compile", "training"))
        inner = json.loads(texts[key])
        change_value(inner, generator)
        texts[key] = json.dumps(inner)
    return join(copied, data)


def change_value(tree: Any, generator: random.Random) -> None:
    """Replace or remove something at a random place of nested dictionaries and lists."""
    places = []
    stack = [tree]
    while stack:
        node = stack.pop()
        keys = list(node) if isinstance(node, dict) else range(len(node))
        for key in keys:
            places.append((node, key))
            if isinstance(node[key], (dict, list)):
                stack.append(node[key])
    node, key = generator.choice(places)
    if generator.random() < 0.2:
        del node[key]
    elif generator.random() < 0.3:
        node[key] = copy.deepcopy(generator.choice(places)[0])
    else:
        node[key] = generator.choice(INTERESTING)


@pytest.mark.parametrize("kind", ["fake", "golden"])
def test_mutated_files_load_or_are_refused(kind: str) -> None:
    source = model_to_bytes(fake_model()) if kind == "fake" else GOLDEN.read_bytes()
    header, data = split(source)
    generator = random.Random(1)
    loaded = 0
    for number in range(5_000 if FULL else 1_000):
        state = generator.getstate()
        bad = mutated(header, data, generator)
        if generator.random() < 0.9:
            with contextlib.suppress(Exception):  # too broken to be sealed
                bad = stamped(bad)
        try:
            model_from_bytes(bad, CUSTOM)
            loaded += 1
        except FileFormatError:
            pass
        except Exception as error:
            pytest.fail(f"mutation {number}: {error!r}\n{bad!r}\nstate {state[1][:3]}")
    assert loaded > 10
