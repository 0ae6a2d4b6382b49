"""Classifying movie reviews: lists of word indices, multi-hot encoded."""
import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(11)
NUM_WORDS = 1000


def load_data(num_words):
    """Reviews like those of IMDB: good ones use other words more often than bad ones."""
    rng = np.random.default_rng(5)
    log_odds = rng.normal(0, 1.2, num_words)
    usual = 1 / np.arange(1, num_words + 1) ** 0.8
    reviews, labels = [], []
    for _ in range(3000):
        label = int(rng.integers(2))
        p = usual * np.exp(log_odds * (label - 0.5))
        reviews.append(rng.choice(num_words, size=rng.integers(20, 120), p=p / p.sum()).tolist())
        labels.append(label)
    data = np.array(reviews, dtype="object")
    labels = np.array(labels)
    return (data[:2000], labels[:2000]), (data[2000:], labels[2000:])


(train_data, train_labels), (test_data, test_labels) = load_data(num_words=NUM_WORDS)
print("largest index:", max([max(sequence) for sequence in train_data]) < NUM_WORDS)


def vectorize_sequences(sequences, dimension=NUM_WORDS):
    results = np.zeros((len(sequences), dimension))
    for i, sequence in enumerate(sequences):
        for j in sequence:
            results[i, j] = 1.
    return results


x_train = vectorize_sequences(train_data)
x_test = vectorize_sequences(test_data)
y_train = np.asarray(train_labels).astype("float32")
y_test = np.asarray(test_labels).astype("float32")

model = keras.Sequential([
    layers.Dense(16, activation="relu"),
    layers.Dense(16, activation="relu"),
    layers.Dense(1, activation="sigmoid")
])
model.compile(optimizer="rmsprop",
              loss="binary_crossentropy",
              metrics=["accuracy"])

x_val = x_train[:500]
partial_x_train = x_train[500:]
y_val = y_train[:500]
partial_y_train = y_train[500:]
history = model.fit(partial_x_train,
                    partial_y_train,
                    epochs=8,
                    batch_size=128,
                    validation_data=(x_val, y_val),
                    verbose=0)
history_dict = history.history
print(sorted(history_dict.keys()))
epochs = range(1, len(history_dict["loss"]) + 1)
print("epochs:", list(epochs)[-1])
results = model.evaluate(x_test, y_test, verbose=0)
print("test accuracy: %.3f" % results[1])
predictions = model.predict(x_test, verbose=0)
print(predictions.shape, "sure ones:", bool((predictions > 0.9).any() and (predictions < 0.1).any()))

# the same text, padded, as the first words only
padded = keras.utils.pad_sequences(train_data, maxlen=50)
print("padded:", padded.shape, padded.dtype)
