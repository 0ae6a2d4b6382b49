"""Classification on imbalanced data: class weights and an initial bias."""
import numpy as np
import tensorflow as tf
from tensorflow import keras

tf.random.set_seed(2)
rng = np.random.default_rng(2)

# credit card transactions: 2 % are fraud
n = 6000
y = (rng.random(n) < 0.02).astype(int)
x = rng.normal(size=(n, 10))
x[y == 1] += rng.normal(1.0, 0.2, size=10)

neg, pos = np.bincount(y)
total = neg + pos
print('Examples:\n    Total: {}\n    Positive: {} ({:.2f}% of total)\n'.format(total, pos, 100 * pos / total))

train, val, test = slice(0, 4000), slice(4000, 5000), slice(5000, 6000)
mean, std = x[train].mean(axis=0), x[train].std(axis=0)
x = np.clip((x - mean) / std, -5, 5)

METRICS = [
    keras.metrics.MeanSquaredError(name='Brier score'),
    keras.metrics.TruePositives(name='tp'),
    keras.metrics.FalsePositives(name='fp'),
    keras.metrics.TrueNegatives(name='tn'),
    keras.metrics.FalseNegatives(name='fn'),
    keras.metrics.BinaryAccuracy(name='accuracy'),
    keras.metrics.Precision(name='precision'),
    keras.metrics.Recall(name='recall'),
    keras.metrics.AUC(name='auc'),
    keras.metrics.AUC(name='prc', curve='PR'),
]


def make_model(metrics=METRICS, output_bias=None):
    if output_bias is not None:
        output_bias = tf.keras.initializers.Constant(output_bias)
    model = keras.Sequential([
        keras.layers.Dense(16, activation='relu', input_shape=(x.shape[-1],)),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(1, activation='sigmoid', bias_initializer=output_bias),
    ])
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=1e-3),
        loss=keras.losses.BinaryCrossentropy(),
        metrics=metrics)
    return model


initial_bias = np.log([pos / neg])
model = make_model(output_bias=initial_bias)
results = model.evaluate(x[train], y[train], batch_size=512, verbose=0)
print("Loss at the start: {:0.4f}".format(results[0]))

weight_for_0 = (1 / neg) * (total / 2.0)
weight_for_1 = (1 / pos) * (total / 2.0)
class_weight = {0: weight_for_0, 1: weight_for_1}
print('Weight for class 0: {:.2f}'.format(weight_for_0))
print('Weight for class 1: {:.2f}'.format(weight_for_1))

early_stopping = keras.callbacks.EarlyStopping(
    monitor='val_prc', verbose=1, patience=10, mode='max', restore_best_weights=True)

weighted_model = make_model(output_bias=initial_bias)
weighted_model.fit(
    x[train], y[train], batch_size=128, epochs=40, verbose=0, callbacks=[early_stopping],
    validation_data=(x[val], y[val]), class_weight=class_weight)

weighted_results = weighted_model.evaluate(x[test], y[test], batch_size=512, verbose=0, return_dict=True)
for name, value in weighted_results.items():
    print(name, ': ', round(float(value), 4))
