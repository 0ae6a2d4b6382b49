"""What names in ``metrics=[...]`` mean, and how metrics are written and read."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn import layers, losses, metrics, ops
from fastnn.errors import ArgumentError
from fastnn.metrics import check_name, resolve
from fastnn.program.tensor import BATCH

BINARY, SPARSE, ONE_HOT = "Binary", "SparseCategorical", "Categorical"


# what keras.src.trainers.compile_utils.get_metric of Keras 3.15 decides
@pytest.mark.parametrize(
    ("y_true", "y_pred", "kind"),
    [
        ((BATCH,), (BATCH, 1), BINARY),
        ((BATCH, 1), (BATCH, 1), BINARY),
        ((BATCH,), (BATCH, 10), SPARSE),
        ((BATCH, 1), (BATCH, 10), SPARSE),
        ((BATCH, 10), (BATCH, 10), ONE_HOT),
        ((None, 5), (None, 5, 10), SPARSE),
        ((None, 5, 1), (None, 5, 10), SPARSE),
        ((None, 5, 10), (None, 5, 10), ONE_HOT),
        ((32, 2), (32, 2), ONE_HOT),
    ],
)
@pytest.mark.parametrize("name", ["accuracy", "acc", "Accuracy", "ACC", "crossentropy", "ce"])
def test_accuracy_is_decided_by_shapes(y_true: Any, y_pred: Any, kind: str, name: str) -> None:
    metric = resolve(name, y_true, y_pred)
    suffix = "Accuracy" if name.lower().startswith("acc") else "Crossentropy"
    assert type(metric).__name__ == kind + suffix
    assert metric.name == name
    assert metric.sparse == (kind == SPARSE)


def test_the_loss_decides_where_the_shape_is_unknown() -> None:
    sparse = losses.SparseCategoricalCrossentropy()
    assert resolve("accuracy", None, (None, 10), sparse).sparse
    assert not resolve("accuracy", None, (None, 10), losses.CategoricalCrossentropy()).sparse


@pytest.mark.parametrize("name", ["mse", "MSE", "binary_accuracy", "BinaryCrossentropy", "bce"])
def test_other_names_are_classes_under_the_name_given(name: str) -> None:
    metric = resolve(name, (None, 1), (None, 1))
    assert metric.name == name
    check_name(name)


def test_objects_and_functions_keep_their_names() -> None:
    def bias(y_true: Any, y_pred: Any) -> Any:
        return ops.mean(y_pred - y_true, axis=-1)

    shapes = ((None, 1), (None, 1))
    mine = metrics.BinaryAccuracy(name="mine")
    assert resolve(mine, *shapes) is mine
    assert resolve(bias, *shapes).name == "bias"
    assert isinstance(resolve(losses.mean_squared_error, *shapes), metrics.MeanSquaredError)
    own = resolve(losses.BinaryCrossentropy(from_logits=True, name="logit"), *shapes)
    assert isinstance(own, metrics.BinaryCrossentropy)
    assert (own.name, own.from_logits) == ("logit", True)
    sparse = resolve(losses.SparseCategoricalCrossentropy(), (None,), (None, 3))
    assert isinstance(sparse, metrics.SparseCategoricalCrossentropy)


def test_a_custom_loss_as_a_metric() -> None:
    class Odd(losses.Loss):
        sparse = True

        def call(self, y_true: Any, y_pred: Any) -> Any:
            return ops.mean(y_pred, axis=-1)

    metric = metrics.get(Odd())
    assert (metric.name, metric.sparse) == ("odd", True)
    assert metric([0, 1], [[0.25, 0.75], [0.5, 0.0]]) == pytest.approx(0.375)


@pytest.mark.parametrize("name", ["acuracy", "binary_acuracy", "aucc"])
def test_unknown_names(name: str) -> None:
    for call in (lambda: check_name(name), lambda: resolve(name, (None, 1), (None, 1))):
        with pytest.raises(ArgumentError, match=rf"unknown metric '{name}'.*'accuracy'"):
            call()


def test_what_is_no_metric() -> None:
    with pytest.raises(ArgumentError, match="received 3 as a metric"):
        metrics.get(3)
    with pytest.raises(ArgumentError, match="received None as a metric"):
        resolve(None, (None, 1), (None, 1))
    with pytest.raises(ArgumentError, match="received None as a metric"):
        metrics.serialize(None)
    assert metrics.get(None) is None


@pytest.mark.parametrize(
    "metric",
    [
        metrics.Mean(name="m", dtype="float64"),
        metrics.Accuracy(),
        metrics.BinaryAccuracy(threshold=0.25),
        metrics.CategoricalAccuracy(),
        metrics.SparseCategoricalAccuracy("s"),
        metrics.MeanSquaredError(),
        metrics.BinaryCrossentropy(from_logits=True, label_smoothing=0.5),
        metrics.CategoricalCrossentropy(label_smoothing=0.5),
        metrics.SparseCategoricalCrossentropy(from_logits=True),
    ],
    ids=lambda metric: type(metric).__name__,
)
def test_configurations_round_trip(metric: metrics.Metric) -> None:
    copy = metrics.deserialize(json.loads(json.dumps(metrics.serialize(metric))))
    assert type(copy) is type(metric)
    assert copy.get_config() == metric.get_config()


def test_a_function_comes_back_from_the_caller() -> None:
    def gap(y_true: Any, y_pred: Any) -> Any:
        return ops.absolute(y_pred - y_true)

    data = json.loads(json.dumps(metrics.serialize(gap)))
    with pytest.raises(ArgumentError, match=r"custom_objects=.*'gap'"):
        metrics.deserialize(data)
    copy = metrics.deserialize(data, {"gap": gap})
    assert (copy.name, float(copy([[1.0]], [[3.0]]))) == ("gap", 2.0)
    with pytest.raises(ArgumentError, match="lambda"):
        metrics.serialize(lambda t, p: t)


def test_fit_reports_what_the_classes_compute() -> None:
    """The figures of evaluate are those of the metric objects on predict's output."""
    rng = np.random.default_rng(2)
    x, labels = rng.normal(size=(50, 3)), rng.integers(0, 4, 50)
    model = fastnn.Sequential([layers.Input((3,)), layers.Dense(4, "softmax")], seed=3)
    items: list[Any] = ["accuracy", "ce", metrics.SparseCategoricalAccuracy("again")]
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=items)
    figures = model.evaluate(x, labels, verbose=0, return_dict=True, batch_size=7)
    p = model.predict(x, verbose=0)
    accuracy = metrics.SparseCategoricalAccuracy()(labels, p)
    crossentropy = metrics.SparseCategoricalCrossentropy()(labels, p)
    assert figures["accuracy"] == pytest.approx(accuracy)
    assert figures["again"] == pytest.approx(accuracy)
    assert figures["ce"] == pytest.approx(crossentropy, rel=1e-6)
    assert figures["loss"] == pytest.approx(crossentropy, rel=1e-6)
