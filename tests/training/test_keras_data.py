"""Forms of data, and data batch by batch, in fastnn, in Keras's numbers and in an installed Keras;
SciPy's and JAX's own arrays.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastnn
from tests.golden.data_cases import RUNS, history
from tests.golden.event_cases import same
from tests.support.networks import network, same_weights

pytestmark = pytest.mark.filterwarnings("ignore")
GOLDEN = json.loads(str(np.load(Path(__file__).parent.parent / "golden" / "callbacks.npz")["data"]))

rng = np.random.default_rng(2)
X = rng.standard_normal((50, 3)).astype(np.float32)
Y = rng.standard_normal((50, 1)).astype(np.float32)


@pytest.fixture(scope="module")
def keras() -> Any:
    return pytest.importorskip("keras", minversion="3.0")


@pytest.mark.parametrize("name", RUNS)
def test_every_form_of_data_gives_keras_s_history(name: str) -> None:
    assert same(history(fastnn, name), GOLDEN[name]), (history(fastnn, name), GOLDEN[name])


@pytest.mark.keras
@pytest.mark.parametrize("name", RUNS)
def test_keras_still_gives_it(keras: Any, name: str) -> None:
    assert same(history(keras, name), GOLDEN[name])


def trained(library: Any, source: str) -> list[Any]:
    """Losses and weights of a linear model that was trained on batches."""

    class Data(library.utils.PyDataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return 7

        def __getitem__(self, index: int) -> Any:
            return X[8 * index : 8 * index + 8], Y[8 * index : 8 * index + 8]

    def generator() -> Iterator[Any]:
        while True:
            yield from Data()

    model = library.Sequential([library.Input((3,)), library.layers.Dense(1)])
    model.set_weights([np.ones((3, 1)), np.zeros(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    data = Data() if source == "dataset" else generator()
    steps = {} if source == "dataset" else {"steps_per_epoch": 4}
    history = model.fit(
        data, epochs=3, shuffle=False, verbose=0, validation_data=Data(), **steps
    ).history
    weights = [np.asarray(weight) for weight in model.get_weights()]
    limit = {} if source == "dataset" else {"steps": 2}
    return [*history.values(), *weights, model.predict(data, verbose=0, **limit).shape]


@pytest.mark.keras
@pytest.mark.parametrize("source", ["dataset", "generator"])
def test_batches_train_as_in_keras(keras: Any, source: str) -> None:
    for one, other in zip(trained(fastnn, source), trained(keras, source), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.keras
@pytest.mark.parametrize("axis", [-1, 1])
@pytest.mark.parametrize("order", [1, 2])
def test_normalize(keras: Any, axis: int, order: int) -> None:
    expected = keras.utils.normalize(X, axis, order)
    np.testing.assert_allclose(fastnn.utils.normalize(X, axis, order), expected, rtol=1e-6)


@pytest.mark.keras
def test_arrays_of_scipy_and_jax(keras: Any) -> None:
    import jax.numpy as jnp
    import scipy.sparse as sparse

    plain = network()
    plain.fit(X, Y, epochs=2, verbose=0)
    for made in (sparse.csr_matrix, sparse.csc_array, sparse.coo_matrix, jnp.asarray):
        model = network()
        model.fit(made(X), Y, epochs=2, verbose=0)
        assert same_weights(model, plain)
        np.testing.assert_array_equal(
            model.predict(made(X), verbose=0), plain.predict(X, verbose=0)
        )


@pytest.mark.keras
def test_bfloat16_of_jax(keras: Any) -> None:
    import jax.numpy as jnp

    x = jnp.asarray(X, dtype=jnp.bfloat16)
    one, other = network(), network()
    one.fit(x, Y, verbose=0)
    other.fit(np.asarray(x.astype(jnp.float32)), Y, verbose=0)
    assert same_weights(one, other)
