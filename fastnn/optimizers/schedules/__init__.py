"""Learning-rate schedules: learning rates that follow from the step. How a subclass of one's own is
written stands in ``LearningRateSchedule``; how an optimizer uses them, in ``optimizer.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fastnn.lacking import refusing
from fastnn.optimizers.schedules.cosine import CosineDecay, CosineDecayRestarts
from fastnn.optimizers.schedules.decays import (
    ExponentialDecay,
    InverseTimeDecay,
    PiecewiseConstantDecay,
    PolynomialDecay,
)
from fastnn.optimizers.schedules.schedule import LearningRateSchedule
from fastnn.registry import Registry, described

__all__ = [
    "LearningRateSchedule",
    "ExponentialDecay",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "InverseTimeDecay",
    "CosineDecay",
    "CosineDecayRestarts",
    "serialize",
    "deserialize",
]

REGISTRY: Registry[LearningRateSchedule] = Registry(
    "learning rate schedule",
    {
        cls.__name__: cls
        for cls in (
            ExponentialDecay,
            PiecewiseConstantDecay,
            PolynomialDecay,
            InverseTimeDecay,
            CosineDecay,
            CosineDecayRestarts,
        )
    },
    {},
)


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict[str, Any]:
    """The schedule as ``{"class_name": ..., "config": ...}``.

    Examples
    --------
    >>> serialize(ExponentialDecay(0.1, 10, 0.5))["class_name"]
    'ExponentialDecay'
    """
    return described("a schedule", learning_rate_schedule)


def deserialize(
    config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None
) -> LearningRateSchedule:
    """A new schedule from what ``serialize`` returned.

    Parameters
    ----------
    config : the data.
    custom_objects : schedule classes of the caller, by name.

    Examples
    --------
    >>> deserialize(serialize(ExponentialDecay(0.1, 10, 0.5)))(10)
    0.05
    """
    return REGISTRY.deserialize(config, custom_objects)


if not TYPE_CHECKING:
    __getattr__ = refusing(__name__)
