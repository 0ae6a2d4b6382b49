"""Which fastnn is tested, on which backends, and what the run says about it at its end.

``python -m pytest`` in a checkout puts the checkout first on the path, where no compiled module
lies after ``pip install .``; so this file puts the *installed* package first, unless the modules
were built in the checkout (``pip install -e .``, ``python setup.py build_ext --inplace``). A run
without the C backend fails: it never skips, except under ``FASTNN_TESTS_WITHOUT_C=1``. A CPU level
that this machine lacks is not tested, and the last lines say so.
"""

from __future__ import annotations

import importlib.machinery
import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
WITHOUT_C = os.environ.get("FASTNN_TESTS_WITHOUT_C") == "1"
tested: Counter[str] = Counter()  # passed tests by backend, for the summary


def compiled_modules(package: Path) -> list[Path]:
    """The compiled kernels in a fastnn package."""
    return sorted((package / "backends" / "c_cffi").glob("_kernels_*.*[od]"))  # .so, .pyd


def choose_package() -> Path:
    """The fastnn to test; ``sys.path`` and what child processes see are arranged for it."""
    others = [entry for entry in sys.path if Path(entry or ".").resolve() != CHECKOUT]
    package = CHECKOUT / "fastnn"
    found = importlib.machinery.PathFinder.find_spec("fastnn", others)
    if found and found.origin and not compiled_modules(package):
        package = Path(found.origin).resolve().parent
    # The checkout stays on the path for `tests.support`, first or last.
    sys.path[:] = (
        [str(CHECKOUT), *others] if package.parent == CHECKOUT else [*others, str(CHECKOUT)]
    )
    # Child processes of the tests must find the same, whatever folder they run in.
    os.environ["PYTHONSAFEPATH"] = "1"
    entries = [str(package.parent), str(CHECKOUT), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, dict.fromkeys(entries)))
    if os.environ.get("FASTNN_DATA"):
        os.environ["FASTNN_DATA"] = os.path.abspath(os.environ["FASTNN_DATA"])
    if sys.version_info < (3, 11):  # it knows no PYTHONSAFEPATH and takes what lies in its folder
        os.chdir(CHECKOUT / "tests")
    return package


PACKAGE = choose_package()
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # started in the background (`pytest &`)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def changed_files() -> list[str]:
    """The Python files of the checkout that the tested package does not have, or has otherwise."""
    if PACKAGE.parent == CHECKOUT:
        return []
    changed = []
    for path in sorted((CHECKOUT / "fastnn").rglob("*.py")):
        twin = PACKAGE / path.relative_to(CHECKOUT / "fastnn")
        if not twin.is_file() or twin.read_bytes() != path.read_bytes():
            changed.append(str(path.relative_to(CHECKOUT)))
    return changed


def why_c_is_missing() -> str:
    """An empty string where the C backend works."""
    import fastnn.backends

    info = fastnn.backends.backends()["c"]
    return "" if info.available else info.reason


def why_numba_is_missing() -> str:
    """An empty string where Numba is installed."""
    import fastnn.backends

    info = fastnn.backends.backends()["numba"]
    return "" if info.available else info.reason


