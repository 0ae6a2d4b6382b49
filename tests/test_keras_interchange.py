"""fastnn beside an installed Keras: the same program text runs on both and gives the same numbers.

The goldens in `tests/golden` fix what Keras computes for chosen cases; here Keras itself runs, so
weights pass between the two libraries, whole programs are executed twice, and the signatures are
compared argument by argument. Marked `keras`: skipped where Keras is not installed.
"""

from __future__ import annotations

import contextlib
import inspect
import operator
import textwrap
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn.compat.keras_names import NAMES, VERSION
from tests.compat.make_keras_names import public_names
from tests.golden.golden_file import TOLERANCE, assert_close

# Keras and JAX warn about their own future, which is not what is tested here.
pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture(scope="module")
def keras() -> Any:
    return pytest.importorskip("keras", minversion="3.0")


# --- weights and whole programs ----------------------------------------------------------------

# Each text builds `model` from the name `keras`, compiles it and fits it to x, y. What is not said
# in a text is a default of both libraries, so the defaults are compared too.
PROGRAMS = {
    "digits_classifier": """
        model = keras.Sequential([
            keras.layers.Input(shape=(4, 4)),
            keras.layers.Rescaling(1 / 16),
            keras.layers.Flatten(),
            keras.layers.Dense(12, activation="relu"),
            keras.layers.Dense(3, activation="softmax"),
        ])
        start(model)
        model.compile(optimizer="adam", loss="sparse_categorical_crossentropy",
                      metrics=["accuracy"])
        history = model.fit(images, labels, epochs=4, batch_size=7, shuffle=False, verbose=0,
                            validation_split=0.2)
    """,
    "added_layer_by_layer": """
        model = keras.models.Sequential()
        model.add(keras.layers.Input((6,)))
        model.add(keras.layers.Dense(8))
        model.add(keras.layers.Activation("tanh"))
        model.add(keras.layers.Dense(1, activation="sigmoid"))
        start(model)
        model.compile(loss="binary_crossentropy", metrics=["acc"])
        history = model.fit(x, bits, epochs=3, shuffle=False, verbose=0,
                            class_weight={0: 1.0, 1: 2.5})
    """,
    "regression": """
        model = keras.Sequential()
        model.add(keras.Input(shape=(6,)))
        model.add(keras.layers.Dense(10, activation="sigmoid", use_bias=False))
        model.add(keras.layers.Dense(2))
        start(model)
        model.compile(optimizer=keras.optimizers.SGD(momentum=0.9, nesterov=True), loss="mse",
                      metrics=["mse"])
        history = model.fit(x, targets, epochs=5, batch_size=8, shuffle=False, verbose=0,
                            sample_weight=weights, validation_data=(x[:9], targets[:9]))
    """,
    "logits_and_frozen_layer": """
        model = keras.Sequential([
            keras.Input(shape=(6,)),
            keras.layers.Dense(7, activation="relu", trainable=False),
            keras.layers.Dense(3),
        ])
        start(model)
        model.compile(
            optimizer=keras.optimizers.AdamW(learning_rate=0.01),
            loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
            metrics=[keras.metrics.CategoricalAccuracy(name="hits")],
        )
        history = model.fit(x, one_hot, epochs=3, batch_size=10, shuffle=False, verbose=0)
    """,
    "changed_learning_rate": """
        model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3, activation="softmax")])
        start(model)
        model.compile("rmsprop", "categorical_crossentropy", metrics=["accuracy"])
        model.fit(x, one_hot, epochs=2, batch_size=16, shuffle=False, verbose=0)
        model.optimizer.learning_rate = 0.02
        history = model.fit(x, one_hot, epochs=2, batch_size=16, shuffle=False, verbose=0)
    """,
}


