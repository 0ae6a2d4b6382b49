"""What ``tf.constant`` and calls on arrays return in a script written for TensorFlow: a NumPy array
that also has the method ``numpy``.
"""

from __future__ import annotations

from typing import Any

import numpy as np


class EagerTensor(np.ndarray[Any, Any]):
    """A NumPy array with the method ``numpy`` of TensorFlow's tensors."""

    def numpy(self) -> Any:
        """The array without the method; a number for an array without axes."""
        plain = np.asarray(self)
        return plain if plain.ndim else plain[()]


def tensor(value: Any, dtype: Any = None) -> EagerTensor:
    """A value as a tensor; Python's floats become float32 and its integers int32."""
    array = np.asarray(value, dtype=dtype)
    if dtype is None and not hasattr(value, "dtype"):
        if array.dtype == np.float64:
            array = array.astype(np.float32)
        elif array.dtype == np.int64:
            array = array.astype(np.int32)
    return array.view(EagerTensor)


def presented(value: Any) -> Any:
    """An array or a NumPy number that fastnn returned, with the method ``numpy``."""
    if isinstance(value, (np.ndarray, np.generic)):
        return np.asarray(value).view(EagerTensor)
    if isinstance(value, (list, tuple)):
        return type(value)(presented(item) for item in value)
    return value
