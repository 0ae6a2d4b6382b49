"""Computes the coefficients of erf and erfc in ``kernels/vecmath.h`` and their errors, with mpmath.

erf(x) = x + x·P(x²) for |x| < 0.75, beyond erfc(t) = e^(-t²)·S(q)/(t + K), q = (t - K)/(t + K).
P and S are polynomials through Chebyshev points. Run it with ``python kernels/tests/fit.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath as mp

mp.mp.dps = 60
K = mp.mpf(3)
LAST = {"f32": 11, "f64": 28}  # erfc is 0 beyond


def polynomial(function: Callable[[Any], Any], low: Any, high: Any, degree: int) -> list[Any]:
    """Coefficients, the highest power first, of the polynomial through Chebyshev points."""
    points = [
        (low + high) / 2 + (high - low) / 2 * mp.cos(mp.pi * (2 * i + 1) / (2 * degree + 2))
        for i in range(degree + 1)
    ]
    matrix = mp.matrix([[x ** (degree - j) for j in range(degree + 1)] for x in points])
    return list(mp.lu_solve(matrix, mp.matrix([function(x) for x in points])))


def near(square: Any) -> Any:
    """erf(x)/x - 1 as a function of x²."""
    x = mp.sqrt(square)
    return mp.erf(x) / x - 1 if x else 2 / mp.sqrt(mp.pi) - 1


def far(q: Any) -> Any:
    """S(q)."""
    t = K * (1 + q) / (1 - q)
    return (t + K) * mp.exp(t * t) * mp.erfc(t)


def main() -> None:
    """Print the tables."""
    for kind, (near_degree, far_degree) in {"f32": (5, 9), "f64": (11, 22)}.items():
        near_end, last = mp.mpf("0.75"), mp.mpf(LAST[kind])
        ends = (near_end - K) / (near_end + K), (last - K) / (last + K)
        tables = {
            "near": (near, mp.mpf(0), near_end**2, near_degree),
            "far": (far, *ends, far_degree),
        }
        for name, (function, low, high, degree) in tables.items():
            found = polynomial(function, low, high, degree)
            grid = [low + (high - low) * i / 400 for i in range(401)]
            scale = {"near": lambda v: 1 + v, "far": lambda v: v}[name]
            error = max(
                abs((mp.polyval(found, x) - function(x)) / scale(function(x))) for x in grid
            )
            print(kind, name, "relative error", mp.nstr(error, 3))
            print(", ".join(mp.nstr(c, 20 if kind == "f64" else 12) for c in found))


if __name__ == "__main__":
    main()
