"""Benchmarks: pytest-benchmark suites (``pytest bench/``) and the programs ``python -m bench.…``
(``README.md`` lists them). This file only decides which fastnn is measured: in a checkout the
source folder stands first on the path, but after ``pip install .`` it has no compiled kernels, so
then the installed package goes first.
"""

from __future__ import annotations

import importlib.machinery
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent


def prefer_compiled() -> None:
    """Put the checkout last on the path unless its kernels are built in place, or it is alone."""
    others = [entry for entry in sys.path if Path(entry or ".").resolve() != CHECKOUT]
    built = any((CHECKOUT / "fastnn" / "backends" / "c_cffi").glob("_kernels_*.*[od]"))
    installed = importlib.machinery.PathFinder.find_spec("fastnn", others)
    last = installed is not None and not built
    sys.path[:] = [*others, str(CHECKOUT)] if last else [str(CHECKOUT), *others]


if "fastnn" not in sys.modules:
    prefer_compiled()
