"""A layer of your own: radial units, each with a centre and a width that are trained."""

import argparse

import numpy as np

import fastnn
from fastnn import layers, ops

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--quick", action="store_true", help="fewer epochs, for a test")
epochs = 60 if parser.parse_args().quick else 400


class Radial(layers.Layer):
    """y = exp(-width² · |x - centre|²) for each unit."""

    def __init__(self, units: int, **kwargs) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape) -> None:
        """The weights, when the size of the input is known."""
        start = fastnn.initializers.RandomUniform(-1.0, 1.0)
        self.centre = self.add_weight((self.units, input_shape[-1]), start, name="centre")
        self.width = self.add_weight((self.units,), "ones", name="width")

    def call(self, inputs):
        """Traced once; then it runs in native code, with its gradient."""
        difference = ops.expand_dims(inputs, 1) - self.centre  # (batch, units, size)
        distance = ops.sum(difference * difference, axis=-1)
        return ops.exp(-self.width * self.width * distance)

    def get_config(self) -> dict:
        """What a file needs to make the layer again."""
        return {**super().get_config(), "units": self.units}


rng = np.random.default_rng(0)
x = rng.uniform(-1, 1, (1000, 2))
y = (np.hypot(x[:, 0], x[:, 1]) < 0.6).astype(int)  # inside a circle

model = fastnn.Sequential(
    [fastnn.Input((2,)), Radial(8), layers.Dense(1, activation="sigmoid")], seed=1
)
model.compile(fastnn.optimizers.Adam(0.02), loss="binary_crossentropy", metrics=["accuracy"])
model.fit(x[:800], y[:800], epochs=epochs, verbose=0)
print("accuracy on new points:", round(model.evaluate(x[800:], y[800:], verbose=0)[1], 3))

model.save("circle.fastnn")  # the weights and the configuration, not the class
again = fastnn.saving.load_model("circle.fastnn", custom_objects={"Radial": Radial})
assert np.array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
