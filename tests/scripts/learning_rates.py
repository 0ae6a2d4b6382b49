"""Learning rate schedules: step decay, exponential decay, and reduction on a plateau."""
import math
import numpy as np
import tensorflow as tf
from tensorflow.keras.callbacks import LearningRateScheduler, ReduceLROnPlateau
from tensorflow.keras.layers import Dense
from tensorflow.keras.models import Sequential
from tensorflow.keras.optimizers import SGD, Adam
from tensorflow.keras.optimizers.schedules import ExponentialDecay

tf.random.set_seed(5)
rng = np.random.default_rng(5)

# two interleaved half circles
n = 400
angle = rng.uniform(0, np.pi, n)
label = rng.integers(0, 2, n)
X = np.where(label[:, None] == 0,
             np.column_stack([np.cos(angle), np.sin(angle)]),
             np.column_stack([1 - np.cos(angle), 0.5 - np.sin(angle)]))
X = X + rng.normal(0, 0.15, X.shape)
y = label.astype('float32')


def make_model():
    return Sequential([
        Dense(32, activation='relu', input_dim=2),
        Dense(16, activation='relu'),
        Dense(1, activation='sigmoid'),
    ])


# 1. step decay, by a callback
def step_decay(epoch):
    initial_lrate = 0.1
    drop = 0.5
    epochs_drop = 10.0
    return initial_lrate * math.pow(drop, math.floor((1 + epoch) / epochs_drop))


model = make_model()
model.compile(loss='binary_crossentropy', optimizer=SGD(learning_rate=0.0, momentum=0.9), metrics=['accuracy'])
history = model.fit(X, y, validation_split=0.25, epochs=40, batch_size=28, verbose=0,
                    callbacks=[LearningRateScheduler(step_decay)])
print('step decay:', [round(float(r), 5) for r in history.history['learning_rate'][::10]],
      'val_accuracy %.2f' % history.history['val_accuracy'][-1])

# 2. exponential decay, inside the optimizer
schedule = ExponentialDecay(initial_learning_rate=0.01, decay_steps=100, decay_rate=0.9, staircase=True)
print('rate after 250 steps: %.5f' % float(schedule(250)))
model = make_model()
model.compile(loss='binary_crossentropy', optimizer=Adam(learning_rate=schedule), metrics=['accuracy'])
history = model.fit(X, y, validation_split=0.25, epochs=40, batch_size=28, verbose=0)
print('exponential decay: val_accuracy %.2f' % history.history['val_accuracy'][-1])

# 3. reduce the rate when the validation loss stops falling
model = make_model()
model.compile(loss='binary_crossentropy', optimizer='adam', metrics=['accuracy'])
reduce_lr = ReduceLROnPlateau(monitor='val_loss', factor=0.2, patience=5, min_lr=1e-5, verbose=1)
history = model.fit(X, y, validation_split=0.25, epochs=60, batch_size=28, verbose=0, callbacks=[reduce_lr])
print('plateau: final val_accuracy %.2f' % history.history['val_accuracy'][-1])
