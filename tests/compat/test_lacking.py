"""What a name says that is not there: each public name of Keras that fastnn lacks comes with what
to do without it, in ``keras``, in ``tensorflow.keras`` and in fastnn's own modules; a misspelt name
with the one that was meant.
"""

from __future__ import annotations

import importlib
import pickle
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

import fastnn
from fastnn.compat import aliases
from fastnn.compat.advice import advice
from fastnn.compat.keras_names import NAMES
from fastnn.compat.names import module_names, module_table

MODULES = list(NAMES)


@pytest.fixture(autouse=True)
def installed() -> Iterator[None]:
    """``keras`` and ``tensorflow`` are fastnn."""
    with aliases.installed():
        yield


def joined(*parts: str) -> str:
    return ".".join(part for part in parts if part)


def refusal(root: str, module: str, name: str) -> str:
    """What is said about a name; nothing if it is there."""
    value: Any = importlib.import_module(root)
    try:
        for part in [*filter(None, module.split(".")), name]:
            value = getattr(value, part)
    except AttributeError as error:
        return str(error)
    assert not isinstance(value, ModuleType) or value.__name__ == "fastnn.version"
    return ""


@pytest.mark.parametrize("root", ["keras", "tensorflow.keras", "fastnn"])
@pytest.mark.parametrize("module", MODULES)
def test_every_name_of_keras_is_there_or_says_what_to_do(module: str, root: str) -> None:
    for name in NAMES[module].split():
        text = refusal(root, module, name)
        known = " is not in fastnn: " in text and not text.endswith("None")
        # what Keras has at its top, too, stands in its module alone in fastnn
        meant = root == "fastnn" and "Did you mean fastnn." in text and text.endswith(f".{name}?")
        assert not text or known or meant, text


@pytest.mark.parametrize("module", MODULES)
def test_importing_a_name_says_the_same(module: str) -> None:
    for name in NAMES[module].split():
        if not refusal("keras", module, name):
            continue
        with pytest.raises(ImportError, match=r"is not in fastnn: \w"):
            exec(f"from {joined('keras', module)} import {name}", {})


def test_there_is_no_advice_against_what_is_there() -> None:
    found = [
        f"{module}.{name}"
        for module in module_table()
        if not module.startswith("tensorflow.keras")
        for name in module_names(module)
        if advice(f"{module}.{name}") or advice(module)
    ]
    assert found == []


# a statement, the kind of its error and what the error begins with
STATEMENTS = {
    "fastnn.layers.Conv2D": (
        AttributeError,
        "fastnn.layers.Conv2D is not in fastnn: fastnn is for dense networks and has no convoluti",
    ),
    "from fastnn.layers import LSTM": (
        ImportError,
        "fastnn.layers.LSTM is not in fastnn: fastnn is for dense networks and has no recurrent",
    ),
    "from fastnn.activations import reluu": (
        ImportError,
        "fastnn.activations.reluu does not exist. Did you mean relu or",
    ),
    "from fastnn import Sequentail": (
        ImportError,
        "fastnn.Sequentail does not exist. Did you mean Sequential?",
    ),
    "fastnn.optimizers.schedules.CosinDecay": (
        AttributeError,
        "fastnn.optimizers.schedules.CosinDecay does not exist. Did you mean CosineDecay or",
    ),
    "from fastnn.models import Modell": (
        ImportError,
        "fastnn.models.Modell does not exist. Did you mean Model or",
    ),
    "fastnn.datasets.cifar10": (
        AttributeError,
        "fastnn.datasets.cifar10 is not in fastnn: fastnn downloads mnist and fashion_mnist only.",
    ),
    "from keras.layers import Dens": (
        ImportError,
        "keras.layers.Dens does not exist. Did you mean Dense?",
    ),
    "from keras.layers import conv2d": (
        ImportError,
        "keras.layers.conv2d does not exist. Conv2D is not in fastnn either: fastnn is for dense",
    ),
    "from keras.layers import Adam": (
        ImportError,
        "keras.layers.Adam does not exist. Did you mean keras.optimizers.Adam?",
    ),
    "from tensorflow.keras.utils import Resizing": (
        ImportError,
        "tensorflow.keras.utils.Resizing does not exist. Did you mean tensorflow.keras.layers.Re"
        "sizing, which is not in fastnn: prepare pictures",
    ),
    "from keras.layers import Sequential": (
        ImportError,
        "keras.layers.Sequential does not exist. Did you mean keras.Sequential?",
    ),
    "from keras.losses import zzz": (
        ImportError,
        "keras.losses.zzz does not exist; keras.losses has: ",
    ),
    "from keras.preprocessing.text import Tokenizer": (
        ImportError,
        "keras.preprocessing.text is not in fastnn: count words with collections.Counter",
    ),
    "import tensorflow as tf; tf.matmull": (
        AttributeError,
        "tensorflow.matmull does not exist. Did you mean matmul?",
    ),
    "import tensorflow as tf; tf.data.Dataset": (
        AttributeError,
        "tensorflow.data is not in fastnn: pass arrays, a generator or",
    ),
    "import tensorflow as tf; tf.keras.applications.VGG16": (
        AttributeError,
        "tensorflow.keras.applications is not in fastnn: pretrained networks need",
    ),
}


@pytest.mark.parametrize("statement", STATEMENTS)
def test_what_a_statement_says(statement: str) -> None:
    kind, text = STATEMENTS[statement]
    with pytest.raises(kind) as caught:
        exec(statement, {"fastnn": fastnn})
    assert str(caught.value).startswith(text)
    assert type(caught.value) is kind


def test_the_error_is_an_ordinary_one() -> None:
    assert not hasattr(fastnn.layers, "Conv2D")
    assert getattr(fastnn.layers, "Conv2D", 3) == 3
    with pytest.raises(AttributeError) as caught:
        fastnn.layers.Conv2D  # noqa: B018
    assert caught.value.name == "Conv2D"
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    with pytest.raises(AttributeError, match=r"module 'fastnn\.layers' has no attribute '_hidden'"):
        fastnn.layers._hidden  # noqa: B018