def data(dtype: str) -> dict[str, np.ndarray]:
    """The arrays that the programs use."""
    rng = np.random.default_rng(20240229)
    n = 40
    labels = np.arange(n) % 3  # every class in every part of a split
    return {
        "x": rng.normal(size=(n, 6)).astype(dtype),
        "images": rng.integers(0, 17, (n, 4, 4)).astype(np.uint8),
        "labels": labels,
        "one_hot": np.eye(3)[labels],
        "bits": rng.integers(0, 2, n),
        "targets": rng.normal(size=(n, 2)).astype(dtype),
        "weights": rng.uniform(0.0, 2.0, n).astype(dtype),
    }


def same_start(model: Any) -> None:
    """The same initial weights in either library."""
    rng = np.random.default_rng(7)
    model.set_weights([rng.normal(0.0, 0.5, w.shape) for w in model.get_weights()])


def run(text: str, library: Any) -> dict[str, Any]:
    """The names that a program defines."""
    names: dict[str, Any] = {"keras": library, "start": same_start, **data("float32")}
    exec(textwrap.dedent(text), names)
    return names


@pytest.mark.parametrize("name", list(PROGRAMS))
def test_one_program_on_both_libraries(name: str, keras: Any, backend: str) -> None:
    fastnn.set_backend(backend)
    try:
        ours = run(PROGRAMS[name], fastnn)
    finally:
        fastnn.set_backend("auto")
    keras.utils.clear_session()
    theirs = run(PROGRAMS[name], keras)
    tolerance = TOLERANCE["float32"]
    assert set(ours["history"].history) == set(theirs["history"].history)
    for key, values in theirs["history"].history.items():
        assert_close(ours["history"].history[key], values, tolerance, key)
    for a, b in zip(ours["model"].get_weights(), theirs["model"].get_weights(), strict=True):
        assert_close(a, b, tolerance, f"weights of {name}")
    x = ours["images"] if name == "digits_classifier" else ours["x"]
    found, expected = ours["model"].predict(x, verbose=0), theirs["model"].predict(x, verbose=0)
    assert_close(found, expected, tolerance, "predictions")


def test_weights_pass_both_ways(keras: Any) -> None:
    def build(library: Any) -> Any:
        return library.Sequential(
            [
                library.layers.Input((3, 2)),
                library.layers.Flatten(),
                library.layers.Dense(5, activation="tanh"),
                library.layers.Dropout(0.5),
                library.layers.Dense(4, use_bias=False),
                library.layers.Dense(2, activation="softmax"),
            ]
        )

    x = np.random.default_rng(3).normal(size=(11, 3, 2)).astype(np.float32)
    ours, theirs = build(fastnn), build(keras)
    assert [w.shape for w in ours.get_weights()] == [w.shape for w in theirs.get_weights()]
    assert ours.count_params() == theirs.count_params()
    theirs.set_weights(ours.get_weights())
    assert_close(ours.predict(x, verbose=0), theirs.predict(x, verbose=0), 1e-6, "ours to Keras")
    fresh = build(keras)
    ours.set_weights(fresh.get_weights())
    assert_close(ours.predict(x, verbose=0), fresh.predict(x, verbose=0), 1e-6, "Keras to ours")


def test_a_layer_reads_keras_arguments(keras: Any) -> None:
    """What Keras's get_config says of plain arguments, our get_config says too."""
    arguments = {"units": 3, "activation": "relu", "use_bias": False, "name": "made"}
    ours = fastnn.layers.Dense(**arguments).get_config()
    theirs = keras.layers.Dense(**arguments).get_config()
    assert {key: ours[key] for key in arguments} == {key: theirs[key] for key in arguments}


def test_automatic_names(keras: Any) -> None:
    """Layers are named alike, counted from the same start."""
    keras.utils.clear_session()
    theirs = [keras.layers.Dense(1).name, keras.layers.Dense(1).name, keras.layers.Flatten().name]
    assert theirs == ["dense", "dense_1", "flatten"]
    first = fastnn.layers.Dense(1).name
    stem, _, number = first.partition("_")
    following = f"dense_{int(number or 0) + 1}"
    assert stem == "dense"
    assert fastnn.layers.Dense(1).name == following
    assert fastnn.layers.Rescaling(1.0).name.startswith("rescaling")


