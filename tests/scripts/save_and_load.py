"""Save and load models, weights and architecture."""
import os
import numpy as np
from tensorflow import keras
from tensorflow.keras.models import Sequential, load_model, model_from_json

keras.utils.set_random_seed(11)
rng = np.random.default_rng(11)
x = rng.normal(size=(500, 20)).astype("float32")
y = np.argmax(x[:, :4], axis=1)


def create_model():
    model = Sequential([
        keras.layers.Dense(64, activation='relu', input_shape=(20,)),
        keras.layers.Dropout(0.2),
        keras.layers.Dense(4, activation='softmax'),
    ])
    model.compile(optimizer='adam', loss=keras.losses.SparseCategoricalCrossentropy(), metrics=['accuracy'])
    return model


checkpoint_path = "training/cp-{epoch:04d}.weights.h5"
os.makedirs("training", exist_ok=True)
cp_callback = keras.callbacks.ModelCheckpoint(filepath=checkpoint_path, verbose=1, save_weights_only=True, save_freq='epoch')

model = create_model()
model.fit(x, y, epochs=8, validation_split=0.2, callbacks=[cp_callback], verbose=0)
print(sorted(os.listdir("training"))[:3])
loss, acc = model.evaluate(x, y, verbose=2)

# weights alone
other = create_model()
other.load_weights("training/cp-0008.weights.h5")
print("weights alone, same accuracy:", np.isclose(other.evaluate(x, y, verbose=0)[1], acc))

# the whole model
model.save('my_model.keras')
new_model = load_model('my_model.keras')
new_model.summary()
print("whole model, same predictions:", np.allclose(new_model.predict(x, verbose=0), model.predict(x, verbose=0)))
new_model.fit(x, y, epochs=1, verbose=0)  # the optimizer goes on where it was

# architecture as JSON
json_string = model.to_json()
fresh = model_from_json(json_string)
fresh.set_weights(model.get_weights())
print("from JSON, same predictions:", np.allclose(fresh.predict(x, verbose=0), model.predict(x, verbose=0)))
print("Restored model, accuracy: {:5.2f}%".format(100 * acc))
