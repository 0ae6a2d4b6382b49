"""What the data set tests share: folders that hold nothing of the user's, small IDX files, a local
web server that misbehaves on request, and a bound on memory growth.
"""

from __future__ import annotations

import gzip
import http.server
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
import pytest

CODES = {"|u1": 0x08, "|i1": 0x09, ">i2": 0x0B, ">i4": 0x0C, ">f4": 0x0D, ">f8": 0x0E}

IDX = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


def idx_bytes(array: np.ndarray) -> bytes:
    """``array`` in the IDX format."""
    big = array.astype(array.dtype.newbyteorder(">"))
    header = bytes([0, 0, CODES[big.dtype.str], big.ndim])
    return header + struct.pack(f">{big.ndim}I", *big.shape) + big.tobytes()


def small_mnist(rows: int = 20, seed: int = 0) -> dict[str, bytes]:
    """Four gzipped IDX files by name, with ``rows`` training and half as many test images."""
    rng = np.random.default_rng(seed)
    files = {}
    for part, n in (("train", rows), ("t10k", rows // 2)):
        images = rng.integers(0, 256, (n, 28, 28), np.uint8)
        labels = rng.integers(0, 10, n).astype(np.uint8)
        files[f"{part}-images-idx3-ubyte.gz"] = gzip.compress(idx_bytes(images), mtime=0)
        files[f"{part}-labels-idx1-ubyte.gz"] = gzip.compress(idx_bytes(labels), mtime=0)
    return files


def write_files(folder: Path, files: dict[str, bytes]) -> Path:
    """Write ``files`` into ``folder``, which is made; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every folder that fastnn searches lies under ``tmp_path``; downloads are forbidden."""
    monkeypatch.delenv("FASTNN_DATA", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("FASTNN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("FASTNN_OFFLINE", "1")
    return tmp_path


class Server:
    """A web server on this machine. ``answers`` maps a path to what a request for it does."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[http.server.BaseHTTPRequestHandler], None]] = {}
        self.requests: list[str] = []
        self.stopping = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.requests.append(self.path)
                answer = outer.answers.get(self.path)
                if answer is None:
                    self.send_error(404, "Not Found")
                    return
                answer(self)

            def log_message(self, *args: object) -> None:
                """Nothing on the terminal."""

        class Quiet(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, address: object) -> None:
                """The client hung up, as some tests make it do."""

        self.http = Quiet(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.http.server_address[1]}{path}"

    def send(self, path: str, body: bytes) -> str:
        """Serve ``body`` as it should be."""
        return self._add(path, body, body, len(body))

    def cut(self, path: str, body: bytes) -> str:
        """Announce all of ``body``, send half, hang up."""
        return self._add(path, body, body[: len(body) // 2], len(body))

    def unannounced(self, path: str, body: bytes) -> str:
        """Send ``body`` without a Content-Length."""
        return self._add(path, body, body, None)

    def announce(self, path: str, body: bytes, length: int) -> str:
        """Send ``body`` but announce another length."""
        return self._add(path, body, body, length)

    def stall(self, path: str, body: bytes) -> str:
        """Send half of ``body``, then nothing until the test ends."""

        def after(handler: http.server.BaseHTTPRequestHandler) -> None:
            self.stopping.wait(20)

        return self._add(path, body, body[: len(body) // 2], len(body), after)

    def mute(self, path: str) -> str:
        """Accept the request and never answer."""
        self.answers[path] = lambda handler: (self.stopping.wait(20), None)[1]
        return self.url(path)

    def drip(self, path: str, body: bytes) -> str:
        """Send one byte every 50 ms: never silent, never done."""

        def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            for byte in body:
                handler.wfile.write(bytes([byte]))
                handler.wfile.flush()
                if self.stopping.wait(0.05):
                    return

        self.answers[path] = answer
        return self.url(path)

    def _add(
        self,
        path: str,
        body: bytes,
        sent: bytes,
        length: int | None,
        after: Callable[[http.server.BaseHTTPRequestHandler], None] | None = None,
    ) -> str:
        def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            if length is not None:
                handler.send_header("Content-Length", str(length))
            handler.end_headers()
            handler.wfile.write(sent)
            handler.wfile.flush()
            if after is not None:
                after(handler)

        self.answers[path] = answer
        return self.url(path)

    def close(self) -> None:
        self.stopping.set()
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A ``Server``; a proxy named in the environment is left aside."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    running = Server()
    yield running
    running.close()


@pytest.fixture
def little_memory() -> Callable[[], AbstractContextManager[None]]:
    """A context that fails if the process's resident memory grew by over 16 MB inside."""
    if not Path("/proc/self/status").exists():
        pytest.skip("resident memory is read from /proc, which this system lacks")

    def peak() -> int:
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024

    @contextmanager
    def bound() -> Iterator[None]:
        Path("/proc/self/clear_refs").write_text("5")  # resets the peak to what is in use now
        before = peak()
        yield
        grown = peak() - before
        assert grown < 16 << 20, f"resident memory grew by {grown / 1e6:.1f} MB"

    return bound
