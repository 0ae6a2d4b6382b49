"""What lies round an optimizer's update in a training step: it runs natively and costs nothing
where it is not used, gives the bits of any number of threads, and survives a file. What it computes
is compared with Keras in ``golden/test_golden_steps.py``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn import constraints, layers, ops, optimizers, regularizers
from fastnn.errors import ArgumentError, NonFiniteLossError, ShapeError
from fastnn.optimizers import schedules
from fastnn.training.programs import Job, build

X = np.random.default_rng(1).normal(size=(37, 6)).astype("float32")
Y = np.random.default_rng(2).normal(size=(37, 3)).astype("float32")
ALL: dict[str, Any] = {
    "gradient_accumulation_steps": 2,
    "global_clipnorm": 0.4,
    "weight_decay": 0.01,
    "use_ema": True,
    "ema_momentum": 0.8,
    "ema_overwrite_frequency": 3,
}


def model_of(
    optimizer: Any = "adam", backend: str = "auto", units: int = 8, **first: Any
) -> fastnn.Sequential:
    model = fastnn.Sequential(
        [fastnn.Input((6,)), layers.Dense(units, "tanh", **first), layers.Dense(3)],
        seed=3,
        backend=backend,
    )
    model.compile(optimizer, "mse")
    return model


def everything(backend: str = "auto", units: int = 8) -> fastnn.Sequential:
    optimizer = optimizers.Adam(schedules.CosineDecay(0.05, 30), **ALL)
    return model_of(
        optimizer,
        backend,
        units,
        kernel_regularizer=regularizers.L1L2(0.01, 0.02),
        activity_regularizer="l2",
        kernel_constraint=constraints.MaxNorm(1.0),
    )


def names(model: fastnn.Sequential) -> list[str]:
    return build(model, Job("train", (3,), training=True)).op_names()


def test_a_program_without_any_of_it_is_what_it_was() -> None:
    plain = names(model_of())
    assert plain.count("adam_step") == 1
    assert not {"penalty_sums", "add_terms", "clip_by_norm", "average_weights"} & set(plain)
    assert names(model_of(optimizers.Adam(loss_scale_factor=8.0))) == plain
    assert names(model_of(optimizers.Adam(schedules.CosineDecay(0.1, 5)))) == plain


def test_all_of_it_is_native() -> None:
    model = everything()
    found = set(names(model)) - {"reshape"}  # which runs nothing
    expected = {"penalty_sums", "penalty_gradient", "add_terms", "divide_by_rows", "clip_by_norm"}
    expected |= {"accumulate_gradient", "keep_gradient", "average_weights", "assign"}
    assert expected <= found
    for backend in ("c", "numba"):
        if fastnn.backends.backends()[backend].available:
            assert all(fastnn.backends.resolve(backend).has(name) for name in found)


def weights_of(model: fastnn.Sequential, **options: Any) -> np.ndarray[Any, Any]:
    model.fit(X, Y, **{"batch_size": 8, "epochs": 3, "verbose": 0, **options})
    return np.concatenate([w.ravel() for w in model.get_weights()])


def test_any_number_of_threads_gives_the_same_bits(backend: str) -> None:
    with fastnn.threads(1):
        alone = weights_of(everything(backend, 1500))
    with fastnn.threads(3):
        together = weights_of(everything(backend, 1500))
    assert alone.tobytes() == together.tobytes()


@pytest.mark.parametrize("hooks", [False, True])
def test_training_goes_on_from_a_file_with_the_same_bits(tmp_path: Path, hooks: bool) -> None:
    class Batches(fastnn.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            pass

    options = {"shuffle": False, "callbacks": [Batches()] if hooks else None}
    straight, first = everything(), everything()
    weights_of(straight, **options)
    weights_of(first, **options)
    first.save(tmp_path / "m.fastnn")
    loaded = fastnn.saving.load_model(tmp_path / "m.fastnn")
    assert isinstance(loaded.layers[0].kernel_regularizer, regularizers.L1L2)
    assert loaded.optimizer.get_config() == first.optimizer.get_config()
    assert loaded.optimizer.learning_rate == first.optimizer.learning_rate
    assert weights_of(loaded, **options).tobytes() == weights_of(straight, **options).tobytes()


def test_one_call_or_many_give_the_same_rates() -> None:
    one, many = everything(), everything()
    weights_of(one, shuffle=False, epochs=4)
    for _ in range(4):
        many.fit(X, Y, batch_size=8, epochs=1, verbose=0, shuffle=False, callbacks=[])
    assert one.optimizer.learning_rate == many.optimizer.learning_rate
    assert one.optimizer.iterations == many.optimizer.iterations == 20


@pytest.mark.parametrize("kind", ["maths", "numpy", "ops"])
def test_schedules_of_ones_own(kind: str) -> None:
    class Own(schedules.LearningRateSchedule):
        def __call__(self, step: Any) -> Any:
            if kind == "maths":
                return 0.1 if step < 3 else 0.1 / (step - 2)
            if kind == "numpy":
                return np.where(step < 3, 0.1, 0.1 / np.maximum(step - 2, 1))
            return ops.minimum(0.1, 0.1 / max(step - 2, 1))

    model = model_of(optimizers.SGD(Own()))
    weights_of(model)
    rates = model.optimizer.rates(0, 6)
    np.testing.assert_allclose(rates, [0.1, 0.1, 0.1, 0.1, 0.05, 0.1 / 3], rtol=1e-6)
    with pytest.raises(ArgumentError, match="does not define get_config"):
        model.optimizer.get_config()


def test_a_function_as_learning_rate_is_asked_before_each_call() -> None:
    rate = [0.5]
    optimizer = optimizers.SGD(lambda: rate[0])  # type: ignore[arg-type]
    assert optimizer.control_rows(0, 2)[:, 0].tolist() == [0.5, 0.5]
    rate[0] = 0.25
    assert optimizer.learning_rate == 0.25


def test_penalties_are_in_every_figure() -> None:
    model = model_of(optimizers.SGD(0.0), kernel_regularizer=lambda w: 0.1 * ops.sum(w * w))
    kernel = model.layers[0].kernel.numpy()
    expected = float(np.mean((model.predict(X, verbose=0) - Y) ** 2) + 0.1 * (kernel**2).sum())
    history = model.fit(X, Y, batch_size=8, epochs=2, verbose=0, validation_data=(X, Y)).history
    np.testing.assert_allclose(history["loss"] + history["val_loss"], expected, rtol=1e-5)
    np.testing.assert_allclose(model.evaluate(X, Y, verbose=0), expected, rtol=1e-5)
    np.testing.assert_allclose(model.losses, 0.1 * (kernel**2).sum(), rtol=1e-5)
    model.layers[0].trainable = False
    assert model.losses == []


def test_a_penalty_that_is_not_finite_stops_the_step() -> None:
    model = model_of(kernel_regularizer=regularizers.L2(1e38))
    model.layers[0].kernel.assign(np.full((6, 8), 1e38))
    before = model.get_weights()
    with pytest.raises(NonFiniteLossError):
        model.fit(X, Y, verbose=0, check_finite=False)
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))


def test_shared_weights_and_gradients_that_others_read() -> None:
    """A regularized weight that is used twice: nothing is overwritten too early."""
    shared = layers.Dense(6, "tanh", kernel_regularizer="l2", name="shared")
    found = {}
    for backend in ("numpy", "c"):
        model = fastnn.Sequential(
            [fastnn.Input((6,)), shared, layers.Dense(3)], seed=3, backend=backend
        )
        model.compile(optimizers.SGD(0.1, clipnorm=0.1), "mse")
        start = np.random.default_rng(0)
        model.set_weights([start.normal(size=w.shape) for w in model.get_weights()])
        found[backend] = weights_of(model, shuffle=False)
    np.testing.assert_allclose(found["numpy"], found["c"], rtol=1e-5, atol=1e-6)


def test_mistakes_are_named() -> None:
    with pytest.raises(ShapeError, match=r"constraint of 'dense.*/kernel' returned \(1,\)"):
        weights_of(model_of(kernel_constraint=lambda w: w[0, :1]))
    with pytest.raises(ArgumentError, match=r"regularizer of 'dense.*/kernel' returned float"):
        weights_of(model_of(kernel_regularizer=lambda w: 0.5))


def test_clipped_gradients_have_that_norm() -> None:
    before = model_of(optimizers.SGD(1.0, global_clipnorm=0.01))
    start = np.concatenate([w.ravel() for w in before.get_weights()])
    before.train_on_batch(X, Y)
    moved = np.concatenate([w.ravel() for w in before.get_weights()]) - start
    np.testing.assert_allclose(np.linalg.norm(moved), 0.01, rtol=1e-4)
