"""What happens to gradients before an optimizer's step, and to weights after it: clipping by a
norm, accumulation over steps, averages of the weights. Twin: ``kernels/gradient.c``.
"""

from __future__ import annotations

import numpy as np

from fastnn.backends.numpy_ref.context import Array, Context, ieee


def _updates(context: Context, every: int) -> bool:
    """Whether the optimizer updates in this step: the last one of ``every``."""
    return (context.step + 1) % every == 0


@ieee
def clip_by_norm(context: Context, g: Array, squares: Array, *, norm: float, every: int) -> Array:
    """g · norm / √squares where √squares > norm, else g."""
    length = float(np.sqrt(squares))
    if length <= norm or not _updates(context, every):
        kept: Array = g.copy()
        return kept
    clipped: Array = g * g.dtype.type(norm / length)
    return clipped


@ieee
def accumulate_gradient(context: Context, g: Array, kept: Array, *, every: int) -> Array:
    """kept + g, divided by ``every`` in a step that updates."""
    total: Array = g + kept.reshape(g.shape)
    return total / g.dtype.type(every) if _updates(context, every) else total


def keep_gradient(context: Context, kept: Array, g: Array, *, every: int) -> None:
    """kept ← g, or 0 in a step that updates."""
    kept[...] = 0 if _updates(context, every) else g.reshape(kept.shape)


@ieee
def average_weights(
    context: Context, w: Array, average: Array, *, momentum: float, frequency: int, every: int
) -> None:
    """average ← momentum · average + (1 - momentum) · w; every ``frequency`` updates w ← average.

    In the first ``every`` steps average ← w.
    """
    updates = context.step // every
    T = w.dtype.type
    if updates:
        average *= T(momentum)
        average += T(1.0 - momentum) * w
    else:
        average[...] = w
    if frequency and (updates + 1) % frequency == 0:
        w[...] = average
