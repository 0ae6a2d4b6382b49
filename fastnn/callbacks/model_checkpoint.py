"""``ModelCheckpoint``: save the model, or its weights, during training. What a file holds is
decided in ``fastnn/saving``; how values are compared is in ``monitor_callback.py``.
"""

from __future__ import annotations

import math
import os
from typing import Any

from fastnn.callbacks.callback import Logs
from fastnn.callbacks.message import show_message
from fastnn.callbacks.monitor_callback import MonitorCallback
from fastnn.errors import ArgumentError
from fastnn.registry import unknown_name


class ModelCheckpoint(MonitorCallback):
    """Save the model or its weights after every epoch, or every so many batches.

    Parameters
    ----------
    filepath : where to save: a string or path that ends in ``.fastnn``, or in ``.weights.fastnn``
        when ``save_weights_only=True``; files of Keras (extra ``keras``) in ``.keras`` or ``.h5``,
        and their weights in ``.weights.h5``. It may hold the fields ``{epoch}`` (from 1),
        ``{batch}`` (from 1, with an integer ``save_freq``) and the name of every quantity in the
        logs, with formats: ``"{epoch:02d}-{val_loss:.2f}.fastnn"``. Missing folders are made.
    monitor : the quantity that ``save_best_only`` looks at; default ``"val_loss"``.
    verbose : 1 says what is saved and why; default 0.
    save_best_only : save only when the quantity is better than ever before. Default False.
    save_weights_only : save by ``model.save_weights`` instead of ``model.save``. Default False.
    mode : ``"min"``, ``"max"`` or ``"auto"`` (default: from the name).
    save_freq : ``"epoch"`` (default), or a number of batches ≥ 1. With a number, training returns
        to Python after every batch, and the quantities are the means of the epoch so far.
    initial_value_threshold : save only what is better than this value; default None.

    Attributes
    ----------
    best : the best value so far. It is kept from one run to the next, as in Keras.

    Raises
    ------
    ArgumentError : a file name with another ending or an unknown field, or a bad ``save_freq``.

    Notes
    -----
    As in Keras, when the quantity is missing the model is saved, with a warning (here once per
    run). Unlike in Keras, a NaN is never the best value.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from fastnn.callbacks import ModelCheckpoint
    >>> class Net:
    ...     def save(self, path):
    ...         pathlib.Path(path).write_text("model")
    >>> folder = tempfile.mkdtemp()
    >>> checkpoint = ModelCheckpoint(folder + "/{epoch:02d}-{loss:.2f}.fastnn", monitor="loss")
    >>> checkpoint.set_model(Net())
    >>> checkpoint.on_epoch_end(0, {"loss": 0.5})
    >>> [path.name for path in pathlib.Path(folder).iterdir()]
    ['01-0.50.fastnn']
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: int | str = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode, initial_value_threshold)
        self.filepath: str = _checked_path(filepath, save_weights_only)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq: int | str = _checked_frequency(save_freq)
        self._current_epoch = 0
        self._batches_since_saving = 0
        self._last_batch: int | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Warn anew; the best value and the count of batches go on, as in Keras."""
        self._warned = False

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Remember the epoch for names of files that are saved within it."""
        self._current_epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Save when ``save_freq`` batches have passed."""
        if isinstance(self.save_freq, int) and self._batches_are_due(batch, self.save_freq):
            self._save(self._current_epoch, batch, logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Save, unless files are saved by batches."""
        if self.save_freq == "epoch":
            self._save(epoch, None, logs or {})

    def _needs_hook(self, hook: str) -> bool:
        """Batches matter only with an integer ``save_freq``, or to a subclass that overrides."""
        if hook == "on_train_batch_end" and hook not in vars(self):
            overridden = type(self).on_train_batch_end is not ModelCheckpoint.on_train_batch_end
            return overridden or self.save_freq != "epoch"
        return super()._needs_hook(hook)

    def _batches_are_due(self, batch: int, frequency: int) -> bool:
        """Count the batches up to this one; ``batch`` starts again from 0 in each epoch."""
        new_epoch = self._last_batch is None or batch <= self._last_batch
        self._batches_since_saving += batch + 1 if new_epoch else batch - (self._last_batch or 0)
        self._last_batch = batch
        if self._batches_since_saving < frequency:
            return False
        self._batches_since_saving = 0
        return True

    def _save(self, epoch: int, batch: int | None, logs: Logs) -> None:
        """Save the model if it is to be saved now."""
        path = self._formatted_path(epoch, batch, logs)
        if not self._should_save(epoch, logs, path):
            return
        if os.path.isdir(path):
            raise ArgumentError(
                f"ModelCheckpoint received filepath={path!r}, which is a directory; expected the "
                "name of a file. Add one, for example '{epoch:02d}.fastnn'."
            )
        folder = os.path.dirname(path)
        if folder:
            os.makedirs(folder, exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path)
        else:
            self.model.save(path)
        if self.verbose > 0:
            show_message(f"Epoch {epoch + 1}: finished saving model to {path}")

    def _should_save(self, epoch: int, logs: Logs, path: str) -> bool:
        """Whether the model is to be saved now; says why, if that was asked for."""
        reason = f"saving model to {path}"
        if self.save_best_only:
            self._find_direction(logs)
            current = self._monitored(logs, "the model is saved each time instead")
            if current is None:
                return True
            if math.isnan(current):
                self._warn_nan(epoch)
            best = "None" if self.best is None else f"{self.best:.5f}"
            if not self._is_improvement(current, self.best):
                if self.verbose > 0:
                    show_message(f"Epoch {epoch + 1}: {self.monitor} did not improve from {best}")
                return False
            self.best: float | None = current
            reason = f"{self.monitor} improved from {best} to {current:.5f}, {reason}"
        if self.verbose > 0:
            show_message(f"Epoch {epoch + 1}: {reason}")
        return True

    def _formatted_path(self, epoch: int, batch: int | None, logs: Logs) -> str:
        """``filepath`` with its fields filled in."""
        fields: dict[str, Any] = {**logs, "epoch": epoch + 1}
        if batch is not None:
            fields.setdefault("batch", batch + 1)
        try:
            return self.filepath.format(**fields)
        except KeyError as error:
            place = f"field in ModelCheckpoint's filepath {self.filepath!r}:"
            raise unknown_name(place, error.args[0], fields) from None
        except (IndexError, ValueError, AttributeError) as error:
            raise ArgumentError(
                f"ModelCheckpoint received filepath={self.filepath!r}, which cannot be filled in "
                f"({error}); expected fields such as '{{epoch:02d}}' or '{{val_loss:.2f}}'. A "
                "brace that belongs to the name is written twice."
            ) from None


def _checked_path(filepath: str | os.PathLike[str], weights_only: bool) -> str:
    """The path as a string; an error unless its ending fits what is saved."""
    path = os.fspath(filepath) if isinstance(filepath, (str, os.PathLike)) else None
    if not isinstance(path, str):
        raise ArgumentError(
            f"ModelCheckpoint received filepath={filepath!r}; expected a string or a path, for "
            "example 'best.fastnn'."
        )
    ending = ".weights.fastnn" if weights_only else ".fastnn"
    of_keras = (".weights.h5",) if weights_only else (".keras", ".h5", ".hdf5")
    if path.endswith((ending, *of_keras)) and (weights_only or not path.endswith(".weights.h5")):
        return path
    setting = "save_weights_only=True" if weights_only else "save_weights_only=False"
    for foreign in (".weights.h5", ".weights.keras", ".h5", ".hdf5", ".keras"):
        if path.endswith(foreign):
            raise ArgumentError(
                f"ModelCheckpoint received filepath={path!r}; with {setting} expected a name that "
                f"ends in {ending!r}, or in {of_keras[0]!r} for a file of Keras. Use for example "
                f"{path.removesuffix(foreign) + of_keras[0]!r}."
            )
    raise ArgumentError(
        f"ModelCheckpoint received filepath={path!r}; with {setting} expected a name that ends in "
        f"{ending!r}. Use for example {path.removesuffix('.fastnn') + ending!r}."
    )


def _checked_frequency(save_freq: int | str) -> int | str:
    """``"epoch"`` or a positive number of batches."""
    if save_freq == "epoch":
        return save_freq
    if isinstance(save_freq, int) and not isinstance(save_freq, bool) and save_freq >= 1:
        return save_freq
    raise ArgumentError(
        f"ModelCheckpoint received save_freq={save_freq!r}; expected 'epoch' or a number of "
        "batches, 1 or more."
    )
