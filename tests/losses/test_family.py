"""All losses: names, configurations as Keras writes them, and what must not become NaN."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn import layers, losses
from fastnn.errors import ArgumentError, DataError, ShapeError, UnsupportedError

# class → its Keras names beside the class, and what Keras 3.15.1 gives as get_config()
NAMES = {
    "MeanSquaredError": ["mse", "MSE", "mean_squared_error"],
    "MeanAbsoluteError": ["mae", "MAE", "mean_absolute_error"],
    "MeanAbsolutePercentageError": ["mape", "MAPE", "mean_absolute_percentage_error"],
    "MeanSquaredLogarithmicError": ["msle", "MSLE", "mean_squared_logarithmic_error"],
    "Huber": ["huber"],
    "LogCosh": ["log_cosh"],
    "CosineSimilarity": ["cosine_similarity"],
    "Poisson": ["poisson"],
    "KLDivergence": ["kld", "KLD", "kl_divergence"],
    "BinaryCrossentropy": ["bce", "BCE", "binary_crossentropy"],
    "CategoricalCrossentropy": ["categorical_crossentropy"],
    "SparseCategoricalCrossentropy": ["sparse_categorical_crossentropy"],
    "BinaryFocalCrossentropy": ["binary_focal_crossentropy"],
    "CategoricalFocalCrossentropy": ["categorical_focal_crossentropy"],
    "CategoricalGeneralizedCrossEntropy": ["categorical_generalized_cross_entropy"],
    "Hinge": ["hinge"],
    "SquaredHinge": ["squared_hinge"],
    "CategoricalHinge": ["categorical_hinge"],
    "Dice": ["dice"],
    "Tversky": ["tversky"],
    "Circle": ["circle"],
}
SPARSE = ("SparseCategoricalCrossentropy", "CategoricalGeneralizedCrossEntropy", "Circle")
OF_PROBABILITIES = ("CategoricalCrossentropy", "CategoricalFocalCrossentropy")
NAMED = [(cls, name) for cls, names in NAMES.items() for name in (cls, *names)]
KERAS_CONFIGS: dict[str, dict[str, Any]] = {
    "MeanSquaredError": {"name": "mean_squared_error"},
    "MeanAbsoluteError": {"name": "mean_absolute_error"},
    "MeanAbsolutePercentageError": {"name": "mean_absolute_percentage_error"},
    "MeanSquaredLogarithmicError": {"name": "mean_squared_logarithmic_error"},
    "Huber": {"name": "huber_loss"},
    "LogCosh": {"name": "log_cosh"},
    "CosineSimilarity": {"name": "cosine_similarity"},
    "Poisson": {"name": "poisson"},
    "KLDivergence": {"name": "kl_divergence"},
    "BinaryFocalCrossentropy": {
        "name": "binary_focal_crossentropy",
        "from_logits": False,
        "label_smoothing": 0.0,
        "axis": -1,
        "apply_class_balancing": False,
        "alpha": 0.25,
        "gamma": 2.0,
    },
    "CategoricalFocalCrossentropy": {
        "name": "categorical_focal_crossentropy",
        "from_logits": False,
        "label_smoothing": 0.0,
        "axis": -1,
        "alpha": 0.25,
        "gamma": 2.0,
    },
    "CategoricalGeneralizedCrossEntropy": {
        "name": "categorical_generalized_cross_entropy",
        "q": 0.5,
    },
    "Hinge": {"name": "hinge"},
    "SquaredHinge": {"name": "squared_hinge"},
    "CategoricalHinge": {"name": "categorical_hinge"},
    "Dice": {"name": "dice", "axis": None},
    "Tversky": {"name": "tversky", "alpha": 0.5, "beta": 0.5, "axis": None},
    "Circle": {"name": "circle", "gamma": 80.0, "margin": 0.4, "remove_diagonal": True},
    "SparseCategoricalCrossentropy": {
        "name": "sparse_categorical_crossentropy",
        "from_logits": False,
        "ignore_class": None,
    },
}


@pytest.mark.parametrize(("cls", "name"), NAMED)
def test_every_name_of_keras_gives_the_class(cls: str, name: str) -> None:
    wanted = getattr(losses, cls)
    assert type(losses.get(name)) is wanted
    assert type(losses.get(wanted)) is wanted
    function = getattr(losses, name, None)
    assert type(losses.get(function)) is wanted if function else True


def test_a_function_for_every_class() -> None:
    for names in NAMES.values():
        assert callable(getattr(losses, names[-1]))
        assert names[-1] in losses.__all__
    assert set(NAMES) == set(losses.REGISTRY.classes)


@pytest.mark.parametrize("cls", KERAS_CONFIGS)
def test_configurations_hold_what_keras_writes(cls: str) -> None:
    config = getattr(losses, cls)().get_config()
    expected = {"reduction": "sum_over_batch_size", **KERAS_CONFIGS[cls]}
    assert {name: config.get(name, "missing") for name in expected} == expected
    assert type(losses.deserialize({"class_name": cls, "config": expected})).__name__ == cls


@pytest.mark.parametrize(
    ("cls", "settings"),
    [
        *((cls, {}) for cls in KERAS_CONFIGS),
        ("Huber", {"delta": 0.25}),
        ("CosineSimilarity", {"axis": 1}),
        ("SparseCategoricalCrossentropy", {"from_logits": True, "ignore_class": -1}),
        ("BinaryFocalCrossentropy", {"apply_class_balancing": True, "alpha": 0.5, "gamma": 1.5}),
        ("CategoricalFocalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}),
        ("CategoricalGeneralizedCrossEntropy", {"q": 0.7}),
        ("Dice", {"axis": -1}),
        ("Tversky", {"alpha": 0.3, "beta": 0.7, "axis": 0}),
    ],
)
def test_settings_come_back(cls: str, settings: dict[str, Any]) -> None:
    loss = getattr(losses, cls)(**settings, reduction="sum", name="mine")
    copy = losses.deserialize(json.loads(json.dumps(losses.serialize(loss))))
    assert type(copy) is type(loss)
    assert copy.get_config() == loss.get_config()
    assert {name: copy.get_config()[name] for name in settings} == settings


@pytest.mark.parametrize(
    ("name", "suggested"),
    [
        ("cce", "categorical_crossentropy"),
        ("SCCE", "sparse_categorical_crossentropy"),
        ("mce", "mse"),
        ("l1", "mae"),
        ("hubber", "huber"),
        ("logcosh", "log_cosh"),
        ("KLDivergense", "KLDivergence"),
    ],
)
def test_what_an_unknown_name_may_mean(name: str, suggested: str) -> None:
    with pytest.raises(ArgumentError, match=rf"Did you mean '{suggested}'\? Known: .*'mse'"):
        losses.get(name)


@pytest.mark.parametrize("cls", [cls for cls in NAMES if cls not in SPARSE])
def test_targets_of_another_shape(cls: str) -> None:
    loss = getattr(losses, cls)()
    for t, p in (((5, 3), (5, 2)), ((5,), (5, 3)), ((4, 2), (5, 2))):
        with pytest.raises(ShapeError, match="received targets of shape"):
            loss(np.zeros(t), np.ones(p))


def gradient(loss: Any, y: Any, p: Any) -> np.ndarray:
    """dL/dp in float32."""
    p = np.asarray(p, np.float32)
    stack = [layers.Input(p.shape[1:]), layers.Activation("linear")]
    model = fastnn.Sequential(stack)
    model.compile("sgd", loss)
    return model.gradients(p, np.asarray(y))["input"]


HARD = [[0.0, 0.0], [1e4, -1e4], [1e-30, 1.0], [1.0, 0.0], [-1e4, 1e-7]]
TARGETS = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]


@pytest.mark.parametrize(
    "cls", [cls for cls in NAMES if cls not in (*SPARSE, *OF_PROBABILITIES, "Poisson")]
)
def test_hard_predictions_give_finite_losses_and_gradients(cls: str) -> None:
    loss = getattr(losses, cls)()
    for reduction in (HARD, -np.array(HARD)):
        assert np.isfinite(loss(TARGETS, reduction))
        assert np.isfinite(gradient(loss, TARGETS, reduction)).all()


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("cls", ["BinaryFocalCrossentropy", "CategoricalFocalCrossentropy"])
def test_focal_losses_are_finite_for_huge_logits_and_saturated_probabilities(
    cls: str, gamma: float
) -> None:
    t = np.eye(3)[[0, 1, 2, 0]]
    z = np.array([[1e4, -1e4, 0.0], [1e4, -1e4, 0.0], [0.0, 0.0, 0.0], [-1e4, 1e4, 1e4]])
    for from_logits, p in ((True, z), (False, np.eye(3)[[0, 0, 2, 1]])):
        loss = getattr(losses, cls)(gamma=gamma, from_logits=from_logits)
        assert np.isfinite(loss(t, p))
        assert np.isfinite(gradient(loss, t, p)).all()


def test_without_focus_a_focal_loss_is_the_crossentropy() -> None:
    rng = np.random.default_rng(0)
    z, t = rng.normal(0.0, 3.0, (9, 4)), np.eye(4)[rng.integers(0, 4, 9)]
    focal = losses.CategoricalFocalCrossentropy(alpha=1.0, gamma=0.0, from_logits=True)
    plain = losses.CategoricalCrossentropy(from_logits=True)
    np.testing.assert_allclose(focal(t, z), plain(t, z), rtol=1e-6)
    np.testing.assert_allclose(gradient(focal, t, z), gradient(plain, t, z), rtol=1e-4, atol=1e-7)


def test_the_slope_far_away_is_bounded() -> None:
    for loss in (losses.Huber(), losses.LogCosh(), losses.MeanAbsoluteError()):
        d = gradient(loss, np.zeros((2, 1)), [[1e30], [-1e30]])
        np.testing.assert_allclose(d, [[0.5], [-0.5]], rtol=1e-6)


def test_small_differences_keep_their_digits_in_log_cosh() -> None:
    e = np.float32(1e-3)
    np.testing.assert_allclose(losses.log_cosh([[0.0]], [[e]]), e * e / 2, rtol=1e-3)
    np.testing.assert_allclose(gradient("log_cosh", [[0.0]], [[e]]), e, rtol=1e-3)


def test_zeros_and_ones_are_signs_for_a_hinge() -> None:
    p = np.random.default_rng(0).normal(size=(6, 3))
    bits = np.array([[0, 1, 1], [1, 0, 0]] * 3)
    for cls in (losses.Hinge, losses.SquaredHinge):
        assert cls()(bits, p) == cls()(2 * bits - 1, p)
    assert losses.Hinge()(np.array([True, False]), np.array([0.5, 0.5])) == pytest.approx(1.0)


def test_settings_out_of_range() -> None:
    with pytest.raises(ArgumentError, match=r"Huber: received delta=-1.*\[0, inf\)"):
        losses.Huber(delta=-1)
    with pytest.raises(ArgumentError, match="axis=0"):
        losses.CosineSimilarity(axis=0)([[1.0, 2.0]], [[1.0, 2.0]])


@pytest.mark.parametrize("ignored", [-1, 2, 255])
@pytest.mark.parametrize("from_logits", [False, True])
def test_an_ignored_class_is_as_if_its_samples_were_not_there(
    ignored: int, from_logits: bool
) -> None:
    rng = np.random.default_rng(1)
    x, labels = rng.normal(size=(30, 3)), rng.integers(0, 2, 30)
    y = np.where(np.arange(30) % 3 == 0, ignored, labels)
    kept = y != ignored
    weights = []
    for data, config in (((x, y), {"ignore_class": ignored}), ((x[kept], y[kept]), {})):
        output = layers.Dense(4, None if from_logits else "softmax")
        model = fastnn.Sequential([layers.Input((3,)), output], seed=3)
        loss = losses.SparseCategoricalCrossentropy(from_logits=from_logits, **config)
        model.compile("sgd", loss, metrics=["accuracy", "sparse_categorical_crossentropy"])
        for _ in range(3):
            model.train_on_batch(*data)
        weights.append([*model.get_weights(), loss(data[1], model.predict(data[0], verbose=0))])
    for a, b in zip(*weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_an_ignored_class_leaves_the_range_of_the_others_checked() -> None:
    loss = losses.SparseCategoricalCrossentropy(ignore_class=-1)
    p = np.full((3, 4), 0.25)
    with pytest.raises(DataError, match=r"y_true, row 2: label 4 is out of range"):
        loss([0, -1, 4], p)
    model = fastnn.Sequential([layers.Input((2,)), layers.Dense(4, "softmax")])
    model.compile("sgd", loss)
    with pytest.raises(DataError, match=r"y, row 1: label -2 is out of range"):
        model.fit(np.zeros((3, 2)), np.array([0, -2, -1]), verbose=0)
    assert loss([-1, -1, -1], p) == 0.0
    model.fit(np.zeros((3, 2)), np.full(3, -1), verbose=0)  # a batch without any label that counts
    assert all(np.isfinite(w).all() for w in model.get_weights())
    with pytest.raises(ArgumentError, match="ignore_class='a'"):
        losses.SparseCategoricalCrossentropy(ignore_class="a")  # type: ignore[arg-type]


def test_sequences_may_have_ignored_labels() -> None:
    rng = np.random.default_rng(2)
    p, y = rng.dirichlet(np.ones(4), (5, 3)), rng.integers(0, 4, (5, 3))
    y[0], y[1, 2] = 3, 3
    kept = y != 3
    loss = losses.SparseCategoricalCrossentropy(ignore_class=3)
    each = -np.log(np.take_along_axis(p, y[..., None], -1)[..., 0])
    np.testing.assert_allclose(loss(y, p), each[kept].mean(), rtol=1e-5)
    model = fastnn.Sequential([layers.Input((3, 4)), layers.Activation("linear")])
    model.compile("sgd", loss)
    w = rng.uniform(0.5, 2.0, 5)
    found = model.evaluate(p, y, sample_weight=w, verbose=0)
    expected = (each * w[:, None])[kept].sum() / kept.sum()
    np.testing.assert_allclose([found, loss(y, p, w)], expected, rtol=1e-5)


@pytest.mark.parametrize("cls", ["Dice", "Tversky"])
def test_overlap_over_the_axes_that_keras_has(cls: str) -> None:
    rng = np.random.default_rng(0)
    t, p = rng.integers(0, 2, (300, 2, 3)), rng.uniform(0.1, 0.9, (300, 2, 3))
    for axis in (None, -1, 2, (1, 2), [0, 1], (0, 1, 2)):
        over = tuple(axis) if isinstance(axis, (list, tuple)) else axis
        both, sizes = (t * p).sum(over), (t + p).sum(over)  # alpha = beta = 0.5 is Dice
        loss = getattr(losses, cls)(axis=axis, reduction="none")
        np.testing.assert_allclose(loss(t, p), 1 - 2 * both / (sizes + 1e-7), rtol=1e-5)
    with pytest.raises(UnsupportedError, match="received axis=0 for 3 axes"):
        getattr(losses, cls)(axis=0)(t, p)


def test_a_loss_of_the_whole_batch_is_not_a_mean_over_it() -> None:
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(40, 3)), rng.integers(0, 2, (40, 2))
    model = fastnn.Sequential([layers.Input((3,)), layers.Dense(2, "sigmoid")], seed=1)
    for reduction in ("sum_over_batch_size", "sum", "mean_with_sample_weight"):
        model.compile("sgd", losses.Dice(reduction=reduction))
        expected = losses.dice(t, model.predict(x, verbose=0))
        found = model.evaluate(x, t, batch_size=40, verbose=0)
        np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("cls", NAMES)
def test_no_loss_of_fastnn_needs_python(cls: str) -> None:
    model = fastnn.Sequential([layers.Input((3,)), layers.Dense(4, "softmax")])
    model.compile("sgd", getattr(losses, cls)())
    y = np.zeros(5, int) if cls in SPARSE else np.eye(4)[[0, 1, 2, 3, 0]]
    model.fit(np.zeros((5, 3)), y, verbose=0)
    kinds = {node.op.stage for node in programs_of(model) for node in node.nodes}
    assert kinds <= {"row", "tile", "serial"}


def programs_of(model: fastnn.Sequential) -> list[Any]:
    """The Programs that a model has compiled."""
    return [found.program for found, _ in model._executables.values()]
