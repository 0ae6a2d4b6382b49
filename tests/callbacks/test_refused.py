"""Callbacks of Keras that fastnn does not have say why and what to use; ProgbarLogger stands for
the display that is there anyway.
"""

from __future__ import annotations

from typing import Any

import pytest

from fastnn import callbacks
from fastnn.callbacks import CallbackList, ProgbarLogger
from fastnn.callbacks.callback import HOOKS
from fastnn.errors import UnsupportedError
from tests.support.networks import network, regression

X, Y = regression(20)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("TensorBoard", {"log_dir": "logs", "histogram_freq": 1}, "TensorFlow.*CSVLogger"),
        ("RemoteMonitor", {"root": "http://localhost"}, "network.*LambdaCallback"),
        ("OrbaxCheckpoint", {"directory": "a"}, "Orbax.*BackupAndRestore"),
    ],
)
def test_refused_by_name(name: str, arguments: Any, message: str) -> None:
    with pytest.raises(UnsupportedError, match=f"{name} is not supported: .*{message}"):
        getattr(callbacks, name)(**arguments)


def test_the_display_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    for given in ([], [ProgbarLogger()]):
        network().fit(X, Y, verbose=2, callbacks=given)
        lines = capsys.readouterr().out.splitlines()
        assert [line.partition(" ")[0] for line in lines] == ["Epoch", "20/20"]
    network().fit(X, Y, verbose=0, callbacks=[ProgbarLogger()])
    assert capsys.readouterr().out == ""


def test_the_logger_needs_no_hook() -> None:
    assert not any(ProgbarLogger()._needs_hook(hook) for hook in HOOKS)
    assert not CallbackList(ProgbarLogger()).has_epoch_hooks
