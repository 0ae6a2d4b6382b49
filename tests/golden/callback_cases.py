"""Runs of ``ReduceLROnPlateau`` as tables: arguments, and the monitored quantity by epoch. What
Keras makes of them is in ``callbacks.npz``, written by ``make_callbacks.py``.
"""

from __future__ import annotations

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
