"""Regularizers: penalties on weights and outputs that are added to the loss. Names, configurations
and functions are turned into regularizers here; the formulas are in ``regularizers.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from fastnn.errors import ArgumentError
from fastnn.lacking import refusing
from fastnn.registry import Registry
from fastnn.regularizers.regularizers import L1, L1L2, L2, OrthogonalRegularizer, Regularizer

__all__ = [
    "Regularizer",
    "L1",
    "L2",
    "L1L2",
    "OrthogonalRegularizer",
    "l1",
    "l2",
    "l1_l2",
    "orthogonal_regularizer",
    "get",
    "serialize",
    "deserialize",
]

# Keras has each class under its old name as well.
l1 = L1
l2 = L2
l1_l2 = L1L2
orthogonal_regularizer = OrthogonalRegularizer

REGISTRY: Registry[Regularizer] = Registry(
    "regularizer",
    {cls.__name__: cls for cls in (L1, L2, L1L2, OrthogonalRegularizer)},
    {
        "l1": "L1",
        "l2": "L2",
        "l1l2": "L1L2",
        "l1_l2": "L1L2",
        "orthogonal_regularizer": "OrthogonalRegularizer",
    },
)


def serialize(regularizer: Callable[..., Any] | None) -> dict[str, Any] | str | None:
    """A regularizer as data: ``{"class_name": ..., "config": ...}``, or a function's name.

    Raises
    ------
    ArgumentError : for something that has neither a configuration nor a name (a lambda).

    Examples
    --------
    >>> serialize(L2(0.1))
    {'class_name': 'L2', 'config': {'l2': 0.1}}
    """
    return None if regularizer is None else REGISTRY.serialize(regularizer)


def deserialize(
    config: Mapping[str, Any] | str, custom_objects: Mapping[str, Any] | None = None
) -> Callable[..., Any]:
    """A regularizer from what ``serialize`` returned; ``custom_objects`` adds the caller's own.

    Examples
    --------
    >>> deserialize({"class_name": "L1", "config": {"l1": 0.5}}).l1
    0.5
    """
    return REGISTRY.callable_of(config, custom_objects)


def get(
    identifier: Any, custom_objects: Mapping[str, Any] | None = None
) -> Callable[..., Any] | None:
    """The regularizer that a layer's argument means; None for None.

    Parameters
    ----------
    identifier : a name (``"l2"``), a ``Regularizer`` or a subclass of it, a function of a tensor, a
        configuration, or None.
    custom_objects : classes and functions of the caller, by name.

    Raises
    ------
    ArgumentError : for an unknown name (the known ones are listed), or anything else.

    Examples
    --------
    >>> get("l2").l2
    0.01
    """
    if identifier is None:
        return None
    if isinstance(identifier, (str, Mapping)):
        return deserialize(identifier, custom_objects)
    if isinstance(identifier, type) and callable(identifier):
        identifier = identifier()
    if callable(identifier):
        made: Callable[..., Any] = identifier
        return made
    raise ArgumentError(
        f"received {identifier!r} as a regularizer, expected a name, a Regularizer object, a "
        "function or a configuration. Pass 'l2' or fastnn.regularizers.L2(0.01), for example."
    )


if not TYPE_CHECKING:
    __getattr__ = refusing(__name__)
