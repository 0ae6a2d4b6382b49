"""Dropout against overfitting: a network that can learn wrong labels by heart."""

import argparse

import numpy as np

import fastnn
from fastnn import layers

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--quick", action="store_true", help="fewer epochs, for a test")
epochs = 10 if parser.parse_args().quick else 60

(x_train, y_train), (x_test, y_test) = fastnn.datasets.digits.load_data()
rng = np.random.default_rng(0)
x_train, y_train = x_train[:600], y_train[:600].copy()
wrong = rng.random(600) < 0.3  # 30 % of the labels are drawn at random
y_train[wrong] = rng.integers(0, 10, wrong.sum())


def trained(rate: float) -> fastnn.Sequential:
    """A network with dropout of this rate, which 0 switches off."""
    model = fastnn.Sequential(
        [
            fastnn.Input((8, 8)),
            layers.Rescaling(1 / 16),
            layers.Flatten(),
            layers.Dense(256, activation="relu"),
            layers.Dropout(rate),
            layers.Dense(256, activation="relu"),
            layers.Dropout(rate),
            layers.Dense(10, activation="softmax"),
        ],
        seed=1,
    )
    model.compile("adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, epochs=epochs, verbose=0)
    return model


for rate in (0.0, 0.5):
    model = trained(rate)
    seen = model.evaluate(x_train, y_train, verbose=0)
    new = model.evaluate(x_test, y_test, verbose=0)
    print(f"dropout {rate}: accuracy on its own samples {seen[1]:.3f}, on new ones {new[1]:.3f}")
