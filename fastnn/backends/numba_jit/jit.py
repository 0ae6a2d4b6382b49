"""Numba's options, in this one place, and the two decorators for what kernels call. A kernel itself
has no decorator: it is a function of a chapter, listed in ``table.py`` and compiled when a Program
first needs it. What it reads is told in ``record.py``.

No ``nnan`` and ``ninf``: NaN in gives NaN out. ``contract`` lets a product and a sum become one
multiply-add, as in the C kernels. No ``parallel``: its thread layers
break a fork or abort when two Python threads meet; ``pool.py`` has threads of our own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit, types

FAST_MATH = frozenset({"contract"})
OPTIONS: dict[str, Any] = {
    "error_model": "numpy",  # x / 0 is IEEE's, and an integer division needs no check
    "fastmath": set(FAST_MATH),
    "boundscheck": False,
    "_nrt": False,  # kernels own no memory
}
# Nothing calls these from Python or C: wrappers would be compiled in vain.
INLINED: dict[str, Any] = {
    "forceinline": True,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}
F32: Any = types.float32
F64: Any = types.float64
I64: Any = types.int64
REALS: dict[str, Any] = {"_f32": F32, "_f64": F64}

Function = TypeVar("Function", bound=Callable[..., Any])


def device(function: Function) -> Function:
    """A function for kernels to call, inlined into each of them."""
    compiled: Function = njit(function, **INLINED, **OPTIONS)
    return compiled
