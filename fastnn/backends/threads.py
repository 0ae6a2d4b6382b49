"""How many threads a run uses, and why: the default respects what the process may use, which in a
container is often less than the machine has.
"""

from __future__ import annotations

import contextlib
import functools
import glob
import math
import os
from collections.abc import Iterator

from fastnn.errors import ArgumentError

ENVIRONMENT = "FASTNN_NUM_THREADS"
CGROUP = "/sys/fs/cgroup"
CPUS = "/sys/devices/system/cpu"
MAXIMUM = 256

_chosen: list[int] = []


def _affinity() -> int:
    """Processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _read(*parts: str | os.PathLike[str]) -> str:
    """The text of a small system file."""
    with open(os.path.join(*parts), encoding="ascii") as file:
        return file.read()


def cgroup_quota(root: str | os.PathLike[str] = CGROUP) -> float | None:
    """The CPU quota of the control group in processors (version 2, then 1), or None without one."""
    try:
        quota, period = _read(root, "cpu.max").split()[:2]
        return None if quota == "max" else float(quota) / float(period)
    except (OSError, ValueError):
        pass
    for folder in ("cpu", "cpu,cpuacct", ""):
        try:
            limit = float(_read(root, folder, "cpu.cfs_quota_us"))
            span = float(_read(root, folder, "cpu.cfs_period_us"))
        except (OSError, ValueError):
            continue
        return limit / span if limit > 0 and span > 0 else None
    return None


def physical_cores(root: str | os.PathLike[str] = CPUS) -> int | None:
    """Cores, counting hardware threads that share one core once; None if the system is silent."""
    cores = set()
    for topology in glob.glob(os.path.join(root, "cpu[0-9]*", "topology")):
        try:
            cores.add(_read(topology, "thread_siblings_list").strip())
        except OSError:
            continue
    return len(cores) or None


@functools.cache
def default_threads() -> tuple[int, str]:
    """The default number of threads and the reason for it."""
    given = os.environ.get(ENVIRONMENT, "").strip()
    if given:
        return checked_threads(given, ENVIRONMENT), f"set by {ENVIRONMENT}"
    limits = {"CPU affinity": _affinity()}
    quota, cores = cgroup_quota(), physical_cores()
    if cores is not None:
        limits["physical cores"] = cores
    if quota is not None:
        limits["container CPU quota"] = max(1, math.floor(quota + 1e-9))
    if os.environ.get("OMP_NUM_THREADS", "").strip().isdigit():
        limits["OMP_NUM_THREADS"] = max(1, int(os.environ["OMP_NUM_THREADS"]))
    reason = min(limits, key=lambda name: limits[name])
    return limits[reason], f"limited by {reason}"


def checked_threads(value: object, what: str) -> int:
    """A thread count from 1 to ``MAXIMUM``."""
    try:
        number = int(str(value))
    except ValueError:
        number = 0
    if isinstance(value, (bool, float)) or not 1 <= number <= MAXIMUM:
        raise ArgumentError(
            f"{what} must be a whole number from 1 to {MAXIMUM}, received {value!r}."
        )
    return number


def get_num_threads() -> int:
    """The number of threads that native backends use.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.get_num_threads() >= 1
    True
    """
    return _chosen[-1] if _chosen else default_threads()[0]


def set_num_threads(count: int) -> None:
    """Use ``count`` threads from now on, even if there are fewer processors.

    Results do not depend on it. Small work stays on one thread whatever the number.

    Raises
    ------
    ArgumentError : unless count is a whole number from 1 to 256.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.set_num_threads(2)
    >>> fastnn.get_num_threads()
    2
    """
    _chosen[:] = [checked_threads(count, "the number of threads")]


@contextlib.contextmanager
def threads(count: int) -> Iterator[None]:
    """Use ``count`` threads inside a ``with`` block.

    Examples
    --------
    >>> import fastnn
    >>> with fastnn.threads(1):
    ...     fastnn.get_num_threads()
    1
    """
    before = list(_chosen)
    set_num_threads(count)
    try:
        yield
    finally:
        _chosen[:] = before


def why() -> str:
    """Why the number of threads is what it is."""
    return "set by set_num_threads" if _chosen else default_threads()[1]
