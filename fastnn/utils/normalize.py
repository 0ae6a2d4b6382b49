"""Arrays with rows of length 1. As a layer inside a model, see ``layers.UnitNormalization``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def normalize(x: ArrayLike, axis: int = -1, order: float = 2) -> NDArray[Any]:
    """x / ‖x‖ along an axis; where the norm is 0, x stays as it is.

    Parameters
    ----------
    x : array of numbers.
    axis : the axis along which norms are taken.
    order : which norm: 1 (sum of magnitudes), 2 (Euclidean length), ``numpy.inf`` (the largest).

    Returns
    -------
    a new floating-point array of x's shape.

    Examples
    --------
    >>> normalize([[3.0, 4.0], [0.0, 0.0]])
    array([[0.6, 0.8],
           [0. , 0. ]])
    >>> normalize([[3.0, 1.0], [1.0, 1.0]], axis=0, order=1)
    array([[0.75, 0.5 ],
           [0.25, 0.5 ]])

    Notes
    -----
    Differs from Keras, where ``axis=0`` of a NumPy array divides by the norms of the wrong axis.
    This is no scaling of features: for that see ``layers.Normalization``.
    """
    array = np.asarray(x)
    norms = np.linalg.norm(array, order, axis, keepdims=True)
    return np.asarray(array / np.where(norms == 0, norms.dtype.type(1), norms))
