"""Saving and loading models and weights; the format is described in this folder's README."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastnn.lacking import refusing
from fastnn.registration import CustomObjectScope as CustomObjectScope
from fastnn.registration import custom_object_scope as custom_object_scope
from fastnn.registration import get_custom_objects as get_custom_objects
from fastnn.registration import get_registered_name as get_registered_name
from fastnn.registration import get_registered_object as get_registered_object
from fastnn.registration import register_keras_serializable as register_keras_serializable
from fastnn.saving.memory import model_from_bytes as model_from_bytes
from fastnn.saving.memory import model_to_bytes as model_to_bytes
from fastnn.saving.memory import reduce_model as reduce_model
from fastnn.saving.model_file import load_model as load_model
from fastnn.saving.model_file import save_model as save_model
from fastnn.saving.weights_file import load_weights as load_weights
from fastnn.saving.weights_file import save_weights as save_weights

__all__ = [
    "CustomObjectScope",
    "custom_object_scope",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "load_model",
    "load_weights",
    "model_from_bytes",
    "model_to_bytes",
    "register_keras_serializable",
    "save_model",
    "save_weights",
]

if not TYPE_CHECKING:
    __getattr__ = refusing(__name__)
