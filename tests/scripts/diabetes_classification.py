"""Binary classification of tabular data with a small neural network in Keras."""
from numpy.random import default_rng
from keras.models import Sequential
from keras.layers import Dense
import keras

keras.utils.set_random_seed(7)

# a data set like the one of the Pima Indians: 8 columns, and whether diabetes set in
rng = default_rng(7)
n = 768
pregnancies = rng.poisson(3.8, n)
glucose = rng.normal(121, 30, n)
pressure = rng.normal(72, 12, n)
skin = rng.normal(29, 9, n)
insulin = rng.gamma(2.0, 70.0, n)
bmi = rng.normal(32, 7, n)
pedigree = rng.gamma(2.5, 0.2, n)
age = 21 + rng.gamma(1.5, 8.0, n)
risk = 0.04 * (glucose - 121) + 0.09 * (bmi - 32) + 0.03 * (age - 33) + 0.9 * (pedigree - 0.5) - 0.6
import numpy as np
dataset = np.column_stack([pregnancies, glucose, pressure, skin, insulin, bmi, pedigree, age,
                           rng.random(n) < 1 / (1 + np.exp(-risk))])

# split into input (X) and output (y) variables
X = dataset[:, 0:8]
y = dataset[:, 8]
X = (X - X.mean(axis=0)) / X.std(axis=0)

# define the keras model
model = Sequential()
model.add(Dense(12, input_shape=(8,), activation='relu'))
model.add(Dense(8, activation='relu'))
model.add(Dense(1, activation='sigmoid'))

# compile the keras model
model.compile(loss='binary_crossentropy', optimizer='adam', metrics=['accuracy'])

# fit the keras model on the dataset
model.fit(X, y, epochs=60, batch_size=10, verbose=0)

# evaluate the keras model
_, accuracy = model.evaluate(X, y)
print('Accuracy: %.2f' % (accuracy * 100))

# make class predictions with the model
predictions = (model.predict(X) > 0.5).astype(int)
# summarize the first 5 cases
for i in range(5):
    print('%s => %d (expected %d)' % (X[i].round(2).tolist(), predictions[i][0], y[i]))
