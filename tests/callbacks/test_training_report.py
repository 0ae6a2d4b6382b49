"""TrainingReport: its numbers are right by another way, its advice fits planted ills, it changes
nothing.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn import layers
from fastnn.callbacks import CallbackList, LambdaCallback, TrainingReport
from fastnn.callbacks.training_report import dead_share
from fastnn.errors import ArgumentError
from fastnn.optimizers import SGD, Adam
from tests.support.networks import network, regression, same_weights, watch_runs

X, Y = regression(40)
QUIET: dict[str, Any] = {"verbose": 0, "batch_size": 8}


def report_of(model: fastnn.Sequential, **arguments: Any) -> TrainingReport:
    report = TrainingReport(verbose=0)
    model.fit(X, Y, callbacks=[report], **{**QUIET, **arguments})
    return report


def advice(report: TrainingReport) -> list[str]:
    return [line.advice.partition(":")[0] for line in report.layers]


def stack(*inner: layers.Layer, optimizer: Any = "sgd", seed: int = 1) -> fastnn.Sequential:
    model = fastnn.Sequential([fastnn.Input((3,)), *inner, layers.Dense(1)], seed=seed)
    model.compile(optimizer, "mse")
    return model


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_numbers(backend: str, optimizer: str) -> None:
    model = network(backend, optimizer=optimizer)
    report = report_of(model, epochs=3)
    gradients = model.gradients(X, Y)
    before = model.named_weights()
    before = {path: v.numpy() for path, v in before.items()}
    model.train_on_batch(X[:8], Y[:8])
    for line in report.layers:
        paths = [path for path in before if path.startswith(f"{line.name}/")]
        gradient = np.concatenate([gradients[path].ravel() for path in paths])
        old = np.concatenate([before[path].ravel() for path in paths])
        now = model.named_weights()
        new = np.concatenate([now[path].numpy().ravel() for path in paths])
        assert line.gradient == pytest.approx(np.linalg.norm(gradient), rel=1e-5)
        expected = np.linalg.norm(new - old) / np.linalg.norm(old)
        assert line.ratio == pytest.approx(expected, rel=1e-3)
        assert line.dead == 0
    assert [line.name for line in report.layers] == ["a", "b"]


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: Adam(0.01),
        lambda: SGD(0.01, momentum=0.9, use_ema=True),
        lambda: SGD(0.01, gradient_accumulation_steps=3),
    ],
)
def test_it_changes_nothing(optimizer: Any) -> None:
    def made() -> fastnn.Sequential:
        return stack(
            layers.Dense(5, "relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.2),
            optimizer=optimizer(),
        )

    watched, plain = made(), made()
    report = TrainingReport(every=1, verbose=0)
    one = watched.fit(X, Y, epochs=4, callbacks=[report], **QUIET)
    other = plain.fit(X, Y, epochs=4, **QUIET)
    assert same_weights(watched, plain)
    assert one.history == other.history
    assert watched.optimizer.iterations == plain.optimizer.iterations
    watched.fit(X, Y, **QUIET)
    plain.fit(X, Y, **QUIET)
    assert same_weights(watched, plain)


def test_a_healthy_network() -> None:
    model = stack(layers.Dense(16, "relu"), layers.Dense(16, "relu"), optimizer=Adam(1e-3))
    assert advice(report_of(model, epochs=3)) == ["fine"] * 3


def test_dead_units() -> None:
    model = stack(layers.Dense(8, "relu", name="hidden"))
    model.get_layer("hidden").bias.assign([-99.0] * 5 + [0.0] * 3)
    report = report_of(model)
    assert report.layers[0].dead == 5 / 8
    assert advice(report)[0] == "many dead units"
    separate = stack(layers.Dense(8, name="hidden"), layers.ReLU(name="active"))
    separate.get_layer("hidden").bias.assign([-99.0] * 8)
    report = report_of(separate)
    assert [line.name for line in report.layers][:2] == ["hidden", "active"]
    assert report.layers[1].dead == 1.0
    assert advice(report)[:2] == ["no gradient", "many dead units"]


def test_vanishing_gradients() -> None:
    deep = stack(*(layers.Dense(8, "sigmoid") for _ in range(9)))
    assert advice(report_of(deep))[0] == "vanishing gradient"


def test_steps_and_gradients_out_of_proportion() -> None:
    assert "large steps" in advice(report_of(stack(layers.Dense(8, "tanh"), optimizer=Adam(0.3))))
    tiny = stack(layers.Dense(8, "tanh"), optimizer=SGD(1e-9))
    assert advice(report_of(tiny)) == ["hardly moves"] * 2
    steep = stack(layers.Dense(8, "tanh"), optimizer=SGD(1e-9))
    report = TrainingReport(verbose=0)
    steep.fit(X, 1e4 * Y, callbacks=[report], **QUIET)
    assert set(advice(report)) == {"large gradient"}


def test_the_gap() -> None:
    model = network()
    report = report_of(model, validation_data=(X, 9 * Y))
    assert report.gap > 1.3
    assert "it overfits; try EarlyStopping" in words(report)
    assert "pass validation_split=0.2" in words(report_of(model))
    assert "no gap" in words(report_of(model, validation_data=(X, Y)))


def test_the_text_fits_a_terminal_and_says_each_advice_once() -> None:
    dead = stack(layers.Dense(8, "relu", name="of_dead_units"), layers.Dense(8, "relu"))
    for layer in dead.layers[:2]:
        layer.bias.assign(np.full(8, -99.0))
    report = report_of(dead, validation_data=(X, Y))
    assert max(map(len, report.text.splitlines())) < 80
    told = [line.advice for line in report.layers]
    assert told[0] == told[1]
    assert words(report).count(told[0]) == 1


def words(report: TrainingReport) -> str:
    """The text without its line breaks."""
    return " ".join(report.text.split())


def test_when_it_reports(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = network()
    model.fit(X, Y, epochs=5, callbacks=[TrainingReport(every=2)], **QUIET)
    said = [line for line in capsys.readouterr().out.splitlines() if "report" in line]
    assert said == [
        "Training report after epoch 2, on 40 samples",
        "Training report after epoch 4, on 40 samples",
        "Training report at the end, on 40 samples",
    ]
    assert not CallbackList(TrainingReport()).has_epoch_hooks
    runs = watch_runs(monkeypatch)
    model.fit(X, Y, epochs=3, callbacks=[TrainingReport(verbose=0)], **QUIET)
    assert runs[0]["done"] == 15  # all epochs are one call when only the end is reported


def test_samples_are_spread_over_the_data() -> None:
    report = TrainingReport(samples=3, verbose=0)
    x = np.arange(10.0)[:, None]
    report.lend_samples(x, x, 4)
    assert report._rows is not None
    assert report._rows[0].ravel().tolist() == [0.0, 4.0, 9.0]
    given = TrainingReport(data=(X[:5], Y[:5]))
    network().fit(X, Y, callbacks=[given], **QUIET)
    assert "on 5 samples" in given.text


def test_full_batch_training_and_errors(capsys: pytest.CaptureFixture[str]) -> None:
    report = TrainingReport(verbose=0)
    model = network(optimizer="lbfgs")
    model.fit(X, Y, epochs=3, verbose=0, callbacks=[report])
    assert all(math.isnan(line.ratio) for line in report.layers)
    fail = LambdaCallback(on_epoch_end=lambda epoch, logs: {}["mine"])
    with pytest.raises(KeyError, match="mine"):
        network().fit(X, Y, callbacks=[TrainingReport(), fail], **QUIET)
    bad = TrainingReport(data=(X, Y[:, :0]))
    network().fit(X, Y, callbacks=[bad], **QUIET)
    assert "there is no report at the end: " in capsys.readouterr().out


def test_dead_share() -> None:
    outputs = np.array([[0.0, 1.0, 5.0], [0.0, 1.0 + 1e-9, 6.0]])
    assert dead_share(outputs) == pytest.approx(2 / 3)
    assert math.isnan(dead_share(outputs[:1]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"every": 0}, "every=0"),
        ({"samples": 1}, "samples=1"),
        ({"data": X}, r"received data of type ndarray, expected the pair \(x, y\)"),
    ],
)
def test_bad_arguments(arguments: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        TrainingReport(**arguments)
