"""The two services of the operating system that jitted code asks for: a clock and a nap. Called by
their C names, so that compiled code holds a name and no address and can be cached.
"""

from __future__ import annotations

import sys
from typing import Any

from numba import types
from numba.core.typing import signature

from fastnn.backends.numba_jit.jit import device
from fastnn.backends.numba_jit.vector import stack

I64: Any = types.int64
WORDS: Any = types.CPointer(types.int64)

if sys.platform == "win32":
    _counter = types.ExternalFunction("QueryPerformanceCounter", signature(types.int32, WORDS))
    _frequency = types.ExternalFunction("QueryPerformanceFrequency", signature(types.int32, WORDS))
    _sleep = types.ExternalFunction("Sleep", signature(types.void, types.uint32))

    @device
    def monotonic_ns() -> Any:
        """Nanoseconds since some moment."""
        words = stack(I64, 16)
        _counter(words)
        ticks = words[0]
        _frequency(words)
        return I64(ticks * 1e9 / words[0])

    @device
    def nap() -> Any:
        """Let another thread have the processor."""
        _sleep(types.uint32(0))

else:
    _CLOCK = 6 if sys.platform == "darwin" else 1  # CLOCK_MONOTONIC
    _gettime = types.ExternalFunction("clock_gettime", signature(types.int32, types.int32, WORDS))
    _usleep = types.ExternalFunction("usleep", signature(types.int32, types.uint32))

    @device
    def monotonic_ns() -> Any:
        """Nanoseconds since some moment."""
        words = stack(I64, 16)
        _gettime(types.int32(_CLOCK), words)
        return words[0] * 1000000000 + words[1]

    @device
    def nap() -> Any:
        """Sleep for about 50 us, the least that Linux gives."""
        _usleep(types.uint32(20))
