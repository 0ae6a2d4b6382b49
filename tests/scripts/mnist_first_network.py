"""A first look at a neural network: MNIST, in the form of the book."""
import sys

import numpy as np
from tensorflow.keras.datasets import mnist
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(1)
(train_images, train_labels), (test_images, test_labels) = mnist.load_data()
print(train_images.shape, len(train_labels), train_labels[:5])

model = keras.Sequential([
    layers.Dense(512, activation="relu"),
    layers.Dense(10, activation="softmax")
])
model.compile(optimizer="rmsprop",
              loss="sparse_categorical_crossentropy",
              metrics=["accuracy"])

train_images = train_images.reshape((60000, 28 * 28))
train_images = train_images.astype("float32") / 255
test_images = test_images.reshape((10000, 28 * 28))
test_images = test_images.astype("float32") / 255

some = int(sys.argv[1]) if len(sys.argv) > 1 else 60000
model.fit(train_images[:some], train_labels[:some], epochs=5, batch_size=128, verbose=2)

test_digits = test_images[0:10]
predictions = model.predict(test_digits)
print(predictions[0].argmax(), predictions[0][7] > 0.9, test_labels[0])
test_loss, test_acc = model.evaluate(test_images, test_labels)
print(f"test_acc: {test_acc}")

digit = train_images[4].reshape((28, 28))
print(digit.ndim, digit.dtype, f"{digit.max():.1f}")
