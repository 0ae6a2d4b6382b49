"""What ``variable.assign(tensor)`` means while a model is traced: the variable has the new value
for the rest of the trace, and whoever traces decides whether its Program stores it.

A trace that is meant to become a Program opens ``assignments()`` and gets what was assigned, the
last value of each variable. Layers that are traced for their shapes alone open ``tracing()``, and
what they assign is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastnn.program.tensor import Tensor
    from fastnn.program.variable import Variable

Assigned = dict["Variable", "Tensor"]

_current: ContextVar[Assigned | None] = ContextVar("fastnn_assignments", default=None)


@contextmanager
def assignments() -> Iterator[Assigned]:
    """A trace of its own; yields the variables' new values as they come."""
    found: Assigned = {}
    token = _current.set(found)
    try:
        yield found
    finally:
        _current.reset(token)


@contextmanager
def tracing() -> Iterator[None]:
    """Part of the trace that is going on, or a trace whose assignments are forgotten."""
    if _current.get() is not None:
        yield
        return
    with assignments():
        yield


@contextmanager
def outside() -> Iterator[None]:
    """No trace: variables are assigned at once (a layer makes its weights)."""
    token = _current.set(None)
    try:
        yield
    finally:
        _current.reset(token)


def current() -> Assigned | None:
    """What the trace that is going on has assigned so far; None outside of traces."""
    return _current.get()
