"""Downloads, against a server on this machine that fails in every way a real one does. The public
addresses are never contacted: ``FASTNN_OFFLINE`` or a list of local addresses stands in their way.
"""

from __future__ import annotations

import hashlib
import io
import os
import socket
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from fastnn.datasets import available, fashion_mnist, load, mnist
from fastnn.datasets.download import RemoteFile, fetch
from fastnn.datasets.image_set import ImageSet
from fastnn.errors import DownloadError
from tests.datasets.conftest import IDX, Server, small_mnist

BODY = np.random.default_rng(0).integers(0, 256, 200_000, np.uint8).tobytes()
WRONG = bytes(200_000)


def remote(*urls: str, body: bytes = BODY, name: str = "data.gz") -> RemoteFile:
    return RemoteFile(name, len(body), hashlib.sha256(body).hexdigest(), urls)


def get(folder: Path, *urls: str, timeout: float = 5.0) -> bytes:
    """Fetch BODY; whatever happens, nothing but the whole file may lie in the folder."""
    try:
        fetch([(remote(*urls),)], folder, "data", "Put it there yourself.", timeout=timeout)
    finally:
        assert [path.name for path in folder.iterdir()] in ([], ["data.gz"])
    return (folder / "data.gz").read_bytes()


def test_first_address_serves(tmp_path: Path, server: Server) -> None:
    assert get(tmp_path / "a" / "b", server.send("/one", BODY), server.send("/two", BODY)) == BODY
    assert server.requests == ["/one"]


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


