"""The functions of ``fastnn.ops``: values against NumPy, gradients against central differences."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn import activations, layers, ops
from fastnn.errors import ArgumentError, ShapeError, UnsupportedError
from fastnn.program.tensor import BATCH, Size, Tensor

RNG = np.random.default_rng(11)
# away from 0, so that |x|, relu and comparisons have no kink within a step of a central difference
X = RNG.uniform(0.2, 2.0, (4, 6)) * RNG.choice([-1.0, 1.0], (4, 6))
Y = RNG.uniform(0.3, 2.0, (4, 6)) * RNG.choice([-1.0, 1.0], (4, 6))

UNARY: dict[str, Callable[[Any], Any]] = {
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "negative": np.negative,
    "absolute": np.abs,
    "abs": np.abs,
    "sign": np.sign,
    "square": np.square,
    "exp": np.exp,
    "expm1": np.expm1,
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True),
    "log_softmax": lambda x: x - np.log(np.exp(x).sum(-1, keepdims=True)),
    "reciprocal": np.reciprocal,
    **{name: getattr(np, name) for name in ("sin", "cos", "tan", "arctan", "arcsinh")},
    **{name: getattr(np, name) for name in ("sinh", "cosh", "floor", "ceil", "trunc", "round")},
    **{name: getattr(np, name) for name in ("isnan", "isinf", "isfinite", "logical_not")},
    "erf": np.vectorize(math.erf),
    "erfc": np.vectorize(math.erfc),
}
POSITIVE = {"sqrt": np.sqrt, "log": np.log, "log1p": np.log1p, "log2": np.log2, "log10": np.log10}
POSITIVE["rsqrt"] = lambda x: 1 / np.sqrt(x)
BOUNDED = {"arcsin": np.arcsin, "arccos": np.arccos, "arctanh": np.arctanh}
BINARY = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "equal": np.equal,
    "not_equal": np.not_equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "less": np.less,
    "less_equal": np.less_equal,
    "true_divide": np.divide,
    "divide_no_nan": np.divide,
    "floor_divide": np.floor_divide,
    "mod": np.mod,
    "power": lambda x, y: np.power(np.abs(x), y),
    "arctan2": np.arctan2,
    "logaddexp": np.logaddexp,
    "logical_and": np.logical_and,
    "logical_or": np.logical_or,
    "logical_xor": np.logical_xor,
}
REDUCE = {"sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min, "argmax": np.argmax}


def test_every_public_function_is_tested() -> None:
    tested = {*UNARY, *POSITIVE, *BOUNDED, *BINARY, *REDUCE}
    tested |= {"arccosh", "clip", "where", "one_hot", "reshape"}
    tested |= {"python"}  # tests/backends/test_host.py
    tested |= {*ops.__all__} & {*activations.__all__}  # tests/golden/test_golden_curves.py
    text = "".join(
        path.read_text("utf-8") for path in Path(__file__).parent.parent.glob("*/test_*.py")
    )
    tested |= {name for name in ops.__all__ if f"ops.{name}" in text or f'"{name}":' in text}
    assert tested == set(ops.__all__)


@pytest.mark.parametrize("name", sorted({**UNARY, **POSITIVE}))
def test_functions_of_one_operand(name: str) -> None:
    x = X if name in UNARY else np.abs(X)
    reference = {**UNARY, **POSITIVE}[name]
    np.testing.assert_allclose(getattr(ops, name)(x), reference(x), rtol=1e-12)


@pytest.mark.parametrize("name", sorted(BINARY))
@pytest.mark.parametrize(
    ("a", "b"),
    [(X, Y), (X, 0.5), (2, X), (X, Y[0]), (X, Y[:, :1]), (X[0, 0], Y[0, 0]), (3.0, 3.0)],
    ids=["same", "number", "left number", "vector", "column", "scalars", "numbers"],
)
def test_functions_of_two_operands(name: str, a: Any, b: Any) -> None:
    out = getattr(ops, name)(abs(a) if name == "power" else a, b)
    np.testing.assert_allclose(out, BINARY[name](a, b).astype(float), rtol=1e-6)
    assert np.shape(out) == np.broadcast_shapes(np.shape(a), np.shape(b))


@pytest.mark.parametrize("name", sorted(BOUNDED))
def test_functions_of_bounded_operands(name: str) -> None:
    x = np.append(X / 2.5, [[np.nan, 1.5, -1.5, 1.0, -1.0, 0.0]], axis=0)
    with np.errstate(all="ignore"):
        expected = BOUNDED[name](x)
    np.testing.assert_allclose(getattr(ops, name)(x), expected, rtol=1e-12)
    np.testing.assert_allclose(ops.arccosh(np.abs(X) + 1), np.arccosh(np.abs(X) + 1), rtol=1e-12)


def test_rounding() -> None:
    x = np.array([0.5, 1.5, 2.5, -0.5, 1.25, -2.675, 1250.0])
    for decimals in (0, 1, 2, -2):
        np.testing.assert_array_equal(ops.round(x, decimals), np.round(x, decimals))
    with pytest.raises(ArgumentError, match=r"round: received decimals=0\.5, expected a whole"):
        ops.round(x, 0.5)


def test_of_zero_and_of_infinities() -> None:
    assert ops.divide_no_nan([1.0, 0.0, 3.0], [0.0, 0.0, 2.0]).tolist() == [0.0, 0.0, 1.5]
    far = np.array([np.inf, -np.inf, 1e4, -1e4])
    np.testing.assert_array_equal(ops.logaddexp(far, far), np.logaddexp(far, far))
    a, b = np.array([5.0, -5.0, 5.0, 0.0, -0.0, 1.0]), np.array([0.0, 0.0, np.inf, 3.0, -3.0, -1.0])
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(ops.mod(a, b), np.mod(a, b))
        np.testing.assert_array_equal(ops.floor_divide(a, b), np.floor_divide(a, b))


def test_comparisons_of_equal_numbers() -> None:
    a = np.array([1.0, 2.0, np.nan])
    assert ops.equal(a, a).tolist() == [1.0, 1.0, 0.0]
    assert ops.greater_equal(a, a).tolist() == [1.0, 1.0, 0.0]
    assert ops.greater(a, a).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("name", sorted(REDUCE))
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", [None, -1, 1])
def test_reductions(name: str, axis: int | None, keepdims: bool) -> None:
    out = getattr(ops, name)(X, axis=axis, keepdims=keepdims)
    np.testing.assert_allclose(out, REDUCE[name](X, axis=axis, keepdims=keepdims), rtol=1e-12)
    assert np.shape(out) == np.shape(REDUCE[name](X, axis=axis, keepdims=keepdims))


@pytest.mark.parametrize("name", sorted(REDUCE))
def test_reductions_of_one_axis_of_none_and_of_another(name: str) -> None:
    function = getattr(ops, name)
    np.testing.assert_allclose(function(X[0], axis=-1), REDUCE[name](X[0]), rtol=1e-12)
    assert function(np.zeros((0, 3)), axis=-1).shape == (0,)
    np.testing.assert_allclose(function(X, axis=0), REDUCE[name](X, axis=0), rtol=1e-12)
    with pytest.raises(ShapeError, match=rf"{name}: received an array of shape .*at least one"):
        function(np.zeros((3, 0)), axis=-1)


def test_clip_and_where() -> None:
    np.testing.assert_array_equal(ops.clip(X, -1, 1), np.clip(X, -1, 1))
    np.testing.assert_array_equal(ops.where(X > 0, X, Y), np.where(X > 0, X, Y))
    np.testing.assert_array_equal(ops.where(X > 0, 1.0, Y), np.where(X > 0, 1.0, Y))
    np.testing.assert_array_equal(ops.where(X[:, :1] > 0, X, 0.0), np.where(X[:, :1] > 0, X, 0))
    with pytest.raises(UnsupportedError, match="where: received a condition alone"):
        ops.where(X > 0)


def test_one_hot() -> None:
    np.testing.assert_array_equal(
        ops.one_hot([[0, 2], [1, 5]], 3), [[[1, 0, 0], [0, 0, 1]], [[0, 1, 0], [0, 0, 0]]]
    )
    assert ops.one_hot(1, 3, dtype="float64").dtype == np.float64
    assert ops.one_hot(1, 3).tolist() == [0.0, 1.0, 0.0]
    assert ops.one_hot(np.zeros((0,), int), 3).shape == (0, 3)
    assert ops.one_hot(Tensor((BATCH, 1), "int32"), 3).shape == (BATCH, 1, 3)
    with pytest.raises(ArgumentError, match="dtype float32, expected int32"):
        ops.one_hot(Tensor((BATCH, 1), "float32"), 3)
    with pytest.raises(ArgumentError, match="num_classes=0"):
        ops.one_hot([1], 0)


def test_reshape_of_tensors_keeps_the_batch_first() -> None:
    x = Tensor((BATCH, 4, 6), "float32")
    assert ops.reshape(x, (-1, 24)).shape == (BATCH, 24)
    assert ops.reshape(x, (None, 2, -1)).shape == (BATCH, 2, 12)
    assert ops.reshape(x, (-1, 6)).shape == (Size(0, 4), 6)
    assert ops.reshape(x, (BATCH, 24)).shape == (BATCH, 24)
    for sizes in [(-1, 5), (24, -1), (None, 25), (-1, 0)]:
        with pytest.raises(ShapeError, match="reshape"):
            ops.reshape(x, sizes)
    with pytest.raises(UnsupportedError, match="at most one -1"):
        ops.reshape(x, (-1, -1))


def test_reshape_of_arrays() -> None:
    assert ops.reshape(X, (6, -1)).shape == (6, 4)
    assert ops.reshape(np.arange(4), 4).dtype == int
    with pytest.raises(ShapeError, match=r"newshape=\(5, 5\) for an array of shape \(4, 6\)"):
        ops.reshape(X, (5, 5))


def gradient_error(formula: Callable[[Any], Any], x: Any, labels: Any = None) -> float:
    """The largest relative difference between ∂loss/∂x and central differences, in float64."""

    class Custom(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return formula(inputs)

    columns = np.asarray(formula(x)).shape
    model = fastnn.Sequential([layers.Input(x.shape[1:]), Custom()], dtype="float64")
    # a loss with another gradient for every element
    factors = np.random.default_rng(0).normal(size=columns)

    def loss(y_true: Any, y_pred: Any) -> Any:
        return ops.multiply(y_true, y_pred)

    model.compile(loss=loss)
    found = model.gradients(x, factors).get("input", np.zeros_like(x))
    expected, step = np.zeros_like(x), 1e-6
    for place in np.ndindex(*x.shape):
        up, down = x.copy(), x.copy()
        up[place] += step
        down[place] -= step
        expected[place] = np.sum(factors * (np.asarray(formula(up)) - np.asarray(formula(down))))
    expected /= 2 * step * factors.size
    return float(np.max(np.abs(found - expected)) / max(1e-3, np.max(np.abs(expected))))


def _of_absolute(function: Callable[..., Any]) -> Callable[[Any], Any]:
    return lambda x: function(ops.absolute(x))


def _with_a_vector(function: Callable[..., Any]) -> Callable[[Any], Any]:
    return lambda x: function(x, Y[0])


SMOOTH_PAIRS = ("true_divide", "divide_no_nan", "mod", "floor_divide", "arctan2", "logaddexp")
SMOOTH = {
    **{name: getattr(ops, name) for name in UNARY},
    **{name: _of_absolute(getattr(ops, name)) for name in POSITIVE},
    **{name: (lambda f: lambda x: f(x / 2.5))(getattr(ops, name)) for name in BOUNDED},
    "arccosh": lambda x: ops.arccosh(ops.absolute(x) + 1.0),
    **{name: _with_a_vector(getattr(ops, name)) for name in list(BINARY)[:6]},
    **{name: _with_a_vector(getattr(ops, name)) for name in SMOOTH_PAIRS},
    **{f"{p} power": lambda x, p=p: ops.power(x, p) for p in (2, 3, -1, 4, 1)},
    **{f"{p} power": lambda x, p=p: ops.power(ops.absolute(x), p) for p in (0.5, -0.5, 2.5)},
    "power of a number": lambda x: ops.power(2.0, x),
    "power of tensors": lambda x: ops.power(ops.exp(x), x),
    "left divide": lambda x: ops.divide(2.0, x),
    "with itself": lambda x: ops.multiply(ops.tanh(x), ops.exp(x)),
    "column": lambda x: ops.multiply(x, ops.sum(x, axis=-1, keepdims=True)),
    "divide by column": lambda x: ops.divide(x, ops.sum(ops.square(x), axis=-1, keepdims=True)),
    "clip": lambda x: ops.clip(x, -1.0, 1.0),
    "where": lambda x: ops.where(ops.greater(x, 0.0), ops.square(x), ops.exp(x)),
    "where of columns": lambda x: ops.where(
        ops.greater(ops.sum(x, axis=-1, keepdims=True), 0.0), ops.square(x), ops.exp(x)
    ),
    "sum": lambda x: ops.sum(x, axis=-1, keepdims=True),
    "mean": lambda x: ops.mean(ops.square(x), axis=-1, keepdims=True),
    "max": lambda x: ops.max(x, axis=-1, keepdims=True),
    "min": lambda x: ops.min(x, axis=-1, keepdims=True),
    "reshape": lambda x: ops.softmax(ops.reshape(x, (-1, 2, 3))),
    "leaky relu": lambda x: fastnn.activations.relu(x, 0.3, 1.5, 0.1),
}


@pytest.mark.parametrize("name", sorted(SMOOTH))
def test_gradients_agree_with_central_differences(name: str) -> None:
    # second-order differences of step 1e-6 are good to about 1e-9 here
    assert gradient_error(SMOOTH[name], X) < 1e-7


def test_the_check_of_gradients_rejects_a_wrong_one() -> None:
    """d|x|·sign(x) is not what the gradient of |x| is: the checker must see 0.1 %."""

    def wrong(x: Any) -> Any:
        if isinstance(x, Tensor):
            return ops.multiply(ops.square(x), 1.001)
        return ops.square(x)

    assert gradient_error(wrong, X) > 1e-4


def test_ties_share_the_gradient() -> None:
    model = fastnn.Sequential([layers.Input((3,)), _Largest()], dtype="float64")
    model.compile(loss=lambda y_true, y_pred: y_true * y_pred)
    found = model.gradients(np.array([[1.0, 1.0, 0.0]]), np.ones((1, 1)))["input"]
    np.testing.assert_allclose(found, [[0.5, 0.5, 0.0]])


class _Largest(layers.Layer):
    def call(self, inputs: Any) -> Any:
        return ops.max(inputs, axis=-1, keepdims=True)


def test_a_variable_is_a_tensor_in_a_trace() -> None:
    class Scale(layers.Layer):
        def build(self, input_shape: Any) -> None:
            self.gain = self.add_weight((), "ones", name="gain")

        def call(self, inputs: Any) -> Any:
            return ops.multiply(inputs, ops.exp(self.gain))

    model = fastnn.Sequential([layers.Input((2,)), Scale()], dtype="float64")
    model.compile(loss=lambda y_true, y_pred: y_true * y_pred)
    gradients = model.gradients(np.array([[1.0, 2.0]]), np.ones((1, 2)))
    found = next(value for name, value in gradients.items() if name.endswith("gain"))
    np.testing.assert_allclose(found, np.e * 3 / 2)


REDUCTIONS = {
    "sum": lambda w: np.ones_like(w),
    "mean": lambda w: np.full_like(w, 1 / w.size),
    "max": lambda w: (w == w.max()) / np.sum(w == w.max()),
    "min": lambda w: (w == w.min()) / np.sum(w == w.min()),
}


@pytest.mark.parametrize("name", REDUCTIONS)
def test_a_variable_is_reduced_whole(name: str, backend: str) -> None:
    """``axis=None`` as for arrays, with its gradient: the loss is Σ x · reduce(w²)."""

    class Reduce(layers.Layer):
        def build(self, input_shape: Any) -> None:
            self.w = self.add_weight((2, 3), name="w")

        def call(self, inputs: Any) -> Any:
            squares = ops.square(self.w)
            assert getattr(ops, name)(squares, keepdims=True).shape == (1, 1)
            return ops.multiply(inputs, getattr(ops, name)(squares))

    model = fastnn.Sequential([layers.Input((2,)), Reduce()], dtype="float64", backend=backend)
    model.compile(loss=lambda y_true, y_pred: y_true * y_pred)
    w = np.array([[1.0, -3.0, 2.0], [3.0, 0.5, 1.5]])
    model.set_weights([w])
    x = np.array([[1.0, 2.0], [4.0, 8.0]])
    expected = getattr(np, name)(w * w)
    np.testing.assert_allclose(model.predict(x, verbose=0), x * expected, rtol=1e-14)
    found = model.gradients(x, np.ones((2, 2)))
    (gradient,) = (value for key, value in found.items() if key.endswith("/w"))
    np.testing.assert_allclose(gradient, x.mean() * REDUCTIONS[name](w * w) * 2 * w, rtol=1e-12)


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
def test_one_hot_on_other_axes(axis: int) -> None:
    labels = np.array([[0, 2, 1], [1, 5, 2]])
    expected = np.moveaxis(ops.one_hot(labels, 4), -1, axis)
    np.testing.assert_array_equal(ops.one_hot(labels, 4, axis=axis), expected)
    assert ops.one_hot(labels[:0], 4, axis=axis).size == 0
    symbolic = Tensor((BATCH, 3), "int32")
    if axis % 3:
        assert ops.one_hot(symbolic, 4, axis=axis).shape == (BATCH, *expected.shape[1:])
    else:
        with pytest.raises(UnsupportedError, match="batch"):
            ops.one_hot(symbolic, 4, axis=axis)


def test_one_hot_axis_out_of_range() -> None:
    with pytest.raises(ArgumentError, match="axis=3"):
        ops.one_hot([[1]], 4, axis=3)
