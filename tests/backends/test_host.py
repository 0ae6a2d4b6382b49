"""``ops.python``: NumPy code in losses and layers, on each backend and CPU level. The twin of each
formula in ``fastnn.ops`` says what must come out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn import layers, losses, ops
from fastnn.errors import ArgumentError, ShapeError
from tests.support.networks import regression, same_weights

HOST = "host"


def native_loss(y_true: Any, y_pred: Any) -> Any:
    """(p - t)⁴, mean over the columns."""
    return ops.mean(ops.square(ops.square(y_pred - y_true)), axis=-1)


def numpy_loss(y_true: Any, y_pred: Any) -> Any:
    """The same as NumPy code."""
    return ops.python(
        lambda t, p: ((p - t) ** 4).mean(axis=-1),
        lambda dy, t, p: (None, dy[:, None] * 4 * (p - t) ** 3 / p.shape[1]),
        [y_true, y_pred],
        (None,),
        name="fourth power",
    )


def model(backend: str, loss: Any, host_layer: bool = False) -> fastnn.Sequential:
    """A network for ``regression``, if asked with a layer of NumPy code in its middle."""

    class Sine(layers.Layer):
        """Elementwise sine."""

        def call(self, inputs: Any) -> Any:
            return ops.python(np.sin, lambda dy, x: dy * np.cos(x), inputs)

    stack: list[Any] = [layers.Input((3,)), layers.Dense(4, "tanh")]
    stack += [Sine()] if host_layer else []
    made = fastnn.Sequential([*stack, layers.Dense(1)], seed=3, backend=backend)
    made.compile(fastnn.optimizers.SGD(0.01, momentum=0.5), loss, metrics=["mse"])
    return made


def test_numpy_code_trains_as_ops_do(kernels: str) -> None:
    x, y = regression(50)
    twins = [model(kernels, loss) for loss in (native_loss, numpy_loss)]
    for options in ({"epochs": 4, "shuffle": True}, {"epochs": 1, "verbose": 0}):
        runs = [m.fit(x, y, batch_size=8, **{"verbose": 0, **options}).history for m in twins]
        for name in runs[0]:
            np.testing.assert_allclose(runs[1][name], runs[0][name], rtol=2e-5)
    for a, b in zip(*(m.get_weights() for m in twins), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-4, atol=1e-6)
    assert twins[0].optimizer.iterations == twins[1].optimizer.iterations == 35
    results = [m.evaluate(x, y, batch_size=16, verbose=0) for m in twins]
    np.testing.assert_allclose(results[1], results[0], rtol=1e-5)
    found = [m.gradients(x, y) for m in twins]
    for a, b in zip(*(list(gradients.values()) for gradients in found), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-3, atol=1e-5)


def test_a_layer_of_numpy_code(kernels: str) -> None:
    x, y = regression(300)
    a = model(kernels, "mse", host_layer=True)
    before = a.predict(x, verbose=0)
    hidden = np.tanh(x @ a.get_weights()[0] + a.get_weights()[1])
    expected = np.sin(hidden) @ a.get_weights()[2] + a.get_weights()[3]
    for found in (before, a.predict_on_batch(x), a.predict(x, batch_size=7, verbose=0), a(x)):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    for _ in range(3):  # short predictions are prepared after the first
        np.testing.assert_allclose(a.predict(x[:2], verbose=0), expected[:2], rtol=1e-4, atol=1e-6)
    b = model(kernels, "mse", host_layer=True)
    for one, threads in ((a, 1), (b, 2)):
        fastnn.set_num_threads(threads)
        one.fit(x, y, batch_size=64, epochs=3, verbose=0)
    assert same_weights(a, b)


def test_an_error_of_the_function_leaves_the_model_after_the_steps_done(kernels: str) -> None:
    x, y = regression(40)
    calls = []

    def failing(y_true: Any, y_pred: Any) -> Any:
        def forward(t: np.ndarray, p: np.ndarray) -> np.ndarray:
            calls.append(len(t))
            if len(calls) == 8:
                raise KeyError("my own mistake")
            return ((p - t) ** 4).mean(axis=-1)

        gradient = lambda dy, t, p: (None, dy[:, None] * 4 * (p - t) ** 3)  # noqa: E731
        return ops.python(forward, gradient, [y_true, y_pred], (None,))

    broken, twin = model(kernels, failing), model(kernels, numpy_loss)
    with pytest.raises(KeyError, match="my own mistake"):
        broken.fit(x, y, batch_size=8, epochs=3, shuffle=False, verbose=0)
    assert broken.optimizer.iterations == 7
    assert calls == [8] * 8
    twin.fit(x, y, batch_size=8, epochs=1, shuffle=False, verbose=0)
    twin.fit(x[:16], y[:16], batch_size=8, epochs=1, shuffle=False, verbose=0)
    assert same_weights(broken, twin)
    broken.fit(x, y, batch_size=8, shuffle=False, verbose=0)  # and it can go on


def test_what_the_function_gets_is_its_own(kernels: str) -> None:
    kept: list[np.ndarray] = []

    def spoiling(t: np.ndarray, p: np.ndarray) -> np.ndarray:
        result = np.abs(p - t)
        kept.append(p)
        p[:] = np.nan
        t[:] = np.nan
        return result

    def loss(y_true: Any, y_pred: Any) -> Any:
        return ops.python(spoiling, lambda dy, t, p: (None, dy * np.sign(p - t)), [y_true, y_pred])

    x, y = regression(20)
    a = model(kernels, loss)
    a.fit(x, y, batch_size=5, verbose=0)
    assert all(np.isfinite(w).all() for w in a.get_weights())
    assert [len(p) for p in kept] == [5] * 4


def test_mistakes_say_what_is_wrong(kernels: str) -> None:
    x, y = regression(10)

    def fitted(*args: Any) -> None:
        loss = lambda t, p: ops.python(*args[:2], [t, p], *args[2:])  # noqa: E731
        model(kernels, loss).fit(x, y, verbose=0)

    difference = lambda t, p: p - t  # noqa: E731
    both = lambda dy, t, p: (-dy, dy)  # noqa: E731
    fitted(difference, both)
    with pytest.raises(ShapeError, match=r"returned an array of shape \(10,\), expected \(10, 1\)"):
        fitted(lambda t, p: (p - t)[:, 0], both)
    with pytest.raises(ArgumentError, match="was given no gradient"):
        fitted(difference, None)
    with pytest.raises(ArgumentError, match="returned 1 gradients for 2 inputs"):
        fitted(difference, lambda dy, t, p: dy)
    with pytest.raises(ShapeError, match=r"gradient of .* returned an array of shape \(1,\)"):
        fitted(difference, lambda dy, t, p: (None, dy[0]))
    with pytest.raises(ArgumentError, match="returned str, expected a NumPy array"):
        fitted(lambda t, p: "a", both)
    with pytest.raises(ArgumentError, match="received function=3"):
        fitted(3, None)
    with pytest.raises(ArgumentError, match="output_shape="):
        fitted(difference, both, (None, None))


def test_on_arrays() -> None:
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(ops.python(np.square, inputs=x), x * x)
    found = ops.python(lambda a, b: (a * b).sum(axis=1), inputs=[x, x], output_shape=(None,))
    np.testing.assert_array_equal(found, (x * x).sum(axis=1))
    with pytest.raises(ArgumentError, match="no inputs"):
        ops.python(np.square)


def test_a_loss_of_the_whole_batch(kernels: str) -> None:
    """It sees all rows at once, in training and in eager calls of more rows than a block."""
    fastnn.set_backend(kernels)
    try:
        t, p = np.zeros((600, 1)), np.arange(600.0).reshape(600, 1)
        loss = losses.LossFunctionWrapper(
            lambda y_true, y_pred: ops.python(
                lambda t, p: np.abs(p - t).max(), None, [y_true, y_pred], ()
            )
        )
        assert loss(t, p) == 599.0
    finally:
        fastnn.set_backend("auto")


def stages_of(network: fastnn.Sequential) -> set[str]:
    """The stages of the ops of the Programs that a model has compiled."""
    programs = [executable.program for executable, _ in network._executables.values()]
    assert programs
    return {node.op.stage for program in programs for node in program.nodes}


def test_losses_written_in_ops_have_no_host_stage() -> None:
    x, y = regression(10)

    class Mine(losses.Loss):
        """A loss class of a user's."""

        def call(self, y_true: Any, y_pred: Any) -> Any:
            return ops.mean(ops.absolute(y_true - y_pred), axis=-1)

    for loss in (native_loss, Mine(), "huber"):
        network = model("auto", loss)
        network.fit(x, y, validation_data=(x, y), verbose=0)
        network.predict(x, verbose=0)
        assert HOST not in stages_of(network)
    network = model("auto", numpy_loss)
    network.fit(x, y, verbose=0)
    assert HOST in stages_of(network)
