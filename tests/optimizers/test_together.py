"""Every optimizer with everything that may stand round its update: it trains, gives the same bits
on any number of threads, and goes on from a file as if it had never stopped.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn import layers, optimizers

RATES = {"SGD": 0.05, "Adadelta": 1.0, "Adagrad": 0.05, "Ftrl": 0.05, "Adafactor": 0.01}
RULES = [cls for cls in optimizers.CLASSES if cls is not optimizers.LBFGS]
ROUND: dict[str, dict[str, Any]] = {
    "clipnorm": {"clipnorm": 0.05},
    "global_clipnorm": {"global_clipnorm": 0.05},
    "ema": {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 4},
    "accumulation": {"gradient_accumulation_steps": 2},
    "together": {
        "clipvalue": 0.01,
        "use_ema": True,
        "ema_momentum": 0.5,
        "gradient_accumulation_steps": 2,
    },
}
RANDOM = np.random.default_rng(3)
# the products of a step are large enough to be cut for two threads; the last batch is partial
X = RANDOM.normal(size=(160, 48)).astype("float32")
Y = np.tanh(X[:, :3] + X[:, 3:6])
FIT: dict[str, Any] = {"batch_size": 64, "shuffle": False, "verbose": 0}


def cases() -> list[Any]:
    """C with everything; the other backends with all of it at once, unless FASTNN_FULL=1."""
    few = ("global_clipnorm", "together")
    return [
        pytest.param(name, backend, id=f"{backend}-{name}")
        for backend in ("c", "numba", "numpy")
        for name in (ROUND if backend == "c" or os.environ.get("FASTNN_FULL") == "1" else few)
    ]


def trained(kind: type, options: dict[str, Any], threads: int) -> Any:
    model = fastnn.Sequential(
        [layers.Input((48,)), layers.Dense(80, "tanh"), layers.Dense(80, "relu"), layers.Dense(3)],
        seed=2,
    )
    model.compile(kind(learning_rate=RATES.get(kind.__name__, 0.003), **options), "mse")
    before = model.evaluate(X, Y, verbose=0)
    with fastnn.threads(threads):
        losses = model.fit(X, Y, epochs=3, **FIT).history["loss"]
    assert np.isfinite(losses).all()
    assert model.evaluate(X, Y, verbose=0) < before
    return model


def assert_same_bits(a: Any, b: Any) -> None:
    for one, other in zip(a.get_weights(), b.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.fixture
def chosen() -> Iterator[Any]:
    """Chooses the backend, that of models from files too, until the test ends."""
    yield fastnn.set_backend
    fastnn.set_backend("auto")


@pytest.mark.parametrize(("name", "backend_name"), cases())
@pytest.mark.parametrize("kind", RULES, ids=lambda cls: cls.__name__)
def test_training(kind: type, name: str, backend_name: str, chosen: Any, tmp_path: Path) -> None:
    if not fastnn.backends.backends()[backend_name].available:
        pytest.skip(f"{backend_name} is not available")
    chosen(backend_name)
    model = trained(kind, ROUND[name], 1)
    assert_same_bits(model, trained(kind, ROUND[name], 2))
    model.save(tmp_path / "m.fastnn")  # with accumulation, after 9 steps: in the middle of two
    again = fastnn.saving.load_model(tmp_path / "m.fastnn")
    for one in (model, again):
        one.fit(X, Y, epochs=2, **FIT)
    assert_same_bits(model, again)
