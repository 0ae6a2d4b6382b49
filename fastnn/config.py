"""Settings of the process: the default float type and epsilon, as ``keras.config`` has them.

Backend and thread settings stand in ``fastnn.backends``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fastnn.errors import ArgumentError
from fastnn.lacking import refusing

__all__ = ["floatx", "set_floatx", "epsilon", "set_epsilon", "standardize_dtype"]

_FLOAT_TYPES = ("float32", "float64")
_settings: dict[str, Any] = {"floatx": "float32", "epsilon": 1e-7}


def floatx() -> str:
    """The default float type of layers: ``"float32"`` unless changed.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.config.floatx()
    'float32'
    """
    name: str = _settings["floatx"]
    return name


def set_floatx(value: str) -> None:
    """Set the default float type of layers made from now on: ``"float32"`` or ``"float64"``.

    Raises
    ------
    ArgumentError : for any other type (Keras also has ``"float16"`` and ``"bfloat16"``).

    Examples
    --------
    >>> import fastnn
    >>> fastnn.config.set_floatx("float64")
    >>> fastnn.layers.Dense(1).dtype
    'float64'
    >>> fastnn.config.set_floatx("float32")
    """
    _settings["floatx"] = standardize_dtype(value)


def epsilon() -> float:
    """The fuzz factor at which probabilities are clipped: 1e-7 unless changed.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.config.epsilon()
    1e-07
    """
    value: float = _settings["epsilon"]
    return value


def set_epsilon(value: float) -> None:
    """Set the fuzz factor at which probabilities are clipped.

    Raises
    ------
    ArgumentError : unless 0 < value < 0.5.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.config.set_epsilon(1e-5)
    >>> fastnn.config.epsilon()
    1e-05
    >>> fastnn.config.set_epsilon(1e-7)
    """
    if not isinstance(value, (int, float, np.number)) or not 0 < value < 0.5:
        raise ArgumentError(
            f"set_epsilon: received {value!r}, expected a number between 0 and 0.5. Pass 1e-7, the "
            "default, for example."
        )
    _settings["epsilon"] = float(value)


def standardize_dtype(dtype: Any) -> str:
    """The name of a float type, ``floatx()`` for None; an error for anything but float32 and
    float64.

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn import config
    >>> config.standardize_dtype(np.float64)
    'float64'
    """
    if dtype is None:
        return floatx()
    try:
        name = str(np.dtype(dtype).name)
    except TypeError:
        name = str(dtype)
    if name not in _FLOAT_TYPES:
        raise ArgumentError(
            f"dtype must be 'float32' or 'float64', received {dtype!r}. Layers compute in these "
            "two types only."
        )
    return name


if not TYPE_CHECKING:
    __getattr__ = refusing(__name__)
