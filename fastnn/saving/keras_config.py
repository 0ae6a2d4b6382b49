"""Configurations as Keras 3 writes them, made from fastnn's own and back.

fastnn: ``{"class_name", "config"}``. Keras: the same with ``module`` and ``registered_name`` (None
for Keras's own classes), dtypes as policies, functions as ``{"class_name": "function", …}``, and
``build_config`` and ``compile_config`` beside a model's ``config``. Older forms (Keras 2) are read,
too. Nothing here looks a class up; unknown ones are named by the registries.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from fastnn.errors import ArgumentError, UnsupportedError
from fastnn.registration import registered_title, user_objects
from fastnn.registry import Registry

Config = dict[str, Any]
CustomObjects = Mapping[str, Any]

# What a key of a configuration holds, by its ending
_KINDS = {
    "initializer": "initializer",
    "regularizer": "regularizer",
    "constraint": "constraint",
    "learning_rate": "schedule",
    "activation": "activation",
}
_MODULES = {
    "layer": "keras.layers",
    "initializer": "keras.initializers",
    "regularizer": "keras.regularizers",
    "constraint": "keras.constraints",
    "schedule": "keras.optimizers.schedules",
    "activation": "keras.activations",
    "optimizer": "keras.optimizers",
    "loss": "keras.losses",
    "metric": "keras.metrics",
}
# Classes that Keras does not have, with what to use in a file of Keras
_OURS_ALONE = {
    "Residual": "write the model with keras.Model(inputs, outputs) in Keras",
    "Parallel": "write the model with keras.Model(inputs, outputs) in Keras",
    "Perceptron": "use Sequential([Input(shape), Dense(1)])",
    "LBFGS": "compile the model with another optimizer before saving",
}
# Arguments of Keras 2 that meant nothing, or mean nothing without their layer's old implementation
_DROPPED = {
    "is_legacy_optimizer", "jit_compile", "function_type", "module", "output_shape_type",
    "output_shape_module",
}  # fmt: skip


# -- reading ---------------------------------------------------------------------------------------


def native(value: Any, custom_objects: CustomObjects | None = None) -> Any:
    """The fastnn form of a configuration, or a part of one, in a form of Keras.

    Raises
    ------
    UnsupportedError : for what holds code (a lambda), for functional and subclassed models, and for
        dtypes other than float32 and float64.

    Examples
    --------
    >>> policy = {"class_name": "DTypePolicy", "config": {"name": "float32"}}
    >>> native({"module": "keras.layers", "class_name": "Flatten", "config": {"dtype": policy}})
    {'class_name': 'Flatten', 'config': {'dtype': 'float32'}}
    """
    return _native(value, user_objects(custom_objects))


def _native(value: Any, objects: CustomObjects) -> Any:
    if isinstance(value, list):
        return [_native(item, objects) for item in value]
    if not isinstance(value, Mapping):
        return value
    name = value.get("class_name")
    if not isinstance(name, str) or "config" not in value:
        return {key: _native(item, objects) for key, item in value.items()}
    inner = value["config"]
    if name.startswith("__"):
        return _literal(name, inner)
    if name in ("DTypePolicy", "Policy"):
        return _dtype(inner)
    if name == "function":
        return _function(value, objects)
    if name in ("Functional", "Model") and name not in objects:
        raise UnsupportedError(
            f"the model is of class {name!r}, which is not supported: fastnn is Sequential. Write "
            "it as Sequential with fastnn.layers.Residual and Parallel, and copy the weights."
        )
    registered = value.get("registered_name")
    if isinstance(registered, str) and registered in objects:
        name = registered
    elif ">" in name and name not in objects:  # Keras 2: Custom>Adam
        name = name.rpartition(">")[2]
    if isinstance(inner, list) and name == "Sequential":  # Keras 1 and early 2: the layers alone
        inner = {"layers": inner}
    if name == "Lambda" and name not in objects and isinstance(inner, Mapping):
        inner = {**inner, "function": _lambda_function(inner, objects)}
    config = _native(inner, objects)
    if isinstance(config, dict):
        config = {key: _renewed(key, item) for key, item in config.items() if _kept(key, item)}
        axis = config.get("axis")
        if name == "BatchNormalization" and isinstance(axis, list) and len(axis) == 1:
            config["axis"] = axis[0]  # of Keras 2
    return {"class_name": name, "config": config}


def is_of_keras(config: Mapping[str, Any]) -> bool:
    """Whether a model's configuration is in a form of Keras."""
    layers = config.get("layers")
    items = [item for item in layers if isinstance(item, Mapping)] if layers else []
    return isinstance(config.get("dtype"), Mapping) or any("module" in item for item in items)