# --- names and signatures ----------------------------------------------------------------------

NAMESPACES = (
    "layers", "losses", "metrics", "optimizers", "initializers", "callbacks", "activations",
    "saving", "models", "random", "utils", "ops", "regularizers", "constraints",
    "optimizers.schedules",
)  # fmt: skip

# Arguments of Keras that are not ours, with the reason. An unlisted one fails the test.
LACKING: dict[str, set[str]] = {
    "losses.deserialize": {"name"},  # called config, as everywhere else
    "ops.convert_to_tensor": {"ragged"},  # there are no ragged tensors
}
# Classes that always raise, whatever the arguments: the error says what to use instead.
REFUSED = {"callbacks.TensorBoard", "callbacks.RemoteMonitor", "callbacks.OrbaxCheckpoint"}
# Names whose order of arguments is ours on purpose.
ORDERED_OTHERWISE = {  # name comes second, as in tf.keras
    "layers.Layer", "Sequential.__init__", "models.Sequential",
}  # fmt: skip


def parameters_of(item: Any) -> dict[str, inspect.Parameter]:
    """The named parameters of a function, or of a class's constructor."""
    found = inspect.signature(item.__init__ if inspect.isclass(item) else item).parameters
    variadic = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return {k: p for k, p in found.items() if k != "self" and p.kind not in variadic}


def differences(name: str, ours: Any, theirs: Any) -> list[str]:
    """How the parameters of two functions differ beyond what is listed above."""
    a, b = parameters_of(ours), parameters_of(theirs)
    found = [
        f"{name} lacks the argument {key}"
        for key in b
        if key not in a and key not in LACKING.get(name, set())
    ]
    found += [f"{name} has {key} now" for key in LACKING.get(name, set()) if key in a]
    shared = [key for key in b if key in a]
    if name not in ORDERED_OTHERWISE and shared != [key for key in a if key in b]:
        found.append(f"{name} has its arguments in another order: {list(a)}, Keras {list(b)}")
    found += [
        f"{name}: {key} defaults to {a[key].default!r}, in Keras to {b[key].default!r}"
        for key in shared
        if a[key].default != b[key].default
    ]
    return found


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_signatures(namespace: str, keras: Any) -> None:
    ours, theirs = (operator.attrgetter(namespace)(library) for library in (fastnn, keras))
    names = [name for name in dir(theirs) if not name.startswith("_") and hasattr(ours, name)]
    shared = [n for n in names if callable(getattr(ours, n)) and callable(getattr(theirs, n))]
    assert len(shared) >= 4, shared
    found = []
    for name in shared:
        if f"{namespace}.{name}" in REFUSED:
            continue
        pair = getattr(ours, name), getattr(theirs, name)
        found += differences(f"{namespace}.{name}", *pair)
    assert found == []


def test_the_list_of_names_is_that_of_keras(keras: Any) -> None:
    if keras.__version__ != VERSION:
        pytest.skip(f"the list is of Keras {VERSION}")
    assert {module: names.split() for module, names in NAMES.items()} == public_names()


def test_signatures_of_sequential(keras: Any) -> None:
    methods = (
        "__init__", "add", "pop", "build", "compile", "fit", "evaluate", "predict",
        "train_on_batch", "test_on_batch", "predict_on_batch", "summary", "get_layer",
        "count_params", "get_weights", "set_weights", "get_config", "from_config", "to_json",
        "save", "save_weights", "load_weights",
    )  # fmt: skip
    found = []
    for name in methods:
        pair = getattr(fastnn.Sequential, name), getattr(keras.Sequential, name)
        found += differences(f"Sequential.{name}", *pair)
    assert found == []


