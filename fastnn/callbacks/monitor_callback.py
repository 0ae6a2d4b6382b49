"""``MonitorCallback``, the part that callbacks which watch one quantity share: reading it from the
logs, and deciding which of two values of it is better.
"""

from __future__ import annotations

import math
import re
import warnings
from typing import Any

from fastnn import arguments
from fastnn.callbacks.callback import Callback, Logs
from fastnn.errors import ArgumentError
from fastnn.registry import near_names

# The directions that Keras 3.15.1 gives its metrics (attribute ``_direction`` of each class, read
# by making one of each), with the short names that compile() accepts. Counts of true and false
# positives and negatives, Mean and Sum have no direction there, and none here.
LARGER_IS_BETTER = frozenset(
    [
        "accuracy",
        "acc",
        "auc",
        "binary_accuracy",
        "categorical_accuracy",
        "sparse_categorical_accuracy",
        "top_k_categorical_accuracy",
        "sparse_top_k_categorical_accuracy",
        "precision",
        "recall",
        "precision_at_recall",
        "recall_at_precision",
        "sensitivity_at_specificity",
        "specificity_at_sensitivity",
        "f1_score",
        "fbeta_score",
        "binary_io_u",
        "io_u",
        "mean_io_u",
        "one_hot_io_u",
        "one_hot_mean_io_u",
        "cosine_similarity",
        "r2_score",
        "concordance_correlation",
        "pearson_correlation",
    ]
)
SMALLER_IS_BETTER = frozenset(
    [
        "loss",
        "mean_squared_error",
        "mse",
        "mean_absolute_error",
        "mae",
        "mean_absolute_percentage_error",
        "mape",
        "mean_squared_logarithmic_error",
        "msle",
        "root_mean_squared_error",
        "rmse",
        "logcosh",
        "log_cosh",
        "binary_crossentropy",
        "bce",
        "categorical_crossentropy",
        "sparse_categorical_crossentropy",
        "kl_divergence",
        "kld",
        "poisson",
        "hinge",
        "squared_hinge",
        "categorical_hinge",
        "huber",
    ]
)


class MonitorCallback(Callback):
    """Base of the callbacks that watch one quantity; not meant to be used directly.

    Parameters
    ----------
    monitor : name of the quantity in ``logs``, such as ``"val_loss"``.
    mode : ``"min"``, ``"max"`` or ``"auto"`` (from the model's metric of that name, else
        from the name).
    baseline : the value to start from as "best"; None: the first value seen is the best so far.
    min_delta : smallest change that counts as an improvement; its sign does not matter.

    Raises
    ------
    ArgumentError : an unknown mode (Keras warns and takes ``"auto"``), or, at the end of the first
        epoch, a quantity whose direction is not known with ``mode="auto"``.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        mode: str = "auto",
        baseline: float | None = None,
        min_delta: float = 0,
    ) -> None:
        super().__init__()
        if mode not in ("auto", "min", "max"):
            raise ArgumentError(
                f"{type(self).__name__} received mode={mode!r}; expected 'auto', 'min' or 'max'."
            )
        if not isinstance(monitor, str):
            raise ArgumentError(
                f"{type(self).__name__} received monitor={monitor!r}; expected the name of a "
                "quantity as shown during training, for example 'val_loss'."
            )
        self.monitor = monitor
        self.mode = mode
        self.best: float | None = baseline
        self.min_delta: float = abs(
            arguments.number(type(self).__name__, "min_delta", min_delta, "(-inf, inf)")
        )
        self._sign: int | None = None  # +1: larger is better, -1: smaller is better
        self._warned = False

    def _find_direction(self, logs: Logs | None = None) -> int:
        """+1 when larger values are better and -1 when smaller ones are, found once."""
        if self._sign is None:
            self._sign = {"max": 1, "min": -1}.get(self.mode) or self._inferred_sign(logs or {})
        return self._sign

    def _inferred_sign(self, logs: Logs) -> int:
        """The direction that ``mode="auto"`` stands for."""
        name = self.monitor.removeprefix("val_")
        for metric in getattr(self.model, "metrics", None) or ():
            if getattr(metric, "name", None) == name:
                direction = getattr(metric, "_direction", None)
                if direction in ("up", "down"):
                    return 1 if direction == "up" else -1
        base = re.sub(r"_\d+$", "", name)  # a second metric of a kind is called auc_1
        for known, sign in ((SMALLER_IS_BETTER, -1), (LARGER_IS_BETTER, 1)):
            if base in known or any(base.endswith(f"_{item}") for item in known):
                return sign
        raise ArgumentError(
            f"{type(self).__name__} received monitor={self.monitor!r} with mode='auto', but it is "
            "not known whether larger or smaller values of that quantity are better. Pass "
            "mode='max' if larger is better, or mode='min' if smaller is better."
            f"{self._available(logs)}"
        )

    def _is_improvement(self, value: float, reference: float | None) -> bool:
        """Whether ``value`` beats ``reference`` by more than ``min_delta``; NaN never does."""
        if math.isnan(value):
            return False
        if reference is None or math.isnan(reference):
            return True
        if self._find_direction() > 0:
            return value - self.min_delta > reference
        return value + self.min_delta < reference

    def _monitored(self, logs: Logs | None, consequence: str) -> float | None:
        """The monitored value, or None with a warning (once per run) when the logs lack it."""
        logs = logs or {}
        value: Any = logs.get(self.monitor)
        if value is None:
            self._warn_once(
                f"{type(self).__name__} monitors {self.monitor!r}, which is not available; "
                f"{consequence}.{self._available(logs)}"
            )
            return None
        try:
            return float(value)
        except (TypeError, ValueError):
            raise ArgumentError(
                f"{type(self).__name__} monitors {self.monitor!r}, which is not one number but "
                f"{type(value).__name__} with shape {getattr(value, 'shape', None)}. Monitor a "
                "quantity that has a single value per epoch."
            ) from None

    def _available(self, logs: Logs) -> str:
        """The end of a message: what could be monitored, and what was probably meant."""
        if self.monitor in logs:
            return ""
        listed = ", ".join(repr(name) for name in logs) or "nothing"
        if self.monitor.startswith("val_") and not any(name.startswith("val_") for name in logs):
            advice = "Pass validation_data or validation_split to fit to have validation results."
        else:
            longer = [name for name in logs if name.startswith(self.monitor)]  # acc: accuracy
            near = longer or near_names(self.monitor, logs)
            advice = f"Did you mean {near[0]!r}?" if near else ""
        return f" Available: {listed}. {advice}".rstrip()

    def _warn_nan(self, epoch: int) -> None:
        """Say, once per run, that a NaN was seen and what becomes of it."""
        self._warn_once(
            f"{type(self).__name__}: {self.monitor!r} is NaN in epoch {epoch + 1}; such an epoch "
            "counts as no improvement and is never the best. Look for NaN or very large values in "
            "the data, or lower the learning rate."
        )

    def _warn_once(self, message: str) -> None:
        """One warning per run: an epoch repeats the cause of the last."""
        if not self._warned:
            self._warned = True
            warnings.warn(message, UserWarning, stacklevel=2)
