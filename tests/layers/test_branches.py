"""Residual and Parallel: skip connections in a Sequential; their values, names, files, summary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn.errors import ArgumentError, ShapeError
from fastnn.layers import (
    Add,
    Average,
    Concatenate,
    Dense,
    Dot,
    Dropout,
    Identity,
    Lambda,
    Multiply,
    Parallel,
    Residual,
    Subtract,
)

X = np.random.default_rng(1).normal(size=(30, 4)).astype(np.float32)
Y = X[:, :1] - X[:, 1:2]


def network(backend: str = "auto", dtype: str | None = None) -> fastnn.Sequential:
    """Blocks inside blocks, with every way to give a path."""
    made = fastnn.Sequential(
        [
            fastnn.Input((4,)),
            Residual([Dense(8, "relu", name="a"), Dropout(0.2), Dense(4, name="b")], name="skip"),
            Parallel(
                [Dense(3, name="a"), [], [Dense(2, name="a"), Residual(Dense(2), Subtract())]],
                name="wide",
            ),
            Residual(Dense(5), Multiply(), shortcut=[Dense(5, "sigmoid")], name="gate"),
            Dense(1, name="out"),
        ],
        seed=2,
        backend=backend,
        dtype=dtype,
    )
    made.compile("adam", "mse")
    return made


def test_values() -> None:
    main, way = Dense(3, "relu"), Dense(3)
    block = Residual([main, Dense(3, kernel_initializer="ones")], shortcut=way)
    expected = main(X).sum(axis=1, keepdims=True) + way(X)
    np.testing.assert_allclose(block(X), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(Residual(Identity())(X), 2 * X)
    one, two = Dense(3), Dense(2)
    joined = Parallel([one, two, []])(X)
    np.testing.assert_allclose(joined, np.concatenate([one(X), two(X), X], 1), rtol=1e-5, atol=1e-6)
    mean = Parallel([one, one], merge=Average())
    np.testing.assert_allclose(mean(X), one(X), rtol=1e-5, atol=1e-6)
    assert len(mean.weights) == 2


def test_training_and_gradients(backend: str) -> None:
    """The analytic gradient of a weight in each path is that of central differences."""
    made = network(backend, "float64")
    loss = made.fit(X, Y, epochs=20, verbose=0).history["loss"]
    assert loss[-1] < loss[0]
    found = made.gradients(X, Y)
    for name, variable in made.named_weights().items():
        if not name.endswith("kernel"):
            continue
        value, step = variable.numpy(), 1e-6
        ends = []
        for sign in (1, -1):
            moved = value.copy()
            moved[0, 0] += sign * step
            variable.assign(moved)
            ends.append(made.evaluate(X, Y, verbose=0))
        variable.assign(value)
        slope = (ends[0] - ends[1]) / (2 * step)
        np.testing.assert_allclose(found[name][0, 0], slope, rtol=1e-5, atol=1e-7, err_msg=name)


def test_names_and_files(tmp_path: Path) -> None:
    made = network()
    names = list(made.named_weights())
    assert names[:2] == ["skip/a/kernel", "skip/a/bias"]
    assert {"wide/0/a/kernel", "wide/2/a/kernel", "out/bias"} <= set(names)
    assert any(name.startswith("gate/shortcut/") for name in names)
    made.fit(X, Y, epochs=2, verbose=0)
    made.save(tmp_path / "m.fastnn")
    loaded = fastnn.saving.load_model(tmp_path / "m.fastnn")
    assert loaded.get_config() == made.get_config()
    for current in (made, loaded):
        current.fit(X, Y, epochs=2, verbose=0)
    for a, b in zip(made.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_freezing_a_block() -> None:
    made = network()
    made.layers[0].trainable = False
    before = made.get_weights()
    made.fit(X, Y, verbose=0)
    changed = [bool(np.any(a != b)) for a, b in zip(before, made.get_weights(), strict=True)]
    assert changed == [False] * 4 + [True] * (len(changed) - 4)


def test_the_summary_shows_the_inside() -> None:
    lines: list[str] = []
    inner = fastnn.Sequential([Dense(2, name="deep")], name="inner")
    made = fastnn.Sequential([fastnn.Input((4,)), *network().layers, inner], name="net")
    made.summary(print_fn=lines.append)
    text = "\n".join(lines)
    for part in ("└ main: a (Dense)", "└ 2: a (Dense)", "└ shortcut: ", "inner (Sequential)"):
        assert part in text
    assert "deep" not in text
    assert "Trainable  " not in text
    lines.clear()
    made.layers[0].trainable = False
    made.summary(print_fn=lines.append, expand_nested=True, show_trainable=True)
    text = "\n".join(lines)
    assert "└ deep (Dense)" in text
    assert text.count(" N │") == 4  # the block and the three layers inside it


def test_custom_objects_inside_a_block(tmp_path: Path) -> None:
    def halved(x: Any) -> Any:
        return x * 0.5

    block = Residual(Lambda(halved, name="half"))
    made = fastnn.Sequential([fastnn.Input((4,)), block])
    made.save(tmp_path / "m.fastnn")
    loaded = fastnn.saving.load_model(tmp_path / "m.fastnn", {"halved": halved})
    np.testing.assert_allclose(loaded.predict(X, verbose=0), 1.5 * X, rtol=1e-6)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Residual("dense"), ArgumentError, "received layers='dense', expected a layer or"),
        (lambda: Residual([Dense]), ArgumentError, "a pair of parentheses"),
        (lambda: Residual(Dense(2), merge="add"), ArgumentError, "merge='add', expected a layer"),
        (lambda: Parallel(Dense(2)), ArgumentError, "expected a list of at least one"),
        (lambda: Parallel([]), ArgumentError, "expected a list of at least one"),
        (
            lambda: Residual([Dense(1, name="a"), Dense(1, name="a")]),
            ArgumentError,
            "two layers in layers are called 'a'",
        ),
        (
            lambda: Residual(Dense(3))(X),
            ShapeError,
            r"\(batch, 3\) and \(batch, 4\).*shortcut=Dense",
        ),
        (lambda: Concatenate(0), ArgumentError, r"axis=0, expected an axis of a sample"),
        (lambda: Concatenate()([X, X[:, None]]), ShapeError, "equal sizes but for axis -1"),
        (lambda: Dot(0), ArgumentError, "axes=0, expected an axis of a sample"),
        (lambda: Dot(1)([X, X[:, :3]]), ShapeError, "axis 1 of the first and axis 1 of the second"),
        (lambda: Add()([X]) is None or Subtract()([X]), ArgumentError, "expected exactly 2"),
    ],
)
def test_mistakes(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()
