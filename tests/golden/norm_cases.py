"""The golden cases of normalisation: layers alone, and networks that are trained. Plain data that
both libraries build from (``golden_models.py``).
"""

from __future__ import annotations

from typing import Any


def one(name: str, **config: Any) -> dict[str, Any]:
    """A layer as data."""
    return {"class": name, "config": config}


# name → (layer, shape of a sample)
LAYERS: dict[str, tuple[dict[str, Any], list[int]]] = {
    "batch": (one("BatchNormalization"), [5]),
    "batch_momentum": (one("BatchNormalization", momentum=0.6, epsilon=0.01), [4]),
    "batch_plain": (one("BatchNormalization", center=False, scale=False), [3]),
    "batch_center": (one("BatchNormalization", scale=False), [3]),
    "batch_scale": (one("BatchNormalization", center=False), [3]),
    "batch_rank_3": (one("BatchNormalization", momentum=0.9), [3, 4]),
    "batch_axis_1": (one("BatchNormalization", axis=1), [3, 4]),
    "layer": (one("LayerNormalization"), [6]),
    "layer_epsilon": (one("LayerNormalization", epsilon=0.1, center=False), [6]),
    "layer_plain": (one("LayerNormalization", center=False, scale=False), [6]),
    "layer_rms": (one("LayerNormalization", rms_scaling=True), [6]),
    "layer_rank_3": (one("LayerNormalization"), [3, 4]),
    "layer_axes": (one("LayerNormalization", axis=[1, 2]), [3, 4]),
    "layer_axis_1": (one("LayerNormalization", axis=1), [3, 4]),
    "layer_axes_apart": (one("LayerNormalization", axis=[1, 3]), [3, 2, 4]),
    "rms": (one("RMSNormalization", epsilon=0.01), [6]),
    "rms_rank_3": (one("RMSNormalization"), [3, 4]),
    "group": (one("GroupNormalization", groups=2), [6]),
    "group_instance": (one("GroupNormalization", groups=-1, epsilon=0.5), [3, 4]),
    "group_rank_3": (one("GroupNormalization", groups=2), [3, 4]),
    "group_axis_1": (one("GroupNormalization", groups=2, axis=1, center=False), [4, 3]),
    "unit": (one("UnitNormalization"), [5]),
    "unit_axis_1": (one("UnitNormalization", axis=1), [3, 4]),
    "unit_axes": (one("UnitNormalization", axis=[1, 2]), [3, 4]),
    "normalization": (one("Normalization", mean=[1.0, 2.0, 3.0], variance=[4.0, 0.0, 1.0]), [3]),
    "normalization_one": (one("Normalization", mean=3.0, variance=2.0), [2, 3]),
    "normalization_invert": (
        one("Normalization", axis=None, mean=3.0, variance=2.0, invert=True),
        [3],
    ),
    "normalization_axis_1": (
        one("Normalization", axis=1, mean=[1.0, 2.0], variance=[3.0, 4.0]),
        [2, 3],
    ),
    "spectral": (one("SpectralNormalization", layer=one("Dense", units=5)), [5]),
    "spectral_iterations": (
        one("SpectralNormalization", layer=one("Dense", units=5), power_iterations=3),
        [5],
    ),
}
# name → (layers, arguments of compile); inputs of 7 numbers, targets of 3
NETWORKS: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "batch_network": (
        [
            one("Dense", units=6, use_bias=False),
            one("BatchNormalization", momentum=0.8),
            one("Activation", activation="relu"),
            one("Dense", units=5),
            one("BatchNormalization", center=False),
            one("Dense", units=3, activation="softmax"),
        ],
        {"optimizer": one("Adam", learning_rate=0.01), "loss": one("CategoricalCrossentropy")},
    ),
    "batch_frozen": (
        [
            one("Dense", units=6),
            one("BatchNormalization", trainable=False),
            one("Dense", units=3),
        ],
        {"optimizer": one("SGD", learning_rate=0.01), "loss": one("MeanSquaredError")},
    ),
    "layer_network": (
        [
            one("Dense", units=6, activation="tanh"),
            one("LayerNormalization"),
            one("Dense", units=6),
            one("RMSNormalization"),
            one("Dense", units=6),
            one("GroupNormalization", groups=3),
            one("UnitNormalization"),
            one("Dense", units=3, activation="softmax"),
        ],
        {
            "optimizer": one("SGD", learning_rate=0.1, momentum=0.9),
            "loss": one("CategoricalCrossentropy"),
        },
    ),
    "spectral_network": (
        [
            one("SpectralNormalization", layer=one("Dense", units=6, activation="tanh")),
            one("SpectralNormalization", layer=one("Dense", units=3), power_iterations=2),
        ],
        {"optimizer": one("Adam", learning_rate=0.01), "loss": one("MeanSquaredError")},
    ),
}
STEPS = 10
BATCH = 4
ROWS = 14  # so that the last batch of an epoch has two rows
