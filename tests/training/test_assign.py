"""``variable.assign`` in a layer's ``call``: state that training steps change natively, in every
backend, once a step, after every read of the old value, and not where a step is stopped.
"""

from __future__ import annotations

import numpy as np
import pytest

import fastnn
from fastnn import ops
from fastnn.errors import DataError, ShapeError
from fastnn.layers import Dense, Input, Layer
from fastnn.ops.reduce import reduce_rows
from fastnn.program.stages import cut
from fastnn.training.programs import Job, build

X = np.arange(30, dtype="float32").reshape(10, 3) / 10
Y = np.ones((10, 1), "float32")


class Statistics(Layer):
    """Adds a fading sum of the batches before this one, and counts them."""

    def build(self, input_shape):
        size = (input_shape[-1],)
        self.total = self.add_weight(size, "zeros", trainable=False, name="total")
        self.count = self.add_weight((), "zeros", trainable=False, name="count")

    def call(self, inputs, training=False):
        before = self.total * 1.0
        if training:
            self.total.assign(self.total * 0.5 + reduce_rows(inputs, "sum"))
            self.count.assign_add(1.0)
        return inputs + before


def network(backend: str, *more: Layer) -> tuple[fastnn.Sequential, Statistics]:
    layer = Statistics(name="statistics")
    stack = [Input((3,)), layer, *more, Dense(1)]
    model = fastnn.Sequential(stack, backend=backend, seed=1)
    model.compile("sgd", "mse")
    return model, layer


def expected(total: np.ndarray, x: np.ndarray) -> np.ndarray:
    return total * 0.5 + x.sum(axis=0)


def test_each_step_stores_once(backend: str):
    model, layer = network(backend)
    model.fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0)
    total = np.zeros(3)
    for batch in (X[:4], X[4:8], X[8:]) * 2:
        total = expected(total, batch)
    np.testing.assert_allclose(layer.total.numpy(), total, rtol=1e-6)
    assert layer.count.numpy() == 6


def test_only_training_stores(backend: str):
    model, layer = network(backend)
    model.train_on_batch(X, Y)
    before = model.get_weights()
    model.predict(X, verbose=0)
    model.evaluate(X, Y, verbose=0)
    model(X)
    model.gradients(X, Y)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    model(X, training=True)
    assert layer.count.numpy() == 2
    np.testing.assert_allclose(layer.total.numpy(), expected(before[0], X), rtol=1e-6)


def test_the_old_value_is_what_the_step_reads(backend: str):
    """The output holds the sum before the batch, though the new one is stored in the same step."""
    layer = Statistics()
    first, second = (layer(X, training=True) for _ in range(2))
    np.testing.assert_array_equal(first, X)
    np.testing.assert_allclose(second, X + X.sum(axis=0), rtol=1e-6)


@pytest.mark.parametrize("fault", ["data", "loss"])
def test_a_stopped_step_stores_nothing(backend: str, fault: str):
    model, layer = network(backend)
    x, y = X.copy(), Y.copy()
    if fault == "data":
        x[9, 0] = np.nan
    else:
        y[9] = 3e38  # its square is infinite
    with pytest.raises((DataError, fastnn.errors.FastnnError)):
        model.fit(x, y, batch_size=4, shuffle=False, verbose=0)
    assert layer.count.numpy() == 2
    np.testing.assert_allclose(
        layer.total.numpy(), expected(expected(np.zeros(3), X[:4]), X[4:8]), rtol=1e-6
    )


def test_any_number_of_rows_is_one_batch(backend: str):
    model, layer = network(backend)
    x = np.ones((3000, 3), "float32")
    model(x, training=True)
    assert layer.count.numpy() == 1
    assert layer.total.numpy().tolist() == [3000.0] * 3
    alone = Statistics()
    for rows in (2, 700):
        alone(np.ones((rows, 3), "float32"), training=True)
    assert alone.count.numpy() == 2
    assert alone.total.numpy().tolist() == [701.0] * 3


def test_a_layer_used_twice_sees_its_own_assignment(backend: str):
    layer = Statistics()

    class Twice(Layer):
        def call(self, inputs, training=False):
            return layer(layer(inputs, training=training), training=training)

    model = fastnn.Sequential([Input((3,)), Twice()], backend=backend)
    found = model(X, training=True)
    np.testing.assert_allclose(found, X + X.sum(axis=0), rtol=1e-6)
    assert layer.count.numpy() == 2


def test_variables_may_be_exchanged(backend: str):
    """Both are read before either is written, whatever the order of the stage."""

    class Exchange(Layer):
        def build(self, input_shape):
            self.a = self.add_weight((5000,), "zeros", trainable=False)
            self.b = self.add_weight((5000,), "ones", trainable=False)

        def call(self, inputs):
            old = self.a.tensor()
            self.a.assign(self.b)
            self.b.assign(old)
            return inputs

    layer = Exchange()
    layer(X)
    assert set(layer.a.numpy()) == {1.0}
    assert set(layer.b.numpy()) == {0.0}


def test_a_trained_variable_keeps_what_the_optimizer_makes_of_it(backend: str):
    class Halved(Layer):
        def build(self, input_shape):
            self.w = self.add_weight((input_shape[-1],), "ones")

        def call(self, inputs, training=False):
            self.w.assign(self.w * 0.5)
            return inputs * self.w.tensor()

    layer = Halved()
    model = fastnn.Sequential(
        [
            Input((3,)),
            layer,
        ],
        backend=backend,
    )
    model.compile(fastnn.optimizers.SGD(0.0), "mse")
    model.train_on_batch(X, X)
    assert layer.w.numpy().tolist() == [1.0] * 3
    np.testing.assert_array_equal(model(X), X * 0.5)
    layer(X)
    assert layer.w.numpy().tolist() == [0.5] * 3


def test_it_is_native_and_comes_last():
    model, _ = network("auto")
    program = build(model, Job("train", (1,), training=True))
    assert program.op_names().count("assign") == 2
    stages = cut(program.nodes)
    assert [n.op.name for n in stages[-1].nodes if n.op.name == "assign"] == ["assign"] * 2
    assert not any(n.op.name == "assign" for stage in stages[:-1] for n in stage.nodes)


def test_files_and_summary_hold_it(tmp_path):
    model, layer = network("auto")
    model.fit(X, Y, verbose=0)
    model.save_weights(tmp_path / "m.weights.fastnn")
    other, same = network("auto")
    other.load_weights(tmp_path / "m.weights.fastnn")
    np.testing.assert_array_equal(same.total.numpy(), layer.total.numpy())
    assert same.count.numpy() == 1
    lines: list[str] = []
    model.summary(print_fn=lines.append)
    assert any("Non-trainable params: 4" in line for line in lines)
    assert [v.name for v in model.non_trainable_weights] == ["total", "count"]


def test_another_shape_is_refused():
    class Wrong(Layer):
        def build(self, input_shape):
            self.state = self.add_weight((2,), "zeros", trainable=False, name="state")

        def call(self, inputs):
            self.state.assign(ops.sum(inputs, axis=-1))
            return inputs

    with pytest.raises(ShapeError, match=r"'wrong/state' has shape \(2,\).*received a tensor"):
        fastnn.Sequential([Input((3,)), Wrong(name="wrong")])
