"""Every exception class that fastnn raises on purpose. All messages follow one form: what was
received and where, what is expected, what to do. The checks that raise them are in ``checks.py``.
"""

from __future__ import annotations

__all__ = [
    "FastnnError",
    "ArgumentError",
    "UnsupportedError",
    "ShapeError",
    "DataError",
    "StateError",
    "NonFiniteLossError",
    "FileFormatError",
    "DownloadError",
    "BackendUnavailable",
    "MissingExtraError",
]


class FastnnError(Exception):
    """Base class of every error that fastnn raises on purpose.

    Attributes
    ----------
    alternative : the end of the message where it names a way out that only callers in Python have;
        the command line leaves it out.

    Examples
    --------
    >>> import fastnn
    >>> try:
    ...     fastnn.layers.Dense(0)
    ... except fastnn.errors.FastnnError as error:
    ...     print(type(error).__name__, isinstance(error, ValueError))
    ArgumentError True
    """

    alternative: str = ""


class ArgumentError(FastnnError, ValueError):
    """An argument has a value that fastnn cannot use (an unknown name, a number out of range)."""


class UnsupportedError(ArgumentError, NotImplementedError):
    """A Keras argument or class that exists, but that fastnn does not support."""


class ShapeError(FastnnError, ValueError):
    """Arrays whose shapes do not fit the model or each other."""


class DataError(FastnnError, ValueError):
    """Data with contents that cannot be trained on (NaN, a label out of range, an odd dtype)."""


class StateError(FastnnError, RuntimeError):
    """A call at the wrong time, such as ``fit`` before ``compile``."""


class NonFiniteLossError(FastnnError, ArithmeticError, RuntimeError):
    """The loss became NaN or infinite during training."""


class FileFormatError(FastnnError, ValueError):
    """A file that is not what it should be: damaged, truncated, hostile or of another format."""


class DownloadError(FastnnError, OSError):
    """A data set could not be downloaded from any of its addresses."""


class BackendUnavailable(FastnnError, RuntimeError):
    """A backend or CPU level that was asked for by name cannot be used here."""


class MissingExtraError(FastnnError, ImportError):
    """An optional package is needed; the message names the extra that installs it."""
