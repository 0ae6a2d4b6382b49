"""A multi-layer perceptron on handwritten digits (bundled 8x8 digits, or MNIST)."""

import argparse

import numpy as np

import fastnn
from fastnn import layers

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--quick", action="store_true", help="fewer epochs, for a test")
parser.add_argument("--mnist", action="store_true", help="28x28 digits, found or downloaded")
options = parser.parse_args()

data = fastnn.datasets.mnist if options.mnist else fastnn.datasets.digits
(x_train, y_train), (x_test, y_test) = data.load_data()
largest = 255 if options.mnist else 16

model = fastnn.Sequential(
    [
        fastnn.Input(x_train.shape[1:]),
        layers.Rescaling(1 / largest),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dense(64, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ],
    seed=1,
)
model.summary()
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
epochs = 8 if options.quick else 30
model.fit(x_train, y_train, epochs=epochs, batch_size=32, validation_split=0.1, verbose=2)

loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"test loss {loss:.3f}, test accuracy {accuracy:.3f}")

predicted = model.predict(x_test, verbose=0).argmax(axis=1)
confusion = np.zeros((10, 10), dtype=int)
np.add.at(confusion, (y_test, predicted), 1)
print("rows: digit, columns: what the model took it for")
print(confusion)
