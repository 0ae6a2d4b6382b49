"""``tf`` outside ``tf.keras``: functions with TensorFlow's argument names, constants and the method
``numpy`` of what calls on arrays return.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn.compat import aliases
from fastnn.compat.tensorflow_names import MATHS, MATHS_RENAMED, NETWORK, RENAMED, SAME


@pytest.fixture
def tf() -> Iterator[Any]:
    """``tensorflow``, which is fastnn."""
    with aliases.installed():
        import tensorflow

        yield tensorflow


X = np.array([[1.0, 2.0], [3.0, 4.0]], "float32")


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("reduce_mean", {"input_tensor": X, "axis": 1, "keepdims": True}, [[1.5], [3.5]]),
        ("reduce_sum", {"input_tensor": X}, 10.0),
        ("reduce_max", {"input_tensor": X, "axis": 0, "name": "m"}, [3.0, 4.0]),
        ("matmul", {"a": X, "b": X}, X @ X),
        ("add", {"x": X, "y": 1.0}, X + 1),
        ("abs", {"x": -X}, X),
        ("pow", {"x": X, "y": 2.0}, X**2),
        ("clip_by_value", {"t": X, "clip_value_min": 2.0, "clip_value_max": 3.0}, X.clip(2, 3)),
        ("concat", {"values": [X, X], "axis": 0}, np.concatenate([X, X])),
        ("stack", {"values": [X, X], "axis": 0}, np.stack([X, X])),
        ("reshape", {"tensor": X, "shape": [4]}, X.reshape(4)),
        ("transpose", {"a": X, "perm": [1, 0]}, X.T),
        ("expand_dims", {"input": X, "axis": -1}, X[..., None]),
        ("squeeze", {"input": X[None], "axis": 0}, X),
        ("one_hot", {"indices": [1, 0], "depth": 3}, [[0, 1, 0], [1, 0, 0]]),
        ("argmax", {"input": X, "axis": 1}, [1, 1]),
        ("argmax", {"input": X}, [1, 1]),
        ("gather", {"params": X, "indices": [0]}, X[[0]]),
        ("cumsum", {"x": X}, X.cumsum(axis=0)),
        ("where", {"condition": X > 2, "x": X, "y": 0.0}, np.where(X > 2, X, 0)),
        ("equal", {"x": X, "y": 2.0}, X == 2),
        ("fill", {"dims": [2], "value": 7.0}, [7.0, 7.0]),
        ("tile", {"input": X, "multiples": [1, 2]}, np.tile(X, (1, 2))),
        ("gather", {"params": X, "indices": [1], "axis": 0}, X[[1]]),
        ("cast", {"x": [1.7, 2.0], "dtype": "int32"}, [1, 2]),
        ("math.log", {"x": X}, np.log(X)),
        ("math.is_nan", {"x": X}, np.isnan(X)),
        ("math.reduce_variance", {"input_tensor": X}, X.var()),
        ("nn.softmax", {"logits": X * 0, "axis": -1}, X * 0 + 0.5),
        ("nn.relu", {"features": -X}, X * 0),
        ("nn.sigmoid", {"x": X * 0}, X * 0 + 0.5),
    ],
)
def test_functions_take_the_names_of_tensorflow(
    tf: Any, name: str, arguments: dict[str, Any], expected: Any
) -> None:
    function: Any = tf
    for step in name.split("."):
        function = getattr(function, step)
    np.testing.assert_allclose(function(**arguments).numpy(), expected, rtol=1e-6)


def test_every_listed_function_exists(tf: Any) -> None:
    """A name that ops has not would be left out without a word."""
    for module, names in (
        (tf, SAME + " " + " ".join(RENAMED)),
        (tf.math, MATHS + " " + " ".join(MATHS_RENAMED)),
        (tf.nn, NETWORK),
    ):
        assert [name for name in names.split() if not callable(getattr(module, name, None))] == []


def test_constants_have_the_types_of_tensorflow(tf: Any) -> None:
    assert tf.constant([1.0, 2.0]).dtype == tf.float32
    assert tf.constant([1, 2]).dtype == tf.int32
    assert tf.constant(np.array([1.0])).dtype == tf.float64
    assert tf.constant(0, shape=(2, 3)).shape == (2, 3)
    assert tf.constant([1, 2, 3, 4], dtype=tf.float32, shape=(2, 2)).numpy().tolist() == [
        [1.0, 2.0],
        [3.0, 4.0],
    ]
    assert tf.convert_to_tensor([[1, 2]], dtype=tf.float64).dtype == tf.float64
    assert type(tf.constant(2.0).numpy()) is np.float32
    assert tf.shape(X).numpy().tolist() == [2, 2]
    assert X[tf.newaxis].shape == (1, 2, 2)


def test_calls_on_arrays_have_the_method_numpy_while_tensorflow_is_used(tf: Any) -> None:
    model = tf.keras.Sequential([tf.keras.layers.Dense(2, input_shape=(2,))])
    for value in (model(X), tf.keras.layers.Softmax()(X)):
        assert type(value.numpy()) is np.ndarray
        assert value.numpy().shape == (2, 2)
    loss = tf.keras.losses.MeanSquaredError()(X, X + 1)
    assert loss.numpy() == 1.0
    assert f"{loss:.2f}" == "1.00"


def test_results_are_plain_again_afterwards() -> None:
    with aliases.installed():
        exec("import tensorflow", {})
    assert type(fastnn.layers.Dense(2)(X)) is np.ndarray


def test_the_machine(tf: Any) -> None:
    assert tf.config.list_physical_devices("GPU") == []
    assert tf.config.experimental.list_physical_devices("CPU")[0].device_type == "CPU"
    assert tf.executing_eagerly()
    tf.get_logger().setLevel("ERROR")


def test_random_numbers(tf: Any) -> None:
    tf.random.set_seed(1)
    first = tf.random.normal([3, 2], mean=5.0, stddev=0.0)
    assert first.dtype == tf.float32
    assert first.numpy().tolist() == [[5.0] * 2] * 3
    drawn = tf.random.uniform((100,), minval=2, maxval=4, dtype=tf.int32).numpy()
    assert set(drawn) == {2, 3}
    assert (tf.random.uniform([5], seed=1).numpy() == tf.random.uniform([5], seed=1).numpy()).all()


def test_a_loss_in_functions_of_tensorflow_trains(tf: Any) -> None:
    @tf.function
    def loss(y_true: Any, y_pred: Any) -> Any:
        difference = tf.cast(y_true, tf.float32) - tf.convert_to_tensor(y_pred)
        return tf.reduce_mean(tf.square(difference), axis=-1)

    model = tf.keras.Sequential([tf.keras.layers.Dense(1, input_shape=(2,))])
    model.compile("sgd", loss, metrics=["mse"])
    history = model.fit(X, X[:, :1], epochs=2, verbose=0).history
    np.testing.assert_allclose(history["loss"], history["mse"], rtol=1e-6)
