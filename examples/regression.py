"""Regression: a curve from noisy points, with inputs and targets of very different scales."""

import argparse

import numpy as np

import fastnn
from fastnn import layers

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--quick", action="store_true", help="fewer epochs, for a test")
epochs = 60 if parser.parse_args().quick else 500

rng = np.random.default_rng(0)
x = np.stack([rng.uniform(0, 1, 800), rng.uniform(0, 10_000, 800)], axis=1)
exact = np.sin(6 * x[:, 0]) + (x[:, 1] / 5_000 - 1) ** 2
y = exact + rng.normal(scale=0.1, size=800)
train, test = slice(0, 600), slice(600, None)

# The layer learns mean and variance of each column; it is part of the model and of its file.
scale = layers.Normalization()
scale.adapt(x[train])
model = fastnn.Sequential(
    [
        fastnn.Input((2,)),
        scale,
        layers.Dense(64, activation="tanh"),
        layers.Dense(64, activation="tanh"),
        layers.Dense(1),
    ],
    seed=1,
)
model.compile(fastnn.optimizers.Adam(3e-3), loss="mse", metrics=["mae", "r2_score"])
model.fit(x[train], y[train], epochs=epochs, validation_data=(x[test], y[test]), verbose=0)

loss, error, r2 = model.evaluate(x[test], y[test], verbose=0)
predicted = model.predict(x[test], verbose=0).ravel()
print(f"test: mean squared error {loss:.4f} (the noise alone has 0.01), R² {r2:.3f}")
print(f"distance from the exact curve: {np.abs(predicted - exact[test]).mean():.3f}")
for (first, second), guess, wanted in zip(x[test][:3], predicted, exact[test], strict=False):
    print(f"x = ({first:.2f}, {second:.0f}): predicted {guess:.2f}, exact {wanted:.2f}")
