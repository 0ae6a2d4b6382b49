"""Metrics: figures about predictions that are reported, but not trained on. The classes are in
``accuracy.py``, ``loss_metrics.py`` and ``metric.py``; what names mean is in ``names.py``.
"""

from __future__ import annotations

from fastnn.metrics.accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
)
from fastnn.metrics.loss_metrics import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
)
from fastnn.metrics.metric import Mean, MeanMetricWrapper, Metric
from fastnn.metrics.names import check_name as check_name
from fastnn.metrics.names import deserialize, get, serialize
from fastnn.metrics.names import resolve as resolve

__all__ = [
    "Metric",
    "Mean",
    "MeanMetricWrapper",
    "Accuracy",
    "BinaryAccuracy",
    "CategoricalAccuracy",
    "SparseCategoricalAccuracy",
    "MeanSquaredError",
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "SparseCategoricalCrossentropy",
    "get",
    "serialize",
    "deserialize",
]
