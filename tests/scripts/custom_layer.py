"""Making new layers by subclassing."""
import keras
import numpy as np
from keras import layers, ops

keras.utils.set_random_seed(6)


class Linear(layers.Layer):
    def __init__(self, units=32, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.w = self.add_weight(
            shape=(input_shape[-1], self.units),
            initializer="random_normal",
            trainable=True,
        )
        self.b = self.add_weight(shape=(self.units,), initializer="zeros", trainable=True)

    def call(self, inputs):
        return ops.matmul(inputs, self.w) + self.b

    def get_config(self):
        config = super().get_config()
        config.update({"units": self.units})
        return config


class Antirectifier(layers.Layer):
    """Keeps the positive and the negative part of centered, normalized inputs."""

    def call(self, inputs):
        inputs = inputs - ops.mean(inputs, axis=-1, keepdims=True)
        pos = ops.relu(inputs)
        neg = ops.relu(-inputs)
        return ops.concatenate([pos, neg], axis=-1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[1] * 2)


linear_layer = Linear(4)
y = linear_layer(np.ones((2, 2), "float32"))
print("weights:", len(linear_layer.weights), "output:", y.shape)

rng = np.random.default_rng(6)
x = rng.normal(size=(1000, 16)).astype("float32")
labels = (np.abs(x[:, :8]).sum(axis=1) > np.abs(x[:, 8:]).sum(axis=1)).astype("int32")

model = keras.Sequential([
    keras.Input(shape=(16,)),
    Linear(64),
    Antirectifier(),
    Linear(32),
    Antirectifier(),
    layers.Dropout(0.1),
    Linear(2),
])
model.compile(
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    optimizer=keras.optimizers.RMSprop(),
    metrics=[keras.metrics.SparseCategoricalAccuracy()],
)
model.fit(x[:800], labels[:800], batch_size=32, epochs=40, validation_split=0.15, verbose=0)
loss, accuracy = model.evaluate(x[800:], labels[800:], verbose=0)
print("Test accuracy: %.3f" % accuracy)
print("config:", linear_layer.get_config()["units"])
