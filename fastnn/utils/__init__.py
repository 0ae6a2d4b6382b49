"""The public, Keras-named ``fastnn.utils``: small functions that scripts use beside a model. Holds
no internals of fastnn; those live in modules named after what they do.
"""

from __future__ import annotations

from fastnn.drawing.network import plot_model as plot_model
from fastnn.registration import CustomObjectScope as CustomObjectScope
from fastnn.registration import custom_object_scope as custom_object_scope
from fastnn.registration import get_custom_objects as get_custom_objects
from fastnn.registration import get_registered_name as get_registered_name
from fastnn.registration import get_registered_object as get_registered_object
from fastnn.registration import register_keras_serializable as register_keras_serializable
from fastnn.utils.categorical import to_categorical as to_categorical
from fastnn.utils.labels import encode_labels as encode_labels
from fastnn.utils.normalize import normalize as normalize
from fastnn.utils.py_dataset import PyDataset as PyDataset
from fastnn.utils.random_seed import set_random_seed as set_random_seed
from fastnn.utils.session import clear_session as clear_session
from fastnn.utils.split_dataset import split_dataset as split_dataset

Sequence = PyDataset

__all__ = [
    "CustomObjectScope",
    "PyDataset",
    "Sequence",
    "clear_session",
    "custom_object_scope",
    "encode_labels",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "normalize",
    "plot_model",
    "register_keras_serializable",
    "set_random_seed",
    "split_dataset",
    "to_categorical",
]
