"""A denoising autoencoder of small patterns, and its halves used by themselves."""
import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(12)
rng = np.random.default_rng(12)

# rows of 8 x 8 pictures of horizontal and vertical bars
pictures = np.zeros((1000, 8, 8), "float32")
for picture in pictures:
    if rng.random() < 0.5:
        picture[rng.integers(8)] = 1
    else:
        picture[:, rng.integers(8)] = 1
x = pictures.reshape((len(pictures), np.prod(pictures.shape[1:])))
noisy = np.clip(x + 0.2 * rng.normal(size=x.shape), 0., 1.).astype("float32")
x_train, x_test = x[:800], x[800:]
noisy_train, noisy_test = noisy[:800], noisy[800:]

encoder = keras.Sequential([
    layers.Dense(32, activation="relu", input_shape=(64,)),
    layers.Dense(16, activation="relu"),
])
decoder = keras.Sequential([
    layers.Dense(32, activation="relu", input_shape=(16,)),
    layers.Dense(64, activation="sigmoid"),
])
autoencoder = keras.Sequential([encoder, decoder])
autoencoder.compile(optimizer="adam", loss="binary_crossentropy")
autoencoder.fit(noisy_train, x_train, epochs=80, batch_size=32, shuffle=True,
                validation_data=(noisy_test, x_test), verbose=0)

encoded = encoder.predict(noisy_test, verbose=0)
decoded = decoder.predict(encoded, verbose=0)
print("code:", encoded.shape, "pictures:", decoded.reshape(-1, 8, 8).shape)
print("halves equal the whole:", np.allclose(decoded, autoencoder.predict(noisy_test, verbose=0), atol=1e-5))
print("error of the noisy pictures: %.4f" % np.mean((noisy_test - x_test) ** 2))
print("error after the autoencoder: %.4f" % np.mean((decoded - x_test) ** 2))
