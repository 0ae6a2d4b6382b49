"""Exact accounting: with a learning rate of 0, what fit reports is what evaluate reports, and what
the metric objects compute from the predictions, for every metric, weights and a partial batch.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn import layers, losses, metrics
from tests.golden.golden_file import GoldenFile
from tests.golden.golden_models import build_object

GOLDEN = GoldenFile("metric_family")
OLDER = GoldenFile("metrics")
N, K = 37, 4
RNG = np.random.default_rng(5)
X = RNG.normal(size=(N, 6))
LABELS = RNG.integers(0, K, N)
W = RNG.choice([0.0, 0.5, 1.0, 2.5], N)
OUTPUTS = {"probabilities": "softmax", "scores": "sigmoid", "numbers": "linear"}


def specs() -> dict[str, dict[str, Any]]:
    """One description of each metric and setting."""
    found = {name: case["metric"] for name, case in GOLDEN.cases.items()}
    found |= {f"old_{name}": case["metric"] for name, case in OLDER.cases.items()}
    return {name: spec for name, spec in found.items() if spec["class"] != "Mean"}


def targets(metric: metrics.Metric, name: str) -> tuple[str, Any]:
    """The kind of output that suits a metric, and targets."""
    one_hot = np.eye(K)[LABELS]
    if metric.sparse or "iou_mixed" in name:
        return "numbers" if "logits" in name else "probabilities", LABELS
    if isinstance(metric, metrics.R2Score) or "Error" in type(metric).__name__:
        return "numbers", RNG.normal(size=(N, K))
    if isinstance(metric, metrics.IoU) and not name.startswith(("one_hot", "binary")):
        return "numbers", RNG.integers(0, 3, (N, K)).astype(float)
    return ("scores" if "logits" not in name else "numbers"), one_hot


def model_for(output: str, loss: Any) -> fastnn.Sequential:
    made = fastnn.Sequential(
        [layers.Input((6,)), layers.Dense(5, "tanh"), layers.Dense(K, OUTPUTS[output])], seed=4
    )
    made.compile(fastnn.optimizers.SGD(0.0), loss)
    return made


def assert_same(a: Any, b: Any, rel: float) -> None:
    np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=rel, atol=rel)


@pytest.mark.parametrize("name", specs())
def test_fit_evaluate_and_objects_agree(name: str) -> None:
    spec = specs()[name]
    plain, weighted = build_object(metrics, spec), build_object(metrics, spec)
    weighted.name = "weighted"
    output, y = targets(plain, name)
    sparse = losses.SparseCategoricalCrossentropy(from_logits=output == "numbers")
    model = model_for(output, sparse if np.ndim(y) == 1 else "mse")
    model.compile(model.optimizer, model.loss, metrics=[plain], weighted_metrics=[weighted])
    batches = {"batch_size": 8, "verbose": 0}
    figures = model.evaluate(X, y, sample_weight=W, return_dict=True, **batches)
    history = model.fit(X, y, sample_weight=W, epochs=2, **batches).history
    for key in figures:
        assert_same(history[key][0], figures[key], 1e-9)
        assert_same(history[key][1], figures[key], 1e-9)
    if np.ndim(y) == 1 or np.array_equal(y, np.eye(K)[LABELS]):
        weights = {c: 0.5 + c for c in range(K)}
        by_class = model.fit(X, y, class_weight=weights, **batches).history
        explicit = np.array([weights[c] for c in LABELS])
        again = model.evaluate(X, y, sample_weight=explicit, return_dict=True, **batches)
        for key in again:
            assert_same(by_class[key][0], again[key], 1e-9)
    p = model.predict(X, verbose=0)
    assert_same(plain(y, p), figures[plain.name], 1e-5)
    assert_same(weighted(y, p, sample_weight=W), figures["weighted"], 1e-5)


@pytest.mark.parametrize("name", ["auc", "f1_None", "iou", "r2"])
def test_many_epochs_in_one_native_call_are_recorded_one_by_one(name: str) -> None:
    """Epochs that nobody watches are one window; each has figures of its own."""
    spec = {**specs(), "auc": {"class": "AUC", "config": {}}}[name]
    output, y = targets(build_object(metrics, spec), name)

    def history(**fit: Any) -> dict[str, Any]:
        model = model_for(output, "mse")
        model.compile(fastnn.optimizers.SGD(0.5), "mse", metrics=[build_object(metrics, spec)])
        found: dict[str, Any] = model.fit(X, y, batch_size=8, epochs=4, verbose=0, **fit).history
        return found

    at_once, watched = (
        history(),
        history(callbacks=[fastnn.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None)]),
    )
    assert at_once == watched
    key = next(key for key in at_once if key != "loss")
    assert len(at_once[key]) == 4
    assert at_once[key][0] != at_once[key][3]
