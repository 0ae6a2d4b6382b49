"""Layers, and how names and configurations become layers. A layer says what it computes in
``fastnn.ops``; the arithmetic is in the backends.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastnn.errors import ArgumentError
from fastnn.layers.activation import Activation
from fastnn.layers.dense import Dense
from fastnn.layers.dropout import Dropout
from fastnn.layers.flatten import Flatten
from fastnn.layers.input import Input, InputLayer
from fastnn.layers.layer import Layer
from fastnn.layers.rescaling import Rescaling
from fastnn.registry import Registry

__all__ = [
    "Layer",
    "Input",
    "InputLayer",
    "Dense",
    "Activation",
    "Dropout",
    "Flatten",
    "Rescaling",
    "get",
    "serialize",
    "deserialize",
]

REGISTRY: Registry[Layer] = Registry(
    "layer",
    {cls.__name__: cls for cls in (InputLayer, Dense, Activation, Dropout, Flatten, Rescaling)},
    {},
)


def get(identifier: Any, custom_objects: Mapping[str, Any] | None = None) -> Layer:
    """The layer that a configuration or an object stands for.

    Parameters
    ----------
    identifier : a ``Layer``, or ``{"class_name": ..., "config": ...}``.
    custom_objects : classes and functions of the caller, by name.

    Raises
    ------
    ArgumentError : for an unknown class (the known ones are listed), or anything else.

    Examples
    --------
    >>> get({"class_name": "Dense", "config": {"units": 3}}).units
    3
    """
    if isinstance(identifier, Layer):
        return identifier
    if isinstance(identifier, Mapping):
        return deserialize(identifier, custom_objects)
    raise ArgumentError(
        f"received {identifier!r} as a layer, expected a Layer object or its configuration. Pass "
        "fastnn.layers.Dense(10), for example."
    )


def serialize(layer: Layer) -> dict[str, Any]:
    """The layer as ``{"class_name": ..., "config": ...}``; its weights are not part of it.

    Examples
    --------
    >>> serialize(Flatten())["class_name"]
    'Flatten'
    """
    return {"class_name": type(layer).__name__, "config": layer.get_config()}


def deserialize(
    config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None
) -> Layer:
    """A new layer from ``serialize``'s result.

    Parameters
    ----------
    config : the data.
    custom_objects : layer classes, activations and initializers of the caller, by name. Only these
        and fastnn's own can be made.

    Examples
    --------
    >>> deserialize(serialize(Dense(4, activation="relu"))).activation.__name__
    'relu'
    """
    inner = config.get("config")
    if config.get("class_name") == "Sequential" and isinstance(inner, Mapping):
        from fastnn.models.sequential import Sequential

        return Sequential.from_config(inner, custom_objects)
    if custom_objects and isinstance(inner, Mapping):
        config = {**config, "config": _with_objects(inner, custom_objects)}
    return REGISTRY.deserialize(config, custom_objects)


def _with_objects(config: Mapping[str, Any], custom_objects: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with the caller's objects in place of their names."""
    made = dict(config)
    for argument, value in config.items():
        if argument != "activation" and not argument.endswith("_initializer"):
            continue
        name = value.get("class_name") if isinstance(value, Mapping) else value
        if not isinstance(name, str) or name not in custom_objects:
            continue
        found = custom_objects[name]
        if isinstance(value, Mapping):
            settings = dict(value.get("config") or {})
            made[argument] = getattr(found, "from_config", lambda c, f=found: f(**c))(settings)
        else:
            made[argument] = found
    return made
