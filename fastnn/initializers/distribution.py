"""Random initializers of a fixed spread: uniform, normal and truncated normal. Those whose spread
follows from the shape of the weight are in ``scaling.py``.

Numbers are drawn in float64 and rounded once, so a float32 and a float64 model of the same seed
start from the same weights.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn import config
from fastnn.errors import ArgumentError
from fastnn.initializers.initializer import Array, RandomInitializer, check_number, check_shape


def uniform(
    generator: np.random.Generator, shape: tuple[int, ...], low: float, high: float
) -> NDArray[np.float64]:
    """Uniform numbers between low and high, float64."""
    return low + (high - low) * generator.random(shape)


def normal(
    generator: np.random.Generator, shape: tuple[int, ...], mean: float, stddev: float
) -> NDArray[np.float64]:
    """Normal numbers, float64."""
    return mean + stddev * generator.standard_normal(shape)


def truncated_normal(
    generator: np.random.Generator, shape: tuple[int, ...], mean: float, stddev: float
) -> NDArray[np.float64]:
    """Normal numbers, float64; those beyond two standard deviations are drawn again."""
    standard = np.asarray(generator.standard_normal(shape))
    outside = np.flatnonzero(np.abs(standard) > 2.0)
    while outside.size:
        again = generator.standard_normal(outside.size)
        standard.reshape(-1)[outside] = again
        outside = outside[np.abs(again) > 2.0]
    return mean + stddev * standard


class RandomUniform(RandomInitializer):
    """Uniform numbers: w ~ U(minval, maxval).

    Names: ``"random_uniform"``, ``"uniform"``, ``"RandomUniform"``.

    Parameters
    ----------
    minval, maxval : ends of the interval, finite, minval ≤ maxval; defaults -0.05 and 0.05.
    seed : integer in [0, 2⁶⁴) for numbers of its own; default None: the model's generator.

    Raises
    ------
    ArgumentError : for ends that are not finite or in the wrong order, or another seed.

    Examples
    --------
    >>> from fastnn.initializers import RandomUniform
    >>> w = RandomUniform(-1.0, 1.0, seed=1)((1000,))
    >>> bool(-1 <= w.min() < -0.9 and 0.9 < w.max() <= 1)
    True

    Notes
    -----
    The same distribution as in Keras, other numbers: fastnn draws from NumPy's PCG64.
    """

    def __init__(
        self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None
    ) -> None:
        super().__init__(seed)
        self.minval: float = check_number(self, "minval", minval)
        self.maxval: float = check_number(self, "maxval", maxval)
        if self.maxval < self.minval:
            raise ArgumentError(
                f"initializer RandomUniform: received minval={minval!r} and maxval={maxval!r}, "
                "expected minval <= maxval. Exchange them."
            )

    def __call__(
        self,
        shape: Iterable[int],
        dtype: Any = None,
        *,
        generator: np.random.Generator | None = None,
    ) -> Array:
        """Random numbers of that shape."""
        sizes, source = check_shape(shape), self.choose_generator(generator)
        w = uniform(source, sizes, self.minval, self.maxval)
        return w.astype(config.standardize_dtype(dtype))

    def get_config(self) -> dict[str, Any]:
        """The interval and the seed."""
        return {**super().get_config(), "minval": self.minval, "maxval": self.maxval}


class RandomNormal(RandomInitializer):
    """Normal numbers: w ~ N(mean, stddev²).

    Names: ``"random_normal"``, ``"normal"``, ``"RandomNormal"``.

    Parameters
    ----------
    mean : finite; default 0.
    stddev : standard deviation, at least 0; default 0.05.
    seed : integer in [0, 2⁶⁴) for numbers of its own; default None: the model's generator.

    Raises
    ------
    ArgumentError : for numbers that are not finite, a negative stddev, or another seed.

    Examples
    --------
    >>> from fastnn.initializers import RandomNormal
    >>> w = RandomNormal(mean=2.0, stddev=0.1, seed=1)((100, 100))
    >>> round(float(w.mean()), 2), round(float(w.std()), 2)
    (2.0, 0.1)

    Notes
    -----
    The same distribution as in Keras, other numbers: fastnn draws from NumPy's PCG64.
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean: float = check_number(self, "mean", mean)
        self.stddev: float = check_number(self, "stddev", stddev, 0.0)

    def __call__(
        self,
        shape: Iterable[int],
        dtype: Any = None,
        *,
        generator: np.random.Generator | None = None,
    ) -> Array:
        """Random numbers of that shape."""
        sizes, source = check_shape(shape), self.choose_generator(generator)
        return normal(source, sizes, self.mean, self.stddev).astype(config.standardize_dtype(dtype))

    def get_config(self) -> dict[str, Any]:
        """Mean, standard deviation and the seed."""
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


class TruncatedNormal(RandomInitializer):
    """Normal numbers, drawn again while they lie more than two standard deviations from the mean.

    w ~ N(mean, stddev²) given |w - mean| ≤ 2·stddev; the standard deviation of the result is
    0.8796·stddev.

    Names: ``"truncated_normal"``, ``"TruncatedNormal"``.

    Parameters
    ----------
    mean : finite; default 0.
    stddev : standard deviation before truncation, at least 0; default 0.05.
    seed : integer in [0, 2⁶⁴) for numbers of its own; default None: the model's generator.

    Raises
    ------
    ArgumentError : for numbers that are not finite, a negative stddev, or another seed.

    Examples
    --------
    >>> from fastnn.initializers import TruncatedNormal
    >>> w = TruncatedNormal(stddev=1.0, seed=1)((100, 100))
    >>> bool(abs(w).max() <= 2.0), round(float(w.std()), 2)
    (True, 0.88)

    Notes
    -----
    The same distribution as in Keras, other numbers: fastnn draws from NumPy's PCG64.
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean: float = check_number(self, "mean", mean)
        self.stddev: float = check_number(self, "stddev", stddev, 0.0)

    def __call__(
        self,
        shape: Iterable[int],
        dtype: Any = None,
        *,
        generator: np.random.Generator | None = None,
    ) -> Array:
        """Random numbers of that shape."""
        sizes, source = check_shape(shape), self.choose_generator(generator)
        w = truncated_normal(source, sizes, self.mean, self.stddev)
        return w.astype(config.standardize_dtype(dtype))

    def get_config(self) -> dict[str, Any]:
        """Mean, standard deviation and the seed."""
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}
