"""Learning rates: constant, schedules, and one that follows the validation loss."""

import argparse

import fastnn
from fastnn import layers
from fastnn.callbacks import ReduceLROnPlateau
from fastnn.optimizers.schedules import CosineDecay, ExponentialDecay, PiecewiseConstantDecay

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--quick", action="store_true", help="fewer epochs, for a test")
epochs = 4 if parser.parse_args().quick else 40

(x_train, y_train), (x_test, y_test) = fastnn.datasets.digits.load_data()
steps = epochs * -(-len(x_train) // 32)  # of the optimizer: schedules count these, not epochs

rates = {
    "constant 0.3": 0.3,
    "exponential": ExponentialDecay(0.3, decay_steps=steps, decay_rate=0.05),
    "two steps": PiecewiseConstantDecay([steps // 2, 3 * steps // 4], [0.3, 0.1, 0.02]),
    "cosine, warm": CosineDecay(
        0.01, steps - steps // 10, warmup_target=0.3, warmup_steps=steps // 10
    ),
    "plateau": 0.3,
}
for name, rate in rates.items():
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
    optimizer = fastnn.optimizers.SGD(rate, momentum=0.9)
    model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    callbacks = [ReduceLROnPlateau(factor=0.3, patience=3)] if name == "plateau" else []
    model.fit(
        *(x_train, y_train),
        epochs=epochs,
        validation_data=(x_test, y_test),
        callbacks=callbacks,
        verbose=0,
    )
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    last = float(optimizer.learning_rate)
    print(f"{name:14} last rate {last:.4f}, test loss {loss:.4f}, accuracy {accuracy:.3f}")
