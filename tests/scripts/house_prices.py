"""Regression with Keras: predicting house prices, with early stopping and a plot of the errors."""
import numpy as np
import pandas as pd
from tensorflow import keras
from tensorflow.keras import layers
from tensorflow.keras.callbacks import EarlyStopping

np.random.seed(42)
keras.utils.set_random_seed(42)

n = 1000
df = pd.DataFrame({
    "rooms": np.random.normal(6.3, 0.7, n),
    "age": np.random.uniform(2, 100, n),
    "distance": np.random.gamma(3.0, 1.3, n),
    "tax": np.random.choice([222, 300, 400, 666], n),
    "poverty": np.random.gamma(3.0, 4.0, n),
})
df["price"] = (
    5.0 * df.rooms - 0.02 * df.age - 0.9 * df.distance - 0.006 * df.tax
    - 0.35 * df.poverty + 4.0 * (df.rooms > 7) + np.random.normal(0, 1.5, n)
)

train = df.sample(frac=0.8, random_state=0)
test = df.drop(train.index)
train_labels = train.pop("price")
test_labels = test.pop("price")

stats = train.describe().transpose()


def norm(x):
    return (x - stats["mean"]) / stats["std"]


normed_train = norm(train)
normed_test = norm(test)


def build_model():
    model = keras.Sequential([
        layers.Dense(64, activation="relu", input_shape=[len(train.keys())]),
        layers.Dense(64, activation="relu"),
        layers.Dense(1),
    ])
    optimizer = keras.optimizers.RMSprop(0.001)
    model.compile(loss="mse", optimizer=optimizer, metrics=["mae", "mse"])
    return model


model = build_model()
model.summary()

early_stop = EarlyStopping(monitor="val_loss", patience=10)
history = model.fit(
    normed_train, train_labels, epochs=200, validation_split=0.2, verbose=0, callbacks=[early_stop]
)

hist = pd.DataFrame(history.history)
hist["epoch"] = history.epoch
print(hist.tail())

loss, mae, mse = model.evaluate(normed_test, test_labels, verbose=2)
print("Testing set Mean Abs Error: {:5.2f}".format(mae))

test_predictions = model.predict(normed_test).flatten()
error = test_predictions - test_labels
print("Standard deviation of the error: {:.2f}".format(error.std()))

try:
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    plt.plot(hist["epoch"], hist["mae"], label="Train Error")
    plt.plot(hist["epoch"], hist["val_mae"], label="Val Error")
    plt.xlabel("Epoch")
    plt.ylabel("Mean Abs Error")
    plt.legend()
    plt.savefig("errors.png")
except ImportError:
    print("no matplotlib, no plot")
