"""Classifying newswires: a multiclass problem, labels one-hot and as integers."""
import copy

import numpy as np
from keras import layers, models
from keras.utils import to_categorical
from keras.utils import set_random_seed

set_random_seed(3)
rng = np.random.default_rng(8)
TOPICS, WORDS = 12, 600
topics = rng.dirichlet(np.full(WORDS, 0.05), TOPICS)
labels = rng.choice(TOPICS, size=2600, p=np.arange(TOPICS, 0, -1) / 78)
texts = np.stack([rng.multinomial(40, 0.7 * topics[t] + 0.3 / WORDS) > 0 for t in labels])
x_train, x_test = texts[:2000].astype("float32"), texts[2000:].astype("float32")
train_labels, test_labels = labels[:2000], labels[2000:]


def to_one_hot(labels, dimension=TOPICS):
    results = np.zeros((len(labels), dimension))
    for i, label in enumerate(labels):
        results[i, label] = 1.
    return results


one_hot_train_labels = to_categorical(train_labels)
one_hot_test_labels = to_categorical(test_labels)
print("by hand the same:", bool((to_one_hot(train_labels) == one_hot_train_labels).all()))

model = models.Sequential()
model.add(layers.Dense(64, activation='relu', input_shape=(WORDS,)))
model.add(layers.Dense(64, activation='relu'))
model.add(layers.Dense(TOPICS, activation='softmax'))
model.compile(optimizer='rmsprop',
              loss='categorical_crossentropy',
              metrics=['accuracy'])

x_val = x_train[:400]
partial_x_train = x_train[400:]
y_val = one_hot_train_labels[:400]
partial_y_train = one_hot_train_labels[400:]
history = model.fit(partial_x_train,
                    partial_y_train,
                    epochs=9,
                    batch_size=64,
                    validation_data=(x_val, y_val),
                    verbose=0)
print(list(history.history))
results = model.evaluate(x_test, one_hot_test_labels, verbose=0)
print("one-hot: %.3f" % results[1])

# a random classifier, for comparison
test_labels_copy = copy.copy(test_labels)
np.random.shuffle(test_labels_copy)
hits_array = np.array(test_labels) == np.array(test_labels_copy)
print("random: %.2f" % (float(np.sum(hits_array)) / len(test_labels)))

predictions = model.predict(x_test, verbose=0)
print(predictions[0].shape, "sums to one:", bool(abs(np.sum(predictions[0]) - 1) < 1e-5))

# integer labels, and an information bottleneck
model = models.Sequential([
    layers.Dense(64, activation='relu'),
    layers.Dense(2, activation='relu'),
    layers.Dense(TOPICS, activation='softmax'),
])
model.compile(optimizer='rmsprop', loss='sparse_categorical_crossentropy', metrics=['acc'])
model.fit(partial_x_train, np.array(train_labels)[400:], epochs=9, batch_size=64, verbose=0)
print("bottleneck is worse:", model.evaluate(x_test, test_labels, verbose=0)[1] < results[1])
