"""Data that comes batch by batch trains, evaluates and predicts bit for bit like the same rows in
arrays, in few native calls, and says by batch and row what is wrong with it.
"""

from __future__ import annotations

import itertools
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn.callbacks import Callback, LambdaCallback
from fastnn.errors import ArgumentError, DataError, NonFiniteLossError, ShapeError
from fastnn.training import batches
from fastnn.utils import PyDataset
from tests.support.networks import network, same_weights, watch_runs

Array = np.ndarray[Any, Any]
rng = np.random.default_rng(3)
X = rng.standard_normal((50, 3)).astype(np.float32)
Y = rng.standard_normal((50, 1)).astype(np.float32)
W = rng.random(50).astype(np.float32)
SIZE = 8
STARTS = range(0, 50, SIZE)


def cut(*arrays: Array) -> list[tuple[Array, ...]]:
    """The batches of some arrays."""
    return [tuple(array[at : at + SIZE] for array in arrays) for at in STARTS]


class Cut(PyDataset):
    """Batches of arrays, as a dataset; notes what it is asked for."""

    def __init__(self, *arrays: Array) -> None:
        super().__init__()
        self.batches = cut(*arrays)
        self.asked: list[Any] = []

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, index: int) -> Any:
        self.asked.append(index)
        return self.batches[index]

    def on_epoch_begin(self) -> None:
        self.asked.append("begin")

    def on_epoch_end(self) -> None:
        self.asked.append("end")


class Again:
    """An iterable that begins anew each time, as a DataLoader of lists."""

    def __init__(self, *arrays: Array) -> None:
        self.batches = [list(batch) for batch in cut(*arrays)]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.batches)


def endless(*arrays: Array) -> Iterator[Any]:
    """A generator that fills the same memory for every batch."""
    memory = [np.empty((SIZE, *array.shape[1:]), array.dtype) for array in arrays]
    while True:
        for batch in cut(*arrays):
            for buffer in memory:
                buffer[...] = 99
            for buffer, part in zip(memory, batch, strict=True):
                buffer[: len(part)] = part
            yield tuple(buffer[: len(batch[0])] for buffer in memory)


SOURCES: dict[str, Callable[..., Any]] = {"dataset": Cut, "iterable": Again, "generator": endless}


def steps(source: str, name: str) -> dict[str, int]:
    """How many steps an epoch of a generator has."""
    return {name: len(STARTS)} if source == "generator" else {}


@pytest.mark.parametrize("arrays", [(X, Y), (X, Y, W)], ids=["xy", "xyw"])
@pytest.mark.parametrize("source", SOURCES)
def test_fit_is_that_of_arrays(backend: str, source: str, arrays: tuple[Array, ...]) -> None:
    options: dict[str, Any] = {"optimizer": "adam", "metrics": ["mae"], "dropout": 0.3}
    one, other = network(backend, **options), network(backend, **options)
    weights = arrays[2] if len(arrays) == 3 else None
    expected = one.fit(
        X,
        Y,
        SIZE,
        3,
        0,
        shuffle=False,
        sample_weight=weights,
        validation_data=arrays,
        validation_batch_size=SIZE,
    )
    found = other.fit(
        SOURCES[source](*arrays),
        epochs=3,
        shuffle=False,
        verbose=0,
        validation_data=SOURCES[source](*arrays),
        **steps(source, "steps_per_epoch"),
        **steps(source, "validation_steps"),
    )
    assert found.history == expected.history
    assert same_weights(one, other)


@pytest.mark.parametrize("source", SOURCES)
def test_evaluate_and_predict(backend: str, source: str) -> None:
    model = network(backend, metrics=["mae"])
    make, limit = SOURCES[source], steps(source, "steps")
    assert model.evaluate(make(X, Y), verbose=0, **limit) == model.evaluate(X, Y, SIZE, verbose=0)
    expected = model.predict(X, verbose=0)
    for arrays in ((X,), (X, Y), (X, Y, W)):
        np.testing.assert_array_equal(model.predict(make(*arrays), verbose=0, **limit), expected)
    np.testing.assert_array_equal(model.predict(make(X), steps=2, verbose=0), expected[: 2 * SIZE])
    alone = (batch[0] for batch in cut(X))
    np.testing.assert_array_equal(model.predict(alone, verbose=0), expected)


def test_batches_of_any_size_and_type() -> None:
    """The executable grows with them."""
    sizes = [1, 40, 3, 200, 1030]
    x, y = rng.standard_normal((sum(sizes), 3)), rng.standard_normal(sum(sizes))
    ends = np.cumsum(sizes)
    parts = [(x[a:b], y[a:b]) for a, b in zip([0, *ends], ends, strict=False)]
    kinds = [np.float64, np.float32, np.float16, ">f8", np.float32]
    typed = [(a.astype(k), b.astype(k)) for (a, b), k in zip(parts, kinds, strict=True)]
    one, other = network(), network()
    for part in typed:
        one.train_on_batch(*part)
    other.fit(iter(typed), verbose=0)
    assert same_weights(one, other)


