"""Writing your own callbacks, and those that log."""
import csv
import numpy as np
import keras
from keras.callbacks import Callback, CSVLogger, LambdaCallback, TerminateOnNaN

keras.utils.set_random_seed(8)
rng = np.random.default_rng(8)
x = rng.uniform(-3, 3, size=(500, 1))
y = np.sin(x) + rng.normal(0, 0.05, x.shape)


class LossHistory(Callback):
    def on_train_begin(self, logs={}):
        self.losses = []

    def on_batch_end(self, batch, logs={}):
        self.losses.append(logs.get('loss'))


class StopAt(Callback):
    def __init__(self, value):
        super().__init__()
        self.value = value

    def on_epoch_end(self, epoch, logs=None):
        if logs['val_loss'] < self.value:
            print('\nval_loss below %g, stopping' % self.value)
            self.model.stop_training = True


model = keras.Sequential()
model.add(keras.Input(shape=(1,)))
model.add(keras.layers.Dense(50, activation='tanh'))
model.add(keras.layers.Dense(20, activation='tanh'))
model.add(keras.layers.Dense(1))
model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.01), loss='mean_squared_error')

losses = LossHistory()
epochs_seen = []
history = model.fit(x, y, epochs=200, batch_size=50, validation_split=0.2, verbose=0, callbacks=[
    losses,
    StopAt(0.005),
    CSVLogger('training.log'),
    LambdaCallback(on_epoch_begin=lambda epoch, logs: epochs_seen.append(epoch)),
    TerminateOnNaN(),
])
print('batches per epoch:', len(losses.losses) / len(history.epoch))
print('epochs seen equal those trained:', epochs_seen == history.epoch)
with open('training.log') as file:
    rows = list(csv.DictReader(file))
print('rows logged equal those trained:', len(rows) == len(history.epoch), sorted(rows[0]))
print('final val_loss below 0.005:', history.history['val_loss'][-1] < 0.005)
