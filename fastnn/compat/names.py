"""Which modules of Keras and TensorFlow exist here, and which of fastnn's names each of them has.

A module of this table has the public names of one module of fastnn, and its submodules in the
table. What is not in it does not exist in fastnn.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

# Keras's modules (without "keras." in front) and the module of fastnn that has their names
KERAS: dict[str, str] = {
    "activations": "fastnn.activations",
    "callbacks": "fastnn.callbacks",
    "config": "fastnn.config",
    "datasets": "",
    "datasets.fashion_mnist": "fastnn.datasets.fashion_mnist",
    "datasets.mnist": "fastnn.datasets.mnist",
    "initializers": "fastnn.initializers",
    "layers": "fastnn.layers",
    "layers.core": "fastnn.layers",  # Keras 1 and 2
    "losses": "fastnn.losses",
    "metrics": "fastnn.metrics",
    "models": "fastnn.models",
    "ops": "fastnn.ops",
    "optimizers": "fastnn.optimizers",
    "saving": "fastnn.saving",
    "utils": "fastnn.utils",
    "utils.np_utils": "fastnn.utils",  # Keras 1 and 2: np_utils.to_categorical
}
# What Keras has at its top
KERAS_TOP = ("Input", "Layer", "Sequential")
# Names that fastnn's modules have and Keras's of the same name have not
NOT_KERAS = {
    "fastnn.saving": {"model_from_bytes", "model_to_bytes", "reduce_model"},
    "fastnn.datasets.mnist": {"SET"},
    "fastnn.datasets.fashion_mnist": {"SET"},
}

ROOTS = ("keras", "tensorflow")


def module_table() -> dict[str, str]:
    """Each module that can be imported, by its full name, and fastnn's module behind it."""
    table = {"keras": "", "tensorflow": "", "tensorflow.keras": "", "tensorflow.random": ""}
    for prefix in ("keras", "tensorflow.keras"):
        table.update({f"{prefix}.{name}": target for name, target in KERAS.items()})
    return table


def module_names(full_name: str) -> dict[str, Callable[[], Any]]:
    """The names of a module that are no submodules, each with what makes its value."""
    import fastnn

    found: dict[str, Callable[[], Any]] = {}
    if full_name in ("keras", "tensorflow.keras"):
        found = {name: _attribute(fastnn, name) for name in KERAS_TOP}
    elif full_name == "tensorflow.random":
        from fastnn.random import set_default_seed

        found = {"set_seed": lambda: set_default_seed}
    if full_name in ("keras", "tensorflow", "tensorflow.keras"):
        found["__version__"] = _attribute(fastnn, "__version__")
    target = module_table()[full_name]
    if target:
        module = importlib.import_module(target)
        found.update({name: _attribute(module, name) for name in _public(module, target)})
    return found


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
