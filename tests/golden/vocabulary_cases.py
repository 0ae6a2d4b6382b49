"""Golden cases of what stands between the other areas: the circle loss, masks in layers that look
at them, models whose loss all comes from ``add_loss``, metrics of the k largest, reductions over
the batch. ``make_vocabulary.py`` runs them in Keras, ``test_golden_vocabulary.py`` here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Found = dict[str, Array]


def _random(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def _embeddings() -> Array:
    x = _random(0).normal(size=(12, 5))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def circle_values(k: Any) -> Found:
    """The function and the class: without pairs, with references, weights and reductions."""
    e, y = _embeddings(), np.array([0, 1, 2, 0, 1, 2, 0, 1, 7, 0, 1, 300])
    found = {
        "plain": k.losses.circle(y, e),
        "diagonal": k.losses.circle(y, e, remove_diagonal=False, gamma=10, margin=0.2),
    }
    for apart in (False, True):
        found[f"references_{apart}"] = k.losses.circle(
            y, e, np.arange(4), e[:4], remove_diagonal=apart, gamma=5
        )
    for reduction in ("sum_over_batch_size", "sum", "none", "mean_with_sample_weight"):
        loss = k.losses.Circle(reduction=reduction, gamma=10.0)
        found[reduction] = loss(y, e)
        found[f"{reduction} weighted"] = loss(y, e, sample_weight=np.arange(12.0))
    return found


def circle_steps(k: Any) -> Found:
    """Steps of descent through the normalisation of the embeddings; some samples have no pair."""
    x = _random(1).normal(size=(12, 5))
    found = {}
    for name, y in (("pairs", np.arange(12) % 3), ("few", np.array([0, 1, 2, 0, 5, 6] * 2))):
        dense = k.layers.Dense(4, activation="tanh")
        model = k.Sequential([k.Input((5,)), dense, k.layers.UnitNormalization()])
        model.set_weights([np.arange(20).reshape(5, 4) % 7 / 7 - 0.4, np.zeros(4)])
        model.compile(k.optimizers.SGD(0.05), k.losses.Circle(gamma=8.0))
        history = model.fit(x, y, epochs=5, batch_size=6, shuffle=False, verbose=0)
        found[f"{name} losses"] = np.array(history.history["loss"])
        found[f"{name} kernel"] = model.get_weights()[0]
    return found


def masked_batch_normalization(k: Any) -> Found:
    """Mean and variance of the steps that count, with their gradients; moving ones; prediction."""
    rng = _random(2)
    x, y = rng.normal(size=(8, 4, 3)), rng.normal(size=(8, 4, 2))
    x[0, 2:], x[3, 1:], x[5, 3] = 0.0, 0.0, 0.0
    layers = k.layers
    model = k.Sequential([
        k.Input((4, 3)), layers.Masking(), layers.Dense(3, activation="tanh"),
        layers.BatchNormalization(momentum=0.5), layers.Dense(2),
    ])  # fmt: skip
    start = [np.arange(9).reshape(3, 3) / 9 - 0.4, np.zeros(3), np.ones(3), np.zeros(3)]
    model.set_weights([*start, np.zeros(3), np.ones(3), np.arange(6).reshape(3, 2) / 5, np.ones(2)])
    model.compile(k.optimizers.SGD(0.1), "mse")
    history = model.fit(x, y, epochs=3, batch_size=4, shuffle=False, verbose=0)
    found = {f"weight {i}": w for i, w in enumerate(model.get_weights())}
    layer = layers.BatchNormalization(momentum=0.5, scale=False)
    found["call"] = layer(x, training=True, mask=np.any(x != 0, axis=-1))
    found["moving"] = layer.get_weights()[-1]
    return {
        **found,
        "losses": np.array(history.history["loss"]),
        "predicted": model.predict(x, verbose=0),
    }


def softmax_masks(k: Any) -> Found:
    """Masks of elements, of lines of one value, of whole samples; several axes."""
    z = _random(3).normal(size=(2, 3, 4))
    mask = _random(4).random((2, 3, 4)) > 0.4
    mask[0, 0] = False
    layer = k.layers.Softmax
    return {
        "elements": layer()(z, mask=mask),
        "numbers": layer(axis=1)(z, mask=mask[:1].astype(z.dtype)),
        "axes": layer(axis=[1, 2])(z),
        "masked axes": layer(axis=(-1, 1))(z, mask=mask[:, :1]),
        "one axis": layer(axis=[1])(z),
    }


def added_losses(k: Any) -> Found:
    """compile(loss=None): what a layer or a regularizer adds is the loss; x alone is enough."""
    x, y = _random(5).normal(size=(9, 3)), _random(6).normal(size=(9, 1))

    class Shrinks(k.layers.Layer):  # type: ignore[misc]
        def build(self, input_shape: Any) -> None:
            self.kernel = self.add_weight((3, 1), "ones")

        def call(self, inputs: Any) -> Any:
            output = k.ops.matmul(inputs, self.kernel)
            self.add_loss(k.ops.mean(k.ops.square(output - 1.0)))
            return output

    found = {}
    for name, data, options in (
        ("x", (x,), {}),
        ("x, y", (x, y), {}),
        ("metric", (x, y), {"metrics": ["mae"]}),
        ("weights", (x, y), {"sample_weight": np.arange(9.0)}),
    ):
        metrics = options.pop("metrics", None)
        model = k.Sequential([k.Input((3,)), Shrinks()])
        model.compile(k.optimizers.SGD(0.1), metrics=metrics)
        history = model.fit(*data, batch_size=4, epochs=3, shuffle=False, verbose=0, **options)
        found[f"{name} losses"] = np.array(history.history["loss"])
        found[f"{name} kernel"] = model.get_weights()[0]
        if metrics:
            found["mae"] = np.array(history.history["mae"])
        else:
            found[f"{name} evaluate"] = np.array(model.evaluate(*data, batch_size=9, verbose=0))
            found[f"{name} on batch"] = np.array(model.train_on_batch(*data))
    dense = k.layers.Dense(1, kernel_initializer="ones", kernel_regularizer="l2")
    model = k.Sequential([k.Input((3,)), dense])
    model.compile(k.optimizers.SGD(0.5))
    found["penalty"] = np.array(model.fit(x, epochs=3, verbose=0).history["loss"])
    return found


def largest(k: Any) -> Found:
    """Metrics of the k largest predictions, where predictions are equal, and where one is NaN."""
    rng = _random(7)
    p = np.round(rng.random((20, 6)), 1)
    labels, w = rng.integers(0, 6, 20), rng.random(20)
    spoiled = np.where(rng.random((20, 6)) < 0.1, np.nan, p)
    one_hot, many = np.eye(6)[labels], (rng.random((20, 6)) < 0.3).astype(float)
    found = {}
    for count in (1, 2, 4):
        found[f"one-hot {count}"] = k.metrics.top_k_categorical_accuracy(one_hot, p, k=count)
        for name, values in (("equal", p), ("nan", spoiled)):
            found[f"labels {name} {count}"] = k.metrics.sparse_top_k_categorical_accuracy(
                labels, values, k=count
            )
        for cls in ("Precision", "Recall"):
            metric = getattr(k.metrics, cls)(top_k=count)
            found[f"{cls} {count}"] = metric(many, p)
            metric = getattr(k.metrics, cls)(top_k=count, class_id=2, thresholds=[0.2, 0.6])
            found[f"{cls} of a class {count}"] = metric(many, p, sample_weight=w)
        for cls, y in (("TopK", one_hot), ("SparseTopK", labels)):
            metric = getattr(k.metrics, f"{cls}CategoricalAccuracy")(k=count)
            found[f"{cls} {count}"] = metric(y, p, sample_weight=w)
    return found


def over_the_batch(k: Any) -> Found:
    """Products and places of extremes over the rows."""
    x = np.round(_random(8).normal(size=(5, 4, 3)), 1)
    found = {}
    for axis in (0, None, 1, -1):
        for keepdims in (False, True):
            for name in ("argmax", "argmin", "prod"):
                result = getattr(k.ops, name)(x, axis=axis, keepdims=keepdims)
                found[f"{name} {axis} {keepdims}"] = result
    return found


CASES: dict[str, Callable[[Any], Found]] = {
    case.__name__: case
    for case in (
        *(circle_values, circle_steps, masked_batch_normalization, softmax_masks),
        *(added_losses, largest, over_the_batch),
    )
}
