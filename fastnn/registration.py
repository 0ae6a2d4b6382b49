"""The user's own classes and functions by name: registered for good
(``register_keras_serializable``) or for a block (``custom_object_scope``). ``registry.py`` looks
here before it looks among fastnn's own; the public names are in ``fastnn.saving``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from contextvars import ContextVar, Token
from typing import Any, TypeVar

from fastnn.errors import ArgumentError

T = TypeVar("T")

_registered: dict[str, Any] = {}  # by "package>name", and by what the user puts in
_names: dict[Any, str] = {}
_scope: ContextVar[Mapping[str, Any] | None] = ContextVar("fastnn_custom_objects", default=None)


def register_keras_serializable(
    package: str = "Custom", name: str | None = None
) -> Callable[[T], T]:
    """A decorator that registers a class or function, so that files which name it can be loaded.

    Parameters
    ----------
    package : the first half of the registered name, ``"package>name"``.
    name : the second half; the name of the class or function by default.

    Raises
    ------
    ArgumentError : for a class without ``get_config``.

    Examples
    --------
    >>> import fastnn
    >>> @fastnn.saving.register_keras_serializable("shop")
    ... def cubed(x):
    ...     return x * x * x
    >>> fastnn.saving.get_registered_name(cubed)
    'shop>cubed'
    >>> fastnn.layers.Dense(2, activation="shop>cubed").activation is cubed
    True
    """

    def register(item: T) -> T:
        if inspect.isclass(item) and not hasattr(item, "get_config"):
            raise ArgumentError(
                f"register_keras_serializable: class {item.__name__!r} has no get_config(), so no "
                "file could hold it. Define it: it returns the arguments of __init__ as plain data."
            )
        own: Any = item
        title = f"{package}>{own.__name__ if name is None else name}"
        _registered[title] = item
        _names[item] = title
        return item

    return register


class CustomObjectScope:
    """While this context is open, names in configurations and arguments mean these objects, too.

    Parameters
    ----------
    custom_objects : classes and functions by name.

    Examples
    --------
    >>> import fastnn
    >>> def cubed(x):
    ...     return x * x * x
    >>> with fastnn.saving.custom_object_scope({"cubed": cubed}):
    ...     layer = fastnn.layers.Dense(2, activation="cubed")
    >>> layer.activation is cubed
    True
    """

    def __init__(self, custom_objects: Mapping[str, Any] | None) -> None:
        if custom_objects is not None and not isinstance(custom_objects, Mapping):
            raise ArgumentError(
                f"CustomObjectScope: received {custom_objects!r}, expected a dictionary of classes "
                "and functions by name. Pass {'my_function': my_function}."
            )
        self.custom_objects: dict[str, Any] = dict(custom_objects or {})
        self._tokens: list[Token[Mapping[str, Any] | None]] = []

    def __enter__(self) -> CustomObjectScope:
        self._tokens.append(_scope.set(self.custom_objects))
        return self

    def __exit__(self, *args: object) -> None:
        _scope.reset(self._tokens.pop())


#: The same: Keras has both names.
custom_object_scope = CustomObjectScope


def get_custom_objects() -> dict[str, Any]:
    """The dictionary of registered objects itself; what is put into it is registered.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.saving.get_custom_objects().get("nothing of that name") is None
    True
    """
    return _registered


def get_registered_name(obj: Any) -> str:
    """The name under which a class or function is registered, else its own.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.saving.get_registered_name(fastnn.layers.Dense)
    'Dense'
    """
    try:
        found = _names.get(obj)
    except TypeError:  # an object without a hash
        found = None
    return found if found is not None else str(obj.__name__)


def get_registered_object(
    name: str,
    custom_objects: Mapping[str, Any] | None = None,
    module_objects: Mapping[str, Any] | None = None,
) -> Any:
    """The object of that name: of the open scope, registered, or in one of the dictionaries; None
    if there is none.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.saving.get_registered_object("mine", {"mine": len}) is len
    True
    """
    passed = (passed_objects(custom_objects), passed_objects(module_objects))
    for known in (_scope.get() or {}, _registered, *passed):
        if isinstance(name, str) and name in known:
            return known[name]
    return None


def passed_objects(custom_objects: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """What a caller passes as ``custom_objects``: a dictionary, empty for None."""
    if custom_objects is None or isinstance(custom_objects, Mapping):
        return custom_objects or {}
    raise ArgumentError(
        f"received custom_objects={custom_objects!r}, expected a dictionary of classes and "
        "functions by name. Pass custom_objects={'MyLayer': MyLayer}."
    )


def user_objects(custom_objects: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    """Everything of the user's by name: registered (by both halves of the name and by the second
    alone), of the open scope, and passed; later ones win.
    """
    passed = passed_objects(custom_objects)
    scope = _scope.get()
    if not _registered and not scope:
        return passed
    short = {title.rpartition(">")[2]: item for title, item in _registered.items()}
    free = {name: item for name, item in short.items() if not _is_taken(name)}
    return {**free, **_registered, **(scope or {}), **passed}


def _is_taken(name: str) -> bool:
    """Whether fastnn itself has something of that name, which then keeps it."""
    from fastnn import activations, initializers, layers, losses, metrics, optimizers

    own = (layers, activations, initializers, losses, metrics, optimizers)
    return any(hasattr(module, name) for module in own)


def registered_title(class_name: str) -> str:
    """The registered name of the object whose short name this is; the name itself if none is."""
    for title in _registered:
        if title.rpartition(">")[2] == class_name:
            return title
    return class_name
