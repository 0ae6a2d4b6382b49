"""Curves, activations with numbers whose derivative is written in the input z. One pair of
functions each, f(z, a) and f'(z, a), where a holds the numbers. Twin: ``kernels/curve.c``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from fastnn.backends.numpy_ref.context import Array, Context, ieee

Numbers = Sequence[float]


@ieee
def curve_forward(context: Context, z: Array, *, function: str, numbers: Numbers) -> Array:
    """y = f(z), any shape, of z's dtype."""
    y: Array = _CURVES[function][0](z, [z.dtype.type(number) for number in numbers])
    return y.astype(z.dtype, copy=False)


@ieee
def curve_backward(
    context: Context, dy: Array, z: Array, *, function: str, numbers: Numbers
) -> Array:
    """dz = dy · f'(z); NaN where z is."""
    slope = _CURVES[function][1](z, [z.dtype.type(number) for number in numbers])
    dz: Array = dy * slope.astype(z.dtype, copy=False)
    return dz


def _within(z: Array) -> Array:
    """z between ±30: beyond, what falls off faster than z rises is 0."""
    return np.clip(z, z.dtype.type(-30), z.dtype.type(30))


def _sigmoid(z: Array) -> Array:
    e = np.exp(-np.abs(z))
    y: Array = np.where(z < 0, e, z.dtype.type(1)) / (1 + e)
    return y


def _ramp(z: Array, a: Numbers) -> Array:
    """Above a1 z between a2 and a3, below a line of slope a0 (0, and not 0·∞)."""
    below = np.zeros_like(z) if a[0] == 0 else a[0] * (z - a[1])
    return np.where(np.isnan(z), z, np.where(z > a[1], np.clip(z, a[2], a[3]), below))


def _ramp_slope(z: Array, a: Numbers) -> Array:
    inside = ((z >= a[2]) & (z <= a[3])).astype(z.dtype)
    return np.where(np.isnan(z), z, np.where(z > a[1], inside, a[0]))


def _hard(z: Array, a: Numbers) -> Array:
    y: Array = np.clip(a[0] * z + a[1], a[2], a[3])
    return y


def _hard_slope(z: Array, a: Numbers) -> Array:
    y = a[0] * z + a[1]
    return np.where(np.isnan(z), z, np.where((y >= a[2]) & (y <= a[3]), a[0], z.dtype.type(0)))


def _elu(z: Array, a: Numbers) -> Array:
    y: Array = a[1] * np.where(z > 0, z, a[0] * np.expm1(a[2] * z))
    return y


def _elu_slope(z: Array, a: Numbers) -> Array:
    slope: Array = a[1] * np.where(z > 0, z.dtype.type(1), a[0] * a[2] * np.exp(a[2] * z))
    return slope


_erfc = np.frompyfunc(math.erfc, 1, 1)  # NumPy has none


def _normal(z: Array) -> Array:
    """Φ(z)."""
    doubled: Array = np.asarray(_erfc(z.astype(np.float64) * -math.sqrt(0.5)))
    return (doubled.astype(np.float64) / 2).astype(z.dtype)


def _gelu(z: Array, a: Numbers) -> Array:
    y: Array = z * _normal(z)
    return y


def _gelu_slope(z: Array, a: Numbers) -> Array:
    near = _within(z)
    slope: Array = _normal(z) + near * np.exp(near * near / -2) / z.dtype.type(math.sqrt(math.tau))
    return slope


_RISE = 2 * math.sqrt(2 / math.pi)


def _gelu_gate(z: Array) -> Array:
    """(1 + tanh(√(2/π)·(z + 0.044715·z³)))/2 = σ(2·…)."""
    near = _within(z)
    return _sigmoid(near * (z.dtype.type(0.044715 * _RISE) * near * near + z.dtype.type(_RISE)))


def _gelu_tanh(z: Array, a: Numbers) -> Array:
    y: Array = z * _gelu_gate(z)
    return y


