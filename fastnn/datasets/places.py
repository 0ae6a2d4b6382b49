"""The folders in which data sets are looked for, and the one in which downloads are kept. All come
from environment variables, read at each call. What is in them is checked in ``image_set.py``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def _folder(variable: str) -> Path | None:
    """The folder that an environment variable names; None if it is unset or empty."""
    value = os.environ.get(variable)
    return Path(os.path.expanduser(value)) if value else None


def _home() -> Path:
    """The user's home folder, or the present one for a user who has none."""
    home = os.path.expanduser("~")
    return Path(home if home != "~" else ".")


def data_folder() -> Path | None:
    """``FASTNN_DATA``: a folder of the user's that holds ``mnist/`` and ``fashion_mnist/``."""
    return _folder("FASTNN_DATA")


def keras_folder() -> Path:
    """Keras's cache: ``datasets`` in ``KERAS_HOME``, or else in ``~/.keras``."""
    return (_folder("KERAS_HOME") or _home() / ".keras") / "datasets"


def cache_folder() -> Path:
    """fastnn's own cache, where downloads go.

    ``datasets`` in ``FASTNN_CACHE``; else ``fastnn/datasets`` in the user's cache folder, which is
    ``LOCALAPPDATA`` on Windows, elsewhere ``XDG_CACHE_HOME`` (if absolute, as its specification
    asks) or ``~/.cache``.
    """
    own = _folder("FASTNN_CACHE")
    if own is not None:
        return own / "datasets"
    if sys.platform == "win32":
        base = _folder("LOCALAPPDATA") or _home() / "AppData" / "Local"
    else:
        named = _folder("XDG_CACHE_HOME")
        base = named if named is not None and named.is_absolute() else _home() / ".cache"
    return base / "fastnn" / "datasets"


def may_download() -> bool:
    """Whether ``FASTNN_OFFLINE`` leaves the network free to use."""
    return os.environ.get("FASTNN_OFFLINE", "") in ("", "0")
