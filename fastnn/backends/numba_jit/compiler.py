"""One function through Numba: Python in, a symbol and object code out. Where the code goes is not
known here (``machine.py`` loads it, ``cache.py`` keeps it).
"""

from __future__ import annotations

from typing import Any

from numba import cfunc

from fastnn.backends.numba_jit.jit import OPTIONS


def compile_function(function: Any, signature: Any) -> tuple[str, bytes]:
    """The symbol and the object code of a function with C's calling convention."""
    made = cfunc(signature, **OPTIONS)(function)
    _, _, (code, _) = made._library.serialize_using_object_code()
    return made.native_name, bytes(code)
