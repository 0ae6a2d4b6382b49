"""Initializers: Keras's fans, limits and standard deviations by statistics, seeds and generators,
configurations, names, and what is refused.
"""

from __future__ import annotations

import json
import math
import pickle

import numpy as np
import pytest

from fastnn import config, initializers
from fastnn.errors import ArgumentError, ShapeError, UnsupportedError
from fastnn.initializers.scaling import TRUNCATED_STDDEV, compute_fans
from fastnn.random import make_generator, set_default_seed

RANDOM = [
    initializers.RandomUniform,
    initializers.RandomNormal,
    initializers.TruncatedNormal,
    initializers.VarianceScaling,
    initializers.GlorotUniform,
    initializers.GlorotNormal,
    initializers.HeUniform,
    initializers.HeNormal,
    initializers.LecunUniform,
    initializers.LecunNormal,
]


@pytest.fixture(autouse=True)
def _defaults():
    set_default_seed(None)
    yield
    set_default_seed(None)
    config.set_floatx("float32")


def same(a: np.ndarray, b: np.ndarray) -> bool:
    return bool((a == b).all())


# Class, expected variance of w and its largest |w|, for a weight of shape (400, 100)
SPREADS = [
    (initializers.GlorotUniform, 2 / 500, math.sqrt(6 / 500)),
    (initializers.GlorotNormal, 2 / 500, 2 * math.sqrt(2 / 500) / TRUNCATED_STDDEV),
    (initializers.HeUniform, 2 / 400, math.sqrt(6 / 400)),
    (initializers.HeNormal, 2 / 400, 2 * math.sqrt(2 / 400) / TRUNCATED_STDDEV),
    (initializers.LecunUniform, 1 / 400, math.sqrt(3 / 400)),
    (initializers.LecunNormal, 1 / 400, 2 * math.sqrt(1 / 400) / TRUNCATED_STDDEV),
    (initializers.RandomUniform, 0.05**2 / 3, 0.05),
    (initializers.RandomNormal, 0.05**2, None),
    (initializers.TruncatedNormal, (0.05 * TRUNCATED_STDDEV) ** 2, 0.1),
    (initializers.VarianceScaling, 1 / 400, 2 * math.sqrt(1 / 400) / TRUNCATED_STDDEV),
]


@pytest.mark.parametrize(("cls", "variance", "limit"), SPREADS)
def test_spread(cls: type, variance: float, limit: float | None):
    w = cls(seed=7)((400, 100))
    assert w.shape == (400, 100)
    assert w.dtype == np.float32
    # 40,000 numbers: the variance is good to 1 % (two standard errors of a normal one: 1.4 %)
    assert abs(w.var() / variance - 1) < 0.02
    assert abs(w.mean()) < 4 * math.sqrt(variance / w.size)
    if limit is None:
        assert np.abs(w).max() > 3.5 * math.sqrt(variance)  # not truncated
    else:
        assert 0.97 * limit < np.abs(w).max() <= limit * (1 + 1e-6)


@pytest.mark.parametrize(("mode", "n"), [("fan_in", 300), ("fan_out", 100), ("fan_avg", 200)])
@pytest.mark.parametrize("distribution", ["uniform", "truncated_normal", "untruncated_normal"])
def test_variance_scaling(mode: str, n: int, distribution: str):
    w = initializers.VarianceScaling(3.0, mode, distribution, seed=1)((300, 100), "float64")
    assert abs(w.var() * n / 3.0 - 1) < 0.03
    assert w.dtype == np.float64


def test_truncated_stddev_is_that_of_the_truncated_distribution():
    density = math.exp(-2.0) / math.sqrt(2 * math.pi)
    mass = math.erf(2 / math.sqrt(2))
    assert math.isclose(TRUNCATED_STDDEV, math.sqrt(1 - 4 * density / mass), rel_tol=1e-9)


@pytest.mark.parametrize(
    ("shape", "fans"),
    [
        ((), (1, 1)),
        ((7,), (7, 7)),
        ((3, 4), (3, 4)),
        ((5, 3, 4), (15, 20)),
        ((2, 5, 3, 4), (30, 40)),
    ],
)
def test_fans(shape: tuple[int, ...], fans: tuple[int, int]):
    assert compute_fans(shape) == fans


def test_fans_of_given_axes():
    assert compute_fans((2, 3, 5), input_axes=[0, 1], output_axes=[2]) == (6, 5)
    assert compute_fans((2, 3, 5), input_axes=[0, 1]) == compute_fans((2, 3, 5))
    with pytest.raises(ArgumentError, match=r"HeNormal: received input_axes=\[4\] and"):
        initializers.HeNormal(input_axes=[4], output_axes=[0])((2, 2))