def _literal(name: str, inner: Any) -> Any:
    """What Keras writes for values that JSON does not have."""
    value = inner.get("value") if isinstance(inner, Mapping) else None
    if name in ("__numpy__", "__tensor__"):
        return value
    if name == "__bytes__" and isinstance(value, str):
        return value
    if name == "__lambda__":
        raise UnsupportedError(
            "it holds a lambda, that is code, which fastnn never runs from a file. Define the "
            "function with def and save the model again, or pass it as custom_objects."
        )
    raise UnsupportedError(f"it holds a {name!r}, which is not supported by Sequential models.")


def _dtype(inner: Any) -> Any:
    """The dtype of a policy; layers refuse what they cannot compute in."""
    return inner.get("name") if isinstance(inner, Mapping) else inner


def _function(value: Mapping[str, Any], objects: CustomObjects) -> str:
    """The name of a function, as the registries know it."""
    for name in (value.get("registered_name"), value["config"]):
        if isinstance(name, str) and name in objects:
            return name
    named = value["config"]
    if not isinstance(named, str):
        raise ArgumentError(f"a function is given as {str(named)[:80]!r}, expected its name.")
    return named


def _lambda_function(inner: Mapping[str, Any], objects: CustomObjects) -> str:
    """The name of a Lambda layer's function, which must be the caller's: files hold no code."""
    given, layer = inner.get("function"), inner.get("name")
    if isinstance(given, Mapping) and given.get("class_name") == "function":
        given = _function(given, objects)
    for name in (given, layer):
        if isinstance(name, str) and name in objects:
            return name
    shown = given if isinstance(given, str) and given.isidentifier() else layer
    raise UnsupportedError(
        f"layer {layer!r} is a Lambda, whose function is not part of a file that fastnn reads. "
        f"Pass it, written in fastnn.ops: custom_objects={{{shown!r}: the_function}}."
    )


def _kept(key: str, value: Any) -> bool:
    """Whether an argument still means something."""
    if key in _DROPPED or (key == "decay" and not value):
        return False
    return not (key == "output_shape" and value is None)


def _renewed(key: str, value: Any) -> Any:
    """An argument's value as it is written today."""
    if key == "learning_rate" and isinstance(value, float):
        # Keras keeps it in float32: 0.0010000000474974513 was meant as 0.001
        short = np.float32(value)
        return float(str(short)) if float(short) == value else value
    if key == "reduction" and value == "auto":
        return "sum_over_batch_size"
    return value


# -- writing ---------------------------------------------------------------------------------------


def keras_model(model: Any) -> Config:
    """A model as Keras's ``config.json`` describes it, without ``compile_config``.

    Raises
    ------
    UnsupportedError : for what Keras does not have: Residual, Parallel, kernels.
    """
    from fastnn.models.sequential import Sequential
    from fastnn.saving.custom_objects import custom_objects_of
    from fastnn.user_kernel import Kernel

    for name, item in custom_objects_of(model).items():
        if isinstance(item, Kernel):
            raise _unsupported(
                f"{name!r} is a kernel (fastnn.kernel)", "write it as a function in fastnn.ops"
            )
    own = type(model) is Sequential
    found: Config = _item(
        "model" if own else "layer",
        {"class_name": type(model).__name__, "config": model.get_config()},
    )
    if own:
        found["module"] = "keras"
    for layer, written in zip(model._layers, found["config"]["layers"], strict=True):
        shape = layer._input_shape
        if layer.built and isinstance(shape, tuple) and written["class_name"] != "InputLayer":
            written["build_config"] = {"input_shape": list(layer.input_shape)}
    if model.built:
        found["build_config"] = {"input_shape": [None, *model.sample_shape]}
    return found


def keras_compile(config: Mapping[str, Any]) -> Config:
    """A compile configuration (``get_compile_config``) as Keras writes it."""
    loss = config["loss"]
    return {
        "optimizer": _item("optimizer", config["optimizer"]),
        "loss": None if loss is None else _item("loss", loss),
        "loss_weights": None,
        "metrics": [_item("metric", item) for item in config["metrics"]] or None,
        "weighted_metrics": [_item("metric", item) for item in config["weighted_metrics"]] or None,
        "run_eagerly": False,
        "steps_per_execution": 1,
        "jit_compile": "auto",
    }


