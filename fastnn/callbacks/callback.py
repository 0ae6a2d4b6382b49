"""``Callback``, the base class with one empty method per moment of training, testing and
predicting. It decides nothing: which hooks a run has to stop for is asked in ``callback_list.py``.
"""

from __future__ import annotations

from typing import Any, TypeAlias

Logs: TypeAlias = dict[str, Any]
"""Quantities by name, as in ``{"loss": 0.31, "val_loss": 0.35}``; the values are Python floats."""


class Callback:
    """Base class of everything that ``fit(callbacks=[...])`` accepts: override the hooks you need.

    A hook that is not overridden costs nothing. In particular, training runs as one native call per
    epoch (or longer) as long as no callback overrides a *batch* hook; one that does makes the run
    return to Python after every batch.

    Attributes
    ----------
    model : the model that is being trained, evaluated or asked to predict; None before that.
    params : dict with ``"verbose"``, ``"epochs"`` and ``"steps"`` of the call; None before that.

    Notes
    -----
    ``logs`` holds the quantities known at that moment, as Python floats. Callbacks are called in
    the order given and share one ``logs`` dict, so an entry that one of them adds in
    ``on_epoch_end`` appears in the ``History``, which comes last. ``on_train_end`` is always
    called, also after Ctrl-C (Keras skips it then). A callback stops training by setting
    ``self.model.stop_training = True``.

    Examples
    --------
    >>> from fastnn.callbacks import Callback
    >>> class Shout(Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         print(f"epoch {epoch}: loss {logs['loss']:.2f}!")
    >>> Shout().on_epoch_end(0, {"loss": 0.5})
    epoch 0: loss 0.50!
    """

    # On the class, so that a subclass whose __init__ does not call super().__init__() works too.
    params: dict[str, Any] | None = None
    _model: Any = None

    def __init__(self) -> None:
        self.params = None
        self._model = None

    @property
    def model(self) -> Any:
        """The model of the current (or last) run; None before the first."""
        return self._model

    def set_model(self, model: Any) -> None:
        """Called before a run with its model."""
        self._model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Called before a run with its parameters (``verbose``, ``epochs``, ``steps``)."""
        self.params = params

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Called once when ``fit`` begins."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Called once when ``fit`` ends, however it ends; ``logs`` are those of the last epoch."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Called at the start of every epoch of ``fit``; ``epoch`` counts from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Called at the end of every epoch of ``fit``, with validation results (``val_...``)."""

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Older name of ``on_train_batch_begin``, which calls it."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Older name of ``on_train_batch_end``, which calls it."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before every training batch; ``batch`` counts from 0 within the epoch."""
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after every training batch; ``logs`` are the means of the epoch so far."""
        self.on_batch_end(batch, logs=logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Called when ``evaluate``, or the validation of ``fit``, begins."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Called when ``evaluate``, or the validation of ``fit``, ends."""

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before every batch of ``evaluate`` or of validation."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after every batch of ``evaluate`` or of validation."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Called when ``predict`` begins."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Called when ``predict`` ends."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before every batch of ``predict``."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after every batch of ``predict``; ``logs["outputs"]`` holds its predictions."""

    def _needs_hook(self, hook: str) -> bool:
        """Whether ``hook`` does anything here: overridden in the class or on the object."""
        return hook in vars(self) or getattr(type(self), hook) is not getattr(Callback, hook)


HOOKS: tuple[str, ...] = tuple(name for name in vars(Callback) if name.startswith("on_"))
"""The names of all hooks, in the order of the class above."""
