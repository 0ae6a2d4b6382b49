"""Multi-class classification of flowers, with cross-validation."""
import numpy as np
from tensorflow.keras.layers import Dense, Input
from tensorflow.keras.models import Sequential
from tensorflow.keras.utils import to_categorical, set_random_seed

set_random_seed(0)
rng = np.random.default_rng(0)
centers = np.array([[5.0, 3.4, 1.5, 0.2], [5.9, 2.8, 4.3, 1.3], [6.6, 3.0, 5.5, 2.0]])
widths = np.array([[0.35, 0.38, 0.17, 0.1], [0.5, 0.3, 0.45, 0.2], [0.6, 0.3, 0.5, 0.27]])
species = np.repeat(["setosa", "versicolor", "virginica"], 50)
X = np.concatenate([rng.normal(c, w, size=(50, 4)) for c, w in zip(centers, widths)])

# encode class values as integers, then one hot
names, encoded_Y = np.unique(species, return_inverse=True)
dummy_y = to_categorical(encoded_Y)


def baseline_model():
    model = Sequential()
    model.add(Input(shape=(4,)))
    model.add(Dense(8, activation="relu"))
    model.add(Dense(3, activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


order = rng.permutation(len(X))
folds = np.array_split(order, 5)
scores, confusion = [], np.zeros((3, 3), int)
for i, test in enumerate(folds):
    train = np.concatenate([fold for j, fold in enumerate(folds) if j != i])
    model = baseline_model()
    model.fit(X[train], dummy_y[train], epochs=150, batch_size=5, verbose=0)
    scores.append(model.evaluate(X[test], dummy_y[test], verbose=0)[1])
    predicted = np.argmax(model.predict(X[test], verbose=0), axis=1)
    np.add.at(confusion, (encoded_Y[test], predicted), 1)
print("Baseline: %.2f%% (%.2f%%)" % (100 * np.mean(scores), 100 * np.std(scores)))
print(names)
print(confusion)
