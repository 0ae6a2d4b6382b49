"""A whole model as a container and back: architecture, weights, compile state and training state.
The bytes are laid out by ``container.py``; files of weights alone are in ``weights_file.py``.

Arrays are named by path, ``weights/dense/kernel`` and ``optimizer/m/dense/kernel``. Metadata:
``model`` (``{"class_name", "config"}``), ``compile`` and ``training``, each JSON, the last two only
if the model has them. Class names are looked up in the registries and in what the caller passes; a
file never says where code is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO, Protocol

from fastnn import arguments
from fastnn.errors import ArgumentError, FileFormatError
from fastnn.program.weight_limit import weight_limit
from fastnn.registration import user_objects
from fastnn.registry import unknown_name
from fastnn.saving.container import Entry, Reader, write_container
from fastnn.saving.files import checked_target, is_of_keras, opened, write_atomically
from fastnn.saving.json_text import parse_json, write_json

WEIGHTS = "weights/"
OPTIMIZER = "optimizer/"
CustomObjects = Mapping[str, Any]


class HasShape(Protocol):
    """A stored array, of whatever format."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""


def save_model(
    model: Any, filepath: Any, overwrite: bool = True, zipped: bool | None = None
) -> None:
    """Save a model, built or not, compiled or not: ``model.save(filepath)``.

    The file is written under a temporary name and then renamed, so a failure leaves the old one as
    it was.

    Parameters
    ----------
    model : the model.
    filepath : string or path that ends in ``.fastnn``; in ``.keras`` or ``.h5`` for a file that
        Keras loads (extra ``keras``).
    overwrite : False makes it an error that the file exists. Default True.
    zipped : Keras's choice between one file and a folder: None or True, one file.

    Raises
    ------
    ArgumentError : another suffix, an existing file with ``overwrite=False``, or a ``get_config()``
        that holds more than plain data.
    UnsupportedError : ``zipped=False``; a ``.keras`` or ``.h5`` file of a model with what Keras
        does not have (``Residual``, ``Parallel``, kernels, ``LBFGS``).
    MissingExtraError : a ``.keras`` or ``.h5`` file without h5py.
    OSError : the file cannot be written; the message names it.

    Notes
    -----
    Unlike in Keras, the file cannot hold code, and ``overwrite=False`` does not ask.

    Examples
    --------
    >>> import os, tempfile
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.Input((2,)), fastnn.layers.Dense(3)])
    >>> path = os.path.join(tempfile.mkdtemp(), "m.fastnn")
    >>> fastnn.saving.save_model(model, path)
    >>> fastnn.saving.load_model(path).count_params()
    9
    """
    arguments.unsupported("save_model", {"zipped": (zipped, True)})
    target = checked_target(filepath, overwrite, "save_model")
    if is_of_keras(target):
        from fastnn.saving.keras_file import model_bytes

        content = model_bytes(model, target.name)
        write_atomically(target, lambda stream: write_all(stream, content), "save_model")
        return
    write_atomically(target, lambda stream: write_model(model, stream), "save_model")


