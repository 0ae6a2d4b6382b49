"""``fit(time_limit=...)``: when it is over, and what is said then."""

from __future__ import annotations

import time

# A native call gets at least this long, so that each does at least a batch and comes to an end
SHORTEST = 1e-3


class TimeLimit:
    """Seconds that a training may take; None is no limit.

    Examples
    --------
    >>> limit = TimeLimit(1e-9)
    >>> limit.is_over(2, 7, 100), limit.text(5)
    (True, 'time_limit=1e-09 s is over: stopped after batch 7 of 100 of epoch 3 of 5.')
    """

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self.stopped_in: tuple[int, int, int] | None = None
        self._ends = None if seconds is None else time.monotonic() + seconds

    def deadline(self, usual: float) -> float:
        """Seconds after which a native call returns."""
        if self._ends is None:
            return usual
        return min(usual, max(SHORTEST, self._ends - time.monotonic()))

    def is_over(self, epoch: int, batch: int, batches: int) -> bool:
        """Whether training ends here: ``batch`` of ``batches`` are done in ``epoch`` (from 0)."""
        if self._ends is None or time.monotonic() < self._ends:
            return False
        self.stopped_in = (epoch, batch, batches)
        return True

    def text(self, epochs: int) -> str:
        """What is said at the end; empty if the time was enough."""
        if self.stopped_in is None:
            return ""
        epoch, batch, batches = self.stopped_in
        known = f"{batches} of " if batches else ""  # how many a generator gives is not known
        within = "" if batch == batches else f"batch {batch} of {known}"
        return (
            f"time_limit={self.seconds:g} s is over: stopped after {within}epoch {epoch + 1} of "
            f"{epochs}."
        )
