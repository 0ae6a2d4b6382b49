"""The CPU levels of the C backend: which were compiled, which this CPU has, which one is used.

One compiled module per level holds the same symbols. Only ``baseline`` is loaded before the CPU has
been asked (cpuid and the operating system's XCR0), so an old CPU never meets an instruction it
lacks.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
from typing import Any

from fastnn.errors import BackendUnavailable
from fastnn.program.record import VERSION
from fastnn.registry import unknown_name

LEVELS = ("baseline", "avx2", "avx512")
ENVIRONMENT = "FASTNN_CPU_LEVEL"


def _module_name(level: str) -> str:
    return f"{__package__}._kernels_{level}"


@functools.cache
def compiled_levels() -> list[str]:
    """The levels whose modules were built, lowest first."""
    return [name for name in LEVELS if importlib.util.find_spec(_module_name(name)) is not None]


@functools.cache
def supported_levels() -> list[str]:
    """The compiled levels that this CPU can run, lowest first."""
    compiled = compiled_levels()
    if "baseline" not in compiled:
        return []
    library = load("baseline").lib
    return [name for name in compiled if library.cpu_supports(LEVELS.index(name))]


@functools.cache
def load(level: str) -> Any:
    """The compiled module of a level, checked to be what its name says."""
    try:
        module = importlib.import_module(_module_name(level))
    except ImportError as error:
        raise BackendUnavailable(
            f"the C kernels ({level}) are not available: {why_missing(error)}"
        ) from error
    built_as = module.ffi.string(module.lib.level()).decode()
    if built_as != level or module.lib.record_version() != VERSION:
        raise BackendUnavailable(
            f"the C kernels in {module.__file__} were built as {built_as!r} with record format "
            f"{module.lib.record_version()}, expected {level!r} and {VERSION}. Reinstall fastnn: "
            "pip install --force-reinstall --no-cache-dir fastnn. In a checkout, build the kernels "
            "again; if their declarations have changed, VERSION in fastnn/program/record.py must "
            "follow (a test says what to write)."
        )
    return module


def why_missing(error: object = None) -> str:
    """Why there are no compiled kernels, from the report that the build left, and what to do."""
    import json  # only here: not at every start
    from pathlib import Path

    report_file = Path(__file__).with_name("build_report.json")
    if report_file.exists():
        report = json.loads(report_file.read_text(encoding="utf-8"))
        lines = " ".join(" ".join(report["last_lines"][-3:]).split())
        return (
            f"building them failed when fastnn was installed: {lines} (command: "
            f"{report['command'][:80]}); {report['remedy']}"
        )
    source = Path(__file__).resolve().parents[3]
    if (source / "kernels" / "build.py").is_file():  # Python was started in a checkout
        return (
            f"{source} is a source folder in which nothing was compiled. Start Python in another "
            "folder to use the fastnn that is installed, or compile it here with: "
            "python -m pip install -e ."
        )
    cause = f" ({error})" if error else ""
    return f"no compiled module was found{cause}. Reinstall fastnn with a C compiler on the path."


def choose_level(asked: str | None = None) -> str:
    """The level to use: the one asked for (argument, ``FASTNN_CPU_LEVEL``), else the highest
    supported.
    """
    asked = asked or os.environ.get(ENVIRONMENT) or None
    supported = supported_levels()
    if not supported:
        raise BackendUnavailable(f"the C backend is unavailable: {why_missing()}")
    if asked is None:
        return supported[-1]
    if asked not in LEVELS:
        raise unknown_name("CPU level", asked, list(LEVELS))
    if asked not in supported:
        cause = (
            "this CPU lacks it"
            if asked in compiled_levels()
            else "it was not built for this machine"
        )
        raise BackendUnavailable(
            f"CPU level {asked!r} is unavailable: {cause}. Available: {', '.join(supported)}. "
            f"Unset {ENVIRONMENT} to use the best of them."
        )
    return asked
