"""The update rules: training steps against the formulas of the docstrings, in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn import layers, optimizers

STEPS = 12
Rule = Callable[[Any, Any, dict[str, Any], int], Any]


def sgd(lr: float, momentum: float = 0.0, nesterov: bool = False) -> Rule:
    def step(w: Any, g: Any, slots: dict[str, Any], t: int) -> Any:
        if momentum == 0:
            return w - lr * g
        m = slots["m"] = momentum * slots.get("m", 0.0) - lr * g
        return w + momentum * m - lr * g if nesterov else w + m

    return step


def adam(lr: float, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7) -> Rule:
    def step(w: Any, g: Any, slots: dict[str, Any], t: int) -> Any:
        m = slots["m"] = beta_1 * slots.get("m", 0.0) + (1 - beta_1) * g
        v = slots["v"] = beta_2 * slots.get("v", 0.0) + (1 - beta_2) * g * g
        alpha = lr * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
        return w - alpha * m / (np.sqrt(v) + epsilon)

    return step


def rmsprop(
    lr: float,
    rho: float = 0.9,
    momentum: float = 0.0,
    epsilon: float = 1e-7,
    centered: bool = False,
) -> Rule:
    def step(w: Any, g: Any, slots: dict[str, Any], t: int) -> Any:
        v = slots["v"] = rho * slots.get("v", 0.0) + (1 - rho) * g * g
        if centered:
            a = slots["a"] = rho * slots.get("a", 0.0) + (1 - rho) * g
            v = v - a * a
        u = lr * g / np.sqrt(v + epsilon)
        if momentum:
            u = slots["b"] = momentum * slots.get("b", 0.0) + u
        return w - u

    return step


CASES: dict[str, tuple[optimizers.Optimizer, Rule, float]] = {
    "sgd": (optimizers.SGD(0.1), sgd(0.1), 0.0),
    "momentum": (optimizers.SGD(0.05, 0.9), sgd(0.05, 0.9), 0.0),
    "nesterov": (optimizers.SGD(0.05, 0.8, True), sgd(0.05, 0.8, True), 0.0),
    "nesterov of nothing": (optimizers.SGD(0.1, nesterov=True), sgd(0.1), 0.0),
    "sgd decay": (optimizers.SGD(0.1, weight_decay=0.02), sgd(0.1), 0.02),
    "momentum decay": (optimizers.SGD(0.1, 0.5, weight_decay=0.1), sgd(0.1, 0.5), 0.1),
    "rmsprop": (optimizers.RMSprop(0.01), rmsprop(0.01), 0.0),
    "rmsprop rho": (
        optimizers.RMSprop(0.01, 0.5, epsilon=1e-3),
        rmsprop(0.01, 0.5, epsilon=1e-3),
        0.0,
    ),
    "rmsprop momentum": (
        optimizers.RMSprop(0.01, momentum=0.7),
        rmsprop(0.01, momentum=0.7),
        0.0,
    ),
    "rmsprop centered": (
        optimizers.RMSprop(0.01, centered=True),
        rmsprop(0.01, centered=True),
        0.0,
    ),
    "rmsprop all": (
        optimizers.RMSprop(0.01, momentum=0.7, centered=True, weight_decay=0.1),
        rmsprop(0.01, momentum=0.7, centered=True),
        0.1,
    ),
    "adam": (optimizers.Adam(0.01), adam(0.01), 0.0),
    "adam betas": (optimizers.Adam(0.01, 0.5, 0.9, 1e-2), adam(0.01, 0.5, 0.9, 1e-2), 0.0),
    "adam without momentum": (optimizers.Adam(0.01, beta_1=0), adam(0.01, beta_1=0.0), 0.0),
    "adam decay": (optimizers.Adam(0.01, weight_decay=0.1), adam(0.01), 0.1),
    "adamw": (optimizers.AdamW(0.01), adam(0.01), 0.004),
    "adamw decay": (optimizers.AdamW(0.01, weight_decay=0.5), adam(0.01), 0.5),
}


def data() -> tuple[Any, Any, Any, Any]:
    rng = np.random.default_rng(4)
    return (
        rng.normal(size=(10, 3)),
        rng.normal(size=(10, 2)),
        rng.normal(size=(3, 2)),
        rng.normal(size=2),
    )


def model_of(optimizer: optimizers.Optimizer) -> fastnn.Sequential:
    _, _, w, b = data()
    model = fastnn.Sequential([layers.Input((3,)), layers.Dense(2)], dtype="float64")
    model.set_weights([w, b])
    model.compile(optimizers.deserialize(optimizers.serialize(optimizer)), "mse")
    return model


@pytest.mark.parametrize("name", sorted(CASES))
def test_training_follows_the_rule(name: str) -> None:
    optimizer, rule, decay = CASES[name]
    x, y, w, b = data()
    model = model_of(optimizer)
    model.fit(x, y, epochs=STEPS, batch_size=10, shuffle=False, verbose=0)
    slots: list[dict[str, Any]] = [{}, {}]
    lr = optimizer.learning_rate
    for t in range(1, STEPS + 1):
        dz = 2 * (x @ w + b - y) / y.size
        gradients = (x.T @ dz, dz.sum(0))
        w, b = (
            rule(p - lr * decay * p, g, slot, t)
            for p, g, slot in zip((w, b), gradients, slots, strict=True)
        )
    for found, expected in zip(model.get_weights(), (w, b), strict=True):
        # 12 steps of a few roundings each
        np.testing.assert_allclose(found, expected, rtol=1e-11)
    assert model.optimizer.iterations == STEPS


def test_several_calls_of_fit_are_one_long_one() -> None:
    x, y, _, _ = data()
    once, twice = model_of(optimizers.Adam(0.01)), model_of(optimizers.Adam(0.01))
    once.fit(x, y, epochs=6, batch_size=5, shuffle=False, verbose=0)
    for _ in range(2):
        twice.fit(x, y, epochs=3, batch_size=5, shuffle=False, verbose=0)
    for a, b in zip(once.get_weights(), twice.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_new_learning_rate_counts_from_the_next_call() -> None:
    x, y, w, b = data()
    model = model_of(optimizers.SGD(0.1))
    for rate in (0.1, 0.02):
        model.optimizer.learning_rate = rate
        model.fit(x, y, epochs=1, batch_size=10, verbose=0)
        dz = 2 * (x @ w + b - y) / y.size
        w, b = w - rate * x.T @ dz, b - rate * dz.sum(0)
    np.testing.assert_allclose(model.get_weights()[0], w, rtol=1e-12)


@pytest.mark.parametrize("how", ["names", "list"])
def test_excluded_variables_do_not_decay(how: str) -> None:
    x = np.zeros((4, 3))
    optimizer = optimizers.AdamW(0.1, weight_decay=0.5)
    model = model_of(optimizer)
    optimizer = model.optimizer
    if how == "names":
        optimizer.exclude_from_weight_decay(var_names=["bias"])
    else:
        optimizer.exclude_from_weight_decay(var_list=[model.layers[-1].bias])
    _, _, w, b = data()
    # targets are the bias: every gradient is 0, so only the decay acts
    model.fit(x, np.tile(b, (4, 1)), epochs=1, batch_size=4, verbose=0)
    np.testing.assert_allclose(model.get_weights()[0], w * (1 - 0.1 * 0.5), rtol=1e-14)
    np.testing.assert_array_equal(model.get_weights()[1], b)
