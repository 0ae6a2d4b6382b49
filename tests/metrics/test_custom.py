"""Metric classes of the user's own run natively, and give what they give on arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn import layers, metrics, ops
from fastnn.errors import ArgumentError, ShapeError
from fastnn.training.programs import Job, build

RNG = np.random.default_rng(8)
X, Y = RNG.normal(size=(37, 6)), RNG.integers(0, 2, (37, 4)).astype(float)
W = RNG.choice([0.0, 0.5, 2.0], 37)


class Hits(metrics.Metric):
    """A share of sums, weighted."""

    def __init__(self, name: str = "hits", **options: Any) -> None:
        super().__init__(name=name, **options)
        self.hit = self.add_variable((), "zeros", name="hit")
        self.all = self.add_weight(name="all")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        hit = y_true * ops.greater(y_pred, 0.5)
        if sample_weight is not None:
            hit, y_true = hit * sample_weight, y_true * sample_weight
        self.hit.assign_add(ops.sum(hit))
        self.all.assign_add(ops.sum(y_true))

    def result(self) -> Any:
        return self.hit / self.all


class ByColumn(metrics.Metric):
    """A vector, made by reading and assigning."""

    def __init__(self, name: str = "columns", **options: Any) -> None:
        super().__init__(name=name, **options)
        self.total = self.add_variable((4,), "zeros")
        self.taken = self.add_variable((), "zeros")

    def update_state(self, y_true: Any, y_pred: Any) -> None:
        self.total.assign(self.total + ops.sum(y_pred, axis=0))
        self.taken.assign_sub(-ops.sum(y_pred[:, 0] * 0 + 1))

    def result(self) -> Any:
        return self.total / self.taken


class Lowest(metrics.Metric):
    """An extreme, with a value before any data."""

    def __init__(self, name: str = "lowest", **options: Any) -> None:
        super().__init__(name=name, **options)
        self.low = self.add_variable((), "ones")

    def update_state(self, y_true: Any, y_pred: Any) -> None:
        self.low.assign(ops.minimum(self.low, ops.min(y_pred)))

    def result(self) -> Any:
        return self.low.value


class Bias(metrics.Mean):
    """As Keras's users derive from Mean."""

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        super().update_state(ops.mean(y_pred - y_true, axis=-1), sample_weight)


def model_with(plain: list[Any], weighted: list[Any], backend: str) -> fastnn.Sequential:
    stack = [layers.Input((6,)), layers.Dense(4, "sigmoid")]
    model = fastnn.Sequential(stack, seed=1, backend=backend)
    model.compile(fastnn.optimizers.SGD(0.0), "mse", metrics=plain, weighted_metrics=weighted)
    return model


def test_classes_in_fit_evaluate_and_on_arrays(backend: str) -> None:
    plain, weighted = [Hits(), ByColumn(), Lowest(), Bias("bias")], [Hits("w"), Bias("wb")]
    model = model_with(plain, weighted, backend)
    found = model.evaluate(X, Y, sample_weight=W, batch_size=8, verbose=0, return_dict=True)
    assert list(found) == ["loss", "hits", "columns", "lowest", "bias", "w", "wb"]
    history = model.fit(X, Y, sample_weight=W, batch_size=8, epochs=3, verbose=0).history
    p = model.predict(X, verbose=0)
    for metric in plain:
        expected = metric(Y, p)
        np.testing.assert_allclose(found[metric.name], expected, rtol=1e-5)
        for epoch in range(3):
            np.testing.assert_allclose(history[metric.name][epoch], expected, rtol=1e-5)
    for metric, weights in zip(weighted, (W[:, None], W), strict=True):
        expected = metric(Y, p, sample_weight=weights)
        np.testing.assert_allclose(found[metric.name], expected, rtol=1e-5)
    hit = (Y * (p > 0.5) * W[:, None]).sum() / (Y * W[:, None]).sum()
    assert found["w"] == pytest.approx(hit)
    assert found["lowest"] == pytest.approx(p.min())
    np.testing.assert_allclose(found["columns"], p.mean(0), rtol=1e-5)


def test_a_value_before_any_data_is_back_in_every_epoch(backend: str) -> None:
    class Count(Lowest):
        def update_state(self, y_true: Any, y_pred: Any) -> None:
            self.low.assign_add(ops.sum(y_pred * 0 + 1))

    model = model_with([Count("count")], [], backend)
    history = model.fit(X, Y, batch_size=8, epochs=3, verbose=0).history
    assert history["count"] == [149.0] * 3


def test_they_run_natively() -> None:
    """Every op of the training Program has a kernel: no step goes through Python."""
    model = model_with([Hits(), ByColumn(), Lowest(), Bias()], [metrics.AUC(), "f1_score"], "numpy")
    program = build(model, Job("train", (4,), True, training=True))
    names = program.op_names()
    assert {"metric_sum", "metric_load", "metric_store", "metric_histogram"} <= set(names)
    for name in ("c", "numba"):
        assert not [
            op for op in names if op != "reshape" and not fastnn.backends.resolve(name).has(op)
        ]


def test_mistakes() -> None:
    class Forgot(metrics.Metric):
        def __init__(self) -> None:
            self.name = "forgot"

    with pytest.raises(ArgumentError, match=r"does not call super\(\).__init__\(\)"):
        Forgot().add_variable((), "zeros")

    class Batch(Lowest):
        def update_state(self, y_true: Any, y_pred: Any) -> None:
            self.low.assign(y_pred)

    with pytest.raises(ShapeError, match=r"Reduce it over the batch"):
        model_with([Batch()], [], "numpy").evaluate(X, Y, verbose=0)
    with pytest.raises(ShapeError, match=r"shape \(3,\)"):
        Lowest().low.assign(np.zeros(3))
    with pytest.raises(ArgumentError, match="IoU by its name, but it needs arguments: num_classes"):
        model_with(["IoU"], [], "numpy").evaluate(X, Y, verbose=0)


def test_names_are_numbered() -> None:
    items = [metrics.AUC(), metrics.AUC(curve="PR"), "mse", "mse", metrics.AUC()]
    found = model_with(items, ["mse"], "numpy").evaluate(X, Y, verbose=0, return_dict=True)
    assert list(found) == ["loss", "auc", "auc_1", "mse", "mse_1", "auc_2", "weighted_mse"]


def test_vectors_in_history_and_display(capsys: pytest.CaptureFixture[str]) -> None:
    model = model_with([metrics.F1Score(threshold=0.5)], [], "numpy")
    history = model.fit(X, Y, epochs=2, verbose=2).history
    assert all(len(row) == 4 for row in history["f1_score"])
    shown = np.mean(history["f1_score"][-1])
    assert f"f1_score: {shown:.4f}" in capsys.readouterr().out
    stop = fastnn.callbacks.EarlyStopping(monitor="f1_score", mode="max")
    with pytest.raises(ArgumentError, match="not one number"):
        model.fit(X, Y, epochs=2, verbose=0, callbacks=[stop])
