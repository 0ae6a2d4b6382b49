"""What to do about names of Keras and TensorFlow that fastnn does not have: a sentence for each
name or family of names. The names themselves stand in ``keras_names.py``.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

_DENSE = "fastnn is for dense networks"
_CONVOLUTIONS = (
    f"{_DENSE} and has no convolutions and no pooling; use Flatten() and Dense layers, and Keras "
    "itself for a convolutional network"
)
_RECURRENT = (
    f"{_DENSE} and has no recurrent layers; use Flatten() and Dense layers on windows of fixed "
    "length, and Keras itself for a recurrent network"
)
_ALIGNED = (
    "it aligns a sequence of outputs with a shorter one of labels (speech, handwriting), which has "
    "a use behind recurrent or convolutional layers only, and fastnn is for dense networks; for a "
    "label per sample or per step use 'sparse_categorical_crossentropy', else Keras itself"
)
_ATTENTION = f"{_DENSE} and has no attention; use Keras itself for transformers"
_PICTURES = "prepare pictures with NumPy or Pillow before fit, and pass arrays"
_NUMBERED = "number the values with np.unique(values, return_inverse=True), and pass the array"
_WORDS = (
    "count words with collections.Counter or scikit-learn's CountVectorizer, and pass the array"
)
_GRAPH = (
    "fastnn's models are Sequential, and layers need no graph; Residual([...]) and Parallel([...]) "
    "stand for shortcuts and branches"
)
_PRECISION = (
    "fastnn computes in float32, or in float64 with dtype='float64' or "
    "fastnn.config.set_floatx('float64'); leave the policy out"
)
_SAVED = "save with model.save('model.fastnn') or model.save('model.keras')"
_THREADS = "fastnn trains on the threads of one machine: fastnn.set_num_threads(n)"
_SMALLER = "fastnn keeps weights in float32 or float64 and does not quantize; leave it out"
_VERBOSE = "pass verbose=0 (or 1, 2) to fit, evaluate and predict"
_WHOLE = "leave the call out: nothing is left out of fastnn's tracebacks"
_DATASETS = (
    "fastnn passes arrays, generators and any iterable of batches to fit; read the data with NumPy "
    "or pandas"
)
_DISK = "https://storage.googleapis.com/tensorflow/tf-keras-datasets"
_XY = "data['x'] and data['y'], then split and shuffle them"
_FOUR = "data['x_train'], data['y_train'], data['x_test'], data['y_test']"
_STEP = (
    "write the loss in fastnn.ops and call compile and fit, or model.train_on_batch in a loop; "
    "model.gradients(x, y) gives the gradients"
)
_LOOPS = (
    "Python's if, for and while work in a layer's call (they run once, when it is traced), and "
    "ops.where selects element by element"
)


def _file(name: str, address: str, contents: str, more: str = "") -> str:
    """What to do for a data set that has to be fetched."""
    loading = f"np.load({name!r}{', allow_pickle=True' if more else ''})"
    return (
        f"fastnn downloads mnist and fashion_mnist only. Fetch {address}/{name} once, and read it "
        f"with data = {loading}: {contents}{more}"
    )


# A pattern for the full name, with "keras" for tensorflow.keras, and what to do: the first match
# counts. {name} is the last part of the name.
ADVICE: dict[str, str] = {
    # -- packages and modules -----------------------------------------------------------------
    "keras.src*": "it is private to Keras; import the public name, for example keras.layers.Dense",
    "keras.engine*": "it is private to Keras; import the public name, for example keras.Sequential",
    "keras.applications*": "pretrained networks need convolutions, and fastnn is for dense "
    "networks; compute their features with Keras once, save them with np.save, and train fastnn's "
    "Dense layers on them",
    "keras.distillation*": "train the small model on the predictions of the large one: "
    "fit(x, teacher.predict(x))",
    "keras.distribution*": _THREADS,
    "keras.dtype_policies*": _PRECISION,
    "keras.mixed_precision*": _PRECISION,
    "keras.export*": _SAVED,
    "keras.quantizers*": _SMALLER,
    "keras.tree*": "walk through lists and dictionaries in Python: fastnn's models take one array",
    "keras.visualization*": "draw with matplotlib; fastnn.utils.plot_model and history.plot() draw "
    "models and learning curves",
    "keras.wrappers*": "scikit-learn's tools take a function that makes and fits a Sequential; "
    "for cross validation call it in a loop over KFold().split(x)",
    "keras.legacy*": "use keras.saving: register_keras_serializable, load_model, "
    "custom_object_scope",
    # -- data sets ----------------------------------------------------------------------------
    "keras.datasets.boston_housing": _file("boston_housing.npz", _DISK, _XY),
    "keras.datasets.california_housing": "fastnn downloads mnist and fashion_mnist only. "
    "sklearn.datasets.fetch_california_housing(return_X_y=True) has these data; or fetch "
    f"{_DISK}/california_housing.npz once, and read it with data = "
    f"np.load('california_housing.npz'): {_XY}",
    "keras.datasets.imdb": _file(
        "imdb.npz", _DISK, _FOUR, ", lists of word numbers (imdb_word_index.json has the words)"
    ),
    "keras.datasets.reuters": _file(
        "reuters.npz", _DISK, _XY, " (reuters_word_index.json has the words)"
    ),
    **{
        f"keras.datasets.cifar{n}": "fastnn downloads mnist and fashion_mnist only. Fetch "
        f"https://www.cs.toronto.edu/~kriz/cifar-{n}-python.tar.gz once, unpack it, and read each "
        "file with pickle.load(file, encoding='bytes'): b'data' has the pixels"
        for n in (10, 100)
    },
    # -- layers -------------------------------------------------------------------------------
    "keras.layers.*LSTM*": _RECURRENT,
    "keras.layers.*GRU*": _RECURRENT,
    "keras.layers.*RNN*": _RECURRENT,
    "keras.layers.Bidirectional": _RECURRENT,
    "keras.layers.*Attention": _ATTENTION,
    "keras.layers.SpatialDropout*": "fastnn is for dense networks; use Dropout(rate)",
    "keras.layers.*Conv*": _CONVOLUTIONS,
    "keras.layers.*Pool*": _CONVOLUTIONS,
    "keras.layers.UpSampling*": _CONVOLUTIONS,
    "keras.layers.ZeroPadding*": _CONVOLUTIONS,
    "keras.layers.Cropping*": _CONVOLUTIONS,
    "keras.layers.convolutional*": _CONVOLUTIONS,
    "keras.layers.recurrent*": _RECURRENT,
    "keras.layers.TextVectorization": _WORDS,
    "keras.layers.StringLookup": _NUMBERED,
    "keras.layers.IntegerLookup": _NUMBERED,
    "keras.layers.Hash*": "number the values with zlib.crc32(text.encode()) % bins, and pass the "
    "array",
    "keras.layers.EinsumDense": "Dense multiplies along the last axis; for another one put "
    "Permute(...) round it, or write a Layer with ops.matmul",
    "keras.layers.ReversibleEmbedding": "use Embedding, and Dense for the way back",
    "keras.layers.ThresholdedReLU": "use ReLU(threshold=theta)",
    "keras.layers.*Spectrogram": "compute the spectrogram before fit, for example with "
    "scipy.signal.stft, and pass arrays",
    **{
        f"keras.layers.{name}": "models of other libraries do not run in fastnn; write the layers "
        "again and copy the weights with set_weights"
        for name in ("FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper")
    },
    **{
        f"keras.layers.{name}": _PICTURES
        for name in (
            *("Random*", "RandAugment", "AugMix", "AutoContrast", "CutMix", "MixUp", "CenterCrop"),
            *("Equalization", "ContrastLimited*", "Solarization", "Resizing", "Pipeline"),
            "MaxNumBoundingBoxes",
        )
    },
    # -- preparing data -----------------------------------------------------------------------
    "keras.preprocessing.text*": f"{_WORDS} (Keras 3 has no Tokenizer either)",
    "keras.preprocessing.image.ImageDataGenerator": "a generator or PyDataset of arrays goes into "
    "fit; change the pictures in it with NumPy (Keras 3 has no ImageDataGenerator either)",
    "keras.preprocessing.image.smart_resize": _PICTURES,
    "keras.*_dataset_from_directory": "read the files in Python (pictures with "
    "keras.utils.load_img and img_to_array), and pass arrays",
    "keras.*timeseries_dataset_from_array": "cut windows with "
    "np.lib.stride_tricks.sliding_window_view(data, length, axis=0), and pass arrays",
    "keras.utils.get_file": "download the file by hand or with urllib.request.urlretrieve(url, "
    "path), and read it from there",
    "keras.utils.FeatureSpace": "encode columns with pandas.get_dummies, or scikit-learn's "
    "ColumnTransformer, and pass the array",
    "keras.utils.bounding_boxes*": "fastnn has no layers for pictures; compute boxes with NumPy",
    "keras.utils.Progbar": "fit shows its own progress; use tqdm for loops of your own",
    "keras.utils.model_to_dot": "fastnn.utils.plot_model draws models",
    "keras.utils.Config": "use a dictionary",
    "keras.utils.get_source_inputs": _GRAPH,
    "keras.utils.is_keras_tensor": _GRAPH,
    "keras.utils.*pack_x_y_sample_weight": "write (x, y, sample_weight) = batch in Python",
    "keras.utils.legacy*": "use keras.saving",
    "keras.utils.generic_utils*": "use keras.utils and keras.saving",
    # -- settings -----------------------------------------------------------------------------
    "keras.*.*interactive_logging*": _VERBOSE,
    "keras.config.*traceback_filtering*": _WHOLE,
    "keras.config.enable_unsafe_deserialization": "files hold no code in fastnn; pass your "
    "functions and classes as custom_objects to load_model",
    "keras.config.*dtype_policy": _PRECISION,
    "keras.config.*flash_attention*": _ATTENTION,
    "keras.config.*backend": "fastnn.set_backend('c'), 'numba' or 'numpy' chooses what computes",
    "keras.config.is_nnx_enabled": "it is about Keras on JAX; leave it out",
    "keras.backend.set_image_data_format": "pictures are (height, width, channels): leave it out",
    "keras.config.*image_data_format": "pictures are (height, width, channels): channels_last",
    "keras.config.*max_epochs": "pass epochs to fit",
    "keras.config.*max_steps_per_epoch": "pass steps_per_epoch to fit",
    "keras.backend.get_uid": "layers are named by themselves, or with name=",
    "keras.backend.is_keras_tensor": _GRAPH,
    "keras.backend.is_*_dtype": "ask NumPy: np.issubdtype(dtype, np.floating) or np.integer",
    "keras.backend.result_type": "ask NumPy: np.result_type(a, b)",
    "keras.backend.standardize_dtype": "np.dtype(dtype).name is the name of a type",
    "keras.utils.standardize_dtype": "np.dtype(dtype).name is the name of a type",
    # -- parts of models ----------------------------------------------------------------------
    "keras.DTypePolicy": _PRECISION,
    "keras.FloatDTypePolicy": _PRECISION,
    **{f"keras.{name}": _GRAPH for name in ("Function", "KerasTensor", "Operation")},
    "keras.models.Functional": _GRAPH,
    "keras.Quantizer": _SMALLER,
    "keras.Remat*": "fastnn keeps what the backward pass needs; leave it out",
    "keras.remat": "fastnn keeps what the backward pass needs; leave it out",
    **{
        f"keras.{name}Scope": "it is for training loops written in JAX; use fit or train_on_batch"
        for name in ("Stateless", "Symbolic")
    },
    "keras.Variable": "make weights with self.add_weight(...) in a Layer's build, and keep other "
    "values in NumPy arrays",
    "keras.device": "fastnn computes on the processor: leave the block's first line out",
    "keras.name_scope": "pass name= to the layers",
    "keras.saving.KerasFileEditor": "read the file with h5py, or load_weights(skip_mismatch=True)",
    "keras.*serialize_keras_object": "use serialize and deserialize of the module concerned, for "
    "example keras.layers.serialize, and model.to_json() for a model",
    # -- functions ----------------------------------------------------------------------------
    "keras.ops.image*": _PICTURES,
    "keras.ops.conv": _CONVOLUTIONS,
    "keras.ops.conv_*": _CONVOLUTIONS,
    "keras.ops.*_conv": _CONVOLUTIONS,
    "keras.ops.*pool": _CONVOLUTIONS,
    "keras.ops.*fold": _CONVOLUTIONS,
    "keras.ops.depth_to_space": _CONVOLUTIONS,
    "keras.ops.space_to_depth": _CONVOLUTIONS,
    "keras.ops.dot_product_attention": _ATTENTION,
    "keras.ops.ctc_*": _RECURRENT,
    "keras.losses.CTC": _ALIGNED,
    "keras.losses.ctc": _ALIGNED,
    **{
        f"keras.ops.{name}": _LOOPS
        for name in (
            *("cond", "fori_loop", "while_loop", "scan", "associative_scan", "map", "switch"),
            *("vectorize", "vectorized_map", "select"),
        )
    },
    **{
        f"keras.ops.{name}": f"the layer {layer} computes it"
        for name, layer in {
            "batch_normalization": "BatchNormalization()",
            "layer_normalization": "LayerNormalization()",
            "rms_normalization": "RMSNormalization()",
            "multi_hot": "CategoryEncoding(output_mode='multi_hot')",
            "normalize": "UnitNormalization()",
        }.items()
    },
    **{
        f"keras.ops.{kind}_crossentropy": f"keras.losses.{kind}_crossentropy computes it"
        for kind in ("binary", "categorical", "sparse_categorical")
    },
    "keras.ops.moments": "use ops.mean(x, axis) and ops.var(x, axis)",
    "keras.ops.ravel": "use ops.reshape(x, (-1,))",
    "keras.ops.custom_gradient": "write ops.python(forward, backward), which takes both ways",
    "keras.ops.jvp": _STEP,
    "keras.ops.linalg*": "compute it before fit with np.linalg, or in a layer with "
    "fastnn.ops.python(forward, backward)",
    # -- TensorFlow ---------------------------------------------------------------------------
    "tensorflow.config.threading*": _THREADS,
    "tensorflow.config.*run_functions_eagerly": "models are compiled in fastnn; leave it out",
    "tensorflow.data*": "pass arrays, a generator or any iterable of batches to fit; shuffle and "
    "batch_size are arguments of fit",
    "tensorflow.GradientTape": _STEP,
    "tensorflow.gradients": _STEP,
    "tensorflow.Variable": "weights are made with self.add_weight in a Layer's build; keep other "
    "values in NumPy arrays",
    "tensorflow.*Tensor*": "arrays are NumPy arrays here",
    "tensorflow.Module": "write a fastnn.layers.Layer",
    "tensorflow.python*": "it is private to TensorFlow; import from tensorflow.keras",
    "tensorflow.compat*": "graphs and sessions of TensorFlow 1 are not here; use tf.keras",
    "tensorflow.contrib*": "it went away with TensorFlow 1; use tf.keras",
    "tensorflow.Session": "graphs and sessions of TensorFlow 1 are not here; use tf.keras",
    "tensorflow.placeholder": "graphs and sessions of TensorFlow 1 are not here; use tf.keras",
    "tensorflow.global_variables_initializer": "graphs and sessions of TensorFlow 1 are not here; "
    "use tf.keras",
    "tensorflow.estimator*": "write the network as a tf.keras.Sequential",
    "tensorflow.feature_column*": "encode columns with NumPy or pandas.get_dummies",
    "tensorflow.lite*": _SAVED,
    "tensorflow.saved_model*": _SAVED,
    "tensorflow.train*": "use tf.keras.optimizers, and tf.keras.callbacks for checkpoints",
    "tensorflow.distribute*": _THREADS,
    "tensorflow.device": "fastnn computes on the processor: leave the block's first line out",
    "tensorflow.image*": _PICTURES,
    "tensorflow.io*": "read files with NumPy or Python, and pass arrays",
    "tensorflow.strings*": "prepare text with Python, and pass arrays",
    "tensorflow.linalg*": "compute it before fit with np.linalg, and pass arrays",
    "tensorflow.signal*": "compute it before fit with scipy.signal, and pass arrays",
    "tensorflow.summary*": "use the callbacks CSVLogger('log.csv') and PlotHistory('curves.png')",
    "tensorflow.nn.*conv*": _CONVOLUTIONS,
    "tensorflow.nn.*pool*": _CONVOLUTIONS,
    "tensorflow.nn.*cross_entropy*": "use tf.keras.losses with from_logits=True",
    **{f"tensorflow.{name}": _LOOPS for name in ("cond", "while_loop", "map_fn", "scan", "case")},
    "tensorflow.py_function": "use fastnn.ops.python(forward, backward)",
    "tensorflow.numpy_function": "use fastnn.ops.python(forward, backward)",
    "tensorflow.print": "print(...) in a layer's call runs once, when it is traced",
}

# What to do without any other name of a module of Keras
FAMILIES: dict[str, str] = {
    "datasets": "fastnn has digits, mnist and fashion_mnist; load other data with NumPy, "
    "pandas or sklearn.datasets, and pass arrays",
    "preprocessing": "prepare data with NumPy, pandas or scikit-learn, and pass arrays",
    "backend": "functions on tensors stand in keras.ops, as in Keras 3",
    "random": "draw with NumPy, np.random.default_rng(seed), and pass arrays",
    "initializers": "compute the values with NumPy and pass them: "
    "initializer=lambda shape, dtype=None: array",
    "losses": "write the loss as a function of (y_true, y_pred) in fastnn.ops",
    "metrics": "write the metric as a function of (y_true, y_pred) in fastnn.ops",
    "optimizers": "fastnn has SGD, Adam, AdamW, RMSprop, Nadam, Lion, Muon, LBFGS and "
    "more; choose one of them",
    "ops": "on arrays np.{name} or SciPy has it; in a layer or loss compose it of "
    "fastnn.ops, or put NumPy code in with fastnn.ops.python(forward, backward)",
}


def advice(full_name: str) -> str | None:
    """What to do in place of a name that is not in fastnn; None if nothing is said about it.

    Parameters
    ----------
    full_name : with the module, for example ``keras.layers.Conv2D``.
    """
    for pattern, text in ADVICE.items():
        if fnmatchcase(full_name, pattern):
            return text
    return None


def family_advice(full_name: str) -> str | None:
    """What to do without a name that Keras has in one of the large modules."""
    module, _, name = full_name.removeprefix("keras.").partition(".")
    return FAMILIES[module].replace("{name}", name) if module in FAMILIES else None
