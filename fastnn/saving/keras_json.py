"""A model's architecture as JSON text: ``model.to_json()`` and ``models.model_from_json``. The form
is Keras's, in ``keras_config.py``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fastnn.errors import UnsupportedError
from fastnn.registration import user_objects
from fastnn.saving.json_text import parse_json
from fastnn.saving.keras_config import keras_compile, keras_model, native
from fastnn.saving.model_file import architecture, model_maker, refused


def to_json(model: Any, **kwargs: Any) -> str:
    """The architecture of a model; see ``Sequential.to_json``."""
    compiled = model.get_compile_config()
    try:
        config = keras_model(model)
        if compiled is not None:
            config["compile_config"] = keras_compile(compiled)
    except UnsupportedError:  # Residual and the like: fastnn's own form
        config = architecture(model)
    return json.dumps(config, **kwargs)


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """A new model, with fresh weights, from the text that ``to_json`` gave, here or in Keras.

    Parameters
    ----------
    json_string : the text; data, which can only name classes of fastnn and those passed here.
    custom_objects : the user's own classes and functions by name.

    Raises
    ------
    FileFormatError : the text is no JSON, describes no model, or names an unknown class.

    Examples
    --------
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.Input((2,)), fastnn.layers.Dense(3)])
    >>> fastnn.models.model_from_json(model.to_json()).count_params()
    9
    """
    where = "model_from_json"
    objects = user_objects(custom_objects)
    stored = parse_json(json_string, where)
    with refused(where, "the text"):
        described = native(stored, objects) if isinstance(stored, dict) else stored
        make = model_maker(described, objects)
        model = make(described["config"], custom_objects=objects)
        compiling = stored.get("compile_config")
        if isinstance(compiling, dict) and compiling.get("optimizer") is not None:
            model.compile_from_config(native(compiling, objects), objects)
    return model
