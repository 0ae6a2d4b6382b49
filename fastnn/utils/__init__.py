"""The public, Keras-named ``fastnn.utils``: small functions that scripts use beside a model. Holds
no internals of fastnn; those live in modules named after what they do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastnn.drawing.network import plot_model as plot_model
from fastnn.lacking import refusing
from fastnn.registration import CustomObjectScope as CustomObjectScope
from fastnn.registration import custom_object_scope as custom_object_scope
from fastnn.registration import get_custom_objects as get_custom_objects
from fastnn.registration import get_registered_name as get_registered_name
from fastnn.registration import get_registered_object as get_registered_object
from fastnn.registration import register_keras_serializable as register_keras_serializable
from fastnn.utils.categorical import to_categorical as to_categorical
from fastnn.utils.labels import encode_labels as encode_labels
from fastnn.utils.normalize import normalize as normalize
from fastnn.utils.pictures import array_to_img as array_to_img
from fastnn.utils.pictures import img_to_array as img_to_array
from fastnn.utils.pictures import load_img as load_img
from fastnn.utils.pictures import save_img as save_img
from fastnn.utils.py_dataset import PyDataset as PyDataset
from fastnn.utils.random_seed import set_random_seed as set_random_seed
from fastnn.utils.sequences import pad_sequences as pad_sequences
from fastnn.utils.session import clear_session as clear_session
from fastnn.utils.split_dataset import split_dataset as split_dataset

Sequence = PyDataset

__all__ = [
    "CustomObjectScope",
    "PyDataset",
    "Sequence",
    "array_to_img",
    "clear_session",
    "custom_object_scope",
    "encode_labels",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "img_to_array",
    "load_img",
    "normalize",
    "pad_sequences",
    "plot_model",
    "register_keras_serializable",
    "save_img",
    "set_random_seed",
    "split_dataset",
    "to_categorical",
]

if not TYPE_CHECKING:
    __getattr__ = refusing(__name__)
