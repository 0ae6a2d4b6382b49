"""Custom loss functions: a function with the backend, one with tf, and a class."""
import numpy as np
import tensorflow as tf
import tensorflow.keras.backend as K
from tensorflow import keras
from tensorflow.keras.layers import Dense

keras.utils.set_random_seed(4)
rng = np.random.default_rng(4)
x = rng.uniform(-1, 1, size=(600, 3)).astype('float32')
y = (x @ np.array([[1.5], [-2.0], [0.5]]) + 0.3).astype('float32')
outliers = rng.random(600) < 0.05
y[outliers] += 20


def root_mean_squared_error(y_true, y_pred):
    return K.sqrt(K.mean(K.square(y_pred - y_true), axis=-1) + K.epsilon())


def huber_fn(y_true, y_pred):
    error = y_true - y_pred
    is_small_error = tf.abs(error) < 1
    squared_loss = tf.square(error) / 2
    linear_loss = tf.abs(error) - 0.5
    return tf.where(is_small_error, squared_loss, linear_loss)


class QuantileLoss(keras.losses.Loss):
    def __init__(self, q=0.5, name='quantile_loss'):
        super().__init__(name=name)
        self.q = q

    def call(self, y_true, y_pred):
        y_true = tf.cast(y_true, y_pred.dtype)
        e = y_true - y_pred
        return tf.reduce_mean(tf.maximum(self.q * e, (self.q - 1) * e), axis=-1)


def r2(y_true, y_pred):
    return 1 - K.sum(K.square(y_true - y_pred)) / (K.sum(K.square(y_true - K.mean(y_true))) + K.epsilon())


for loss in [root_mean_squared_error, huber_fn, QuantileLoss(0.5)]:
    model = keras.Sequential([Dense(1, input_shape=(3,))])
    model.compile(loss=loss, optimizer=keras.optimizers.Adam(0.02), metrics=['mae', r2])
    history = model.fit(x, y, epochs=60, batch_size=32, verbose=0)
    clean = model.predict(x[~outliers], verbose=0)
    name = getattr(loss, '__name__', None) or loss.name
    print('%s: mean error without the outliers %.2f' % (name, np.abs(clean - y[~outliers]).mean()))
    print('  metrics:', sorted(history.history))

print('eager:', float(huber_fn(np.array([[1.0], [5.0]], 'float32'), np.array([[1.5], [1.0]], 'float32'))[1, 0]))
