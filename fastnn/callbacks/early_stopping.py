"""``EarlyStopping``: end training when a monitored quantity no longer improves, and go back to the
best weights. How values are compared is in ``monitor_callback.py``.
"""

from __future__ import annotations

import math
from typing import Any

from fastnn.callbacks.callback import Logs
from fastnn.callbacks.message import show_message
from fastnn.callbacks.monitor_callback import MonitorCallback
from fastnn.errors import ArgumentError


class EarlyStopping(MonitorCallback):
    """Stop training when a monitored quantity has stopped improving.

    With ``mode="min"`` an epoch improves when ``value + |min_delta| < best``, with ``"max"`` when
    ``value - |min_delta| > best``. Training stops after ``patience`` epochs without improvement.

    Parameters
    ----------
    monitor : name of the quantity, such as ``"val_loss"`` (default) or ``"val_accuracy"``.
    min_delta : smallest change that counts as an improvement, ≥ 0; default 0.
    patience : epochs without improvement after which training stops, ≥ 0; default 0.
    verbose : 1 says when training stops and which epoch is restored; default 0.
    mode : ``"min"``, ``"max"`` or ``"auto"`` (default: from the name; losses and errors are
        minimised, accuracies, AUC, precision, recall and scores maximised).
    baseline : a value that has to be beaten within ``patience`` epochs, or training stops; default
        None.
    restore_best_weights : whether the model ends with the weights of its best epoch. They are
        restored when training stopped early, when the epochs ran out and after Ctrl-C. Without an
        epoch that beats ``baseline`` it is the best of those that ran. Default False.
    start_from_epoch : first epoch (counted from 0) that is looked at; default 0.

    Attributes
    ----------
    best, best_epoch : the best value and its epoch (counted from 0).
    best_weights : the weights of that epoch, if they are to be restored.
    stopped_epoch : the epoch after which training was stopped; 0 when it was not.
    wait : epochs since the last improvement.

    Raises
    ------
    ArgumentError : an unknown ``mode``, a negative ``patience``, or ``mode="auto"`` with a
        quantity whose direction is not known.

    Notes
    -----
    An object may be used for several runs: each starts anew. Where this differs from Keras 3:
    Ctrl-C restores the best weights too; a NaN is never the best value and its weights are never
    kept (in Keras a NaN in the first epoch stays the best for ever); the warning about a missing
    quantity comes once, not each epoch.

    Examples
    --------
    >>> from fastnn.callbacks import EarlyStopping
    >>> class Net:
    ...     stop_training = False
    >>> stopping = EarlyStopping(monitor="loss", patience=2)
    >>> stopping.set_model(Net())
    >>> stopping.on_train_begin()
    >>> for epoch, loss in enumerate([0.5, 0.3, 0.4, 0.35]):
    ...     stopping.on_epoch_end(epoch, {"loss": loss})
    >>> stopping.model.stop_training, stopping.stopped_epoch, stopping.best_epoch
    (True, 3, 1)
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        if not isinstance(patience, (int, float)) or patience < 0:
            raise ArgumentError(
                f"EarlyStopping received patience={patience!r}; expected a number of epochs, 0 or "
                "more. Use 0 to stop at the first epoch without improvement."
            )
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self.wait: int = 0
        self.stopped_epoch: int = 0
        self.best_epoch: int = 0
        self.best_weights: list[Any] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Forget the run before."""
        self.wait = 0
        self.stopped_epoch = 0
        self.best = None
        self.best_epoch = 0
        self.best_weights = None
        self._warned = False

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Compare the epoch with the best one, and ask the model to stop when patience is over."""
        self._find_direction(logs)
        current = self.get_monitor_value(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        if math.isnan(current):
            self._warn_nan(epoch)
        self.wait += 1
        if self._is_improvement(current, self.best):
            self.best = current
            self.best_epoch = epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self._is_improvement(current, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def get_monitor_value(self, logs: Logs | None) -> float | None:
        """The monitored quantity out of the logs, or None with a warning; a subclass may compute
        another.
        """
        return self._monitored(logs, "training is not stopped early in this run")

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Restore the best weights, if that was asked for and an epoch was completed."""
        if self.stopped_epoch > 0 and self.verbose > 0:
            show_message(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose > 0:
                show_message(
                    "Restoring model weights from the end of the best epoch: "
                    f"{self.best_epoch + 1}."
                )
            self.model.set_weights(self.best_weights)
