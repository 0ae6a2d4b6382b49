"""``ReduceLROnPlateau``: a smaller learning rate when a monitored quantity no longer improves. How
values are compared is in ``monitor_callback.py``.
"""

from __future__ import annotations

import math

from fastnn import arguments
from fastnn.callbacks.callback import Logs
from fastnn.callbacks.message import show_message
from fastnn.callbacks.monitor_callback import MonitorCallback
from fastnn.errors import ArgumentError


class ReduceLROnPlateau(MonitorCallback):
    """Multiply the learning rate by ``factor`` when a quantity has stopped improving.

    After ``patience`` epochs without improvement, learning_rate ← max(learning_rate · factor,
    min_lr); then ``cooldown`` epochs pass before epochs without improvement are counted again.

    Parameters
    ----------
    monitor : name of the quantity, such as ``"val_loss"`` (default).
    factor : what the learning rate is multiplied by, in [0, 1); default 0.1.
    patience : epochs without improvement after which it is reduced, ≥ 0; default 10.
    verbose : 1 says when the learning rate is reduced; default 0.
    mode : ``"min"``, ``"max"`` or ``"auto"`` (default: from the name).
    min_delta : smallest change that counts as an improvement; default 1e-4.
    cooldown : epochs after a reduction in which nothing is counted, ≥ 0; default 0.
    min_lr : the learning rate is never made smaller than this, ≥ 0; default 0.

    Attributes
    ----------
    best : the best value so far in this run.
    wait : epochs since the last improvement.
    cooldown_counter : epochs of cooldown that are left.

    Raises
    ------
    ArgumentError : a ``factor`` of 1 or more, or another argument out of its range.
    StateError : when the optimizer was made with a learning-rate schedule.

    Notes
    -----
    The logs, and so the History, get the entry ``"learning_rate"``: the rate of that epoch, before
    it is reduced. Unlike in Keras, a NaN is never the best value, and the warning about a missing
    quantity comes once per run.

    Examples
    --------
    >>> import fastnn
    >>> from fastnn.callbacks import ReduceLROnPlateau
    >>> model = fastnn.Sequential([fastnn.Input((1,)), fastnn.layers.Dense(1)])
    >>> model.compile(fastnn.optimizers.SGD(0.1), "mse")
    >>> reduce = ReduceLROnPlateau("loss", factor=0.5, patience=2)
    >>> reduce.set_model(model)
    >>> for epoch, loss in enumerate([0.5, 0.4, 0.4, 0.4]):
    ...     reduce.on_epoch_end(epoch, {"loss": loss})
    >>> model.optimizer.learning_rate
    0.05
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
        **kwargs: object,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        owner = "ReduceLROnPlateau"
        names = ("monitor", "factor", "patience", "verbose", "mode", "min_delta", "cooldown")
        if "epsilon" in kwargs:
            raise ArgumentError(
                f"{owner}: received epsilon={kwargs['epsilon']!r}, the old name of 'min_delta'. "
                "Pass min_delta instead."
            )
        arguments.unknown(owner, kwargs, (*names, "min_lr"))
        self.factor: float = arguments.number(owner, "factor", factor, "[0, 1)")
        self.patience: int = arguments.integer(owner, "patience", patience, 0)
        self.verbose = verbose
        self.cooldown: int = arguments.integer(owner, "cooldown", cooldown, 0)
        self.min_lr: float = arguments.number(owner, "min_lr", min_lr, "[0, inf)")
        self.cooldown_counter: int = 0
        self.wait: int = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Forget the run before."""
        self.best = None
        self.cooldown_counter = 0
        self.wait = 0
        self._warned = False

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Compare the epoch with the best one, and reduce the learning rate when patience is
        over.
        """
        logs = {} if logs is None else logs
        self._find_direction(logs)
        logs["learning_rate"] = float(self.model.optimizer.learning_rate)
        current = self._monitored(logs, "the learning rate is not reduced in this run")
        if current is None:
            return
        if math.isnan(current):
            self._warn_nan(epoch)
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self._is_improvement(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience and self._reduce(epoch):
                self.cooldown_counter = self.cooldown
                self.wait = 0

    def in_cooldown(self) -> bool:
        """Whether epochs without improvement are not counted now."""
        return self.cooldown_counter > 0

    def _reduce(self, epoch: int) -> bool:
        """Make the learning rate smaller, unless it is as small as it may be."""
        optimizer = self.model.optimizer
        old = float(optimizer.learning_rate)
        if old <= self.min_lr:
            return False
        optimizer.learning_rate = max(old * self.factor, self.min_lr)
        if self.verbose > 0:
            show_message(
                f"Epoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to "
                f"{optimizer.learning_rate:.6g}."
            )
        return True
