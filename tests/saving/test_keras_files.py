"""Files that Keras 3.15 has written (``make_keras_files.py``) load and predict the same, and what
is written in their forms comes back.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn.errors import ArgumentError, FileFormatError, ShapeError, UnsupportedError
from fastnn.saving import load_model
from tests.saving.keras_cases import CASES, inputs, prepared, targets, without_noise
from tests.saving.own_parts import OwnScale, own_activation, own_loss

h5py = pytest.importorskip("h5py", reason="h5py is not installed (extra 'keras')")
FOLDER = Path(__file__).parent / "keras"
FILES = sorted(path.name for path in FOLDER.iterdir() if path.suffix in (".keras", ".h5"))
MODELS = [name for name in FILES if ".weights." not in name]
SUFFIXES = (".keras", ".h5")
# float32 in both, other orders of adding: the largest difference seen is 2e-6
TOLERANCE = 1e-5


def expected() -> dict[str, np.ndarray]:
    with np.load(FOLDER / "expected.npz") as arrays:
        return dict(arrays)


def sequential(*layers: Any, width: int = 3) -> Any:
    return fastnn.Sequential([fastnn.Input((width,)), *layers], name="made")


def test_the_folder_holds_what_it_should() -> None:
    assert {name.partition(".")[0] for name in FILES} == set(CASES)
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 430_000


@pytest.mark.parametrize("name", MODELS)
def test_a_file_of_keras_predicts_the_same(name: str) -> None:
    model = load_model(FOLDER / name)
    case = name.partition(".")[0]
    y = model.predict(inputs(case), verbose=0)
    np.testing.assert_allclose(y, expected()[f"{case}/y"], rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("name", [n for n in MODELS if not n.startswith("uncompiled")])
def test_a_file_of_keras_goes_on_training(name: str) -> None:
    model = load_model(FOLDER / name)
    case = name.partition(".")[0]
    assert model.optimizer.iterations == 2
    y = targets(case, model.output_shape[-1])
    model.fit(inputs(case), y, batch_size=4, epochs=2, shuffle=False, verbose=0)
    if without_noise(case):
        flat = np.concatenate([np.ravel(w) for w in model.get_weights()])
        # four steps: a fresh optimizer is off by 1e-3 and more
        np.testing.assert_allclose(flat, expected()[f"{case}/after"], rtol=1e-4, atol=2e-5)


def test_what_a_file_says_of_compile() -> None:
    model = load_model(FOLDER / "nested.keras")
    assert type(model.optimizer).__name__ == "AdamW"
    assert model.optimizer.learning_rate == 0.01
    assert model.optimizer.amsgrad
    assert not model.layers[0].trainable
    assert model.layers[1].layers[1].momentum == 0.99
    assert load_model(FOLDER / "nested.keras", compile=False).optimizer is None


def test_weights_of_keras() -> None:
    ours, _ = CASES["mlp"](fastnn)
    for name in ("mlp.weights.h5", "mlp.keras"):
        ours.set_weights([np.zeros_like(w) for w in ours.get_weights()])
        ours.load_weights(FOLDER / name)
        y = ours.predict(inputs("mlp"), verbose=0)
        np.testing.assert_allclose(y, expected()["mlp/y"], rtol=TOLERANCE, atol=TOLERANCE)
    other = sequential(fastnn.layers.Dense(4))
    with pytest.raises(ShapeError, match="do not fit the model"):
        other.load_weights(FOLDER / "mlp.weights.h5")
    nested, _ = CASES["nested"](fastnn)
    nested.load_weights(FOLDER / "nested.h5")
    y = nested.predict(inputs("nested"), verbose=0)
    np.testing.assert_allclose(y, expected()["nested/y"], rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", list(CASES))
def test_what_is_written_comes_back(name: str, suffix: str, tmp_path: Path) -> None:
    model = prepared(name, fastnn)
    model.save(tmp_path / f"m{suffix}")
    again = load_model(tmp_path / f"m{suffix}")
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    x = inputs(name)
    np.testing.assert_array_equal(model.predict(x, verbose=0), again.predict(x, verbose=0))
    if model.optimizer is None:
        assert again.optimizer is None
        return
    assert again.optimizer.get_config() == model.optimizer.get_config()
    assert again.optimizer.iterations == model.optimizer.iterations
    if without_noise(name):
        y = targets(name, model.output_shape[-1])
        for one in (model, again):
            one.fit(x, y, batch_size=4, epochs=1, shuffle=False, verbose=0)
        for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


def test_weights_files(tmp_path: Path) -> None:
    model, _ = CASES["nested"](fastnn)
    model.save_weights(tmp_path / "m.weights.h5")
    other, _ = CASES["nested"](fastnn)
    other.load_weights(tmp_path / "m.weights.h5")
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(ArgumentError, match=r"load_weights\(path\) instead"):
        load_model(tmp_path / "m.weights.h5")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_parts_of_the_user_s_own(suffix: str, tmp_path: Path) -> None:
    model = sequential(
        OwnScale(2.0), fastnn.layers.Dense(2, activation=own_activation), fastnn.layers.Dense(1)
    )
    model.compile("sgd", own_loss, metrics=[own_loss])
    model.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0)
    path = tmp_path / f"m{suffix}"
    model.save(path)
    own = {"OwnScale": OwnScale, "own_activation": own_activation, "own_loss": own_loss}
    x = np.ones((2, 3))
    again = load_model(path, custom_objects=own)
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    with fastnn.saving.custom_object_scope(own):
        assert load_model(path).layers[0].start == 2.0
    with pytest.raises(FileFormatError, match=r"unknown layer 'OwnScale'.*custom_objects="):
        load_model(path)


def test_a_lambda_needs_its_function(tmp_path: Path) -> None:
    model = sequential(fastnn.layers.Lambda(own_activation, name="squares"))
    path = tmp_path / "m.keras"
    model.save(path)
    with pytest.raises(FileFormatError, match=r"'squares' is a Lambda.*'own_activation': the_func"):
        load_model(path)
    again = load_model(path, custom_objects={"own_activation": own_activation})
    assert float(again.predict([[3.0, 0.0, 0.0]], verbose=0)[0, 0]) == 9.0
    code = {"class_name": "__lambda__", "config": {"value": ["4wEAAAA=", None, None]}}
    rewrite(path, lambda config: config["config"]["layers"][1]["config"].update(function=code))
    with pytest.raises(FileFormatError, match="'squares' is a Lambda"):
        load_model(path, safe_mode=False)
    again = load_model(path, custom_objects={"squares": own_activation})
    assert float(again.predict([[3.0, 0.0, 0.0]], verbose=0)[0, 0]) == 9.0


def rewrite(path: Path, change: Any) -> None:
    """The archive with another configuration."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    change(config)
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"class_name": "Conv2D"}, "unknown layer 'Conv2D'"),
        ({"class_name": "Functional"}, "of class 'Functional', which is not supported"),
        ({"config": {"units": 2, "lora_rank": 4}}, "lora_rank"),
        ({"config": {"units": 2, "dtype": "mixed_float16"}}, "received 'mixed_float16'"),
        ({"config": {"units": 2**40}}, "the weights in the file leave"),
        ({"config": 3}, "needs the keys 'class_name' and 'config'"),
    ],
)
def test_what_is_not_supported_is_named(change: Any, message: str, tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    sequential(fastnn.layers.Dense(2)).save(path)
    rewrite(path, lambda config: config["config"]["layers"][1].update(change))
    with pytest.raises(FileFormatError, match=message):
        load_model(path)


def test_what_keras_lacks_is_not_written(tmp_path: Path) -> None:
    @fastnn.kernel
    def bent(x: float) -> float:
        return x * x

    residual = sequential(fastnn.layers.Residual([fastnn.layers.Dense(3)]))
    with pytest.raises(UnsupportedError, match=r"'Residual' does not exist in Keras.*\.fastnn"):
        residual.save(tmp_path / "m.keras")
    with pytest.raises(UnsupportedError, match="'bent' is a kernel"):
        sequential(fastnn.layers.Dense(2, activation=bent)).save(tmp_path / "m.h5")
    model = sequential(fastnn.layers.Dense(2))
    model.compile(fastnn.optimizers.LBFGS(), "mse")
    with pytest.raises(UnsupportedError, match="'LBFGS' does not exist in Keras"):
        model.save(tmp_path / "m.keras")
    assert list(tmp_path.iterdir()) == []
    assert fastnn.models.model_from_json(residual.to_json()).count_params() == 12


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.keras"
    model = sequential(fastnn.layers.Dense(2))
    model.save(path)
    before = path.read_bytes()
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OSError, match=r"could not be written.*unchanged"):
        model.save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_an_optimizer_without_a_form_in_keras(tmp_path: Path) -> None:
    class OwnStep(fastnn.optimizers.SGD):
        """A rule whose arrays Keras does not know."""

    model = sequential(fastnn.layers.Dense(2))
    model.compile(OwnStep(0.01, momentum=0.9, name="own"), "mse")
    model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
    with pytest.warns(UserWarning, match="cannot hold the state of optimizer 'own'"):
        model.save(tmp_path / "m.keras")
    again = load_model(tmp_path / "m.keras", custom_objects={"OwnStep": OwnStep})
    assert again.optimizer.iterations == 0


def test_without_h5py(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    model = sequential(fastnn.layers.Dense(2))
    for act in (
        lambda: model.save(tmp_path / "m.keras"),
        lambda: model.save_weights(tmp_path / "m.weights.h5"),
        lambda: load_model(FOLDER / "mlp.keras"),
        lambda: model.load_weights(FOLDER / "mlp.weights.h5"),
    ):
        with pytest.raises(fastnn.errors.MissingExtraError, match=r"fastnn\[keras\]"):
            act()
