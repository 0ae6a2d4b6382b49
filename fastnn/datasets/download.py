"""Downloads with checksum: several addresses for each file, each with a time limit, and a file that
appears in its place complete and verified, or not at all. Which files are wanted, and from where,
stands with the data sets; the standard library's HTTP client is imported only when it is needed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from fastnn.errors import DownloadError

# Seconds without an answer, or below MIN_SPEED on average, after which an address is given up.
TIMEOUT = 20.0
MIN_SPEED = 1024
_CHUNK = 1 << 16


@dataclass(frozen=True)
class RemoteFile:
    """A file to fetch: its name in the cache, exact size in bytes, SHA-256, and its addresses."""

    name: str
    size: int
    sha256: str
    urls: tuple[str, ...]


# Files that together make up a data set.
Bundle = tuple[RemoteFile, ...]


class _FetchError(Exception):
    """One address did not deliver the file; the text says why."""


class _Body(Protocol):
    """The answer of a server, read as it comes in."""

    def read1(self, n: int = ..., /) -> bytes:
        """At most ``n`` bytes of what has arrived; waits only if that is nothing."""
        ...


def fetch(
    bundles: Sequence[Bundle], folder: Path, name: str, remedy: str, *, timeout: float = TIMEOUT
) -> None:
    """Bring all files of the first bundle that can be had completely into ``folder``.

    Files already there with the right size and checksum are not fetched again. Each download is
    written to a temporary file beside its place and moved there once its checksum is right, so
    that no other process ever sees a part of it, and nothing is left behind when it fails.

    Parameters
    ----------
    bundles : the ways to get the data set, best first.
    folder : where the files go; made if absent.
    name : the data set, for messages and the progress bar.
    remedy : what to do without a network, for the message.
    timeout : seconds without data, or with less than MIN_SPEED bytes per second, that end an
        attempt.

    Raises
    ------
    DownloadError : every bundle failed; lists each address with its failure. Also when ``folder``
        cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error
    failures: list[str] = []
    for bundle in bundles:
        if all(_fetch_file(file, folder, timeout, failures) for file in bundle):
            return
    listed = "".join(f"\n  {failure}" for failure in failures)
    raise DownloadError(f"{name} could not be downloaded; tried:{listed}\n{remedy}")


def _unwritable(folder: Path, error: OSError) -> DownloadError:
    """The error for a cache that cannot be written to, which no other address can help."""
    return DownloadError(
        f"{folder}: cannot be written to ({error.strerror or error}). Expected a folder for "
        f"downloaded data: set FASTNN_CACHE to one with room that can be written to."
    )


def _fetch_file(file: RemoteFile, folder: Path, timeout: float, failures: list[str]) -> bool:
    """Whether ``file`` is in ``folder``, in the end; what went wrong is added to ``failures``."""
    target = folder / file.name
    if _is_complete(target, file):
        return True
    for url in file.urls:
        try:
            _fetch_from(url, file, target, timeout)
        except _FetchError as failure:
            failures.append(f"{url}: {failure}")
        else:
            return True
    return False


def _is_complete(path: Path, file: RemoteFile) -> bool:
    """Whether ``path`` has the size and the checksum of ``file``."""
    try:
        if path.stat().st_size != file.size:
            return False
        return hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256
    except OSError:
        return False


def _fetch_from(url: str, file: RemoteFile, target: Path, timeout: float) -> None:
    """Download ``file`` from one address to ``target``; raises _FetchError."""
    with contextlib.ExitStack() as stack:
        try:
            handle, path = tempfile.mkstemp(".part", f".{file.name}.", target.parent)
            # Runs whatever happens, Ctrl-C included; after a success there is nothing to remove.
            stack.callback(Path(path).unlink, missing_ok=True)
            out: IO[bytes] = os.fdopen(handle, "wb")
        except OSError as error:
            raise _unwritable(target.parent, error) from error
        digest = hashlib.sha256()
        with out:
            for chunk in _body(url, file, timeout):
                digest.update(chunk)
                _write(out, chunk, target.parent)
        if digest.hexdigest() != file.sha256:
            raise _FetchError(
                f"wrong checksum: SHA-256 {digest.hexdigest()}, expected {file.sha256} "
                f"(the download was removed)"
            )
        try:
            os.replace(path, target)
        except OSError as error:
            raise _unwritable(target.parent, error) from error


def _write(out: IO[bytes], chunk: bytes, folder: Path) -> None:
    """Write one piece; a full disk is an error that no other address can help."""
    try:
        out.write(chunk)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _body(url: str, file: RemoteFile, timeout: float) -> Iterator[bytes]:
    """The bytes behind ``url``, exactly ``file.size`` of them; raises _FetchError."""
    import http.client
    import urllib.error
    import urllib.request

    request = urllib.request.Request(url, headers={"User-Agent": "fastnn"})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            announced = answer.headers.get("Content-Length")
            if announced is not None and announced != str(file.size):
                raise _FetchError(f"announces {announced} bytes, expected {file.size}")
            yield from _paced(answer, file, timeout)
    except urllib.error.HTTPError as error:
        error.close()
        raise _FetchError(f"HTTP {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, TimeoutError):
            raise _FetchError(f"no answer within {timeout:g} s") from error
        raise _FetchError(f"no connection ({error.reason})") from error
    except TimeoutError as error:
        raise _FetchError(f"stalled: no data for {timeout:g} s") from error
    except (http.client.HTTPException, OSError) as error:
        raise _FetchError(f"the connection broke ({type(error).__name__}: {error})") from error


def _paced(answer: _Body, file: RemoteFile, timeout: float) -> Iterator[bytes]:
    """The pieces of an answer as they arrive; raises _FetchError if too long, short or slow."""
    done, window_start, window_bytes = 0, time.monotonic(), 0
    with _progress(file) as show:
        while chunk := answer.read1(_CHUNK):
            done += len(chunk)
            if done > file.size:
                raise _FetchError(f"sends more than the expected {file.size} bytes")
            window_bytes += len(chunk)
            now = time.monotonic()
            if now - window_start >= timeout:
                if window_bytes < MIN_SPEED * (now - window_start):
                    raise _FetchError(
                        f"stalled: {window_bytes} bytes in {now - window_start:.0f} s"
                    )
                window_start, window_bytes = now, 0
            show.update(done)
            yield chunk
    if done < file.size:
        raise _FetchError(f"the connection was cut after {done} of {file.size} bytes")


class _Progress:
    """A bar on stderr, redrawn at most ten times a second; silent if stderr is no terminal."""

    def __init__(self, name: str, size: int) -> None:
        self.name, self.size = name, size
        self.shown = sys.stderr is not None and sys.stderr.isatty()
        self.last_drawn = float("-inf")

    def update(self, done: int) -> None:
        """Show that ``done`` bytes have arrived."""
        now = time.monotonic()
        if not self.shown or (done < self.size and now - self.last_drawn < 0.1):
            return
        self.last_drawn = now
        share = done / self.size
        bar = ("=" * int(30 * share)).ljust(30, ".")
        megabytes = f"{done / 1e6:.1f}/{self.size / 1e6:.1f} MB"
        sys.stderr.write(f"\r{self.name} [{bar}] {share:4.0%} {megabytes}")
        sys.stderr.flush()


@contextlib.contextmanager
def _progress(file: RemoteFile) -> Iterator[_Progress]:
    """A bar that ends its line however the download ends."""
    bar = _Progress(file.name, file.size)
    try:
        yield bar
    finally:
        if bar.shown and bar.last_drawn > 0:
            sys.stderr.write("\n")
            sys.stderr.flush()
