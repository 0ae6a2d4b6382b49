"""Models, and what loads, clones and rebuilds them. What reads and writes files is loaded when it
is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from fastnn.lacking import refuse
from fastnn.models.sequential import Sequential as Sequential

if TYPE_CHECKING:
    from fastnn.models.cloning import clone_model as clone_model
    from fastnn.models.model import Model as Model
    from fastnn.models.perceptron import Perceptron as Perceptron
    from fastnn.saving import load_model as load_model
    from fastnn.saving import save_model as save_model
    from fastnn.saving.keras_json import model_from_json as model_from_json

__all__ = [
    "Model",
    "Perceptron",
    "Sequential",
    "clone_model",
    "load_model",
    "model_from_json",
    "save_model",
]

_LATER = {
    "Model": "fastnn.models.model",
    "Perceptron": "fastnn.models.perceptron",
    "clone_model": "fastnn.models.cloning",
    "load_model": "fastnn.saving",
    "model_from_json": "fastnn.saving.keras_json",
    "save_model": "fastnn.saving",
}


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(importlib.import_module(_LATER[name]), name)
    refuse(__name__, name)
