"""A model as bytes in memory, the same bytes that a file would hold: what ``pickle``, ``copy``,
``cloudpickle`` and ``multiprocessing`` use.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

from fastnn.saving.container import Reader
from fastnn.saving.custom_objects import custom_objects_of
from fastnn.saving.model_file import read_model, write_model


def model_to_bytes(model: Any) -> bytes:
    """The bytes that ``model.save`` would write.

    Examples
    --------
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.Input((2,)), fastnn.layers.Dense(3)])
    >>> data = model_to_bytes(model)
    >>> model_from_bytes(data).count_params()
    9
    """
    stream = io.BytesIO()
    write_model(model, stream)
    return stream.getvalue()


def model_from_bytes(
    data: bytes, custom_objects: Mapping[str, Any] | None = None, compile: bool = True
) -> Any:
    """The model in the bytes of a file; arguments and errors are those of ``load_model``.

    Examples
    --------
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.Input((2,)), fastnn.layers.Dense(3)])
    >>> model_from_bytes(model_to_bytes(model)).output_shape
    (None, 3)
    """
    return read_model(Reader(io.BytesIO(data), len(data), "model bytes"), custom_objects, compile)


def reduce_model(model: Any) -> tuple[Callable[..., Any], tuple[bytes, dict[str, Any]]]:
    """What a model's ``__reduce__`` returns: its bytes, and the user's own classes and functions in
    it.

    ``pickle`` carries the classes by reference, ``cloudpickle`` those of scripts and notebooks by
    value.
    """
    return model_from_bytes, (model_to_bytes(model), custom_objects_of(model))
