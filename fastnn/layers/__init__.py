"""Layers, and how names and configurations become layers. A layer says what it computes in
``fastnn.ops``; the arithmetic is in the backends.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from fastnn.errors import ArgumentError
from fastnn.lacking import refusing
from fastnn.layers.activation import Activation
from fastnn.layers.activity_regularization import ActivityRegularization
from fastnn.layers.alpha_dropout import AlphaDropout
from fastnn.layers.batch_normalization import BatchNormalization
from fastnn.layers.branches import Parallel, Residual
from fastnn.layers.category_encoding import CategoryEncoding
from fastnn.layers.concatenate import Concatenate, concatenate
from fastnn.layers.dense import Dense
from fastnn.layers.discretization import Discretization
from fastnn.layers.dot import Dot, dot
from fastnn.layers.dropout import Dropout
from fastnn.layers.embedding import Embedding
from fastnn.layers.flatten import Flatten
from fastnn.layers.gaussian_noise import GaussianDropout, GaussianNoise
from fastnn.layers.group_normalization import GroupNormalization
from fastnn.layers.identity import Identity
from fastnn.layers.input import Input, InputLayer
from fastnn.layers.input_spec import InputSpec
from fastnn.layers.lambda_layer import Lambda
from fastnn.layers.layer import Layer
from fastnn.layers.layer_normalization import LayerNormalization, RMSNormalization
from fastnn.layers.masking import Masking
from fastnn.layers.merging import (
    Add,
    Average,
    Maximum,
    Merge,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    maximum,
    minimum,
    multiply,
    subtract,
)
from fastnn.layers.normalization import Normalization
from fastnn.layers.permute import Permute
from fastnn.layers.rectifiers import ELU, LeakyReLU, PReLU, ReLU
from fastnn.layers.repeat_vector import RepeatVector
from fastnn.layers.rescaling import Rescaling
from fastnn.layers.reshape import Reshape
from fastnn.layers.softmax import Softmax
from fastnn.layers.spectral_normalization import SpectralNormalization
from fastnn.layers.time_distributed import TimeDistributed
from fastnn.layers.unit_normalization import UnitNormalization
from fastnn.layers.wrapper import Wrapper
from fastnn.registration import get_registered_name, passed_objects, user_objects
from fastnn.registry import Registry, checked_config, described

__all__ = [
    "Layer",
    "InputSpec",
    "Input",
    "InputLayer",
    "Dense",
    "Activation",
    "ReLU",
    "LeakyReLU",
    "PReLU",
    "ELU",
    "Softmax",
    "Dropout",
    "Identity",
    "Lambda",
    "Flatten",
    "Reshape",
    "Permute",
    "RepeatVector",
    "Rescaling",
    # normalisation
    "BatchNormalization",
    "LayerNormalization",
    "RMSNormalization",
    "GroupNormalization",
    "UnitNormalization",
    "SpectralNormalization",
    "Normalization",
    # noise
    "GaussianNoise",
    "GaussianDropout",
    "AlphaDropout",
    # ids, bins, sequences
    "Embedding",
    "CategoryEncoding",
    "Discretization",
    "Masking",
    "Wrapper",
    "TimeDistributed",
    "ActivityRegularization",
    # several inputs
    "Merge",
    "Add",
    "Subtract",
    "Multiply",
    "Average",
    "Maximum",
    "Minimum",
    "Concatenate",
    "Dot",
    "add",
    "subtract",
    "multiply",
    "average",
    "maximum",
    "minimum",
    "concatenate",
    "dot",
    "Residual",
    "Parallel",
    "get",
    "serialize",
    "deserialize",
]

REGISTRY: Registry[Layer] = Registry(
    "layer",
    {
        cls.__name__: cls
        for cls in (
            *(InputLayer, Dense, Activation, Dropout, Identity, Lambda),
            *(ReLU, LeakyReLU, PReLU, ELU, Softmax),
            *(Flatten, Reshape, Permute, RepeatVector, Rescaling, Normalization),
            *(BatchNormalization, LayerNormalization, RMSNormalization),
            *(GroupNormalization, UnitNormalization, SpectralNormalization),
            *(GaussianNoise, GaussianDropout, AlphaDropout),
            *(Embedding, CategoryEncoding, Discretization, Masking, Wrapper, TimeDistributed),
            *(Add, Subtract, Multiply, Average, Maximum, Minimum, Concatenate, Dot),
            *(Residual, Parallel, ActivityRegularization),
        )
    },
    {},
)

# The caller's objects while a configuration is made into a layer, for the layers inside it
_objects: ContextVar[Mapping[str, Any] | None] = ContextVar("fastnn_objects", default=None)


def get(identifier: Any, custom_objects: Mapping[str, Any] | None = None) -> Layer:
    """The layer that a configuration or an object stands for.

    Parameters
    ----------
    identifier : a ``Layer``, or ``{"class_name": ..., "config": ...}``.
    custom_objects : classes and functions of the caller, by name.

    Raises
    ------
    ArgumentError : for an unknown class (the known ones are listed), or anything else.

    Examples
    --------
    >>> get({"class_name": "Dense", "config": {"units": 3}}).units
    3
    """
    if isinstance(identifier, Layer):
        return identifier
    if isinstance(identifier, Mapping):
        return deserialize(identifier, custom_objects)
    raise ArgumentError(
        f"received {identifier!r} as a layer, expected a Layer object or its configuration. Pass "
        "fastnn.layers.Dense(10), for example."
    )


def serialize(layer: Layer) -> dict[str, Any]:
    """The layer as plain data, in the form of Keras: ``{"module": ..., "class_name": ...,
    "config": ..., "registered_name": ...}``; its weights are not part of it.

    Examples
    --------
    >>> serialize(Flatten())["class_name"]
    'Flatten'
    """
    cls = type(layer)
    own = cls.__module__.partition(".")[0] == "fastnn"
    return {
        "module": _module_in_keras(cls.__name__) if own else None,
        "class_name": cls.__name__,
        "config": described("a layer", layer)["config"],
        "registered_name": None if own else get_registered_name(cls),
    }


def _module_in_keras(class_name: str) -> str:
    return "keras" if class_name == "Sequential" else "keras.layers"


def deserialize(
    config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None
) -> Layer:
    """A new layer from ``serialize``'s result.

    Parameters
    ----------
    config : the data.
    custom_objects : layer classes, activations and initializers of the caller, by name. Only these
        and fastnn's own can be made.

    Examples
    --------
    >>> deserialize(serialize(Dense(4, activation="relu"))).activation.__name__
    'relu'
    """
    checked_config("a layer", config)
    objects = user_objects({**(_objects.get() or {}), **passed_objects(custom_objects)})
    token = _objects.set(objects)
    try:
        return _deserialize(config, objects)
    finally:
        _objects.reset(token)


def _deserialize(config: Mapping[str, Any], objects: Mapping[str, Any]) -> Layer:
    """A layer from its configuration, with these objects of the caller."""
    if "registered_name" in config:  # as Keras writes it
        from fastnn.saving.keras_config import native

        config = native(config, objects)
    inner = config.get("config")
    if config.get("class_name") == "Sequential" and isinstance(inner, Mapping):
        from fastnn.models.sequential import Sequential

        return Sequential.from_config(inner, objects)
    if objects and isinstance(inner, Mapping):
        config = {**config, "config": _with_objects(inner, objects)}
    return REGISTRY.deserialize(config, objects)


# Arguments of layers that hold functions or objects of the caller, by name
FUNCTIONS = ("activation", "function", "output_shape", "mask")
KINDS = ("_initializer", "_regularizer", "_constraint")


def _with_objects(config: Mapping[str, Any], custom_objects: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with the caller's objects in place of their names."""
    made = dict(config)
    for argument, value in config.items():
        if argument not in FUNCTIONS and not argument.endswith(KINDS):
            continue
        name = value.get("class_name") if isinstance(value, Mapping) else value
        if not isinstance(name, str) or name not in custom_objects:
            continue
        found = custom_objects[name]
        if isinstance(value, Mapping):
            settings = dict(value.get("config") or {})
            made[argument] = getattr(found, "from_config", lambda c, f=found: f(**c))(settings)
        else:
            made[argument] = found
    return made


if not TYPE_CHECKING:
    __getattr__ = refusing(__name__)
