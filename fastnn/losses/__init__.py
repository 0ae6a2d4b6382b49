"""Losses, and how names, functions and configurations become losses. A loss says in ``fastnn.ops``
what it computes; the arithmetic is in the backends.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fastnn.errors import ArgumentError, UnsupportedError
from fastnn.lacking import refusing
from fastnn.losses.circle import Circle, circle
from fastnn.losses.crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)
from fastnn.losses.divergence import KLDivergence, Poisson, kl_divergence, poisson
from fastnn.losses.focal import (
    BinaryFocalCrossentropy,
    CategoricalFocalCrossentropy,
    CategoricalGeneralizedCrossEntropy,
    binary_focal_crossentropy,
    categorical_focal_crossentropy,
    categorical_generalized_cross_entropy,
)
from fastnn.losses.hinge import (
    CategoricalHinge,
    Hinge,
    SquaredHinge,
    categorical_hinge,
    hinge,
    squared_hinge,
)
from fastnn.losses.loss import Loss, LossFunctionWrapper
from fastnn.losses.overlap import Dice, Tversky, dice, tversky
from fastnn.losses.regression import (
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)
from fastnn.losses.robust import (
    CosineSimilarity,
    Huber,
    LogCosh,
    cosine_similarity,
    huber,
    log_cosh,
)
from fastnn.registry import Registry, checked_config, described

__all__ = [
    "Loss",
    "LossFunctionWrapper",
    # of numbers
    "MeanSquaredError",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredLogarithmicError",
    "Huber",
    "LogCosh",
    "CosineSimilarity",
    "Poisson",
    "mean_squared_error",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_logarithmic_error",
    "huber",
    "log_cosh",
    "cosine_similarity",
    "poisson",
    # of classes
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "SparseCategoricalCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy",
    "KLDivergence",
    "Hinge",
    "SquaredHinge",
    "CategoricalHinge",
    "binary_crossentropy",
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
    "binary_focal_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy",
    "kl_divergence",
    "hinge",
    "squared_hinge",
    "categorical_hinge",
    # of overlap, of embeddings
    "Dice",
    "Tversky",
    "Circle",
    "dice",
    "tversky",
    "circle",
    # names and configurations
    "get",
    "serialize",
    "deserialize",
]

# each function with the class that a model takes for it
_CLASSES: dict[Any, type[Loss]] = {
    mean_squared_error: MeanSquaredError,
    mean_absolute_error: MeanAbsoluteError,
    mean_absolute_percentage_error: MeanAbsolutePercentageError,
    mean_squared_logarithmic_error: MeanSquaredLogarithmicError,
    huber: Huber,
    log_cosh: LogCosh,
    cosine_similarity: CosineSimilarity,
    poisson: Poisson,
    binary_crossentropy: BinaryCrossentropy,
    categorical_crossentropy: CategoricalCrossentropy,
    sparse_categorical_crossentropy: SparseCategoricalCrossentropy,
    binary_focal_crossentropy: BinaryFocalCrossentropy,
    categorical_focal_crossentropy: CategoricalFocalCrossentropy,
    categorical_generalized_cross_entropy: CategoricalGeneralizedCrossEntropy,
    kl_divergence: KLDivergence,
    hinge: Hinge,
    squared_hinge: SquaredHinge,
    categorical_hinge: CategoricalHinge,
    dice: Dice,
    tversky: Tversky,
    circle: Circle,
}
_SHORT = {
    "mse": "MeanSquaredError",
    "mae": "MeanAbsoluteError",
    "mape": "MeanAbsolutePercentageError",
    "msle": "MeanSquaredLogarithmicError",
    "bce": "BinaryCrossentropy",
    "kld": "KLDivergence",
}
REGISTRY: Registry[Loss] = Registry(
    "loss",
    {cls.__name__: cls for cls in _CLASSES.values()},
    {
        **{function.__name__: cls.__name__ for function, cls in _CLASSES.items()},
        **_SHORT,
        **{name.upper(): cls for name, cls in _SHORT.items()},
    },
    meant={
        "cce": "categorical_crossentropy",
        "scce": "sparse_categorical_crossentropy",
        "crossentropy": "categorical_crossentropy",
        "cross_entropy": "categorical_crossentropy",
        "nll": "sparse_categorical_crossentropy",
        "logcosh": "log_cosh",
        "rmse": "mse",
        "l1": "mae",
        "l2": "mse",
    },
)


def get(identifier: Any, custom_objects: Mapping[str, Any] | None = None) -> Loss:
    """The loss that a name, a function, a configuration or an object stands for.

    Parameters
    ----------
    identifier : a name (``"mse"``, ``"binary_crossentropy"``, ``"MeanSquaredError"``), a function
        f(y_true, y_pred) written in ``fastnn.ops``, a ``Loss`` object or class, or
        ``{"class_name": ..., "config": ...}``.
    custom_objects : classes and functions of the caller, by name.

    Returns
    -------
    A ``Loss``. Differs from Keras, where lower-case names give a function.

    Raises
    ------
    ArgumentError : for an unknown name (the message lists the known ones) or any other object.

    Examples
    --------
    >>> get("mse").name
    'mean_squared_error'
    """
    if isinstance(identifier, Loss):
        return identifier
    if identifier in ("CTC", "ctc"):
        from fastnn.compat import lacking  # only for messages

        raise UnsupportedError(lacking.message(__name__, identifier, __all__))
    if isinstance(identifier, str):
        return get(REGISTRY.find(identifier, custom_objects))
    if isinstance(identifier, Mapping):
        return deserialize(identifier, custom_objects)
    if isinstance(identifier, type) and issubclass(identifier, Loss):
        return identifier()
    if callable(identifier) and not isinstance(identifier, type):
        own = _CLASSES.get(identifier)
        return LossFunctionWrapper(identifier) if own is None else own()
    raise ArgumentError(
        f"received {identifier!r} as a loss, expected a name, a Loss object or a function of "
        "(y_true, y_pred). Pass 'mse' or fastnn.losses.CategoricalCrossentropy(), for example."
    )


def serialize(loss: Any) -> dict[str, Any] | str:
    """The loss as ``{"class_name": ..., "config": ...}``; a function as its name.

    Raises
    ------
    ArgumentError : for a function without a name (a lambda).

    Examples
    --------
    >>> serialize(MeanSquaredError())["class_name"]
    'MeanSquaredError'
    """
    if not isinstance(loss, Loss) and callable(loss):
        return str(LossFunctionWrapper(loss).get_config()["fn"])
    return described("a loss", loss)


def deserialize(
    config: Mapping[str, Any] | str, custom_objects: Mapping[str, Any] | None = None
) -> Loss:
    """A loss from ``serialize``'s result; ``custom_objects`` adds classes and functions by name.

    Examples
    --------
    >>> deserialize(serialize(BinaryCrossentropy(from_logits=True))).from_logits
    True
    """
    if isinstance(config, str):
        return get(config, custom_objects)
    if checked_config("a loss", config).get("class_name") != "LossFunctionWrapper":
        return REGISTRY.deserialize(config, custom_objects)
    inner = dict(config.get("config") or {})
    name = inner.pop("fn", None)
    if not isinstance(name, str) or name not in (custom_objects or {}):
        raise ArgumentError(
            f"the loss is a function {name!r} of the model's author, which is not part of the "
            f"file. Pass it: custom_objects={{{name!r}: the_function}}."
        )
    return LossFunctionWrapper((custom_objects or {})[name], **inner)


if not TYPE_CHECKING:
    __getattr__ = refusing(__name__)
