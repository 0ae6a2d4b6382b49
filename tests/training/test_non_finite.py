"""NaN and infinity: in the data they are errors that name the row of the user's array; a loss or a
weight that is not finite stops training and leaves finite weights behind.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn.errors import DataError, NonFiniteLossError
from tests.support.networks import network, regression, watched_epochs


class TestNonFinite:
    """A NaN loss stops training and leaves finite weights."""

    X = np.array([[1.0], [2.0], [3.0], [4.0]])

    def model(self, backend: str, rate: float = 1e20, **arguments: Any) -> fastnn.Sequential:
        """Diverges: y = w x with an absurd learning rate."""
        model = fastnn.Sequential(
            [fastnn.Input((1,)), fastnn.layers.Dense(1)], seed=1, backend=backend
        )
        model.compile(fastnn.optimizers.SGD(rate, **arguments), "mse")
        return model

    def test_names_epoch_and_batch(self, backend: str) -> None:
        model = self.model(backend)
        with pytest.raises(
            NonFiniteLossError, match=r"the loss became (NaN|infinite) in epoch 1, batch 2\. "
        ):
            model.fit(self.X, self.X, batch_size=2, epochs=3, verbose=0)
        assert model.optimizer.iterations == 1
        assert all(np.isfinite(w).all() for w in model.get_weights())

    @pytest.mark.parametrize("callbacks", [[], [watched_epochs()]])
    def test_names_the_epoch_of_a_long_window(self, backend: str, callbacks: list[Any]) -> None:
        model = self.model(backend)
        with pytest.raises(NonFiniteLossError, match=r"in epoch 6, batch 1\. "):
            model.fit(
                self.X,
                self.X,
                initial_epoch=4,
                epochs=9,
                batch_size=4,
                callbacks=callbacks,
                verbose=0,
            )
        assert model.history is not None
        assert model.history.epoch == [4]

    def test_weights_that_overflow_in_the_last_step(self, backend: str) -> None:
        model = self.model(backend, rate=1e38)
        before = model.get_weights()
        with pytest.raises(NonFiniteLossError, match="last steps of epoch 1 made weights NaN"):
            model.fit(self.X * 1e3, self.X * -1e3, batch_size=4, verbose=0)
        for one, other in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)

    def test_training_can_go_on_afterwards(self, backend: str) -> None:
        model = self.model(backend, rate=1e38, momentum=0.9)
        with pytest.raises(NonFiniteLossError, match="optimizer starts anew"):
            model.fit(self.X * 1e3, self.X * -1e3, epochs=3, verbose=0)
        model.optimizer.learning_rate = 0.01
        losses = model.fit(self.X, self.X, epochs=5, verbose=0).history["loss"]
        assert np.isfinite(losses).all()
        assert losses[-1] < losses[0]

    def test_going_on_regardless(self, backend: str) -> None:
        model = self.model(backend, rate=1e38)
        history = model.fit(
            self.X * 1e3, self.X * -1e3, epochs=3, terminate_on_nan=False, verbose=0
        )
        assert len(history.epoch) == 3
        assert not np.isfinite(history.history["loss"][-1])

    def test_one_batch_alone(self, backend: str) -> None:
        model = self.model(backend, rate=1e38)
        model.train_on_batch(self.X * 1e3, self.X * -1e3)
        with pytest.raises(NonFiniteLossError, match="were not finite before it either"):
            model.train_on_batch(self.X, self.X)


class TestRowsInMessages:
    """The row of the user's array, also when rows are shuffled, converted or split off."""

    @pytest.mark.parametrize("dtype", ["f4", ">f4", "f8", "f2"])
    @pytest.mark.parametrize("shuffle", [True, False])
    @pytest.mark.parametrize("split", [0.0, 0.25])
    @pytest.mark.parametrize("row", [0, 17, 59])
    def test_of_x(self, dtype: str, shuffle: bool, split: float, row: int) -> None:
        x, y = regression(60)
        x = x.astype(dtype)
        x[row, 1] = np.nan
        model = network()
        with pytest.raises(DataError, match=rf"^x, row {row} contains NaN"):
            model.fit(x, y, batch_size=7, shuffle=shuffle, validation_split=split, verbose=0)
        for call in (lambda: model.evaluate(x, y, verbose=0), lambda: model.predict(x, verbose=0)):
            with pytest.raises(DataError, match=rf"^x, row {row} contains NaN"):
                call()

    def test_of_the_other_arrays(self, backend: str) -> None:
        x, y = regression(30)
        bad, weights = y.copy(), np.ones(30)
        bad[21] = np.inf
        weights[13] = -np.inf
        model = network(backend)
        with pytest.raises(DataError, match=r"^y, row 21 contains infinity"):
            model.fit(x, bad, verbose=0)
        with pytest.raises(DataError, match=r"^sample_weight, row 13 contains -infinity"):
            model.fit(x, y, sample_weight=weights, verbose=0)
        with pytest.raises(DataError, match=r"^validation_data: y, row 21 contains infinity"):
            model.fit(x, y, validation_data=(x, bad), verbose=0)
        with pytest.raises(DataError, match=r"^validation_data: sample_weight, row 13 "):
            model.fit(x, y, validation_data=(x, y, weights), verbose=0)
