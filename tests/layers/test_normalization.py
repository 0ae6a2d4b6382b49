"""The normalising layers: what the goldens cannot say. Frozen layers, last batches, one row,
threads, files, adapt, and what is refused.
"""

from __future__ import annotations

import numpy as np
import pytest

import fastnn
from fastnn.errors import ArgumentError, ShapeError, StateError, UnsupportedError
from fastnn.layers import (
    BatchNormalization,
    Dense,
    GroupNormalization,
    Input,
    LayerNormalization,
    Normalization,
    RMSNormalization,
    SpectralNormalization,
    UnitNormalization,
)
from fastnn.program.stages import cut
from fastnn.training.programs import Job, build

RANDOM = np.random.default_rng(7)
X = RANDOM.normal(2.0, 3.0, (50, 6)).astype("float32")
Y = RANDOM.normal(size=(50, 2)).astype("float32")


def network(*layers: fastnn.layers.Layer, backend: str = "auto") -> fastnn.Sequential:
    model = fastnn.Sequential([Input((6,)), *layers, Dense(2)], backend=backend, seed=2)
    model.compile("adam", "mse")
    return model


def test_the_batch_has_mean_0_and_variance_1(backend: str):
    model = fastnn.Sequential([Input((6,)), BatchNormalization(epsilon=0.0)], backend=backend)
    y = model(X, training=True)
    np.testing.assert_allclose(y.mean(axis=0), 0.0, atol=1e-6)
    np.testing.assert_allclose(y.std(axis=0), 1.0, rtol=1e-5)


def test_values_far_from_0_keep_their_digits(backend: str):
    """Their variance is taken round the mean: E[x²] - E[x]² would lose all digits."""
    x = (X + 1e6).astype("float32")
    model = fastnn.Sequential([Input((6,)), BatchNormalization(epsilon=0.0)], backend=backend)
    y = model(x, training=True)
    np.testing.assert_allclose(y.std(axis=0), 1.0, rtol=1e-2)
    layer = fastnn.Sequential([Input((6,)), LayerNormalization(epsilon=0.0)], backend=backend)
    np.testing.assert_allclose(layer(x).std(axis=1), 1.0, rtol=0.1)


def test_one_row_is_beta(backend: str):
    model = fastnn.Sequential([Input((6,)), BatchNormalization()], backend=backend)
    np.testing.assert_array_equal(model(X[:1], training=True), np.zeros((1, 6)))
    layer = model.layers[0]
    np.testing.assert_allclose(layer.moving_mean.numpy(), 0.01 * X[0], rtol=1e-6)
    np.testing.assert_allclose(layer.moving_variance.numpy(), 0.99, rtol=1e-6)


def test_moving_statistics_over_an_epoch_with_a_smaller_last_batch(backend: str):
    model = network(BatchNormalization(momentum=0.7), backend=backend)
    model.fit(X, Y, batch_size=16, epochs=1, shuffle=False, verbose=0)
    mean, variance = np.zeros(6), np.ones(6)
    for start in range(0, 50, 16):
        part = X[start : start + 16].astype("float64")
        mean = 0.7 * mean + 0.3 * part.mean(axis=0)
        variance = 0.7 * variance + 0.3 * part.var(axis=0)
    layer = model.layers[0]
    np.testing.assert_allclose(layer.moving_mean.numpy(), mean, rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance.numpy(), variance, rtol=1e-5)


def test_the_same_bits_for_any_number_of_threads():
    layers = [Dense(300), BatchNormalization(), Dense(300), LayerNormalization()]
    x = RANDOM.normal(size=(700, 6)).astype("float32")
    found = []
    for threads in (1, 2, 3):
        again = [fastnn.layers.deserialize(fastnn.layers.serialize(layer)) for layer in layers]
        model = network(*again)
        with fastnn.threads(threads):
            model.fit(x, x[:, :2], batch_size=256, epochs=2, verbose=0)
        found.append(model.get_weights())
    for arrays in zip(*found, strict=True):
        for other in arrays[1:]:
            np.testing.assert_array_equal(arrays[0], other)


