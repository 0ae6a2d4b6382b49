"""SwapEMAWeights: evaluation sees the averages, training goes on with the weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn.callbacks import EarlyStopping, LambdaCallback, ModelCheckpoint, SwapEMAWeights
from fastnn.errors import ArgumentError
from fastnn.optimizers import SGD
from tests.support.networks import network, regression, same_weights

X, Y = regression(20)
QUIET: dict[str, Any] = {"verbose": 0, "shuffle": False, "batch_size": 4}


def made() -> fastnn.Sequential:
    return network(optimizer=SGD(0.1, use_ema=True, ema_momentum=0.9))


def averages(epochs: int) -> fastnn.Sequential:
    """The model after so many epochs: ``fit`` ends with the averages."""
    model = made()
    model.fit(X, Y, epochs=epochs, **QUIET)
    return model


@pytest.mark.parametrize("swap_on_epoch", [False, True])
def test_validation_uses_the_averages(swap_on_epoch: bool) -> None:
    model = made()
    swap = SwapEMAWeights(swap_on_epoch)
    history = model.fit(X, Y, epochs=3, validation_data=(X, Y), callbacks=[swap], **QUIET)
    expected = [averages(epochs).evaluate(X, Y, verbose=0) for epochs in (1, 2, 3)]
    np.testing.assert_allclose(history.history["val_loss"], expected, rtol=1e-6)
    assert same_weights(model, averages(3))
    assert not model.optimizer.averages_in_place


def test_callbacks_behind_it_see_the_averages(tmp_path: Path) -> None:
    save = ModelCheckpoint(str(tmp_path / "{epoch}.fastnn"))
    made().fit(X, Y, epochs=3, callbacks=[SwapEMAWeights(swap_on_epoch=True), save], **QUIET)
    for epochs in (1, 2, 3):
        loaded = fastnn.saving.load_model(tmp_path / f"{epochs}.fastnn")
        assert same_weights(loaded, averages(epochs))


@pytest.mark.parametrize("swap_on_epoch", [False, True])
def test_a_training_that_ends_early_keeps_the_averages(swap_on_epoch: bool) -> None:
    """In Keras 3.15.1 they are lost with ``swap_on_epoch=True``."""
    model = made()
    stop = EarlyStopping("loss", patience=0, min_delta=1e9)
    model.fit(X, Y, epochs=9, callbacks=[SwapEMAWeights(swap_on_epoch), stop], **QUIET)
    assert same_weights(model, averages(2))


def test_an_error_in_validation_leaves_the_weights() -> None:
    def fail(logs: Any) -> None:
        raise KeyError("mine")

    model, plain = made(), network(optimizer=SGD(0.1))
    with pytest.raises(KeyError):
        model.fit(
            X,
            Y,
            validation_data=(X, Y),
            callbacks=[SwapEMAWeights(), LambdaCallback(on_test_end=fail)],
            **QUIET,
        )
    plain.fit(X, Y, **QUIET)
    assert same_weights(model, plain)


def test_evaluate_and_predict() -> None:
    model = made()
    model.evaluate(X, Y, verbose=0, callbacks=[SwapEMAWeights()])  # no averages yet: the weights
    for _ in range(3):
        model.train_on_batch(X, Y)
    trained = model.get_weights()
    plain = model.predict(X, verbose=0)
    swapped = model.predict(X, verbose=0, callbacks=[SwapEMAWeights()])
    loss = model.evaluate(X, Y, verbose=0, callbacks=[SwapEMAWeights()])
    for one, other in zip(trained, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)  # Keras leaves the averages behind after predict
    assert np.abs(plain - swapped).max() > 1e-4
    assert loss == pytest.approx(float(((swapped - Y) ** 2).mean()), rel=1e-5)


def test_an_optimizer_without_averages_is_refused() -> None:
    model = network()
    with pytest.raises(ArgumentError, match=r"use_ema=False.*Compile with SGD\(use_ema=True\)"):
        model.fit(X, Y, callbacks=[SwapEMAWeights()], **QUIET)
    assert model.optimizer.iterations == 0
    with pytest.raises(ArgumentError, match="swap_on_epoch=3"):
        SwapEMAWeights(3)  # type: ignore[arg-type]
