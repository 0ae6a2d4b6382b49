"""Random initializers whose spread follows from the number of inputs and outputs of the weight, so
that signals keep their size from layer to layer: variance scaling and its named settings (Glorot,
He, LeCun). Those of a fixed spread are in ``distribution.py``.

=============  ==========================  =======================
name           variance of w               distributions
=============  ==========================  =======================
Glorot         2 / (fan_in + fan_out)      uniform, normal
He             2 / fan_in                  uniform, normal
LeCun          1 / fan_in                  uniform, normal
=============  ==========================  =======================
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from fastnn import arguments, config
from fastnn.errors import ArgumentError
from fastnn.initializers.distribution import normal, truncated_normal, uniform
from fastnn.initializers.initializer import Array, RandomInitializer, check_number, check_shape
from fastnn.registry import unknown_name

# Standard deviation of a standard normal distribution truncated to [-2, 2]:
# sqrt(1 - 4·φ(2)/(Φ(2) - Φ(-2))). The same constant as in Keras.
TRUNCATED_STDDEV = 0.87962566103423978

MODES = ("fan_in", "fan_out", "fan_avg")
DISTRIBUTIONS = ("uniform", "truncated_normal", "untruncated_normal", "normal")


def _axes(owner: Any, name: str, value: Any) -> list[int] | None:
    """The argument ``input_axes`` or ``output_axes``."""
    if value is None:
        return None
    kind = type(owner).__name__
    return [
        arguments.integer(kind, name, one, -64)
        for one in arguments.several(kind, name, value, "axes")
    ]


def compute_fans(
    shape: Sequence[int],
    input_axes: Sequence[int] | None = None,
    output_axes: Sequence[int] | None = None,
) -> tuple[int, int]:
    """Numbers of input and output units (fan_in, fan_out) of a weight.

    (n_in, n_out) for a matrix; for a convolution kernel (…, channels_in, channels_out) each times
    the size of the receptive field; n for both for a vector; 1 for a number. If both ``input_axes``
    and ``output_axes`` are given, the products of those axes.

    Examples
    --------
    >>> compute_fans((784, 128)), compute_fans((3, 3, 16, 32)), compute_fans((5,)), compute_fans(())
    ((784, 128), (144, 288), (5, 5), (1, 1))
    """
    if input_axes is not None and output_axes is not None:
        return (
            math.prod(shape[axis] for axis in input_axes),
            math.prod(shape[axis] for axis in output_axes),
        )
    if len(shape) == 0:
        return 1, 1
    if len(shape) == 1:
        return shape[0], shape[0]
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


class VarianceScaling(RandomInitializer):
    """Random numbers of variance scale / n, n from the shape of the weight.

    n = fan_in, fan_out or their mean, but at least 1. ``"uniform"``: w ~ U(-limit, limit) with
    limit = √(3·scale/n). ``"truncated_normal"``: normal, truncated at two standard deviations, with
    the standard deviation √(scale/n) *after* truncation. ``"untruncated_normal"``:
    w ~ N(0, scale/n).

    Names: ``"variance_scaling"``, ``"VarianceScaling"``.

    Parameters
    ----------
    scale : above 0; default 1.
    mode : ``"fan_in"`` (default), ``"fan_out"`` or ``"fan_avg"``.
    distribution : ``"truncated_normal"`` (default; ``"normal"`` means the same),
        ``"untruncated_normal"`` or ``"uniform"``.
    seed : integer in [0, 2⁶⁴) for numbers of its own; default None: the model's generator.
    input_axes, output_axes : if both are given, the axes whose sizes are multiplied to fan_in and
        fan_out; by default found from the shape, see ``compute_fans``.

    Raises
    ------
    ArgumentError : for a scale that is not positive, an unknown mode or distribution, another seed,
        or axes that the weight does not have.

    Examples
    --------
    >>> from fastnn.initializers import VarianceScaling
    >>> w = VarianceScaling(scale=2.0, mode="fan_in", seed=1)((200, 100))
    >>> round(float(w.std()), 2)  # sqrt(2 / 200)
    0.1

    References
    ----------
    He, Zhang, Ren and Sun, "Delving deep into rectifiers", ICCV 2015 (scale 2, fan_in).

    Notes
    -----
    The same distributions as in Keras, other numbers: fastnn draws from NumPy's PCG64.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(seed)
        self.scale: float = check_number(self, "scale", scale)
        if self.scale <= 0.0:
            raise ArgumentError(
                f"initializer {type(self).__name__}: received scale={scale!r}, expected a number "
                "above 0. Pass such a number."
            )
        if mode not in MODES:
            raise unknown_name("mode of VarianceScaling", mode, list(MODES))
        lowered = distribution.lower() if isinstance(distribution, str) else distribution
        if lowered not in DISTRIBUTIONS:
            names = list(DISTRIBUTIONS)
            raise unknown_name("distribution of VarianceScaling", distribution, names)
        self.mode = mode
        self.distribution = "truncated_normal" if lowered == "normal" else lowered
        self.input_axes: list[int] | None = _axes(self, "input_axes", input_axes)
        self.output_axes: list[int] | None = _axes(self, "output_axes", output_axes)

    def __call__(
        self,
        shape: Iterable[int],
        dtype: Any = None,
        *,
        generator: np.random.Generator | None = None,
    ) -> Array:
        """Random numbers of that shape."""
        sizes = check_shape(shape)
        variance = self.scale / max(1.0, self._fan(sizes))
        source = self.choose_generator(generator)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            w = uniform(source, sizes, -limit, limit)
        elif self.distribution == "truncated_normal":
            w = truncated_normal(source, sizes, 0.0, math.sqrt(variance) / TRUNCATED_STDDEV)
        else:
            w = normal(source, sizes, 0.0, math.sqrt(variance))
        return w.astype(config.standardize_dtype(dtype))

    def _fan(self, shape: tuple[int, ...]) -> float:
        """The n of the formulas, before its lower bound of 1."""
        try:
            fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        except IndexError:
            raise ArgumentError(
                f"initializer {type(self).__name__}: received input_axes={self.input_axes} and "
                f"output_axes={self.output_axes} for a weight of shape {shape}, expected axes "
                f"below {len(shape)}. Correct them or leave them out."
            ) from None
        return {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2.0}[
            self.mode
        ]

    def get_config(self) -> dict[str, Any]:
        """All arguments."""
        return {
            **super().get_config(),
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            "input_axes": self.input_axes,
            "output_axes": self.output_axes,
        }


