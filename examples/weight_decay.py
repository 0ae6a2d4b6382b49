"""L2 against overfitting: a polynomial's worth of neurons for 30 noisy points."""

import argparse

import numpy as np

import fastnn
from fastnn import layers, regularizers

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--quick", action="store_true", help="fewer epochs, for a test")
epochs = 300 if parser.parse_args().quick else 4000

rng = np.random.default_rng(0)
x = np.sort(rng.uniform(-1, 1, (30, 1)), axis=0)
y = np.sin(3 * x) + rng.normal(scale=0.3, size=x.shape)
x_new = np.linspace(-1, 1, 200)[:, None]
y_new = np.sin(3 * x_new)

for strength in (0.0, 1e-4, 1e-3, 1e-2, 1e-1):
    penalty = regularizers.L2(strength) if strength else None
    model = fastnn.Sequential(
        [
            fastnn.Input((1,)),
            layers.Dense(100, activation="relu", kernel_regularizer=penalty),
            layers.Dense(100, activation="relu", kernel_regularizer=penalty),
            layers.Dense(1, kernel_regularizer=penalty),
        ],
        seed=1,
    )
    # The loss that fit shows has the penalty in it; the metric has not.
    model.compile(fastnn.optimizers.Adam(3e-3), loss="mse", metrics=["mse"])
    model.fit(x, y, epochs=epochs, batch_size=30, verbose=0)
    seen = model.evaluate(x, y, verbose=0)[1]
    new = model.evaluate(x_new, y_new, verbose=0)[1]
    size = float(np.sqrt(sum((weight**2).sum() for weight in model.get_weights())))
    print(
        f"L2 {strength:<6}: error on the points {seen:.3f}, on the true curve {new:.3f}, "
        f"length of the weights {size:.1f}"
    )
