"""``fastnn info``: what fastnn found on this machine, for a bug report or a puzzled user. It only
reports, and it never fails because something is missing.
"""

from __future__ import annotations

import argparse
import os
import platform
import warnings
from collections.abc import Iterator

from fastnn.cli.options import Subparsers, add_command, add_execution, execution
from fastnn.version import __version__

_VARIABLES = (
    "FASTNN_BACKEND",
    "FASTNN_CACHE",
    "FASTNN_CPU_LEVEL",
    "FASTNN_DATA",
    "FASTNN_NUM_THREADS",
    "FASTNN_OFFLINE",
    "OMP_NUM_THREADS",
)
_DESCRIPTION = """\
Show the versions, each backend (available, or why not and what to do), the CPU level, the number of
threads and why it is that, and the data sets that are on this machine.
"""
_EXAMPLES = """\
  fastnn info
  fastnn info --threads 4
"""


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        subparsers, "info", "show backends, threads and data sets", _DESCRIPTION, _EXAMPLES
    )
    add_execution(parser)
    parser.set_defaults(function=info)


def info(args: argparse.Namespace) -> int:
    """Print the report."""
    with execution(args):
        for line in report():
            print(line)
    return 0


def report() -> Iterator[str]:
    """The lines of the report."""
    import numpy as np

    yield f"fastnn {__version__} ({os.path.dirname(os.path.dirname(__file__))})"
    yield (
        f"Python {platform.python_version()}, NumPy {np.__version__}, {platform.system()} "
        f"{platform.machine()}"
    )
    yield ""
    yield from _backends()
    yield ""
    yield from _data()
    given = [f"{name}={os.environ[name]}" for name in _VARIABLES if os.environ.get(name)]
    yield f"environment: {', '.join(given) or 'no variable of fastnn is set'}"


def _backends() -> Iterator[str]:
    """One line per backend, then which is used, its CPU level and its threads."""
    from fastnn import backends
    from fastnn.backends.cpu_levels import cpu_levels
    from fastnn.backends.threads import get_num_threads, why
    from fastnn.errors import FastnnError

    try:
        for found in backends.backends().values():
            yield " ".join(str(found).split())
    except FastnnError as error:  # FASTNN_CPU_LEVEL names no level
        yield f"backends: {error}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what it would say stands above
            used = backends.resolve()
        level = str(getattr(used, "level", "-"))
        yield f"default backend: {used.name} (asked for: {backends.get_backend()})"
    except FastnnError as error:  # FASTNN_BACKEND asks for what is not there
        level = "-"
        yield f"default backend: none: {' '.join(str(error).split())}"
    levels = ", ".join(f"{name} ({reason or 'usable'})" for name, reason in cpu_levels().items())
    yield f"CPU level: {level}; {levels}"
    try:
        yield f"threads: {get_num_threads()} ({why()})"
    except FastnnError as error:  # a bad FASTNN_NUM_THREADS
        yield f"threads: {error}"


def _data() -> Iterator[str]:
    """Where each data set lies, and the folders that are searched."""
    from fastnn.datasets import available, places
    from fastnn.datasets.catalog import NAMES

    for name in NAMES:
        found = available(name)
        shown = str(found) if found else f"not here; `fastnn train --dataset {name}` downloads it"
        yield f"data set {name}: {shown}"
    named = places.data_folder()
    yield (
        f"data folders: {named or 'FASTNN_DATA is not set'}; {places.keras_folder()} (Keras); "
        f"{places.cache_folder()} (fastnn)"
    )
