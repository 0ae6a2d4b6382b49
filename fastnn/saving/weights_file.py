"""Weights alone: a container without architecture, read into a model that exists. Whole models are
in ``model_file.py``, whose files can be read here too.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from fastnn import arguments
from fastnn.errors import ShapeError, StateError
from fastnn.saving.container import write_container
from fastnn.saving.files import (
    WEIGHTS_SUFFIX,
    checked_target,
    is_of_keras,
    opened,
    write_atomically,
)
from fastnn.saving.model_file import (
    WEIGHTS,
    HasShape,
    differences,
    named_weights,
    weight_entries,
    write_all,
)


def save_weights(
    model: Any, filepath: Any, overwrite: bool = True, max_shard_size: float | None = None
) -> None:
    """Save the weights of a built model: ``model.save_weights(filepath)``.

    Parameters
    ----------
    model : a built model.
    filepath : string or path that ends in ``.fastnn``; ``.weights.fastnn`` says what it is. In
        ``.weights.h5`` for a file that Keras loads (extra ``keras``).
    overwrite : False makes it an error that the file exists. Default True.
    max_shard_size : Keras's size of the files that weights are spread over: not supported; None.

    Raises
    ------
    ArgumentError : another suffix, or an existing file with ``overwrite=False``.
    UnsupportedError : a ``max_shard_size``.
    StateError : the model has no weights yet.
    OSError : the file cannot be written; the message names it, and the old file is unchanged.

    Examples
    --------
    >>> import os, tempfile
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.Input((2,)), fastnn.layers.Dense(3)])
    >>> path = os.path.join(tempfile.mkdtemp(), "m.weights.fastnn")
    >>> fastnn.saving.save_weights(model, path)
    >>> fastnn.saving.load_weights(model, path)
    """
    arguments.unsupported("save_weights", {"max_shard_size": (max_shard_size, None)})
    target = checked_target(filepath, overwrite, "save_weights", WEIGHTS_SUFFIX)
    _check_built(model, "save_weights")
    if is_of_keras(target):
        from fastnn.saving.keras_file import weights_bytes

        content = weights_bytes(model)
        write_atomically(target, lambda stream: write_all(stream, content), "save_weights")
        return
    arrays = {WEIGHTS + path: variable for path, variable in named_weights(model).items()}
    write_atomically(target, lambda stream: write_container(stream, arrays, {}), "save_weights")


def load_weights(model: Any, filepath: Any, skip_mismatch: bool = False) -> None:
    """Load weights into a built model: ``model.load_weights(filepath)``.

    Weights are matched by path (``dense/kernel``). If the paths differ, because automatic names
    went on counting, but the shapes agree one by one in order, they are matched by order. All
    weights are loaded or none.

    Parameters
    ----------
    model : a built model.
    filepath : a file written by ``save_weights`` or ``model.save``, here or in Keras; weights in
        files of Keras are matched by the classes of the layers and their order.
    skip_mismatch : True loads the weights whose path and shape agree and warns of the others.
        Default False.

    Raises
    ------
    FileNotFoundError : there is no such file.
    FileFormatError : the file is damaged, hostile or of another format.
    ShapeError : the weights do not fit the model.
    StateError : the model has no weights yet.

    Examples
    --------
    >>> import os, tempfile
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.Input((2,)), fastnn.layers.Dense(3)])
    >>> path = os.path.join(tempfile.mkdtemp(), "m.weights.fastnn")
    >>> model.save_weights(path)
    >>> other = fastnn.models.clone_model(model)
    >>> fastnn.saving.load_weights(other, path)
    >>> bool((other.get_weights()[0] == model.get_weights()[0]).all())
    True
    """
    _check_built(model, "load_weights")
    if is_of_keras(filepath):
        from fastnn.saving.keras_file import read_keras_weights

        read_keras_weights(model, filepath, skip_mismatch)
        return
    with opened(filepath, "load_weights") as reader:
        reader.verify()
        variables = named_weights(model)
        sources = matched_weights(variables, weight_entries(reader), reader.where, skip_mismatch)
        values = {path: reader.read(WEIGHTS + source) for path, source in sources.items()}
    for path, value in values.items():
        variables[path].assign(value)


def _check_built(model: Any, what: str) -> None:
    if not model.built:
        raise StateError(
            f"{what}: the model has no weights yet, because it does not know its input shape. Give "
            "it an Input, call model.build(input_shape), or call it on data first."
        )


def matched_weights(
    variables: Mapping[str, Any],
    stored: Mapping[str, HasShape],
    where: str,
    skip_mismatch: bool = False,
) -> dict[str, str]:
    """For each of the model's paths the path in the file."""
    problem = differences(variables, stored)
    if not problem:
        return {path: path for path in variables}
    if variables.keys() != stored.keys() and _same_shapes(variables, stored):
        return dict(zip(variables, stored, strict=True))
    if not skip_mismatch:
        raise ShapeError(
            f"load_weights: the weights in {where} do not fit the model: {problem}. "
            "Expected the model that the weights were saved from; pass skip_mismatch=True to load "
            "those that fit."
        )
    warnings.warn(
        f"load_weights: skipped weights of {where}: {problem}.", UserWarning, stacklevel=4
    )
    return {
        path: path
        for path, variable in variables.items()
        if path in stored and stored[path].shape == tuple(variable.shape)
    }


def _same_shapes(variables: Mapping[str, Any], stored: Mapping[str, HasShape]) -> bool:
    """Whether both have the same shapes in the same order."""
    return [tuple(v.shape) for v in variables.values()] == [e.shape for e in stored.values()]
