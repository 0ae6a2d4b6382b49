"""Ctrl-C while the command line trains. The first one ends ``fit`` in order, after the running
steps, and what follows (saving, testing) is still done; a second one within two seconds stops the
command at once. ``fit`` itself knows only the first.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SECONDS = 2.0  # within which a second Ctrl-C hurries the first
_NOTICE = b"\nfastnn: stopping after the running steps; Ctrl-C again within 2 s stops at once.\n"


class Interrupts:
    """Tells the first Ctrl-C from one in a hurry.

    Attributes
    ----------
    asked : whether there was one.
    fitting : whether ``fit`` is running, which a first one ends; at any other time a first one only
        sets ``asked``, because what is left takes a moment.
    """

    def __init__(self) -> None:
        self.asked: bool = False
        self.fitting = False
        self._last = -SECONDS

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Raise KeyboardInterrupt: in ``fit`` the first time, for ``main`` when hurried."""
        now = time.monotonic()
        hurried = now - self._last <= SECONDS
        self.asked, self._last = True, now
        if self.fitting and not hurried:
            with contextlib.suppress(OSError):
                os.write(2, _NOTICE)  # sys.stderr may be in the middle of a write
        if self.fitting or hurried:
            raise KeyboardInterrupt


@contextmanager
def interrupts() -> Iterator[Interrupts]:
    """Handle Ctrl-C as above within a block; outside the main thread it stays as it is."""
    counter = Interrupts()
    if threading.current_thread() is not threading.main_thread():
        yield counter
        return
    before = signal.signal(signal.SIGINT, counter.handle)
    try:
        yield counter
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)
