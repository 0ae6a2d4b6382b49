"""Dropout. The mask comes from the counter-based generator of ``fastnn/random``; the gradient is
the same op applied to dy, because the same counters give the same mask. Holds no generator.
Twin: ``kernels/dropout.c``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from fastnn.backends.numpy_ref.context import Array, Context, ieee
from fastnn.backends.numpy_ref.select import bits_of, keep_bits
from fastnn.random import keep_mask

# elements of masks that are drawn at once: the arrays of ``philox4x32`` stay in a common L2
DRAWN = 1 << 16


@ieee
def dropout(
    context: Context,
    x: Array,
    *,
    rate: float,
    key: Sequence[int],
    stream: int,
    out: Array | None = None,
) -> Array:
    """y = x/(1 − rate) where the mask keeps, else 0; x (…, columns), rows are all leading axes.

    A dropped NaN becomes 0: the element takes no part in this step.
    """
    y = keep_bits(_mask(context, x, rate, key, stream).reshape(x.shape), x, out)
    y *= y.dtype.type(1.0 / (1.0 - rate) if rate < 1.0 else 0.0)  # rate 1 keeps nothing
    return y


def _mask(context: Context, x: Array, rate: float, key: Sequence[int], stream: int) -> NDArray[Any]:
    """The mask of this step, as bits. Those of the next steps are drawn with it, since a call of
    NumPy takes as long as a thousand elements; backward needs it once more.
    """
    columns = x.shape[-1]
    rows = x.size // columns if columns else 0
    drawn = (rows, columns, x.itemsize, rate, *key, stream)
    first, masks = context.masks.get(drawn, (0, ()))
    if not 0 <= context.step - first < len(masks):
        count = max(1, min(context.ahead, DRAWN // max(1, x.size)))
        first = context.step
        kept = keep_mask(rows, columns, rate, key, range(first, first + count), stream)
        masks = bits_of(kept, x.itemsize)
        context.masks[drawn] = first, masks
    mask: NDArray[Any] = masks[context.step - first]
    return mask
