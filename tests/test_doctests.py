"""Every example in a docstring of fastnn shows what really happens."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import fastnn
from fastnn.compat import aliases
from fastnn.layers.layer import reset_names

# Importing these runs a program, or needs the compiled modules
NO_EXAMPLES = ("fastnn.__main__", "fastnn.backends.c_cffi._kernels_")
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(fastnn.__path__, "fastnn.")
    if not module.name.startswith(NO_EXAMPLES)
)


@pytest.mark.parametrize("name", ["fastnn", *MODULES])
def test_examples(name: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(str(tmp_path))
    reset_names()  # examples show automatic names such as dense
    try:
        failed, _ = doctest.testmod(importlib.import_module(name))
    finally:
        aliases.uninstall()  # an example may have installed fastnn as keras
    assert failed == 0


def test_there_are_examples() -> None:
    """Nearly every public function and class has one; fewer means that they are not found."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    examples = sum(
        len(test.examples) > 0
        for name in MODULES
        for test in finder.find(importlib.import_module(name))
    )
    assert examples > 140
