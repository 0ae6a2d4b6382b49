"""Checks of constructor arguments that layers, losses, metrics and optimizers share: numbers in a
range, integers, Keras arguments that fastnn does not support, and unknown names. Checks of arrays
and shapes are elsewhere.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any, ParamSpec, TypeVar

import numpy as np

from fastnn.errors import ArgumentError, UnsupportedError
from fastnn.registry import near_names

Made = TypeVar("Made", bound="NamesItsArguments")
Given = ParamSpec("Given")
Result = TypeVar("Result")


class NamesItsArguments:
    """Base of classes whose constructors list their arguments when they get an unknown one."""

    def __new__(cls: type[Made], *args: Any, **kwargs: Any) -> Made:
        """A new object, if the constructor has arguments of these names."""
        if cls.__init__ is object.__init__ and (args or kwargs):
            unknown(cls.__name__, kwargs, [])
            raise TypeError(f"{cls.__name__}() takes no arguments")
        if kwargs:
            parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
            names = [p.name for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
            if all(p.kind is not p.VAR_KEYWORD for p in parameters):
                unknown(cls.__name__, {key: 0 for key in kwargs if key not in names}, names)
        return super().__new__(cls)


def named(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """A method that lists its arguments when it gets an unknown one, as the constructors do."""
    names = [name for name in inspect.signature(function).parameters if name != "self"]
    known = frozenset(names)

    @functools.wraps(function)
    def checked(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        if not known.issuperset(kwargs):
            wrong = {name: value for name, value in kwargs.items() if name not in known}
            unknown(function.__name__, wrong, names)
        return function(*args, **kwargs)

    return checked


def number(owner: str, name: str, value: Any, bounds: str) -> float:
    """``value`` as a float inside ``bounds``, an interval such as ``"[0, 1)"``."""
    low, high = (float(end) for end in bounds[1:-1].split(","))
    if not isinstance(value, bool) and isinstance(value, Real):
        x = float(value)
        above = x > low or (bounds[0] == "[" and x == low)
        below = x < high or (bounds[-1] == "]" and x == high)
        if math.isfinite(x) and above and below:
            return x
    raise ArgumentError(
        f"{owner}: received {name}={value!r}, expected a number in {bounds}. Pass {name} in that "
        "range."
    )


def bound(owner: str, name: str, value: Any) -> float:
    """``value`` as a float: any number, infinities among them."""
    if np.ndim(value) == 0 and isinstance(np.asarray(value).item(), (bool, int, float)):
        return float(value)
    raise ArgumentError(
        f"{owner}: received {name}={value!r}, expected a number. Pass one number for all elements."
    )


def integer(owner: str, name: str, value: Any, low: int) -> int:
    """``value`` as an int that is at least ``low``."""
    if not isinstance(value, bool) and isinstance(value, Integral) and int(value) >= low:
        return int(value)
    kind = "a positive integer" if low == 1 else f"an integer of at least {low}"
    raise ArgumentError(
        f"{owner}: received {name}={value!r}, expected {kind}. Pass {name} as such an integer."
    )


def integers(owner: str, name: str, value: Any) -> tuple[int, ...]:
    """One integer, or several in a list, a tuple, a range or an array of one axis, as a tuple."""
    several = isinstance(value, (list, tuple, range)) or (
        isinstance(value, np.ndarray) and value.ndim == 1
    )
    items = tuple(value) if several else (value,)
    if all(isinstance(item, Integral) and not isinstance(item, bool) for item in items):
        return tuple(int(item) for item in items)
    raise ArgumentError(
        f"{owner}: received {name}={value!r}, expected an integer or a list of integers. Pass "
        f"{name}=(2, 3), for example."
    )


def flag(owner: str, name: str, value: Any) -> bool:
    """``value`` as a bool: True, False, 0 or 1."""
    if isinstance(value, (bool, int, np.bool_)) and value in (0, 1):
        return bool(value)
    raise ArgumentError(
        f"{owner}: received {name}={value!r}, expected True or False. Pass one of the two."
    )


def one_of(owner: str, name: str, value: Any, choices: Sequence[Any]) -> Any:
    """``value``, which must be one of the choices."""
    plain = not isinstance(value, np.ndarray)  # which would be compared element by element
    if any(value is choice or (plain and value == choice) for choice in choices):
        return value
    listed = ", ".join(repr(choice) for choice in choices)
    raise ArgumentError(
        f"{owner}: received {name}={value!r}, expected one of {listed}. Pass one of these."
    )


def axis(owner: str, value: Any) -> int:
    """``value`` as the number of an axis, from the end if it is negative."""
    return integer(owner, "axis", value, -64)


def several(owner: str, name: str, value: Any, what: str = "numbers") -> list[Any]:
    """``value``, which must be a list, a tuple or an array."""
    if isinstance(value, (list, tuple, range, np.ndarray)):
        return list(value)
    raise ArgumentError(
        f"{owner}: received {name}={value!r}, expected a list of {what}. Pass {name}=[...]."
    )


def text(owner: str, name: str, value: Any) -> str | None:
    """``value``, which must be a string or None."""
    if value is None or isinstance(value, str):
        return value
    raise ArgumentError(
        f"{owner}: received {name}={value!r}, expected a string. Pass a string, or leave it out."
    )


def unsupported(owner: str, arguments: Mapping[str, tuple[Any, Any]]) -> None:
    """Refuse Keras arguments that fastnn does not have; ``arguments``: name → (value, default)."""
    for name, (value, default) in arguments.items():
        if value is None or value is default or (type(value) is type(default) and value == default):
            continue
        raise UnsupportedError(
            f"{owner}: received {name}={value!r}, but fastnn does not support the argument "
            f"{name!r}. Leave it out, or pass {default!r}."
        )


def unknown(owner: str, received: Mapping[str, Any], known: Iterable[str]) -> None:
    """Refuse arguments that do not exist, listing those that do."""
    names = list(known)
    for name in received:
        near = near_names(name, names)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        known_names = f"Its arguments are: {', '.join(names)}." if names else "It has no arguments."
        raise ArgumentError(f"{owner}: unknown argument {name!r}.{hint} {known_names}")
