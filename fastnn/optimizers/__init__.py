"""Optimizers, by increasing complexity, and how names and configurations become optimizers. The
arithmetic is in ``fastnn/ops/optimizer.py``, ``layerwise.py`` and the backends.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, overload

from fastnn.errors import ArgumentError
from fastnn.lacking import refusing
from fastnn.optimizers import schedules
from fastnn.optimizers.adadelta import Adadelta
from fastnn.optimizers.adafactor import Adafactor
from fastnn.optimizers.adagrad import Adagrad
from fastnn.optimizers.adam import Adam, AdamW
from fastnn.optimizers.adamax import Adamax
from fastnn.optimizers.ftrl import Ftrl
from fastnn.optimizers.lamb import Lamb
from fastnn.optimizers.lbfgs import LBFGS
from fastnn.optimizers.lion import Lion
from fastnn.optimizers.muon import Muon
from fastnn.optimizers.nadam import Nadam
from fastnn.optimizers.optimizer import Optimizer
from fastnn.optimizers.rmsprop import RMSprop
from fastnn.optimizers.sgd import SGD
from fastnn.registry import Registry, checked_config, described

# The built-in optimizers, by increasing complexity
CLASSES: tuple[type[Optimizer], ...] = (
    *(SGD, Lion, Adagrad, Adadelta, RMSprop, Adam, AdamW, Adamax, Nadam, Ftrl, Lamb, Adafactor),
    *(Muon, LBFGS),
)
REGISTRY: Registry[Optimizer] = Registry(
    "optimizer",
    {cls.__name__: cls for cls in CLASSES},
    {cls.__name__.lower(): cls.__name__ for cls in CLASSES},
)

__all__ = [
    "Optimizer",
    "SGD",
    "Lion",
    "Adagrad",
    "Adadelta",
    "RMSprop",
    "Adam",
    "AdamW",
    "Adamax",
    "Nadam",
    "Ftrl",
    "Lamb",
    "Adafactor",
    "Muon",
    "LBFGS",
    "get",
    "serialize",
    "deserialize",
    "schedules",
]


@overload
def get(identifier: None) -> None: ...
@overload
def get(identifier: object) -> Optimizer: ...
def get(identifier: object) -> Optimizer | None:
    """The optimizer that a name, a configuration or an object stands for; None for None.

    Parameters
    ----------
    identifier : a name (``"adam"``, ``"Adam"``), ``{"class_name": ..., "config": ...}``, or an
        ``Optimizer``.

    Raises
    ------
    ArgumentError : for an unknown name (the message lists the known ones) or any other object.

    Examples
    --------
    >>> get("adam").learning_rate
    0.001
    """
    if identifier is None or isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, str):
        # as Keras: the names of the built-in optimizers in any case
        known = {name.lower(): name for name in REGISTRY.classes}
        return REGISTRY.find(known.get(identifier.lower(), identifier))()
    if isinstance(identifier, Mapping):
        return deserialize(identifier)
    raise ArgumentError(
        f"received {identifier!r} as an optimizer, expected a name, an Optimizer object or its "
        "configuration. Pass 'adam' or fastnn.optimizers.Adam(learning_rate=0.001), for example."
    )


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """The optimizer as ``{"class_name": ..., "config": ...}``.

    Examples
    --------
    >>> serialize(SGD())["class_name"]
    'SGD'
    """
    return described("an optimizer", optimizer)


def deserialize(
    config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None
) -> Optimizer:
    """An optimizer from ``serialize``'s result; ``custom_objects`` adds classes by name.

    Examples
    --------
    >>> deserialize(serialize(SGD(momentum=0.5))).momentum
    0.5
    """
    inner = checked_config("an optimizer", config).get("config")
    rate = inner.get("learning_rate") if isinstance(inner, Mapping) else None
    if isinstance(inner, Mapping) and isinstance(rate, (Mapping, str)):
        # a class of the user's own may define from_config(config) without custom_objects
        made = (
            schedules.deserialize(rate, custom_objects)
            if isinstance(rate, Mapping)
            else (custom_objects or {}).get(rate, rate)
        )
        config = {**config, "config": {**inner, "learning_rate": made}}
    return REGISTRY.deserialize(config, custom_objects)


if not TYPE_CHECKING:
    __getattr__ = refusing(__name__)
