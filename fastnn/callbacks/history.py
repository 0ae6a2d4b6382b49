"""``History``, the record of a training run that ``fit`` returns. It only records: nothing here
decides when training stops, and drawing the curves is left to the caller.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastnn.callbacks.callback import Callback, Logs


class History(Callback):
    """What happened in each epoch: ``fit`` adds one to its callbacks and returns it.

    Attributes
    ----------
    epoch : list of int, the epochs that were completed (from 0, or from ``initial_epoch``).
    history : dict, for each quantity (``"loss"``, ``"val_loss"``, …) a list of Python floats, one
        per epoch in which it was measured; of lists, for a metric with several results.
    params : dict with ``verbose``, ``epochs`` and ``steps`` of the run.
    interrupted : whether Ctrl-C ended the run early. Only fastnn has it; False otherwise.
    timed_out : whether ``fit(time_limit=...)`` ended the run early. Only fastnn has it.
    timing : where the time of the last run went, in seconds: ``"compile"`` (tracing and compiling),
        ``"data"`` (checks, shuffling, arrays that have to be converted), ``"training"`` (native
        calls), ``"validation"``, ``"callbacks"``, ``"other"`` (the display, say) and ``"total"``,
        their sum. Only fastnn has it; empty before the end of a run.

    Notes
    -----
    A ``History`` of your own in ``callbacks`` is the one that ``fit`` returns. When it is used for
    a second run, ``epoch`` starts anew and the lists in ``history`` go on, as in Keras. The keys
    keep the order in which the quantities are shown (Keras sorts them by name).

    Examples
    --------
    >>> from fastnn.callbacks import History
    >>> history = History()
    >>> history.on_train_begin()
    >>> history.on_epoch_end(0, {"loss": 0.5, "accuracy": 0.75})
    >>> history.on_epoch_end(1, {"loss": 0.25, "accuracy": 1.0})
    >>> history.epoch, history.history
    ([0, 1], {'loss': [0.5, 0.25], 'accuracy': [0.75, 1.0]})
    """

    def __init__(self) -> None:
        super().__init__()
        self.epoch: list[int] = []
        self.history: dict[str, list[Any]] = {}
        self.interrupted: bool = False
        self.timed_out: bool = False
        self.timing: dict[str, float] = {}

    def set_model(self, model: Any) -> None:
        """Remember the model and become its ``model.history``."""
        super().set_model(model)
        if model is not None:
            model.history = self

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Start the list of epochs anew."""
        self.epoch = []
        self.interrupted = False
        self.timed_out = False
        self.timing = {}

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Record the quantities of one epoch."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(_plain(value))

    def extend(self, first_epoch: int, columns: Mapping[str, Sequence[Any]]) -> None:
        """Record many epochs at once: ``columns[name][i]`` belongs to epoch ``first_epoch + i``.

        For a native run that passed over several epochs; all columns have the same length.
        """
        count = len(next(iter(columns.values()), ()))
        self.epoch.extend(range(first_epoch, first_epoch + count))
        for name, values in columns.items():
            self.history.setdefault(name, []).extend(_plain(value) for value in values)

    def _needs_hook(self, hook: str) -> bool:
        """A plain History needs no hook for epochs: the loop may fill it by ``extend``."""
        if hook == "on_epoch_end" and hook not in vars(self):
            return type(self).on_epoch_end is not History.on_epoch_end
        return super()._needs_hook(hook)


def _plain(value: Any) -> Any:
    """A number as a Python float, an array as nested lists of them, anything else as it is."""
    if getattr(value, "ndim", 0) > 0:
        return value.tolist()
    try:
        return float(value)
    except (TypeError, ValueError):
        return value
