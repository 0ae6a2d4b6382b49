"""Starts a fresh process for each job, with every library's threads limited by the environment
before it is loaded and, on Linux, by the processors it may use. What is timed happens inside
(``peers/job.py``); what it means is worked out in ``results.py``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import CHECKOUT, machine
from bench.peers.job import Job

# Every variable by which one of the libraries below us chooses its number of threads
THREAD_VARIABLES = (
    "FASTNN_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NPROC",  # XLA's thread pool
    "PJRT_NPROC",
)
TIMEOUT = 3600.0


class PeerFailed(RuntimeError):
    """A peer's process failed; the message is its last line."""


def environment(threads: int) -> dict[str, str]:
    """The environment of a process that may use so many threads."""
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONHOME", "FASTNN_BACKEND")}
    env.update(dict.fromkeys(THREAD_VARIABLES, str(threads)))
    # The checkout holds `bench`; which fastnn is measured says the job.
    env.update(PYTHONPATH=str(CHECKOUT), JAX_PLATFORMS="cpu", KERAS_BACKEND="jax")
    if threads == 1:
        flags = env.get("XLA_FLAGS", "")
        env["XLA_FLAGS"] = f"{flags} --xla_cpu_multi_thread_eigen=false".strip()
    return env


def package_folder() -> str:
    """The folder that this process imports fastnn from: fresh processes must import the same."""
    import fastnn

    return str(Path(fastnn.__path__[0]).resolve().parent)


def run(job: Job, python: str = sys.executable) -> dict[str, Any]:
    """Do a job in a fresh process; its answer.

    Raises
    ------
    PeerFailed : with the last line of what the process said.
    """
    with tempfile.TemporaryDirectory(prefix="fastnn-bench-") as folder:
        path = Path(folder) / "job.json"
        job.write(path)
        try:
            done = subprocess.run(
                [python, "-m", "bench.peers.run", str(path)],
                cwd=folder,
                env=environment(job.threads),
                capture_output=True,
                text=True,
                timeout=TIMEOUT,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PeerFailed(str(error)) from error
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise PeerFailed(lines[-1])
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def bound_to(threads: int) -> tuple[int, ...]:
    """The processors of a job of so many threads."""
    return tuple(machine.processors(threads))
