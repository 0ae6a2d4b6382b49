"""What a Sequential model is: its layers, building, weights, configuration and summary."""

from __future__ import annotations

import contextlib
import io
import json
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn import layers
from fastnn.errors import ArgumentError, ShapeError, StateError
from fastnn.models import Sequential
from tests.support.networks import network, regression, same_weights

X = regression(6)[0]


def stack(**arguments: Any) -> Sequential:
    """3 → 4 → 2, with names."""
    made = [fastnn.Input((3,)), layers.Dense(4, "relu", name="h"), layers.Dense(2, name="o")]
    return Sequential(made, seed=1, **arguments)


class TestAddAndPop:
    def test_one_by_one_is_a_list(self) -> None:
        model = Sequential(seed=1)
        for layer in (fastnn.Input((3,)), layers.Dense(4, "relu"), layers.Dense(2)):
            model.add(layer)
        assert same_weights(model, stack())
        assert [type(layer).__name__ for layer in model.layers] == ["Dense", "Dense"]
        assert (model.input_shape, model.output_shape) == ((None, 3), (None, 2))

    @pytest.mark.parametrize(
        "first", [{"input_shape": (3,)}, {"input_dim": 3}, {"batch_input_shape": (None, 3)}]
    )
    def test_old_spellings_of_the_input(self, first: dict[str, Any]) -> None:
        model = Sequential([layers.Dense(4, "relu", **first), layers.Dense(2)], seed=1)
        assert model.built
        assert same_weights(model, stack())

    def test_keeps_the_weights_that_are_there(self, backend: str) -> None:
        model = stack(backend=backend)
        before = model.get_weights()
        hidden = np.maximum(X @ before[0] + before[1], 0) @ before[2] + before[3]
        model.add(layers.Dense(1, use_bias=False))
        for one, other in zip(before, model.get_weights(), strict=False):
            np.testing.assert_array_equal(one, other)
        expected = hidden @ model.get_weights()[4]
        np.testing.assert_allclose(model.predict(X, verbose=0), expected, atol=1e-6)

    def test_pop_takes_the_last_layer_off(self, backend: str) -> None:
        model = stack(backend=backend)
        model.predict(X, verbose=0)
        assert model.pop().name == "o"
        assert (model.output_shape, model.count_params()) == ((None, 4), 16)
        assert model.predict(X, verbose=0).shape == (6, 4)
        model.add(layers.Dense(5))
        assert model.predict(X, verbose=0).shape == (6, 5)

    def test_pop_of_everything(self) -> None:
        model = stack()
        model.pop()
        model.pop()
        assert (model.layers, model.weights) == ([], [])
        with pytest.raises(StateError, match="has no layer to pop"):
            model.pop()
        model.add(layers.Dense(7))
        assert model.output_shape == (None, 7)

    def test_a_layer_that_does_not_fit_is_not_part_of_the_model(self) -> None:
        taken = layers.Dense(2)
        Sequential([fastnn.Input((9,)), taken])
        model = stack()
        with pytest.raises(ShapeError, match=r"\(batch, 9\), received \(batch, 2\)"):
            model.add(taken)
        assert [layer.name for layer in model.layers] == ["h", "o"]
        assert model.predict(X, verbose=0).shape == (6, 2)

    def test_slots_of_the_optimizer_stay_with_their_weights(self, backend: str) -> None:
        """Adam's averages survive that a layer is added, and taken off again."""
        model = network(backend, optimizer="adam")
        x, y = regression(20)
        model.fit(x, y, epochs=2, verbose=0)
        _, before = model.get_training_state()
        assert all(np.any(array != 0) for array in before.values())
        model.add(layers.Dense(1, name="c"))
        _, after = model.get_training_state()
        assert set(after) == set(before) | {"m/c/kernel", "m/c/bias", "v/c/kernel", "v/c/bias"}
        for name, array in after.items():
            np.testing.assert_array_equal(array, before.get(name, np.zeros_like(array)))
        model.fit(x, y, verbose=0)
        model.pop()
        twin = network(backend, optimizer="adam")
        twin.set_weights(model.get_weights())
        twin.set_training_state(*model.get_training_state())
        for one in (model, twin):
            one.fit(x, y, epochs=2, verbose=0)
            one.get_training_state()
            one.fit(x, y, verbose=0)
        assert same_weights(model, twin)
        for one_array, other in zip(
            model.get_training_state()[1].values(),
            twin.get_training_state()[1].values(),
            strict=True,
        ):
            np.testing.assert_array_equal(one_array, other)


