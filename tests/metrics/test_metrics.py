"""The metric classes on arrays: values against NumPy, weights, state, errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fastnn import metrics, ops
from fastnn.errors import ArgumentError, DataError, ShapeError, UnsupportedError
from fastnn.program.autodiff import ancestors
from fastnn.program.tensor import BATCH, Tensor

RNG = np.random.default_rng(9)
P = RNG.uniform(0.02, 0.98, (8, 4))
NORMAL = P / P.sum(1, keepdims=True)
Z = RNG.normal(size=(8, 4)) * 2
BITS = RNG.integers(0, 2, (8, 4)).astype(float)
LABELS = RNG.integers(0, 4, 8)
ONE_HOT = np.eye(4)[LABELS]
W = RNG.uniform(size=8)


def softplus_loss(t: Any, z: Any) -> Any:
    return (np.logaddexp(0, z) - t * z).mean(1)


CASES: dict[str, tuple[Callable[[], metrics.Metric], Any, Any, Any]] = {
    "accuracy": (metrics.Accuracy, LABELS[:, None], P[:, :1].round() * 2, None),
    "binary": (metrics.BinaryAccuracy, BITS, P, ((P > 0.5) == BITS).mean(1)),
    "threshold": (
        lambda: metrics.BinaryAccuracy(threshold=0.2),
        BITS,
        P,
        ((P > 0.2) == BITS).mean(1),
    ),
    "column": (metrics.BinaryAccuracy, BITS[:, 0], P[:, :1], (P[:, 0] > 0.5) == BITS[:, 0]),
    "vectors": (metrics.BinaryAccuracy, BITS[:, 0], P[:, 0], (P[:, 0] > 0.5) == BITS[:, 0]),
    "categorical": (metrics.CategoricalAccuracy, ONE_HOT, P, P.argmax(1) == LABELS),
    "sparse": (metrics.SparseCategoricalAccuracy, LABELS, P, P.argmax(1) == LABELS),
    "sparse column": (
        metrics.SparseCategoricalAccuracy,
        LABELS[:, None],
        Z,
        Z.argmax(1) == LABELS,
    ),
    "mse": (metrics.MeanSquaredError, BITS, P, ((BITS - P) ** 2).mean(1)),
    "bce": (
        metrics.BinaryCrossentropy,
        BITS,
        P,
        -(BITS * np.log(P) + (1 - BITS) * np.log(1 - P)).mean(1),
    ),
    "bce logits": (
        lambda: metrics.BinaryCrossentropy(from_logits=True, label_smoothing=0.2),
        BITS,
        Z,
        softplus_loss(BITS * 0.8 + 0.1, Z),
    ),
    "cce": (metrics.CategoricalCrossentropy, ONE_HOT, P, -(ONE_HOT * np.log(NORMAL)).sum(1)),
    "scce": (
        metrics.SparseCategoricalCrossentropy,
        LABELS,
        P,
        -np.log(NORMAL[np.arange(8), LABELS]),
    ),
    "scce logits": (
        lambda: metrics.SparseCategoricalCrossentropy(from_logits=True),
        LABELS,
        Z,
        np.log(np.exp(Z).sum(1)) - Z[np.arange(8), LABELS],
    ),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_means_over_several_updates(name: str) -> None:
    make, y_true, y_pred, each = CASES[name]
    if each is None:
        each = (np.asarray(y_true) == y_pred).mean(1)
    metric = make()
    for rows in (slice(0, 5), slice(5, 8)):
        metric.update_state(y_true[rows], y_pred[rows])
    np.testing.assert_allclose(metric.result(), np.mean(each), rtol=1e-12)
    metric.reset_state()
    assert metric.result() == 0.0
    assert metric(y_true, y_pred, sample_weight=W) == pytest.approx(np.average(each, weights=W))
    metric.reset_state()
    metric.update_state(y_true[:3], y_pred[:3], sample_weight=W[:3, None])
    metric.update_state(y_true[3:], y_pred[3:])
    weights = np.concatenate([W[:3], np.ones(5)])
    np.testing.assert_allclose(metric.result(), np.average(each, weights=weights), rtol=1e-12)


def test_mean_of_values() -> None:
    metric = metrics.Mean()
    metric.update_state([[1, 2], [3, 4]])
    metric.update_state(5.0)
    metric.update_state([1, 2, 3], sample_weight=[0, 1, 2])
    assert metric.result() == pytest.approx((1.5 + 3.5 + 5 + 2 + 6) / (2 + 1 + 3))
    metric.update_state(np.zeros((0, 2)))
    assert metric.result() == pytest.approx(3.0)
    with pytest.raises(ShapeError, match="sample_weight of shape"):
        metric.update_state([1, 2, 3], sample_weight=[1, 2])


def test_sums_are_kept_in_float64() -> None:
    metric = metrics.Mean()
    metric.update_state(np.full(1000, 2.0**30, np.float32))
    for _ in range(1000):
        metric.update_state(np.float32(1.0))
    expected = (1000 * 2.0**30 + 1000) / 2000
    assert metric.result() == expected  # a float32 sum would lose the ones


def test_a_function_as_a_metric() -> None:
    def worst(y_true: Any, y_pred: Any, power: float = 1.0) -> Any:
        return ops.max(ops.absolute(y_true - y_pred), axis=-1) * power

    metric = metrics.MeanMetricWrapper(worst, power=2.0)
    assert metric.name == "worst"
    assert metric(BITS, P) == pytest.approx(np.abs(BITS - P).max(1).mean() * 2)
    with pytest.raises(ArgumentError, match=r"returned 3.0, expected a symbolic tensor"):
        metrics.MeanMetricWrapper(lambda t, p: 3.0)(BITS, P)
    with pytest.raises(ArgumentError, match="received fn=3"):
        metrics.MeanMetricWrapper(3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cls", "target", "activation"),
    [
        (metrics.BinaryCrossentropy, Tensor((BATCH, 4), "float32"), "sigmoid"),
        (metrics.CategoricalCrossentropy, Tensor((BATCH, 4), "float32"), "softmax"),
        (metrics.SparseCategoricalCrossentropy, Tensor((BATCH, 1), "int32"), "softmax"),
    ],
)
def test_the_metric_looks_at_probabilities_as_they_are(
    cls: Any, target: Tensor, activation: str
) -> None:
    """A crossentropy metric after a softmax or sigmoid is clipped, as in Keras; the loss is not."""
    y_pred = getattr(ops, activation)(Tensor((BATCH, 4), "float32"))
    values = cls().values(target, y_pred)
    assert values.shape == (BATCH, 1)
    used = {node.op.name for node in ancestors([values.node])}
    assert "clip" in used
    assert not any(name.endswith("crossentropy_forward") for name in used)
    with pytest.raises(ArgumentError, match="from_logits=True"):
        cls(from_logits=True).values(target, y_pred)


@pytest.mark.parametrize(
    "metric", [metrics.MeanSquaredError(), metrics.BinaryAccuracy(), metrics.Accuracy()]
)
def test_nothing_is_broadcast(metric: metrics.Metric) -> None:
    with pytest.raises(ShapeError, match=r"targets of shape \(8,\) for predictions of shape"):
        metric(BITS[:, 0], P)
    with pytest.raises(ShapeError, match="targets of shape"):
        metric(BITS[:, :1], P)


def test_a_bad_label_is_named() -> None:
    with pytest.raises(DataError, match=r"row 1.*label 4"):
        metrics.SparseCategoricalAccuracy()([0, 4], P[:2])
    with pytest.raises(ShapeError, match="one-hot"):
        metrics.SparseCategoricalAccuracy()(ONE_HOT, P)


def test_a_metric_without_a_formula_says_so() -> None:
    class Empty(metrics.Metric):
        pass

    metric = Empty()
    assert metric.name == "empty"
    t = Tensor((BATCH, 1), "float32")
    for call, name in [
        (lambda: metric.accumulate(0, t, t, None), "update_state"),
        (lambda: metric.update_state(1), "update_state"),
        (metric.result, "result"),
    ]:
        with pytest.raises(ArgumentError, match=f"does not define {name}"):
            call()


def test_settings_are_checked() -> None:
    with pytest.raises(ArgumentError, match="threshold="):
        metrics.BinaryAccuracy(threshold="high")  # type: ignore[arg-type]
    with pytest.raises(UnsupportedError, match="ignore_class"):
        metrics.SparseCategoricalCrossentropy(ignore_class=1)
    with pytest.raises(ArgumentError, match="name=3"):
        metrics.Mean(name=3)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="float32"):
        metrics.Mean(dtype="int32")
