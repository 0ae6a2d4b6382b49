"""The machine's measured peaks: multiply-adds a second at each CPU level, and bytes a second from
each level of the memory, for one thread and for all.

    python -m bench.probe [--threads N] [--json OUT]

``probe.c`` is compiled with the flags of ``kernels/build.py`` into a temporary folder and called
through ctypes, once per process. What fastnn reaches of these peaks is worked out in
``roofline.py``.
"""

from __future__ import annotations

import argparse
import atexit
import ctypes
import functools
import itertools
import json
import os
import runpy
import shlex
import shutil
import subprocess
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench import CHECKOUT, machine

Array = np.ndarray[Any, Any]

SOURCE = Path(__file__).with_name("probe.c")
DTYPES = {"float32": "f32", "float64": "f64"}
# One measurement is long beside the start of threads (0.1 ms) but no longer than a time slice, so
# that of many some are undisturbed by other programs; the best counts.
SECONDS, SECONDS_TOGETHER = 0.001, 0.004
REPEATS = 60
PARTS = 16  # of a buffer that goes past every cache: each measurement walks over the next few
WAYS = ("read", "update")
MEMORY_LIMIT = 512 << 20  # bytes of buffers that go past every cache


class ProbeUnavailable(RuntimeError):
    """The probe cannot be compiled or run here; benchmarks then state no share of a peak."""


@dataclass
class Peaks:
    """What ``threads`` threads reach.

    Attributes
    ----------
    gflops : 10⁹ floating-point operations a second by (level, dtype), written ``"avx2 float32"``.
    gbytes : 10⁹ bytes a second by level of the memory and way, written ``"L2 read"``.
    caches : bytes of each cache.
    """

    threads: int
    gflops: dict[str, float] = field(default_factory=dict)
    gbytes: dict[str, float] = field(default_factory=dict)
    caches: dict[str, int] = field(default_factory=dict)

    def compute(self, level: str, dtype: str = "float32") -> float:
        """Operations a second of a CPU level."""
        return 1e9 * self.gflops[f"{level} {dtype}"]

    def best_compute(self, dtype: str = "float32") -> float:
        """Operations a second of the best level."""
        return 1e9 * max(v for name, v in self.gflops.items() if name.endswith(dtype))

    def memory(self, size: float) -> str:
        """The level of the memory that a working set of ``size`` bytes per thread lives in."""
        shares = {**self.caches, "L3": self.caches["L3"] / self.threads}
        return next((name for name in ("L1", "L2", "L3") if size <= shares[name]), "DRAM")

    def bandwidth(self, place: str) -> float:
        """Bytes a second from a level of the memory, by the faster of the two ways."""
        return 1e9 * max(self.gbytes[f"{place} {way}"] for way in WAYS)


