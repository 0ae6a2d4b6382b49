"""``clone_model``: a model of the same layers with weights of its own. Copies *with* the weights
are made by ``copy.deepcopy``, through ``fastnn/saving``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastnn import layers
from fastnn.errors import ArgumentError, UnsupportedError
from fastnn.layers.layer import Layer
from fastnn.models.sequential import Sequential
from fastnn.saving.custom_objects import custom_objects_of, find_custom_objects

CloneFunction = Callable[[Layer], Layer]


def clone_model(
    model: Sequential,
    input_tensors: Any = None,
    clone_function: CloneFunction | None = None,
    call_function: Any = None,
    recursive: bool = False,
) -> Sequential:
    """A new model of the same layers, with newly drawn weights; compiled if the model is.

    Parameters
    ----------
    model : the model; its weights are not copied (``clone.set_weights(model.get_weights())`` does).
    clone_function : makes the new layer from a layer of the model (``Input`` excepted); from its
        configuration by default.
    recursive : whether models inside the model are cloned layer by layer, too.
    input_tensors, call_function : Keras arguments for functional models; anything but None raises.

    Raises
    ------
    ArgumentError : ``model`` is no Sequential model, or ``clone_function`` returns no layer.
    UnsupportedError : ``input_tensors`` or ``call_function`` was passed.

    Notes
    -----
    The new weights follow from the model's seed and the number of clones made of it before: each
    clone differs, and a program with ``seed=`` repeats.

    Examples
    --------
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.Input((4,)), fastnn.layers.Dense(3)], seed=1)
    >>> clone = fastnn.models.clone_model(model)
    >>> clone.count_params() == model.count_params()
    True
    >>> bool((clone.get_weights()[0] == model.get_weights()[0]).all())
    False
    """
    if not isinstance(model, Sequential):
        raise ArgumentError(
            f"clone_model: received an object of type {type(model).__name__}, expected a "
            "Sequential model. Copy other objects with copy.deepcopy."
        )
    for name, value in (("input_tensors", input_tensors), ("call_function", call_function)):
        if value is not None:
            raise UnsupportedError(
                f"clone_model: the argument {name!r} is for functional models and is not "
                "supported. Leave it out."
            )
    if clone_function is not None and not callable(clone_function):
        raise ArgumentError(
            f"clone_model: received clone_function={clone_function!r}, expected a function that "
            "takes a layer and returns a layer."
        )
    return _clone(model, clone_function or _clone_layer, recursive)


def _clone(model: Sequential, clone_function: CloneFunction, recursive: bool) -> Sequential:
    """The clone of a checked model."""
    config = model.get_config()
    made = [_clone_layer(layer) for layer in model._layers if layer not in model.layers]
    for layer in model.layers:
        if recursive and isinstance(layer, Sequential):
            made.append(_clone(layer, clone_function, recursive))
        else:
            made.append(_checked_layer(clone_function(layer), layer))
    clone = Sequential(
        made,
        name=model.name,
        trainable=model.trainable,
        backend=model.backend_name,
        seed=_clone_seed(model),
        dtype=config["dtype"],
    )
    if config.get("build_input_shape") is not None and not clone.built:
        clone.build(config["build_input_shape"])
    compiled = model.get_compile_config()
    if compiled is not None:
        clone.compile_from_config(compiled, custom_objects_of(model))
    return clone


def _clone_layer(layer: Layer) -> Layer:
    """A new layer of the same configuration."""
    config = layers.serialize(layer)
    return layers.deserialize(config, find_custom_objects([layer], [config]))


def _checked_layer(made: Any, layer: Layer) -> Layer:
    """What ``clone_function`` returned, if it is a layer."""
    if not isinstance(made, Layer):
        raise ArgumentError(
            f"clone_model: clone_function returned {type(made).__name__} for layer {layer.name!r}, "
            "expected a layer. Return a new layer, or the layer itself to share it."
        )
    return made


def _clone_seed(model: Any) -> int:
    """The seed of the model's next clone."""
    made = getattr(model, "_clones_made", 0)
    model._clones_made = made + 1
    words = np.random.SeedSequence(model.seed, spawn_key=(made,)).generate_state(1, np.uint64)
    return int(words[0] >> np.uint64(11))