class TestBuild:
    def test_from_a_shape_from_data_and_from_an_input(self, backend: str) -> None:
        def make() -> Sequential:
            return Sequential([layers.Dense(4, "relu"), layers.Dense(2)], seed=1, backend=backend)

        built, called, predicted, fitted = make(), make(), make(), make()
        built.build((None, 3))
        called(X)
        predicted.predict(X, verbose=0)
        fitted.compile(fastnn.optimizers.SGD(0.0), "mse")
        fitted.fit(X, np.zeros((6, 2)), verbose=0)
        for model in (built, called, predicted, fitted):
            assert model.count_params() == stack().count_params() == 26
            assert same_weights(model, stack())

    def test_a_second_shape_is_refused_and_changes_nothing(self) -> None:
        model = stack()
        with pytest.raises(ShapeError, match=r"expected inputs of shape \(batch, 3\)"):
            model.build((None, 4))
        assert model.predict(X, verbose=0).shape == (6, 2)

    @pytest.mark.parametrize("method", ["count_params", "get_weights", "build"])
    def test_without_an_input_shape(self, method: str) -> None:
        model = Sequential([layers.Dense(2)])
        assert not model.built
        with pytest.raises(StateError, match="does not know its input shape"):
            getattr(model, method)()

    def test_without_layers(self) -> None:
        with pytest.raises(StateError, match="has no layers"):
            Sequential().predict(X, verbose=0)

    def test_one_dtype(self) -> None:
        assert stack(dtype="float64").predict(X, verbose=0).dtype == np.float64
        with pytest.raises(ArgumentError, match="different dtypes: float32, float64"):
            Sequential([fastnn.Input((3,)), layers.Dense(2), layers.Dense(2, dtype="float64")])

    def test_floatx_counts_when_the_layers_are_made(self) -> None:
        fastnn.config.set_floatx("float64")
        try:
            model = stack()
        finally:
            fastnn.config.set_floatx("float32")
        assert {w.dtype.name for w in model.get_weights()} == {"float64"}


class TestWeights:
    def test_of_the_model_are_those_of_its_layers_in_order(self) -> None:
        model = stack()
        assert [v.path for v in model.weights] == ["h/kernel", "h/bias", "o/kernel", "o/bias"]
        hidden, out = model.layers
        assert model.weights == [hidden.kernel, hidden.bias, out.kernel, out.bias]

    def test_are_set_all_or_none(self) -> None:
        model = stack()
        before = model.get_weights()
        good = [np.ones_like(w) for w in before]
        for bad, message in (
            (good[:3], "has 4 weights, received 3 arrays"),
            (
                [*good[:3], np.ones(7)],
                r"'o/bias' has shape \(2,\), received an array of shape \(7,\)",
            ),
            ([*good[:3], ["a", "b"]], "dtype <U1, which is not a number"),
        ):
            with pytest.raises(ShapeError, match=message):
                model.set_weights(bad)
        for one, other in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)

    def test_of_a_layer(self) -> None:
        model = stack()
        model.layers[1].set_weights([np.full((4, 2), 2.0), [1.0, 2.0]])
        np.testing.assert_array_equal(model.get_weights()[3], [1, 2])
        model.layers[1].bias.assign([5, 6])
        np.testing.assert_array_equal(model.get_weights()[3], [5, 6])


class TestGetLayer:
    def test_by_name_and_position(self) -> None:
        model = stack()
        assert model.get_layer("o") is model.layers[1]
        assert model.get_layer(index=0) is model.layers[0]
        assert model.get_layer(index=-1) is model.layers[1]

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"name": "hh"}, "no layer is called 'hh'. Did you mean 'h'"),
            ({"index": 2}, "index 2 is out of range; the model has 2 layers"),
            ({}, "pass either name= or index="),
            ({"name": "h", "index": 0}, "pass either name= or index="),
        ],
    )
    def test_refuses(self, arguments: dict[str, Any], message: str) -> None:
        with pytest.raises(ArgumentError, match=message):
            stack().get_layer(**arguments)