def test_fan_of_zero_counts_as_one():
    assert initializers.HeNormal(seed=1)((0, 5)).shape == (0, 5)
    assert np.isfinite(initializers.VarianceScaling(mode="fan_out", seed=1)((5, 0))).all()


def test_constants():
    assert same(initializers.Zeros()((2, 3)), np.zeros((2, 3)))
    assert same(initializers.Ones()((2, 3), "float64"), np.ones((2, 3)))
    assert same(initializers.Constant(2.5)((2,)), np.full(2, 2.5))
    w = initializers.Constant([[1, 2]])((1, 2))
    assert same(w, np.array([[1, 2]]))
    w[:] = 0
    assert initializers.Constant([[1, 2]]).value == [[1.0, 2.0]]
    with pytest.raises(
        ShapeError, match=r"its value has shape \(2,\), the weight has shape \(3, 2\)"
    ):
        initializers.Constant([1, 2])((3, 2))
    with pytest.raises(ArgumentError, match="Constant: received a value of type str"):
        initializers.Constant("spam")


@pytest.mark.parametrize("cls", RANDOM)
def test_seeds_and_generators(cls: type):
    shape = (6, 5)
    seeded = cls(seed=3)
    assert same(seeded(shape), seeded(shape))
    assert same(seeded(shape), cls(seed=3)(shape))
    assert not same(seeded(shape), cls(seed=4)(shape))
    assert same(seeded(shape), seeded(shape, generator=make_generator(8)))  # its own seed wins
    unseeded, generator = cls(), make_generator(8)
    first, second = unseeded(shape, generator=generator), unseeded(shape, generator=generator)
    assert not same(first, second)
    assert same(first, cls()(shape, generator=make_generator(8)))
    assert same(unseeded(shape), unseeded(shape))  # as Keras: one object, one value
    assert not same(unseeded(shape), cls()(shape))
    set_default_seed(5)
    first = cls()(shape)
    set_default_seed(5)
    assert same(first, cls()(shape))


@pytest.mark.parametrize("cls", RANDOM)
def test_float32_is_rounded_float64(cls: type):
    single, double = cls(seed=1)((4, 5), "float32"), cls(seed=1)((4, 5), "float64")
    assert (single.dtype, double.dtype) == (np.float32, np.float64)
    assert same(single, double.astype("float32"))
    config.set_floatx("float64")
    assert cls(seed=1)((4, 5)).dtype == np.float64


def test_global_state_is_left_alone():
    before = np.random.get_state()[1].copy()
    for cls in RANDOM:
        cls()((3, 3))
    assert (np.random.get_state()[1] == before).all()


@pytest.mark.parametrize("shape", [(), (3,), (0,), (2, 3, 4)])
@pytest.mark.parametrize("cls", [*RANDOM, initializers.Zeros, initializers.Constant])
def test_shapes(cls: type, shape: tuple[int, ...]):
    assert cls()(shape).shape == shape
    assert cls()(list(shape)).shape == shape


@pytest.mark.parametrize("shape", [(2, -1), (2.5,), 3, "ab", (None, 2)])
def test_bad_shapes(shape: object):
    with pytest.raises(ShapeError, match=r"received shape=.*, expected a sequence of sizes"):
        initializers.Zeros()(shape)


CONFIGS = [
    (initializers.Zeros(), {}),
    (initializers.Constant(3), {"value": 3.0}),
    (initializers.Constant([1, 2]), {"value": [1.0, 2.0]}),
    (initializers.RandomUniform(-1, 2, 5), {"seed": 5, "minval": -1.0, "maxval": 2.0}),
    (initializers.RandomNormal(1, 2), {"seed": None, "mean": 1.0, "stddev": 2.0}),
    (initializers.TruncatedNormal(1, 2, 3), {"seed": 3, "mean": 1.0, "stddev": 2.0}),
    (
        initializers.VarianceScaling(2, "fan_out", "normal", np.int64(4)),
        {
            "seed": 4,
            "scale": 2.0,
            "mode": "fan_out",
            "distribution": "truncated_normal",
            "input_axes": None,
            "output_axes": None,
        },
    ),
    (initializers.HeNormal(6), {"seed": 6, "input_axes": None, "output_axes": None}),
    (
        initializers.GlorotUniform(6, (0,), (1,)),
        {"seed": 6, "input_axes": [0], "output_axes": [1]},
    ),
]


