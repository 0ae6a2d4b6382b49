"""How far a backend's result may lie from the reference computed in float64: four families, each
with the bound it stands for and the reason. A case names its family and the *magnitude*, the size
of the terms that were added up, so that cancellation does not need a larger number. Deliberately
not here: which op belongs to which family (``cases.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Family:
    """A kind of error bound.

    Attributes
    ----------
    name : exact, rounded, transcendental, reduction or double_sum.
    ulps : roundings in the result's own type that each element may suffer, in eps·magnitude.
    per_term : further units of eps·magnitude for every term of a sum.
    per_term_double : the same in units of float64's eps, for sums that run in double.
    reason : why this bound and not a smaller one.
    """

    name: str
    ulps: float
    reason: str
    per_term: float = 0.0
    per_term_double: float = 0.0

    def bound(self, dtype: str, magnitude: Array, terms: int) -> Array:
        """The largest allowed error of each element."""
        eps, tiny = np.finfo(dtype).eps, float(np.finfo(dtype).smallest_subnormal)
        units = self.ulps * eps + terms * (self.per_term * eps + self.per_term_double * 2.0**-52)
        # the float64 reference is as inexact as a float64 result: both may err
        both = 2.0 if dtype == "float64" else 1.0
        # what passed through denormals has lost digits, and a factor up to 1e4 may follow
        floor = 1e4 * tiny if units else 0.0
        return both * units * np.abs(magnitude) + floor


EXACT = Family("exact", 0.0, "moves numbers, compares them, or rounds once as IEEE 754 says")


def rounded(operations: int) -> Family:
    """A few operations, each rounded once (or fused with the next)."""
    return Family(
        "rounded",
        0.5 * operations + 0.5,
        f"{operations} roundings of at most eps/2 each, one more where a scalar is rounded",
    )


# Cephes' float32 polynomials and NumPy's SIMD ones promise 1-4 ulp; exp in a quotient doubles
# them.
TRANSCENDENTAL = Family("transcendental", 8.0, "own polynomials against libm, then a division")

# One chain of multiply-adds: the worst case of n·eps·Σ|a||b| (Higham, "Accuracy and Stability",
# section 3.1); 4 for bias, activation and what follows the sum.
REDUCTION = Family("reduction", 8.0, "a sum in its own type, any order", per_term=1.0)

# The sum runs in double and is rounded once at the end. A float32 accumulator fails this bound.
DOUBLE_SUM = Family("double_sum", 1.0, "a sum in double, rounded once", per_term_double=2.0)


def assert_within(found: Array, reference: Array, bound: Array, where: str) -> None:
    """Fail unless |found - reference| <= bound; NaN and overflow must be the reference's."""
    assert found.shape == reference.shape, f"{where}: shape {found.shape}, not {reference.shape}"
    if found.dtype.kind != "f":
        np.testing.assert_array_equal(found, reference, err_msg=where)
        return
    with np.errstate(all="ignore"):
        expected = reference.astype(found.dtype)  # overflows to inf where the type is too small
        same = (found == expected) | (np.isnan(found) & np.isnan(reference))
        error = np.abs(found.astype(np.float64) - reference)
        good = same | (error <= bound)
    if not good.all():
        worst = np.unravel_index(np.argmin(good), good.shape)
        raise AssertionError(
            f"{where}: {np.count_nonzero(~good)} of {good.size} elements are off; first at "
            f"{tuple(int(i) for i in worst)}: {found[worst]!r}, reference {reference[worst]!r}, "
            f"error {error[worst]:.3g}, allowed {np.broadcast_to(bound, good.shape)[worst]:.3g}"
        )
