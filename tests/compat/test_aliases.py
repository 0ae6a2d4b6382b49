"""Which names ``keras`` and ``tensorflow`` have under ``fastnn run``, and what others say."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import fastnn
from fastnn.compat import aliases
from fastnn.compat.names import module_names, module_table


@pytest.fixture
def installed() -> Iterator[None]:
    """``keras`` and ``tensorflow`` are fastnn."""
    with aliases.installed():
        yield


@pytest.fixture
def uninstalled() -> Iterator[None]:
    """What the test installs is taken back."""
    yield
    aliases.uninstall()


@pytest.mark.parametrize("name", sorted(module_table()))
def test_every_module_of_the_table_can_be_imported(installed: None, name: str) -> None:
    module = importlib.import_module(name)
    assert isinstance(module, aliases.AliasModule)
    for public in module_names(name):
        assert getattr(module, public) is not None or public == "newaxis"
    assert set(module_names(name)) <= set(dir(module))


def test_the_names_are_those_of_fastnn(installed: None) -> None:
    import keras  # type: ignore[import-not-found, import-untyped, unused-ignore]
    import tensorflow as tf  # type: ignore[import-not-found, import-untyped, unused-ignore]
    from keras.datasets import mnist
    from keras.utils import np_utils
    from tensorflow import keras as inner
    from tensorflow.keras import layers
    from tensorflow.keras.layers import Dense

    assert keras.layers.Dense is tf.keras.layers.Dense is Dense is fastnn.layers.Dense
    assert inner is tf.keras
    assert layers is inner.layers
    assert keras.Sequential is keras.models.Sequential is fastnn.Sequential
    assert keras.Input is fastnn.Input
    assert keras.utils.to_categorical is np_utils.to_categorical is fastnn.utils.to_categorical
    assert mnist.load_data is fastnn.datasets.mnist.load_data
    assert tf.__version__ == keras.__version__ == fastnn.__version__
    for kind in ("SGD", "Adam", "RMSprop", "AdamW"):
        assert getattr(keras.optimizers, kind) is getattr(fastnn.optimizers, kind)


def test_tf_random_set_seed_repeats_a_model(installed: None) -> None:
    import tensorflow as tf

    weights = []
    for _ in range(2):
        tf.random.set_seed(7)
        model = tf.keras.Sequential([tf.keras.layers.Dense(3, input_shape=(2,))])
        weights.append(model.get_weights()[0].tolist())
    assert weights[0] == weights[1]


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("from keras.layers import Dens", "keras.layers.Dens does not exist. Did you mean Dense?"),
        ("from keras.layers import Conv2D", "keras.layers.Conv2D is not in fastnn: fastnn is for"),
        ("from keras import Modle", "keras.Modle does not exist. Did you mean Model"),
        ("import keras.src.layers", "keras.src is not in fastnn: it is private to Keras; import"),
        ("import tensorflow.keras.applications", "tensorflow.keras.applications is not in fastnn"),
        ("from tensorflow import GradientTape", "tensorflow.GradientTape is not in fastnn: write"),
        ("import keras.layer", "keras.layer does not exist. Did you mean Layer or layers"),
        ("import tensorflow.python.ops", "tensorflow.python is not in fastnn: it is private"),
        ("from tensorflow import Tensor", "tensorflow.Tensor is not in fastnn: arrays are NumPy"),
    ],
)
def test_another_name_is_an_import_error(installed: None, statement: str, message: str) -> None:
    with pytest.raises(ImportError) as caught:
        exec(statement, {})
    assert str(caught.value).startswith(message)


def test_another_attribute_is_an_attribute_error(installed: None) -> None:
    import tensorflow as tf

    with pytest.raises(AttributeError, match=r"tensorflow\.keras\.layers\.Denze .* Dense\?$"):
        tf.keras.layers.Denze  # noqa: B018
    assert not hasattr(tf, "while_loop")
    with pytest.raises(AttributeError, match=r"tensorflow\.data is not in fastnn: pass arrays"):
        tf.data  # noqa: B018


def test_a_guarded_import_can_fall_back(installed: None) -> None:
    scope: dict[str, object] = {}
    exec("try:\n    from keras.layers import LSTM\nexcept ImportError:\n    LSTM = 'none'\n", scope)
    assert scope["LSTM"] == "none"


def test_the_real_packages_are_not_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither imported where they are installed nor lost where they were imported."""
    real = ModuleType("keras")
    monkeypatch.setitem(sys.modules, "keras", real)
    monkeypatch.setitem(sys.modules, "keras.src", ModuleType("keras.src"))
    with aliases.installed():
        import keras

        assert isinstance(keras, aliases.AliasModule)
        with pytest.raises(ImportError, match=r"keras\.src is not in fastnn: it is private"):
            importlib.import_module("keras.src")
    assert sys.modules["keras"] is real
    assert "keras.src" in sys.modules
    assert "keras.layers" not in sys.modules
    assert not [finder for finder in sys.meta_path if isinstance(finder, aliases.AliasFinder)]