def load_model(
    filepath: Any,
    custom_objects: CustomObjects | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """The model in a file, as it was when it was saved.

    Nothing in the file is run: classes come from fastnn and from ``custom_objects`` alone.

    Parameters
    ----------
    filepath : a file written by ``model.save``, here or in Keras (``.keras``, ``.h5``, ``.hdf5``;
        extra ``keras``).
    custom_objects : the user's own classes and functions by name; none by default. Registered ones
        (``register_keras_serializable``) are known without it.
    compile : whether to compile the model as it was, with the optimizer's state, so that training
        goes on with the same bits. Default True.
    safe_mode : Keras's; it changes nothing, since every load is safe.

    Raises
    ------
    FileNotFoundError : there is no such file.
    FileFormatError : the file is damaged, hostile, of another format, or names an unknown class.
    MissingExtraError : a file of Keras without h5py.

    Examples
    --------
    >>> import os, tempfile
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.Input((2,)), fastnn.layers.Dense(3)])
    >>> path = os.path.join(tempfile.mkdtemp(), "m.fastnn")
    >>> model.save(path)
    >>> loaded = fastnn.saving.load_model(path)
    >>> bool((loaded([[1.0, 2.0]]) == model([[1.0, 2.0]])).all())
    True
    """
    arguments.flag("load_model", "safe_mode", safe_mode)
    custom_objects = user_objects(custom_objects)
    if is_of_keras(filepath):
        from fastnn.saving.keras_file import read_keras_model

        return read_keras_model(filepath, custom_objects, compile)
    with opened(filepath, "load_model") as reader:
        return read_model(reader, custom_objects, compile)


def write_all(stream: BinaryIO, content: bytes) -> None:
    """Write bytes that are ready."""
    stream.write(content)


# -- writing ---------------------------------------------------------------------------------------


def write_model(model: Any, stream: BinaryIO) -> None:
    """Write the container of a model to an empty seekable stream."""
    metadata = {"model": write_json(architecture(model), "the model's configuration")}
    arrays: dict[str, Any] = {WEIGHTS + path: v for path, v in named_weights(model).items()}
    compiled = model.get_compile_config()
    if compiled is not None:
        metadata["compile"] = write_json(compiled, "the compile configuration")
    state, slots = model.get_training_state()
    metadata["training"] = write_json(state, "the training state")
    arrays.update({OPTIMIZER + name: value for name, value in slots.items()})
    write_container(stream, arrays, metadata)


def architecture(model: Any) -> dict[str, Any]:
    """``{"class_name": ..., "config": ...}`` of a model."""
    return {"class_name": type(model).__name__, "config": model.get_config()}


def named_weights(model: Any) -> dict[str, Any]:
    """The model's variables by path, each once, in order."""
    return dict(model.named_weights())


# -- reading ---------------------------------------------------------------------------------------


def read_model(reader: Reader, custom_objects: CustomObjects | None, compile: bool) -> Any:
    """The model in a container."""
    reader.verify()
    where = reader.where
    stored = weight_entries(reader)
    model = _build(reader, custom_objects, sum(entry.elements for entry in stored.values()))
    variables = named_weights(model)
    if problem := differences(variables, stored):
        raise FileFormatError(
            f"{where}: its weights do not belong to its architecture: {problem}. Expected a file "
            "that fastnn has written."
        )
    for path, variable in variables.items():
        variable.assign(reader.read(WEIGHTS + path))
    if compile and "compile" in reader.metadata:
        config = metadata_json(reader, "compile")
        with refused(where, "its compile configuration"):
            model.compile_from_config(config, custom_objects)
    if "training" in reader.metadata:
        _restore_training(model, reader, compile)
    return model


def metadata_json(reader: Reader, key: str) -> Any:
    """One of the JSON texts in the metadata."""
    return parse_json(reader.metadata[key], f"{reader.where}: its {key!r} text")


def weight_entries(reader: Reader) -> dict[str, Entry]:
    """The weights in a container by path; other arrays must be the optimizer's."""
    stored: dict[str, Entry] = {}
    for name, entry in reader.entries.items():
        if name.startswith(WEIGHTS):
            if not entry.dtype.startswith("F"):
                raise FileFormatError(
                    f"{reader.where}: the weight {name!r} has dtype {entry.dtype}; expected F32 or "
                    "F64."
                )
            stored[name.removeprefix(WEIGHTS)] = entry
        elif not name.startswith(OPTIMIZER):
            raise FileFormatError(
                f"{reader.where}: it holds an array {name!r}; expected names that begin with "
                f"{WEIGHTS!r} or {OPTIMIZER!r}."
            )
    return stored


def differences(variables: Mapping[str, Any], stored: Mapping[str, HasShape]) -> str:
    """How the model's weights differ from the stored ones; empty if they do not."""
    found = [f"the file lacks {name!r}" for name in variables if name not in stored]
    found += [f"the model has no {name!r}" for name in stored if name not in variables]
    found += [
        f"{name!r} has shape {tuple(variable.shape)} in the model and {stored[name].shape} in the "
        "file"
        for name, variable in variables.items()
        if name in stored and tuple(variable.shape) != stored[name].shape
    ]
    more = f", and {len(found) - 5} more" if len(found) > 5 else ""
    return "; ".join(found[:5]) + more


def _build(reader: Reader, custom_objects: CustomObjects | None, elements: int) -> Any:
    """The model that the architecture describes, with at most ``elements`` weight elements."""
    if "model" not in reader.metadata:
        raise FileFormatError(
            f"{reader.where}: it holds weights without an architecture. Build the model and call "
            "model.load_weights(path) instead of load_model."
        )
    stored = metadata_json(reader, "model")
    with refused(reader.where, "its architecture"), weight_limit(elements):
        make = model_maker(stored, custom_objects)
        return make(stored["config"], custom_objects=custom_objects)


def model_maker(stored: Any, custom_objects: CustomObjects | None) -> Callable[..., Any]:
    """``from_config`` of the model class that the file names."""
    if not isinstance(stored, dict) or not isinstance(stored.get("config"), dict):
        raise FileFormatError("it is not an object with class_name and config")
    name = stored.get("class_name")
    classes = dict(custom_objects or {})
    if name not in classes:
        from fastnn.models.sequential import Sequential

        classes["Sequential"] = Sequential
    if not isinstance(name, str) or not hasattr(classes.get(name), "from_config"):
        raise unknown_name("model class", name, classes)
    maker: Callable[..., Any] = classes[name].from_config
    return maker


def _restore_training(model: Any, reader: Reader, compile: bool) -> None:
    """Give the model its training state back: optimizer slots, counters, random generators."""
    state = metadata_json(reader, "training")
    names = [name for name in reader.entries if name.startswith(OPTIMIZER)]
    slots = {name.removeprefix(OPTIMIZER): reader.read(name) for name in names} if compile else {}
    with refused(reader.where, "its training state"):
        model.set_training_state(state, slots)


@contextmanager
def refused(where: str, part: str) -> Iterator[None]:
    """Whatever goes wrong while a part of a file is made into objects is the file's fault."""
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:
        hint = ""
        if isinstance(error, ArgumentError) and "unknown" in str(error):
            hint = (
                " Pass classes and functions of your own by name, for example load_model(path, "
                "custom_objects={'MyLayer': MyLayer})."
            )
        raise FileFormatError(f"{where}: {part} cannot be used: {error}{hint}") from error
