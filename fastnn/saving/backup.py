"""The state of a training in one file: weights, optimizer, random generator, and a note of the
caller's. It is read into a model that exists; whole models are in ``model_file.py``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastnn.errors import FileFormatError
from fastnn.saving.container import write_container
from fastnn.saving.files import opened, write_atomically
from fastnn.saving.json_text import write_json
from fastnn.saving.model_file import (
    OPTIMIZER,
    WEIGHTS,
    metadata_json,
    named_weights,
    weight_entries,
)
from fastnn.saving.weights_file import matched_weights


def write_backup(model: Any, path: Path, note: dict[str, Any], what: str) -> None:
    """Write the state of a training; a process that dies meanwhile leaves the old file whole."""
    state, slots = model.get_training_state()
    metadata = {
        "training": write_json(state, "the training state"),
        "backup": write_json(note, "the state of the backup"),
    }
    arrays: dict[str, Any] = {WEIGHTS + name: v for name, v in named_weights(model).items()}
    arrays.update({OPTIMIZER + name: value for name, value in slots.items()})
    write_atomically(path, lambda stream: write_container(stream, arrays, metadata), what)


def read_backup(model: Any, path: Path, what: str) -> dict[str, Any]:
    """Set the model to the state in a file, wholly or not at all; returns the note.

    Raises
    ------
    FileFormatError : the file is damaged or no backup.
    ShapeError : it is the backup of another model.
    """
    with opened(path, what) as reader:
        reader.verify()
        if "backup" not in reader.metadata or "training" not in reader.metadata:
            raise FileFormatError(f"{path}: it is no backup of a training. Pass another folder.")
        variables = named_weights(model)
        sources = matched_weights(variables, weight_entries(reader), reader.where)
        values = {name: reader.read(WEIGHTS + source) for name, source in sources.items()}
        slots = {}
        for stored in (name for name in reader.entries if name.startswith(OPTIMIZER)):
            slot, _, source = stored.removeprefix(OPTIMIZER).partition("/")
            slots[slot, source] = reader.read(stored)
        state, note = metadata_json(reader, "training"), metadata_json(reader, "backup")
    targets = {source: name for name, source in sources.items()}
    for name, value in values.items():
        variables[name].assign(value)
    named = {f"{slot}/{targets[source]}": value for (slot, source), value in slots.items()}
    model.set_training_state(state, named)
    found: dict[str, Any] = note
    return found
