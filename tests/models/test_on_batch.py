"""One batch at a time: train_on_batch, test_on_batch, predict_on_batch, gradients, and calls."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn import layers
from fastnn.errors import ShapeError, StateError
from tests.support.networks import largest_difference, network, regression, same_weights

X, Y = regression(20)


class TestTrainOnBatch:
    def test_is_one_step_of_fit(self, backend: str) -> None:
        by_fit = network(backend, optimizer="adam", dropout=0.2, metrics=["mse"])
        by_hand = network(backend, optimizer="adam", dropout=0.2, metrics=["mse"])
        history = by_fit.fit(X, Y, batch_size=20, epochs=3, shuffle=False, verbose=0).history
        losses = [by_hand.train_on_batch(X, Y, return_dict=True) for _ in range(3)]
        assert same_weights(by_fit, by_hand)
        assert history == {name: [logs[name] for logs in losses] for name in ("loss", "mse")}
        assert by_hand.optimizer.iterations == 3

    def test_return_values_as_keras(self, backend: str) -> None:
        assert isinstance(network(backend).train_on_batch(X, Y), float)
        loss, mse = network(backend, metrics=["mse"]).train_on_batch(X, Y)
        assert loss == pytest.approx(mse)

    def test_weights(self, backend: str) -> None:
        labels = np.arange(20) % 2
        arguments: dict[str, Any] = {"activation": "sigmoid", "loss": "binary_crossentropy"}
        a, b = network(backend, **arguments), network(backend, **arguments)
        one = a.train_on_batch(X, labels, class_weight={1: 3.0})
        two = b.train_on_batch(X, labels, sample_weight=np.where(labels == 1, 3.0, 1.0))
        assert one == two
        assert same_weights(a, b)

    def test_builds_the_model(self, backend: str) -> None:
        model = fastnn.Sequential([layers.Dense(1)], backend=backend)
        model.compile("sgd", "mse")
        model.train_on_batch(X, Y)
        assert model.count_params() == 4

    def test_batches_of_any_size(self, backend: str) -> None:
        model = network(backend)
        for rows in (1, 20, 3, 7, 1):
            assert np.isfinite(model.train_on_batch(X[:rows], Y[:rows]))
        assert model.optimizer.iterations == 5

    def test_learning_rate_of_the_moment(self, backend: str) -> None:
        model, still = network(backend), network(backend)
        model.optimizer.learning_rate = 0.0
        model.train_on_batch(X, Y)
        assert same_weights(model, still)
        model.optimizer.learning_rate = 0.1
        model.train_on_batch(X, Y)
        assert not same_weights(model, still)


class TestTestOnBatch:
    def test_is_evaluate(self, backend: str) -> None:
        model = network(backend, dropout=0.5, metrics=["mse"])
        before = model.get_weights()
        found = model.test_on_batch(X, Y, return_dict=True)
        assert found == pytest.approx(model.evaluate(X, Y, return_dict=True, verbose=0), rel=1e-7)
        for one, other in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)

    def test_before_compile(self) -> None:
        model = fastnn.Sequential([fastnn.Input((3,)), layers.Dense(1)])
        for method in (model.test_on_batch, model.train_on_batch, model.gradients):
            with pytest.raises(StateError, match="compile"):
                method(X, Y)


class TestPredictAndCall:
    def test_agree(self, backend: str) -> None:
        model = network(backend, dropout=0.5, outputs=2)
        expected = model.predict(X, verbose=0)
        np.testing.assert_array_equal(model.predict_on_batch(X), expected)
        np.testing.assert_array_equal(model(X), expected)
        np.testing.assert_array_equal(model(X.tolist(), training=False), expected)

    def test_a_model_calls_its_layers(self, backend: str) -> None:
        model = network(backend, dropout=0.5)
        value: Any = X
        for layer in model.layers:
            value = layer(value)
        np.testing.assert_allclose(model(X), value, atol=1e-6)

    def test_from_several_threads_at_once(self, backend: str) -> None:
        model = network(backend, inputs=64, hidden=64, outputs=3)
        inputs = [np.full((200 + i, 64), i / 20, np.float32) for i in range(20)]
        expected = [model.predict(x, verbose=0) for x in inputs]
        with ThreadPoolExecutor(4) as pool:
            for _ in range(3):
                found = pool.map(lambda x: model.predict(x, verbose=0), inputs)
                for one, other in zip(found, expected, strict=True):
                    np.testing.assert_array_equal(one, other)

    def test_training_true_drops_something_else_each_time(self, backend: str) -> None:
        def make() -> fastnn.Sequential:
            return fastnn.Sequential(
                [fastnn.Input((50,)), layers.Dropout(0.5)], seed=1, backend=backend
            )

        ones = np.ones((3, 50))
        model, twin = make(), make()
        first, second = model(ones, training=True), model(ones, training=True)
        assert set(np.unique(first)) == {0.0, 2.0}
        assert not np.array_equal(first, second)
        np.testing.assert_array_equal(first, twin(ones, training=True))  # and repeats with the seed
        np.testing.assert_array_equal(model(ones), ones)

    def test_a_layer_alone_does_too(self) -> None:
        layer = layers.Dropout(0.5, seed=1)
        ones = np.ones((3, 50))
        assert not np.array_equal(layer(ones, training=True), layer(ones, training=True))

    @pytest.mark.parametrize(
        ("shape", "advice"),
        [
            ((3,), r"received \(3,\). For a single sample, add the batch axis: x\[None\]"),
            ((6, 4), r"received \(6, 4\). Pass an array of shape \(n, 3\)"),
            ((2, 3, 1), r"received \(2, 3, 1\). Reshape it: x.reshape\(-1, 3\)"),
        ],
    )
    def test_wrong_shapes(self, shape: tuple[int, ...], advice: str) -> None:
        for call in (network().predict_on_batch, network()):
            with pytest.raises(
                ShapeError, match=r"^x: Dense 'a' expects .*\(batch, 3\), " + advice
            ):
                call(np.zeros(shape))

    def test_one_feature_may_come_without_its_axis(self, backend: str) -> None:
        model = network(backend, inputs=1)
        np.testing.assert_array_equal(model(np.arange(4.0)), model(np.arange(4.0)[:, None]))


class TestGradients:
    def test_match_finite_differences(self, backend: str) -> None:
        model = network(backend, dtype="float64", dropout=0.5)
        weights = np.arange(20) / 10
        found = model.gradients(X, Y, sample_weight=weights)
        values = model.get_weights()
        for index, name in enumerate(["a/kernel", "a/bias", "b/kernel", "b/bias"]):
            numeric = np.empty_like(values[index])
            for place in np.ndindex(numeric.shape):
                losses = []
                for step in (1e-5, -1e-5):
                    moved = [value.copy() for value in values]
                    moved[index][place] += step
                    model.set_weights(moved)
                    losses.append(model.evaluate(X, Y, sample_weight=weights, verbose=0))
                numeric[place] = (losses[0] - losses[1]) / 2e-5
            np.testing.assert_allclose(found[name], numeric, atol=1e-8)

    def test_of_the_input(self, backend: str) -> None:
        model = network(backend, dtype="float64")
        x = X.astype(np.float64)
        found = model.gradients(x, Y)["input"]
        assert found.shape == x.shape
        moved = x.copy()
        moved[4, 1] += 1e-5
        change = model.evaluate(moved, Y, verbose=0) - model.evaluate(x, Y, verbose=0)
        np.testing.assert_allclose(found[4, 1], change / 1e-5, atol=1e-5)

    def test_change_nothing(self, backend: str) -> None:
        model, twin = network(backend, optimizer="adam"), network(backend, optimizer="adam")
        model.gradients(X, Y)
        for one in (model, twin):
            one.fit(X, Y, verbose=0)
        assert largest_difference(model, twin) == 0