def _gelu_tanh_slope(z: Array, a: Numbers) -> Array:
    near, s = _within(z), _gelu_gate(z)
    rise = z.dtype.type(3 * 0.044715 * _RISE) * near * near + z.dtype.type(_RISE)
    slope: Array = s + near * s * (1 - s) * rise
    return slope


def _silu(z: Array, a: Numbers) -> Array:
    y: Array = z * _sigmoid(z)
    return y


def _silu_slope(z: Array, a: Numbers) -> Array:
    s = _sigmoid(z)
    slope: Array = s * (1 + z * (1 - s))
    return slope


def _softplus(z: Array, a: Numbers) -> Array:
    u = a[0] * z
    y: Array = a[0] * (np.maximum(u, 0) + np.log1p(np.exp(-np.abs(u))))
    return y


def _softplus_slope(z: Array, a: Numbers) -> Array:
    slope: Array = _sigmoid(a[0] * z)
    return slope


def _mish_parts(z: Array) -> tuple[Array, Array, Array]:
    """z where the gate is below 1, e = e^z and n = e·(e + 2); the gate is n/(n + 2)."""
    near = np.minimum(z, z.dtype.type(20 if z.dtype == np.float32 else 40))
    e = np.exp(near)
    return near, e, e * (e + 2)


def _mish(z: Array, a: Numbers) -> Array:
    _, _, n = _mish_parts(z)
    y: Array = z * (n / (n + 2))
    return y


def _mish_slope(z: Array, a: Numbers) -> Array:
    near, e, n = _mish_parts(z)
    slope: Array = n / (n + 2) + near * (2 * e / (n + 2)) * (2 * (e + 1) / (n + 2))
    return slope


def _hard_silu(z: Array, a: Numbers) -> Array:
    y: Array = z * np.clip(z / 6 + z.dtype.type(0.5), 0, 1)
    return y


def _hard_silu_slope(z: Array, a: Numbers) -> Array:
    y = z / 6 + z.dtype.type(0.5)
    slope: Array = np.where(y < 0, z.dtype.type(0), np.where(y > 1, z.dtype.type(1), y + z / 6))
    return slope


def _softsign(z: Array, a: Numbers) -> Array:
    y: Array = z / (1 + np.abs(z))
    return y


def _softsign_slope(z: Array, a: Numbers) -> Array:
    slope: Array = 1 / np.square(1 + np.abs(z))
    return slope


def _squareplus(z: Array, a: Numbers) -> Array:
    """(z + √(z² + a0))/2, below 0 as a0/2/(√(z² + a0) - z), where nothing cancels."""
    root = np.sqrt(z * z + a[0])
    return np.where(z < 0, a[0] / 2 / (root - z), (z + root) / 2)


def _squareplus_slope(z: Array, a: Numbers) -> Array:
    slope: Array = _squareplus(z, a) / np.sqrt(z * z + a[0])
    return slope


def _step(z: Array, a: Numbers) -> Array:
    return np.where(np.isnan(z), z, (z > 0).astype(z.dtype))


def _step_slope(z: Array, a: Numbers) -> Array:
    return np.where(np.isnan(z), z, np.zeros_like(z))


_Curve = Callable[[Array, Numbers], Array]
_CURVES: dict[str, tuple[_Curve, _Curve]] = {
    "ramp": (_ramp, _ramp_slope),
    "hard": (_hard, _hard_slope),
    "elu": (_elu, _elu_slope),
    "gelu": (_gelu, _gelu_slope),
    "gelu_tanh": (_gelu_tanh, _gelu_tanh_slope),
    "silu": (_silu, _silu_slope),
    "softplus": (_softplus, _softplus_slope),
    "mish": (_mish, _mish_slope),
    "hard_silu": (_hard_silu, _hard_silu_slope),
    "softsign": (_softsign, _softsign_slope),
    "squareplus": (_squareplus, _squareplus_slope),
    "step": (_step, _step_slope),
}
