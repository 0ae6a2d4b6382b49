"""Which modules of Keras and TensorFlow exist here, and which of fastnn's names each of them has.

A module of this table has the public names of one module of fastnn, and its submodules in the
table. What is not in it does not exist in fastnn.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping
from typing import Any

from fastnn.compat import tensorflow_names

# Keras's modules (without "keras." in front) and the module of fastnn that has their names
KERAS: dict[str, str] = {
    "activations": "fastnn.activations",
    "backend": "",
    "callbacks": "fastnn.callbacks",
    "config": "fastnn.config",
    "constraints": "fastnn.constraints",
    "datasets": "",
    "datasets.fashion_mnist": "fastnn.datasets.fashion_mnist",
    "datasets.mnist": "fastnn.datasets.mnist",
    "initializers": "fastnn.initializers",
    "layers": "fastnn.layers",
    "layers.advanced_activations": "fastnn.layers",  # Keras 1 and 2, as the next four
    "layers.core": "fastnn.layers",
    "layers.experimental": "",
    "layers.experimental.preprocessing": "fastnn.layers",
    "layers.normalization": "fastnn.layers",
    "losses": "fastnn.losses",
    "metrics": "fastnn.metrics",
    "models": "fastnn.models",
    "ops": "fastnn.ops",
    "ops.nn": "fastnn.ops",
    "ops.numpy": "fastnn.ops",
    "optimizers": "fastnn.optimizers",
    "optimizers.experimental": "fastnn.optimizers",  # Keras 2.9 to 2.15, as the next
    "optimizers.legacy": "fastnn.optimizers",
    "optimizers.schedules": "fastnn.optimizers.schedules",
    "preprocessing": "",
    "preprocessing.image": "",
    "preprocessing.sequence": "",
    "random": "fastnn.random.arrays",
    "regularizers": "fastnn.regularizers",
    "saving": "fastnn.saving",
    "utils": "fastnn.utils",
    "utils.np_utils": "fastnn.utils",  # Keras 1 and 2, as the next: np_utils.to_categorical
    "utils.vis_utils": "fastnn.utils",
}
# What Keras has at its top, and where it is here
KERAS_TOP = {
    "Initializer": "fastnn.initializers",
    "Input": "fastnn",
    "InputSpec": "fastnn.layers",
    "Layer": "fastnn",
    "Loss": "fastnn.losses",
    "Metric": "fastnn.metrics",
    "Model": "fastnn",
    "Optimizer": "fastnn.optimizers",
    "Regularizer": "fastnn.regularizers",
    "Sequential": "fastnn",
}
PICTURES = ("array_to_img", "img_to_array", "load_img", "save_img")
# Further names of a module, by the module of fastnn that has them
ELSEWHERE: dict[str, dict[str, str]] = {
    "backend": {
        "clear_session": "fastnn.utils",
        "epsilon": "fastnn.config",
        "floatx": "fastnn.config",
        "set_epsilon": "fastnn.config",
        "set_floatx": "fastnn.config",
    },
    "ops": {
        "amax": "fastnn.ops:max",
        "amin": "fastnn.ops:min",
    },
    "preprocessing.image": {name: "fastnn.utils" for name in PICTURES},
    "preprocessing.sequence": {"pad_sequences": "fastnn.utils"},
    "utils": {
        name: "fastnn.saving"
        for name in (
            "CustomObjectScope",
            "custom_object_scope",
            "get_custom_objects",
            "get_registered_name",
            "get_registered_object",
            "register_keras_serializable",
        )
    },
    "losses": {  # the short names of Keras 2 and of TensorFlow
        short: f"fastnn.losses:{name}"
        for short, name in {
            "mse": "mean_squared_error",
            "MSE": "mean_squared_error",
            "mae": "mean_absolute_error",
            "MAE": "mean_absolute_error",
            "mape": "mean_absolute_percentage_error",
            "msle": "mean_squared_logarithmic_error",
            "kld": "kl_divergence",
        }.items()
    },
}
ELSEWHERE["metrics"] = ELSEWHERE["losses"]
# The functions of `keras.backend` in Keras 2, which custom losses of many texts use
BACKEND_FUNCTIONS = {
    name: {"pow": "power", "permute_dimensions": "transpose", "switch": "where"}.get(name, name)
    for line in (
        "abs all any argmax argmin cast clip concatenate cos cumsum dot equal exp expand_dims eye",
        "greater greater_equal less less_equal log logsumexp max maximum mean min minimum",
        "not_equal one_hot ones ones_like permute_dimensions pow prod relu repeat reshape round",
        "sigmoid sign sin softmax softplus softsign sqrt square squeeze stack std stop_gradient",
        "sum switch tanh tile transpose var zeros zeros_like",
    )
    for name in line.split()
}
TENSORFLOW = (
    "config",
    "config.experimental",
    "math",
    "nn",
    "random",
)
# Names that fastnn's modules have and Keras's of the same name have not
NOT_KERAS = {
    "fastnn.saving": {"model_from_bytes", "model_to_bytes", "reduce_model"},
    "fastnn.datasets.mnist": {"SET", "ImageSet", "RemoteFile", "idx_bundle"},
    "fastnn.datasets.fashion_mnist": {"SET", "ImageSet", "RemoteFile", "idx_bundle"},
}

ROOTS = ("keras", "tensorflow")


@functools.cache
def module_table() -> dict[str, str]:
    """Each module that can be imported, by its full name, and fastnn's module behind it."""
    table = {"keras": "", "tensorflow": "", "tensorflow.keras": ""}
    for prefix in ("keras", "tensorflow.keras"):
        table.update({f"{prefix}.{name}": target for name, target in KERAS.items()})
    table.update({f"tensorflow.{name}": "" for name in TENSORFLOW})
    return table