FAILURES = {
    "404": (lambda s: s.url("/missing"), "HTTP 404 Not Found"),
    "wrong-hash": (lambda s: s.send("/bad", WRONG), "wrong checksum: SHA-256 [0-9a-f]{64}"),
    "cut": (lambda s: s.cut("/bad", BODY), "cut after 100000 of 200000 bytes"),
    "stall": (lambda s: s.stall("/bad", BODY), "stalled: no data for 0.3 s"),
    "mute": (lambda s: s.mute("/bad"), "(stalled: no data for|no answer within) 0.3 s"),
    "drip": (lambda s: s.drip("/bad", BODY), r"stalled: \d+ bytes in"),
    "short": (lambda s: s.unannounced("/bad", BODY[:5]), "cut after 5 of 200000 bytes"),
    "long": (lambda s: s.unannounced("/bad", BODY * 2), "sends more than the expected 200000"),
    "announced": (lambda s: s.announce("/bad", BODY, 7), "announces 7 bytes, expected 200000"),
    "refused": (lambda s: f"http://127.0.0.1:{unused_port()}/", "no connection"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_next_address_after_failure(tmp_path: Path, server: Server, case: str) -> None:
    make, text = FAILURES[case]
    folder = tmp_path / "cache"
    bad = make(server)
    start = time.monotonic()
    with pytest.raises(DownloadError, match=text) as caught:
        get(folder, bad, timeout=0.3)
    assert time.monotonic() - start < 2.9, "the time limit is 0.3 s"
    assert list(folder.iterdir()) == []
    assert bad in str(caught.value)
    assert str(caught.value).endswith("Put it there yourself.")
    assert get(folder, bad, server.send("/good", BODY), timeout=0.3) == BODY
    assert server.requests[-1] == "/good"


def test_message_lists_every_address(tmp_path: Path, server: Server) -> None:
    urls = [server.url("/missing"), server.send("/bad", WRONG), server.cut("/cut", BODY)]
    with pytest.raises(DownloadError) as caught:
        get(tmp_path / "cache", *urls)
    lines = str(caught.value).splitlines()
    assert lines[0] == "data could not be downloaded; tried:"
    for line, url, text in zip(
        lines[1:4], urls, ("HTTP 404", "wrong checksum", "cut"), strict=True
    ):
        assert line.startswith(f"  {url}: ")
        assert text in line


def test_present_file_is_not_fetched_again_unless_it_is_wrong(
    tmp_path: Path, server: Server
) -> None:
    url = server.send("/one", BODY)
    get(tmp_path / "cache", url)
    get(tmp_path / "cache", url)
    assert server.requests == ["/one"]
    for content in (WRONG, b"short"):
        (tmp_path / "cache" / "data.gz").write_bytes(content)
        assert get(tmp_path / "cache", url) == BODY
    assert len(server.requests) == 3


def test_bundles_in_order(tmp_path: Path, server: Server) -> None:
    """A bundle that cannot be had whole gives way to the next."""
    one = remote(server.send("/one", BODY), name="one")
    two = remote(server.url("/missing"), name="two")
    three = remote(server.send("/three", BODY), name="three")
    fetch([(one, two), (three,)], tmp_path, "data", "", timeout=5)
    assert server.requests == ["/one", "/missing", "/three"]
    with pytest.raises(DownloadError, match="/missing: HTTP 404"):
        fetch([(one, two)], tmp_path, "data", "", timeout=5)


def test_the_file_appears_only_when_it_is_complete(tmp_path: Path, server: Server) -> None:
    """While a server stalls halfway, the place is empty but for the temporary file."""
    seen: list[list[str]] = []
    url = server.stall("/half", BODY)

    def attempt() -> None:
        with pytest.raises(DownloadError):
            get(tmp_path, url, timeout=1.0)

    thread = threading.Thread(target=attempt)
    thread.start()
    while thread.is_alive():
        seen.append(sorted(path.name for path in tmp_path.iterdir()))
        thread.join(0.02)
    assert any(names and names[0].startswith(".data.gz.") for names in seen), "it never began"
    assert not any("data.gz" in names for names in seen)
    assert list(tmp_path.iterdir()) == []


def test_interrupt_leaves_nothing_behind(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("fastnn.datasets.download._write", interrupt)
    with pytest.raises(KeyboardInterrupt):
        get(tmp_path, server.send("/one", BODY))
    assert list(tmp_path.iterdir()) == []


def test_unwritable_cache_is_named_at_once(tmp_path: Path, server: Server) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(DownloadError, match=r"file.*cannot be written to .* set FASTNN_CACHE"):
        fetch([(remote(server.send("/one", BODY)),)], tmp_path / "file" / "x", "data", "")
    assert server.requests == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_full_disk(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    fdopen = os.fdopen
    monkeypatch.setattr("os.fdopen", lambda handle, mode: fdopen(full, mode, buffering=0))
    with pytest.raises(DownloadError, match=r"cannot be written to \(No space left"):
        get(tmp_path, server.send("/one", BODY), server.send("/two", BODY))
    assert server.requests == ["/one"]


class Screen(io.StringIO):
    """A stderr that says whether it is a terminal."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


def test_progress_on_a_terminal_only(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = server.send("/one", BODY)
    for terminal in (False, True):
        screen = Screen(terminal)
        monkeypatch.setattr(sys, "stderr", screen)
        (tmp_path / "data.gz").unlink(missing_ok=True)
        get(tmp_path, url)
        if terminal:
            last = screen.getvalue().split("\r")[-1]
            assert last == f"data.gz [{'=' * 30}] 100% 0.2/0.2 MB\n"
        else:
            assert screen.getvalue() == ""


@pytest.fixture
def local_mnist(
    places: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> tuple[Server, dict[str, bytes]]:
    """MNIST's entry, with a small set on the local server as its only source."""
    monkeypatch.delenv("FASTNN_OFFLINE")
    files = small_mnist()
    bundle = tuple(
        remote(server.url("/missing/" + name), server.send("/" + name, body), body=body, name=name)
        for name, body in files.items()
    )
    entry = ImageSet("mnist", mnist.SET.class_names, (bundle,))
    monkeypatch.setattr(mnist, "SET", entry)
    monkeypatch.setattr("fastnn.datasets.catalog._IMAGE_SETS", {"mnist": entry})
    return server, files


def test_load_data_downloads_once_and_then_works_offline(
    local_mnist: tuple[Server, dict[str, bytes]], places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, files = local_mnist
    assert available("mnist") is None
    (x_train, y_train), (x_test, y_test) = mnist.load_data()
    assert x_train.shape == (20, 28, 28)
    assert y_train.shape == (20,)
    assert x_test.shape == (10, 28, 28)
    assert y_test.shape == (10,)
    assert server.requests == [s + n for n in files for s in ("/missing/", "/")]
    assert available("mnist") == places / "cache" / "datasets" / "mnist"
    assert sorted(os.listdir(places / "cache" / "datasets" / "mnist")) == sorted(files)
    monkeypatch.setenv("FASTNN_OFFLINE", "1")
    np.testing.assert_array_equal(mnist.load_data()[0][0], x_train)
    np.testing.assert_array_equal(load("mnist").x_test, x_test)
    assert len(server.requests) == 8


def test_load_data_after_an_interrupted_download_fetches_the_rest(
    local_mnist: tuple[Server, dict[str, bytes]], places: Path
) -> None:
    server, _files = local_mnist
    good = server.answers.pop("/" + IDX[3])
    with pytest.raises(DownloadError, match=IDX[3]) as caught:
        mnist.load_data()
    caught.match(r"Without a network: put train-images-idx3-ubyte.gz, .* set FASTNN_DATA=FOLDER")
    assert available("mnist") is None
    server.answers["/" + IDX[3]] = good
    server.requests.clear()
    mnist.load_data()
    assert server.requests == ["/missing/" + IDX[3], "/" + IDX[3]]


def test_offline_says_where_to_put_the_files(places: Path) -> None:
    with pytest.raises(DownloadError, match="FASTNN_OFFLINE forbids") as caught:
        fashion_mnist.load_data()
    text = str(caught.value)
    assert "set FASTNN_DATA=FOLDER" in text
    assert f"Keras's fashion_mnist.npz into {places / 'keras' / 'datasets'}" in text


@pytest.mark.parametrize("entry", [mnist.SET, fashion_mnist.SET], ids=lambda entry: entry.name)
def test_addresses_are_well_formed(entry: ImageSet) -> None:
    for bundle in entry.bundles:
        for file in bundle:
            assert len(file.sha256) == 64
            assert int(file.sha256, 16)
            assert file.urls
            for url in file.urls:
                assert url.startswith(("https://", "http://fashion-mnist.s3-website"))
                assert url.endswith("/" + file.name)


@pytest.mark.data
@pytest.mark.parametrize("entry", [mnist.SET, fashion_mnist.SET], ids=lambda entry: entry.name)
def test_sizes_and_checksums_are_those_of_the_real_files(entry: ImageSet) -> None:
    folder = Path(os.environ.get("FASTNN_DATA", ""), entry.name)
    for file in entry.bundles[-1]:
        if not (folder / file.name).is_file():
            pytest.skip(f"FASTNN_DATA names no folder with {entry.name}/{file.name}")
        content = (folder / file.name).read_bytes()
        assert len(content) == file.size
        assert hashlib.sha256(content).hexdigest() == file.sha256