@pytest.mark.parametrize(("initializer", "expected"), CONFIGS)
def test_configurations_are_those_of_keras(initializer: initializers.Initializer, expected: dict):
    assert initializer.get_config() == expected
    data = json.loads(json.dumps(initializers.serialize(initializer)))
    assert data == {"class_name": type(initializer).__name__, "config": expected}
    for other in (
        initializers.deserialize(data),
        initializers.get(data),
        initializer.clone(),
        pickle.loads(pickle.dumps(initializer)),
    ):
        assert type(other) is type(initializer)
        assert other.get_config() == expected
    if expected.get("seed") is not None:
        assert same(initializers.get(data)((2, 2)), initializer((2, 2)))


@pytest.mark.parametrize("name", sorted(initializers.INITIALIZERS.aliases))
def test_names(name: str):
    found = initializers.get(name)
    assert type(found) is type(initializers.get(type(found).__name__))
    if hasattr(initializers, name):  # Keras's snake-case names of the classes
        assert getattr(initializers, name) is type(found)


def test_keras_names_are_all_here():
    for name in ("normal", "uniform", "zero", "one", "glorot_normal", "lecun_uniform", "he_normal"):
        assert isinstance(initializers.get(name), initializers.Initializer)


def test_get_other_kinds():
    def ramp(shape, dtype=None):
        return np.arange(np.prod(shape)).reshape(shape)

    assert initializers.get(None) is None
    assert initializers.get(ramp) is ramp
    assert isinstance(initializers.get(initializers.Ones), initializers.Ones)
    zeros = initializers.Zeros()
    assert initializers.get(zeros) is zeros
    given = initializers.get(np.array([1.0, 2.0]))
    assert same(given((2,)), np.array([1, 2]))
    assert initializers.serialize(given)["config"] == {"value": [1.0, 2.0]}


@pytest.mark.parametrize(
    ("identifier", "message"),
    [
        (
            "glorot_unifrom",
            r"unknown initializer 'glorot_unifrom'\. Did you mean 'glorot_uniform'\?",
        ),
        ("os.system", r"unknown initializer 'os\.system'\. Known: "),
        (3.0, "initializer: received an object of type float, expected a name"),
        ({"class_name": "Zeros"}, "needs the keys 'class_name' and 'config'"),
        (
            {"class_name": "Zeros", "config": {"seed": 3}},
            "Zeros: unknown argument 'seed'. It has no arguments",
        ),
        (
            {"class_name": "HeNormal", "config": {"scale": 3}},
            r"initializer HeNormal: received a configuration with the keys \['scale'\]",
        ),
    ],
)
def test_get_refuses(identifier: object, message: str):
    with pytest.raises(ArgumentError, match=message):
        initializers.get(identifier)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: initializers.RandomNormal(stddev=-1),
            "RandomNormal: received stddev=-1, expected a",
        ),
        (lambda: initializers.RandomNormal(mean=math.nan), "received mean=nan, expected a finite"),
        (
            lambda: initializers.TruncatedNormal(stddev="1"),
            "received stddev='1', expected a finite",
        ),
        (lambda: initializers.RandomUniform(1, -1), "received minval=1 and maxval=-1"),
        (lambda: initializers.RandomUniform(maxval=math.inf), "received maxval=inf, expected"),
        (
            lambda: initializers.VarianceScaling(scale=0),
            "received scale=0, expected a number above",
        ),
        (lambda: initializers.VarianceScaling(mode="fan"), "unknown mode of VarianceScaling 'fan'"),
        (
            lambda: initializers.VarianceScaling(distribution="gauss"),
            "unknown distribution of VarianceScaling 'gauss'",
        ),
        (lambda: initializers.VarianceScaling(distribution=3), "unknown distribution"),
        (
            lambda: initializers.HeNormal(seed=-1),
            r"initializer HeNormal: received seed=-1, expected",
        ),
        (lambda: initializers.HeNormal(seed=1.5), r"initializer HeNormal: received seed=1\.5"),
    ],
)
def test_bad_arguments(make, message: str):
    with pytest.raises(ArgumentError, match=message):
        make()


class Doubling(initializers.Initializer):
    def __init__(self, factor=2.0):
        self.factor = factor

    def __call__(self, shape, dtype=None):
        return np.full(shape, self.factor)

    def get_config(self):
        return {"factor": self.factor}


def stairs(shape, dtype=None):
    assert dtype == "float32"
    return np.arange(np.prod(shape)).reshape(shape)


