"""The IDX reader: every type and rank, plain and gzipped, and files that lie about their size."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from fastnn.datasets.idx import read_idx
from fastnn.errors import FileFormatError
from tests.datasets.conftest import idx_bytes


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "i4", "f4", "f8"])
@pytest.mark.parametrize("shape", [(7,), (3, 4), (2, 3, 4), (2, 1, 2, 3), (0, 5)])
def test_round_trip(tmp_path: Path, dtype: str, shape: tuple[int, ...], zipped: bool) -> None:
    rng = np.random.default_rng(1)
    array = rng.integers(-100 if dtype[0] != "u" else 0, 100, shape).astype(dtype)
    content = idx_bytes(array)
    file = tmp_path / "data"
    file.write_bytes(gzip.compress(content) if zipped else content)
    read = read_idx(file)
    assert read.dtype == array.dtype
    assert read.dtype.isnative
    assert read.flags.writeable
    assert read.flags.c_contiguous
    np.testing.assert_array_equal(read, array)


def header(shape: tuple[int, ...], code: int = 8) -> bytes:
    return bytes([0, 0, code, len(shape)]) + struct.pack(f">{len(shape)}I", *shape)


GOOD = idx_bytes(np.arange(60, dtype=np.uint8).reshape(3, 4, 5))
HUGE = 0xFFFFFFFF  # what -1 looks like as an unsigned number
HOSTILE = {
    "empty": (b"", "begins with the bytes"),
    "magic": (b"\1\2" + GOOD[2:], "begins with the bytes"),
    "type": (b"\0\0\7" + GOOD[3:], "begins with the bytes 00 00 07"),
    "rank-0": (b"\0\0\x08\0", "declares 0 dimensions"),
    "rank-255": (b"\0\0\x08\xff" + b"\0\0\0\1" * 255, "declares 255 dimensions"),
    "half-header": (GOOD[:9], "ends within its header"),
    "huge": (header((60000, 28000, 28000)) + bytes(100), None),
    "overflow": (header((1 << 31, 1 << 31, 4)) + bytes(100), None),
    "overflow-with-0": (header((0, HUGE, HUGE, HUGE)), "cannot be held in memory"),
    "negative": (header((HUGE, 28, 28)) + bytes(100), None),
    "truncated": (GOOD[:-1], None),
    "trailing": (GOOD + b"x", None),
}


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("case", HOSTILE)
def test_hostile(tmp_path: Path, case: str, zipped: bool, little_memory) -> None:
    content, text = HOSTILE[case]
    file = tmp_path / "bad-file"
    file.write_bytes(gzip.compress(content) if zipped else content)
    with little_memory(), pytest.raises(FileFormatError, match="bad-file: ") as caught:
        read_idx(file)
    unpacked = "declares .* bytes of data|ends after|goes on after"
    caught.match(text or (unpacked if zipped else "bytes of data; its shape .* needs"))


def test_gzip_that_claims_what_it_could_not_hold_allocates_nothing(tmp_path: Path) -> None:
    file = tmp_path / "lie.gz"
    file.write_bytes(gzip.compress(header((200 << 20,)) + bytes(1000)))
    with pytest.raises(FileFormatError, match="more than compression can hold"):
        read_idx(file)


def test_gzip_bomb_is_refused(tmp_path: Path, little_memory) -> None:
    """1.5 MB of zeros, compressed; the header's 1.5 GB are true, and still refused."""
    part = gzip.compress(bytes(16 << 20))
    file = tmp_path / "bomb.gz"
    file.write_bytes(gzip.compress(header((96 * (16 << 20),))) + part * 96)
    with little_memory(), pytest.raises(FileFormatError, match="times the size of the file"):
        read_idx(file)


def test_gzip_with_more_behind_it_is_not_unpacked(tmp_path: Path, little_memory) -> None:
    """A small declared size bounds what is read, whatever follows."""
    file = tmp_path / "long.gz"
    file.write_bytes(gzip.compress(GOOD) + gzip.compress(bytes(64 << 20)))
    with little_memory(), pytest.raises(FileFormatError, match="goes on after the 60 bytes"):
        read_idx(file)


def test_cut_and_damaged_gzip(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    packed = gzip.compress(idx_bytes(rng.integers(0, 256, 5000).astype(np.uint8)))
    flipped = bytearray(packed)
    flipped[-6] ^= 0xFF  # the CRC
    for number, content in enumerate((packed[:-1], packed[:2000], packed[:5], bytes(flipped))):
        file = tmp_path / f"{number}.gz"
        file.write_bytes(content)
        with pytest.raises(FileFormatError, match="damaged or truncated gzip"):
            read_idx(file)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "no-such-file"):
        with pytest.raises(FileFormatError, match="cannot be read"):
            read_idx(path)


def test_mutations_never_raise_anything_else(tmp_path: Path) -> None:
    rng, messages = np.random.default_rng(4), []
    file = tmp_path / "mutant"
    for content in (GOOD, gzip.compress(GOOD)):
        for _ in range(200):
            mutant = bytearray(content)
            for _ in range(rng.integers(1, 4)):
                mutant[rng.integers(len(mutant))] = rng.integers(256)
            file.write_bytes(mutant[: rng.integers(len(mutant)) if rng.random() < 0.2 else None])
            try:
                read_idx(file)
            except FileFormatError as error:
                messages.append(str(error))
    assert len(messages) > 100
    assert all(str(file) in message for message in messages)
