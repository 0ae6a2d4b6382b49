"""Dropout against overfitting: 150 noisy samples, a wide hidden layer."""

import argparse

import numpy as np

import fastnn
from fastnn import layers

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--quick", action="store_true", help="fewer epochs, for a test")
epochs = 20 if parser.parse_args().quick else 150

(x_train, y_train), (x_test, y_test) = fastnn.datasets.digits.load_data()
x_train, y_train = x_train[:150], y_train[:150]
noise = np.random.default_rng(0).normal(scale=4.0, size=x_train.shape)
x_train = x_train + noise


def trained(rate: float) -> fastnn.Sequential:
    """A network with dropout of this rate, which 0 switches off."""
    model = fastnn.Sequential(
        [
            fastnn.Input((8, 8)),
            layers.Rescaling(1 / 16),
            layers.Flatten(),
            layers.Dense(512, activation="relu"),
            layers.Dropout(rate),
            layers.Dense(512, activation="relu"),
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
    print(
        f"dropout {rate}: loss on training data {seen[0]:.3f}, on test data {new[0]:.3f}, "
        f"test accuracy {new[1]:.3f}"
    )