def test_custom_objects():
    custom = {"Doubling": Doubling, "stairs": stairs}
    data = initializers.serialize(Doubling(3.0))
    assert data == {"class_name": "Doubling", "config": {"factor": 3.0}}
    assert initializers.deserialize(data, custom).factor == 3.0
    assert initializers.serialize(stairs) == "stairs"
    assert initializers.get("stairs", custom) is stairs
    with pytest.raises(ArgumentError, match="unknown initializer 'Doubling'"):
        initializers.deserialize(data)
    with pytest.raises(ArgumentError, match="neither get_config nor a name"):
        initializers.serialize(lambda shape, dtype=None: None)


def test_draw():
    generator = make_generator(2)
    w = initializers.draw(initializers.HeNormal(), (4, 3), "float32", generator)
    assert same(w, initializers.HeNormal()((4, 3), generator=make_generator(2)))
    for custom in (Doubling(), stairs):  # neither takes a generator
        w = initializers.draw(custom, [2, 3], "float32", generator)
        assert (w.shape, w.dtype) == ((2, 3), np.float32)
    with pytest.raises(
        ShapeError, match=r"initializer <lambda>: it returned an array of shape \(1,\)"
    ):
        initializers.draw(lambda shape, dtype=None: [1.0], (2,))


def test_initializer_without_call():
    class Empty(initializers.Initializer):
        pass

    with pytest.raises(
        UnsupportedError, match=r"initializer Empty was called, but does not define"
    ):
        Empty()((2,))


@pytest.mark.keras
@pytest.mark.parametrize("cls", RANDOM)
def test_against_keras(cls: type):
    keras = pytest.importorskip("keras")
    theirs = getattr(keras.initializers, cls.__name__)
    assert theirs().get_config() == cls().get_config()
    ours, keras_w = cls(seed=1)((300, 200)), np.asarray(theirs(seed=1)((300, 200)))
    # 60,000 numbers each: two samples of one distribution
    assert abs(ours.std() / keras_w.std() - 1) < 0.02
    for q in (0.01, 0.1, 0.5, 0.9, 0.99):
        assert abs(np.quantile(ours, q) - np.quantile(keras_w, q)) < 0.1 * keras_w.std()


@pytest.mark.parametrize("shape", [(6, 6), (9, 4), (4, 9), (2, 3, 5), (1, 1)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_orthogonal(shape: tuple[int, ...], dtype: str):
    w = initializers.Orthogonal(gain=1.5, seed=3)(shape, dtype)
    assert w.shape == shape
    assert w.dtype == dtype
    matrix = w.reshape(-1, shape[-1]).astype(np.float64) / 1.5
    tall = matrix.shape[0] >= matrix.shape[1]
    np.testing.assert_array_equal(w, initializers.Orthogonal(gain=1.5, seed=3)(shape, dtype))
    product = matrix.T @ matrix if tall else matrix @ matrix.T
    np.testing.assert_allclose(product, np.eye(min(matrix.shape)), rtol=0, atol=1e-6)


def test_orthogonal_matrices_are_uniform():
    """The signs of QR are corrected: the mean of Q's diagonal is 0 (uncorrected it is far
    below).
    """
    draws = [initializers.Orthogonal(seed=i)((3, 3), "float64") for i in range(400)]
    mean = np.mean(draws, axis=0)
    assert np.abs(mean).max() < 4 * math.sqrt(1 / 3 / 400)


def test_identity():
    assert initializers.Identity(gain=0.5)((2, 2)).tolist() == [[0.5, 0], [0, 0.5]]
    assert initializers.Identity()((2, 3)).tolist() == [[1, 0, 0], [0, 1, 0]]
    with pytest.raises(ShapeError, match=r"Identity: the weight has shape \(3,\), expected two"):
        initializers.Identity()((3,))
    with pytest.raises(ShapeError, match=r"Orthogonal: the weight has shape \(3,\), expected at"):
        initializers.Orthogonal()((3,))
    with pytest.raises(ArgumentError, match="Orthogonal: received gain"):
        initializers.Orthogonal(gain="big")


@pytest.mark.parametrize("name", ["orthogonal", "Orthogonal", "OrthogonalInitializer"])
def test_names_of_orthogonal(name: str):
    assert isinstance(initializers.get(name), initializers.Orthogonal)
    other = name.replace("rthogonal", "dentity").replace("o", "i", 1).replace("O", "I")
    assert isinstance(initializers.get(other), initializers.Identity)
    config = initializers.serialize(initializers.Orthogonal(gain=2.0, seed=4))
    assert initializers.deserialize(config).get_config() == {"seed": 4, "gain": 2.0}
