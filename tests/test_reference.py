"""What the reference shows: every public module says what is public, and every public class and
function has a docstring with an example (which ``test_doctests.py`` runs).
"""

from __future__ import annotations

import importlib
import inspect
import runpy
from pathlib import Path
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


def test_the_pages_describe_every_public_name_once() -> None:
    """What ``docs/conf.py`` writes; that Sphinx takes it is shown by ``.ci/run``."""
    settings = runpy.run_path(str(Path(__file__).parent.parent / "docs" / "conf.py"))
    pages = settings["PAGES"]
    assert {f"fastnn.{name}" for name in MODULES} < {*pages}
    described = []
    for page in pages:
        names = settings["public"](page)
        rows = settings["table"](page)
        assert rows.count("   * - ") == len(names)
        assert "     - \n" not in rows  # each has a sentence
        for entry in settings["entries"](page):
            directive, name = entry.split("\n")[0].split(":: ")
            described.append(name if directive == ".. automodule" else f"{page}.{name}")
    assert len(described) == len({*described})
    homes = {
        settings["described_in"](page, name) for page in pages for name in settings["public"](page)
    }
    assert homes == {*described, *pages[1:]}


def test_arguments_are_shown_where_a_base_class_takes_any() -> None:
    settings = runpy.run_path(str(Path(__file__).parent.parent / "docs" / "conf.py"))
    shown = settings["signature"](None, "class", "", fastnn.losses.Huber, None, "(*args)", None)
    assert shown[0].startswith("(delta=1.0, reduction='sum_over_batch_size'")
    assert (
        settings["signature"](None, "class", "", fastnn.layers.Dense, None, "(units)", None) is None
    )


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
