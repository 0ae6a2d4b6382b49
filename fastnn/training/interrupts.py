"""Ctrl-C while native code runs: held back until the steps that were done are counted.

Python delivers SIGINT as soon as a native call returns, which may be before anybody has noted how
many steps it did: weights, iterations and the order of rows would no longer fit each other. What
becomes of the interrupt is decided by whoever installed the handler, not here.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any


class HeldInterrupts:
    """A block in which SIGINT waits; afterwards the handler that was there gets it.

    Examples
    --------
    >>> with HeldInterrupts():
    ...     counted = 3 + 4
    >>> counted
    7
    """

    def __init__(self) -> None:
        self._before: Callable[[int, FrameType | None], Any] | None = None
        self._received: list[FrameType | None] = []

    def __enter__(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        before = signal.getsignal(signal.SIGINT)
        if callable(before):  # neither ignored, nor left to the system, nor another language's
            self._before = before
            signal.signal(signal.SIGINT, self._note)

    def __exit__(self, *error: object) -> None:
        before, self._before = self._before, None
        if before is None:
            return
        signal.signal(signal.SIGINT, before)
        received, self._received = self._received, []
        for frame in received:
            before(signal.SIGINT, frame)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._received.append(frame)
