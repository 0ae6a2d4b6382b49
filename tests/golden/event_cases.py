"""What a callback is told: every call of a hook with its arguments, in the order of the calls, for
``fit``, ``evaluate`` and ``predict`` in their forms. What Keras tells is in ``callbacks.npz``
(``events``, JSON), written by ``make_callbacks.py``; ``tests/callbacks/test_events.py`` compares.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

rng = np.random.default_rng(20261121)
X = rng.normal(size=(10, 3)).astype(np.float32)
Y = rng.normal(size=(10, 1)).astype(np.float32)
HOOKS = [
    *(f"on_{what}_{when}" for what in ("train", "test", "predict") for when in ("begin", "end")),
    *(
        f"on_{what}_{when}"
        for what in ("epoch", "train_batch", "test_batch", "predict_batch")
        for when in ("begin", "end")
    ),
]
Act = Callable[..., None]


def model(library: Any) -> Any:
    """y = 0.3 Σx + 0.1, with a metric."""
    made = library.Sequential([library.Input((3,)), library.layers.Dense(1)])
    made.set_weights([np.full((3, 1), 0.3), np.array([0.1])])
    made.compile("sgd", "mse", metrics=["mae"])
    return made


def recorder(library: Any, act: Act | None = None) -> Any:
    """A callback with all hooks, which notes each call in ``seen`` and then lets ``act`` do
    something.
    """

    class Recorder(library.callbacks.Callback):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.seen: list[Any] = []

        def set_params(self, params: Any) -> None:
            super().set_params(params)
            self.seen.append(["set_params", {key: _plain(params[key]) for key in sorted(params)}])

        def note(self, hook: str, *arguments: Any) -> None:
            logs = arguments[-1]
            noted = logs and {key: _plain(logs[key]) for key in sorted(logs)}
            self.seen.append([hook, *map(int, arguments[:-1]), noted])
            if act is not None:
                act(self, hook, *arguments)

    for hook in HOOKS:
        if "_epoch_" in hook or "_batch_" in hook:

            def numbered(self: Any, number: int, logs: Any = None, hook: str = hook) -> None:
                self.note(hook, number, logs)

            setattr(Recorder, hook, numbered)
        else:

            def plain(self: Any, logs: Any = None, hook: str = hook) -> None:
                self.note(hook, logs)

            setattr(Recorder, hook, plain)
    return Recorder()


def _plain(value: Any) -> Any:
    """A value for JSON: numbers as they are, arrays as their shapes."""
    if value is None or isinstance(value, (int, str)):
        return value
    return float(value) if np.ndim(value) == 0 else list(np.shape(value))


def batches() -> list[Any]:
    """Batches of 4, 4 and 2 rows."""
    return [(X[start : start + 4], Y[start : start + 4]) for start in (0, 4, 8)]


def endless() -> Iterator[Any]:
    """Those batches again and again."""
    while True:
        yield from batches()


def dataset(library: Any) -> Any:
    """Those batches as a ``PyDataset``."""

    class Data(library.utils.PyDataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return 3

        def __getitem__(self, index: int) -> Any:
            return batches()[index]

    return Data()


def stop(at_hook: str, number: int) -> Act:
    """Sets ``model.stop_training`` in one call of a hook."""

    def act(self: Any, hook: str, *arguments: Any) -> None:
        if hook == at_hook and arguments[0] == number:
            self.model.stop_training = True

    return act


def add(self: Any, hook: str, *arguments: Any) -> None:
    """Adds to the logs of an epoch."""
    if hook == "on_epoch_end":
        arguments[-1]["mine"] = arguments[0] * 2.0


FIT: dict[str, Any] = {"epochs": 2, "shuffle": False, "verbose": 0}
ARRAYS: dict[str, Any] = {"x": X, "y": Y, "batch_size": 4, **FIT}
VALIDATED = {**ARRAYS, "validation_data": (X, Y)}
ONCE: dict[str, Any] = {"batch_size": 4, "verbose": 0}

# name: what is called, what the callback does there
Run = tuple[Callable[[Any, Any, Any], Any], Act | None]
RUNS: dict[str, Run] = {
    "arrays": (lambda k, m, c: m.fit(**VALIDATED, callbacks=c), None),
    "split": (lambda k, m, c: m.fit(**ARRAYS, validation_split=0.3, callbacks=c), None),
    "validation_freq": (lambda k, m, c: m.fit(**VALIDATED, validation_freq=2, callbacks=c), None),
    "validation_steps": (
        lambda k, m, c: m.fit(
            **VALIDATED, validation_batch_size=3, validation_steps=2, callbacks=c
        ),
        None,
    ),
    "dataset": (
        lambda k, m, c: m.fit(dataset(k), **FIT, validation_data=dataset(k), callbacks=c),
        None,
    ),
    "generator": (lambda k, m, c: m.fit(endless(), **FIT, steps_per_epoch=2, callbacks=c), None),
    "steps": (lambda k, m, c: m.fit(**ARRAYS, steps_per_epoch=2, callbacks=c), None),
    "initial_epoch": (lambda k, m, c: m.fit(**ARRAYS, initial_epoch=1, callbacks=c), None),
    "evaluate": (lambda k, m, c: m.evaluate(X, Y, **ONCE, callbacks=c), None),
    "evaluate steps": (lambda k, m, c: m.evaluate(X, Y, steps=2, **ONCE, callbacks=c), None),
    "evaluate dataset": (lambda k, m, c: m.evaluate(dataset(k), verbose=0, callbacks=c), None),
    "evaluate generator": (
        lambda k, m, c: m.evaluate(endless(), steps=2, verbose=0, callbacks=c),
        None,
    ),
    "predict": (lambda k, m, c: m.predict(X, **ONCE, callbacks=c), None),
    "predict steps": (lambda k, m, c: m.predict(X, steps=2, **ONCE, callbacks=c), None),
    "stop in a batch": (
        lambda k, m, c: m.fit(**VALIDATED, callbacks=c),
        stop("on_train_batch_end", 1),
    ),
    "stop at a batch's begin": (
        lambda k, m, c: m.fit(**VALIDATED, callbacks=c),
        stop("on_train_batch_begin", 1),
    ),
    "stop at an epoch's end": (
        lambda k, m, c: m.fit(**VALIDATED, callbacks=c),
        stop("on_epoch_end", 0),
    ),
    "stop at an epoch's begin": (
        lambda k, m, c: m.fit(**VALIDATED, callbacks=c),
        stop("on_epoch_begin", 1),
    ),
    "adds to the logs": (lambda k, m, c: m.fit(**VALIDATED, callbacks=c), add),
    "fit again": (
        lambda k, m, c: (m.fit(**ARRAYS, callbacks=c), m.fit(**ARRAYS, callbacks=c))[1],
        stop("on_epoch_end", 0),
    ),
}


def events(library: Any, name: str) -> list[Any]:
    """What the callback of a run saw, and the History, as JSON gives it back."""
    run, act = RUNS[name]
    callback = recorder(library, act)
    result = run(library, model(library), [callback])
    seen = callback.seen
    if hasattr(result, "history"):
        history = {key: list(map(float, result.history[key])) for key in sorted(result.history)}
        seen = [*seen, ["history", result.epoch, history]]
    found: list[Any] = json.loads(json.dumps(seen))
    return found


def same(a: Any, b: Any) -> bool:
    """Whether two things that JSON gave are equal, floats to 1e-5."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-5, abs_tol=1e-6)
    return type(a) is type(b) and a == b