def _item(kind: str, value: Any) -> Any:
    """An object of a kind: its configuration, or its name."""
    if isinstance(value, str):
        return value if kind == "metric" or _is_known(kind, value) else _function_of(value)
    name = value["class_name"]
    if name in _OURS_ALONE:
        raise _unsupported(f"{name!r} does not exist in Keras", _OURS_ALONE[name])
    config = dict(value["config"] or {})
    if name in ("LossFunctionWrapper", "MeanMetricWrapper"):
        return _wrapped_function(kind, name, config)
    if "layers" in config and "backend" in config:  # a model, maybe of the user's class
        config = {key: config[key] for key in config if key not in ("seed", "backend")}
    excluded = config.pop("exclude_from_weight_decay", None) if kind == "optimizer" else None
    if excluded:
        raise _unsupported(
            "the optimizer excludes weights from weight decay, which a configuration of Keras "
            "cannot say",
            "compile the model with another optimizer before saving",
        )
    made = {key: _part(kind, name, key, item) for key, item in config.items()}
    if name == "Sequential" or kind == "model":
        return {"module": "keras", "class_name": name, "config": made, "registered_name": None}
    if _is_known(kind, name):
        module, title = _MODULES[kind], None
    else:  # the user's own class, which Keras looks up among registered and passed objects
        module, title = None, registered_title(name)
    return {"module": module, "class_name": name, "config": made, "registered_name": title}


def _part(kind: str, owner: str, key: str, value: Any) -> Any:
    """An argument in a configuration."""
    if key == "dtype" and kind in ("layer", "model") and owner != "InputLayer":
        return {
            "module": "keras",
            "class_name": "DTypePolicy",
            "config": {"name": value},
            "registered_name": None,
        }
    if key == "layers" and isinstance(value, list):
        return [_item("layer", item) for item in value]
    inner = next((kind for ending, kind in _KINDS.items() if key.endswith(ending)), "layer")
    if isinstance(value, Mapping) and "class_name" in value:
        return _item(inner, value)
    if kind == "layer" and isinstance(value, str):
        if inner == "activation" or (owner == "Lambda" and key in ("function", "mask")):
            return value if _is_known(inner, value) and key != "function" else _function_of(value)
        if inner in ("initializer", "regularizer", "constraint"):
            return value if _is_known(inner, value) else _function_of(value)
    return value


def _wrapped_function(kind: str, name: str, config: Config) -> Any:
    """A loss or metric that is a function, by its name."""
    function = config.pop("fn", None)
    for usual in ("name", "reduction", "dtype"):
        config.pop(usual, None)
    if not isinstance(function, str) or config:
        raise _unsupported(
            f"a {kind} with further arguments of its function ({', '.join(config)}) has no form "
            "in a file of Keras",
            f"derive a class of fastnn.{kind}{'es' if kind == 'loss' else 's'} from it",
        )
    return function if _is_known(kind, function) else _function_of(function)


def _function_of(name: str) -> Config:
    """A function of the user's."""
    title = registered_title(name)
    return {"module": None, "class_name": "function", "config": name, "registered_name": title}


def _is_known(kind: str, name: str) -> bool:
    """Whether fastnn itself, and so Keras, has something of that name."""
    registry = _registry(kind)
    return name in registry.classes or name in registry.aliases


def _registry(kind: str) -> Registry[Any]:
    """The registry of a kind."""
    from fastnn import (
        activations,
        constraints,
        initializers,
        layers,
        losses,
        metrics,
        optimizers,
        regularizers,
    )
    from fastnn.optimizers import schedules

    found: dict[str, Registry[Any]] = {
        "layer": layers.REGISTRY,
        "initializer": initializers.INITIALIZERS,
        "regularizer": regularizers.REGISTRY,
        "constraint": constraints.REGISTRY,
        "schedule": schedules.REGISTRY,
        "activation": activations.REGISTRY,
        "optimizer": optimizers.REGISTRY,
        "loss": losses.REGISTRY,
        "metric": metrics.names.REGISTRY,
    }
    return found[kind]


def _unsupported(what: str, instead: str) -> UnsupportedError:
    return UnsupportedError(
        f"the model cannot be written to a file of Keras: {what}. Use a name that ends in "
        f"'.fastnn', or {instead}."
    )
