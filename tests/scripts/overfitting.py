"""Overfitting and what helps: L2 regularization, dropout, max-norm, early stopping."""
import numpy as np
from tensorflow.keras import Sequential, regularizers, utils
from tensorflow.keras.callbacks import EarlyStopping
from tensorflow.keras.constraints import max_norm
from tensorflow.keras.layers import BatchNormalization, Dense, Dropout

utils.set_random_seed(9)
rng = np.random.default_rng(9)


def data(n):
    x = rng.normal(size=(n, 20))
    return x, ((x[:, 0] * x[:, 1] + x[:, 2] + rng.normal(0, 0.8, n)) > 0).astype(int).reshape(-1, 1)


x_train, y_train = data(200)
x_test, y_test = data(1000)

models = {
    "plain": Sequential([
        Dense(256, activation="relu", input_shape=(20,)),
        Dense(256, activation="relu"),
        Dense(1, activation="sigmoid"),
    ]),
    "l2": Sequential([
        Dense(256, activation="relu", input_shape=(20,), kernel_regularizer=regularizers.l2(0.01)),
        Dense(256, activation="relu", kernel_regularizer=regularizers.l2(0.01)),
        Dense(1, activation="sigmoid"),
    ]),
    "dropout": Sequential([
        Dense(256, activation="relu", input_shape=(20,), kernel_constraint=max_norm(3.)),
        Dropout(0.5),
        Dense(256, activation="relu", kernel_constraint=max_norm(3.)),
        Dropout(0.5),
        Dense(1, activation="sigmoid"),
    ]),
    "batchnorm": Sequential([
        Dense(64, input_shape=(20,), use_bias=False),
        BatchNormalization(),
        Dropout(0.3),
        Dense(1, activation="sigmoid", kernel_regularizer=regularizers.l1_l2(l1=1e-4, l2=1e-3)),
    ]),
}
results = {}
for name, model in models.items():
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy", "binary_crossentropy"])
    stop = [EarlyStopping(monitor="val_binary_crossentropy", patience=20)] if name != "plain" else None
    history = model.fit(x_train, y_train, epochs=60, batch_size=20, verbose=0,
                        validation_data=(x_test, y_test), callbacks=stop)
    results[name] = history.history
    print("%-10s epochs %3d  train %.3f  test %.3f  test crossentropy %.2f" % (
        name, len(history.epoch), history.history["accuracy"][-1], history.history["val_accuracy"][-1],
        history.history["val_binary_crossentropy"][-1]))
print("plain overfits:", results["plain"]["accuracy"][-1] > results["plain"]["val_accuracy"][-1] + 0.1)
