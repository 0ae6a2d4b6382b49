"""Files of Keras, whole: ``.keras`` archives (a zip file with ``config.json``, ``metadata.json``
and ``model.weights.h5``), old ``.h5`` and ``.hdf5`` models, and ``.weights.h5``. The configurations
are in ``keras_config.py``, the arrays in ``keras_weights.py``, HDF5 itself in ``hdf5.py``.
"""

from __future__ import annotations

import datetime
import io
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any, BinaryIO

from fastnn.errors import ArgumentError, FileFormatError
from fastnn.program.weight_limit import weight_limit
from fastnn.saving import keras_weights
from fastnn.saving.files import checked_path, opened_stream
from fastnn.saving.hdf5 import (
    FREE_BYTES,
    MAX_EXPANSION,
    MAX_TEXT,
    Hdf5Reader,
    Stored,
    file_bytes,
    h5py,
)
from fastnn.saving.json_text import parse_json, write_json
from fastnn.saving.keras_config import keras_compile, keras_model, native
from fastnn.saving.model_file import differences, model_maker, refused
from fastnn.saving.weights_file import matched_weights
from fastnn.version import __version__

KERAS_VERSION = "3.15.1"  # whose files these are
_CONFIG = "config.json"
_METADATA = "metadata.json"
_WEIGHTS = "model.weights.h5"
_MAX_MEMBERS = 64
_ROOT = "model_weights"
_OPTIMIZER = "optimizer_weights"
Places = Mapping[str, tuple[str, Stored]]


# -- writing ---------------------------------------------------------------------------------------


