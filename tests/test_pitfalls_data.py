"""Mistakes with data that libraries let pass: wrong shapes, labels that do not exist, probabilities
taken for logits, empty arrays, sorted labels. Numbers in the names are the rows of the project's
list of pitfalls. Dtypes and layouts (11, 12) are in training/test_data.py.
"""

from __future__ import annotations

import itertools
import re
import warnings
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn import layers, losses
from fastnn.errors import ArgumentError, DataError, ShapeError
from tests.support.networks import network, regression

Array = np.ndarray[Any, Any]


def linear(backend: str, units: int = 1, inputs: int = 2, rate: float = 0.1) -> fastnn.Sequential:
    """y = x · kernel + bias."""
    model = fastnn.Sequential(
        [fastnn.Input((inputs,)), layers.Dense(units)], backend=backend, seed=3, dtype="float64"
    )
    model.compile(fastnn.optimizers.SGD(rate), "mse")
    return model


def classifier(backend: str, **arguments: Any) -> fastnn.Sequential:
    """Three classes, softmax, sparse labels."""
    arguments = {"loss": "sparse_categorical_crossentropy", **arguments}
    return network(backend, outputs=3, activation="softmax", **arguments)


class TestTargetShapes:
    """1, 2: nothing broadcasts; only (n,) and (n, 1) stand for each other."""

    def test_1_both_shapes_of_one_target_recover_the_line(self, backend: str) -> None:
        x = np.random.default_rng(0).standard_normal((50, 2))
        y = x @ [3.0, -2.0] + 0.5
        found = []
        for targets in (y, y[:, None]):
            model = linear(backend)
            history = model.fit(x, targets, epochs=150, batch_size=50, verbose=0)
            found.append([*model.get_weights(), history.history["loss"]])
        kernel, bias, _ = found[0]
        np.testing.assert_allclose(kernel[:, 0], [3.0, -2.0], atol=1e-5)
        np.testing.assert_allclose(bias, [0.5], atol=1e-5)
        for one, other in zip(*found, strict=True):
            np.testing.assert_array_equal(one, other)

    @pytest.mark.parametrize("function", [losses.mean_squared_error, losses.binary_crossentropy])
    def test_1_losses_of_arrays(self, function: Any) -> None:
        t, p = np.array([0.0, 1.0, 1.0]), np.array([0.2, 0.7, 0.4])
        loss = {losses.mean_squared_error: losses.MeanSquaredError}.get(
            function, losses.BinaryCrossentropy
        )()
        pairs = itertools.product((t[:, None],), (p[:, None],))
        expected = [float(loss(*pair)) for pair in pairs]
        np.testing.assert_allclose(loss(t, p[:, None]), expected[0], rtol=1e-7)

    @pytest.mark.parametrize("targets", [(5, 1), (5,), (5, 2), (5, 3, 1), (5, 1, 3), (5, 5)])
    def test_2_every_other_pair_is_refused(self, backend: str, targets: tuple[int, ...]) -> None:
        model = linear(backend, units=3)
        x = np.zeros((5, 2))
        shown = re.escape(f"({', '.join(['batch', *map(str, targets[1:])])}")
        for call in (model.fit, model.evaluate, model.train_on_batch, model.gradients):
            arguments = {"verbose": 0} if call in (model.fit, model.evaluate) else {}
            with pytest.raises(ShapeError, match=rf"targets of shape {shown}.*\(batch, 3\)"):
                call(x, np.zeros(targets), **arguments)

    @pytest.mark.parametrize("targets", [(5, 2), (5, 1, 1), (5, 5)])
    def test_2_one_output(self, backend: str, targets: tuple[int, ...]) -> None:
        with pytest.raises(ShapeError, match=r"predictions of shape \(batch, 1\)"):
            linear(backend).fit(np.zeros((5, 2)), np.zeros(targets), verbose=0)

    def test_2_losses_of_arrays(self) -> None:
        shapes = [(5, 1), (5, 3), (1, 3), (5, 5), (3, 5), (5, 1, 1), (15,)]
        for t, p in itertools.permutations(shapes, 2):
            with pytest.raises(ShapeError) as raised:
                losses.MeanSquaredError()(np.zeros(t), np.zeros(p))
            for shape in (t, p):
                assert str(shape) in str(raised.value)

    @pytest.mark.parametrize("y", [np.zeros(4), np.zeros((1, 1)), np.zeros((6, 1))])
    def test_2_every_row_needs_its_target(self, backend: str, y: Array) -> None:
        with pytest.raises(ShapeError, match=f"x has 5, y has {len(y)}"):
            linear(backend).fit(np.zeros((5, 2)), y, verbose=0)

    def test_2_a_loss_of_ones_own_does_not_broadcast_either(self, backend: str) -> None:
        def own(y_true: Any, y_pred: Any) -> Any:
            return fastnn.ops.mean(fastnn.ops.square(y_true - y_pred), axis=-1)

        model = linear(backend)
        model.compile("sgd", own)
        x, y = np.ones((5, 2)), np.arange(5.0)
        by_name = linear(backend).evaluate(x, y, verbose=0)
        np.testing.assert_allclose(model.evaluate(x, y, verbose=0), by_name, rtol=1e-12)
        np.testing.assert_allclose(model.evaluate(x, y[:, None], verbose=0), by_name, rtol=1e-12)


