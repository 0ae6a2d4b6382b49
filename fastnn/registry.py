"""Names and objects: one ``Registry`` per kind (layers, losses, optimizers, …) turns the string,
the configuration dictionary or the object that a user passes into an object, and back into data.

Files hold ``{"class_name": ..., "config": ...}`` and never a module path, so loading a file can
only ever make objects of the classes listed here or passed by the caller as ``custom_objects``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from fastnn.errors import ArgumentError
from fastnn.registration import user_objects

T = TypeVar("T")


def near_names(name: str, known: Mapping[str, object] | list[str]) -> list[str]:
    """The known names that ``name`` may be a misspelling of, nearest first."""
    import difflib  # only for messages: 2 ms of every import otherwise

    lowered: dict[str, str] = {}
    for candidate in known:
        if candidate.islower() == name.islower():  # 'adamm' means 'adam', 'Adamm' 'Adam'
            lowered[candidate.lower()] = candidate
        else:
            lowered.setdefault(candidate.lower(), candidate)
    found = difflib.get_close_matches(name.lower(), list(lowered), n=3, cutoff=0.6)
    return [lowered[item] for item in found]


def unknown_name(
    kind: str,
    name: object,
    known: Mapping[str, object] | list[str],
    meant: Mapping[str, str] | None = None,
) -> ArgumentError:
    """The error for a name that is not in ``known``: it lists them and suggests the nearest, or
    what ``meant`` says that people mean by it.
    """
    near = near_names(name, known) if isinstance(name, str) else []
    if isinstance(name, str) and meant and name.lower() in meant:
        near = [meant[name.lower()]]
    hint = f" Did you mean {near[0]!r}?" if near else ""
    shown: dict[
        str, str
    ] = {}  # of 'Adam' and 'adam', 'MaxNorm', 'maxnorm' and 'max_norm': the last
    for item in sorted(known):
        other = shown.setdefault(item.replace("_", "").lower(), item)
        if item.islower() and (len(item) > len(other) or not other.islower()):
            shown[other.replace("_", "").lower()] = item
    listed = ", ".join(repr(item) for item in sorted(shown.values()))
    return ArgumentError(f"unknown {kind} {name!r}.{hint} Known: {listed}.")


def described(kind: str, value: Any) -> dict[str, Any]:
    """An object as ``{"class_name": ..., "config": ...}``."""
    get_config = getattr(value, "get_config", None)
    if isinstance(value, type) or not callable(get_config):
        raise ArgumentError(
            f"serialize: received {value!r}, expected {kind} object. Make one, or a class with "
            "get_config()."
        )
    return {"class_name": type(value).__name__, "config": get_config()}


def checked_config(kind: str, config: Any) -> Mapping[str, Any]:
    """A configuration, which must be a dictionary."""
    if isinstance(config, Mapping):
        return config
    raise ArgumentError(
        f"deserialize: received {config!r}, expected the configuration of {kind}, a dictionary "
        "with the keys 'class_name' and 'config'. Pass what serialize() returned."
    )


class Registry(Generic[T]):
    """The classes of one kind by class name, and the short names that users write for them.

    Parameters
    ----------
    kind : what the objects are called in messages, for example ``"optimizer"``.
    classes : classes by class name, for example ``{"Adam": Adam}``.
    aliases : further names, for example ``{"adam": "Adam"}``. Snake-case forms of class names are
        not derived: what is accepted is exactly what is written here.
    meant : names that are not accepted, with the one to suggest for each.
    """

    def __init__(
        self,
        kind: str,
        classes: Mapping[str, Callable[..., T]],
        aliases: Mapping[str, str],
        meant: Mapping[str, str] | None = None,
    ) -> None:
        self.kind = kind
        self.classes: dict[str, Callable[..., T]] = dict(classes)
        self.aliases: dict[str, str] = dict(aliases)
        self.meant: dict[str, str] = dict(meant or {})

    def find(self, name: str, custom_objects: Mapping[str, Any] | None = None) -> Callable[..., T]:
        """The class (or function) of that name; an error that lists the known names otherwise."""
        objects = user_objects(custom_objects)
        if name in objects and (name not in self.classes or name in (custom_objects or {})):
            found: Callable[..., T] = objects[name]
            return found
        class_name = self.aliases.get(name, name)
        if class_name not in self.classes:
            shown = {**self.classes, **self.aliases, **objects}
            raise unknown_name(self.kind, name, shown, self.meant)
        return self.classes[class_name]

    def deserialize(
        self, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> T:
        """An object from ``{"class_name": ..., "config": ...}``."""
        config = checked_config(f"a {self.kind}", config)
        class_name, inner = config.get("class_name"), config.get("config")
        if not isinstance(class_name, str) or not isinstance(inner, Mapping):
            raise ArgumentError(
                f"a {self.kind} configuration needs the keys 'class_name' and 'config', "
                f"received keys {sorted(map(str, config))}."
            )
        if "registered_name" in config:  # as Keras writes it
            from fastnn.saving.keras_config import native

            return self.deserialize(native(config, custom_objects), custom_objects)
        cls = self.find(class_name, custom_objects)
        make = getattr(cls, "from_config", cls)
        made: T = make(dict(inner))
        return made

    def callable_of(
        self, config: Mapping[str, Any] | str, custom_objects: Mapping[str, Any] | None = None
    ) -> Callable[..., Any]:
        """An object from its configuration or its name; a function of the caller's own from its
        name.
        """
        if isinstance(config, str):
            found: Any = self.find(config, custom_objects)
            made: Callable[..., Any] = found() if isinstance(found, type) else found
            return made
        return self.deserialize(config, custom_objects)  # type: ignore[return-value]

    def serialize(self, value: Callable[..., Any]) -> dict[str, Any] | str:
        """An object as ``{"class_name": ..., "config": ...}``, a function as its name."""
        get_config = getattr(value, "get_config", None)
        if callable(get_config) and not isinstance(value, type):
            return {"class_name": type(value).__name__, "config": get_config()}
        name = getattr(value, "__name__", "<lambda>")
        if name != "<lambda>":
            return str(name)
        raise ArgumentError(
            f"{self.kind} of type {type(value).__name__} cannot be written to a file: it has "
            "neither get_config nor a name. Use a named function or a class with get_config, and "
            "pass it as custom_objects when loading."
        )
