"""``LearningRateScheduler``: a learning rate per epoch, by a function. Schedules by steps are in
``fastnn/optimizers/schedules``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from numbers import Real
from typing import Any

from fastnn.callbacks.callback import Callback, Logs
from fastnn.callbacks.message import show_message
from fastnn.errors import ArgumentError


class LearningRateScheduler(Callback):
    """Set the learning rate at the beginning of every epoch.

    Parameters
    ----------
    schedule : a function of ``(epoch, learning_rate)``, or of ``(epoch)`` alone, that returns the
        learning rate of that epoch; ``epoch`` counts from 0.
    verbose : 1 says what the learning rate is set to; default 0.

    Raises
    ------
    ArgumentError : ``schedule`` is no function, or does not return a number ≥ 0.
    StateError : when the optimizer was made with a learning-rate schedule.

    Notes
    -----
    The logs, and so the History, get the entry ``"learning_rate"``. Differs from Keras: whole
    numbers are taken too, and a ``TypeError`` inside ``schedule`` is not hidden.

    Examples
    --------
    >>> import fastnn
    >>> from fastnn.callbacks import LearningRateScheduler
    >>> model = fastnn.Sequential([fastnn.Input((1,)), fastnn.layers.Dense(1)])
    >>> model.compile(fastnn.optimizers.SGD(0.8), "mse")
    >>> halve = LearningRateScheduler(lambda epoch, rate: rate if epoch < 2 else rate / 2)
    >>> history = model.fit([[0.0]], [[0.0]], epochs=4, verbose=0, callbacks=[halve])
    >>> history.history["learning_rate"]
    [0.8, 0.8, 0.4, 0.2]
    """

    def __init__(self, schedule: Callable[..., Any], verbose: int = 0) -> None:
        super().__init__()
        if not callable(schedule):
            raise ArgumentError(
                f"LearningRateScheduler: received schedule={schedule!r}, expected a function of "
                "(epoch, learning_rate). Pass for example lambda epoch, rate: rate * 0.9."
            )
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Ask for the learning rate of this epoch and set it."""
        optimizer = self.model.optimizer
        current = float(optimizer.learning_rate)
        value = self.schedule(epoch, current) if self._takes_two() else self.schedule(epoch)
        if getattr(value, "ndim", None) == 0:
            value = value.item()
        if isinstance(value, bool) or not isinstance(value, Real):
            raise ArgumentError(
                f"LearningRateScheduler: schedule({epoch}, {current:g}) returned {value!r}, "
                "expected a number. Return the learning rate of that epoch as a float."
            )
        optimizer.learning_rate = float(value)
        if self.verbose > 0:
            show_message(
                f"Epoch {epoch + 1}: LearningRateScheduler setting learning rate to "
                f"{optimizer.learning_rate:.6g}."
            )

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Record the learning rate."""
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)

    def _takes_two(self) -> bool:
        """Whether the function takes the current learning rate too."""
        try:
            inspect.signature(self.schedule).bind(0, 0.0)
        except TypeError:
            return False
        except ValueError:  # a compiled function without a signature
            return True
        return True