def c_levels() -> dict[str, str]:
    """Each compiled CPU level and why it cannot run here (an empty string where it can)."""
    if WITHOUT_C:
        return {}
    from fastnn.backends.c_cffi import levels

    supported = levels.supported_levels()
    return {
        level: "" if level in supported else f"this CPU lacks {level}"
        for level in levels.compiled_levels()
    }


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--require-backends",
        default="",
        metavar="NAMES",
        help="comma-separated backends (numpy, c, c:avx2, ...) whose absence fails, not skips",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to test a stale package, or one without its compiled modules."""
    if changed := changed_files():
        shown = ", ".join(changed[:3]) + (", ..." if len(changed) > 3 else "")
        raise pytest.UsageError(
            f"fastnn in {PACKAGE} is not this checkout's: {len(changed)} files differ "
            f"({shown}). Install it again: python -m pip install '.[test]'"
        )
    if WITHOUT_C:
        config.addinivalue_line("filterwarnings", "ignore:without compiled kernels:UserWarning")
    else:
        require_c()
    if unknown := sorted(set(required_backends(config)) - set(backend_names())):
        raise pytest.UsageError(
            f"--require-backends names {unknown}; there are {sorted(backend_names())} here."
        )


def require_c() -> None:
    """End the run unless the package under test is imported and its C backend works."""
    import fastnn

    if Path(fastnn.__file__).resolve().parent != PACKAGE:
        raise pytest.UsageError(f"fastnn was imported from {fastnn.__file__}, not from {PACKAGE}.")
    if reason := why_c_is_missing():
        raise pytest.UsageError(
            f"the C backend of {PACKAGE} is unavailable: {reason} The tests need the compiled "
            "modules: python -m pip install '.[test]', or python setup.py build_ext --inplace. "
            "To test without them on purpose, set FASTNN_TESTS_WITHOUT_C=1."
        )


def pytest_report_header() -> str:
    return f"fastnn under test: {PACKAGE}" + (" (without the C backend)" if WITHOUT_C else "")


def backend_names() -> dict[str, str]:
    """Every value of the fixture ``backend``, and why it cannot run here."""
    names = {"numpy": ""}
    if not WITHOUT_C:
        names["c"] = ""
        names.update({f"c:{level}": reason for level, reason in c_levels().items()})
    names["numba"] = why_numba_is_missing()
    return names


def required_backends(config: pytest.Config) -> list[str]:
    """What ``--require-backends`` names."""
    return [name for name in config.getoption("--require-backends").split(",") if name]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "backend" in metafunc.fixturenames:
        required = required_backends(metafunc.config)
        names = [name for name, why in backend_names().items() if not why or name in required]
        metafunc.parametrize("backend", names, indirect=True)


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> str:
    """What to pass as ``backend=``: ``numpy``, ``c``, and each CPU level (``c:avx2``)."""
    name: str = request.param
    if reason := backend_names()[name]:
        pytest.fail(f"{name} is required (--require-backends): {reason}")
    request.node.user_properties.append(("backend", name))
    return name


@pytest.fixture
def data_home() -> Path:
    """The folder with ``mnist/`` and ``fashion_mnist/`` that FASTNN_DATA names."""
    named = os.environ.get("FASTNN_DATA")
    if not named:
        pytest.skip("FASTNN_DATA is not set: it names a folder with mnist/ and fashion_mnist/")
    if not Path(named, "mnist").is_dir():
        pytest.skip(f"FASTNN_DATA names {named}, which has no folder mnist")
    return Path(named)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" and report.passed:
        tested.update(name for key, name in report.user_properties if key == "backend")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which backends and CPU levels were tested, and which this CPU lacks."""
    names = backend_names()
    ran = ", ".join(f"{name} ({tested[name]})" for name in names if tested[name]) or "none"
    levels = c_levels()
    lacking = [level for level, reason in levels.items() if reason]
    notes = [f"this CPU lacks {', '.join(lacking)}"] if lacking else []
    if WITHOUT_C:
        notes.append("C left out on purpose (FASTNN_TESTS_WITHOUT_C=1)")
    terminalreporter.write_sep("-", "backends tested (tests passed)")
    terminalreporter.write_line("; ".join([ran, *notes]))


# What a test or a doctest may set for the process: lists and dicts, which are put back after it.
SETTINGS = {
    "fastnn.backends": ("_default",),
    "fastnn.backends.threads": ("_chosen",),
    "fastnn.config": ("_settings",),
    "fastnn.registration": ("_registered", "_names"),
}


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test sees the choice of backend or threads of the caller or of another test, nor what
    another test has registered.
    """
    for name in ("FASTNN_BACKEND", "FASTNN_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    places = [(module, name) for module, names in SETTINGS.items() for name in names]
    before = {
        place: getattr(sys.modules[place[0]], place[1]).copy()
        for place in places
        if place[0] in sys.modules
    }
    yield
    for module, name in places:
        if module not in sys.modules or ((module, name) not in before and name == "_settings"):
            continue
        held, was = getattr(sys.modules[module], name), before.get((module, name))
        held.clear()
        if isinstance(held, list):
            held.extend(was or [])
        else:
            held.update(was or {})
