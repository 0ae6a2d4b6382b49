"""The optimizers' rules in whole trainings: the same bits on any number of threads, going on from a
file, several weights in one run of storage, and what Muon leaves to AdamW.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn import layers, optimizers
from fastnn.ops.optimizer import is_step
from fastnn.program.stages import cut
from fastnn.training.programs import Job, build

Array = np.ndarray[Any, Any]

RULES: dict[str, Any] = {
    "lion": lambda: optimizers.Lion(0.003),
    "adagrad": lambda: optimizers.Adagrad(0.05),
    "adadelta": lambda: optimizers.Adadelta(1.0),
    "amsgrad": lambda: optimizers.Adam(0.003, amsgrad=True),
    "adamax": lambda: optimizers.Adamax(0.003),
    "nadam": lambda: optimizers.Nadam(0.003),
    "ftrl": lambda: optimizers.Ftrl(0.05),
    "lamb": lambda: optimizers.Lamb(0.01, weight_decay=0.01),
    "adafactor": lambda: optimizers.Adafactor(0.02),
    "muon": lambda: optimizers.Muon(0.02, exclude_layers=["last"]),
}


def trained(rule: str, *, epochs: int = 2, **options: Any) -> Any:
    """A network whose first layer is large enough to be shared out, after some epochs."""
    threads = options.pop("threads", 2)
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(300, 70)), rng.integers(0, 10, 300)
    model = options.pop("model", None)
    if model is None:
        model = fastnn.Sequential(
            [
                layers.Input((70,)),
                layers.Dense(130, activation="relu", name="first"),
                layers.Dense(33, activation="tanh", name="second"),
                layers.Dense(10, activation="softmax", name="last"),
            ],
            seed=5,
            **options,
        )
        model.compile(RULES[rule](), "sparse_categorical_crossentropy")
    with fastnn.threads(threads):
        model.fit(x, y, batch_size=128, epochs=epochs, shuffle=False, verbose=0)
    return model


def bits(model: Any) -> bytes:
    return b"".join(w.tobytes() for w in model.get_weights())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rule", RULES)
def test_weights_do_not_depend_on_the_threads(rule: str, dtype: str) -> None:
    assert len({bits(trained(rule, threads=count, dtype=dtype)) for count in (1, 2, 4)}) == 1


@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize(
    ("rule", "stages"), [("adamax", 1), ("lamb", 2), ("adafactor", 4), ("muon", 3 + 3 * 5)]
)
def test_a_rule_that_looks_at_a_whole_variable_is_in_stages(
    rule: str, stages: int, every: int
) -> None:
    """In the order of its ops, behind each other, all of them in steps that update alone; the
    products of a matrix are cut, so that threads share them.
    """
    model = trained(rule, epochs=1)
    optimizer = type(model.optimizer)(gradient_accumulation_steps=every if every > 1 else None)
    model.compile(optimizer, "sparse_categorical_crossentropy")
    program = build(model, Job("train", target=(), training=True))
    found = [s for s in cut(program.nodes, program.every) if any(is_step(n.op) for n in s.nodes)]
    assert len(found) == stages
    assert {stage.every for stage in found} == {every}
    assert f"{rule}_step" in {node.op.name for node in found[-1].nodes}
    if rule == "muon":
        products = [n for s in found for n in s.nodes if n.op.name == "muon_product"]
        rows = max(int(node.inputs[0].shape[0]) for node in products)
        assert rows > products[0].op.grain


@pytest.mark.parametrize("rule", RULES)
def test_training_goes_on_from_a_file(rule: str, tmp_path: Path) -> None:
    trained(rule, epochs=2).save(tmp_path / "m.fastnn")
    again = fastnn.models.load_model(tmp_path / "m.fastnn")
    assert again.optimizer.get_config() == RULES[rule]().get_config()
    assert bits(trained(rule, model=again, epochs=2)) == bits(trained(rule, epochs=4))


@pytest.mark.parametrize("rule", RULES)
def test_every_backend_trains_alike(rule: str, backend: str) -> None:
    found = trained(rule, dtype="float64", backend=backend).get_weights()
    expected = trained(rule, dtype="float64", backend="numpy").get_weights()
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-10)


def test_files_hold_what_adafactor_keeps() -> None:
    _, arrays = trained("adafactor").get_training_state()
    shapes = {name: array.shape for name, array in arrays.items()}
    assert shapes["r/first/kernel"] == (70,)
    assert shapes["c/first/kernel"] == (130,)
    assert shapes["v/first/bias"] == (130,)
    assert not {"v/first/kernel", "r/first/bias"} & set(shapes)


def test_muon_leaves_vectors_and_excluded_layers_to_adamw() -> None:
    model = trained("muon")
    by_adam = {v.path: model.optimizer.by_adam(v) for v in model.weights}
    assert by_adam["first/kernel"] is by_adam["second/kernel"] is False
    assert all(by_adam[path] for path in ("first/bias", "last/kernel", "last/bias"))
    _, arrays = model.get_training_state()
    assert "velocity/last/kernel" in arrays
    assert "velocity/first/kernel" not in arrays


def test_a_move_of_muon_is_nearly_orthogonal() -> None:
    """Five rounds of Newton-Schulz move all singular values to between 0.6 and 1.3."""
    model = fastnn.Sequential([layers.Input((6,)), layers.Dense(9, use_bias=False)], seed=1)
    optimizer = optimizers.Muon(1.0, weight_decay=None, rms_rate=None)
    model.compile(optimizer, "mse")
    rng = np.random.default_rng(1)
    before = model.get_weights()[0]
    model.train_on_batch(rng.normal(size=(64, 6)), rng.normal(size=(64, 9)))
    values = np.linalg.svd(model.get_weights()[0] - before, compute_uv=False)
    assert values.min() > 0.6
    assert values.max() < 1.3


def test_an_accumulator_starts_from_its_value() -> None:
    model = trained("adagrad", epochs=1)
    _, arrays = model.get_training_state()
    assert all(array.min() >= np.float32(0.1) for array in arrays.values())
    assert max(array.max() for array in arrays.values()) > 0.1


def test_ftrl_makes_weights_exactly_zero_and_rests_at_rate_zero() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(200, 8))
    model = fastnn.Sequential([layers.Input((8,)), layers.Dense(1)], dtype="float64", seed=1)
    model.compile(optimizers.Ftrl(0.3, l1_regularization_strength=3.0), "mse")
    model.fit(x, 2 * x[:, 0], epochs=20, verbose=0)
    w = model.get_weights()[0].ravel()
    assert w[0] > 1.0
    assert np.count_nonzero(w[1:]) < 5
    assert np.abs(w[1:]).max() < 1e-3
    model.optimizer.learning_rate = 0.0
    model.fit(x, x[:, 1], epochs=1, verbose=0)
    np.testing.assert_array_equal(model.get_weights()[0].ravel(), w)
