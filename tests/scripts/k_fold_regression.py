"""Predicting house prices: a regression with few samples and K-fold validation."""
import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(7)

# 404 districts with 13 features on very different scales
rng = np.random.RandomState(113)
features = rng.gamma(2.0, 1.0, size=(506, 13)) * np.logspace(-2, 2, 13)
scaled = (features - features.mean(axis=0)) / features.std(axis=0)
prices = 22.5 + scaled @ rng.normal(0, 2.0, 13) + 1.5 * np.tanh(scaled[:, 0] * scaled[:, 1])
prices += rng.normal(0, 1.0, 506)
train_data, test_data = features[:404], features[404:]
train_targets, test_targets = prices[:404], prices[404:]

mean = train_data.mean(axis=0)
train_data -= mean
std = train_data.std(axis=0)
train_data /= std
test_data -= mean
test_data /= std


def build_model():
    model = keras.Sequential([
        layers.Dense(64, activation="relu"),
        layers.Dense(64, activation="relu"),
        layers.Dense(1)
    ])
    model.compile(optimizer="rmsprop", loss="mse", metrics=["mae"])
    return model


k = 4
num_val_samples = len(train_data) // k
num_epochs = 40
all_scores = []
all_mae_histories = []
for i in range(k):
    print(f"Processing fold #{i}")
    val_data = train_data[i * num_val_samples: (i + 1) * num_val_samples]
    val_targets = train_targets[i * num_val_samples: (i + 1) * num_val_samples]
    partial_train_data = np.concatenate(
        [train_data[:i * num_val_samples],
         train_data[(i + 1) * num_val_samples:]],
        axis=0)
    partial_train_targets = np.concatenate(
        [train_targets[:i * num_val_samples],
         train_targets[(i + 1) * num_val_samples:]],
        axis=0)
    model = build_model()
    history = model.fit(partial_train_data, partial_train_targets,
                        validation_data=(val_data, val_targets),
                        epochs=num_epochs, batch_size=16, verbose=0)
    all_mae_histories.append(history.history["val_mae"])
    val_mse, val_mae = model.evaluate(val_data, val_targets, verbose=0)
    all_scores.append(val_mae)

average_mae_history = [
    np.mean([x[i] for x in all_mae_histories]) for i in range(num_epochs)]
print("folds:", len(all_scores), "epochs:", len(average_mae_history))
print("mean of the folds: %.2f" % np.mean(all_scores))
print("falls:", average_mae_history[-1] < average_mae_history[0] / 4)

model = build_model()
model.fit(train_data, train_targets, epochs=num_epochs, batch_size=16, verbose=0)
test_mse_score, test_mae_score = model.evaluate(test_data, test_targets, verbose=0)
print("test mae: %.2f" % test_mae_score)
predictions = model.predict(test_data, verbose=0)
print("first prediction:", predictions[0].shape, "error below 6:", bool(abs(predictions[0] - test_targets[0]) < 6))
