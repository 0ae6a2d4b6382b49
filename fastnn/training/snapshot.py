"""The copy of the weights that a diverged training goes back to."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from fastnn.models.sequential import Sequential

Array = np.ndarray[Any, Any]

# Seconds between copies of the weights that a NaN loss can go back to
SNAPSHOT_SECONDS = 2.0


class Snapshot:
    """A copy of the weights that a diverged training goes back to.

    Parameters
    ----------
    keep : whether to keep a copy at all; a single step keeps none, since a step that finds a bad
        loss changes nothing.
    """

    def __init__(self, model: Sequential, *, keep: bool = True) -> None:
        self.model = model
        self._buffers = list(dict.fromkeys(v.buffer for v in model.weights)) if keep else []
        self._copies: list[Array] = []
        self._taken = time.monotonic()
        if keep and self.weights_are_finite():
            self._copies = [buffer.data.copy() for buffer in self._buffers]

    def refresh(self) -> None:
        """Take a new copy if the last one is old and the weights are finite."""
        now = time.monotonic()
        if now - self._taken < SNAPSHOT_SECONDS or not self._copies:
            return
        if not self.weights_are_finite():
            return
        for copy, buffer in zip(self._copies, self._buffers, strict=True):
            copy[...] = buffer.data
        self._taken = now

    def restore_if_needed(self) -> str:
        """Put the copy back if a weight is not finite; says what the weights are now."""
        if self.weights_are_finite():
            return "The weights are those before that batch and finite."
        if not self._copies:
            return "The weights were not finite before it either: set them again."
        for copy, buffer in zip(self._copies, self._buffers, strict=True):
            buffer.data[...] = copy
        if self.model.optimizer.state is not None:
            self.model.optimizer.restart()  # averages of gradients that were not finite
        return (
            "The weights had overflowed: they were set back to a finite copy, "
            f"{time.monotonic() - self._taken:.1f} s old, and the optimizer starts anew."
        )

    def weights_are_finite(self) -> bool:
        """Whether no weight is NaN or infinite."""
        return all(bool(np.isfinite(v.view()).all()) for v in self.model.weights)
