"""The CPU levels of the C backend for those who only report them (``fastnn info``): which were
compiled and which this CPU can run. The choice itself is made in ``c_cffi/levels.py``.
"""

from __future__ import annotations


def cpu_levels() -> dict[str, str]:
    """Each CPU level and why it cannot be used here; an empty string where it can.

    Examples
    --------
    >>> from fastnn.backends.cpu_levels import cpu_levels
    >>> list(cpu_levels())
    ['baseline', 'avx2', 'avx512']
    """
    from fastnn.backends.c_cffi import levels

    compiled, supported = levels.compiled_levels(), levels.supported_levels()
    return {
        level: ""
        if level in supported
        else "this CPU lacks it"
        if level in compiled
        else "not compiled"
        for level in levels.LEVELS
    }
