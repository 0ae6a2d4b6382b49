"""Ctrl-C in the middle of native calls. What training looks like afterwards is in test_loop.py."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from typing import Any

import pytest

from fastnn.training.interrupts import HeldInterrupts


def test_interrupts_wait_for_the_end_of_the_block() -> None:
    order: list[str] = []

    def block() -> None:
        with HeldInterrupts():
            os.kill(os.getpid(), signal.SIGINT)
            order.append("the block went on")

    with pytest.raises(KeyboardInterrupt):
        block()
    assert order == ["the block went on"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_interrupts_go_to_the_handler_that_was_there() -> None:
    received: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: received.append(number))
    try:
        with HeldInterrupts():
            os.kill(os.getpid(), signal.SIGINT)
            assert received == []
        assert received == [signal.SIGINT]
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_leave_the_handler_alone() -> None:
    def work() -> None:
        with HeldInterrupts():
            found.append(signal.getsignal(signal.SIGINT))

    found: list[Any] = []
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [signal.default_int_handler]


def test_real_ctrl_c_in_a_process() -> None:
    """SIGINT in the middle of long native calls: fit returns, best weights are restored."""
    program = """
        import os, signal, threading
        import numpy as np, fastnn
        from fastnn.callbacks import EarlyStopping, LambdaCallback
        rng = np.random.default_rng(0)
        x = rng.standard_normal((20_000, 64)).astype("float32")
        model = fastnn.Sequential([fastnn.Input((64,)), fastnn.layers.Dense(256, "relu"),
                                   fastnn.layers.Dense(1)], seed=1)
        model.compile("sgd", "mse")
        best = []
        stopping = EarlyStopping("loss", restore_best_weights=True)
        def end(epoch, logs):
            best.append(model.get_weights())
            if epoch == 0:  # one signal: a second within 2 s would mean: at once
                threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
        history = model.fit(x, x[:, :1], epochs=10_000, verbose=0,
                            callbacks=[stopping, LambdaCallback(on_epoch_end=end)])
        same = all(np.array_equal(a, b) for a, b in zip(best[-1], model.get_weights()))
        print(history.interrupted, len(history.epoch) == len(best), same)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.split() == ["True", "True", "True"], done.stderr