class TestConfiguration:
    def test_round_trip(self, backend: str) -> None:
        model = stack(name="net", backend=backend, dtype="float64")
        config = json.loads(json.dumps(model.get_config()))
        twin = Sequential.from_config(config)
        assert twin.get_config() == model.get_config()
        assert same_weights(model, twin)  # the seed is part of the configuration

    def test_of_an_unbuilt_model(self) -> None:
        twin = Sequential.from_config(Sequential([layers.Dense(3)]).get_config())
        assert not twin.built
        assert twin.layers[0].units == 3

    def test_built_by_data(self) -> None:
        model = Sequential([layers.Dense(3)], seed=4)
        model(X)
        twin = Sequential.from_config(model.get_config())
        assert same_weights(model, twin)

    def test_to_json(self) -> None:
        text = stack().to_json(indent=2)
        assert json.loads(text)["class_name"] == "Sequential"
        assert '\n  "config"' in text

    def test_automatic_names_are_those_of_keras(self) -> None:
        names = [layers.Dense(1).name for _ in range(2)] + [layers.InputLayer((1,)).name]
        first, second, third = names
        assert first.startswith("dense")
        assert second == f"dense_{int(first.partition('_')[2] or 0) + 1}"
        assert third.startswith("input_layer")
        assert layers.Dense(1, name="mine").name == "mine"


class TestSummary:
    """25: a summary says what is missing, and the counts do not depend on how a model was built."""

    def lines(self, model: Sequential, **arguments: Any) -> str:
        found: list[str] = []
        model.summary(print_fn=found.append, **arguments)
        return "\n".join(found)

    def test_25_before_the_input_is_known(self) -> None:
        text = self.lines(Sequential([layers.Dense(2, name="d")], name="net"))
        assert 'Model: "net"' in text
        assert "d (Dense)" in text
        assert "?" in text
        assert "0 (unbuilt)" in text
        assert "The model is not built: it does not know its input shape yet." in text
        assert "params:" not in text

    def test_25_after_build_and_after_input(self) -> None:
        late = Sequential(
            [layers.Dense(4, "relu", name="h"), layers.Dense(2, name="o")], name="net"
        )
        late.build((None, 3))
        text = self.lines(stack(name="net"))
        assert self.lines(late) == text
        assert "h (Dense)" in text
        assert "(None, 4)" in text
        assert "Total params: 26 (104.00 B)" in text
        assert "Non-trainable params: 0 (0.00 B)" in text

    def test_25_frozen_layers(self) -> None:
        model = stack()
        model.layers[0].trainable = False
        text = self.lines(model)
        assert "Trainable params: 10 (40.00 B)" in text
        assert "Non-trainable params: 16 (64.00 B)" in text

    def test_width_and_print(self, capsys: pytest.CaptureFixture[str]) -> None:
        stack().summary(line_length=60)
        printed = capsys.readouterr().out.splitlines()
        assert {len(line) for line in printed if line[:1] in "┌│├└"} <= {57, 58, 59, 60}

    def test_unsupported_arguments(self) -> None:
        with pytest.raises(ArgumentError, match="'positions' is not supported"):
            stack().summary(positions=[0.5, 1.0])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Sequential(layers.Dense(2)), "layers must be a list of layers, received Dense"),
        (lambda: Sequential([layers.Dense]), "Write a pair of parentheses behind the class"),
        (lambda: Sequential(["dense"]), "expected a layer, received 'dense'"),
        (lambda: Sequential([layers.Dense(1, name="a")] * 2), "are called 'a'"),
        (lambda: Sequential([], foo=1), "unknown argument 'foo'"),
        (lambda: Sequential([], seed=-1), "seed=-1"),
        (lambda: Sequential([], dtype="float16"), "'float16'"),
        (lambda: Sequential([], backend="cc"), "unknown backend 'cc'. Did you mean 'c'"),
        (lambda: stack().add(fastnn.Input((3,))), "must be the first layer"),
    ],
)
def test_mistakes(make: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        make()


def test_a_model_cannot_contain_itself() -> None:
    model = stack()
    with pytest.raises(ArgumentError, match="cannot contain itself"):
        model.add(model)


@pytest.mark.parametrize(("encoding", "name"), [("ascii", "gr\\xf6\\xdfe"), ("cp1252", "größe")])
def test_summary_where_the_frame_cannot_be_shown(encoding: str, name: str) -> None:
    written = io.BytesIO()
    output = io.TextIOWrapper(written, encoding, write_through=True)
    with contextlib.redirect_stdout(output):
        Sequential([layers.Input((2,)), layers.Dense(1, name="größe")]).summary()
    text = written.getvalue().decode(encoding)
    assert f"| {name} (Dense)" in text
    assert "+--" in text