class TestNativeCalls:
    def test_many_batches_are_one_call(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(batches, "BLOCK_SECONDS", 60.0)
        runs = watch_runs(monkeypatch)
        network().fit(Cut(X, Y), verbose=0)
        assert [run["done"] for run in runs] == [7]

    @pytest.mark.parametrize(
        ("name", "value", "calls"),
        [
            ("BLOCK_SECONDS", 0.0, [1] * 7),
            ("BLOCK_BYTES", 3 * SIZE * 16, [3, 3, 1]),
            ("BLOCK_BYTES", 0, [1] * 7),
        ],
    )
    def test_blocks_are_bounded(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: Any, calls: list[int]
    ) -> None:
        whole = network()
        whole.fit(X, Y, SIZE, shuffle=False, verbose=0)
        monkeypatch.setattr(batches, "BLOCK_SECONDS", 60.0)
        monkeypatch.setattr(batches, name, value)
        runs = watch_runs(monkeypatch)
        model = network()
        model.fit(endless(X, Y), steps_per_epoch=7, verbose=0)
        assert [run["done"] for run in runs] == calls
        assert same_weights(model, whole)

    def test_callbacks_see_every_batch_before_the_next_is_made(self) -> None:
        seen: list[Any] = []

        def batches_of() -> Iterator[Any]:
            for number, batch in enumerate(cut(X, Y)):
                seen.append(f"made {number}")
                yield batch

        note = LambdaCallback(
            on_train_batch_begin=lambda batch, logs: seen.append(batch),
            on_train_batch_end=lambda batch, logs: seen.append(logs["loss"]),
        )
        one, other = network(), network()
        one.fit(batches_of(), callbacks=[note], verbose=0)
        assert seen[0::3] == [f"made {number}" for number in range(7)]
        assert seen[1::3] == list(range(7))
        losses: list[float] = []
        other.fit(
            X,
            Y,
            SIZE,
            shuffle=False,
            verbose=0,
            callbacks=[
                LambdaCallback(on_train_batch_end=lambda b, logs: losses.append(logs["loss"]))
            ],
        )
        assert seen[2::3] == losses

    def test_test_and_predict_batches_are_numbered_through(self) -> None:
        seen: list[int] = []

        class Note(Callback):
            def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
                seen.append(batch)

            def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
                seen.append(batch)

        note = Note()
        model = network()
        model.evaluate(Cut(X, Y), callbacks=[note], verbose=0)
        model.predict(Cut(X), callbacks=[note], verbose=0)
        assert seen == [*range(7), *range(7)]


class TestEpochs:
    def test_no_batch_is_asked_for_that_is_not_used(self) -> None:
        asked = itertools.count()
        source = ((next(asked), batch)[1] for batch in endless(X, Y))
        network().fit(source, steps_per_epoch=3, epochs=4, verbose=0)
        assert next(asked) == 12

    def test_steps_per_epoch_go_on_where_the_last_epoch_stopped(self) -> None:
        """As arrays: 7 batches in epochs of 4 steps are 4, 3 (with a warning), 4."""
        one, other = network(), network()
        with pytest.warns(UserWarning, match="ran out"):
            one.fit(X, Y, SIZE, 3, 0, shuffle=False, steps_per_epoch=4)
        data = Cut(X, Y)
        with pytest.warns(UserWarning, match="the data ran out after 3 batches; the epoch of 4"):
            other.fit(data, epochs=3, shuffle=False, steps_per_epoch=4, verbose=0)
        assert same_weights(one, other)
        assert [item for item in data.asked if item not in ("begin", "end")] == [
            *range(7),
            *range(4),
        ]

    def test_a_pass_that_ends_with_an_epoch(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for source in (Cut(X, Y), Again(X, Y)):
                history = network().fit(source, epochs=3, steps_per_epoch=7, verbose=0)
                assert len(history.epoch) == 3

    def test_hooks_of_a_dataset(self) -> None:
        data = Cut(X, Y)
        network().fit(data, epochs=2, shuffle=False, verbose=0)
        assert data.asked == ["begin", *range(7), "end"] * 2

    def test_shuffle_visits_all_batches_in_new_orders(self) -> None:
        data = Cut(X, Y)
        network().fit(data, epochs=2, verbose=0)
        orders = [item for item in data.asked if isinstance(item, int)]
        assert sorted(orders[:7]) == sorted(orders[7:]) == list(range(7))
        assert orders[:7] != orders[7:]
        assert orders[:7] != list(range(7))
        again = Cut(X, Y)
        network().fit(again, epochs=2, verbose=0)
        assert again.asked == data.asked

    def test_a_dataset_without_an_end(self) -> None:
        class Endless(PyDataset):
            num_batches = None  # type: ignore[assignment]

            def __getitem__(self, index: int) -> Any:
                assert index < 6
                return cut(X, Y)[index]

        history = network().fit(Endless(), epochs=2, steps_per_epoch=3, verbose=0)
        assert len(history.epoch) == 2

    def test_a_generator_that_ends_early_ends_training(self) -> None:
        model = network()
        with pytest.warns(UserWarning, match="training ends 3 epochs before the last one"):
            history = model.fit(iter(cut(X, Y)), epochs=4, verbose=0)
        assert history.epoch == [0]
        with pytest.warns(UserWarning, match="ran out after 7 batches; the epoch of 10 steps"):
            model.fit(iter(cut(X, Y)), steps_per_epoch=10, verbose=0)

    @pytest.mark.parametrize(
        ("where", "advice"),
        [
            ("fit", "fit: the generator has no length and .* pass steps_per_epoch"),
            ("validation", "fit: validation_data: the generator .* pass validation_steps"),
            ("evaluate", r"evaluate: the generator .* pass steps\."),
            ("predict", r"predict: the generator .* pass steps\."),
        ],
    )
    def test_a_generator_that_may_have_no_end_warns_once(
        self, monkeypatch: pytest.MonkeyPatch, where: str, advice: str
    ) -> None:
        monkeypatch.setattr(batches, "ENDLESS_SECONDS", 0.0)
        monkeypatch.setattr(batches, "BLOCK_SECONDS", 0.0)
        model, data = network(), (batch for batch in cut(X, Y))
        calls: dict[str, Callable[[], Any]] = {
            "fit": lambda: model.fit(data, verbose=0),
            "validation": lambda: model.fit(X, Y, validation_data=data, verbose=0),
            "evaluate": lambda: model.evaluate(data, verbose=0),
            "predict": lambda: model.predict(data, verbose=0),
        }
        with pytest.warns(UserWarning, match=advice) as caught:
            calls[where]()
        assert len(caught) == 1
        assert caught[0].filename == __file__

    def test_what_has_an_end_does_not_warn(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(batches, "ENDLESS_SECONDS", 0.0)
        monkeypatch.setattr(batches, "BLOCK_SECONDS", 0.0)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            network().fit(Cut(X, Y), verbose=0)
            network().fit(endless(X, Y), steps_per_epoch=3, verbose=0)
        assert not caught

    def test_a_validation_generator_that_ends_early(self) -> None:
        with pytest.raises(DataError, match=r"fit: validation_data: .*gave no more batches"):
            network().fit(X, Y, epochs=2, verbose=0, validation_data=iter(cut(X, Y)))

    def test_validation_of_a_dataset_begins_anew(self) -> None:
        data = Cut(X, Y)
        network().fit(X, Y, epochs=2, verbose=0, validation_data=data, validation_steps=2)
        assert [item for item in data.asked if isinstance(item, int)] == [0, 1, 0, 1]

    def test_display(self, capsys: pytest.CaptureFixture[str]) -> None:
        model = network()
        model.fit(Cut(X, Y), epochs=2, verbose=2)
        model.evaluate(iter(cut(X, Y)), verbose=2)
        model.predict(iter(cut(X)), verbose=2)
        lines = capsys.readouterr().out.splitlines()
        assert [line[:5] for line in lines] == [
            "Epoch",
            "50/50",
            "Epoch",
            "50/50",
            "50/50",
            "50/50",
        ]


def test_class_weight_weighs_each_batch() -> None:
    labels = (Y > 0).astype(np.float32)
    options: dict[str, Any] = {"activation": "sigmoid", "loss": "binary_crossentropy"}
    one, other = network(**options), network(**options)
    one.fit(X, labels, SIZE, shuffle=False, class_weight={0: 1, 1: 5}, verbose=0)
    other.fit(Cut(X, labels), shuffle=False, class_weight={0: 1, 1: 5}, verbose=0)
    assert same_weights(one, other)
    with pytest.raises(ArgumentError, match=r"batch 1: pass either sample_weight or class_weight"):
        other.fit(Cut(X, labels, W), shuffle=False, class_weight={0: 1}, verbose=0)


def test_a_model_without_shapes_is_built_from_the_first_batch() -> None:
    model = fastnn.Sequential([fastnn.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(Again(X, Y), verbose=0)
    assert model.input_shape == (None, 3)


GOOD = (X[:5], Y[:5])
WRONG: list[tuple[list[Any], type[Exception], str]] = [
    ([], DataError, "fit: the list_iterator gave no batches.*used up"),
    ([(X[:5],)], ArgumentError, r"fit: batch 1 is a tuple without targets.*\(x, y\)"),
    ([X[:5]], ArgumentError, "fit: batch 1 is a ndarray without targets"),
    ([GOOD, (X, Y, W, W)], ArgumentError, "fit: batch 2 is 4 items. Expected a tuple"),
    ([GOOD, {"x": X}], ArgumentError, "fit: batch 2 is a dict"),
    ([GOOD, (X[:5], Y[:4])], ShapeError, "batch 2: x has 5, batch 2: y has 4"),
    ([GOOD, (X[:5, :2], Y[:5])], ShapeError, r"batch 2: x: Dense .* received \(5, 2\)"),
    ([GOOD, (X[:5], Y[:5, 0])], ShapeError, r"batch 2 has targets of shape \(batch\)"),
    ([GOOD, (X[:5], Y[:5], W[:5])], ShapeError, "batch 2 has sample weights, those before it had"),
    ([(X[:5], Y[:5], W[:5]), GOOD], ShapeError, "batch 2 has no sample weights"),
    ([GOOD, (X[:0], Y[:0])], ShapeError, "batch 2 has no rows"),
    (
        [GOOD, GOOD, (X[:5] * [[1], [1], [np.nan], [1], [1]], Y[:5])],
        DataError,
        "^batch 3: x, row 2",
    ),
    ([GOOD, (X[:5], Y[:5] * np.inf)], DataError, "^batch 2: y, row 0 contains"),
]


@pytest.mark.parametrize(("given", "error", "message"), WRONG)
def test_what_is_wrong_is_said_by_batch(
    backend: str, given: list[Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        network(backend).fit(iter(given), verbose=0)


def test_labels_out_of_range_and_bad_losses_are_named_by_batch() -> None:
    y = np.zeros(50, int)
    y[17] = 3
    model = network(outputs=3, activation="softmax", loss="sparse_categorical_crossentropy")
    with pytest.raises(DataError, match=r"^batch 3: y, row 1: label 3 is out of range"):
        model.fit(Again(X, y), verbose=0)
    wild = network(optimizer=fastnn.optimizers.SGD(1e30))
    with pytest.raises(NonFiniteLossError, match=r"epoch 1, batch [23]"):
        wild.fit(Again(X, Y), verbose=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"y": Y}, "received y beside a Again"),
        ({"sample_weight": W}, "received sample_weight beside"),
        ({"validation_split": 0.5}, "received validation_split=0.5"),
    ],
)
def test_arguments_that_do_not_go_with_batches(arguments: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        network().fit(Again(X, Y), verbose=0, **arguments)


def test_more_arguments() -> None:
    with pytest.warns(UserWarning, match="batch_size=4 has no effect"):
        network().fit(Again(X, Y), batch_size=4, verbose=0)
    model = network(optimizer="lbfgs")
    with pytest.raises(ArgumentError, match="LBFGS needs all the data"):
        model.fit(Again(X, Y), verbose=0)

    class Samples:
        def __len__(self) -> int:
            return 5

        def __getitem__(self, index: int) -> Any:
            return X[index], Y[index]

    with pytest.raises(ArgumentError, match=r"gives single samples.*DataLoader"):
        network().fit(Samples(), verbose=0)


def test_an_error_of_the_generator_comes_through_and_the_end_is_told() -> None:
    ended: list[bool] = []

    def broken() -> Iterator[Any]:
        yield GOOD
        yield GOOD
        raise OSError("the disk is gone")

    note = LambdaCallback(on_train_end=lambda logs: ended.append(True))
    with pytest.raises(OSError, match="the disk is gone"):
        network().fit(broken(), callbacks=[note], verbose=0)
    assert ended == [True]


def test_stop_training_ends_an_epoch_of_batches() -> None:
    model = network()

    def stop(batch: int, logs: Any) -> None:
        model.stop_training = batch == 1

    history = model.fit(
        endless(X, Y),
        steps_per_epoch=7,
        epochs=5,
        verbose=0,
        callbacks=[LambdaCallback(on_train_batch_end=stop)],
    )
    assert model.optimizer.iterations == 2
    assert history.epoch == [0]


def test_the_time_limit_counts_generators(capsys: pytest.CaptureFixture[str]) -> None:
    def slow() -> Iterator[Any]:
        for batch in itertools.cycle(cut(X, Y)):
            time.sleep(0.01)
            yield batch

    model = network()
    history = model.fit(slow(), epochs=3, time_limit=0.1, verbose=0)
    assert history.timed_out
    assert 1 <= model.optimizer.iterations <= 20
    assert history.timing["data"] > 0.05
    out = capsys.readouterr().out
    assert not out or "of epoch 1 of 3" in out