class NamedScaling(VarianceScaling):
    """Base class of the named settings of ``VarianceScaling``: only seed and axes are arguments."""

    setting: tuple[float, str, str]  # scale, mode, distribution

    def __init__(
        self,
        seed: int | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        scale, mode, distribution = self.setting
        super().__init__(scale, mode, distribution, seed, input_axes, output_axes)

    def get_config(self) -> dict[str, Any]:
        """The seed and the axes."""
        return {
            "seed": self.seed,
            "input_axes": self.input_axes,
            "output_axes": self.output_axes,
        }


class GlorotUniform(NamedScaling):
    """Glorot's (Xavier's) uniform initializer, the default of kernels.

    w ~ U(-limit, limit), limit = √(6 / (fan_in + fan_out)).

    Names: ``"glorot_uniform"``, ``"GlorotUniform"``.

    Parameters
    ----------
    seed, input_axes, output_axes : see ``VarianceScaling``.

    Examples
    --------
    >>> from fastnn.initializers import GlorotUniform
    >>> w = GlorotUniform(seed=1)((300, 300))
    >>> round(float(abs(w).max()), 3)  # sqrt(6 / 600)
    0.1

    References
    ----------
    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks",
    AISTATS 2010.
    """

    setting: tuple[float, str, str] = (1.0, "fan_avg", "uniform")


class GlorotNormal(NamedScaling):
    """Glorot's (Xavier's) normal initializer.

    w ~ truncated normal with standard deviation √(2 / (fan_in + fan_out)).

    Names: ``"glorot_normal"``, ``"GlorotNormal"``.

    Parameters
    ----------
    seed, input_axes, output_axes : see ``VarianceScaling``.

    Examples
    --------
    >>> from fastnn.initializers import GlorotNormal
    >>> w = GlorotNormal(seed=1)((100, 300))
    >>> round(float(w.std()), 2)  # sqrt(2 / 400) = 0.0707
    0.07

    References
    ----------
    Glorot and Bengio, AISTATS 2010, as for ``GlorotUniform``.
    """

    setting: tuple[float, str, str] = (1.0, "fan_avg", "truncated_normal")


class HeUniform(NamedScaling):
    """He's uniform initializer, for relu layers.

    w ~ U(-limit, limit), limit = √(6 / fan_in).

    Names: ``"he_uniform"``, ``"HeUniform"``.

    Parameters
    ----------
    seed, input_axes, output_axes : see ``VarianceScaling``.

    Examples
    --------
    >>> from fastnn.initializers import HeUniform
    >>> w = HeUniform(seed=1)((600, 100))
    >>> round(float(abs(w).max()), 3)  # sqrt(6 / 600)
    0.1

    References
    ----------
    He, Zhang, Ren and Sun, "Delving deep into rectifiers", ICCV 2015.
    """

    setting: tuple[float, str, str] = (2.0, "fan_in", "uniform")


class HeNormal(NamedScaling):
    """He's normal initializer, for relu layers.

    w ~ truncated normal with standard deviation √(2 / fan_in).

    Names: ``"he_normal"``, ``"HeNormal"``.

    Parameters
    ----------
    seed, input_axes, output_axes : see ``VarianceScaling``.

    Examples
    --------
    >>> from fastnn.initializers import HeNormal
    >>> w = HeNormal(seed=1)((200, 100))
    >>> round(float(w.std()), 2)  # sqrt(2 / 200)
    0.1

    References
    ----------
    He, Zhang, Ren and Sun, "Delving deep into rectifiers", ICCV 2015.
    """

    setting: tuple[float, str, str] = (2.0, "fan_in", "truncated_normal")


class LecunUniform(NamedScaling):
    """LeCun's uniform initializer.

    w ~ U(-limit, limit), limit = √(3 / fan_in).

    Names: ``"lecun_uniform"``, ``"LecunUniform"``.

    Parameters
    ----------
    seed, input_axes, output_axes : see ``VarianceScaling``.

    Examples
    --------
    >>> from fastnn.initializers import LecunUniform
    >>> w = LecunUniform(seed=1)((300, 100))
    >>> round(float(abs(w).max()), 3)  # sqrt(3 / 300)
    0.1

    References
    ----------
    LeCun, Bottou, Orr and Müller, "Efficient BackProp", in Neural Networks: Tricks of the Trade,
    1998.
    """

    setting: tuple[float, str, str] = (1.0, "fan_in", "uniform")


class LecunNormal(NamedScaling):
    """LeCun's normal initializer, for self-normalizing layers (selu).

    w ~ truncated normal with standard deviation √(1 / fan_in).

    Names: ``"lecun_normal"``, ``"LecunNormal"``.

    Parameters
    ----------
    seed, input_axes, output_axes : see ``VarianceScaling``.

    Examples
    --------
    >>> from fastnn.initializers import LecunNormal
    >>> w = LecunNormal(seed=1)((100, 200))
    >>> round(float(w.std()), 2)  # sqrt(1 / 100)
    0.1

    References
    ----------
    Klambauer et al., "Self-normalizing neural networks", NIPS 2017.
    """

    setting: tuple[float, str, str] = (1.0, "fan_in", "truncated_normal")