def test_an_installed_keras_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "keras.py").write_text("raise AssertionError('the real one')", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with aliases.installed():
        assert importlib.import_module("keras").Sequential is fastnn.Sequential


def test_other_packages_are_found_as_ever(installed: None) -> None:
    importlib.import_module("json.tool")
    with pytest.raises(ModuleNotFoundError, match="No module named 'kerass'"):
        importlib.import_module("kerass")


def test_nothing_internal_is_shown(installed: None) -> None:
    for name in module_table():
        shown = dir(importlib.import_module(name))
        assert not {"np", "Any", "annotations", "REGISTRY", "FILE", "reduce_model"} & set(shown), (
            name
        )


def test_the_edited_import_line_works(uninstalled: None) -> None:
    import fastnn.compat.tensorflow as tf

    assert tf.keras.layers.Dense is fastnn.layers.Dense
    assert tf.keras.datasets.mnist.load_data is fastnn.datasets.mnist.load_data
    tf.random.set_seed(1)
    assert "tensorflow" not in sys.modules
    with pytest.raises(AttributeError, match=r"tensorflow\.while_loop is not in fastnn: Python"):
        tf.while_loop  # noqa: B018


def test_install_as_keras_is_for_the_process(uninstalled: None) -> None:
    fastnn.install_as_keras()
    fastnn.install_as_keras()
    assert sum(isinstance(finder, aliases.AliasFinder) for finder in sys.meta_path) == 1
    scope: dict[str, object] = {}
    exec("from tensorflow.keras.layers import Dense\nimport keras", scope)
    assert scope["Dense"] is fastnn.layers.Dense
    aliases.uninstall()
    assert "keras" not in sys.modules
    assert "tensorflow.keras.layers" not in sys.modules


def test_install_as_keras_after_the_real_one_is_an_error(
    monkeypatch: pytest.MonkeyPatch, uninstalled: None
) -> None:
    monkeypatch.setitem(sys.modules, "keras", ModuleType("keras"))
    with pytest.raises(fastnn.errors.StateError, match="keras has been imported already, so"):
        fastnn.install_as_keras()
    monkeypatch.delitem(sys.modules, "keras")


def test_keras_backend_has_settings_and_the_functions_of_keras_2(installed: None) -> None:
    import tensorflow.keras.backend as K  # noqa: N812

    fastnn.layers.Dense(1)
    K.clear_session()
    assert fastnn.layers.Dense(1).name == "dense"
    assert (K.floatx(), K.epsilon(), K.image_data_format()) == ("float32", 1e-7, "channels_last")
    assert K.mean(K.square([1.0, 3.0])) == 5.0
    assert K.permute_dimensions([[1.0, 2.0]], (1, 0)).shape == (2, 1)
    K.clear_session()


def test_names_that_keras_has_in_several_places(installed: None) -> None:
    import keras

    assert keras.utils.register_keras_serializable is keras.saving.register_keras_serializable
    assert keras.ops.shape(np.ones((2, 3))) == (2, 3)
    assert keras.ops.amax is keras.ops.max
    assert keras.losses.mse is keras.metrics.mean_squared_error is keras.metrics.MSE
    assert keras.version() == fastnn.__version__
    for name in ("Loss", "Metric", "Optimizer", "Initializer", "Regularizer", "InputSpec", "Model"):
        assert isinstance(getattr(keras, name), type)
