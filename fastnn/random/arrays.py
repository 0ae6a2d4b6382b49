"""Arrays of random numbers under the names of ``keras.random``. They are drawn with NumPy; inside a
layer's ``call``, ``uniform``, ``normal`` and ``dropout`` are ops that draw anew in every step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fastnn import arguments, config
from fastnn.errors import ArgumentError, UnsupportedError
from fastnn.program import assignments
from fastnn.program.results import presented
from fastnn.program.tensor import Shape, Size, Tensor
from fastnn.random.seeds import check_seed, key_from_seed, make_generator, next_seed

__all__ = [
    "SeedGenerator",
    "beta",
    "binomial",
    "categorical",
    "dropout",
    "gamma",
    "normal",
    "randint",
    "shuffle",
    "truncated_normal",
    "uniform",
]

_MOST_DRAWS = 2**32


class SeedGenerator:
    """A seed that is another one for every draw.

    Functions that are given an integer as ``seed`` return the same numbers in every call; with a
    ``SeedGenerator`` they return others each time, the same ones in every process.

    Parameters
    ----------
    seed : integer in [0, 2⁵³); drawn by default (after ``set_random_seed``: from that seed).
    name : kept for Keras; ``"seed_generator"`` by default.

    Raises
    ------
    ArgumentError : if the seed is not such an integer.

    Examples
    --------
    >>> from fastnn import random
    >>> seeds = random.SeedGenerator(42)
    >>> first, second = random.uniform((3,), seed=seeds), random.uniform((3,), seed=seeds)
    >>> bool((first == second).any())
    False
    >>> again = random.SeedGenerator(42)
    >>> bool((random.uniform((3,), seed=again) == first).all())
    True
    """

    def __init__(self, seed: int | None = None, name: str | None = None) -> None:
        self.name: str = name or "seed_generator"
        self._given = seed
        self._seed = next_seed() if seed is None else check_seed(seed, "SeedGenerator", 2**53)
        self._draws = 0

    def next(self, ordered: bool = True) -> np.ndarray[Any, Any]:
        """The next state, two numbers: the seed, and how many draws were before.

        Parameters
        ----------
        ordered : True; other orders of states are not supported.
        """
        arguments.unsupported("SeedGenerator.next", {"ordered": (ordered, True)})
        state = np.array([self._seed, self._draws], np.uint64)
        self._draws = (self._draws + 1) % _MOST_DRAWS
        return state

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal generator, as plain data."""
        return {"seed": self._given, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SeedGenerator:
        """A generator from ``get_config``'s result."""
        return cls(**config)


Seed = int | SeedGenerator | None


def uniform(
    shape: Sequence[int],
    minval: float = 0.0,
    maxval: float = 1.0,
    dtype: str | None = None,
    seed: Seed = None,
) -> Any:
    """Numbers that are equally likely anywhere in [minval, maxval).

    Parameters
    ----------
    shape : of the result; in a layer's ``call`` also ``ops.shape(x)``, with the batch in front.
    minval, maxval : the bounds.
    dtype : ``"float32"`` or ``"float64"``; ``floatx()`` by default.
    seed : an integer for the same numbers in each call, a ``SeedGenerator`` for others each time;
        by default drawn (after ``set_random_seed``: from that seed).

    Raises
    ------
    ArgumentError : for a dtype that is no float, or a bad seed.
    UnsupportedError : in a layer's ``call``, for a shape without the batch.

    Examples
    --------
    >>> from fastnn import random
    >>> x = random.uniform((2, 3), minval=-1.0, seed=1)
    >>> x.shape, bool((abs(x) <= 1).all())
    ((2, 3), True)

    Notes
    -----
    A seed gives other numbers than in Keras, whose numbers depend on its backend.
    """
    kind = _float_type("uniform", dtype)
    traced = _traced("uniform", shape, kind, seed)
    if traced is not None:
        return minval + (maxval - minval) * traced
    return _drawn(seed, lambda g: g.uniform(minval, maxval, _sizes("uniform", shape)), kind)


def normal(
    shape: Sequence[int],
    mean: float = 0.0,
    stddev: float = 1.0,
    dtype: str | None = None,
    seed: Seed = None,
) -> Any:
    """Normally distributed numbers.

    Parameters
    ----------
    mean, stddev : of the distribution.
    shape, dtype, seed : see ``uniform``.

    Examples
    --------
    >>> from fastnn import random
    >>> x = random.normal((10_000,), mean=5.0, seed=1)
    >>> bool(abs(x.mean() - 5.0) < 0.05)
    True
    """
    kind = _float_type("normal", dtype)
    traced = _traced("normal", shape, kind, seed)
    if traced is not None:
        return mean + stddev * traced
    return _drawn(seed, lambda g: g.normal(mean, stddev, _sizes("normal", shape)), kind)


def truncated_normal(
    shape: Sequence[int],
    mean: float = 0.0,
    stddev: float = 1.0,
    dtype: str | None = None,
    seed: Seed = None,
) -> Any:
    """Normally distributed numbers; those further than two deviations from the mean are drawn anew.

    Parameters
    ----------
    mean, stddev : of the distribution before it is cut.
    shape, dtype, seed : see ``uniform``.

    Examples
    --------
    >>> from fastnn import random
    >>> bool(abs(random.truncated_normal((1000,), seed=1)).max() <= 2)
    True
    """
    sizes = _sizes("truncated_normal", shape)

    def draw(generator: np.random.Generator) -> Any:
        numbers = generator.standard_normal(sizes)
        while (far := np.abs(numbers) > 2).any():
            numbers[far] = generator.standard_normal(int(far.sum()))
        return mean + stddev * numbers

    return _drawn(seed, draw, _float_type("truncated_normal", dtype))


def randint(
    shape: Sequence[int], minval: int, maxval: int, dtype: str = "int32", seed: Seed = None
) -> Any:
    """Integers that are equally likely in [minval, maxval).

    Parameters
    ----------
    shape, seed : see ``uniform``.
    minval, maxval : the smallest, and one more than the largest.
    dtype : an integer type.

    Raises
    ------
    ArgumentError : if there is no integer between the bounds, or the dtype is no integer's.

    Examples
    --------
    >>> from fastnn import random
    >>> sorted(set(random.randint((100,), 0, 3, seed=1).tolist()))
    [0, 1, 2]
    """
    kind = np.dtype(dtype)
    if kind.kind not in "iu" or maxval <= minval:
        raise ArgumentError(
            f"randint: received minval={minval!r}, maxval={maxval!r} and dtype={dtype!r}, expected "
            "minval below maxval and an integer type. Pass randint((3,), 0, 10), for example."
        )
    sizes = _sizes("randint", shape)
    return _drawn(seed, lambda g: g.integers(int(minval), int(maxval), sizes), kind.name)


def shuffle(x: ArrayLike, axis: int = 0, seed: Seed = None) -> Any:
    """The parts of an array in a random order; the array itself stays as it is.

    Parameters
    ----------
    x : an array.
    axis : along which the order is changed.
    seed : see ``uniform``; the same seed gives the same order for arrays of one length.

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn import random
    >>> x, y = np.arange(5.0), np.arange(5)
    >>> bool((random.shuffle(x, seed=1) == random.shuffle(y, seed=1)).all())
    True
    """
    array = np.asarray(x)
    return _drawn(
        seed, lambda g: np.take(array, g.permutation(array.shape[axis]), axis), array.dtype.name
    )


def categorical(
    logits: ArrayLike, num_samples: int, dtype: str = "int32", seed: Seed = None
) -> Any:
    """Class numbers, drawn with the probabilities softmax(logits).

    Parameters
    ----------
    logits : (rows, classes).
    num_samples : how many are drawn for each row.
    dtype : an integer type.
    seed : see ``uniform``.

    Returns
    -------
    (rows, num_samples).

    Examples
    --------
    >>> from fastnn import random
    >>> random.categorical([[0.0, 50.0], [50.0, 0.0]], 3, seed=1).tolist()
    [[1, 1, 1], [0, 0, 0]]
    """
    values = np.asarray(logits, np.float64)
    if values.ndim != 2:
        raise ArgumentError(
            f"categorical: received logits of shape {values.shape}, expected (rows, classes). "
            "Pass logits[np.newaxis] for one row."
        )
    # the largest of logits + Gumbel noise is class i with probability softmax(logits)[i]
    sizes = (values.shape[0], int(num_samples), values.shape[1])
    return _drawn(seed, lambda g: np.argmax(values[:, None] + g.gumbel(size=sizes), -1), dtype)


def beta(
    shape: Sequence[int],
    alpha: Any,
    beta: Any,
    dtype: str | None = None,
    seed: Seed = None,
) -> Any:
    """Numbers in [0, 1] of the beta distribution.

    Parameters
    ----------
    alpha, beta : positive; numbers, or arrays that broadcast to ``shape``.
    shape, dtype, seed : see ``uniform``.

    Examples
    --------
    >>> from fastnn import random
    >>> bool(abs(random.beta((10_000,), 2.0, 2.0, seed=1).mean() - 0.5) < 0.01)
    True
    """
    sizes = _sizes("beta", shape)
    return _drawn(seed, lambda g: g.beta(alpha, beta, sizes), _float_type("beta", dtype))


def gamma(shape: Sequence[int], alpha: Any, dtype: str | None = None, seed: Seed = None) -> Any:
    """Numbers of the gamma distribution of scale 1.

    Parameters
    ----------
    alpha : the distribution's shape, positive; a number, or an array that broadcasts to ``shape``.
    shape, dtype, seed : see ``uniform``.

    Examples
    --------
    >>> from fastnn import random
    >>> bool(abs(random.gamma((10_000,), 3.0, seed=1).mean() - 3.0) < 0.1)
    True
    """
    sizes = _sizes("gamma", shape)
    return _drawn(seed, lambda g: g.gamma(alpha, size=sizes), _float_type("gamma", dtype))


def binomial(
    shape: Sequence[int],
    counts: ArrayLike,
    probabilities: Any,
    dtype: str | None = None,
    seed: Seed = None,
) -> Any:
    """How many of ``counts`` trials succeed, each with a probability.

    Parameters
    ----------
    counts, probabilities : numbers, or arrays that broadcast to ``shape``.
    shape, dtype, seed : see ``uniform``.

    Examples
    --------
    >>> from fastnn import random
    >>> random.binomial((2,), 5, 1.0, seed=1).tolist()
    [5.0, 5.0]
    """
    sizes, trials = _sizes("binomial", shape), np.asarray(counts).astype(np.int64)
    kind = _float_type("binomial", dtype)
    return _drawn(seed, lambda g: g.binomial(trials, probabilities, sizes), kind)


def dropout(inputs: Any, rate: float, noise_shape: Any = None, seed: Seed = None) -> Any:
    """Sets a share of the elements to 0 and divides the others by 1 - rate.

    Parameters
    ----------
    inputs : an array, or a tensor in a layer's ``call``.
    rate : share that is dropped, in [0, 1].
    noise_shape : not supported; None.
    seed : see ``uniform``; tensors are dropped anew in every step for any seed.

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn import random
    >>> sorted(set(random.dropout(np.ones(100), 0.5, seed=1).tolist()))
    [0.0, 2.0]
    """
    arguments.unsupported("dropout", {"noise_shape": (noise_shape, None)})
    share = arguments.number("dropout", "rate", rate, "[0, 1]")
    if isinstance(inputs, Tensor):
        from fastnn.ops.dropout import dropout as masked

        return masked(inputs, share, *_source(seed)) if share else inputs
    array = np.asarray(inputs)
    array = array if array.dtype in (np.float32, np.float64) else array.astype(config.floatx())
    scale = 0.0 if share == 1 else 1 / (1 - share)
    return _drawn(
        seed, lambda g: array * (g.random(array.shape) >= share) * scale, array.dtype.name
    )


# -- what they share -------------------------------------------------------------------------------


def _float_type(owner: str, dtype: Any) -> str:
    """The name of a float type; ``floatx()`` for None."""
    name = config.floatx() if dtype is None else np.dtype(dtype).name
    if name not in ("float32", "float64"):
        raise ArgumentError(
            f"{owner}: received dtype={dtype!r}, expected 'float32' or 'float64'. Pass one of "
            "them; randint draws integers."
        )
    return name


def _sizes(owner: str, shape: Any) -> tuple[int, ...]:
    """The shape of an array."""
    if any(isinstance(size, Size) for size in shape):
        raise UnsupportedError(
            f"{owner}: received a shape with the size of the batch, which uniform, normal and "
            "dropout take in a layer's call. Draw with one of them."
        )
    if assignments.current() is not None:
        raise UnsupportedError(
            f"{owner}: received the shape {tuple(shape)} in a layer's call, which runs once, when "
            "it is traced: the same numbers would serve every step. Draw with uniform, normal or "
            "dropout and a shape that begins with the batch: ops.shape(x)."
        )
    return tuple(int(size) for size in shape)


def _drawn(seed: Seed, draw: Callable[[np.random.Generator], Any], dtype: str) -> Any:
    """An array of NumPy's generator for a seed."""
    if isinstance(seed, SeedGenerator):
        words = [int(word) for word in seed.next()]
        generator = np.random.Generator(np.random.PCG64(words))
    else:
        generator = make_generator(seed)
    return presented(np.asarray(draw(generator)).astype(dtype, copy=False))


def _source(seed: Seed) -> tuple[tuple[int, int], int]:
    """The key and the stream of a random tensor in the trace that is going on."""
    from fastnn.layers.tracking import current

    sources = current().sources
    stream = next(sources.streams) if sources is not None else 0
    if isinstance(seed, SeedGenerator):
        return key_from_seed(seed._seed), stream
    if seed is not None:
        return key_from_seed(seed), stream
    return sources.key if sources is not None else key_from_seed(next_seed()), stream


def _traced(kind: str, shape: Any, dtype: str, seed: Seed) -> Tensor | None:
    """A random tensor for a shape that begins with the batch; None for any other shape."""
    sizes: Shape = tuple(shape)
    if not sizes or not isinstance(sizes[0], Size):
        return None
    from fastnn.ops.noise import RANDOM_NORMAL, RANDOM_UNIFORM

    op = RANDOM_NORMAL if kind == "normal" else RANDOM_UNIFORM
    key, stream = _source(seed)
    attributes = {"shape": sizes[1:], "dtype": dtype, "key": key, "stream": stream}
    return op.node((), attributes, [(sizes, dtype)]).output
