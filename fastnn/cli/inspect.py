"""What ``fastnn inspect MODEL`` prints: what a model file says it holds. No class is looked up and
no model is made, so any file can be inspected; the strict reading is in ``fastnn/saving``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastnn.saving.container import Entry, Reader
from fastnn.saving.files import PathLike, opened
from fastnn.saving.model_file import OPTIMIZER, WEIGHTS, metadata_json

_WIDTH = 60  # characters of one value: a file cannot flood the terminal
_LINES = 200  # layers or weights listed


def describe(path: PathLike) -> str:
    """The contents of a model or weights file as text of several lines.

    The last line is the SHA-256 of the weights' bytes, in the order of the model's weights; two
    files with equal weights have the same, whatever else is in them.

    Parameters
    ----------
    path : a ``.fastnn`` file, which need not be trusted.

    Raises
    ------
    FileNotFoundError : there is no such file.
    FileFormatError : it is not a fastnn file, or its sizes contradict one another.
    """
    with opened(path, "inspect") as reader:
        weights = {n: e for n, e in reader.entries.items() if n.startswith(WEIGHTS)}
        lines = [
            f"file: {path}, {reader.size:,} bytes",
            f"format: fastnn {reader.metadata['fastnn_format']} (safetensors), written by fastnn "
            f"{_shown(reader.metadata.get('fastnn_version', '?'))}",
            f"integrity: {_integrity(reader)}",
            *_architecture(reader),
            *_weights(weights),
            *_training(reader),
            f"weights sha256: {reader.sha256(weights)}",
        ]
    return "\n".join(lines)


def _integrity(reader: Reader) -> str:
    """Whether the digest in the file is that of its bytes."""
    if reader.actual_digest() == reader.digest:
        return "as written (SHA-256 of the file matches)"
    return "DAMAGED OR EDITED: the SHA-256 in the file is not that of its bytes"


def _architecture(reader: Reader) -> Iterator[str]:
    """The model's class, its layers and their settings, as far as the file states them."""
    if "model" not in reader.metadata:
        yield "model: none, weights only"
        return
    model = metadata_json(reader, "model")
    name, config = _class_and_config(model)
    yield f"model: {name} {_shown(config.get('name', ''))}".rstrip()
    layers = config.get("layers")
    if not isinstance(layers, list):
        return
    for layer in layers[:_LINES]:
        class_name, settings = _class_and_config(layer)
        yield f"  {class_name}: {_settings(settings)}"
    yield from _more(layers, "layers")


def _weights(weights: Mapping[str, Entry]) -> Iterator[str]:
    """The weights' paths, types and shapes, and their totals."""
    total = sum(entry.elements for entry in weights.values())
    size = sum(entry.stop - entry.start for entry in weights.values())
    yield f"weights: {len(weights)} arrays, {total:,} parameters, {size:,} bytes"
    for name, entry in list(weights.items())[:_LINES]:
        yield f"  {_shown(name.removeprefix(WEIGHTS))}: {entry.dtype} {entry.shape}"
    yield from _more(list(weights), "weights")


def _training(reader: Reader) -> Iterator[str]:
    """What the model was compiled with, and how much optimizer state there is."""
    if "compile" in reader.metadata:
        compiled = metadata_json(reader, "compile")
        yield f"compiled with: {_settings(compiled if isinstance(compiled, dict) else {})}"
    else:
        yield "compiled with: nothing"
    slots = [e for name, e in reader.entries.items() if name.startswith(OPTIMIZER)]
    size = sum(entry.stop - entry.start for entry in slots)
    yield f"optimizer state: {len(slots)} arrays, {size:,} bytes"


def _class_and_config(value: Any) -> tuple[str, dict[str, Any]]:
    """``class_name`` and ``config`` of a configuration, whatever the file has there."""
    if not isinstance(value, dict):
        return _shown(value), {}
    config = value.get("config")
    return _shown(value.get("class_name", "?")), config if isinstance(config, dict) else {}


def _settings(config: Mapping[str, Any]) -> str:
    """``name=value`` for what is set; nested configurations by their class alone."""
    shown = []
    for key, value in config.items():
        if value is None:
            continue
        if isinstance(value, dict) and "class_name" in value:
            value = value["class_name"]
        shown.append(f"{_shown(key)}={_shown(value)}")
    return ", ".join(shown) or "no settings"


def _shown(value: Any) -> str:
    """The value on one line, without control characters, not too long."""
    text = value if isinstance(value, str) else repr(value)
    text = text if text.isprintable() else ascii(text)
    return text if len(text) <= _WIDTH else text[:_WIDTH] + "..."


def _more(items: Sequence[Any], what: str) -> Iterator[str]:
    """A line for those that were not listed."""
    if len(items) > _LINES:
        yield f"  ... and {len(items) - _LINES} more {what}"
