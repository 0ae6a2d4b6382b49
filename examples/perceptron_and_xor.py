"""One neuron learns AND but not XOR; three hidden neurons learn XOR."""

import argparse

import numpy as np

import fastnn
from fastnn import layers
from fastnn.models import Perceptron

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--quick", action="store_true", help="fewer epochs, for a test")
quick = parser.parse_args().quick

x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
targets = {"AND": np.array([0, 0, 0, 1]), "XOR": np.array([0, 1, 1, 0])}

# The perceptron's rule ends without errors if a line separates the classes, and only then.
for name, y in targets.items():
    neuron = Perceptron(2)
    neuron.train(x, y)
    print(f"one neuron, {name}: {neuron.predict(x).tolist()}, wanted {y.tolist()}")

model = fastnn.Sequential(
    [fastnn.Input((2,)), layers.Dense(3, "tanh"), layers.Dense(1, "sigmoid")], seed=1
)
model.compile(fastnn.optimizers.Adam(0.05), loss="binary_crossentropy")
history = model.fit(x, targets["XOR"], epochs=300 if quick else 2000, verbose=0)
probabilities = model.predict(x, verbose=0).ravel()
print(
    f"hidden layer, XOR: {probabilities.round(2).tolist()}, loss {history.history['loss'][-1]:.4f}"
)
assert ((probabilities > 0.5) == targets["XOR"]).all()
