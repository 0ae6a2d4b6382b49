"""Makes ``norms.npz`` by running Keras 3 on JAX in float64: see ``make.py``.

KERAS_BACKEND=jax python -m tests.golden.make_norms
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from tests.golden.golden_file import GoldenWriter
from tests.golden.golden_models import batches, build_model, compile_arguments, flatten
from tests.golden.make import prefixed, use_dtype
from tests.golden.norm_cases import BATCH, LAYERS, NETWORKS, ROWS, STEPS

SEED = 20261121


def random_weights(model: Any, random: np.random.Generator) -> list[np.ndarray]:
    """Weights near 1, all positive: they may be variances."""
    return [random.uniform(0.5, 1.5, np.shape(w)) for w in model.get_weights()]


def training_gradients(model: Any, x: np.ndarray, target: np.ndarray) -> dict[str, np.ndarray]:
    """∂(mean squared error)/∂(input and trained weights) of a call with training=True."""
    fixed = [v.value for v in model.non_trainable_variables]

    def objective(values: list[Any], x: Any) -> Any:
        prediction, _ = model.stateless_call(values, fixed, x, training=True)
        return keras.losses.MeanSquaredError()(target, prediction)

    values = [v.value for v in model.trainable_variables]
    dvalues, dx = jax.grad(objective, argnums=(0, 1))(values, jnp.asarray(x))
    named = {f"w{number}": np.asarray(value) for number, value in enumerate(dvalues)}
    return {"input": np.asarray(dx), **named}


def main() -> None:
    """Compute all cases and write the file."""
    use_dtype("float64")
    random = np.random.default_rng(SEED)
    meta = {"keras": keras.__version__, "jax": jax.__version__, "seed": SEED}
    writer = GoldenWriter("norms", meta)
    for name, (layer, shape) in LAYERS.items():
        model = build_model(keras, shape, [layer])
        weights = random_weights(model, random)
        x = random.normal(1.0, 2.0, (ROWS, *shape))
        target = random.normal(size=(ROWS, *shape))
        model.set_weights(weights)
        found = {"y": np.asarray(model(x, training=False))}
        found |= prefixed("d:", training_gradients(model, x, target))
        found["y_training"] = np.asarray(model(x, training=True))
        model(x[:1], training=True)
        model(x[:5], training=True)
        found["weights"] = np.concatenate([np.zeros(0), *map(np.ravel, model.get_weights())])
        writer.inputs(
            name,
            {},
            x=x,
            target=target,
            weights=np.concatenate([np.zeros(0), *map(np.ravel, weights)]),
        )
        writer.expected(name, "float64", **found)
    for name, (layers, arguments) in NETWORKS.items():
        model = build_model(keras, [7], layers)
        weights = [
            random.uniform(-0.7, 0.7, np.shape(w)) if np.ndim(w) > 1 else w
            for w in model.get_weights()
        ]
        x = random.normal(1.0, 2.0, (ROWS, 7))
        y = np.eye(3)[random.integers(0, 3, ROWS)]
        model.set_weights(weights)
        model.compile(**compile_arguments(keras, arguments))
        losses = []
        for rows in batches(ROWS, BATCH, STEPS):
            losses.append(float(model.train_on_batch(x[rows], y[rows])))
        writer.inputs(name, {}, x=x, y=y, weights=flatten(weights))
        writer.expected(
            name,
            "float64",
            losses=np.array(losses),
            weights=flatten(model.get_weights()),
            y=np.asarray(model(x, training=False)),
        )
    print(writer.save())


if __name__ == "__main__":
    main()
