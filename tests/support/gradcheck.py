"""Central differences in float64: every entry of a small input, one random direction for a large
one. The error of (f(x+h) - f(x-h)) / 2h is about h²·f'''/6 + eps·f/h: with h = 1e-6, a few 1e-9
for the functions and inputs of ``cases.py``. Deliberately not here: which functions (``cases.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

ALL_ENTRIES = 120  # inputs of at most so many entries are checked entry by entry
STEP = 1e-6
TOLERANCE = 1e-7  # relative to the largest entry of the gradient, and at least absolute


def check_gradient(
    f: Callable[[Array], float],
    x: Array,
    gradient: Array,
    *,
    skip: Array | None = None,
    step: float = STEP,
    tolerance: float = TOLERANCE,
    where: str = "gradient",
) -> None:
    """Fail unless ``gradient`` is that of the scalar function f at x.

    Parameters
    ----------
    f : takes an array like x, which it may not keep.
    skip : True where an entry lies near a kink of f; the gradient there is not looked at.
    """
    assert gradient.shape == x.shape, f"{where}: shape {gradient.shape}, not {x.shape}"
    assert x.dtype == np.float64, f"{where}: differences need float64, not {x.dtype}"
    looked_at = np.ones(x.shape, dtype=bool) if skip is None else ~skip
    gradient = np.where(looked_at, gradient, 0.0)
    limit = tolerance * max(1.0, float(np.abs(gradient).max(initial=0.0)))
    if x.size <= ALL_ENTRIES:
        directions = [
            (np.unravel_index(flat, x.shape), one)
            for flat, one in enumerate(np.eye(x.size).reshape(-1, *x.shape))
        ]
    else:
        signs = np.random.default_rng(x.size).choice([-1.0, 1.0], (3, *x.shape))
        directions = [("a random direction", one) for one in signs]
        limit *= np.sqrt(x.size)
    for name, direction in directions:
        direction = direction * looked_at
        if not direction.any():
            continue
        expected = (f(x + step * direction) - f(x - step * direction)) / (2 * step)
        found = float((gradient * direction).sum())
        if not abs(found - expected) <= limit:
            raise AssertionError(
                f"{where}: {found!r} along {name}, differences give {expected!r} "
                f"(off by {abs(found - expected):.3g}, allowed {limit:.3g})"
            )
