"""Dropout. The mask comes from the counter-based generator of ``fastnn/random``; the gradient is
the same op applied to dy, because the same counters give the same mask. Holds no generator.
Twin: ``kernels/dropout.c``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fastnn.backends.numpy_ref.context import Array, Context, ieee
from fastnn.random import keep_mask


@ieee
def dropout(context: Context, x: Array, *, rate: float, key: Sequence[int], stream: int) -> Array:
    """y = x/(1 − rate) where the mask keeps, else 0; x (…, columns), rows are all leading axes.

    A dropped NaN becomes 0: the element takes no part in this step.
    """
    columns = x.shape[-1]
    rows = x.size // columns if columns else 0
    drawn = (rows, columns, rate, *key, context.step, stream)
    if drawn not in context.masks:  # backward needs forward's
        context.masks[drawn] = keep_mask(rows, columns, rate, key, context.step, stream)
    mask = context.masks[drawn].reshape(x.shape)
    scale = 1.0 / (1.0 - rate) if rate < 1.0 else 0.0  # rate 1 keeps nothing
    y: Array = np.where(mask, x * x.dtype.type(scale), x.dtype.type(0))
    return y
