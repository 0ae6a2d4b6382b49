"""Small networks and data that tests of training share, and a way to watch native runs."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn import layers
from fastnn.callbacks import Callback, LambdaCallback

Array = np.ndarray[Any, Any]


def network(
    backend: str = "auto",
    *,
    inputs: int = 3,
    hidden: int = 4,
    outputs: int = 1,
    activation: str | None = None,
    dropout: float = 0.0,
    loss: Any = "mse",
    optimizer: Any = "sgd",
    seed: int = 1,
    dtype: str | None = None,
    **compile_arguments: Any,
) -> fastnn.Sequential:
    """A compiled network with one hidden layer."""
    stack: list[layers.Layer] = [fastnn.Input((inputs,)), layers.Dense(hidden, "tanh", name="a")]
    if dropout:
        stack.append(layers.Dropout(dropout))
    stack.append(layers.Dense(outputs, activation, name="b"))
    model = fastnn.Sequential(stack, seed=seed, backend=backend, dtype=dtype)
    model.compile(optimizer, loss, **compile_arguments)
    return model


def regression(rows: int = 20, columns: int = 3, seed: int = 0) -> tuple[Array, Array]:
    """Random x (rows, columns) and y (rows, 1), float32."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows, columns)).astype(np.float32)
    return x, rng.standard_normal((rows, 1)).astype(np.float32)


def same_weights(a: fastnn.Sequential, b: fastnn.Sequential) -> bool:
    """Whether two models have bit-equal weights."""
    pairs = zip(a.get_weights(), b.get_weights(), strict=True)
    return all(np.array_equal(one, other) for one, other in pairs)


def largest_difference(a: fastnn.Sequential, b: fastnn.Sequential) -> float:
    """max |a - b| over all weights."""
    pairs = zip(a.get_weights(), b.get_weights(), strict=True)
    return max(float(np.abs(one - other).max()) for one, other in pairs)


def executable_classes() -> list[type]:
    """The classes whose ``run`` is a native run."""
    found = []
    for module, name in (("numpy_ref.executor", "NumpyExecutable"), ("packed", "PackedExecutable")):
        found.append(getattr(importlib.import_module(f"fastnn.backends.{module}"), name))
    return found


def watch_runs(
    monkeypatch: pytest.MonkeyPatch, before: Callable[[int], None] | None = None
) -> list[dict[str, Any]]:
    """A list that grows by the keyword arguments of each run; ``before`` gets the run's number."""
    runs: list[dict[str, Any]] = []

    def wrap(original: Any) -> Any:
        def run(self: Any, *args: Any, **kwargs: Any) -> Any:
            if before is not None:
                before(len(runs))
            runs.append(kwargs)
            result = original(self, *args, **kwargs)
            runs[-1]["done"] = result.done
            return result

        return run

    for cls in executable_classes():
        monkeypatch.setattr(cls, "run", wrap(cls.run))  # type: ignore[attr-defined]
    return runs


def watched_epochs() -> Callback:
    """A callback that does nothing, but makes training return to Python after every epoch."""
    return LambdaCallback(on_epoch_end=lambda epoch, logs: None)
