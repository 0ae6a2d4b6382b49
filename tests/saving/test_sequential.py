"""``Sequential`` through files and copies: the same bits come back, and training goes on with
them.
"""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pytest

import fastnn
from fastnn.errors import FileFormatError, UnsupportedError
from fastnn.saving import load_model, model_from_bytes, model_to_bytes
from tests.saving.make_golden import golden_data, golden_model
from tests.saving.own_parts import OwnScale, own_activation, own_loss, predictions
from tests.saving.test_model_file import with_text

FOLDER = Path(__file__).parent
X, Y = golden_data()
OPTIMIZERS = [
    "sgd",
    fastnn.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    "rmsprop",
    "adam",
    fastnn.optimizers.AdamW(0.01, weight_decay=0.1),
]
NAMES = ["sgd", "nesterov", "rmsprop", "adam", "adamw"]


def bits(model: fastnn.Sequential) -> list[bytes]:
    return [weight.tobytes() for weight in model.get_weights()]


def small_model(optimizer: Any = "adam", **options: Any) -> fastnn.Sequential:
    model = fastnn.Sequential(
        [
            fastnn.Input((4, 4)),
            fastnn.layers.Flatten(),
            fastnn.layers.Dense(6, activation="relu"),
            fastnn.layers.Dropout(0.5),
            fastnn.layers.Dense(3, activation="softmax"),
        ],
        seed=3,
        **options,
    )
    optimizer = fastnn.optimizers.get(copy.deepcopy(optimizer))
    model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def train(model: fastnn.Sequential, epochs: int) -> Any:
    return model.fit(X, Y, batch_size=6, epochs=epochs, shuffle=True, verbose=0).history


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=NAMES)
def test_training_goes_on_bit_for_bit(optimizer: Any, backend: str, tmp_path: Path) -> None:
    path = tmp_path / "m.fastnn"
    whole = small_model(optimizer, backend=backend)
    history = train(whole, 3)
    parts = small_model(optimizer, backend=backend)
    train(parts, 1)
    parts.save(path)
    loaded = load_model(path)
    assert bits(loaded) == bits(parts)
    rest = train(loaded, 2)
    assert bits(loaded) == bits(whole)
    assert rest["loss"] == history["loss"][1:]
    assert loaded.optimizer.iterations == whole.optimizer.iterations == 12
    # the saved model itself goes on the same way
    train(parts, 2)
    assert bits(parts) == bits(whole)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_predictions_are_bit_equal(dtype: str, tmp_path: Path) -> None:
    model = small_model(dtype=dtype)
    train(model, 1)
    model.save(tmp_path / "m.fastnn")
    found = load_model(tmp_path / "m.fastnn")
    assert found.predict(X, verbose=0).tobytes() == model.predict(X, verbose=0).tobytes()
    assert found.get_config() == model.get_config()
    assert found.get_compile_config() == model.get_compile_config()
    assert found.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)


def test_models_in_every_state_are_saved(tmp_path: Path) -> None:
    path = tmp_path / "m.fastnn"
    unbuilt = fastnn.Sequential([fastnn.layers.Dense(2)], seed=1)
    unbuilt.save(path)
    assert not load_model(path).built
    unbuilt.build((None, 3))
    unbuilt.save(path)
    loaded = load_model(path)
    assert bits(loaded) == bits(unbuilt)
    assert loaded.optimizer is None
    # never compiled, but what the seed gives next is the same
    for model in (unbuilt, loaded):
        model.compile("sgd", "mse")
        model.fit(np.ones((8, 3)), np.arange(16.0).reshape(8, 2), batch_size=2, verbose=0)
    assert bits(loaded) == bits(unbuilt)
    unbuilt.save(path)
    assert load_model(path, compile=False).optimizer is None


def test_frozen_layers_and_changed_rates_come_back() -> None:
    model = small_model()
    model.layers[1].trainable = False
    model.compile("adam", "sparse_categorical_crossentropy")
    model.optimizer.learning_rate = 0.125
    train(model, 1)
    loaded = model_from_bytes(model_to_bytes(model))
    assert not loaded.layers[1].trainable
    assert loaded.optimizer.learning_rate == 0.125
    train(model, 1)
    train(loaded, 1)
    assert bits(loaded) == bits(model)


def test_weights_go_to_a_model_that_was_made_again(tmp_path: Path) -> None:
    path = tmp_path / "m.weights.fastnn"
    model = small_model()
    train(model, 1)
    model.save_weights(path)
    again = small_model()  # its automatic names went on counting
    assert again.weights[0].path != model.weights[0].path
    again.load_weights(path)
    assert bits(again) == bits(model)


COPIES = {
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "cloudpickle": lambda model: pickle.loads(cloudpickle.dumps(model)),
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
}


@pytest.mark.parametrize("kind", COPIES)
def test_copies_are_bit_equal_and_independent(kind: str) -> None:
    model = small_model()
    train(model, 1)
    before = bits(model)
    found = COPIES[kind](model)
    assert bits(found) == before
    train(found, 1)
    assert bits(model) == before
    train(model, 1)
    assert bits(found) == bits(model)


def test_a_spawned_process_predicts_the_same() -> None:
    model = own_model()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found = pool.apply(predictions, (model, X))
    assert found.tobytes() == model.predict(X, verbose=0).tobytes()


