"""Callbacks: objects whose methods ``fit``, ``evaluate`` and ``predict`` call at fixed moments,
with the names and arguments of ``keras.callbacks``. One class per file; the loop that calls them is
in ``fastnn/training``, and so is the progress display, which is no callback here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastnn.callbacks.backup_and_restore import BackupAndRestore as BackupAndRestore
from fastnn.callbacks.callback import Callback as Callback
from fastnn.callbacks.callback_list import CallbackList as CallbackList
from fastnn.callbacks.csv_logger import CSVLogger as CSVLogger
from fastnn.callbacks.early_stopping import EarlyStopping as EarlyStopping
from fastnn.callbacks.history import History as History
from fastnn.callbacks.lambda_callback import LambdaCallback as LambdaCallback
from fastnn.callbacks.learning_rate_scheduler import LearningRateScheduler as LearningRateScheduler
from fastnn.callbacks.model_checkpoint import ModelCheckpoint as ModelCheckpoint
from fastnn.callbacks.plot_history import PlotHistory as PlotHistory
from fastnn.callbacks.progbar_logger import ProgbarLogger as ProgbarLogger
from fastnn.callbacks.reduce_lr_on_plateau import ReduceLROnPlateau as ReduceLROnPlateau
from fastnn.callbacks.refused import OrbaxCheckpoint as OrbaxCheckpoint
from fastnn.callbacks.refused import RemoteMonitor as RemoteMonitor
from fastnn.callbacks.refused import TensorBoard as TensorBoard
from fastnn.callbacks.swap_ema_weights import SwapEMAWeights as SwapEMAWeights
from fastnn.callbacks.terminate_on_nan import TerminateOnNaN as TerminateOnNaN
from fastnn.callbacks.training_report import TrainingReport as TrainingReport
from fastnn.lacking import refusing

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "OrbaxCheckpoint",
    "PlotHistory",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "RemoteMonitor",
    "SwapEMAWeights",
    "TensorBoard",
    "TerminateOnNaN",
    "TrainingReport",
]

if not TYPE_CHECKING:
    __getattr__ = refusing(__name__)
