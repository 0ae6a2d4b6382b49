"""Which of a model's parts are the user's own classes and functions: ``pickle`` must carry them,
because the bytes of a model hold names alone. What the names are looked up in is
``fastnn/registry.py``.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType)
# compile state → optimizer → schedule → what it holds; layer → initializer, activation, …
_DEPTH = 4


def custom_objects_of(model: Any) -> dict[str, Any]:
    """The user's own classes and functions in a model: its class, its layers, what it is compiled
    with.
    """
    compiled = getattr(model, "_compiled", None)
    configs = (type(model).__name__, model.get_config(), model.get_compile_config())
    return find_custom_objects([type(model), *model.layers, compiled], configs)


def find_custom_objects(roots: Sequence[Any], configs: Iterable[Any]) -> dict[str, Any]:
    """The user's own classes and functions that the configurations name, by that name.

    Looks at the roots and what their attributes hold, a few steps deep; only objects whose name
    occurs as a string in ``configs`` are returned.
    """
    names = {text for config in configs for text in _strings(config)}
    found: dict[str, Any] = {}
    for item in _objects(roots, _DEPTH, set()):
        name = getattr(item, "__name__", None)
        if isinstance(name, str) and name in names and not _is_own(item):
            found.setdefault(name, item)
    return found


def _is_own(item: Any) -> bool:
    """Whether fastnn itself (or Python) defines this class or function."""
    module = getattr(item, "__module__", None) or ""
    return module.partition(".")[0] in ("fastnn", "builtins")


def _stands_for_a_function(value: Any) -> bool:
    """Whether an object wraps a function under the function's name, as ``fastnn.kernel`` does."""
    return callable(value) and "__wrapped__" in getattr(value, "__dict__", {})


def _strings(value: Any) -> Iterator[str]:
    """All strings in plain data, keys left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _strings(item)


def _objects(value: Any, depth: int, seen: set[int]) -> Iterator[Any]:
    """The functions, and the classes of the objects, that can be reached from this value."""
    if id(value) in seen or depth < 0:
        return
    seen.add(id(value))
    if isinstance(value, (*_FUNCTIONS, type)) or _stands_for_a_function(value):
        yield value
    elif isinstance(value, Mapping):
        for item in list(value.values()):
            yield from _objects(item, depth, seen)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in list(value):
            yield from _objects(item, depth, seen)
    elif hasattr(value, "__dict__"):
        yield type(value)
        for item in list(vars(value).values()):
            yield from _objects(item, depth - 1, seen)
