"""Embedding, CategoryEncoding and Discretization: ids in, vectors out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn.errors import ArgumentError, DataError, StateError
from fastnn.layers import CategoryEncoding, Dense, Discretization, Embedding, Flatten, Identity

IDS = np.random.default_rng(0).integers(0, 7, size=(40, 3))
Y = (IDS[:, :1] % 2).astype(np.float32)


def network(backend: str = "auto", **arguments: Any) -> fastnn.Sequential:
    made = fastnn.Sequential(
        [fastnn.Input((3,), dtype="int32"), Embedding(7, 4, **arguments), Flatten(), Dense(1)],
        seed=1,
        backend=backend,
    )
    made.compile("sgd", "mse")
    return made


def test_an_embedding_is_a_table(backend: str) -> None:
    made = network(backend)
    table = made.layers[0].get_weights()[0]
    part = fastnn.Sequential(made.layers[:1], backend=backend)
    np.testing.assert_array_equal(part.predict(IDS, verbose=0), table[IDS])
    np.testing.assert_array_equal(made.layers[0](IDS), table[IDS])


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "float64", "float16"])
def test_ids_of_any_type(dtype: str) -> None:
    made = network()
    expected = made.predict(IDS, verbose=0)
    np.testing.assert_array_equal(made.predict(IDS.astype(dtype), verbose=0), expected)
    np.testing.assert_array_equal(made.predict(IDS[:2].astype(dtype), verbose=0), expected[:2])


def test_penalties_and_constraints(backend: str) -> None:
    made = network(
        backend,
        embeddings_regularizer=fastnn.regularizers.L1(0.5),
        embeddings_constraint="non_neg",
        activity_regularizer=fastnn.regularizers.L2(0.25),
    )
    layer = made.layers[0]
    table = layer.get_weights()[0]
    found = made.evaluate(IDS, Y, batch_size=40, verbose=0)
    plain = np.mean((made.predict(IDS, verbose=0) - Y) ** 2)
    activity = 0.25 * np.sum(table[IDS] ** 2) / 40
    np.testing.assert_allclose(found, plain + 0.5 * np.abs(table).sum() + activity, rtol=1e-5)
    made.fit(IDS, Y, verbose=0)
    assert layer.get_weights()[0].min() == 0.0
    again = fastnn.layers.deserialize(fastnn.layers.serialize(layer))
    assert again.get_config() == layer.get_config()
    assert again.embeddings_constraint.__class__ is fastnn.constraints.NonNeg


def test_only_rows_that_occur_are_trained(backend: str) -> None:
    made = network(backend)
    before = made.layers[0].get_weights()[0]
    x = np.where(IDS == 5, 4, IDS)
    made.fit(x, Y, verbose=0)
    changed = np.any(made.layers[0].get_weights()[0] != before, axis=1)
    assert changed.tolist() == [True, True, True, True, True, False, True]


@pytest.mark.parametrize("first", [Embedding(7, 2), CategoryEncoding(7)], ids=lambda x: x.name)
@pytest.mark.parametrize("bad", [7, -1, 0.5])
def test_an_id_out_of_range_is_named(first: Any, bad: float) -> None:
    made = fastnn.Sequential([fastnn.Input((3,)), first, Flatten(), Dense(1)])
    made.compile("sgd", "mse")
    x = IDS.astype(float)
    x[9, 1] = bad
    calls = [
        lambda: made.fit(x, Y, shuffle=True, verbose=0),
        lambda: made.predict(x[:10], verbose=0),
        lambda: made.evaluate(x, Y, verbose=0),
    ]
    for call in calls:
        message = rf"x, row 9: {bad:g} is not an id of the first layer.* from 0 to 6"
        with pytest.raises(DataError, match=message):
            call()


def test_ids_have_no_gradient() -> None:
    assert "input" not in network().gradients(IDS, Y)
    made = fastnn.Sequential([fastnn.Input((3,)), Identity(), Embedding(7, 2), Flatten(), Dense(1)])
    made.compile("sgd", "mse")
    assert next(iter(made.gradients(IDS, Y))).endswith("embeddings")


def test_embedding_files_and_weights(tmp_path: Path) -> None:
    table = np.random.default_rng(1).normal(size=(7, 4))
    made = network(weights=table)
    np.testing.assert_allclose(made.layers[0].embeddings.numpy(), table, rtol=1e-6)
    made.save(tmp_path / "m.fastnn")
    loaded = fastnn.saving.load_model(tmp_path / "m.fastnn")
    np.testing.assert_array_equal(loaded.predict(IDS, verbose=0), made.predict(IDS, verbose=0))
    with pytest.raises(AttributeError, match="has no embeddings yet"):
        _ = Embedding(3, 2).embeddings


def test_category_encoding() -> None:
    x = np.array([[1, 1, 3], [0, 2, 2]])
    count = [[0, 2, 0, 1], [1, 0, 2, 0]]
    assert CategoryEncoding(4, "count")(x).tolist() == count
    assert CategoryEncoding(4)(x).tolist() == (np.array(count) > 0).tolist()
    assert CategoryEncoding(4, "binary").output_mode == "multi_hot"
    hot = CategoryEncoding(4, "one_hot")
    np.testing.assert_array_equal(hot(x), np.eye(4)[x])
    np.testing.assert_array_equal(hot(x[:, :1]), np.eye(4)[x[:, 0]])


def test_counts_may_be_weighted() -> None:
    class Weighted(CategoryEncoding):
        def call(self, inputs: Any, count_weights: Any = None) -> Any:
            return super().call(inputs, count_weights=inputs * 0.5)

    assert Weighted(4, "count")([[1, 1, 3]]).tolist() == [[0.0, 1.0, 0.0, 1.5]]
    with pytest.raises(ArgumentError, match="count_weights with output_mode='multi_hot'"):
        Weighted(4)([[1]])


def test_discretization(tmp_path: Path) -> None:
    x = np.array([[-1.5, 1.0, 3.4, 0.5], [0.0, 3.0, 1.3, 0.0]])
    layer = Discretization([0.0, 1.0, 2.0])
    np.testing.assert_array_equal(layer(x), np.digitize(x, [0.0, 1.0, 2.0]))
    hot = Discretization([0.0, 1.0, 2.0], output_mode="one_hot")
    np.testing.assert_array_equal(hot(x), np.eye(4)[np.digitize(x, [0.0, 1.0, 2.0])])
    adapted = Discretization(num_bins=3)
    with pytest.raises(StateError, match="no boundaries yet"):
        adapted(x)
    adapted.adapt(np.arange(30.0))
    before = adapted(x)
    made = fastnn.Sequential([fastnn.Input((4,)), adapted])
    made.predict(x, verbose=0)
    adapted.adapt([np.arange(4.0), np.arange(5.0)])
    assert np.any(adapted(x) != before)
    np.testing.assert_array_equal(made.predict(x, verbose=0), adapted(x))
    made.save(tmp_path / "m.fastnn")
    loaded = fastnn.saving.load_model(tmp_path / "m.fastnn")
    assert loaded.layers[0].bin_boundaries == adapted.bin_boundaries
    assert loaded.layers[0].get_config() == adapted.get_config()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Embedding(0, 2), ArgumentError, "input_dim=0, expected a positive integer"),
        (lambda: CategoryEncoding(), ArgumentError, "num_tokens is missing"),
        (lambda: CategoryEncoding(3, "multi"), ArgumentError, "'one_hot', 'multi_hot', 'count'"),
        (lambda: Discretization(), ArgumentError, "received none of bin_boundaries and num_bins"),
        (lambda: Discretization([0.0], 2), ArgumentError, "received both of bin_boundaries"),
        (lambda: Discretization([1.0, 0.0]), ArgumentError, "expected ascending finite numbers"),
        (lambda: Discretization([0.0]).adapt([1.0]), StateError, "was made with bin_boundaries"),
    ],
)
def test_mistakes(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()
