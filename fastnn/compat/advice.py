"""What to do about names of Keras and TensorFlow that fastnn does not have: one sentence for each
that scripts use often.
"""

from __future__ import annotations

_CONVOLUTIONS = "convolutions and pooling are not in fastnn; dense layers take Flatten() first"
_RECURRENT = "recurrent layers and attention are not in fastnn; it has dense networks"

# full name, with `keras` for both packages → what to do
ADVICE: dict[str, str] = {
    "keras.src": "it is private to Keras; import the public name, for example keras.layers.Dense",
    "keras.preprocessing": "prepare data with NumPy, pandas or scikit-learn, and pass arrays",
    "keras.applications": "pretrained networks need convolutions; save features from Keras in a "
    "file and train fastnn's dense layers on them",
    "keras.wrappers": "scikit-learn's tools take a function that makes and fits a Sequential",
    "keras.distribution": "fastnn trains on the threads of one machine: fastnn.set_num_threads",
    "keras.mixed_precision": "fastnn computes in float32 or float64: leave the policy out",
    "keras.layers.TextVectorization": "count words with NumPy or scikit-learn's CountVectorizer, "
    "and pass the array",
    "keras.layers.StringLookup": "number the strings with np.unique(..., return_inverse=True)",
    "keras.layers.IntegerLookup": "number the values with np.unique(..., return_inverse=True)",
    **{
        f"keras.datasets.{name}": "fastnn has digits, mnist and fashion_mnist; load other data "
        "with NumPy or pandas, and pass arrays"
        for name in (
            "boston_housing",
            "california_housing",
            "cifar10",
            "cifar100",
            "imdb",
            "reuters",
        )
    },
    "keras.utils.get_file": "download the file with urllib or by hand",
    "keras.utils.image_dataset_from_directory": "load images with Pillow, and pass arrays",
    "keras.utils.pad_sequences": "recurrent layers are not in fastnn; count words instead",
    "keras.ops.numpy": "its functions stand in keras.ops",
    "keras.ops.nn": "its functions stand in keras.ops",
    "tensorflow.data": "pass arrays, a generator or any iterable of batches to fit; shuffling and "
    "batch_size are arguments of fit",
    "tensorflow.GradientTape": "write the loss in fastnn.ops and call model.compile and fit, or "
    "model.train_on_batch in a loop",
    "tensorflow.Variable": "weights are made with add_weight in a Layer's build",
    "tensorflow.Tensor": "arrays are NumPy arrays here",
    "tensorflow.Module": "write a fastnn.layers.Layer",
    "tensorflow.python": "it is private to TensorFlow; import from tensorflow.keras",
    "tensorflow.compat": "graphs and sessions of TensorFlow 1 are not here; use tf.keras",
    "tensorflow.estimator": "write the network as a tf.keras.Sequential",
    "tensorflow.feature_column": "encode columns with NumPy or pandas.get_dummies",
    "tensorflow.lite": "fastnn saves .fastnn and .keras files: model.save",
    "tensorflow.saved_model": "fastnn saves .fastnn and .keras files: model.save",
    "tensorflow.distribute": "fastnn trains on the threads of one machine",
    "tensorflow.image": "prepare images with NumPy or Pillow, and pass arrays",
    "tensorflow.io": "read files with NumPy or Python, and pass arrays",
}
_FAMILIES = {
    "Conv": _CONVOLUTIONS,
    "DepthwiseConv": _CONVOLUTIONS,
    "SeparableConv": _CONVOLUTIONS,
    "MaxPool": _CONVOLUTIONS,
    "AveragePool": _CONVOLUTIONS,
    "AvgPool": _CONVOLUTIONS,
    "GlobalM": _CONVOLUTIONS,
    "GlobalA": _CONVOLUTIONS,
    "LSTM": _RECURRENT,
    "GRU": _RECURRENT,
    "SimpleRNN": _RECURRENT,
    "RNN": _RECURRENT,
    "Bidirectional": _RECURRENT,
    "Attention": _RECURRENT,
    "MultiHeadAttention": _RECURRENT,
}


def advice(full_name: str, name: str) -> str | None:
    """What to do in place of a name that a module does not have; None if there is nothing."""
    short = f"{full_name}.{name}".removeprefix("tensorflow.keras.").removeprefix("keras.")
    whole = f"{full_name}.{name}"
    is_keras = "keras" in full_name.split(".")[:2]
    found = ADVICE.get(f"keras.{short}" if is_keras else whole)
    if found is None and is_keras and short.startswith("layers."):
        found = next((text for start, text in _FAMILIES.items() if name.startswith(start)), None)
    return found
