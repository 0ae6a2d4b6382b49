"""XOR: a perceptron cannot learn it, a network with a hidden layer can."""
import numpy as np
from keras.models import Sequential
from keras.layers import Dense, Activation
from keras.optimizers import SGD
from keras.initializers import RandomUniform
import keras

keras.utils.set_random_seed(1)

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
y_and = np.array([[0], [0], [0], [1]], "float32")
y_xor = np.array([[0], [1], [1], [0]], "float32")

# a single neuron learns AND ...
model = Sequential()
model.add(Dense(1, input_dim=2))
model.add(Activation('sigmoid'))
model.compile(loss='binary_crossentropy', optimizer=SGD(learning_rate=1.0), metrics=['binary_accuracy'])
model.fit(X, y_and, batch_size=4, epochs=500, verbose=0)
print('AND with one neuron:', model.evaluate(X, y_and, verbose=0)[1])

# ... but not XOR
model.fit(X, y_xor, batch_size=4, epochs=500, verbose=0)
print('XOR with one neuron solved:', model.evaluate(X, y_xor, verbose=0)[1] == 1.0)

# the hidden layer makes the difference
model = Sequential()
model.add(Dense(8, input_dim=2, activation='tanh', kernel_initializer=RandomUniform(-1.0, 1.0, seed=3)))
model.add(Dense(1, activation='sigmoid'))
model.compile(loss='mean_squared_error', optimizer=SGD(learning_rate=0.5, momentum=0.9), metrics=['binary_accuracy'])
model.fit(X, y_xor, batch_size=4, epochs=2000, verbose=0)
print('XOR with a hidden layer:', model.evaluate(X, y_xor, verbose=0)[1])
print(model.predict(X, verbose=0).round())
for layer in model.layers:
    weights, biases = layer.get_weights()
    print(layer.name.split('_')[0], weights.shape, biases.shape)
