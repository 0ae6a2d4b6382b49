"""Models that both libraries can build, for files that pass between them: each family of layers,
optimizers, losses and metrics once. ``library`` is ``keras`` or ``fastnn``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

ROWS = 8


def mlp(k: Any) -> tuple[Any, dict[str, Any]]:
    he = k.initializers.HeNormal(seed=3)
    layers = [
        k.Input((6,)),
        k.layers.Rescaling(0.5, offset=0.1),
        k.layers.Dense(5, activation="relu", kernel_initializer=he),
        k.layers.Dropout(0.2),
        k.layers.Dense(4, activation="tanh", use_bias=False),
        k.layers.Dense(3, activation="softmax"),
    ]
    return k.Sequential(layers, name="mlp"), {
        "optimizer": "adam",
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
    }


def normalised(k: Any) -> tuple[Any, dict[str, Any]]:
    layers = [
        k.Input((6,)),
        k.layers.Normalization(),
        k.layers.Dense(4),
        k.layers.BatchNormalization(momentum=0.9, scale=False),
        k.layers.LayerNormalization(),
        k.layers.Dense(4),
        k.layers.GroupNormalization(2),
        k.layers.RMSNormalization(),
        k.layers.UnitNormalization(),
        k.layers.Dense(1),
    ]
    return k.Sequential(layers, name="normalised"), {
        "optimizer": k.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
        "loss": k.losses.Huber(),  # Keras does not write its delta
        "metrics": ["mae", k.metrics.RootMeanSquaredError(name="root")],
    }


def curves(k: Any) -> tuple[Any, dict[str, Any]]:
    layers = [
        k.Input((6,)),
        k.layers.Dense(4, activation="gelu"),
        k.layers.PReLU(alpha_initializer=k.initializers.Constant(0.3)),
        k.layers.LeakyReLU(negative_slope=0.2),
        k.layers.ELU(alpha=0.7),
        k.layers.ReLU(max_value=5.0, negative_slope=0.1),
        k.layers.Activation("swish"),
        k.layers.Dense(3),
        k.layers.Softmax(),
    ]
    return k.Sequential(layers, name="curves"), {
        "optimizer": k.optimizers.RMSprop(0.01, momentum=0.5, centered=True),
        "loss": k.losses.CategoricalCrossentropy(label_smoothing=0.1),
        "metrics": [k.metrics.TopKCategoricalAccuracy(k=2)],
    }


def nested(k: Any) -> tuple[Any, dict[str, Any]]:
    inner = k.Sequential(
        [k.Input((6,)), k.layers.Dense(4), k.layers.BatchNormalization()], name="inner"
    )
    layers = [
        k.Input((6,)),
        k.layers.Dense(6, trainable=False),
        inner,
        k.layers.Dense(4),
        k.layers.Reshape((2, 2)),
        k.layers.TimeDistributed(k.layers.Dense(3)),
        k.layers.Permute((2, 1)),
        k.layers.Flatten(),
        k.layers.RepeatVector(2),
        k.layers.Identity(),
        k.layers.Flatten(),
        k.layers.Dense(1, activation="sigmoid"),
    ]
    return k.Sequential(layers, name="nested"), {
        "optimizer": k.optimizers.AdamW(0.01, weight_decay=0.002, amsgrad=True),
        "loss": "binary_crossentropy",
        "metrics": [k.metrics.AUC(num_thresholds=20), k.metrics.Precision(thresholds=0.4)],
        "weighted_metrics": ["accuracy"],
    }


def embedded(k: Any) -> tuple[Any, dict[str, Any]]:
    layers = [
        k.Input((3,), dtype="int32"),
        k.layers.Embedding(5, 2),
        k.layers.Flatten(),
        k.layers.GaussianNoise(0.1),
        k.layers.AlphaDropout(0.1),
        k.layers.GaussianDropout(0.1),
        k.layers.Dense(2),
    ]
    return k.Sequential(layers, name="embedded"), {
        "optimizer": k.optimizers.Adagrad(0.02),
        "loss": "mse",
    }


def held(k: Any) -> tuple[Any, dict[str, Any]]:
    layers = [
        k.Input((6,)),
        k.layers.Dense(
            4,
            kernel_regularizer=k.regularizers.L1L2(l1=0.01, l2=0.02),
            bias_regularizer="l2",
            kernel_constraint=k.constraints.MaxNorm(2.0),
            bias_constraint="non_neg",
        ),
        k.layers.ActivityRegularization(l2=0.01),
        k.layers.Dense(2),
    ]
    schedule = k.optimizers.schedules.ExponentialDecay(0.01, decay_steps=3, decay_rate=0.5)
    return k.Sequential(layers, name="held"), {
        "optimizer": k.optimizers.Nadam(schedule, clipnorm=1.0),
        "loss": "mean_absolute_error",
    }


def encoded(k: Any) -> tuple[Any, dict[str, Any]]:
    layers = [
        k.Input((6,)),
        k.layers.Discretization(bin_boundaries=[-0.5, 0.0, 0.5], output_mode="int"),
        k.layers.CategoryEncoding(num_tokens=4, output_mode="multi_hot"),
        k.layers.Dense(2),
    ]
    return k.Sequential(layers, name="encoded"), {
        "optimizer": k.optimizers.Lion(0.001),
        "loss": "log_cosh",
    }


def spectral(k: Any) -> tuple[Any, dict[str, Any]]:
    layers = [
        k.Input((6,)),
        k.layers.SpectralNormalization(k.layers.Dense(4, activation="elu")),
        k.layers.Dense(2),
    ]
    return k.Sequential(layers, name="spectral"), {
        "optimizer": k.optimizers.Adamax(0.01),
        "loss": "cosine_similarity",
    }


def averaged(k: Any) -> tuple[Any, dict[str, Any]]:
    layers = [k.Input((6,)), k.layers.Dense(4, activation="tanh"), k.layers.Dense(2)]
    # saved after two steps: the third is the first update
    optimizer = k.optimizers.Adafactor(
        0.05, use_ema=True, ema_momentum=0.8, gradient_accumulation_steps=3
    )
    return k.Sequential(layers, name="averaged"), {"optimizer": optimizer, "loss": "mse"}


def uncompiled(k: Any) -> tuple[Any, None]:
    layers = [k.Input((6,), batch_size=None), k.layers.Dense(2, activation="hard_sigmoid")]
    return k.Sequential(layers, name="uncompiled"), None


CASES: dict[str, Callable[[Any], tuple[Any, Any]]] = {
    made.__name__: made
    for made in (
        mlp,
        normalised,
        curves,
        nested,
        embedded,
        held,
        encoded,
        spectral,
        averaged,
        uncompiled,
    )
}


def inputs(name: str) -> np.ndarray:
    """The samples of a case."""
    rng = np.random.default_rng(6)
    if name == "embedded":
        return rng.integers(0, 5, (ROWS, 3)).astype(np.int32)
    return rng.normal(size=(ROWS, 6)).astype(np.float32)


def targets(name: str, outputs: int) -> np.ndarray:
    """The targets of a case."""
    rng = np.random.default_rng(7)
    if name == "mlp":
        return rng.integers(0, outputs, ROWS)
    if name == "curves":
        return np.eye(outputs, dtype=np.float32)[rng.integers(0, outputs, ROWS)]
    if name == "nested":
        return rng.integers(0, 2, (ROWS, 1)).astype(np.float32)
    return rng.normal(size=(ROWS, outputs)).astype(np.float32)


def prepared(name: str, library: Any) -> Any:
    """The model of a case, trained for two steps so that every array is its own."""
    model, compiling = CASES[name](library)
    rng = np.random.default_rng(8)
    x = inputs(name)
    if name == "normalised":
        model.layers[0].adapt(x)
    if compiling is None:
        return model
    fixed = model.layers[0].get_weights() if name == "normalised" else []
    high = 0.2 if name == "nested" else 0.9  # no saturated sigmoid, whose gradient is noise
    drawn = [rng.uniform(0.05, high, np.shape(w)) for w in model.get_weights()]
    model.set_weights([*fixed, *drawn[len(fixed) :]])
    model.compile(**compiling)
    y = targets(name, model.output_shape[-1])
    model.fit(x, y, batch_size=4, epochs=1, shuffle=False, verbose=0)
    return model


def without_noise(name: str) -> bool:
    """Whether training gives the same numbers in both libraries."""
    return name not in ("mlp", "embedded")
