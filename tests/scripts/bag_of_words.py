"""Sentiment of short reviews: a bag of words and a dense network."""
import re
import random
import numpy as np
from keras import layers, models, utils

utils.set_random_seed(3)
random.seed(3)

positive = ["great", "wonderful", "loved", "excellent", "brilliant", "charming", "superb", "fun"]
negative = ["boring", "awful", "hated", "terrible", "dull", "poor", "weak", "mess"]
nouns = ["film", "movie", "plot", "acting", "story", "music", "script", "ending", "cast", "scene"]
frames = [
    "The {n} was {a}.",
    "I {v} the {n}, really {a}!",
    "What a {a} {n} with a {a2} {n2}.",
    "{n} and {n2}: {a}, simply {a2}.",
    "My friends said the {n} is {a}, and the {n2} {a2}",
]

texts, labels = [], []
for _ in range(600):
    label = random.randint(0, 1)
    words = positive if label else negative
    a, a2 = random.choice(words), random.choice(words)
    if random.random() < 0.15:  # mixed feelings
        a2 = random.choice(negative if label else positive)
    n, n2 = random.sample(nouns, 2)
    v = "enjoyed" if label else "regretted"
    texts.append(random.choice(frames).format(a=a, a2=a2, n=n, n2=n2, v=v))
    labels.append(label)


def tokenize(text):
    return re.findall(r"[a-z']+", text.lower())


counts = {}
for text in texts:
    for word in tokenize(text):
        counts[word] = counts.get(word, 0) + 1
vocabulary = {word: i for i, word in enumerate(sorted(counts, key=counts.get, reverse=True)[:40])}


def vectorize(texts):
    results = np.zeros((len(texts), len(vocabulary)))
    for i, text in enumerate(texts):
        for word in tokenize(text):
            if word in vocabulary:
                results[i, vocabulary[word]] = 1.
    return results


x = vectorize(texts)
y = np.asarray(labels).astype("float32")
x_train, y_train = x[:400], y[:400]
x_val, y_val = x[400:500], y[400:500]
x_test, y_test = x[500:], y[500:]

model = models.Sequential([
    layers.Dense(16, activation="relu"),
    layers.Dropout(0.3),
    layers.Dense(16, activation="relu"),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["acc"])
history = model.fit(x_train, y_train, epochs=20, batch_size=32, validation_data=(x_val, y_val), verbose=2)
print(history.history.keys())

results = model.evaluate(x_test, y_test)
print("test loss, test acc:", results)

new = ["A wonderful story, superb cast", "Such a dull and boring ending"]
for text, p in zip(new, model.predict(vectorize(new))):
    print(f"{text!r}: {'positive' if p[0] > 0.5 else 'negative'}")
