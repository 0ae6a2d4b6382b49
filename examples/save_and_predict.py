"""Stop when validation no longer improves, save the best model, load it, predict."""

import argparse

import numpy as np

import fastnn
from fastnn import layers
from fastnn.callbacks import EarlyStopping, ModelCheckpoint

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--quick", action="store_true", help="fewer epochs, for a test")
epochs = 6 if parser.parse_args().quick else 200

(x_train, y_train), (x_test, y_test) = fastnn.datasets.digits.load_data()
model = fastnn.Sequential(
    [
        fastnn.Input((8, 8)),
        layers.Rescaling(1 / 16),
        layers.Flatten(),
        layers.Dense(64, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ],
    seed=1,
)
model.compile("adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(
    *(x_train, y_train),
    epochs=epochs,
    validation_split=0.15,
    callbacks=[
        EarlyStopping(patience=10, restore_best_weights=True),
        ModelCheckpoint("best.fastnn", save_best_only=True),
    ],
    verbose=0,
)
print(f"{len(history.epoch)} epochs, best validation loss {min(history.history['val_loss']):.4f}")
print("the weights of that epoch are in best.fastnn")

# In another program: the file has everything, and no code.
loaded = fastnn.saving.load_model("best.fastnn")
assert np.array_equal(loaded.predict(x_test, verbose=0), model.predict(x_test, verbose=0))
image = x_test[:1]
probabilities = loaded.predict(image, verbose=0)[0]
best = probabilities.argsort()[::-1][:3]
print(
    f"a picture of a {y_test[0]}:",
    ", ".join(f"{digit} with {probabilities[digit]:.1%}" for digit in best),
)
