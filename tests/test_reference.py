"""What the reference shows: every public module says what is public, and every public class and
function has a docstring with an example (which ``test_doctests.py`` runs).
"""

from __future__ import annotations

import importlib
import inspect
from types import ModuleType

import pytest

import fastnn

MODULES = [
    *(name for name in fastnn.__all__ if isinstance(getattr(fastnn, name), ModuleType)),
    "optimizers.schedules",
]


def public(module: ModuleType) -> dict[str, object]:
    """The classes and functions of a module's ``__all__``."""
    found = {name: getattr(module, name) for name in module.__all__}
    return {
        name: thing
        for name, thing in found.items()
        if inspect.isclass(thing) or (callable(thing) and not isinstance(thing, ModuleType))
    }


def without_example(module: ModuleType) -> list[str]:
    return [
        name
        for name, thing in public(module).items()
        # what an error means shows the example of what raises it
        if not (inspect.isclass(thing) and issubclass(thing, Exception))
        and ">>>" not in (inspect.getdoc(thing) if own_doc(thing) else "")
    ]


def own_doc(thing: object) -> bool:
    """Whether the docstring is the thing's own: a class without one shows its base's."""
    return bool(vars(thing).get("__doc__") if inspect.isclass(thing) else thing.__doc__)


def test_the_modules_are_found() -> None:
    assert {"activations", "layers", "losses", "optimizers", "saving"} <= {*MODULES}
    assert "Dense" in public(fastnn.layers)


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_has_an_example(name: str) -> None:
    module = importlib.import_module(f"fastnn.{name}")
    assert module.__doc__
    assert without_example(module) == []


def test_every_public_name_of_the_package_has_an_example() -> None:
    assert without_example(fastnn) == []


def test_a_missing_example_is_found() -> None:
    module = ModuleType("made")

    class Derived(fastnn.layers.Dense):
        pass

    def function() -> None:
        """Without an example."""

    module.Derived, module.function = Derived, function
    module.__all__ = ["Derived", "function"]
    assert without_example(module) == ["Derived", "function"]
