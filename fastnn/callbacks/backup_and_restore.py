"""``BackupAndRestore``: go on with a training whose process was killed. What is in the file is
decided in ``fastnn/saving/backup.py``.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import Any

from fastnn import arguments
from fastnn.callbacks.callback import Callback, Logs
from fastnn.callbacks.message import show_message
from fastnn.errors import ArgumentError, FileFormatError

FILE = "latest.weights.fastnn"


class BackupAndRestore(Callback):
    """Back up the training as it goes, and go on from the last backup after an interruption.

    When ``fit`` begins and ``backup_dir`` holds a backup, the weights, the optimizer with its
    learning rate, and the random generator are restored and training goes on with the epoch after
    it: the same bits as if nothing had happened. When all epochs are done, or a callback has
    stopped training, the backup is deleted; after an error, Ctrl-C or ``time_limit`` it stays.

    Parameters
    ----------
    backup_dir : folder for the backup, used for nothing else; made when it is missing.
    save_freq : ``"epoch"`` (default), or a number of batches ≥ 1. With a number, training returns
        to Python after every batch, and a training that is resumed begins its unfinished epoch
        anew, as in Keras.
    double_checkpoint : whether the backup before the last one is kept too, for the case that the
        disk damages the last one. Default False.
    delete_checkpoint : whether the backup is deleted when training is complete. Default True.

    Raises
    ------
    ArgumentError : an empty ``backup_dir`` or a bad ``save_freq``.
    FileFormatError : the backup is damaged, and there is no earlier one.
    ShapeError : the backup is that of another model.

    Notes
    -----
    The backup is one file, written under another name and then renamed: whenever the process is
    killed, a whole one is there. Differs from Keras: the file is fastnn's; files that are not the
    backup's stay in ``backup_dir``; ``save_freq=False`` is refused. The state of other callbacks
    (the patience of ``EarlyStopping``) is not part of it, as in Keras.

    Examples
    --------
    >>> import fastnn
    >>> from fastnn.callbacks import BackupAndRestore, LambdaCallback
    >>> model = fastnn.Sequential([fastnn.Input((1,)), fastnn.layers.Dense(1)])
    >>> model.compile("adam", "mse")
    >>> def power_cut(epoch, logs):
    ...     if epoch == 4:
    ...         raise OSError("no power")
    >>> cut = LambdaCallback(on_epoch_begin=power_cut)
    >>> backup = BackupAndRestore("backup")
    >>> try:
    ...     model.fit([[0.0]], [[1.0]], epochs=10, verbose=0, callbacks=[backup, cut])
    ... except OSError as error:
    ...     print(error)
    no power
    >>> model.fit([[0.0]], [[1.0]], epochs=10, verbose=0, callbacks=[backup]).epoch
    [4, 5, 6, 7, 8, 9]
    """

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: int | str = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        super().__init__()
        owner = "BackupAndRestore"
        if not isinstance(backup_dir, (str, os.PathLike)) or not os.fspath(backup_dir):
            raise ArgumentError(
                f"{owner}: received backup_dir={backup_dir!r}, expected the name of a folder. Pass "
                "for example 'backup'."
            )
        if save_freq != "epoch" and (isinstance(save_freq, (bool, str)) or save_freq < 1):
            raise ArgumentError(
                f"{owner}: received save_freq={save_freq!r}, expected 'epoch' or a number of "
                "batches, 1 or more. Leave it out to back up after every epoch."
            )
        self.backup_dir: str = os.fspath(backup_dir)
        self.save_freq: int | str = save_freq
        self.double_checkpoint: bool = arguments.flag(owner, "double_checkpoint", double_checkpoint)
        self.delete_checkpoint: bool = arguments.flag(owner, "delete_checkpoint", delete_checkpoint)
        self._path = Path(self.backup_dir, FILE)
        self._earlier = self._path.with_name(FILE + ".bkp")
        self._epoch = 0  # the epoch with which a training would go on
        self._batches = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Restore the last backup, if there is one."""
        self._epoch = self._batches = 0
        for path in self._leftovers():
            path.unlink(missing_ok=True)
        if not self._path.exists():
            return
        try:
            self._restore(self._path)
        except FileFormatError as error:
            if not self._earlier.exists():
                raise FileFormatError(
                    f"BackupAndRestore: the backup is damaged ({error}) and there is no earlier "
                    f"one. Delete {str(self._path)!r} to train from the beginning."
                ) from error
            self._restore(self._earlier)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Remember the epoch that would have to be done again."""
        self._epoch = epoch

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Save after an epoch."""
        if self._cut_short():
            return  # of a part of an epoch there is no backup: it is done again
        self._epoch = epoch + 1
        if self.save_freq == "epoch":
            self._save()

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Save after so many batches."""
        self._batches += 1
        if isinstance(self.save_freq, int) and self._batches >= self.save_freq:
            self._batches = 0
            self._save()

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Delete the backup, if training is complete."""
        stopped = self.model.stop_training and not self._cut_short()
        complete = stopped or self._epoch >= (self.params or {}).get("epochs", 0)
        if complete and self.delete_checkpoint:
            for path in (self._path, self._earlier, *self._leftovers()):
                path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # it holds something else, or was never made
                os.rmdir(self.backup_dir)

    def _cut_short(self) -> bool:
        """Whether the time limit or Ctrl-C, and no decision, ended training."""
        history = self.model.history
        return bool(history is not None and (history.timed_out or history.interrupted))

    def _restore(self, path: Path) -> None:
        from fastnn.saving.backup import read_backup  # files are needed only then

        note = read_backup(self.model, path, "BackupAndRestore")
        self._epoch = arguments.integer("BackupAndRestore", "epoch", note.get("epoch"), 0)
        self.model._initial_epoch = self._epoch
        if note.get("learning_rate") is not None:
            self.model.optimizer.learning_rate = note["learning_rate"]
        if (self.params or {}).get("verbose"):
            show_message(f"BackupAndRestore: going on with epoch {self._epoch + 1} from {path}.")

    def _save(self) -> None:
        from fastnn.saving.backup import write_backup

        os.makedirs(self.backup_dir, exist_ok=True)
        if self.double_checkpoint and self._path.exists():
            kept = self._earlier.with_name(f".{self._earlier.name}.copy.tmp")
            shutil.copyfile(self._path, kept)
            os.replace(kept, self._earlier)
        note: dict[str, Any] = {"epoch": self._epoch, "learning_rate": self._learning_rate()}
        write_backup(self.model, self._path, note, "BackupAndRestore")

    def _learning_rate(self) -> float | None:
        """The learning rate where it is a number: callbacks may have changed it."""
        value = self.model.optimizer.get_config().get("learning_rate")
        return value if isinstance(value, float) else None

    def _leftovers(self) -> list[Path]:
        """Files that a killed process did not finish."""
        return list(Path(self.backup_dir).glob(f".{FILE}.*.tmp"))

    def _needs_hook(self, hook: str) -> bool:
        """Batches matter only with an integer ``save_freq``, or to a subclass."""
        if hook == "on_train_batch_end" and hook not in vars(self):
            overridden = type(self).on_train_batch_end is not BackupAndRestore.on_train_batch_end
            return overridden or self.save_freq != "epoch"
        return super()._needs_hook(hook)
