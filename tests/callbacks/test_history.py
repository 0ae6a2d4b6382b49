"""History: what it records, alone and for many epochs at once."""

from __future__ import annotations

import json

import numpy as np

from fastnn.callbacks import CallbackList, History


class Net:
    history: object = None


def test_records_python_floats_in_the_order_of_the_logs() -> None:
    callbacks = CallbackList(add_history=True, model=Net(), epochs=2, steps=1, verbose=0)
    history = callbacks.history
    assert history is not None
    callbacks.on_train_begin()
    callbacks.on_epoch_end(3, {"loss": np.float32(0.5), "accuracy": np.float64(0.25)})
    callbacks.on_epoch_end(4, {"loss": 0.25, "accuracy": 1, "val_loss": np.array(2.0)})
    assert history.epoch == [3, 4]
    assert history.history == {"loss": [0.5, 0.25], "accuracy": [0.25, 1.0], "val_loss": [2.0]}
    assert list(history.history) == ["loss", "accuracy", "val_loss"]
    assert history.params == {"epochs": 2, "steps": 1, "verbose": 0}
    assert history.interrupted is False
    assert json.loads(json.dumps(history.history)) == history.history


def test_array_metrics_become_lists() -> None:
    history = History()
    history.on_epoch_end(0, {"per_class": np.array([0.5, 1.0])})
    assert history.history == {"per_class": [[0.5, 1.0]]}


def test_extend_equals_single_epochs() -> None:
    single, many = History(), History()
    losses = np.array([0.5, 0.25, 0.125])
    for epoch, loss in enumerate(losses, start=7):
        single.on_epoch_end(epoch, {"loss": loss, "accuracy": 1 - loss})
    many.extend(7, {"loss": losses, "accuracy": 1 - losses})
    assert (many.epoch, many.history) == (single.epoch, single.history)
    assert all(type(value) is float for value in many.history["loss"])
    many.extend(10, {})
    assert many.epoch == [7, 8, 9]


def test_second_run_starts_the_epochs_anew_and_goes_on_with_the_lists() -> None:
    """As in Keras 3.15.1 (``History.on_train_begin`` resets ``epoch`` alone)."""
    history = History()
    history.interrupted = True
    for _ in range(2):
        history.on_train_begin()
        history.on_epoch_end(0, {"loss": 1.0})
    assert history.epoch == [0]
    assert history.history == {"loss": [1.0, 1.0]}
    assert history.interrupted is False
