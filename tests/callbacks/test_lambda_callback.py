"""LambdaCallback: its functions are called with Keras's arguments, and mistakes are errors."""

from __future__ import annotations

from typing import Any

import pytest

from fastnn.callbacks import CallbackList, LambdaCallback
from fastnn.errors import ArgumentError


def test_functions_are_called() -> None:
    calls: list[Any] = []
    callbacks = CallbackList(
        LambdaCallback(
            on_epoch_begin=lambda epoch, logs: calls.append(("epoch", epoch)),
            on_train_end=lambda logs: calls.append(("end", logs)),
            on_train_batch_begin=lambda batch, logs: calls.append(("batch", batch)),
            on_test_begin=lambda logs: calls.append(("test",)),
        )
    )
    callbacks.on_epoch_begin(2)
    callbacks.on_epoch_end(2)
    callbacks.on_train_batch_begin(5)
    callbacks.on_test_begin()
    callbacks.on_train_end({"loss": 1.0})
    assert calls == [("epoch", 2), ("batch", 5), ("test",), ("end", {"loss": 1.0})]


def test_unknown_hook_is_an_error() -> None:
    with pytest.raises(ArgumentError, match=r"'on_epoch_ends'. Did you mean 'on_epoch_end'\?"):
        LambdaCallback(on_epoch_ends=print)


def test_value_must_be_a_function() -> None:
    with pytest.raises(ArgumentError, match="on_train_end=3; expected a function, for example on_"):
        LambdaCallback(on_train_end=3)  # type: ignore[arg-type]