def model_bytes(model: Any, name: str) -> bytes:
    """A model as the bytes of a file of that name: ``.keras``, else ``.h5``."""
    h5py("save_model")
    config = keras_model(model)
    compiled = model.get_compile_config()
    compiling = None if compiled is None else keras_compile(compiled)
    arrays = keras_weights.optimizer_arrays(model) if model.built else None
    if arrays is None and compiled is not None and model.optimizer.iterations:
        keras_weights.warn_of_fresh_optimizer(model.optimizer)
    if not name.endswith(".keras"):
        return _legacy_bytes(model, config, compiling, arrays)

    def write(file: Any) -> None:
        keras_weights.write_weights(file, model)
        if arrays is not None:
            group = file.create_group("optimizer/vars")
            group.attrs["name"] = model.optimizer.name
            for number, array in enumerate(arrays):
                group.create_dataset(str(number), data=array)

    config["compile_config"] = compiling
    now = datetime.datetime.now()
    metadata = {
        "keras_version": KERAS_VERSION,
        "date_saved": now.strftime("%Y-%m-%d@%H:%M:%S"),
        "fastnn_version": __version__,
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(_METADATA, write_json(metadata, "the metadata"))
        archive.writestr(_CONFIG, write_json(config, "the model's configuration"))
        archive.writestr(_WEIGHTS, file_bytes(write, "save_model"))
    return stream.getvalue()


def _legacy_bytes(model: Any, config: Any, compiling: Any, arrays: Any) -> bytes:
    """A model as an old ``.h5`` file."""
    texts = {"model_config": {key: config[key] for key in ("class_name", "config")}}
    if compiling is not None:
        optimizer = compiling.pop("optimizer")
        texts["training_config"] = {
            **compiling,
            "optimizer_config": {key: optimizer[key] for key in ("class_name", "config")},
        }

    def write(file: Any) -> None:
        file.attrs["keras_version"] = KERAS_VERSION
        file.attrs["backend"] = "fastnn"
        for key, value in texts.items():
            file.attrs[key] = write_json(value, key)
        keras_weights.write_legacy_weights(file.create_group(_ROOT), model)
        if arrays:
            names = [f"{model.optimizer.name}/{number}" for number in range(len(arrays))]
            group = file.create_group(_OPTIMIZER)
            keras_weights.write_names(group, "weight_names", names)
            for name, array in zip(names, arrays, strict=True):
                group.create_dataset(name, data=array)

    return file_bytes(write, "save_model")


def weights_bytes(model: Any) -> bytes:
    """A built model's weights as the bytes of a ``.weights.h5`` file."""
    return file_bytes(lambda file: keras_weights.write_weights(file, model), "save_weights")


# -- reading ---------------------------------------------------------------------------------------


def read_keras_model(filepath: Any, custom_objects: Mapping[str, Any], compile: bool) -> Any:
    """The model in a file of Keras; arguments and errors are those of ``load_model``."""
    if checked_path(filepath, "load_model").name.endswith(".weights.h5"):
        raise ArgumentError(
            f"load_model: received {str(filepath)!r}, which by its name holds weights without an "
            "architecture. Build the model and call model.load_weights(path) instead."
        )
    h5py("load_model")
    where = str(filepath)
    with opened_stream(filepath, "load_model") as (stream, size):
        if where.endswith(".keras"):
            return _read_archive(stream, where, custom_objects, compile)
        return _read_legacy(Hdf5Reader(stream, size, where, "load_model"), custom_objects, compile)


def _read_archive(
    stream: BinaryIO, where: str, custom_objects: Mapping[str, Any], compile: bool
) -> Any:
    """The model in a ``.keras`` archive."""
    texts, data = _members(stream, where)
    config = parse_json(texts.decode("utf-8", "replace"), f"{where}: its {_CONFIG}")
    reader = Hdf5Reader(io.BytesIO(data), len(data), f"{where}: its {_WEIGHTS}", "load_model")
    places = keras_weights.stored_weights(reader)
    model = _build(config, custom_objects, where, places)
    if model.built or places:
        _assign(keras_weights.placed(model), places, reader)
    compiling = config.get("compile_config") if compile else None
    if isinstance(compiling, dict) and compiling.get("optimizer") is not None:
        _compile(model, compiling, custom_objects, where)
        root = "optimizer/vars"
        count = sum(path.startswith(f"{root}/") for path in reader.datasets)
        _restore_optimizer(model, reader, [f"{root}/{number}" for number in range(count)], where)
    return model


def _members(stream: BinaryIO, where: str) -> tuple[bytes, bytes]:
    """The configuration and the weights in an archive, their sizes checked before reading."""
    try:
        with zipfile.ZipFile(stream) as archive:
            members = archive.infolist()
            names = [member.filename for member in members]
            if len(names) > _MAX_MEMBERS or len(set(names)) < len(names):
                raise FileFormatError(f"{where}: it holds too many files, or one of them twice.")
            for name in (_CONFIG, _WEIGHTS):
                if name not in names:
                    raise FileFormatError(
                        f"{where}: it lacks {name!r}; expected a file that Keras has written."
                    )
            found = []
            for name, free in ((_CONFIG, MAX_TEXT), (_WEIGHTS, FREE_BYTES)):
                member = archive.getinfo(name)
                bound = max(free, MAX_EXPANSION * member.compress_size)
                if name == _CONFIG:
                    bound = free
                if member.file_size > bound:
                    raise FileFormatError(
                        f"{where}: its {name!r} expands from {member.compress_size} to "
                        f"{member.file_size} bytes; at most {bound} are allowed."
                    )
                with archive.open(member) as opened:
                    content = opened.read(member.file_size + 1)
                if len(content) != member.file_size:
                    raise FileFormatError(f"{where}: its {name!r} is longer or shorter than said.")
                found.append(content)
            return found[0], found[1]
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise FileFormatError(
            f"{where}: it is not a whole zip archive ({error}). Expected a file that Keras has "
            "written."
        ) from None
    except (OSError, ValueError) as error:
        if isinstance(error, FileFormatError):
            raise
        raise FileFormatError(f"{where}: it is damaged ({error}).") from None


def _read_legacy(reader: Hdf5Reader, custom_objects: Mapping[str, Any], compile: bool) -> Any:
    """The model in an old ``.h5`` file."""
    where = reader.where
    if not reader.has_attribute("", "model_config") or _ROOT not in reader.groups:
        raise FileFormatError(
            f"{where}: it holds weights without an architecture. Build the model and call "
            "model.load_weights(path) instead of load_model."
        )
    config = parse_json(reader.text("", "model_config"), f"{where}: its 'model_config'")
    places = keras_weights.stored_legacy_weights(reader, _ROOT)
    model = _build(config, custom_objects, where, places)
    if model.built or places:
        _assign(keras_weights.placed_in_legacy(model), places, reader)
    if compile and reader.has_attribute("", "training_config"):
        text = reader.text("", "training_config")
        training = parse_json(text, f"{where}: its 'training_config'")
        if isinstance(training, dict) and training.get("optimizer_config") is not None:
            training["optimizer"] = training["optimizer_config"]
            _compile(model, training, custom_objects, where)
            if _OPTIMIZER in reader.groups:
                names = reader.names(_OPTIMIZER, "weight_names")
                paths = [f"{_OPTIMIZER}/{name}" for name in names]
                old = _is_of_keras_2(reader)
                _restore_optimizer(model, reader, paths, where, names if old else None)
    return model


def _is_of_keras_2(reader: Hdf5Reader) -> bool:
    """Whether Keras 1 or 2, or TensorFlow with it, has written an old file."""
    named = reader.has_attribute("", "keras_version")
    return named and reader.text("", "keras_version").startswith(("1.", "2."))


def _build(config: Any, custom_objects: Mapping[str, Any], where: str, places: Places) -> Any:
    """The model that the configuration describes, no larger than the weights in the file."""
    elements = sum(stored.elements for _, stored in places.values())
    with refused(where, "its architecture"), weight_limit(elements):
        if not isinstance(config, dict):
            raise FileFormatError("it is not a JSON object")
        described = native(
            {key: config.get(key) for key in ("class_name", "config", "registered_name")},
            custom_objects,
        )
        make = model_maker(described, custom_objects)
        return make(described["config"], custom_objects=custom_objects)


def _assign(variables: Mapping[str, Any], places: Places, reader: Hdf5Reader) -> None:
    """Give all variables the values in the file."""
    if problem := differences(variables, {name: stored for name, (_, stored) in places.items()}):
        raise FileFormatError(
            f"{reader.where}: its weights do not belong to its architecture: {problem}. Expected a "
            "file that Keras has written."
        )
    for name, variable in variables.items():
        variable.assign(reader.read(places[name][0]))


def _compile(
    model: Any, config: Mapping[str, Any], custom_objects: Mapping[str, Any], where: str
) -> None:
    """Compile the model as the file says."""
    with refused(where, "its compile configuration"):
        wanted = native(dict(config), custom_objects)
        one = wanted.get("loss")
        settings = {
            "optimizer": wanted["optimizer"],
            "loss": one[0] if isinstance(one, list) and len(one) == 1 else one,
            "metrics": _flat(wanted.get("metrics")),
            "weighted_metrics": _flat(wanted.get("weighted_metrics")),
        }
        if isinstance(settings["optimizer"], str):
            settings["optimizer"] = {"class_name": settings["optimizer"], "config": {}}
        model.compile_from_config(settings, custom_objects)


def _flat(items: Any) -> Any:
    """Metrics as one list; Keras 2 has a list for each output."""
    if not isinstance(items, list):
        return items
    return [one for item in items for one in (_flat(item) if isinstance(item, list) else [item])]


def _restore_optimizer(
    model: Any, reader: Hdf5Reader, paths: list[str], where: str, old_names: list[str] | None = None
) -> None:
    """Give the optimizer its state back, if the file has one that fits.

    ``old_names`` : what Keras 2 called the arrays, in its file.
    """
    if not model.built or not all(path in reader.datasets for path in paths):
        return
    limit = 16 + 8 * sum(variable.size for variable in model.weights)
    if sum(reader.datasets[path].elements for path in paths) > limit:
        raise FileFormatError(f"{where}: its optimizer has more state than its weights can have.")
    with refused(where, "its optimizer's state"):
        values = [reader.read(path) for path in paths]
        if old_names is not None:
            values = keras_weights.from_keras_2(model, old_names, values)
        keras_weights.restore_optimizer(model, values, where)


def read_keras_weights(model: Any, filepath: Any, skip_mismatch: bool) -> None:
    """Load the weights in any file of Keras into a built model; all or none."""
    h5py("load_weights")
    where = str(filepath)
    with opened_stream(filepath, "load_weights") as (stream, size):
        if where.endswith(".keras"):
            data = _members(stream, where)[1]
            stream, size = io.BytesIO(data), len(data)
        reader = Hdf5Reader(stream, size, where, "load_weights")
        root = _ROOT if _ROOT in reader.groups else ""
        old = reader.has_attribute(root, "layer_names") or (
            reader.has_attribute(root, "layer_names0")
        )
        if old:
            variables = keras_weights.placed_in_legacy(model)
            places = keras_weights.stored_legacy_weights(reader, root)
        else:
            variables = keras_weights.placed(model)
            places = keras_weights.stored_weights(reader)
        stored = {name: entry for name, (_, entry) in places.items()}
        sources = matched_weights(variables, stored, where, skip_mismatch)
        values = {name: reader.read(places[source][0]) for name, source in sources.items()}
    for name, value in values.items():
        variables[name].assign(value)
