"""Compiled kernels on disk. The folder's name holds a hash of this backend's sources, of the
versions and of the CPU, so a file in it is never stale: whoever edits a kernel gets another folder.
(Numba's own cache looks at the file that holds a function, not at those it calls.)

The folder lies in fastnn's cache; where that cannot be written, kernels are compiled anew in each
process, and one note says so.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).parent
# What kernels are made of beyond this folder: the format of records and the function codes.
OUTSIDE = (
    *("backends/base.py", "random/philox.py"),
    *("ops/codes.py", "ops/layerwise.py", "ops/loss.py", "ops/penalty.py"),
    *("program/control.py", "program/memory.py", "program/record.py"),
)

STALE_AFTER = 30 * 86400.0  # seconds unused after which a folder of other sources is removed


def source_key(machine: str) -> str:
    """A hash of everything that compiled code depends on."""
    found = hashlib.sha256(machine.encode())
    for package in ("numba", "llvmlite"):
        found.update(f"{package} {metadata.version(package)}\n".encode())
    found.update(sys.version.encode())
    root = HERE.parent.parent
    for path in (*sorted(HERE.glob("*.py")), *(root / name for name in OUTSIDE)):
        found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:16]


class KernelCache:
    """A folder of compiled functions.

    Parameters
    ----------
    machine : what tells this CPU from another.
    """

    def __init__(self, machine: str) -> None:
        from fastnn.datasets.places import cache_folder

        self.folder: Path | None = cache_folder().parent / f"numba-{source_key(machine)}"
        self.problem: str = ""
        self._marked = self._cleaned = False

    def load(self, name: str) -> tuple[str, bytes] | None:
        """Symbol and object code, or None if there is no sound file."""
        if self.folder is None:
            return None
        try:
            data = (self.folder / f"{name}.bin").read_bytes()
        except OSError:
            return None
        digest, _, content = data.partition(b"\n")
        if hashlib.sha256(content).hexdigest().encode() != digest:
            return None
        if not self._marked:
            self._marked = True
            with contextlib.suppress(OSError):
                os.utime(self.folder)
        symbol, _, code = content.partition(b"\n")
        return symbol.decode(), code

    def store(self, name: str, compiled: tuple[str, bytes]) -> None:
        """Keep a function; a file appears whole or not at all, whoever else writes it."""
        if self.folder is None:
            return
        content = compiled[0].encode() + b"\n" + compiled[1]
        data = hashlib.sha256(content).hexdigest().encode() + b"\n" + content
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, partial = tempfile.mkstemp(dir=self.folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                os.replace(partial, self.folder / f"{name}.bin")
            except OSError:
                with contextlib.suppress(OSError):
                    os.unlink(partial)
                raise
        except OSError as error:
            self._give_up(error)
            return
        if not self._cleaned:
            self._cleaned = True
            self._remove_stale(self.folder)

    def _remove_stale(self, own: Path) -> None:
        """Remove the folders of other sources, versions and CPUs that nobody has used for long.

        ``load`` marks a folder as used. Whoever still wants one compiles again.
        """
        limit = time.time() - STALE_AFTER
        for folder in own.parent.glob("numba-*"):
            with contextlib.suppress(OSError):
                known = re.fullmatch("numba-[0-9a-f]{16}", folder.name) and not folder.is_symlink()
                if known and folder != own and folder.stat().st_mtime < limit:
                    shutil.rmtree(folder, ignore_errors=True)

    def _give_up(self, error: OSError) -> None:
        """Go on without a cache, and say so once."""
        print(
            f"fastnn: compiled kernels cannot be kept in {self.folder} ({error.strerror}); each "
            "process compiles its own. Set FASTNN_CACHE to a folder that can be written.",
            file=sys.stderr,
        )
        self.folder, self.problem = None, str(error.strerror)

    def where(self) -> str:
        """Where the next process finds them."""
        if self.folder is None:
            return "they cannot be kept for the next time"
        return f"kept for the next time in {self.folder}"
