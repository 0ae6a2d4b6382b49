"""Builds the fastnn of another revision so that a comparison can alternate it with the present one:
the revision's files are exported from git, made into a wheel, and the wheel is installed alone into
a temporary virtual environment that sees this one's NumPy and cffi. The checkout is not touched.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

from bench import CHECKOUT


class BaselineFailed(RuntimeError):
    """The revision could not be built; the message says at which command and its last lines."""


def _run(command: list[str], **environment: str) -> str:
    """The output of a command."""
    done = subprocess.run(
        command,
        cwd=CHECKOUT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = "\n".join(done.stdout.strip().splitlines()[-8:])
        raise BaselineFailed(f"{' '.join(command)}\n{lines}")
    return done.stdout.strip()


def commit(revision: str) -> str:
    """The full name of a revision's commit."""
    return _run(["git", "rev-parse", "--verify", f"{revision}^{{commit}}"])


def build(revision: str, folder: Path) -> tuple[str, str]:
    """Build and install a revision; the environment's interpreter and the folder of its fastnn.

    The interpreter is this one in another environment, so only fastnn differs.
    """
    source, wheels, environment = folder / "source", folder / "wheels", folder / "venv"
    source.mkdir(parents=True)
    archive = folder / "source.tar"
    _run(["git", "archive", "--format=tar", f"--output={archive}", commit(revision)])
    _run(["tar", "-xf", str(archive), "-C", str(source)])
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    wheel = [*pip, "wheel", "--no-deps", "--no-cache-dir", "-w", str(wheels), str(source)]
    _run(wheel, FASTNN_REQUIRE_C="1")
    venv.create(environment, with_pip=False, symlinks=os.name != "nt")
    scheme = {"base": str(environment), "platbase": str(environment)}
    site = Path(sysconfig.get_path("purelib", "venv", vars=scheme))
    site.mkdir(parents=True, exist_ok=True)
    built = next(wheels.glob("fastnn-*.whl"))
    _run([*pip, "install", "--no-deps", "--no-index", f"--target={site}", str(built)])
    # What fastnn needs comes from the environment that this process runs in.
    paths = [sysconfig.get_path(name) for name in ("purelib", "platlib")]
    (site / "present.pth").write_text("\n".join(dict.fromkeys(paths)) + "\n", encoding="utf-8")
    python = Path(sysconfig.get_path("scripts", "venv", vars=scheme)) / Path(sys.executable).name
    return str(python), str(site)
