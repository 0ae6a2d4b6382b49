"""Runs of ``ReduceLROnPlateau``, ``EarlyStopping`` and ``ModelCheckpoint`` as tables: arguments,
and the monitored quantity by epoch. What Keras makes of the first is in ``callbacks.npz``, written
by ``make_callbacks.py``; what it makes of the others stands beside them, recorded from Keras
3.15.1. ``tests/callbacks/test_keras_callbacks.py`` asks an installed Keras.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

A = [0.9, 0.7, 0.8, 0.75, 0.6, 0.65, 0.66, 0.64, 0.7, 0.71]
FLAT = [0.5] * 10
RISING = [0.1, 0.2, 0.2, 0.2, 0.3, 0.25, 0.26, 0.27, 0.4, 0.3]
SLOW = [1.0, 0.99995, 0.99992, 0.99985, 0.9998, 0.9, 0.89995, 0.89993, 0.8998, 0.8997]

# name: arguments (monitor is "q"), values
PLATEAUS: dict[str, tuple[dict[str, Any], list[float]]] = {
    "patience 2": ({"patience": 2, "mode": "min"}, A),
    "patience 0": ({"patience": 0, "mode": "min"}, FLAT),
    "patience 1": ({"patience": 1, "mode": "min", "factor": 0.5}, FLAT),
    "cooldown": ({"patience": 1, "cooldown": 2, "mode": "min", "factor": 0.5}, FLAT),
    "cooldown with gains": ({"patience": 1, "cooldown": 1, "mode": "min", "factor": 0.5}, A),
    "min_lr": ({"patience": 1, "mode": "min", "factor": 0.5, "min_lr": 0.03}, FLAT),
    "factor 0": ({"patience": 3, "mode": "min", "factor": 0.0}, FLAT),
    "max": ({"patience": 2, "mode": "max", "factor": 0.5}, RISING),
    "default min_delta": ({"patience": 3, "mode": "min"}, SLOW),
    "min_delta": ({"patience": 2, "mode": "min", "min_delta": 0.15}, A),
    "negative min_delta": ({"patience": 2, "mode": "min", "min_delta": -0.15}, A),
    "min_delta and max": ({"patience": 2, "mode": "max", "min_delta": 0.08}, RISING),
    "default patience": ({"mode": "min"}, FLAT),
}
START = 0.125  # a learning rate that float32 holds exactly


def trajectory(callback: Any, net: Any, values: list[float]) -> list[list[float]]:
    """By epoch: the learning rate afterwards, the one in the logs, wait, cooldown, best."""
    callback.set_model(net)
    callback.on_train_begin()
    found = []
    for epoch, value in enumerate(values):
        logs = {"q": value}
        callback.on_epoch_end(epoch, logs)
        rate = float(net.optimizer.learning_rate)
        state = [callback.wait, callback.cooldown_counter, callback.best]
        found.append([rate, logs["learning_rate"], *state])
    return found


class Net:
    """A model whose only weight is the epoch that it was last trained in."""

    def __init__(self) -> None:
        self.stop_training = False
        self.epoch = 0
        self.restored: int | None = None

    def get_weights(self) -> list[int]:
        return [self.epoch]

    def set_weights(self, weights: list[int]) -> None:
        self.restored = weights[0]


def stopping(callback: Any, values: list[float]) -> list[Any]:
    """Epochs run, stopped_epoch, best_epoch, best, wait and the epoch whose weights came back."""
    net = Net()
    callback.set_model(net)
    callback.on_train_begin()
    for net.epoch, value in enumerate(values):
        callback.on_epoch_end(net.epoch, {"q": value})
        if net.stop_training:
            break
    callback.on_train_end()
    found = [callback.stopped_epoch, callback.best_epoch, callback.best, callback.wait]
    return [net.epoch + 1, *found, net.restored]


FALLING = [0.5, 0.5, 0.49, 0.48, 0.47, 0.46, 0.45, 0.44]
UPS = [0.1, 0.4, 0.35, 0.5, 0.45, 0.49, 0.5, 0.51]
LATE = [1.0, 0.5, 0.6, 0.4, 0.3]
STEADY = [0.5, 0.52, 0.54, 0.56, 0.58]
RESTORE = {"restore_best_weights": True}
# EarlyStopping: arguments, values, what ``stopping`` finds
STOPPINGS: dict[str, tuple[dict[str, Any], list[float], list[Any]]] = {
    "patience 0": ({**RESTORE}, A, [3, 2, 1, 0.7, 1, 1]),
    "patience 1": ({"patience": 1, **RESTORE}, A, [3, 2, 1, 0.7, 1, 1]),
    "patience 2": ({"patience": 2, **RESTORE}, A, [4, 3, 1, 0.7, 2, 1]),
    "patience 3": ({"patience": 3, **RESTORE}, A, [8, 7, 4, 0.6, 3, 4]),
    "epochs run out": ({"patience": 9, **RESTORE}, A, [10, 0, 4, 0.6, 5, 4]),
    "no restoring": ({"patience": 2}, A, [4, 3, 1, 0.7, 2, None]),
    "worse from the start": ({}, [1.0, 2.0, 3.0], [2, 1, 0, 1.0, 1, None]),
    "one epoch": ({**RESTORE}, [1.0], [1, 0, 0, 1.0, 0, 0]),
    "min_delta": ({"min_delta": 0.025, "patience": 2, **RESTORE}, FALLING, [3, 2, 0, 0.5, 2, 0]),
    "negative min_delta": ({"min_delta": -0.025, "patience": 2}, FALLING, [3, 2, 0, 0.5, 2, None]),
    "large min_delta": ({"min_delta": 1.0, "patience": 3}, FALLING, [4, 3, 0, 0.5, 3, None]),
    "max": ({"mode": "max", "patience": 2, **RESTORE}, UPS, [6, 5, 3, 0.5, 2, 3]),
    "max with min_delta": (
        {"mode": "max", "min_delta": 0.05, "patience": 3, **RESTORE},
        UPS,
        [7, 6, 3, 0.5, 3, 3],
    ),
    "max, slowly beyond min_delta": (
        {"mode": "max", "min_delta": 0.05, "patience": 9, **RESTORE},
        STEADY,
        [5, 0, 3, 0.56, 1, 3],
    ),
    "baseline never beaten": (
        {"baseline": 0.5, "patience": 3, **RESTORE},
        A,
        [3, 2, 1, 0.7, 3, 1],
    ),
    "baseline beaten in time": (
        {"baseline": 0.55, "patience": 2, **RESTORE},
        LATE,
        [5, 0, 4, 0.3, 0, 4],
    ),
    "baseline beaten too late": (
        {"baseline": 0.65, "patience": 4, **RESTORE},
        A,
        [4, 3, 1, 0.7, 4, 1],
    ),
    "baseline and max": (
        {"mode": "max", "baseline": 0.45, "patience": 2, **RESTORE},
        UPS,
        [3, 2, 1, 0.4, 3, 1],
    ),
    "improving, baseline not beaten": (
        {"baseline": 0.1, "patience": 2},
        FALLING,
        [2, 1, 0, 0.5, 2, None],
    ),
    "start_from_epoch 2": (
        {"start_from_epoch": 2, "patience": 1, **RESTORE},
        A,
        [6, 5, 4, 0.6, 1, 4],
    ),
    "start_from_epoch 6": (
        {"start_from_epoch": 6, "patience": 2, **RESTORE},
        A,
        [10, 9, 7, 0.64, 2, 7],
    ),
    "start_from_epoch beyond the end": (
        {"start_from_epoch": 99, **RESTORE},
        A,
        [10, 0, 0, None, 0, None],
    ),
}


class Shelf:
    """A model that writes what it is into files, and remembers their names."""

    def __init__(self) -> None:
        self.saved: list[str] = []

    def save(self, path: str, overwrite: bool = True) -> None:
        self.saved.append(Path(path).name)
        Path(path).write_text("model")

    def save_weights(self, path: str, overwrite: bool = True) -> None:
        self.saved.append(Path(path).name)
        Path(path).write_text("weights")


def saving(
    make: Any, folder: Path, values: list[float], batches: int = 0, fits: int = 1, **arguments: Any
) -> list[str]:
    """Names of the files that runs with these values of "q" save."""
    arguments["filepath"] = folder / arguments["filepath"]
    callback, shelf = make(monitor="q", **{"mode": "min", **arguments}), Shelf()
    callback.set_model(shelf)
    for _ in range(fits):
        callback.on_train_begin()
        for epoch, value in enumerate(values):
            callback.on_epoch_begin(epoch)
            for batch in range(batches):
                callback.on_train_batch_end(batch, {"q": batch / 4})
            callback.on_epoch_end(epoch, {"q": value})
        callback.on_train_end()
    return shelf.saved


SAVED = [0.9, 0.7, 0.8, 0.7, 0.65, 0.71]
# ModelCheckpoint: arguments, and the names of the files that are saved
BEST: dict[str, Any] = {"save_best_only": True}
CHECKPOINTS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "every epoch": (
        {"values": SAVED[:3], "filepath": "{epoch:02d}-{q:.2f}"},
        ["01-0.90", "02-0.70", "03-0.80"],
    ),
    "best, min": (
        {"values": SAVED, "filepath": "{epoch:02d}-{q:.2f}", **BEST},
        ["01-0.90", "02-0.70", "05-0.65"],
    ),
    "best, max": ({"values": SAVED, "filepath": "{epoch}", "mode": "max", **BEST}, ["1"]),
    "best, threshold": (
        {"values": SAVED, "filepath": "{epoch}", "initial_value_threshold": 0.7, **BEST},
        ["5"],
    ),
    "best is kept between runs": (
        {"values": SAVED[:2], "fits": 2, "filepath": "{epoch}", **BEST},
        ["1", "2"],
    ),
    "best, max, threshold": (
        {
            "values": SAVED,
            "filepath": "{epoch}",
            "mode": "max",
            "initial_value_threshold": 0.75,
            **BEST,
        },
        ["1"],
    ),
    "one name for all": ({"values": SAVED[:2], "filepath": "all"}, ["all", "all"]),
    "weights": (
        {"values": SAVED[:2], "filepath": "{epoch}.weights", "save_weights_only": True},
        ["1.weights", "2.weights"],
    ),
    "every 3 batches of 4, two runs": (
        {"values": SAVED[:1], "batches": 4, "fits": 2, "save_freq": 3, "filepath": "{batch}"},
        ["3", "2"],
    ),
    "every 3 batches of 4": (
        {"values": SAVED[:3], "batches": 4, "save_freq": 3, "filepath": "{epoch}-{batch:03d}"},
        ["1-003", "2-002", "3-001", "3-004"],
    ),
    "every 6 batches of 4": (
        {"values": SAVED[:3], "batches": 4, "save_freq": 6, "filepath": "{epoch}-{batch}-{q:.2f}"},
        ["2-2-0.25", "3-4-0.75"],
    ),
}
