"""What stands for x and y: lists of one array as in Keras, class weights, how many steps callbacks
are told of. The messages for what is refused are in ``test_data_messages.py``.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn.callbacks import Callback
from fastnn.utils import PyDataset
from tests.support.networks import network, regression, same_weights

X, Y = regression(12)
LABELS = np.arange(12) % 3


class Cut(PyDataset):
    """Three batches of four rows."""

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> Any:
        return X[4 * index : 4 * index + 4], Y[4 * index : 4 * index + 4]


class TestListsOfOneArray:
    """``fit([x], [y])``: a list of inputs in Keras."""

    def test_they_are_the_array(self) -> None:
        one, other = network(), network()
        one.fit(X, Y, verbose=0)
        other.fit([X], [Y], verbose=0, validation_data=([X], [Y]))
        assert same_weights(one, other)
        assert other.evaluate([X], (Y,), verbose=0) == one.evaluate(X, Y, verbose=0)
        for found in (other.predict([X], verbose=0), other([X]), other.predict_on_batch([X])):
            np.testing.assert_array_equal(found, one.predict(X, verbose=0))
        assert other.train_on_batch([X], [Y]) == one.train_on_batch(X, Y)
        one.fit(iter([(X, Y)]), verbose=0)
        other.fit(iter([([X], [Y])]), verbose=0)
        assert same_weights(one, other)

    def test_a_model_without_shape_is_built_from_the_array(self) -> None:
        model = fastnn.Sequential([fastnn.layers.Dense(1)])
        model.compile("sgd", "mse")
        model.fit([X], [Y], verbose=0)
        assert model.input_shape == (None, 3)

    def test_lists_of_rows_stay_lists_of_rows(self) -> None:
        one, other = network(), network()
        one.fit(X, Y, verbose=0)
        other.fit(list(X), list(Y), verbose=0)
        assert same_weights(one, other)
        image = fastnn.Sequential([fastnn.Input((12, 3)), fastnn.layers.Flatten()])
        assert image.predict([X], verbose=0).shape == (1, 36)
        assert image.predict([X, X], verbose=0).shape == (2, 36)


class TestClassWeight:
    def model(self) -> fastnn.Sequential:
        return network(
            outputs=3, activation="softmax", loss="sparse_categorical_crossentropy", dtype="float64"
        )

    @pytest.mark.parametrize("keys", [int, float, np.int64, np.uint8])
    def test_keys_of_any_number(self, keys: Any) -> None:
        weights = [1.0, 2.0, 0.5]
        one, other = self.model(), self.model()
        one.fit(X, LABELS, sample_weight=np.array(weights)[LABELS], verbose=0)
        other.fit(X, LABELS, class_weight={keys(c): weights[c] for c in range(3)}, verbose=0)
        assert same_weights(one, other)

    def test_balanced_as_the_message_says(self) -> None:
        y = np.array([0] * 9 + [1] * 2 + [2])
        counts = np.bincount(y)
        weights = dict(enumerate(len(y) / (len(counts) * counts)))
        assert weights == {0: 12 / 27, 1: 2.0, 2: 4.0}
        one, other = self.model(), self.model()
        one.fit(X, y, class_weight=weights, verbose=0)
        other.fit(X, y, sample_weight=np.array([*weights.values()])[y], verbose=0)
        assert same_weights(one, other)

    def test_classes_that_do_not_occur_warn(self) -> None:
        """As when classes are counted from 1; Keras ignores such weights."""
        with pytest.warns(UserWarning, match=r"no row of y is of: 3\. .*from 0") as caught:
            self.model().fit(X, LABELS, class_weight={1: 1.0, 2: 2.0, 3: 3.0}, verbose=0)
        assert caught[0].filename == __file__
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            self.model().train_on_batch(X[:1], LABELS[:1], class_weight={0: 1.0, 1: 2.0})
            self.model().fit(iter([(X[:1], LABELS[:1])]), class_weight={1: 2.0}, verbose=0)
        assert not caught


@pytest.mark.parametrize("source", ["arrays", "dataset"])
def test_steps_that_callbacks_are_told(source: str) -> None:
    """As in Keras, whose evaluate and predict count them too."""

    class Note(Callback):
        told: list[Any] = []  # noqa: RUF012 - of one test

        def on_test_begin(self, logs: Any = None) -> None:
            assert self.params is not None
            Note.told.append(self.params["steps"])

        on_predict_begin = on_test_begin

    model, note = network(), Note()
    data: dict[str, Any] = {"x": Cut()} if source == "dataset" else {"x": X, "batch_size": 5}
    targets = {} if source == "dataset" else {"y": Y}
    for limit in ({}, {"steps": 2}):
        model.evaluate(**data, **targets, **limit, callbacks=[note], verbose=0)
        model.predict(**data, **limit, callbacks=[note], verbose=0)
    assert Note.told == [3, 3, 2, 2]
