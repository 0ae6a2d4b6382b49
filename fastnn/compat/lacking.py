"""The error for a name that a module does not have: what to do without a name of Keras, or which
name was meant. For fastnn's own modules (``fastnn/lacking.py``), and for ``keras`` and
``tensorflow`` as aliases of them.
"""

from __future__ import annotations

import opcode
from collections.abc import Callable, Sequence
from types import FrameType

from fastnn.compat.advice import advice, family_advice
from fastnn.compat.keras_names import NAMES
from fastnn.registry import near_names

_LISTED = 40  # names in a message, when none is near


class _Text:
    """The text of an error, made when it is read: ``hasattr`` asks often and reads none."""

    def __init__(self, module: str, name: str, known: Callable[[], Sequence[str]]) -> None:
        self._parts = module, name, known

    def __str__(self) -> str:
        module, name, known = self._parts
        return message(module, name, known())

    __repr__ = __str__

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (str(self),)


def lacking_name(module: str, name: str, known: Callable[[], Sequence[str]]) -> AttributeError:
    """The error for an attribute that a module does not have."""
    # python adds a "Did you mean" of its own to errors that do not say the name
    return AttributeError(_Text(module, name, known), name=name)


def imports(frame: FrameType) -> bool:
    """Whether a frame is at ``from module import name``."""
    return opcode.opname[frame.f_code.co_code[frame.f_lasti]] == "IMPORT_FROM"


def message(module: str, name: str, known: Sequence[str]) -> str:
    """What to do without a name, or what may have been meant.

    Parameters
    ----------
    module : the module that was asked, for example ``keras.layers`` or ``fastnn.layers``.
    name : the name that it does not have.
    known : the names that it has.
    """
    full = f"{module}.{name}"
    root, path = _in_keras(module)
    of_keras = None if path is None else _names_of_keras(path)
    if way := _way_out(full, path, name, of_keras or []):
        return f"{full} is not in fastnn: {way}"
    places = [] if path is None else _places(name, path)
    if places:
        way = advice(f"keras.{places[0]}")
        rest = f", which is not in fastnn: {way}" if way else "?"
        return f"{full} does not exist. Did you mean {root}.{places[0]}{rest}"
    shown = [item for item in known if not item.startswith("_")]
    near = near_names(name, sorted({*shown, *(of_keras or [])}))
    if near and near[0] not in shown and (way := _way_out(full, path, near[0], of_keras or [])):
        return f"{full} does not exist. {near[0]} is not in fastnn either: {way}"
    meant = [item for item in near if item in shown]
    if meant:
        return f"{full} does not exist. Did you mean {' or '.join(meant)}?"
    listed = ", ".join(shown[:_LISTED]) + (", ..." if len(shown) > _LISTED else "")
    return f"{full} does not exist; {module} has: {listed}"


def _in_keras(module: str) -> tuple[str, str | None]:
    """The package that stands for Keras, and the module's path in it; None outside Keras."""
    for root in ("tensorflow.keras", "keras", "fastnn"):
        if module == root or module.startswith(f"{root}."):
            return root, module[len(root) + 1 :]
    return module, None


def _names_of_keras(path: str) -> list[str]:
    """The names of a module of Keras, its submodules included."""
    start = f"{path}." if path else ""
    inner = {item[len(start) :].partition(".")[0] for item in NAMES if item.startswith(start)}
    return sorted({*NAMES.get(path, "").split(), *inner} - {""})


def _way_out(full: str, path: str | None, name: str, of_keras: Sequence[str]) -> str | None:
    """What to do without a name: one of Keras, or one that is spoken of for another reason."""
    if path is None:
        return advice(full)
    whole = f"keras.{path}.{name}" if path else f"keras.{name}"
    return advice(whole) or (family_advice(whole) if name in of_keras else None)


def _places(name: str, path: str) -> list[str]:
    """Where else than in a module Keras has a name, with it: ``optimizers.Adam``."""
    found = [module for module, names in NAMES.items() if name in names.split()]
    elsewhere = [module for module in found if "." not in module and module != path]
    return [f"{module}.{name}" if module else name for module in elsewhere]