def test_a_frozen_layer_is_in_inference_mode_and_wakes_up():
    layer = BatchNormalization()
    model = network(layer)
    model.fit(X, Y, verbose=0)
    before = [w.copy() for w in layer.get_weights()]
    layer.trainable = False
    np.testing.assert_array_equal(model(X, training=True), model(X))
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    for a, b in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    layer.trainable = True
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    assert all((a != b).all() for a, b in zip(before, layer.get_weights(), strict=True))


def test_freezing_a_model_freezes_statistics_without_weights():
    """With neither gamma nor beta, no trainable weight tells that the layer was frozen."""
    layer = BatchNormalization(center=False, scale=False)
    model = network(layer)
    model.train_on_batch(X, Y)
    before = layer.moving_mean.numpy()
    layer.trainable = False
    model.train_on_batch(X, Y)
    np.testing.assert_array_equal(layer.moving_mean.numpy(), before)


def test_it_is_native():
    model = network(Dense(8), BatchNormalization(), LayerNormalization(), GroupNormalization(2))
    program = build(model, Job("train", (2,), training=True))
    stages = cut(program.nodes)
    names = {node.op.name for stage in stages for node in stage.nodes}
    assert {"batch_norm_backward", "layer_norm_backward", "batch_variance", "assign"} <= names


def test_files_and_summary(tmp_path):
    model = network(BatchNormalization(), LayerNormalization())
    model.fit(X, Y, epochs=2, verbose=0)
    model.save(tmp_path / "m.fastnn")
    again = fastnn.models.load_model(tmp_path / "m.fastnn")
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
    for m in (model, again):
        m.fit(X, Y, epochs=1, shuffle=False, verbose=0)
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    lines: list[str] = []
    model.summary(print_fn=lines.append)
    assert any("Non-trainable params: 12" in line for line in lines)


def test_weights_are_keras_s_in_name_and_order():
    layers = [
        BatchNormalization(),
        LayerNormalization(),
        RMSNormalization(),
        GroupNormalization(3),
        Normalization(),
    ]
    for layer in layers:
        layer(X)
    assert [[v.name for v in layer.weights] for layer in layers] == [
        ["gamma", "beta", "moving_mean", "moving_variance"],
        ["gamma", "beta"],
        ["scale"],
        ["gamma", "beta"],
        ["mean", "variance", "count"],
    ]


def test_zeros_have_no_direction():
    x = np.zeros((2, 6), "float32")
    layer = UnitNormalization()
    assert not layer(x).any()
    model = network(Dense(6, use_bias=False), layer)
    gradients = model.gradients(x, np.ones((2, 2), "float32"))
    assert all(np.isfinite(g).all() for g in gradients.values())


