"""Every metric against the numbers that Keras gave, on each backend: running results, and histories
of fits. `golden_metrics.py` lists the cases.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastnn
from tests.golden.golden_file import TOLERANCE, GoldenFile, assert_close
from tests.golden.golden_models import batches, build_object
from tests.golden.test_golden import check_history
from tests.golden.test_golden_losses import way as way

RESULTS, HISTORIES = GoldenFile("metric_family"), GoldenFile("metric_history")
Way = tuple[str, str]


@pytest.mark.parametrize("case", RESULTS.cases)
def test_running_results(case: str, way: Way) -> None:
    dtype = way[1]
    description = RESULTS.cases[case]
    arrays, expected = RESULTS.inputs(case, dtype), RESULTS.expected(case, dtype)
    metric = build_object(fastnn.metrics, description["metric"])
    tolerance = max(TOLERANCE[dtype], description.get("tolerance", 0.0))
    for name in ("results", "results_weighted"):
        metric.reset_state()
        running: list[Any] = []
        for rows in batches(len(arrays["p"]), description["batch_size"], description["batches"]):
            weight = arrays["w"][rows] if name == "results_weighted" else None
            metric.update_state(arrays["y"][rows], arrays["p"][rows], sample_weight=weight)
            running.append(np.array(metric.result()))
        assert_close(running, expected[name], tolerance, name)


@pytest.mark.parametrize("case", HISTORIES.cases)
def test_histories(case: str, way: Way) -> None:
    check_history(HISTORIES, case, way[1], way[0])


def test_every_metric_is_there() -> None:
    """Of the classes of Keras 3.15's ``keras.metrics``, each is in a case here or elsewhere."""
    covered = {case["metric"]["class"] for case in RESULTS.cases.values()}
    covered |= {case["metric"]["class"] for case in GoldenFile("metrics").cases.values()}
    classes = {name for name in fastnn.metrics.__all__ if name[0].isupper()}
    assert classes - covered == {"Metric", "MetricVariable", "Sum", "MeanMetricWrapper", "Accuracy"}
