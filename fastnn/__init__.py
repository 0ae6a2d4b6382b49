"""fastnn: fast neural networks for MNIST-sized data, behind the Keras Sequential API.

Importing fastnn loads NumPy and little else; each part is loaded when it is first used (PEP 562).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from fastnn.version import __version__ as __version__

if TYPE_CHECKING:
    # model
    from fastnn import activations as activations
    from fastnn import backends as backends
    from fastnn import callbacks as callbacks
    from fastnn import config as config
    from fastnn import constraints as constraints
    from fastnn import datasets as datasets
    from fastnn import errors as errors
    from fastnn import initializers as initializers
    from fastnn import layers as layers
    from fastnn import losses as losses
    from fastnn import metrics as metrics
    from fastnn import models as models
    from fastnn import ops as ops
    from fastnn import optimizers as optimizers
    from fastnn import random as random
    from fastnn import regularizers as regularizers
    from fastnn import saving as saving
    from fastnn import utils as utils
    from fastnn.backends import get_backend as get_backend
    from fastnn.backends import set_backend as set_backend
    from fastnn.backends import warmup as warmup
    from fastnn.backends.threads import get_num_threads as get_num_threads
    from fastnn.backends.threads import set_num_threads as set_num_threads
    from fastnn.backends.threads import threads as threads
    from fastnn.compat.aliases import install_as_keras as install_as_keras
    from fastnn.layers import Input as Input
    from fastnn.layers import Layer as Layer
    from fastnn.models import Model as Model
    from fastnn.models import Sequential as Sequential
    from fastnn.preflight import check as check
    from fastnn.user_kernel import kernel as kernel

_MODULES = (
    "activations",
    "backends",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "errors",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "ops",
    "optimizers",
    "random",
    "regularizers",
    "saving",
    "utils",
)
# not public, but "from fastnn import checks" inside the package asks this module first
_INTERNAL = ("arguments", "checks", "cli", "compat", "preflight", "program", "registry", "training")
_NAMES = {
    "Input": "fastnn.layers",
    "Layer": "fastnn.layers",
    "Model": "fastnn.models",
    "Sequential": "fastnn.models",
    "check": "fastnn.preflight",
    "get_backend": "fastnn.backends",
    "set_backend": "fastnn.backends",
    "get_num_threads": "fastnn.backends.threads",
    "set_num_threads": "fastnn.backends.threads",
    "threads": "fastnn.backends.threads",
    "install_as_keras": "fastnn.compat.aliases",
    "kernel": "fastnn.user_kernel",
    "warmup": "fastnn.backends",
}

__all__ = [*_MODULES, *_NAMES, "__version__"]


def __getattr__(name: str) -> Any:
    if name in _MODULES or name in _INTERNAL:
        return importlib.import_module(f"fastnn.{name}")
    if name in _NAMES:
        value = getattr(importlib.import_module(_NAMES[name]), name)
        globals()[name] = value
        return value
    from fastnn.lacking import refuse

    refuse(__name__, name)


def __dir__() -> list[str]:
    return sorted(__all__)
