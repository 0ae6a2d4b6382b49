"""Callbacks of Keras that fastnn refuses: each error says why, and what to use."""

from __future__ import annotations

from typing import Any

from fastnn.callbacks.callback import Callback
from fastnn.errors import UnsupportedError


class _Refused(Callback):
    """A callback that cannot be made."""

    _why: str = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise UnsupportedError(f"{type(self).__name__} is not supported: {self._why}")


class TensorBoard(_Refused):
    """Not supported: the files of TensorBoard are written by TensorFlow.

    Raises
    ------
    UnsupportedError : always; it names what to use instead.

    Examples
    --------
    >>> import fastnn
    >>> try:
    ...     fastnn.callbacks.TensorBoard(log_dir="logs")
    ... except fastnn.errors.UnsupportedError as error:
    ...     print(str(error).partition(':')[0])
    TensorBoard is not supported
    """

    _why = (
        "its event files are written by TensorFlow, which fastnn does without. Expected a callback "
        "that needs nothing else: use CSVLogger('log.csv') for the numbers, "
        "PlotHistory('curves.png') for live curves, TrainingReport() for gradients and weights."
    )


class RemoteMonitor(_Refused):
    """Not supported: training sends nothing over a network.

    Raises
    ------
    UnsupportedError : always; it names what to use instead.

    Examples
    --------
    >>> import fastnn
    >>> try:
    ...     fastnn.callbacks.RemoteMonitor()
    ... except fastnn.errors.UnsupportedError as error:
    ...     print(str(error).partition(':')[0])
    RemoteMonitor is not supported
    """

    _why = (
        "training in fastnn sends nothing over a network. Expected a callback of your own where "
        "that is wanted: LambdaCallback(on_epoch_end=lambda epoch, logs: send(epoch, logs))."
    )


class OrbaxCheckpoint(_Refused):
    """Not supported: Orbax belongs to JAX.

    Raises
    ------
    UnsupportedError : always; it names what to use instead.

    Examples
    --------
    >>> import fastnn
    >>> try:
    ...     fastnn.callbacks.OrbaxCheckpoint("checkpoints")
    ... except fastnn.errors.UnsupportedError as error:
    ...     print(str(error).partition(':')[0])
    OrbaxCheckpoint is not supported
    """

    _why = (
        "its files are written by Orbax, a library for JAX. Expected ModelCheckpoint('best.fastnn')"
        " for models, or BackupAndRestore('backup') to go on after an interruption."
    )
