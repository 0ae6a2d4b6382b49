"""The npz reader: what NumPy writes is read; what lies, hides objects or explodes is refused."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from fastnn.datasets.npz import member_names, read_npz
from fastnn.errors import FileFormatError

SAVERS = {"stored": np.savez, "deflated": np.savez_compressed}


def npy(array: np.ndarray, shape: object = None, descr: object = "") -> bytes:
    """An .npy file; ``shape`` and ``descr`` overrule what its header says."""
    out = io.BytesIO()
    header = {"descr": descr or array.dtype.str, "fortran_order": False}
    text = repr({**header, "shape": array.shape if shape is None else shape}) + "\n"
    out.write(b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text.encode() + array.tobytes())
    return out.getvalue()


def archive(file: Path, members: list[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED):
    """A zip file of these members, as they are."""
    with zipfile.ZipFile(file, "w", method) as out:
        for name, content in members:
            out.writestr(name, content)
    return file


@pytest.mark.parametrize("saver", SAVERS)
@pytest.mark.parametrize("dtype", ["?", "u1", "i8", "<f4", ">f4", ">i2", "f8", "f2", "<U3", "S2"])
def test_round_trip(tmp_path: Path, saver: str, dtype: str) -> None:
    array = np.arange(24).reshape(2, 3, 4).astype(dtype)
    one = array[1:, 2:, 3:].reshape(())
    file = tmp_path / "data.npz"
    SAVERS[saver](file, a=array, b=np.asfortranarray(array), c=array[:0], d=one)
    assert member_names(file) == ("a", "b", "c", "d")
    read = read_npz(file, "abcd")
    for name, expected in zip("abcd", (array, array, array[:0], one), strict=True):
        np.testing.assert_array_equal(read[name], expected)
        assert read[name].dtype == array.dtype.newbyteorder("=")
        assert read[name].dtype.isnative
        assert read[name].flags.writeable
        assert read[name].flags.c_contiguous


def test_only_named_arrays_are_touched(tmp_path: Path) -> None:
    file = tmp_path / "data.npz"
    np.savez(file, x=np.eye(2), other=np.array([object()], dtype=object))
    np.testing.assert_array_equal(read_npz(file, ["x"])["x"], np.eye(2))
    with pytest.raises(FileFormatError, match="has the arrays 'x', 'other', but no 'y'"):
        read_npz(file, ["x", "y"])


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    marker = tmp_path / "was-run"

    class Trap:
        def __reduce__(self):
            return (Path.touch, (marker,))

    file = tmp_path / "trap.npz"
    np.savez(file, x=np.array([Trap()], dtype=object))
    with pytest.raises(FileFormatError, match=r"holds Python objects \(pickle\)"):
        read_npz(file, ["x"])
    assert not marker.exists()
    np.load(file, allow_pickle=True)["x"]
    assert marker.exists(), "the trap itself must work, or the check above shows nothing"


DATA = np.arange(100, dtype=np.uint8)
HOSTILE = {
    "huge": (npy(DATA, (60000, 28000, 28000)), "needs 47040000000000"),
    "overflow": (npy(DATA, (1 << 40, 1 << 40)), "needs 1208925819614629174706176"),
    "wraps-to-100": (npy(DATA, (1 << 32, 1 << 32, 100)), "has 100 bytes of data; its shape"),
    "negative": (npy(DATA, (-1, -100)), "expected sizes of at least 0"),
    "negative-1": (npy(DATA, (-100,)), "expected sizes of at least 0"),
    "bool-size": (npy(DATA, (True, 100)), "header that cannot be read"),
    "overflow-with-0": (npy(DATA[:0], (0, 1 << 62, 1 << 62)), "cannot be held in memory"),
    "nan-size": (npy(DATA, "nan"), "header that cannot be read"),
    "float-size": (npy(DATA, (100.0,)), "header that cannot be read"),
    "truncated": (npy(DATA)[:-1], "has 99 bytes of data; its shape"),
    "trailing": (npy(DATA) + b"x", "has 101 bytes of data; its shape"),
    "no-header": (b"\x93NUMPY\1\0\xff", "header that cannot be read"),
    "not-npy": (b"hello, world", "not an array of .npy"),
    "version-9": (b"\x93NUMPY\x09\0" + npy(DATA)[8:], "not an array of .npy"),
    "header-4GB": (b"\x93NUMPY\2\0" + b"\xff" * 4 + bytes(64), "header of 4294967295 bytes"),
    "code": (npy(DATA, descr="__import__('os')"), "header that cannot be read"),
    "nested": (b"\x93NUMPY\1\0\x00\x20" + b"(" * 0x2000, "header that cannot be read"),
    "minus-minus": (b"\x93NUMPY\1\0\x00\x20" + b"-" * 0x2000, "header that cannot be read"),
    "void": (npy(DATA, descr="V4"), "expected booleans, integers"),
    "structure": (npy(DATA, descr=[("a", "|u1")]), "header that cannot be read"),
    "unknown-type": (npy(DATA, descr="f3"), "header that cannot be read"),
    "digits": (npy(DATA, (10**4000,)), "header"),
    "complex": (npy(np.zeros(2, "c8")), "expected booleans, integers"),
    "dates": (npy(np.zeros(2, "M8[s]")), "expected booleans, integers"),
    "empty-text": (npy(DATA[:0], (1 << 62,), "<U0"), "expected booleans, integers"),
    "wide-text": (npy(DATA, (1,), "<U400000000"), "needs 1600000000"),
}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_member(tmp_path: Path, case: str, method: int, little_memory) -> None:
    content, text = HOSTILE[case]
    file = archive(tmp_path / "bad.npz", [("x.npy", content)], method)
    with little_memory(), pytest.raises(FileFormatError, match=text) as caught:
        read_npz(file, ["x"])
    caught.match("bad.npz: ")


def test_double_names(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        file = archive(tmp_path / "two.npz", [("x.npy", npy(DATA)), ("x.npy", npy(DATA))])
    with pytest.raises(FileFormatError, match="holds the array 'x' twice"):
        read_npz(file, ["x"])


def test_names_outside_the_archive_are_just_names(tmp_path: Path) -> None:
    file = archive(tmp_path / "up.npz", [("../x.npy", npy(DATA)), ("x.npy", npy(DATA))])
    assert read_npz(file, ["x"])["x"].shape == (100,)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["up.npz"]


def zip64_end(entries: int, size: int, offset: int) -> bytes:
    """The zip64 end record and its locator, for a directory right before them."""
    record = (b"PK\6\6", 44, 45, 45, 0, 0, entries, entries, size, offset)
    return struct.pack("<4sQHHLLQQQQ", *record) + struct.pack(
        "<4sLQL", b"PK\6\7", 0, offset + size, 1
    )


@pytest.mark.parametrize("zip64", [False, True], ids=["zip", "zip64"])
@pytest.mark.parametrize("count", [1500, 100_000])
def test_many_members(tmp_path: Path, count: int, zip64: bool, little_memory) -> None:
    """The directory of 10^5 members is refused before it is read."""
    file = tmp_path / "many.npz"
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 0, 0, 33, 0, 0, 0, 5, 0) + b"00000"
    entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 0, 0, 33, *[0] * 3, 5, *[0] * 6)
    directory = b"".join(entry + b"%05d" % i for i in range(count))
    sizes = (min(count, 0xFFFF), min(count, 0xFFFF), len(directory), len(local))
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, *sizes, 0)
    if (
        zip64
    ):  # the plain record claims an empty directory; the zip64 record, which counts, the true
        end = zip64_end(count, len(directory), len(local)) + end[:8] + bytes(14)
    file.write_bytes(local + directory + end)
    with little_memory(), pytest.raises(FileFormatError, match=r"1500 arrays|its directory takes"):
        read_npz(file, ["x"])


def test_zip64_directory_is_read(tmp_path: Path) -> None:
    """A true zip64 end record, as archives over 4 GB have."""
    file = tmp_path / "zip64.npz"
    np.savez(file, x=DATA)
    content = file.read_bytes()
    end = content[-22:]
    n, size, offset = struct.unpack("<HLL", end[10:20])
    extra = zip64_end(n, size, offset)
    short = end[:8] + b"\xff\xff\xff\xff" + b"\xff" * 8 + end[20:]
    file.write_bytes(content[:-22] + extra + short)
    with pytest.raises(FileFormatError, match="its directory takes 4294967295 bytes"):
        read_npz(file, ["x"])
    file.write_bytes(content[:-22] + extra + end)
    np.testing.assert_array_equal(read_npz(file, ["x"])["x"], DATA)


def zeros_npz(file: Path, megabytes: int, names: str) -> Path:
    """An honest archive of compressed zeros."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
        for name in names:
            with out.open(f"{name}.npy", "w") as member:
                member.write(npy(DATA[:0], (megabytes << 20,)))
                for _ in range(megabytes):
                    member.write(bytes(1 << 20))
    return file


