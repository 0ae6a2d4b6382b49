"""What a user gets from calling a layer, a model or a loss on arrays: a NumPy array, or what the
compatibility layer makes of it (TensorFlow's tensors have a method ``numpy``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_present: list[Callable[[Any], Any]] = []


def presented(result: Any) -> Any:
    """The result of an eager call as its user wants it."""
    return _present[-1](result) if _present else result


def set_presentation(function: Callable[[Any], Any] | None) -> None:
    """Hand every result of an eager call through a function; None: as they are."""
    _present[:] = [] if function is None else [function]