BAD_LABELS = [
    (-1, "-1 is out of range"),
    (3, "3 is out of range"),
    (8, "8 is out of range"),
    (2**40, "1099511627776 is out of range"),
    (0.7, "0.7 is not a whole number"),
    (np.nan, "nan is not a whole number"),
]


class TestLabels:
    """3, 4: labels that do not exist are errors that name row and value."""

    @pytest.mark.parametrize(("label", "message"), BAD_LABELS)
    @pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
    def test_3_name_row_and_value(
        self, backend: str, method: str, label: float, message: str
    ) -> None:
        y = np.array([0, 1, 2, 0, 1, label, 2])
        before = (model := classifier(backend)).get_weights()
        arguments = {"verbose": 0} if method in ("fit", "evaluate") else {}
        for targets in (y, y[:, None], y.astype(">f8"), y.tolist()):
            with pytest.raises(DataError, match=rf"^y, row 5: label {message}"):
                getattr(model, method)(np.zeros((7, 3)), targets, **arguments)
        for one, other in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)

    @pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u8", ">i4", "f2"])
    def test_3_in_every_dtype(self, dtype: str) -> None:
        y = np.array([0, 1, 77], dtype)
        with pytest.raises(DataError, match="row 2: label 77 is out of range"):
            classifier("numpy").fit(np.zeros((3, 3)), y, verbose=0)

    def test_3_in_validation_data(self, backend: str) -> None:
        x, y = np.zeros((4, 3)), np.array([0, 1, 2, 3])
        with pytest.raises(DataError, match="validation_data: y, row 3: label 3"):
            classifier(backend).fit(x[:3], y[:3], validation_data=(x, y), verbose=0)

    def test_3_for_a_metric_beside_another_loss(self, backend: str) -> None:
        model = linear(backend)
        model.compile("sgd", "mse", metrics=["sparse_categorical_accuracy"])
        with pytest.raises(DataError, match=r"row 2: label 9 is out of range\. There is 1 class, "):
            model.fit(np.ones((3, 2)), np.array([[0.0], [0.0], [9.0]]), verbose=0)

    def test_3_deep_in_the_data(self) -> None:
        """Beyond the block that the check looks at together."""
        y = np.zeros(200_000, np.int8)
        y[131_072] = -3
        with pytest.raises(DataError, match="row 131072: label -3"):
            classifier("auto").evaluate(np.zeros((200_000, 3), np.uint8), y, verbose=0)

    def test_3_losses_of_arrays(self, backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FASTNN_BACKEND", backend)
        p = np.full((2, 3), 1 / 3)
        for label in (-1, 3, 8):
            with pytest.raises(DataError, match=f"row 1: label {label} is out of range"):
                losses.SparseCategoricalCrossentropy()([0, label], p)

    def test_4_rows_that_are_no_distribution_warn(self, backend: str) -> None:
        model = classifier(backend, loss="categorical_crossentropy")
        y = np.eye(3)[[0, 1, 2, 0]]
        y[2] = 1
        with pytest.warns(UserWarning, match=r"^y, row 2 sums to 3, not 1") as caught:
            model.evaluate(np.zeros((4, 3)), y, verbose=0)
        assert caught[0].filename == __file__

    def test_4_soft_targets_are_fine(self, backend: str) -> None:
        y = np.array([[0.1, 0.2, 0.7], [0.0, 0.0, 1.0]], np.float16)  # sums to 1.0001
        model = classifier(backend, loss="categorical_crossentropy")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            loss = model.evaluate(np.zeros((2, 3)), y, verbose=0)
        assert not caught
        p = model.predict(np.zeros((2, 3)), verbose=0)
        assert loss == pytest.approx(-(y * np.log(p)).sum(axis=1).mean(), rel=1e-5)


class TestLogits:
    """5, 6: probabilities are not taken for logits, and large logits stay finite."""

    @pytest.mark.parametrize(
        ("activation", "units", "loss"),
        [
            ("softmax", 3, losses.SparseCategoricalCrossentropy),
            ("softmax", 3, losses.CategoricalCrossentropy),
            ("sigmoid", 1, losses.BinaryCrossentropy),
        ],
    )
    def test_5_probabilities_with_from_logits(self, activation: str, units: int, loss: Any) -> None:
        y = np.eye(3)[[0, 1]] if loss is losses.CategoricalCrossentropy else [0, 1]
        for stack in (
            [layers.Dense(units, activation)],
            [layers.Dense(units), layers.Activation(activation)],
        ):
            model = fastnn.Sequential([fastnn.Input((2,)), *stack])
            model.compile("sgd", loss(from_logits=True))
            with pytest.raises(ArgumentError, match=f"from_logits=True.*'{activation}'"):
                model.fit(np.zeros((2, 2)), y, verbose=0)

    @pytest.mark.parametrize(
        ("activation", "name"),
        [
            ("softmax", "sparse_categorical_crossentropy"),
            ("softmax", "categorical_crossentropy"),
            ("sigmoid", "binary_crossentropy"),
        ],
    )
    @pytest.mark.parametrize("scale", [1.0, 1e3, 1e4])
    def test_5_6_both_ways_are_equal_and_finite(
        self, backend: str, activation: str, name: str, scale: float
    ) -> None:
        """The loss of a softmax or sigmoid output is that of its logits, at any size of them."""
        x = scale * np.random.default_rng(1).choice([-1.0, -0.3, 0.0, 0.5, 1.0], (12, 3))
        labels = np.arange(12) % 3
        one_hot = np.eye(3)[labels]
        y = labels if name.startswith("sparse") else one_hot
        found = []
        for last, from_logits in ((activation, False), (None, True)):
            model = fastnn.Sequential(
                [fastnn.Input((3,)), layers.Dense(3, last)], backend=backend, dtype="float64"
            )
            config = {"class_name": losses.get(name).__class__.__name__}
            loss = losses.deserialize({**config, "config": {"from_logits": from_logits}})
            model.compile(fastnn.optimizers.SGD(1e-3), loss)
            model.set_weights([np.eye(3), np.zeros(3)])
            value = model.evaluate(x, y, verbose=0)
            model.fit(x, y, verbose=0, shuffle=False)
            found.append([value, *model.get_weights()])
        if activation == "softmax":
            shifted = x - x.max(axis=1, keepdims=True)
            exact = -(one_hot * (shifted - np.log(np.exp(shifted).sum(1, keepdims=True)))).sum(1)
        else:
            exact = np.maximum(x, 0) - x * one_hot + np.log1p(np.exp(-np.abs(x)))
        assert np.isfinite(found[0][0])
        np.testing.assert_allclose(found[0][0], exact.mean(), rtol=1e-12)
        for one, other in zip(*found, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)
            assert np.isfinite(one).all()

    def test_6_logits_of_arrays(self, backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FASTNN_BACKEND", backend)
        z = np.array([[1e4, -1e4, 0.0], [-1e4, 1e4, 1e4]], np.float32)
        found = losses.sparse_categorical_crossentropy([1, 2], z, from_logits=True)
        np.testing.assert_allclose(found, [2e4, np.log(2)], rtol=1e-6)
        found = losses.binary_crossentropy([[1.0], [0.0]], [[-1e4], [1e4]], from_logits=True)
        np.testing.assert_allclose(found, [1e4, 1e4], rtol=1e-6)


class TestEmptyAndTiny:
    """10: no rows, one row, a last batch of one row."""

    def test_10_predict_of_nothing(self, backend: str) -> None:
        model = network(backend, outputs=2)
        for x in (np.zeros((0, 3)), np.zeros((0, 3), ">f2"), np.zeros((0, 3), np.uint8)):
            found = model.predict(x, verbose=0)
            assert (found.shape, found.dtype) == ((0, 2), np.float32)
        assert model(np.zeros((0, 3))).shape == (0, 2)
        assert model.predict_on_batch(np.zeros((0, 3))).shape == (0, 2)
        assert layers.Dense(4)(np.zeros((0, 3))).shape == (0, 4)

    def test_10_nothing_leaves_the_statistics_of_a_batch_alone(self, backend: str) -> None:
        model = fastnn.Sequential([fastnn.Input((3,)), layers.BatchNormalization()])
        before = model.get_weights()
        assert model.predict(np.zeros((0, 3)), verbose=0).shape == (0, 3)
        assert model(np.zeros((0, 3)), training=True).shape == (0, 3)
        for one, other in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)

    @pytest.mark.parametrize(
        "method", ["fit", "evaluate", "train_on_batch", "test_on_batch", "gradients"]
    )
    def test_10_nothing_can_be_learned_from_no_rows(self, backend: str, method: str) -> None:
        with pytest.raises(ShapeError, match=f"{method}: x has no rows"):
            getattr(network(backend), method)(np.zeros((0, 3)), np.zeros((0, 1)))

    def test_10_no_columns(self) -> None:
        model = fastnn.Sequential([layers.Dense(2)])
        with pytest.raises(ShapeError, match="must hold positive integers"):
            model.predict(np.zeros((5, 0)), verbose=0)

    def test_10_one_row(self, backend: str) -> None:
        x, y = regression(1)
        model = network(backend)
        assert np.isfinite(model.fit(x, y, epochs=2, verbose=0).history["loss"]).all()
        assert np.isfinite(model.evaluate(x, y, verbose=0))
        assert model.predict(x, verbose=0).shape == (1, 1)

    @pytest.mark.parametrize("rows", [1, 2, 9, 33])
    def test_10_a_last_batch_of_one_row(self, backend: str, rows: int) -> None:
        x, y = regression(rows)
        model = network(backend, dropout=0.5)
        history = model.fit(x, y, batch_size=max(1, rows - 1), epochs=2, verbose=0)
        assert np.isfinite(history.history["loss"]).all()
        assert model.optimizer.iterations == 2 * (2 if rows > 1 else 1)


class TestValidationSplit:
    """20: the last rows are taken; sorted labels leave a class on one side only."""

    SORTED = np.repeat([0, 1, 2], 10)

    @pytest.mark.parametrize("one_hot", [False, True])
    def test_20_sorted_labels_warn(self, one_hot: bool) -> None:
        loss = "categorical_crossentropy" if one_hot else "sparse_categorical_crossentropy"
        model = classifier("auto", loss=loss)
        y = fastnn.utils.to_categorical(self.SORTED) if one_hot else self.SORTED
        with pytest.warns(UserWarning, match="missing from") as caught:
            model.fit(np.zeros((30, 3)), y, validation_split=1 / 3, verbose=0)
        messages = [str(item.message) for item in caught]
        assert "missing from the validation part: 0, 1" in messages[0]
        assert "missing from the training part: 2" in messages[1]
        assert caught[0].filename == __file__

    def test_20_sorted_binary_labels_warn(self) -> None:
        model = network(activation="sigmoid", loss="binary_crossentropy")
        y = np.repeat([0.0, 1.0], 10)
        with pytest.warns(UserWarning, match="missing from the (validation|training) part: [01]"):
            model.fit(np.zeros((20, 3)), y, validation_split=0.5, verbose=0)

    def test_20_mixed_labels_and_regression_do_not_warn(self) -> None:
        x, numbers = np.zeros((30, 3)), np.arange(30)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            mixed = classifier("auto").fit(x, numbers % 3, validation_split=0.2, verbose=0)
            regressed = network().fit(x, numbers, validation_split=0.2, verbose=0)
        assert not caught
        for history in (mixed, regressed):
            assert np.isfinite(history.history["val_loss"]).all()

    @pytest.mark.parametrize("shuffle", [False, True])
    def test_20_shuffling_moves_no_validation_row_into_training(
        self, backend: str, shuffle: bool
    ) -> None:
        """Each row has a weight of its own, which moves only if the row is trained on."""
        x, y = np.eye(20), np.ones(20)
        model = linear(backend, inputs=20)
        model.set_weights([np.zeros((20, 1)), np.zeros(1)])
        history = model.fit(
            x, y, batch_size=3, epochs=5, shuffle=shuffle, validation_split=0.3, verbose=0
        )
        kernel = model.get_weights()[0][:, 0]
        assert (kernel[:14] != 0).all()
        np.testing.assert_array_equal(kernel[14:], np.zeros(6))
        bias = model.get_weights()[1][0]
        assert history.history["val_loss"][-1] == pytest.approx((1 - bias) ** 2, rel=1e-6)

    def test_20_nothing_left(self) -> None:
        with pytest.raises(ArgumentError, match="leaves no samples for training"):
            network().fit(np.zeros((1, 3)), [1], validation_split=0.5, verbose=0)