class TestAdapt:
    def test_an_array(self):
        layer = Normalization()
        layer.adapt(X)
        np.testing.assert_allclose(layer.mean, X.mean(axis=0), rtol=1e-6)
        np.testing.assert_allclose(layer.variance, X.var(axis=0), rtol=1e-5)
        np.testing.assert_allclose(layer(X), (X - X.mean(axis=0)) / X.std(axis=0), atol=1e-5)

    def test_batches_are_the_array(self):
        layer = Normalization()
        layer.adapt((X[start : start + 20], Y) for start in range(0, 50, 20))
        np.testing.assert_allclose(layer.mean, X.mean(axis=0), rtol=1e-5)
        np.testing.assert_allclose(layer.variance, X.var(axis=0), rtol=1e-5)

    def test_lists_and_integers(self):
        layer = Normalization(axis=None)
        layer.adapt([1, 2, 3, 4, 5])
        np.testing.assert_allclose(layer(np.array([[1.0], [3.0]])), [[-np.sqrt(2)], [0]], rtol=1e-6)

    def test_other_axes(self):
        x = RANDOM.normal(size=(20, 3, 4))
        for axis, reduced in ((1, (0, 2)), ((1, 2), 0), (None, None)):
            layer = Normalization(axis=axis, dtype="float64")
            layer.adapt(x)
            expected = (x - x.mean(axis=reduced, keepdims=True)) / x.std(
                axis=reduced, keepdims=True
            )
            np.testing.assert_allclose(layer(x), expected, rtol=1e-12)

    def test_adapting_again_changes_a_model_that_has_it(self, backend: str):
        layer = Normalization()
        model = fastnn.Sequential([Input((6,)), layer], backend=backend)
        np.testing.assert_allclose(model.predict(X, verbose=0), X, rtol=1e-6)
        layer.adapt(X)
        found = model.predict(X, verbose=0)
        np.testing.assert_allclose(found, (X - X.mean(axis=0)) / X.std(axis=0), atol=1e-5)
        inverse = Normalization(invert=True)
        inverse.adapt(X)
        np.testing.assert_allclose(inverse(found), X, atol=1e-5)
        before = model.get_weights()
        model.compile("sgd", "mse")
        with pytest.raises(StateError):
            Normalization(mean=0.0, variance=1.0).adapt(X)
        for a, b in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: BatchNormalization(renorm=True), UnsupportedError, "renorm=True"),
        (lambda: BatchNormalization(synchronized=True), UnsupportedError, "synchronized=True"),
        (lambda: BatchNormalization(momentum=2), ArgumentError, r"momentum=2.*\[0, 1\]"),
        (lambda: BatchNormalization(epsilon=-1), ArgumentError, "epsilon=-1"),
        (lambda: BatchNormalization(axes=1), ArgumentError, "unknown argument 'axes'.*axis"),
        (lambda: BatchNormalization(axis=0)(X), ShapeError, "axis=0 does not fit"),
        (lambda: LayerNormalization(axis=3)(X), ShapeError, "axis=3 does not fit"),
        (lambda: LayerNormalization(axis=[1, -1])(X), ShapeError, "different axes"),
        (lambda: LayerNormalization(axis="last"), ArgumentError, "axis='last'"),
        (lambda: GroupNormalization(4)(X), ShapeError, "6 features cannot be divided into 4"),
        (lambda: GroupNormalization(0), ArgumentError, "groups=0"),
        (lambda: UnitNormalization(axis=1.5), ArgumentError, "axis=1.5"),
        (lambda: Normalization(mean=1.0), ArgumentError, "expected both or none"),
        (lambda: Normalization(mean=[1, 2], variance=[1]), ArgumentError, "equal shapes"),
        (lambda: Normalization(mean=[1, 2], variance=[1, 1])(X), ShapeError, "features"),
        (lambda: Normalization().adapt(np.zeros((0, 3))), ArgumentError, "received no data"),
        (lambda: Normalization().mean, StateError, "adapt"),
    ],
)
def test_what_is_refused(make, error: type, message: str):
    with pytest.raises(error, match=message):
        make()


class TestSpectral:
    def test_the_largest_singular_value_becomes_1(self, backend: str):
        layer = SpectralNormalization(Dense(4, use_bias=False), power_iterations=50)
        model = fastnn.Sequential([Input((6,)), layer], backend=backend, seed=1)
        w = layer.kernel.numpy()
        found = model(X, training=True)
        np.testing.assert_allclose(found, X @ w / np.linalg.norm(w, 2), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(np.linalg.norm(layer.kernel.numpy(), 2), 1.0, rtol=1e-5)

    def test_a_kernel_of_zeros_stays_as_it_is(self, backend: str):
        layer = SpectralNormalization(Dense(4, kernel_initializer="zeros"))
        model = fastnn.Sequential([Input((6,)), layer], backend=backend)
        before = layer.vector_u.numpy()
        assert not model(X, training=True).any()
        assert not layer.kernel.numpy().any()
        np.testing.assert_array_equal(layer.vector_u.numpy(), before)

    def test_weights_and_files(self, tmp_path):
        layer = SpectralNormalization(Dense(4))
        model = network(layer)
        model.fit(X, Y, verbose=0)
        assert [v.name for v in layer.weights] == ["kernel", "vector_u", "bias"]
        assert [v.name for v in layer.non_trainable_weights] == ["vector_u"]
        model.save(tmp_path / "m.fastnn")
        again = fastnn.models.load_model(tmp_path / "m.fastnn")
        np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))

    def test_what_is_refused(self):
        with pytest.raises(ArgumentError, match="power_iterations=0"):
            SpectralNormalization(Dense(4), power_iterations=0)
        with pytest.raises(ArgumentError, match="has neither a kernel nor embeddings"):
            SpectralNormalization(UnitNormalization())(X)
