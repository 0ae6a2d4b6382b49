"""CallbackList: every hook reaches every callback in order; it knows which hooks anybody overrides;
what is no callback is refused by name.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fastnn.callbacks import Callback, CallbackList, EarlyStopping, History, LambdaCallback
from fastnn.callbacks.callback import HOOKS
from fastnn.errors import ArgumentError, UnsupportedError


class Net:
    history: Any = None


def recorder(calls: list[Any], name: str) -> Callback:
    """A callback that notes each call of each hook."""
    made = Callback()
    for hook in HOOKS:

        def note(*args: Any, hook: str = hook, **named: Any) -> None:
            calls.append((name, hook, *args, *named.values()))

        setattr(made, hook, note)
    return made


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_reaches_every_callback_in_order(hook: str) -> None:
    calls: list[Any] = []
    callbacks = CallbackList([recorder(calls, "a"), (recorder(calls, "b"),)])
    arguments = [7] if ("batch" in hook or "epoch" in hook) else []
    getattr(callbacks, hook)(*arguments, {"loss": 1})
    assert calls == [(name, hook, *arguments, {"loss": 1.0}) for name in "ab"]


def test_there_are_all_hooks_of_keras() -> None:
    """The names were listed from ``keras.callbacks.Callback`` of Keras 3.15.1."""
    ends = ("begin", "end")
    assert set(HOOKS) == {
        f"on_{kind}_{end}"
        for kind in (
            *("train", "test", "predict", "epoch", "batch"),
            *("train_batch", "test_batch", "predict_batch"),
        )
        for end in ends
    }


def test_older_batch_hooks_are_called_by_the_newer() -> None:
    calls: list[Any] = []

    class Old(Callback):
        def on_batch_begin(self, batch: int, logs: Any = None) -> None:
            calls.append(("begin", batch))

        def on_batch_end(self, batch: int, logs: Any = None) -> None:
            calls.append(("end", batch, logs))

    callbacks = CallbackList(Old())
    callbacks.on_train_batch_begin(3)
    callbacks.on_train_batch_end(3, {"loss": np.float32(0.5)})
    assert calls == [("begin", 3), ("end", 3, {"loss": 0.5})]
    assert callbacks.has_batch_hooks("train")
    assert not callbacks.has_batch_hooks("test")


def test_logs_are_python_floats_shared_by_all() -> None:
    seen: list[Any] = []

    class Adds(Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            seen.extend(type(value) for value in logs.values())
            logs["added"] = 7.0

    callbacks = CallbackList([Adds()], add_history=True, model=Net())
    given = {"loss": np.float32(0.5), "nested": {"accuracy": np.array(1)}}
    callbacks.on_epoch_end(0, given)
    assert seen == [float, float]
    assert callbacks.history is not None
    assert callbacks.history.history == {"loss": [0.5], "accuracy": [1.0], "added": [7.0]}
    assert "added" not in given  # the loop's own dict is left alone


def test_predictions_stay_arrays() -> None:
    seen: list[Any] = []
    watch = LambdaCallback(on_predict_batch_end=lambda batch, logs: seen.append(logs["outputs"]))
    outputs = np.zeros((1, 1), np.float32)
    CallbackList(watch).on_predict_batch_end(0, {"outputs": outputs})
    assert seen[0] is outputs


@pytest.mark.parametrize("kind", ["train", "test", "predict"])
@pytest.mark.parametrize("end", ["begin", "end"])
def test_batch_hooks_are_found_in_classes_and_functions(kind: Any, end: str) -> None:
    hook = f"on_{kind}_batch_{end}"
    made = type("Mine", (Callback,), {hook: lambda self, batch, logs=None: None})
    child = type("Child", (made,), {})
    for callback in (made(), child(), LambdaCallback(**{hook: lambda batch, logs: None})):
        callbacks = CallbackList([History(), EarlyStopping(), callback])
        for asked in ("train", "test", "predict"):
            assert callbacks.has_batch_hooks(asked) == (asked == kind)  # type: ignore[arg-type]


def test_epoch_hooks_are_found() -> None:
    class MyHistory(History):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            super().on_epoch_end(epoch, logs)

    assert not CallbackList().has_epoch_hooks
    assert not CallbackList([Callback(), History()]).has_epoch_hooks
    assert not CallbackList(LambdaCallback(on_train_end=lambda logs: None)).has_epoch_hooks
    for callback in (EarlyStopping(), MyHistory(), LambdaCallback(on_epoch_begin=print)):
        assert CallbackList([History(), callback]).has_epoch_hooks


def test_every_callback_gets_model_and_params() -> None:
    class NoInit(Callback):
        def __init__(self) -> None:
            pass

    net = Net()
    callbacks = CallbackList([NoInit(), NoInit()], add_history=True, model=net, epochs=3, verbose=0)
    callbacks.append(NoInit())
    assert [item.model for item in callbacks.callbacks] == [net] * 4
    assert [item.params for item in callbacks.callbacks] == [{"epochs": 3, "verbose": 0}] * 4
    assert net.history is callbacks.history
    assert NoInit().model is None
    assert NoInit().params is None


def test_history_of_the_user_is_used() -> None:
    mine = History()
    callbacks = CallbackList([mine], add_history=True)
    assert callbacks.history is mine
    assert callbacks.callbacks == [mine]
    assert CallbackList().history is None


def test_train_end_reaches_all_even_if_one_fails() -> None:
    def fail(logs: Any) -> None:
        raise KeyError("mine")

    ended: list[int] = []
    last = LambdaCallback(on_train_end=lambda logs: ended.append(1))
    with pytest.raises(KeyError, match="mine"):
        CallbackList([LambdaCallback(on_train_end=fail), last]).on_train_end()
    assert ended == [1]


class Foreign:
    __module__ = "keras.src.callbacks.early_stopping"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (EarlyStopping, r"callbacks is the class EarlyStopping; .* EarlyStopping\(\.\.\.\)"),
        ([History(), "early"], r"callbacks\[1\] is 'early'; expected .* Pass callbacks="),
        ([[None]], r"callbacks\[0\]\[0\] is None"),
        ([print], r"callbacks\[0\] is the function print; .* LambdaCallback\("),
        ([Foreign()], r"type keras.src.*Foreign; .* same name from fastnn.callbacks"),
        ({"a": 1}, r"callbacks is an object of type builtins.dict"),
    ],
)
def test_what_is_no_callback_is_named(given: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        CallbackList(given)


def test_bad_arguments() -> None:
    with pytest.raises(UnsupportedError, match="add_progbar=True"):
        CallbackList(add_progbar=True)
    with pytest.raises(ArgumentError, match="Pass the model by name"):
        CallbackList([], Net())  # type: ignore[arg-type]
