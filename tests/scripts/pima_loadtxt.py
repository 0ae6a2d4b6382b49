"""First neural network with keras: a table of numbers from a file."""
from numpy import loadtxt, savetxt
import numpy as np
from keras.models import Sequential
from keras.layers import Dense
import keras

keras.utils.set_random_seed(42)
# the file
rng = np.random.default_rng(0)
n = 768
y = (rng.random(n) < 0.35).astype(int)
table = np.column_stack([
    rng.poisson(3 + 2 * y), rng.normal(110 + 32 * y, 25), rng.normal(70, 18, n), rng.normal(20, 15, n).clip(0),
    rng.gamma(1, 80, n), rng.normal(30.5 + 4.5 * y, 7), rng.gamma(2, 0.22 + 0.06 * y), rng.gamma(8, 3.9 + 0.9 * y) , y])
savetxt('pima-indians-diabetes.csv', table, delimiter=',', fmt='%.3f')

# load the dataset
dataset = loadtxt('pima-indians-diabetes.csv', delimiter=',')
# split into input (X) and output (y) variables
X = dataset[:,0:8]
y = dataset[:,8]
# define the keras model
model = Sequential()
model.add(Dense(12, input_dim=8, activation='relu'))
model.add(Dense(8, activation='relu'))
model.add(Dense(1, activation='sigmoid'))
# compile the keras model
model.compile(loss='binary_crossentropy', optimizer='adam', metrics=['accuracy'])
# fit the keras model on the dataset
model.fit(X, y, epochs=60, batch_size=10, verbose=0)
# evaluate the keras model
_, accuracy = model.evaluate(X, y)
print('Accuracy: %.2f' % (accuracy*100))
# make class predictions with the model
predictions = (model.predict(X) > 0.5).astype(int)
# summarize the first 5 cases
for i in range(5):
	print('%s => %d (expected %d)' % (X[i].tolist(), predictions[i, 0], y[i]))
rounded = [round(x[0]) for x in model.predict(X, verbose=0).astype(float)]
print('same: ', rounded == predictions[:, 0].tolist())
print('by the weights:', [w.shape for w in model.get_weights()])
