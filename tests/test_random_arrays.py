"""Arrays of ``fastnn.random``: distributions, seeds, what happens inside a layer's ``call``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn import ops, random
from fastnn.errors import ArgumentError, UnsupportedError
from fastnn.utils import set_random_seed

MANY = (40_000,)
# a draw, its mean and its variance
DRAWS: dict[str, tuple[Any, float, float]] = {
    "uniform": (lambda **k: random.uniform(MANY, -1.0, 3.0, **k), 1.0, 16 / 12),
    "normal": (lambda **k: random.normal(MANY, 2.0, 0.5, **k), 2.0, 0.25),
    # of a normal distribution cut at two deviations: 0.7737
    "truncated_normal": (lambda **k: random.truncated_normal(MANY, 1.0, 2.0, **k), 1.0, 3.095),
    "randint": (lambda **k: random.randint(MANY, -2, 3, **k), 0.0, 2.0),
    "beta": (lambda **k: random.beta(MANY, 2.0, 6.0, **k), 0.25, 12 / (64 * 9)),
    "gamma": (lambda **k: random.gamma(MANY, 3.0, **k), 3.0, 3.0),
    "binomial": (lambda **k: random.binomial(MANY, 10, 0.3, **k), 3.0, 2.1),
    "categorical": (
        lambda **k: random.categorical(np.log([[0.2, 0.3, 0.5]]), MANY[0], **k)[0],
        1.3,
        0.61,
    ),
    "dropout": (lambda **k: random.dropout(np.ones(MANY), 0.25, **k), 1.0, 1 / 3),
}


@pytest.mark.parametrize("name", DRAWS)
def test_mean_and_variance(name: str) -> None:
    draw, mean, variance = DRAWS[name]
    found = np.asarray(draw(seed=5), np.float64)
    assert found.shape == MANY
    assert abs(found.mean() - mean) < 5 * np.sqrt(variance / MANY[0])
    assert found.var() == pytest.approx(variance, rel=0.05)


@pytest.mark.parametrize("name", DRAWS)
def test_seeds(name: str) -> None:
    draw = DRAWS[name][0]
    np.testing.assert_array_equal(draw(seed=5), draw(seed=5))
    generator, again = random.SeedGenerator(5), random.SeedGenerator(5)
    first, second = draw(seed=generator), draw(seed=generator)
    assert (first != second).any()
    np.testing.assert_array_equal(draw(seed=again), first)
    np.testing.assert_array_equal(draw(seed=again), second)
    assert (draw() != draw()).any()
    set_random_seed(3)
    drawn = draw()
    set_random_seed(3)
    np.testing.assert_array_equal(draw(), drawn)


def test_types() -> None:
    assert random.uniform((2, 3)).dtype == np.float32
    assert random.normal((2, 3), dtype="float64").dtype == np.float64
    assert random.randint((2,), 0, 9).dtype == np.int32
    assert random.shuffle(np.arange(4, dtype=np.int16)).dtype == np.int16
    with pytest.raises(ArgumentError, match="received dtype='int32', expected 'float32'"):
        random.uniform((2,), dtype="int32")
    with pytest.raises(ArgumentError, match="expected minval below maxval"):
        random.randint((2,), 3, 3)
    with pytest.raises(ArgumentError, match=r"SeedGenerator: received seed=1\.5"):
        random.SeedGenerator(1.5)
    assert random.SeedGenerator.from_config(random.SeedGenerator(3).get_config())._seed == 3


def test_shuffle_moves_whole_rows() -> None:
    x = np.arange(40.0).reshape(20, 2)
    rows = random.shuffle(x, seed=1)
    assert (rows != x).any()
    np.testing.assert_array_equal(rows[:, 1] - rows[:, 0], 1.0)
    np.testing.assert_array_equal(np.sort(rows, 0), x)
    columns = random.shuffle(x.T, axis=1, seed=1)
    np.testing.assert_array_equal(columns, rows.T)


class Noisy(fastnn.layers.Layer):
    """Noise as in Keras's guides, from ``keras.random`` in ``call``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seeds = random.SeedGenerator(1337)

    def call(self, x: Any, training: bool = False) -> Any:
        if not training:
            return x
        x = random.dropout(x, 0.5, seed=self.seeds)
        x = x + random.normal(ops.shape(x), mean=5.0, stddev=0.1, seed=self.seeds)
        return x + random.uniform(x.shape, 10.0, 20.0, seed=self.seeds)


def test_tensors_are_drawn_anew_in_every_step(backend: str) -> None:
    model = fastnn.Sequential([fastnn.Input((50,)), Noisy()], backend=backend, seed=1)
    seen: list[np.ndarray] = []

    def keep(y_true: Any, y_pred: Any) -> Any:
        return ops.mean(y_pred, axis=-1)

    model.compile("sgd", keep)
    x = np.ones((64, 50), np.float32)
    history = model.fit(x, x, batch_size=32, epochs=3, verbose=0, shuffle=False)
    seen = history.history["loss"]
    assert len(set(seen)) == 3
    np.testing.assert_allclose(seen, 1 + 5 + 15, atol=0.3)
    np.testing.assert_array_equal(model.predict(x, verbose=0), x)


def test_numbers_that_would_be_drawn_once_are_refused() -> None:
    class Fixed(fastnn.layers.Layer):
        def call(self, x: Any) -> Any:
            return x + random.normal((3,))

    class Other(fastnn.layers.Layer):
        def call(self, x: Any) -> Any:
            return x + random.gamma(ops.shape(x), 2.0)

    with pytest.raises(UnsupportedError, match="the same numbers would serve every step"):
        fastnn.Sequential([fastnn.Input((3,)), Fixed()])
    with pytest.raises(UnsupportedError, match="gamma: received a shape with the size of the b"):
        fastnn.Sequential([fastnn.Input((3,)), Other()])


class Started(fastnn.layers.Layer):
    """``build`` runs once, so numbers may be drawn there."""

    def build(self, input_shape: Any) -> None:
        values = random.normal((input_shape[-1],), seed=2)
        self.scale = self.add_weight(
            shape=(input_shape[-1],), initializer=lambda shape, dtype=None: values
        )

    def call(self, x: Any) -> Any:
        return x * self.scale


def test_weights_may_be_drawn_in_build() -> None:
    model = fastnn.Sequential([fastnn.Input((3,)), Started()])
    np.testing.assert_array_equal(model.get_weights()[0], random.normal((3,), seed=2))