def own_model() -> fastnn.Sequential:
    model = fastnn.Sequential(
        [
            fastnn.Input((4, 4)),
            fastnn.layers.Flatten(),
            OwnScale(0.25),
            fastnn.layers.Dense(2, activation=own_activation),
        ],
        seed=5,
    )
    model.compile("adam", own_loss)
    model.fit(X, np.stack([Y, -Y], axis=1), verbose=0)
    return model


OWN = {"OwnScale": OwnScale, "own_activation": own_activation, "own_loss": own_loss}


def test_arguments_of_keras_about_files(tmp_path: Path) -> None:
    model = fastnn.Sequential([fastnn.Input((2,)), fastnn.layers.Dense(3)])
    path = tmp_path / "m.fastnn"
    model.save(path, zipped=True)
    assert fastnn.saving.load_model(path, safe_mode=False).count_params() == 9
    with pytest.raises(UnsupportedError, match=r"zipped=False.*Leave it out, or pass True"):
        model.save(path, zipped=False)
    model.save_weights(path, max_shard_size=None)
    with pytest.raises(UnsupportedError, match=r"max_shard_size=0\.5.*Leave it out"):
        model.save_weights(path, max_shard_size=0.5)


def test_own_classes_and_functions_come_from_the_caller(tmp_path: Path) -> None:
    path = tmp_path / "m.fastnn"
    model = own_model()
    model.save(path)
    loaded = load_model(path, custom_objects=OWN)
    assert loaded.predict(X, verbose=0).tobytes() == model.predict(X, verbose=0).tobytes()
    assert bits(pickle.loads(pickle.dumps(model))) == bits(model)
    for name in OWN:
        some = {key: value for key, value in OWN.items() if key != name}
        with pytest.raises(FileFormatError, match=rf"'{name}'.*custom_objects="):
            load_model(path, custom_objects=some)


def renamed(config: dict[str, Any]) -> None:
    config["config"]["layers"][1]["class_name"] = "os.system"


def test_a_class_of_the_system_is_an_unknown_layer() -> None:
    with pytest.raises(FileFormatError, match=r"unknown layer 'os\.system'.*Known: .*'Dense'"):
        model_from_bytes(with_text("model", renamed, small_model()))


def test_an_architecture_larger_than_its_weights_is_refused() -> None:
    def widen(model: dict[str, Any]) -> None:
        model["config"]["layers"][2]["config"]["units"] = 10**9

    with pytest.raises(FileFormatError, match="needs 16000000000 elements"):
        model_from_bytes(with_text("model", widen, small_model()))


def test_arrays_that_get_weights_returned_are_the_callers() -> None:
    model = small_model()
    before = bits(model)
    layer = model.layers[1]
    for array in (*model.get_weights(), *layer.get_weights(), layer.kernel.numpy()):
        array[...] = 7
    assert bits(model) == before


def test_clones_are_fresh_and_train_independently() -> None:
    model = small_model()
    train(model, 1)
    before = bits(model)
    first, second = fastnn.models.clone_model(model), fastnn.models.clone_model(model)
    assert [v.path for v in first.weights] == [v.path for v in model.weights]
    assert first.optimizer.iterations == 0
    assert bits(first)[0] != bits(second)[0] != before[0]
    untouched = bits(second)
    train(first, 1)
    assert (bits(model), bits(second)) == (before, untouched)
    again = fastnn.models.clone_model(small_model())
    train(again, 1)
    assert bits(again) == bits(first)


def test_clones_use_the_clone_function() -> None:
    def wider(layer: Any) -> Any:
        config = layer.get_config()
        if config.get("units") == 6:
            config["units"] = 12
        return type(layer).from_config(config)

    model = small_model()
    assert fastnn.models.clone_model(model, clone_function=wider).layers[1].units == 12
    shared = fastnn.models.clone_model(model, clone_function=lambda layer: layer)
    assert shared.layers[1] is model.layers[1]
    own = fastnn.models.clone_model(own_model())
    assert isinstance(own.layers[1], OwnScale)
    with pytest.raises(fastnn.errors.ArgumentError, match="clone_function returned NoneType"):
        fastnn.models.clone_model(model, clone_function=lambda layer: None)
    with pytest.raises(fastnn.errors.UnsupportedError, match="'call_function' is for functional"):
        fastnn.models.clone_model(model, call_function=print)
    with pytest.raises(fastnn.errors.ArgumentError, match="expected a Sequential model"):
        fastnn.models.clone_model(3)


def test_the_golden_file_of_version_1_is_read_forever() -> None:
    model = load_model(FOLDER / "golden_v1.fastnn")
    with np.load(FOLDER / "golden_v1.npz", allow_pickle=False) as expected:
        stored = [expected[f"weight_{index}"] for index in range(len(model.weights))]
        assert bits(model) == [weight.tobytes() for weight in stored]
        # Bits of products differ between CPU levels: 1e-5 is what the README promises.
        found = model.predict(expected["x"], verbose=0)
        np.testing.assert_allclose(found, expected["before"], rtol=0, atol=1e-5)
        model.fit(expected["x"], expected["y"], batch_size=6, epochs=2, verbose=0)
        found = model.predict(expected["x"], verbose=0)
        np.testing.assert_allclose(found, expected["after"], rtol=0, atol=1e-5)
    assert model.name == "golden"
    assert model.optimizer.beta_2 == 0.99
    assert model.optimizer.iterations == 20
    assert [type(layer) for layer in model.layers] == [type(la) for la in golden_model().layers]
