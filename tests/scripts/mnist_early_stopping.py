"""MNIST with early stopping and model checkpoints."""
import os
import sys
import numpy as np
from keras.callbacks import EarlyStopping, ModelCheckpoint
from keras.datasets import mnist
from keras.layers import Dense, Dropout, Flatten
from keras.models import Sequential, load_model
from keras.utils import to_categorical, set_random_seed

set_random_seed(0)
train_size = int(sys.argv[1]) if len(sys.argv) > 1 else 60000

batch_size = 128
num_classes = 10
epochs = 20

(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train, y_train = x_train[:train_size], y_train[:train_size]
x_train = x_train.astype('float32') / 255
x_test = x_test.astype('float32') / 255
print(x_train.shape[0], 'train samples')
print(x_test.shape[0], 'test samples')

# convert class vectors to binary class matrices
y_train = to_categorical(y_train, num_classes)
y_test = to_categorical(y_test, num_classes)

model = Sequential()
model.add(Flatten(input_shape=(28, 28)))
model.add(Dense(128, activation='relu'))
model.add(Dropout(0.2))
model.add(Dense(64, activation='relu'))
model.add(Dropout(0.2))
model.add(Dense(num_classes, activation='softmax'))
model.summary()

model.compile(loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy'])

os.makedirs('checkpoints', exist_ok=True)
callbacks = [
    EarlyStopping(monitor='val_loss', patience=2, verbose=1, restore_best_weights=True),
    ModelCheckpoint('checkpoints/mnist_best.keras', monitor='val_accuracy', save_best_only=True, verbose=1),
]
history = model.fit(x_train, y_train, batch_size=batch_size, epochs=epochs, verbose=2,
                    validation_split=0.1, callbacks=callbacks)
print('best val_accuracy: %.3f' % max(history.history['val_accuracy']))

score = model.evaluate(x_test, y_test, verbose=0)
print('Test loss:', score[0])
print('Test accuracy:', score[1])

best = load_model('checkpoints/mnist_best.keras')
print('Accuracy of the checkpoint:', best.evaluate(x_test, y_test, verbose=0)[1])
print('First ten:', np.argmax(best.predict(x_test[:10]), axis=-1))
