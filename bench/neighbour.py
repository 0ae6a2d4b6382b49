"""What another program at work costs: workload A without dropout on one thread and on two, alone
and while a process keeps the last of two processors busy.

    python -m bench.neighbour [--repeats 5] [--json OUT]

Two threads beside a neighbour should take no longer than one thread does (at most 1.1 times): a
thread pool that waits for its slowest thread takes several times as long.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import inputs, machine, processes
from bench.peers.job import Job
from bench.tasks import TASKS

TASK = "A0"
BUSY = "import os, sys; os.sched_setaffinity(0, {int(sys.argv[1])})\nwhile True: pass"


@contextlib.contextmanager
def neighbour(processor: int | None) -> Iterator[None]:
    """A process that keeps a processor busy; none for None."""
    if processor is None:
        yield
        return
    process = subprocess.Popen([sys.executable, "-c", BUSY, str(processor)])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def microseconds(folder: Path, threads: int, processors: list[int], repeats: int) -> float:
    """Median microseconds per sample over fresh processes."""
    job = Job(
        "train",
        "fastnn",
        "fit",
        TASK,
        str(folder),
        threads,
        tuple(processors),
        package=processes.package_folder(),
    )
    found: list[float] = []
    for _ in range(repeats):
        answer = processes.run(job)
        found += [value / answer["samples"] for value in answer["seconds"]]
    return 1e6 * statistics.median(found)


def main(argv: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.neighbour", description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="processes per figure (default 5)")
    parser.add_argument("--samples", type=int, default=0, help="rows of an epoch")
    parser.add_argument("--json", metavar="OUT", help="write the figures to a file as well")
    options = parser.parse_args(argv)
    processors = machine.processors(2)
    if len(processors) < 2:
        raise SystemExit(f"this needs two processors, of {os.cpu_count()} it may use {processors}.")
    if warning := machine.load_warning():
        print(warning, file=sys.stderr)
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="fastnn-bench-") as temporary:
        folder = Path(temporary)
        inputs.write(folder, TASKS[TASK], "random", options.samples)
        inputs.write_weights(folder, TASKS[TASK].network, 0)
        for busy in (False, True):
            for threads in (1, 2):
                with neighbour(processors[-1] if busy else None):
                    taken = microseconds(folder, threads, processors, options.repeats)
                figures[f"{threads} threads{', one processor busy' * busy}"] = taken
    one, two = (figures[f"{threads} threads, one processor busy"] for threads in (1, 2))
    for name, value in figures.items():
        print(f"{name:34} {value:8.3f} us/sample")
    print(f"{'two threads / one, beside it':34} {two / one:8.2f}")
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
