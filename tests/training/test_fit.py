"""``fit``, ``evaluate`` and ``predict``: every argument of Keras 3 means what it means there."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn.callbacks import LambdaCallback
from fastnn.errors import ArgumentError, StateError
from fastnn.models import Sequential
from tests.support.networks import largest_difference, network, regression, same_weights

# inspect.signature of keras.Sequential, Keras 3.15.1 (without self, and **kwargs)
KERAS = {
    "compile": "optimizer='rmsprop', loss=None, loss_weights=None, metrics=None, "
    "weighted_metrics=None, run_eagerly=False, steps_per_execution=1, jit_compile='auto', "
    "auto_scale_loss=True",
    "fit": "x=None, y=None, batch_size=None, epochs=1, verbose='auto', callbacks=None, "
    "validation_split=0.0, validation_data=None, shuffle=True, class_weight=None, "
    "sample_weight=None, initial_epoch=0, steps_per_epoch=None, validation_steps=None, "
    "validation_batch_size=None, validation_freq=1",
    "evaluate": "x=None, y=None, batch_size=None, verbose='auto', sample_weight=None, steps=None, "
    "callbacks=None, return_dict=False",
    "predict": "x, batch_size=None, verbose='auto', steps=None, callbacks=None",
    "train_on_batch": "x, y=None, sample_weight=None, class_weight=None, return_dict=False",
    "test_on_batch": "x, y=None, sample_weight=None, return_dict=False",
    "predict_on_batch": "x",
    "summary": "line_length=None, positions=None, print_fn=None, expand_nested=False, "
    "show_trainable=False, layer_range=None",
    "get_layer": "name=None, index=None",
    "build": "input_shape=None",
}
X, Y = regression(20)


@pytest.mark.parametrize("method", KERAS)
def test_arguments_names_order_and_defaults_are_those_of_keras(method: str) -> None:
    parameters = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in inspect.signature(getattr(Sequential, method)).parameters.values()
        if parameter.name != "self" and parameter.kind is not parameter.KEYWORD_ONLY
    ]
    assert (
        ", ".join(str(parameter).replace(" = ", "=") for parameter in parameters) == KERAS[method]
    )


@pytest.mark.parametrize("method", ["compile", "fit", "evaluate", "predict"])
def test_unknown_arguments_are_errors(method: str) -> None:
    # a prediction of one row takes microseconds: it has Python's own message
    error = TypeError if method == "predict" else ArgumentError
    with pytest.raises(error, match="nonsense"):
        getattr(network(), method)(X, nonsense=1)


@pytest.mark.parametrize(
    "arguments",
    [
        {"run_eagerly": True},
        {"steps_per_execution": 50},
        {"jit_compile": False},
        {"auto_scale_loss": False},
    ],
)
def test_arguments_of_compile_without_meaning_here_change_nothing(arguments: Any) -> None:
    plain, other = network(), network(**arguments)
    for model in (plain, other):
        model.fit(X, Y, verbose=0)
    assert same_weights(plain, other)


@pytest.mark.parametrize(
    "arguments",
    [
        {"run_eagerly": 2},
        {"steps_per_execution": 0},
        {"jit_compile": "yes"},
        {"auto_scale_loss": "no"},
        {"loss_weights": [1.0]},
    ],
)
def test_bad_arguments_of_compile(arguments: Any) -> None:
    with pytest.raises(ArgumentError, match=next(iter(arguments))):
        network(**arguments)


class TestEpochs:
    def test_initial_epoch_numbers_the_first(self, backend: str) -> None:
        history = network(backend).fit(X, Y, initial_epoch=3, epochs=5, verbose=0)
        assert history.epoch == [3, 4]
        assert network(backend).fit(X, Y, initial_epoch=5, epochs=5, verbose=0).history == {}

    def test_steps_per_epoch_go_on_where_the_last_epoch_stopped(self, backend: str) -> None:
        """Keras 3.15: 5 batches in epochs of 3 steps are 3, 2 (with a warning), 3, 2."""
        batches: list[int] = []
        note = LambdaCallback(on_train_batch_end=lambda batch, logs: batches.append(batch))
        model = network(backend)
        with pytest.warns(UserWarning, match="ran out after 2 batches"):
            model.fit(X, Y, batch_size=4, steps_per_epoch=3, epochs=4, callbacks=[note], verbose=0)
        assert batches == [0, 1, 2, 0, 1, 0, 1, 2, 0, 1]

    def test_steps_visit_every_row_once(self, backend: str) -> None:
        whole, parts = network(backend), network(backend)
        whole.fit(X, Y, batch_size=4, epochs=2, verbose=0)
        parts.fit(X, Y, batch_size=4, steps_per_epoch=1, epochs=10, verbose=0)
        assert same_weights(whole, parts)

    def test_a_second_fit_goes_on(self, backend: str) -> None:
        once, twice = network(backend, optimizer="adam"), network(backend, optimizer="adam")
        once.fit(X, Y, epochs=4, verbose=0)
        twice.fit(X, Y, epochs=2, verbose=0)
        twice.fit(X, Y, epochs=4, initial_epoch=2, verbose=0)
        assert same_weights(once, twice)

    def test_without_shuffling_rows_come_in_order(self, backend: str) -> None:
        model, by_hand = network(backend), network(backend)
        model.fit(X, Y, batch_size=8, shuffle=False, verbose=0)
        for start in (0, 8, 16):
            by_hand.train_on_batch(X[start : start + 8], Y[start : start + 8])
        assert same_weights(model, by_hand)

    def test_shuffling_changes_from_epoch_to_epoch(self) -> None:
        model = fastnn.Sequential([fastnn.Input((1,)), fastnn.layers.Dense(1)], seed=1)
        model.compile(fastnn.optimizers.SGD(0.0), "mse")
        x = np.arange(8.0)
        losses: list[list[float]] = [[], []]

        def note(batch: int, logs: Any) -> None:
            losses[len(losses[0]) // 8].append(logs["loss"] * (batch + 1))

        model.set_weights([[[0.0]], [0.0]])
        callback = LambdaCallback(on_train_batch_end=note)
        model.fit(x, x, batch_size=1, epochs=2, callbacks=[callback], verbose=0)
        orders = [np.round(np.sqrt(np.diff([0.0, *sums]))) for sums in losses]
        assert sorted(orders[0]) == sorted(orders[1]) == list(range(8))
        assert not np.array_equal(*orders)


class TestValidation:
    def test_split_takes_the_last_rows_and_never_trains_on_them(self, backend: str) -> None:
        """What is in the last 6 of 20 rows changes val_loss, and nothing else."""
        a, b, explicit = network(backend), network(backend), network(backend)
        changed = Y.copy()
        changed[14:] = 100
        one = a.fit(X, Y, validation_split=0.3, epochs=3, verbose=0).history
        two = b.fit(X, changed, validation_split=0.3, epochs=3, verbose=0).history
        three = explicit.fit(
            X[:14], Y[:14], validation_data=(X[14:], Y[14:]), epochs=3, verbose=0
        ).history
        assert same_weights(a, b)
        assert same_weights(a, explicit)
        assert one["loss"] == two["loss"]
        assert one == three
        assert min(two["val_loss"]) > 5000

    def test_val_figures_are_those_of_evaluate(self, backend: str) -> None:
        model = network(backend, metrics=["mse"])
        held_out = regression(11, seed=5)
        history = model.fit(X, Y, validation_data=held_out, validation_batch_size=4, verbose=0)
        found = model.evaluate(*held_out, return_dict=True, verbose=0)
        for name, value in found.items():
            np.testing.assert_allclose(history.history[f"val_{name}"][0], value, rtol=1e-12)

    def test_weights_of_validation_data_count(self, backend: str) -> None:
        model = network(backend)
        weights = np.zeros(20)
        weights[3] = 20.0
        history = model.fit(X, Y, validation_data=(X, Y, weights), verbose=0)
        expected = model.evaluate(X[3:4], Y[3:4], verbose=0)
        np.testing.assert_allclose(history.history["val_loss"], [expected], rtol=1e-6)

    def test_class_weight_does_not_weigh_validation(self, backend: str) -> None:
        """As Keras 3.15.1, which splits first."""
        labels = (np.arange(20) % 2).astype(np.float32)
        arguments: dict[str, Any] = {"activation": "sigmoid", "loss": "binary_crossentropy"}
        model = network(backend, **arguments)
        history = model.fit(
            X, labels, validation_split=0.5, class_weight={0: 1.0, 1: 10.0}, verbose=0
        )
        expected = model.evaluate(X[10:], labels[10:], verbose=0)
        np.testing.assert_allclose(history.history["val_loss"], [expected], rtol=1e-12)

    def test_validation_steps_limit_the_batches(self, backend: str) -> None:
        model = network(backend)
        history = model.fit(
            X, Y, validation_data=(X, Y), validation_batch_size=3, validation_steps=2, verbose=0
        )
        expected = model.evaluate(X[:6], Y[:6], verbose=0)
        np.testing.assert_allclose(history.history["val_loss"], [expected], rtol=1e-6)

    @pytest.mark.parametrize(
        ("frequency", "epochs"),
        [
            (1, [0, 1, 2, 3]),
            (2, [1, 3]),
            (np.int64(3), [2]),
            ([1, 4], [0, 3]),
            (range(2, 4), [1, 2]),
        ],
    )
    def test_validation_freq(self, frequency: Any, epochs: list[int]) -> None:
        seen: list[int] = []

        def note(epoch: int, logs: Any) -> None:
            if "val_loss" in logs:
                seen.append(epoch)

        network().fit(
            X,
            Y,
            validation_split=0.5,
            validation_freq=frequency,
            epochs=4,
            callbacks=[LambdaCallback(on_epoch_end=note)],
            verbose=0,
        )
        assert seen == epochs


class TestWeights:
    def test_class_weight_is_sample_weight(self, backend: str) -> None:
        labels = np.arange(20) % 3
        arguments: dict[str, Any] = {
            "outputs": 3,
            "activation": "softmax",
            "dtype": "float64",
        }
        table = {0: 0.1, 2: 7.0}
        weights = np.array([table.get(int(label), 1.0) for label in labels])
        sparse = network(backend, loss="sparse_categorical_crossentropy", **arguments)
        one_hot = network(backend, loss="categorical_crossentropy", **arguments)
        explicit = network(backend, loss="sparse_categorical_crossentropy", **arguments)
        sparse.fit(X, labels, class_weight=table, epochs=3, verbose=0)
        one_hot.fit(X, np.eye(3)[labels], class_weight=table, epochs=3, verbose=0)
        explicit.fit(X, labels, sample_weight=weights, epochs=3, verbose=0)
        assert largest_difference(sparse, explicit) == 0
        assert largest_difference(one_hot, explicit) < 1e-12

    @pytest.mark.parametrize("reduction", ["sum", "mean_with_sample_weight"])
    def test_an_integer_weight_is_a_repeated_row(self, backend: str, reduction: str) -> None:
        counts = np.random.default_rng(3).integers(0, 4, 20)
        models = [
            network(
                backend,
                dtype="float64",
                loss=fastnn.losses.MeanSquaredError(reduction=reduction),
            )
            for _ in range(2)
        ]
        histories = [
            models[0].fit(
                X, Y, sample_weight=counts, batch_size=99, epochs=5, shuffle=False, verbose=0
            ),
            models[1].fit(
                np.repeat(X, counts, axis=0),
                np.repeat(Y, counts, axis=0),
                batch_size=99,
                epochs=5,
                shuffle=False,
                verbose=0,
            ),
        ]
        assert largest_difference(*models) < 1e-12
        np.testing.assert_allclose(
            histories[0].history["loss"], histories[1].history["loss"], rtol=1e-12
        )

    def test_sum_over_batch_size_divides_by_the_rows_as_keras(self, backend: str) -> None:
        """Keras 3.15.1: weights 1, 1, 0, 0, 0 give Σ w l / 5."""
        model = fastnn.Sequential([fastnn.Input((1,)), fastnn.layers.Dense(1)], backend=backend)
        model.compile("sgd", "mse")
        model.set_weights([[[0.0]], [0.0]])
        y = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
        loss = model.evaluate(y, y, sample_weight=[1, 1, 0, 0, 0], verbose=0)
        assert loss == 1.0


class TestEvaluateAndPredict:
    def test_return_values_as_keras(self, backend: str) -> None:
        plain, measured = network(backend), network(backend, metrics=["mse"])
        assert isinstance(plain.evaluate(X, Y, verbose=0), float)
        loss, mse = measured.evaluate(X, Y, verbose=0)
        assert measured.evaluate(X, Y, return_dict=True, verbose=0) == {"loss": loss, "mse": mse}
        assert measured.metrics_names == ["loss", "mse"]
        assert loss == pytest.approx(mse)

    @pytest.mark.parametrize("batch_size", [1, 7, 20, 100])
    def test_batch_size_does_not_matter(self, backend: str, batch_size: int) -> None:
        model = network(backend)
        np.testing.assert_allclose(
            model.evaluate(X, Y, batch_size=batch_size, verbose=0),
            model.evaluate(X, Y, verbose=0),
            rtol=1e-7,
        )
        np.testing.assert_allclose(
            model.predict(X, batch_size=batch_size, verbose=0),
            model.predict(X, verbose=0),
            rtol=1e-6,
        )

    def test_steps(self, backend: str) -> None:
        model = network(backend)
        assert model.evaluate(X, Y, batch_size=3, steps=2, verbose=0) == model.evaluate(
            X[:6], Y[:6], batch_size=3, verbose=0
        )
        assert model.predict(X, batch_size=3, steps=2, verbose=0).shape == (6, 1)

    def test_without_a_loss_metrics_can_be_evaluated(self) -> None:
        model = network(loss=None, metrics=["mse"])
        with pytest.raises(StateError, match="without a loss"):
            model.fit(X, Y, verbose=0)
        assert model.evaluate(X, Y, verbose=0) == pytest.approx(network().evaluate(X, Y, verbose=0))