def test_bomb(tmp_path: Path, little_memory) -> None:
    file = zeros_npz(tmp_path / "bomb.npz", 300, "x")
    assert file.stat().st_size < 3 << 20
    with little_memory(), pytest.raises(FileFormatError, match="store it uncompressed"):
        read_npz(file, ["x"])


def test_sum_of_many_that_are_just_under_the_limit(tmp_path: Path, little_memory) -> None:
    file = zeros_npz(tmp_path / "sum.npz", 90, "abc")
    assert read_npz(file, ["a"])["a"].nbytes == 90 << 20
    with little_memory(), pytest.raises(FileFormatError, match="store it uncompressed"):
        read_npz(file, "abc")


def test_size_that_only_the_directory_claims(tmp_path: Path, little_memory) -> None:
    """Both the .npy header and the zip directory lie: 200 MB, held in 100 bytes."""
    member = npy(DATA, (200 << 20,))
    file = archive(tmp_path / "lie.npz", [("x.npy", member)], zipfile.ZIP_STORED)
    content = bytearray(file.read_bytes())
    at = content.rindex(b"PK\1\2")
    size = len(member) - 100 + (200 << 20)
    content[at + 24 : at + 28] = struct.pack("<L", size)
    file.write_bytes(content)
    with little_memory(), pytest.raises(FileFormatError, match="more than compression can hold"):
        read_npz(file, ["x"])


