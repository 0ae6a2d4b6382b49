"""EarlyStopping: its trajectory equals that of Keras, and the best weights come back however
training ended. A tiny stand-in for the model keeps these tests free of training.
"""

from __future__ import annotations

import copy
import math
import pickle
import warnings
from typing import Any

import pytest

from fastnn.callbacks import CallbackList, EarlyStopping
from fastnn.errors import ArgumentError


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


def train(callback: EarlyStopping, values: list[float], interrupt_in: int | None = None) -> Net:
    """A training loop as fastnn's: ``on_train_end`` is called after Ctrl-C too."""
    net = Net()
    callbacks = CallbackList(callback, model=net)
    callbacks.on_train_begin()
    for net.epoch, value in enumerate(values):
        if net.epoch == interrupt_in:
            break
        callbacks.on_epoch_end(net.epoch, {"q": value})
        if net.stop_training:
            break
    callbacks.on_train_end()
    return net


A = [0.9, 0.7, 0.8, 0.75, 0.6, 0.65, 0.66, 0.64, 0.7, 0.71]
B = [0.5, 0.5, 0.49, 0.48, 0.47, 0.46, 0.45, 0.44]
C = [0.1, 0.4, 0.35, 0.5, 0.45, 0.49, 0.5, 0.51]
D = [1.0, 0.5, 0.6, 0.4, 0.3]
E = [0.5, 0.52, 0.54, 0.56, 0.58]
RESTORE = {"restore_best_weights": True}
# arguments, values, [epochs run, stopped_epoch, best_epoch, best, wait, restored epoch]
TRAJECTORIES: dict[str, tuple[dict[str, Any], list[float], list[Any]]] = {
    "patience 0": ({**RESTORE}, A, [3, 2, 1, 0.7, 1, 1]),
    "patience 1": ({"patience": 1, **RESTORE}, A, [3, 2, 1, 0.7, 1, 1]),
    "patience 2": ({"patience": 2, **RESTORE}, A, [4, 3, 1, 0.7, 2, 1]),
    "patience 3": ({"patience": 3, **RESTORE}, A, [8, 7, 4, 0.6, 3, 4]),
    "epochs run out": ({"patience": 9, **RESTORE}, A, [10, 0, 4, 0.6, 5, 4]),
    "no restoring": ({"patience": 2}, A, [4, 3, 1, 0.7, 2, None]),
    "worse from the start": ({}, [1.0, 2.0, 3.0], [2, 1, 0, 1.0, 1, None]),
    "one epoch": ({**RESTORE}, [1.0], [1, 0, 0, 1.0, 0, 0]),
    "min_delta": ({"min_delta": 0.025, "patience": 2, **RESTORE}, B, [3, 2, 0, 0.5, 2, 0]),
    "negative min_delta": ({"min_delta": -0.025, "patience": 2}, B, [3, 2, 0, 0.5, 2, None]),
    "large min_delta": ({"min_delta": 1.0, "patience": 3}, B, [4, 3, 0, 0.5, 3, None]),
    "max": ({"mode": "max", "patience": 2, **RESTORE}, C, [6, 5, 3, 0.5, 2, 3]),
    "max with min_delta": (
        {"mode": "max", "min_delta": 0.05, "patience": 3, **RESTORE},
        C,
        [7, 6, 3, 0.5, 3, 3],
    ),
    "max, slowly beyond min_delta": (
        {"mode": "max", "min_delta": 0.05, "patience": 9, **RESTORE},
        E,
        [5, 0, 3, 0.56, 1, 3],
    ),
    "baseline never beaten": (
        {"baseline": 0.5, "patience": 3, **RESTORE},
        A,
        [3, 2, 1, 0.7, 3, 1],
    ),
    "baseline beaten in time": (
        {"baseline": 0.55, "patience": 2, **RESTORE},
        D,
        [5, 0, 4, 0.3, 0, 4],
    ),
    "baseline beaten too late": (
        {"baseline": 0.65, "patience": 4, **RESTORE},
        A,
        [4, 3, 1, 0.7, 4, 1],
    ),
    "baseline and max": (
        {"mode": "max", "baseline": 0.45, "patience": 2, **RESTORE},
        C,
        [3, 2, 1, 0.4, 3, 1],
    ),
    "improving, baseline not beaten": (
        {"baseline": 0.1, "patience": 2},
        B,
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


@pytest.mark.parametrize("case", TRAJECTORIES)
def test_trajectory_equals_keras(case: str) -> None:
    """The numbers were recorded from Keras 3.15.1 (JAX backend), by this script with the table
    above (``Net`` as above, ``mode="min"`` unless the arguments say otherwise)::

        from keras.callbacks import EarlyStopping

        def run(values, **arguments):
            net, callback = Net(), EarlyStopping(monitor="q", **arguments)
            callback.set_model(net)
            callback.on_train_begin()
            for net.epoch, value in enumerate(values):
                callback.on_epoch_end(net.epoch, {"q": value})
                if net.stop_training:
                    break
            callback.on_train_end()
            return [net.epoch + 1, callback.stopped_epoch, callback.best_epoch, callback.best,
                    callback.wait, net.restored]
    """
    arguments, values, expected = TRAJECTORIES[case]
    callback = EarlyStopping(monitor="q", **{"mode": "min", **arguments})
    for _ in range(2):  # an object may be used again: the second run equals the first
        net = train(callback, values)
        found = [net.epoch + 1, callback.stopped_epoch, callback.best_epoch, callback.best]
        assert [*found, callback.wait, net.restored] == expected


@pytest.mark.parametrize(
    ("how", "values", "interrupt_in"),
    [
        ("stopped early", [3.0, 1.0, 2.0, 2.0, 2.0], None),
        ("epochs ran out", [3.0, 1.0, 2.0], None),
        ("Ctrl-C", [3.0, 1.0, 2.0, 0.5], 3),
    ],
)
def test_best_weights_are_restored(how: str, values: list[float], interrupt_in: int | None) -> None:
    callback = EarlyStopping("q", patience=2, mode="min", restore_best_weights=True)
    net = train(callback, values, interrupt_in)
    assert net.restored == 1, how
    assert net.stop_training == (how == "stopped early")


def test_ctrl_c_in_the_first_epoch_restores_nothing() -> None:
    callback = EarlyStopping("q", mode="min", restore_best_weights=True)
    assert train(callback, [1.0], interrupt_in=0).restored is None


def test_nan_is_never_the_best() -> None:
    """In Keras 3.15.1 a NaN in the first epoch is the best value for ever; not so here."""
    callback = EarlyStopping("q", patience=3, mode="min", restore_best_weights=True)
    with pytest.warns(UserWarning, match=r"'q' is NaN in epoch 1; .* never the best"):
        net = train(callback, [math.nan, 2.0, math.nan, 1.0, math.nan, math.nan, math.nan, 0.0])
    assert (callback.best, callback.best_epoch, callback.stopped_epoch) == (1.0, 3, 6)
    assert net.restored == 3


def test_only_nan_stops_without_touching_the_weights() -> None:
    callback = EarlyStopping("q", patience=2, mode="min", restore_best_weights=True)
    with pytest.warns(UserWarning, match="NaN") as record:
        net = train(callback, [math.nan] * 9)
    assert len(record) == 1
    assert (net.epoch, net.restored, callback.best) == (1, None, None)


def test_first_epoch_never_stops() -> None:
    """As in Keras, where ``epoch > 0`` is part of the condition."""
    callback = EarlyStopping("q", patience=0, mode="min")
    with pytest.warns(UserWarning, match="NaN"):
        net = train(callback, [math.nan, 1.0, 2.0, 3.0])
    assert (net.epoch, callback.best_epoch) == (2, 1)


def test_missing_quantity_warns_once_per_run_and_lists_what_there_is() -> None:
    callback = EarlyStopping("val_loss")
    for _ in range(2):
        with pytest.warns(UserWarning, match="which is not available") as record:
            train(callback, [1.0, 1.0, 1.0])
        assert len(record) == 1
        text = str(record[0].message)
        assert "EarlyStopping monitors 'val_loss'" in text
        assert "Available: 'q'." in text
        assert "validation_data" in text


def test_misspelt_quantity_is_suggested() -> None:
    callback = EarlyStopping("acc")
    callback.set_model(Net())
    with pytest.warns(UserWarning, match=r"Did you mean 'accuracy'\?"):
        callback.on_epoch_end(0, {"loss": 1.0, "accuracy": 0.5})


@pytest.mark.parametrize(
    ("monitor", "larger_is_better"),
    [
        ("loss", False),
        ("val_loss", False),
        ("val_accuracy", True),
        ("acc", True),
        ("val_auc_2", True),
        ("mae", False),
        ("val_mean_squared_error", False),
        ("top_k_categorical_accuracy", True),
        ("sparse_categorical_crossentropy", False),
        ("cosine_similarity", True),
        ("f1_score", True),
        ("head_accuracy", True),
        ("head_loss", False),
    ],
)
def test_direction_follows_the_name(monitor: str, larger_is_better: bool) -> None:
    callback = EarlyStopping(monitor, patience=1)
    callback.set_model(Net())
    callback.on_train_begin()
    for epoch, value in enumerate([1.0, 2.0]):
        callback.on_epoch_end(epoch, {monitor: value})
    assert callback.model.stop_training == (not larger_is_better)


def test_direction_of_a_metric_object_comes_first() -> None:
    class Metric:
        name = "profit_loss"
        _direction = "up"

    callback = EarlyStopping("val_profit_loss")
    callback.set_model(Net())
    callback.model.metrics = [Metric()]
    callback.on_epoch_end(0, {"val_profit_loss": 1.0})
    callback.on_epoch_end(1, {"val_profit_loss": 2.0})
    assert callback.best == 2.0


def test_unknown_direction_is_an_error() -> None:
    callback = EarlyStopping("profit")
    callback.set_model(Net())
    with pytest.raises(ArgumentError, match=r"monitor='profit' .* Pass mode='max' if larger"):
        callback.on_epoch_end(0, {"profit": 1.0})
    with pytest.raises(
        ArgumentError, match=r"Available: 'loss', 'profits'. Did you mean 'profits'"
    ):
        callback.on_epoch_end(0, {"loss": 1.0, "profits": 1.0})


def test_bad_arguments() -> None:
    with pytest.raises(ArgumentError, match="mode='maximum'; expected 'auto', 'min' or 'max'"):
        EarlyStopping(mode="maximum")
    with pytest.raises(ArgumentError, match="patience=-1"):
        EarlyStopping(patience=-1)
    with pytest.raises(ArgumentError, match="monitor=3; expected the name"):
        EarlyStopping(3)  # type: ignore[arg-type]


def test_verbose_says_what_happens(capsys: pytest.CaptureFixture[str]) -> None:
    train(EarlyStopping("q", mode="min", verbose=1, restore_best_weights=True), [1.0, 2.0])
    assert capsys.readouterr().out == (
        "Epoch 2: early stopping\nRestoring model weights from the end of the best epoch: 1.\n"
    )


def test_it_can_be_copied_and_pickled() -> None:
    callback = EarlyStopping("q", patience=2, mode="min")
    for twin in (copy.deepcopy(callback), pickle.loads(pickle.dumps(callback))):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert train(twin, A).epoch == 3
