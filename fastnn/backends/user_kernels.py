"""The address of a user's kernel (``fastnn/user_kernel.py``) for the backends that run packed
Programs: Numba compiles the scalar function into a kernel with the signature of all kernels.
"""

from __future__ import annotations

from typing import Any

from fastnn.errors import BackendUnavailable

# Compiled code lives as long as the process: records hold its addresses.
_kept: dict[tuple[Any, str], Any] = {}


def address(function: Any, name: str, count: int, dtype: str) -> int:
    """The address of a kernel y = f(a, …) over rows of ``count`` operands of a float type."""
    from fastnn import backends

    key = (function, dtype)
    if key not in _kept:
        if not backends.backends()["numba"].available:
            raise BackendUnavailable(
                f"kernel {name!r} must be compiled for this backend. {backends.NUMBA_MISSING} Or "
                "use backend='numpy'."
            )
        from fastnn.backends.numba_jit.user_functions import compile_scalar

        _kept[key] = compile_scalar(function, name, count, dtype)
    made: int = _kept[key].address
    return made
