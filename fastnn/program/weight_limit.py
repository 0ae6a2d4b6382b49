"""How many weight elements may be made now. Building a model from a file must not allocate more
than the file holds, so the loader opens a limit and ``Layer.add_weight`` draws on it before it
allocates. Outside of a load there is no limit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from fastnn.errors import ShapeError

# Elements that may still be made, in a list of one so that a nested call can count down; None: any.
_left: ContextVar[list[int] | None] = ContextVar("fastnn_weight_limit", default=None)


@contextmanager
def weight_limit(elements: int) -> Iterator[None]:
    """While this context is open, layers may make weights of ``elements`` elements in all."""
    token = _left.set([elements])
    try:
        yield
    finally:
        _left.reset(token)


def take_weight(path: str, shape: Sequence[int]) -> None:
    """Count a weight that is about to be made; ShapeError if the limit is exceeded."""
    left = _left.get()
    if left is None:
        return
    elements = math.prod(shape)
    if elements > left[0]:
        raise ShapeError(
            f"weight {path!r} of shape {tuple(shape)} needs {elements} elements, and the weights "
            f"in the file leave {left[0]} for it. Expected an architecture that fits its weights."
        )
    left[0] -= elements
