"""Initializers: how weights begin. Names, configurations and functions are turned into initializers
here; the formulas are in ``constant.py``, ``distribution.py``, ``scaling.py`` and ``matrix.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from fastnn.errors import ArgumentError
from fastnn.initializers.constant import Constant as Constant
from fastnn.initializers.constant import Ones as Ones
from fastnn.initializers.constant import Zeros as Zeros
from fastnn.initializers.distribution import RandomNormal as RandomNormal
from fastnn.initializers.distribution import RandomUniform as RandomUniform
from fastnn.initializers.distribution import TruncatedNormal as TruncatedNormal
from fastnn.initializers.initializer import Initializer as Initializer
from fastnn.initializers.initializer import draw as draw
from fastnn.initializers.matrix import Identity as Identity
from fastnn.initializers.matrix import Orthogonal as Orthogonal
from fastnn.initializers.scaling import GlorotNormal as GlorotNormal
from fastnn.initializers.scaling import GlorotUniform as GlorotUniform
from fastnn.initializers.scaling import HeNormal as HeNormal
from fastnn.initializers.scaling import HeUniform as HeUniform
from fastnn.initializers.scaling import LecunNormal as LecunNormal
from fastnn.initializers.scaling import LecunUniform as LecunUniform
from fastnn.initializers.scaling import VarianceScaling as VarianceScaling
from fastnn.lacking import refusing
from fastnn.registry import Registry

__all__ = [
    "Initializer",
    "Constant",
    "Ones",
    "Zeros",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "Identity",
    "Orthogonal",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "LecunNormal",
    "LecunUniform",
    "VarianceScaling",
    "zeros",
    "ones",
    "constant",
    "random_uniform",
    "random_normal",
    "truncated_normal",
    "variance_scaling",
    "glorot_uniform",
    "glorot_normal",
    "he_uniform",
    "he_normal",
    "lecun_uniform",
    "lecun_normal",
    "orthogonal",
    "identity",
    "OrthogonalInitializer",
    "IdentityInitializer",
    "get",
    "serialize",
    "deserialize",
]

# Keras has each class under its snake-case name as well.
zeros = Zeros
ones = Ones
constant = Constant
random_uniform = RandomUniform
random_normal = RandomNormal
truncated_normal = TruncatedNormal
variance_scaling = VarianceScaling
glorot_uniform = GlorotUniform
glorot_normal = GlorotNormal
he_uniform = HeUniform
he_normal = HeNormal
lecun_uniform = LecunUniform
lecun_normal = LecunNormal
orthogonal = Orthogonal
identity = Identity
# … and these two under the names of Keras 2
OrthogonalInitializer = Orthogonal
IdentityInitializer = Identity

_SNAKE_CASE = {
    "zeros": Zeros,
    "ones": Ones,
    "constant": Constant,
    "random_uniform": RandomUniform,
    "random_normal": RandomNormal,
    "truncated_normal": TruncatedNormal,
    "variance_scaling": VarianceScaling,
    "glorot_uniform": GlorotUniform,
    "glorot_normal": GlorotNormal,
    "he_uniform": HeUniform,
    "he_normal": HeNormal,
    "lecun_uniform": LecunUniform,
    "lecun_normal": LecunNormal,
    "orthogonal": Orthogonal,
    "identity": Identity,
}
_SHORT = {
    "zero": "Zeros",
    "one": "Ones",
    "uniform": "RandomUniform",
    "normal": "RandomNormal",
    "OrthogonalInitializer": "Orthogonal",
    "IdentityInitializer": "Identity",
}

INITIALIZERS: Registry[Initializer] = Registry(
    "initializer",
    {cls.__name__: cls for cls in _SNAKE_CASE.values()},
    {**{name: cls.__name__ for name, cls in _SNAKE_CASE.items()}, **_SHORT},
)

CustomObjects = Mapping[str, Any]


def serialize(initializer: Callable[..., Any]) -> dict[str, Any] | str:
    """An initializer as data: ``{"class_name": ..., "config": ...}``, or a function's name.

    Raises
    ------
    ArgumentError : for something that has neither a configuration nor a name (a lambda).

    Examples
    --------
    >>> from fastnn import initializers
    >>> initializers.serialize(initializers.RandomNormal(stddev=0.1))
    {'class_name': 'RandomNormal', 'config': {'seed': None, 'mean': 0.0, 'stddev': 0.1}}

    Notes
    -----
    Differs from Keras: no module path is written, so reading it back imports nothing.
    """
    get_config = getattr(initializer, "get_config", None)
    if callable(get_config) and not isinstance(initializer, type):
        return {"class_name": type(initializer).__name__, "config": get_config()}
    name = getattr(initializer, "__name__", "<lambda>")
    if name == "<lambda>":
        raise ArgumentError(
            f"initializer of type {type(initializer).__name__} cannot be written to a file: it has "
            "neither get_config nor a name. Use a named function or a subclass of Initializer, and "
            "pass it as custom_objects when loading."
        )
    return str(name)


def deserialize(
    config: Mapping[str, Any] | str, custom_objects: CustomObjects | None = None
) -> Callable[..., Any]:
    """An initializer from what ``serialize`` returned.

    Parameters
    ----------
    config : the data.
    custom_objects : classes and functions of the caller, by name.

    Raises
    ------
    ArgumentError : for an unknown name or a damaged configuration.

    Examples
    --------
    >>> from fastnn import initializers
    >>> config = {"class_name": "Constant", "config": {"value": 2.0}}
    >>> initializers.deserialize(config)((2,)).tolist()
    [2.0, 2.0]
    """
    if not isinstance(config, str):
        return INITIALIZERS.deserialize(config, custom_objects)
    found: Any = INITIALIZERS.find(config, custom_objects)
    return found() if isinstance(found, type) else found  # type: ignore[no-any-return]


@overload
def get(identifier: None, custom_objects: CustomObjects | None = None) -> None: ...
@overload
def get(identifier: object, custom_objects: CustomObjects | None = None) -> Callable[..., Any]: ...
def get(
    identifier: object, custom_objects: CustomObjects | None = None
) -> Callable[..., Any] | None:
    """The initializer that a layer's argument means.

    Parameters
    ----------
    identifier : a name (``"he_normal"``, ``"HeNormal"``), an ``Initializer`` or a subclass of it, a
        function f(shape, dtype=None), a configuration, an array (the value itself), or None.
    custom_objects : classes and functions of the caller, by name.

    Returns
    -------
    A callable f(shape, dtype=None), or None for None.

    Raises
    ------
    ArgumentError : for an unknown name (the known ones are listed), or anything else.

    Examples
    --------
    >>> from fastnn import initializers
    >>> initializers.get("ones")((2,)).tolist()
    [1.0, 1.0]
    >>> initializers.get(initializers.HeNormal).mode
    'fan_in'
    """
    if identifier is None:
        return None
    if isinstance(identifier, (str, Mapping)):
        return deserialize(identifier, custom_objects)
    if isinstance(identifier, (np.ndarray, np.generic)):
        return Constant(identifier)
    if isinstance(identifier, type) and callable(identifier):
        identifier = identifier()
    if callable(identifier):
        return identifier
    raise ArgumentError(
        f"initializer: received an object of type {type(identifier).__name__}, expected a name, an "
        "Initializer, a function of (shape, dtype=None), an array or a configuration. "
        "For a fixed number write Constant(number)."
    )


if not TYPE_CHECKING:
    __getattr__ = refusing(__name__)
