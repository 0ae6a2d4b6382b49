"""Random tensors from the counter-based generator of ``fastnn/random``, drawn as dropout's masks
are. Holds no generator. Twin: ``kernels/noise.c``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from fastnn import random
from fastnn.backends.numpy_ref.context import Array, Context


def random_uniform(
    context: Context, *, shape: Sequence[int], dtype: str, key: Sequence[int], stream: int
) -> Array:
    """Uniform in [0, 1); ``shape`` is one sample's."""
    drawn = random.dropout_uniform(*_matrix(context, shape), key, context.step, stream)
    return drawn.astype(dtype).reshape(context.n, *shape)


def random_normal(
    context: Context, *, shape: Sequence[int], dtype: str, key: Sequence[int], stream: int
) -> Array:
    """Standard normal; ``shape`` is one sample's."""
    drawn = random.standard_normal(*_matrix(context, shape), key, context.step, stream)
    return drawn.astype(dtype).reshape(context.n, *shape)


def _matrix(context: Context, shape: Sequence[int]) -> tuple[int, int]:
    """Rows and columns: rows are all leading axes."""
    columns = shape[-1] if shape else 1
    return context.n * math.prod(shape[:-1]), columns
