"""The fixture ``kernels``: the NumPy functions, and each CPU level of the C backend that this
machine has, and Numba. Unlike ``backend`` (``tests/conftest.py``) it names no level twice. And
``native``, which is the same without NumPy, and ``c_level``, which is C's levels alone.
"""

from __future__ import annotations

import os

import pytest

from fastnn.backends.c_cffi import levels


def kernel_sets() -> list[str]:
    """``numpy``, ``c:LEVEL`` for each level that runs here, and ``numba``."""
    if os.environ.get("FASTNN_TESTS_WITHOUT_C") == "1":
        return ["numpy", "numba"]
    return ["numpy", *(f"c:{level}" for level in levels.supported_levels()), "numba"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "kernels" in metafunc.fixturenames:
        metafunc.parametrize("kernels", kernel_sets(), indirect=True)
    for fixture in {"c_level", "native"} & set(metafunc.fixturenames):
        names = [name for name in kernel_sets() if name.startswith("c:")]
        if metafunc.definition.get_closest_marker("best_level"):
            names = names[-1:]
        if fixture == "native":
            names.append("numba")
        metafunc.parametrize(fixture, names, indirect=True)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "best_level: of the C levels only the best, for what all levels share"
    )


@pytest.fixture
def kernels(request: pytest.FixtureRequest) -> str:
    """``numpy``, ``c:LEVEL`` or ``numba``."""
    request.node.user_properties.append(("backend", request.param))
    name: str = request.param
    return name


@pytest.fixture
def c_level(request: pytest.FixtureRequest) -> str:
    """``c:LEVEL``; there are none where C was left out on purpose."""
    request.node.user_properties.append(("backend", request.param))
    name: str = request.param
    return name


@pytest.fixture
def native(request: pytest.FixtureRequest) -> str:
    """``c:LEVEL`` or ``numba``: the backends that run packed Programs."""
    request.node.user_properties.append(("backend", request.param))
    name: str = request.param
    return name
