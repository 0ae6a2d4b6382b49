"""Writes ``callbacks.npz``: what ``ReduceLROnPlateau`` of Keras does in the runs of
``callback_cases.py``, what callbacks are told in those of ``event_cases.py``, and
the Histories of those of ``data_cases.py``.

    KERAS_BACKEND=jax python -m tests.golden.make_callbacks
"""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np

from tests.golden import data_cases, event_cases
from tests.golden.callback_cases import PLATEAUS, START, trajectory


def main() -> None:
    """Run every case and write the file."""
    found = {}
    for name, (arguments, values) in PLATEAUS.items():
        net = SimpleNamespace(optimizer=keras.optimizers.SGD(START))
        callback = keras.callbacks.ReduceLROnPlateau(monitor="q", **arguments)
        found[name] = np.array(trajectory(callback, net, values))
    events = {name: event_cases.events(keras, name) for name in event_cases.RUNS}
    found["events"] = np.array(json.dumps(events))
    data = {name: data_cases.history(keras, name) for name in data_cases.RUNS}
    found["data"] = np.array(json.dumps(data))
    path = Path(__file__).with_name("callbacks.npz")
    meta = {
        "keras": keras.__version__,
        "backend": keras.backend.backend(),
        "command": "KERAS_BACKEND=jax python -m tests.golden.make_callbacks",
    }
    np.savez_compressed(path, meta=np.array(json.dumps(meta)), **found)


if __name__ == "__main__":
    main()
