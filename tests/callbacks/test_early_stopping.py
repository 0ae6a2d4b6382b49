"""EarlyStopping: its trajectory equals that of Keras, and the best weights come back however
training ended. A tiny stand-in for the model keeps these tests free of training.
"""

from __future__ import annotations

import copy
import math
import pickle
import warnings

import pytest

from fastnn.callbacks import CallbackList, EarlyStopping
from fastnn.errors import ArgumentError
from tests.golden.callback_cases import STOPPINGS, A, Net, stopping


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


@pytest.mark.parametrize("case", STOPPINGS)
def test_trajectory_equals_keras(case: str) -> None:
    arguments, values, expected = STOPPINGS[case]
    callback = EarlyStopping(monitor="q", **{"mode": "min", **arguments})
    for _ in range(2):  # an object may be used again: the second run equals the first
        assert stopping(callback, values) == expected


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
