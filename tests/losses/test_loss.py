"""What all losses share: reductions and weights, custom losses, names and configurations."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn import layers, losses, ops
from fastnn.errors import ArgumentError, ShapeError, UnsupportedError
from fastnn.program.tensor import BATCH, Tensor

T = np.array([[0.0, 1.0], [2.0, 0.0], [1.0, 1.0]])
P = np.array([[0.5, 0.5], [1.0, 3.0], [1.0, 0.0]])
EACH = ((T - P) ** 2).mean(1)
W = np.array([1.0, 0.0, 2.5])


@pytest.mark.parametrize(
    ("reduction", "plain", "weighted"),
    [
        ("sum_over_batch_size", EACH.mean(), (EACH * W).sum() / 3),
        ("mean", EACH.mean(), (EACH * W).sum() / 3),
        ("sum", EACH.sum(), (EACH * W).sum()),
        ("mean_with_sample_weight", EACH.mean(), (EACH * W).sum() / W.sum()),
        ("none", EACH, EACH * W),
        (None, EACH, EACH * W),
    ],
)
def test_reductions(reduction: str | None, plain: Any, weighted: Any) -> None:
    loss = losses.MeanSquaredError(reduction=reduction)
    np.testing.assert_allclose(loss(T, P), plain, rtol=1e-6)
    for weights in (W, W[:, None], W.tolist()):
        np.testing.assert_allclose(loss(T, P, sample_weight=weights), weighted, rtol=1e-6)
    assert np.asarray(loss(T, P)).dtype == np.float32


def test_zero_weights_are_removed_rows_in_the_weighted_mean() -> None:
    loss = losses.MeanSquaredError("mean_with_sample_weight")
    kept = losses.MeanSquaredError("mean_with_sample_weight")(T[W > 0], P[W > 0], W[W > 0])
    np.testing.assert_allclose(loss(T, P, W), kept, rtol=1e-6)
    assert loss(T, P, np.zeros(3)) == 0.0


def test_weights_per_step_of_a_sequence() -> None:
    t, p = np.zeros((2, 3, 4)), np.ones((2, 3, 4))
    w = np.arange(6.0).reshape(2, 3)
    assert losses.MeanSquaredError()(t, p, w) == pytest.approx(w.mean())
    assert losses.MeanSquaredError()(t, p, [1.0, 3.0]) == pytest.approx(2.0)
    assert losses.MeanSquaredError("mean_with_sample_weight")(t, p, [1.0, 3.0]) == 1.0


def test_weights_of_another_shape() -> None:
    for weights in (np.ones(2), np.ones((3, 2)), np.ones((1, 3))):
        with pytest.raises(
            ShapeError, match=r"sample_weight of shape .* for losses of shape \(3,\)"
        ):
            losses.MeanSquaredError()(T, P, weights)
    with pytest.raises(ShapeError, match="Two arrays of one axis are one sample"):
        losses.MeanSquaredError()([1.0, 2.0], [1.0, 3.0], [1.0, 0.5])


def test_sums_run_in_float64() -> None:
    n = 3_000_000
    t, p = np.zeros((n, 1), np.float32), np.full((n, 1), 0.1, np.float32)
    expected = float(np.float32(0.1)) ** 2
    np.testing.assert_allclose(losses.MeanSquaredError()(t, p), expected, rtol=1.2e-7)
    # next to 1e8 a float32 sum loses every single 1
    p = np.ones((101, 1), np.float32)
    p[0] = 1e4
    assert losses.MeanSquaredError("sum")(np.zeros((101, 1)), p) == np.float32(1e8 + 100)


def test_no_rows() -> None:
    assert losses.MeanSquaredError()(np.zeros((0, 3)), np.zeros((0, 3))) == 0.0
    assert losses.MeanSquaredError(reduction=None)(np.zeros((0, 3)), np.zeros((0, 3))).shape == (0,)
    assert losses.mean_squared_error(np.zeros((0, 3)), np.zeros((0, 3))).shape == (0,)


def test_the_type_of_the_computation() -> None:
    loss = losses.MeanSquaredError(dtype="float64")
    np.testing.assert_allclose(loss(T, P), EACH.mean(), rtol=1e-15)
    assert losses.mean_squared_error(T, P).dtype == np.float64
    assert losses.mean_squared_error(T.tolist(), P.tolist()).dtype == np.float32


def test_inputs_of_any_layout_are_read_and_left_alone() -> None:
    big = np.arange(24.0).reshape(4, 6)
    views = [big[::-1, ::2], np.asfortranarray(big)[:, :3], big.astype(">f4")[:, 3:], big.T[:3].T]
    for view in views:
        before = view.copy()
        expected = ((view.astype(float) - 1) ** 2).mean()
        out = losses.MeanSquaredError()(np.ones(view.shape), view)
        np.testing.assert_allclose(out, expected, rtol=1e-6)
        np.testing.assert_array_equal(view, before)


def test_a_custom_function_trains() -> None:
    def huber(y_true: Any, y_pred: Any) -> Any:
        error = ops.absolute(y_true - y_pred)
        return ops.mean(ops.where(error < 1.0, 0.5 * error * error, error - 0.5), axis=-1)

    x = np.random.default_rng(0).normal(size=(64, 2))
    y = x @ [1.0, -2.0]
    model = fastnn.Sequential([layers.Input((2,)), layers.Dense(1)], seed=1)
    model.compile(fastnn.optimizers.SGD(0.2), huber)
    history = model.fit(x, y, epochs=60, batch_size=64, verbose=0)
    assert history.history["loss"][-1] < 1e-3
    e = np.abs(T - P)
    np.testing.assert_allclose(
        losses.get(huber)(T, P), np.where(e < 1, e**2 / 2, e - 0.5).mean(), rtol=1e-6
    )


def test_a_custom_class_trains_and_keeps_its_settings() -> None:
    class Power(losses.Loss):
        def __init__(self, exponent: int = 2, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.exponent = exponent

        def call(self, y_true: Any, y_pred: Any) -> Any:
            error = y_true - y_pred
            out = error
            for _ in range(self.exponent - 1):
                out = out * error
            return ops.mean(out, axis=-1)

    np.testing.assert_allclose(Power(2)(T, P), EACH.mean(), rtol=1e-6)
    np.testing.assert_allclose(Power(4)(T, P), ((T - P) ** 4).mean(), rtol=1e-6)
    assert Power().name == "power"
    with pytest.raises(ShapeError):
        Power()(T, P[:, :1])


def test_a_custom_function_that_leaves_the_ops() -> None:
    with pytest.raises(ArgumentError, match="the function returned float"):
        losses.LossFunctionWrapper(lambda t, p: 1.0)(T, P)
    with pytest.raises(TypeError, match=r"NumPy function.*fastnn\.ops"):
        losses.LossFunctionWrapper(lambda t, p: np.square(t - p))(T, P)
    with pytest.raises(ArgumentError, match="received fn=3"):
        losses.LossFunctionWrapper(3)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"does not define call\(y_true, y_pred\)"):
        losses.Loss()(T, P)


def test_a_vector_of_targets_is_a_column_for_a_custom_function() -> None:
    loss = losses.LossFunctionWrapper(lambda t, p: ops.square(t - p))
    assert loss(np.zeros(3), np.ones((3, 1))) == 1.0


def test_a_loss_in_a_trace_gives_values_per_sample() -> None:
    t, p = Tensor((BATCH, 2), "float32"), Tensor((BATCH, 2), "float32")
    assert losses.MeanSquaredError()(t, p).shape == (BATCH, 1)
    assert losses.mean_squared_error(t, p).shape == (BATCH,)
    with pytest.raises(UnsupportedError, match="symbolic tensors together with sample_weight"):
        losses.MeanSquaredError()(t, p, sample_weight=np.ones(3))
    with pytest.raises(UnsupportedError, match="reduction='sum'"):
        losses.MeanSquaredError("sum")(t, p)


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("mse", losses.MeanSquaredError),
        ("MSE", losses.MeanSquaredError),
        ("mean_squared_error", losses.MeanSquaredError),
        ("MeanSquaredError", losses.MeanSquaredError),
        ("bce", losses.BinaryCrossentropy),
        ("binary_crossentropy", losses.BinaryCrossentropy),
        ("categorical_crossentropy", losses.CategoricalCrossentropy),
        ("CategoricalCrossentropy", losses.CategoricalCrossentropy),
        ("sparse_categorical_crossentropy", losses.SparseCategoricalCrossentropy),
    ],
)
def test_names(name: str, cls: type[losses.Loss]) -> None:
    assert type(losses.get(name)) is cls
    assert type(losses.get(cls)) is cls


def test_functions_and_objects_are_taken_as_they_are() -> None:
    loss = losses.BinaryCrossentropy(from_logits=True)
    assert losses.get(loss) is loss
    assert isinstance(losses.get(losses.mean_squared_error), losses.MeanSquaredError)
    with pytest.raises(ArgumentError, match=r"unknown loss 'mce'. Did you mean 'mse'.*'bce'"):
        losses.get("mce")
    with pytest.raises(ArgumentError, match="received 3 as a loss"):
        losses.get(3)


@pytest.mark.parametrize(
    "loss",
    [
        losses.MeanSquaredError("sum", name="mine"),
        losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1),
        losses.CategoricalCrossentropy(label_smoothing=0.2, reduction="none"),
        losses.SparseCategoricalCrossentropy(from_logits=True),
    ],
)
def test_configurations_round_trip(loss: losses.Loss) -> None:
    copy = losses.deserialize(json.loads(json.dumps(losses.serialize(loss))))
    assert type(copy) is type(loss)
    assert copy.get_config() == loss.get_config()


def test_a_function_comes_back_from_the_caller() -> None:
    def mine(y_true: Any, y_pred: Any) -> Any:
        return ops.square(y_true - y_pred)

    data = json.loads(json.dumps(losses.serialize(losses.get(mine))))
    with pytest.raises(ArgumentError, match=r"custom_objects=.*'mine'"):
        losses.deserialize(data)
    assert losses.deserialize(data, {"mine": mine})(T, P) == pytest.approx(EACH.mean())
    assert losses.serialize(mine) == "mine"
    with pytest.raises(ArgumentError, match="lambda"):
        losses.serialize(losses.get(lambda t, p: t - p))


def test_unknown_reductions() -> None:
    with pytest.raises(ArgumentError, match=r"reduction='average'.*'sum_over_batch_size'"):
        losses.MeanSquaredError(reduction="average")
