"""Searching hyperparameters with loops, and a small wrapper in the style of scikit-learn."""
import itertools

import numpy as np
import keras
from keras import layers, optimizers, regularizers
from keras import backend as K

rng = np.random.default_rng(2)
X = rng.uniform(-1, 1, (600, 2))
label = (X[:, 0] * X[:, 1] > 0).astype(int)
X_train, y_train, X_val, y_val = X[:450], label[:450], X[450:], label[450:]


def create_model(units=16, learning_rate=0.01, dropout=0.0, activation='tanh'):
    model = keras.Sequential([
        keras.Input(shape=(2,)),
        layers.Dense(units, activation=activation, kernel_regularizer=regularizers.l2(1e-5)),
        layers.Dropout(dropout),
        layers.Dense(units, activation=activation),
        layers.Dense(1, activation='sigmoid'),
    ])
    model.compile(optimizer=optimizers.Adam(learning_rate=learning_rate),
                  loss='binary_crossentropy', metrics=['accuracy'])
    return model


grid = {'units': [4, 32], 'learning_rate': [0.0005, 0.02], 'dropout': [0.0, 0.4]}
results = []
for values in itertools.product(*grid.values()):
    K.clear_session()
    keras.utils.set_random_seed(0)
    params = dict(zip(grid, values))
    model = create_model(**params)
    history = model.fit(X_train, y_train, validation_data=(X_val, y_val), epochs=60, batch_size=32, verbose=0)
    results.append((max(history.history['val_accuracy']), params))
    print(model.name, params, 'val_accuracy %.3f' % results[-1][0])
best_score, best_params = max(results, key=lambda item: item[0])
print('Best: %.3f using units %d, learning_rate %g' % (best_score, best_params['units'], best_params['learning_rate']))


class KerasWrapper:
    def __init__(self, build_fn, epochs=60, **params):
        self.build_fn, self.epochs, self.params = build_fn, epochs, params

    def get_params(self, deep=True):
        return {'build_fn': self.build_fn, 'epochs': self.epochs, **self.params}

    def fit(self, X, y):
        self.model_ = self.build_fn(**self.params)
        self.history_ = self.model_.fit(X, y, epochs=self.epochs, batch_size=32, verbose=0)
        return self

    def predict(self, X):
        return (self.model_.predict(X, verbose=0) > 0.5).astype('int32').ravel()

    def score(self, X, y):
        return float(np.mean(self.predict(X) == y))


scores = []
folds = np.array_split(np.random.default_rng(0).permutation(len(X)), 3)
for held_out in folds:
    rest = np.setdiff1d(np.arange(len(X)), held_out)
    clf = KerasWrapper(create_model, **best_params).fit(X[rest], label[rest])
    scores.append(clf.score(X[held_out], label[held_out]))
print('Folds: %d, mean accuracy: %.3f' % (len(scores), np.mean(scores)))

copy = keras.models.clone_model(clf.model_)
copy.set_weights(clf.model_.get_weights())
print('copy predicts the same:', np.allclose(copy.predict(X, verbose=0), clf.model_.predict(X, verbose=0)))
noise = keras.random.normal((len(X), 2), stddev=0.01, seed=1)
print('with noise, same shape:', (X + np.asarray(noise)).shape == X.shape)
