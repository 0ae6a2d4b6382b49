"""What fastnn costs before it computes anything: seconds to import, seconds to a first ``fit``,
memory at its peak, installed size.

    python -m bench.footprint [--repeats 9] [--json OUT]

Each figure comes from fresh processes; the minimum over the repeats is what is stated, because
everything that disturbs a cold start only ever adds to it. Interpreter start is not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import processes

SCRIPT = """
import time
start = time.perf_counter()
{code}
print(time.perf_counter() - start)
try:
    import resource, sys
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(peak * (1 if sys.platform == "darwin" else 1024))
except ImportError:
    print(0)
"""
NUMPY = "import numpy"
BOTH = "import numpy, fastnn; fastnn.Sequential"
FIRST_FIT = """
import numpy as np, fastnn
model = fastnn.Sequential([fastnn.Input((2,)), fastnn.layers.Dense(4, "tanh"),
                           fastnn.layers.Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(np.eye(2), np.array([0, 1]), verbose=0)
"""


def cost(code: str, repeats: int) -> tuple[float, float]:
    """The least milliseconds and megabytes at the peak of fresh processes that run the code."""
    runs = []
    # With its bytecode on disk, as an installed package has it: without it a cold start compiles
    # 90 modules each time, 62 ms instead of 20.
    env = {**os.environ, "PYTHONPATH": processes.package_folder()}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    for _ in range(repeats):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT.format(code=code)],
            cwd=tempfile.gettempdir(),  # not the checkout, which may hold an unbuilt fastnn
            env=env,
            capture_output=True,
            check=True,
        )
        runs.append([float(line) for line in done.stdout.split()])
    return 1e3 * min(run[0] for run in runs), min(run[1] for run in runs) / 1e6


def package_megabytes() -> float:
    """Size of the installed package, compiled modules and data included."""
    import fastnn

    folder = Path(fastnn.__file__).parent
    files = [p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    return sum(p.stat().st_size for p in files) / 1e6


def main(argv: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.footprint", description=__doc__)
    parser.add_argument("--repeats", type=int, default=9, help="processes per figure (default 9)")
    parser.add_argument("--json", metavar="OUT", help="write the figures to a file as well")
    options = parser.parse_args(argv)
    numpy, numpy_peak = cost(NUMPY, options.repeats)
    both, both_peak = cost(BOTH, options.repeats)
    first, first_peak = cost(FIRST_FIT, options.repeats)
    figures = {
        "import_numpy_ms": numpy,
        "import_fastnn_beyond_numpy_ms": both - numpy,
        "first_fit_with_import_ms": first,
        "peak_numpy_megabytes": numpy_peak,
        "peak_import_megabytes": both_peak,
        "peak_first_fit_megabytes": first_peak,
        "package_megabytes": package_megabytes(),
    }
    for name, value in figures.items():
        print(f"{name:32} {value:8.1f}")
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
