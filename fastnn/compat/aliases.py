"""``import keras`` and ``import tensorflow`` without either: a finder at the front of
``sys.meta_path`` answers for both names, also where the real packages are installed. Which names
there are stands in ``names.py``; any other is an error that says so and lists near ones.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from fastnn.compat.eager_tensor import presented
from fastnn.compat.lacking import lacking_name, message
from fastnn.compat.names import ROOTS, module_names, module_table
from fastnn.errors import StateError
from fastnn.program.results import set_presentation


class AliasModule(ModuleType):
    """A module whose names are fastnn's, looked up when they are first used."""

    def __getattr__(self, name: str) -> Any:
        full_name = self.__name__
        child = f"{full_name}.{name}"
        if child in module_table():
            # made by hand (fastnn.compat.tensorflow), it is unknown to the import system
            module = importlib.import_module(child) if self.__spec__ else AliasModule(child)
            setattr(self, name, module)
            return module
        names = module_names(full_name)
        if name not in names:
            raise lacking_name(full_name, name, lambda: known_names(full_name))
        value = names[name]()
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        return known_names(self.__name__)


def known_names(full_name: str) -> list[str]:
    """The names of an alias module and of its submodules, sorted."""
    start = f"{full_name}."
    submodules = {name.removeprefix(start) for name in module_table() if name.startswith(start)}
    return sorted({*(n for n in submodules if "." not in n), *module_names(full_name)})


class AliasFinder(MetaPathFinder, Loader):
    """Finds the modules of the table, and refuses all others of the same packages."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of an alias; ImportError for another name in ``keras`` or ``tensorflow``."""
        root = fullname.partition(".")[0]
        if root not in ROOTS:
            return None
        if fullname not in module_table():
            # `from keras.layers import X` ends here too: the import system tries X as a submodule
            parent, _, name = fullname.rpartition(".")
            raise ImportError(message(parent, name, known_names(parent)), name=fullname)
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """An empty module that looks its names up."""
        return AliasModule(spec.name, "An alias of fastnn, for scripts written for Keras.")

    def exec_module(self, module: ModuleType) -> None:
        """The names are looked up when they are used; results get ``numpy()`` in TensorFlow."""
        if module.__name__ == "tensorflow":
            set_presentation(presented)


@contextmanager
def installed() -> Iterator[None]:
    """Answer ``import keras`` and ``import tensorflow`` with fastnn within a block.

    Modules of these names that were loaded before are put back in the end.
    """
    finder = AliasFinder()
    before = _take_out()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        set_presentation(None)
        _take_out()
        sys.modules.update(before)


def install_as_keras() -> None:
    """Let ``import keras``, ``import tensorflow`` and ``tensorflow.keras`` mean fastnn from now on,
    in this process; once is enough. ``fastnn run SCRIPT.py`` does so for one script.

    What these names hold is fastnn's own; what fastnn does not have is an error that names it and
    says what to do.

    Raises
    ------
    StateError : if the real keras or tensorflow was imported before.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.install_as_keras()
    >>> from tensorflow.keras.layers import Dense
    >>> Dense is fastnn.layers.Dense
    True
    """
    if any(isinstance(finder, AliasFinder) for finder in sys.meta_path):
        return
    loaded = [name for name in ROOTS if name in sys.modules]
    if loaded:
        raise StateError(
            f"install_as_keras: {loaded[0]} has been imported already, so parts of it are in use. "
            "Call fastnn.install_as_keras() before the first import of keras or tensorflow."
        )
    sys.meta_path.insert(0, AliasFinder())


def uninstall() -> None:
    """Take back ``install_as_keras``: the names mean the real packages again."""
    sys.meta_path[:] = [item for item in sys.meta_path if not isinstance(item, AliasFinder)]
    set_presentation(None)
    _take_out()


def _take_out() -> dict[str, ModuleType]:
    """Remove every module of the two packages from ``sys.modules``, and return them."""
    ours = [name for name in sys.modules if name.partition(".")[0] in ROOTS]
    return {name: sys.modules.pop(name) for name in ours}