def test_signatures_of_layer(keras: Any) -> None:
    methods = (
        "add_weight", "build", "compute_output_shape", "count_params", "get_config", "from_config",
        "get_weights", "set_weights",
    )  # fmt: skip
    found = []
    for name in methods:
        pair = getattr(fastnn.layers.Layer, name), getattr(keras.layers.Layer, name)
        found += differences(f"Layer.{name}", *pair)
    assert found == []


def test_the_signature_check_can_fail() -> None:
    def ours(a: int, c: int = 2, b: int = 1) -> None: ...

    def theirs(a: int, b: int = 0, c: int = 2, d: int = 3) -> None: ...

    assert differences("f", ours, theirs) == [
        "f lacks the argument d",
        "f has its arguments in another order: ['a', 'c', 'b'], Keras ['a', 'b', 'c', 'd']",
        "f: b defaults to 1, in Keras to 0",
    ]


@pytest.mark.parametrize(
    ("namespace", "name"),
    [
        *(("losses", n) for n in ("mse", "MSE", "mean_squared_error", "MeanSquaredError", "bce")),
        *(("losses", n) for n in ("binary_crossentropy", "categorical_crossentropy")),
        *(("losses", n) for n in ("sparse_categorical_crossentropy",)),
        *(("metrics", n) for n in ("mse", "MSE", "accuracy", "binary_accuracy", "bce")),
        *(("metrics", n) for n in ("categorical_accuracy", "sparse_categorical_accuracy")),
        *(("optimizers", n) for n in ("sgd", "SGD", "adam", "Adam", "rmsprop", "adamw", "AdamW")),
        *(("initializers", n) for n in ("zeros", "ones", "glorot_uniform", "he_normal")),
        *(("initializers", n) for n in ("GlorotNormal", "lecun_uniform", "random_normal")),
        *(("activations", n) for n in ("relu", "sigmoid", "tanh", "softmax", "linear")),
    ],
)
def test_names_mean_the_same(namespace: str, name: str, keras: Any) -> None:
    """A name that both know gives objects of one kind (losses: Keras's are functions)."""
    ours, theirs = getattr(fastnn, namespace).get(name), getattr(keras, namespace).get(name)
    kind = theirs.__name__ if inspect.isfunction(theirs) else type(theirs).__name__
    found = {type(ours).__name__, getattr(ours, "name", ""), getattr(ours, "__name__", "")}
    assert kind in found


# What people write for the losses and metrics that are here, right or wrong
SPELLINGS = [
    "mse", "MSE", "Mse", "mean_squared_error", "MeanSquaredError", "meansquarederror", "l2",
    "bce", "BCE", "Bce", "binary_crossentropy", "BinaryCrossentropy", "binary_cross_entropy",
    "cce", "CCE", "categorical_crossentropy", "CategoricalCrossentropy", "ce", "crossentropy",
    "scce", "SCCE", "sparse_categorical_crossentropy", "SparseCategoricalCrossentropy",
    "acc", "Acc", "accuracy", "Accuracy", "binary_accuracy", "BinaryAccuracy", "mean", "Mean",
    "categorical_accuracy", "CategoricalAccuracy", "sparse_categorical_accuracy",
    "SparseCategoricalAccuracy",
]  # fmt: skip


@pytest.mark.parametrize("namespace", ["losses", "metrics"])
def test_the_same_spellings_are_known(namespace: str, keras: Any) -> None:
    def known(library: Any) -> list[str]:
        found = []
        for name in SPELLINGS:
            with contextlib.suppress(ValueError):
                getattr(library, namespace).get(name)
                found.append(name)
        return found

    assert known(fastnn) == known(keras)


@pytest.mark.parametrize("name", ["acc", "crossentropy_", "sigmod"])
def test_names_that_neither_knows(name: str, keras: Any) -> None:
    for namespace in ("losses", "metrics", "optimizers", "activations"):
        with pytest.raises(ValueError, match=name):
            getattr(fastnn, namespace).get(name)
        with pytest.raises(ValueError, match=name):
            getattr(keras, namespace).get(name)