@functools.cache
def _build_folder() -> Path:
    """A folder for compiled probes, removed at exit."""
    folder = Path(tempfile.mkdtemp(prefix="fastnn-probe-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@functools.cache
def library(level: str) -> ctypes.CDLL:
    """The probe compiled for a CPU level."""
    if os.name == "nt":
        raise ProbeUnavailable("the probe needs GCC or Clang on a POSIX system.")
    try:
        build = runpy.run_path(str(CHECKOUT / "kernels" / "build.py"))
    except ImportError as error:
        raise ProbeUnavailable(
            f"the compiler flags in kernels/build.py need a package: {error}. "
            "pip install setuptools cffi"
        ) from error
    target = _build_folder() / f"probe_{level}.so"
    compiler = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
    flags = build["compile_flags"](level)
    command = [*shlex.split(compiler)[:1], *flags, "-shared", "-fPIC", str(SOURCE)]
    try:
        subprocess.run(
            [*command, "-o", str(target)], check=True, capture_output=True, text=True, timeout=120
        )
    except (OSError, subprocess.SubprocessError) as error:
        output = getattr(error, "stderr", "") or ""
        raise ProbeUnavailable(f"compiling the probe failed: {error} {output}") from error
    loaded = ctypes.CDLL(str(target))
    for suffix in DTYPES.values():
        function = getattr(loaded, f"fma_{suffix}")
        function.argtypes = [ctypes.c_int64, ctypes.c_double, ctypes.c_double]
        function.restype = ctypes.c_double
        getattr(loaded, f"lanes_{suffix}").restype = ctypes.c_int64
    for name in ("read_bytes", "update_bytes"):
        getattr(loaded, name).argtypes = [ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64]
        getattr(loaded, name).restype = ctypes.c_double
    loaded.chains.restype = ctypes.c_int64
    return loaded


def _together(calls: Sequence[Callable[[], Any]]) -> float:
    """Seconds from the first start to the last end of calls made at once, one thread each."""
    if len(calls) == 1:
        start = time.perf_counter()
        calls[0]()
        return time.perf_counter() - start
    barrier = threading.Barrier(len(calls))
    spans: list[tuple[float, float]] = []

    def work(call: Callable[[], Any]) -> None:
        barrier.wait()
        start = time.perf_counter()
        call()
        spans.append((start, time.perf_counter()))

    workers = [threading.Thread(target=work, args=(call,)) for call in calls]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return max(end for _, end in spans) - min(start for start, _ in spans)


def _rate(amount: float, run: Callable[[int], float], threads: int) -> float:
    """The highest rate of some measurements; ``run(rounds)`` gives seconds for that many rounds of
    ``amount``.
    """
    rounds, wanted = 1, SECONDS if threads == 1 else SECONDS_TOGETHER
    while (seconds := min(run(rounds) for _ in range(3))) < wanted / 4:
        rounds *= 2
    rounds = max(1, round(rounds * wanted / seconds))
    return max(amount * rounds / run(rounds) for _ in range(REPEATS))


def _aligned(size: int) -> Array:
    """Zeroed float32 memory of ``size`` bytes that begins on a cache line, touched once."""
    raw = np.zeros(size + 64, np.uint8)
    start = -raw.ctypes.data % 64
    buffer = raw[start : start + size]
    buffer.view(np.float32)[:] = 1.0
    return buffer


def compute_peak(level: str, dtype: str, threads: int) -> float:
    """GFLOP/s of multiply-adds in registers."""
    loaded = library(level)
    suffix = DTYPES[dtype]
    function = getattr(loaded, f"fma_{suffix}")
    operations = 2.0 * loaded.chains() * getattr(loaded, f"lanes_{suffix}")()
    unit = 10_000

    def run(rounds: int) -> float:
        # Factor and term that keep every chain near 1
        return _together([functools.partial(function, unit * rounds, 0.5, 0.5)] * threads)

    return _rate(operations * unit * threads, run, threads) / 1e9


def buffer_bytes(place: str, threads: int, caches: dict[str, int]) -> int:
    """Bytes that each thread walks over so that they lie in a level of the memory."""
    share = caches["L3"] // threads
    sizes = {
        "L1": caches["L1"] // 2,
        "L2": caches["L2"] // 2,
        "L3": max(share // 2, 2 * caches["L2"]),
        "DRAM": min(max(4 * caches["L3"], 64 << 20), MEMORY_LIMIT) // threads,
    }
    return sizes[place] // 4096 * 4096


def bandwidth_peak(level: str, place: str, way: str, threads: int) -> float:
    """GB/s of reading, or of updating in place."""
    function = getattr(library(level), f"{way}_bytes")
    size = buffer_bytes(place, threads, machine.caches())
    buffers = [_aligned(size) for _ in range(threads)]
    part = size // PARTS // 4096 * 4096 if place == "DRAM" else size
    starts = itertools.cycle(range(0, size - part + 1, part))

    def walk(buffer: Array, offsets: list[int], rounds: int) -> None:
        for offset in offsets:
            function(buffer.ctypes.data + offset, part, rounds)

    def run(rounds: int) -> float:
        # past the caches, a round is the next part: when one comes again, it has been evicted
        parts = rounds if place == "DRAM" else 1
        offsets = list(itertools.islice(starts, parts))
        return _together([functools.partial(walk, b, offsets, rounds // parts) for b in buffers])

    moved = part * (2 if way == "update" else 1) * threads
    return _rate(moved, run, threads) / 1e9


@functools.cache
def peaks(threads: int = 1) -> Peaks:
    """All peaks of so many threads, measured once per process.

    Raises
    ------
    ProbeUnavailable : without a compiler.
    """
    from fastnn.backends.c_cffi import levels

    supported = levels.supported_levels()
    if not supported:
        raise ProbeUnavailable("no compiled CPU level is supported here.")
    found = Peaks(threads, caches=machine.caches())
    for level in supported:
        for dtype in DTYPES:
            found.gflops[f"{level} {dtype}"] = compute_peak(level, dtype, threads)
    for place in ("L1", "L2", "L3", "DRAM"):
        for way in WAYS:
            best = max(bandwidth_peak(level, place, way, threads) for level in supported[-1:])
            found.gbytes[f"{place} {way}"] = best
    return found


def main(argv: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.probe", description=__doc__)
    parser.add_argument("--threads", type=int, help="threads beside one (default: all processors)")
    parser.add_argument("--json", metavar="OUT", help="write the figures to a file as well")
    options = parser.parse_args(argv)
    count = options.threads or len(machine.processors(1 << 20)) or 1
    columns = [peaks(number) for number in dict.fromkeys((1, count))]
    print(machine.cpu_name(), *(f"{k} {v >> 10} KiB" for k, v in machine.caches().items()))
    print(
        f"{'':24}"
        + "".join(f"{c.threads:5} thread{'s' if c.threads > 1 else ' '}" for c in columns)
    )
    for unit, table in (("GFLOP/s", "gflops"), ("GB/s", "gbytes")):
        for name in getattr(columns[0], table):
            values = "".join(f"{getattr(column, table)[name]:12.1f} " for column in columns)
            print(f"{name:24}{values}{unit}")
    if warning := machine.load_warning():
        print(warning)
    if options.json:
        text = json.dumps([asdict(column) for column in columns], indent=2)
        Path(options.json).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