@pytest.mark.parametrize("saver", SAVERS)
def test_truncated_and_damaged_archives(tmp_path: Path, saver: str) -> None:
    whole, file = tmp_path / "whole.npz", tmp_path / "part.npz"
    SAVERS[saver](whole, x=np.random.default_rng(0).integers(0, 256, 4000, np.uint8))
    content = whole.read_bytes()
    for length in (0, 1, 21, 22, 100, len(content) // 2, len(content) - 1):
        file.write_bytes(content[:length])
        with pytest.raises(FileFormatError, match="not a readable"):
            read_npz(file, ["x"])
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 1
    file.write_bytes(flipped)
    with pytest.raises(FileFormatError, match="not a readable"):
        read_npz(file, ["x"])


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compression(tmp_path: Path, method: int) -> None:
    file = archive(tmp_path / "x.npz", [("x.npy", npy(DATA))], method)
    with pytest.raises(FileFormatError, match="compressed in another way"):
        read_npz(file, ["x"])


def test_missing_file_and_folder(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.npz"):
        with pytest.raises(FileFormatError, match="cannot be read"):
            member_names(path)


def test_mutations_never_raise_anything_else(tmp_path: Path) -> None:
    rng, messages = np.random.default_rng(5), []
    whole, file = tmp_path / "whole.npz", tmp_path / "mutant.npz"
    for saver in SAVERS.values():
        saver(whole, x=np.arange(12), y=np.array(["a", "b"]))
        content = whole.read_bytes()
        for _ in range(400):
            mutant = bytearray(content)
            for _ in range(rng.integers(1, 4)):
                mutant[rng.integers(len(mutant))] = rng.integers(256)
            file.write_bytes(mutant)
            try:
                read_npz(file, ["x", "y"])
            except FileFormatError as error:
                messages.append(str(error))
    assert len(messages) > 100
    assert all(str(file) in message for message in messages)
