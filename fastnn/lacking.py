"""What fastnn's public modules do with a name that they do not have: the error says what to do
without it, or which name was meant. The texts are in ``fastnn/compat``.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any, NoReturn


def refuse(module: str, name: str) -> NoReturn:
    """Raise the error for a name that a module lacks; called by the module's ``__getattr__``.

    It is an ImportError at ``from module import name``, where python replaces the text of any
    other, and an AttributeError elsewhere.
    """
    caller = sys._getframe(2)
    # python asks for these, and for submodules that it is about to import; people do not
    if name.startswith("_") or caller.f_code.co_filename.startswith("<frozen importlib"):
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    from fastnn.compat import lacking

    def known() -> list[str]:
        return list(importlib.import_module(module).__all__)

    if lacking.imports(caller):
        raise ImportError(lacking.message(module, name, known()), name=module)
    raise lacking.lacking_name(module, name, known)


def refusing(module: str) -> Callable[[str], Any]:
    """A ``__getattr__`` for a module whose names are all there: what it is asked for is lacking."""

    def __getattr__(name: str) -> NoReturn:  # noqa: N807 - that is what it becomes
        refuse(module, name)

    return __getattr__
