"""Constraints: what weights become after each update. Names, configurations and functions are
turned into constraints here; the formulas are in ``constraints.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from fastnn.constraints.constraints import Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm
from fastnn.errors import ArgumentError
from fastnn.lacking import refusing
from fastnn.registry import Registry

__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "max_norm",
    "min_max_norm",
    "non_neg",
    "unit_norm",
    "get",
    "serialize",
    "deserialize",
]

# Keras has each class under its old name as well.
max_norm = MaxNorm
min_max_norm = MinMaxNorm
non_neg = NonNeg
unit_norm = UnitNorm

REGISTRY: Registry[Constraint] = Registry(
    "constraint",
    {cls.__name__: cls for cls in (Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm)},
    {
        "max_norm": "MaxNorm",
        "maxnorm": "MaxNorm",
        "min_max_norm": "MinMaxNorm",
        "non_neg": "NonNeg",
        "nonneg": "NonNeg",
        "unit_norm": "UnitNorm",
        "unitnorm": "UnitNorm",
        "constraint": "Constraint",
    },
)


def serialize(constraint: Callable[..., Any] | None) -> dict[str, Any] | str | None:
    """A constraint as data: ``{"class_name": ..., "config": ...}``, or a function's name.

    Raises
    ------
    ArgumentError : for something that has neither a configuration nor a name (a lambda).

    Examples
    --------
    >>> serialize(UnitNorm())
    {'class_name': 'UnitNorm', 'config': {'axis': 0}}
    """
    return None if constraint is None else REGISTRY.serialize(constraint)


def deserialize(
    config: Mapping[str, Any] | str, custom_objects: Mapping[str, Any] | None = None
) -> Callable[..., Any]:
    """A constraint from what ``serialize`` returned; ``custom_objects`` adds the caller's own.

    Examples
    --------
    >>> deserialize({"class_name": "MaxNorm", "config": {"max_value": 3}}).max_value
    3
    """
    return REGISTRY.callable_of(config, custom_objects)


def get(
    identifier: Any, custom_objects: Mapping[str, Any] | None = None
) -> Callable[..., Any] | None:
    """The constraint that a layer's argument means; None for None.

    Parameters
    ----------
    identifier : a name (``"non_neg"``), a ``Constraint`` or a subclass of it, a function of a
        tensor, a configuration, or None.
    custom_objects : classes and functions of the caller, by name.

    Raises
    ------
    ArgumentError : for an unknown name (the known ones are listed), or anything else.

    Examples
    --------
    >>> get("max_norm").max_value
    2
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
        f"received {identifier!r} as a constraint, expected a name, a Constraint object, a "
        "function or a configuration. Pass 'non_neg' or fastnn.constraints.NonNeg(), for example."
    )


if not TYPE_CHECKING:
    __getattr__ = refusing(__name__)
