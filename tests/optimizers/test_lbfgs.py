"""L-BFGS: known minima, the line search, what ``fit`` promises around it, and going on from a
file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn import layers
from fastnn.errors import ArgumentError
from fastnn.optimizers import LBFGS
from fastnn.optimizers.wolfe import CURVATURE, DECREASE, Point, search

Array = np.ndarray[Any, Any]


def data() -> tuple[Array, Array, Array, Array]:
    """x, then targets: two classes, real numbers, three classes."""
    rng = np.random.default_rng(12)
    x = rng.normal(size=(60, 3))
    y = (x @ [1.5, -2.0, 0.5] + 0.4 + rng.normal(size=60) > 0).astype(int)
    real = x @ [1.0, 2.0, 3.0] - 1 + rng.normal(size=60)
    return x, y, real, rng.integers(0, 3, 60)


def model_of(units: int, activation: str, loss: str, *hidden: int, **options: Any) -> Any:
    optimizer = options.pop("optimizer", None) or LBFGS(tolerance_grad=1e-10, tolerance_change=0)
    made = fastnn.Sequential(
        [
            layers.Input((3,)),
            *(layers.Dense(n, activation="tanh") for n in hidden),
            layers.Dense(units, activation=activation),
        ],
        **{"dtype": "float64", "seed": 3, **options},
    )
    made.compile(optimizer=optimizer, loss=loss, metrics=["accuracy"] if loss[0] != "m" else [])
    return made


def weights(model: Any) -> Array:
    return np.concatenate([w.ravel() for w in model.get_weights()])


def test_linear_regression_is_least_squares(backend: str) -> None:
    x, _, real, _ = data()
    model = model_of(1, "linear", "mse", backend=backend)
    model.fit(x, real, epochs=60, verbose=0)
    wide = np.column_stack([x, np.ones(60)])
    expected = np.linalg.lstsq(wide, real, rcond=None)[0]
    # within √eps = 1.5e-8 of the minimum the loss is one number, and the line search ends
    np.testing.assert_allclose(weights(model), expected, rtol=0, atol=1e-7)


# scikit-learn 1.9: LogisticRegression(C=inf, tol=1e-12).fit(x, y), coefficients and intercept
LOGISTIC = [4.31202192885323, -4.707670360208028, 0.5732120132163188, 0.6378680231367803]
# … and the mean log loss for the three classes
THREE_CLASSES = 0.9919172525416423


def test_logistic_regression_is_scikit_learns(backend: str) -> None:
    x, y, _, classes = data()
    model = model_of(1, "sigmoid", "binary_crossentropy", backend=backend)
    model.fit(x, y, epochs=100, verbose=0)
    np.testing.assert_allclose(weights(model), LOGISTIC, rtol=0, atol=1e-5)
    model = model_of(3, "softmax", "sparse_categorical_crossentropy", backend=backend)
    history = model.fit(x, classes, epochs=100, verbose=0).history
    assert abs(history["loss"][-1] - THREE_CLASSES) < 1e-7


def test_the_same_models_by_gradient_descent(backend: str) -> None:
    """Linear and logistic regression are single-layer networks under any optimizer."""
    x, y, real, _ = data()
    linear = model_of(1, "linear", "mse", optimizer=fastnn.optimizers.SGD(0.1), backend=backend)
    linear.fit(x, real, batch_size=60, epochs=1000, verbose=0)
    expected = np.linalg.lstsq(np.column_stack([x, np.ones(60)]), real, rcond=None)[0]
    np.testing.assert_allclose(weights(linear), expected, rtol=0, atol=1e-4)
    logistic = model_of(
        1,
        "sigmoid",
        "binary_crossentropy",
        optimizer=fastnn.optimizers.SGD(0.5, momentum=0.9),
        backend=backend,
    )
    logistic.fit(x, y, batch_size=60, epochs=2000, verbose=0)
    np.testing.assert_allclose(weights(logistic), LOGISTIC, rtol=0, atol=1e-4)


def rosenbrock(w: Array) -> tuple[float, Array]:
    value = (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2
    gradient = [-2 * (1 - w[0]) - 400 * w[0] * (w[1] - w[0] ** 2), 200 * (w[1] - w[0] ** 2)]
    return float(value), np.array(gradient)


def test_rosenbrocks_valley() -> None:
    start = np.array([-1.2, 1.0])
    point, pairs = Point(start, *rosenbrock(start)), []
    optimizer = LBFGS(tolerance_grad=1e-9, tolerance_change=0)
    steps = 0
    while steps < 60:
        steps += 1
        found = optimizer.iterate(rosenbrock, point, pairs)
        assert found.point.value <= point.value
        point = found.point
        if found.finished:
            break
    assert steps < 50
    assert "tolerance_grad" in found.finished
    np.testing.assert_allclose(point.place, [1, 1], rtol=0, atol=1e-8)
    assert len(pairs) == 10


@pytest.mark.parametrize("first", [1e-4, 0.1, 1.0, 30.0, 1e4])
def test_the_line_search_satisfies_the_wolfe_conditions(first: float) -> None:
    for start in ([-1.2, 1.0], [0.0, 0.0], [2.0, -3.0]):
        point = Point(np.array(start), *rosenbrock(np.array(start)))
        direction = -point.gradient / np.linalg.norm(point.gradient)
        found = search(rosenbrock, point, direction, first, 60)
        assert found is not None
        step = float((found.place - point.place) @ direction)
        slope = float(point.gradient @ direction)
        assert found.value <= point.value + DECREASE * step * slope
        assert abs(found.gradient @ direction) <= -CURVATURE * slope


def test_the_line_search_knows_where_it_cannot_go() -> None:
    def wall(w: Array) -> tuple[float, Array]:
        if w[0] > 1.5:
            return float("nan"), np.array([np.nan])
        return float((w[0] - 1) ** 2), 2 * (w - 1)

    start = Point(np.array([0.0]), *wall(np.array([0.0])))
    found = search(wall, start, np.array([2.0]), 50.0, 40)
    assert found is not None
    assert found.value < start.value
    assert search(wall, start, np.array([-1.0]), 1.0, 40) is None  # uphill
    flat = Point(np.array([0.0]), 1.0, np.array([-1.0]))
    assert search(lambda w: (1.0, np.array([-1.0])), flat, np.array([1.0]), 1.0, 5) is None


def test_history_callbacks_and_validation() -> None:
    x, y, _, _ = data()
    model = model_of(1, "sigmoid", "binary_crossentropy", 4)
    seen: list[str] = []

    class Listener(fastnn.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            seen.append(f"epoch {epoch}")

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            seen.append(f"batch {batch} {'loss' in logs}")

    history = model.fit(
        x[:50],
        y[:50],
        epochs=5,
        validation_data=(x[50:], y[50:]),
        callbacks=[Listener()],
        verbose=0,
    ).history
    assert set(history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert seen == [text for i in range(5) for text in ("batch 0 True", f"epoch {i}")]
    assert history["loss"] == sorted(history["loss"], reverse=True)
    loss, accuracy = model.evaluate(x[:50], y[:50], verbose=0)
    assert abs(history["loss"][-1] - loss) < 1e-12
    assert history["accuracy"][-1] == accuracy
    assert model.optimizer.iterations == 5


def test_sample_weights_are_those_of_repeated_rows() -> None:
    x, y, _, _ = data()
    w = np.arange(60) % 3
    made, repeated = (model_of(1, "sigmoid", "binary_crossentropy") for _ in range(2))
    made.fit(x, y, sample_weight=w, epochs=80, verbose=0)
    repeated.fit(np.repeat(x, w, axis=0), np.repeat(y, w), epochs=80, verbose=0)
    np.testing.assert_allclose(weights(made), weights(repeated), rtol=0, atol=1e-6)


def test_it_stops_when_it_has_converged() -> None:
    x, _, real, _ = data()
    model = model_of(1, "linear", "mse", optimizer=LBFGS())
    history = model.fit(x, real, epochs=500, verbose=0).history
    assert len(history["loss"]) < 30
    limited = model_of(1, "linear", "mse", optimizer=LBFGS(max_iterations=3))
    assert len(limited.fit(x, real, epochs=500, verbose=0).history["loss"]) == 3


def test_two_calls_and_a_file_are_one_long_call(tmp_path: Path) -> None:
    x, y, _, _ = data()
    once, twice = (model_of(1, "sigmoid", "binary_crossentropy", 6) for _ in range(2))
    once.fit(x, y, epochs=16, verbose=0)
    twice.fit(x, y, epochs=9, verbose=0)
    twice.save(tmp_path / "m.fastnn")
    again = fastnn.models.load_model(tmp_path / "m.fastnn")
    assert again.optimizer.get_config() == twice.optimizer.get_config()
    again.fit(x, y, epochs=7, verbose=0)
    assert weights(again).tobytes() == weights(once).tobytes()


def test_frozen_layers_stay() -> None:
    x, y, _, _ = data()
    model = model_of(1, "sigmoid", "binary_crossentropy", 6)
    model.layers[0].trainable = False
    before = model.layers[0].get_weights()
    model.fit(x, y, epochs=5, verbose=0)
    for a, b in zip(before, model.layers[0].get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_float32_and_threads() -> None:
    x, y, _, _ = data()
    found = set()
    for count in (1, 2):
        model = model_of(1, "sigmoid", "binary_crossentropy", 8, dtype="float32")
        with fastnn.threads(count):
            history = model.fit(x, y, epochs=30, verbose=0).history
        assert history["loss"][-1] < 0.2
        found.add(weights(model).tobytes())
    assert len(found) == 1


def test_what_is_refused() -> None:
    x, y, _, _ = data()
    model = model_of(1, "sigmoid", "binary_crossentropy")
    model.fit(x, y, batch_size=60, verbose=0)
    with pytest.raises(ArgumentError, match="batch_size=20 for 60 samples, but LBFGS"):
        model.fit(x, y, batch_size=20, verbose=0)
    with pytest.raises(ArgumentError, match="steps_per_epoch=2"):
        model.fit(x, y, steps_per_epoch=2, verbose=0)
    with pytest.raises(ArgumentError, match="train_on_batch"):
        model.train_on_batch(x, y)
    for name in ("clipnorm", "weight_decay", "use_ema"):
        with pytest.raises(ArgumentError, match=f"LBFGS: unknown argument '{name}'"):
            LBFGS(**{name: 1})
    for argument, value in (
        ("history_size", 0),
        ("tolerance_grad", -1.0),
        ("line_search", "armijo"),
        ("max_iterations", 0),
        ("max_evaluations", 0),
        ("learning_rate", -1),
    ):
        with pytest.raises(ArgumentError, match=argument):
            LBFGS(**{argument: value})