def module_names(full_name: str) -> dict[str, Callable[[], Any]]:
    """The names of a module that are no submodules, each with what makes its value."""
    import fastnn

    found: dict[str, Callable[[], Any]] = {}
    short = full_name.removeprefix("tensorflow.").removeprefix("keras").removeprefix(".")
    if full_name in ("keras", "tensorflow.keras"):
        found = {name: _later(f"{target}:{name}") for name, target in KERAS_TOP.items()}
        found["version"] = lambda: lambda: fastnn.__version__
    elif full_name.partition(".")[0] == "tensorflow" and ".keras" not in full_name:
        found = tensorflow_names.names(full_name)
    if full_name in ("keras", "tensorflow", "tensorflow.keras"):
        found["__version__"] = _attribute(fastnn, "__version__")
    target = module_table()[full_name]
    if target:
        module = importlib.import_module(target)
        found.update({name: _attribute(module, name) for name in _public(module, target)})
    if "keras" in full_name.split("."):
        for name, place in ELSEWHERE.get(short, {}).items():
            found[name] = _later(place if ":" in place else f"{place}:{name}")
        if short == "backend":
            found.update(_backend_names())
    return found


def _backend_names() -> dict[str, Callable[[], Any]]:
    """``keras.backend``: the functions of Keras 2, and settings."""
    from fastnn import ops

    found = {
        name: _attribute(ops, target)
        for name, target in BACKEND_FUNCTIONS.items()
        if hasattr(ops, target)
    }
    found["backend"] = lambda: lambda: "fastnn"
    found["image_data_format"] = lambda: lambda: "channels_last"
    return found


def _later(place: str) -> Callable[[], Any]:
    """A function that gets ``module:name`` when it is needed."""
    module, _, name = place.partition(":")
    return lambda: getattr(importlib.import_module(module), name)


def _attribute(module: Any, name: str) -> Callable[[], Any]:
    """A function that gets a name when it is needed: fastnn loads its parts lazily."""
    return lambda: getattr(module, name)


def _public(module: Any, target: str) -> list[str]:
    """The public names of a module of fastnn: ``__all__``, or what is defined in fastnn."""
    listed = getattr(module, "__all__", None)
    contents: Mapping[str, Any] = vars(module)
    if listed is None:
        listed = [
            name
            for name, value in contents.items()
            if not name.startswith("_")
            and callable(value)
            and str(getattr(value, "__module__", "")).startswith("fastnn")
            and not (isinstance(value, type) and issubclass(value, Exception))
        ]
    return [name for name in listed if name not in NOT_KERAS.get(target, ())]
