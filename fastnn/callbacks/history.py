"""``History``, the record of a training run that ``fit`` returns. It only records: nothing here
decides when training stops. Its curves are drawn by ``fastnn/drawing/history.py``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from fastnn.callbacks.callback import Callback, Logs
from fastnn.errors import StateError


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
        self._measured: dict[str, list[int]] = {}  # the epochs in which a quantity was

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
            self._measured.setdefault(name, []).append(epoch)

    def extend(self, first_epoch: int, columns: Mapping[str, Sequence[Any]]) -> None:
        """Record many epochs at once: ``columns[name][i]`` belongs to epoch ``first_epoch + i``.

        For a native run that passed over several epochs; all columns have the same length.
        """
        count = len(next(iter(columns.values()), ()))
        self.epoch.extend(range(first_epoch, first_epoch + count))
        for name, values in columns.items():
            self.history.setdefault(name, []).extend(_plain(value) for value in values)
            self._measured.setdefault(name, []).extend(self.epoch[-count:])

    def curves(self) -> dict[str, tuple[list[int], list[float]]]:
        """By name: the epochs in which a quantity was measured, and its values there.

        Quantities that are not one number are left out.

        Examples
        --------
        >>> from fastnn.callbacks import History
        >>> history = History()
        >>> history.on_epoch_end(0, {"loss": 0.5})
        >>> history.on_epoch_end(1, {"loss": 0.25, "val_loss": 0.3})
        >>> history.curves()
        {'loss': ([0, 1], [0.5, 0.25]), 'val_loss': ([1], [0.3])}
        """
        return {
            name: (list(epochs), list(self.history[name]))
            for name, epochs in self._measured.items()
            if all(isinstance(value, float) for value in self.history.get(name, [None]))
        }

    def plot(
        self,
        to_file: str | os.PathLike[str] = "history.png",
        title: str | None = None,
        dpi: int = 100,
    ) -> Any:
        """Draw the curves: a panel for each quantity, training and validation together.

        Parameters
        ----------
        to_file : the picture, of a type that matplotlib writes. Default ``"history.png"``.
        title : what stands above the panels; the name of the model by default.
        dpi : dots per inch; default 100.

        Returns
        -------
        object : in a notebook an image that shows itself there, else None, as ``plot_model``.

        Raises
        ------
        MissingExtraError : matplotlib is not installed (``pip install 'fastnn[plot]'``).
        ArgumentError : a file of an unknown type.
        StateError : no epoch was completed.

        Examples
        --------
        >>> import pathlib
        >>> from fastnn.callbacks import History
        >>> history = History()
        >>> history.on_epoch_end(0, {"loss": 0.5, "val_loss": 0.75})
        >>> history.on_epoch_end(1, {"loss": 0.25, "val_loss": 0.5})
        >>> history.plot("curves.png")
        >>> pathlib.Path("curves.png").read_bytes()[1:4]
        b'PNG'
        """
        from fastnn.drawing import figures
        from fastnn.drawing.history import draw

        figures.check("history.plot", to_file)
        curves = self.curves()
        if not curves:
            raise StateError(
                "history.plot: there are no curves, because no epoch was completed. Draw the "
                "History that fit returned."
            )
        if title is None:
            title = getattr(self.model, "name", "")
        return figures.write(draw(curves, title), to_file, dpi)

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
