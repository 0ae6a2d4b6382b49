"""What every picture needs: matplotlib (the extra ``plot``), a file of a type that it writes, and
the way to a notebook.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

from fastnn.errors import ArgumentError, MissingExtraError


def check(owner: str, path: str | os.PathLike[str], otherwise: str = "") -> None:
    """Refuse a picture that could not be written, before anything is computed for it.

    Parameters
    ----------
    owner : who draws, at the start of a message.
    path : the file to be.
    otherwise : what to do without matplotlib, at the end of a message.

    Raises
    ------
    MissingExtraError : matplotlib is not installed.
    ArgumentError : the file's suffix is none that matplotlib writes.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
    except ImportError as error:
        raise MissingExtraError(
            f"{owner} draws with matplotlib, which could not be imported ({error}). Expected the "
            f"extra 'plot': pip install 'fastnn[plot]'{otherwise}."
        ) from error
    if not isinstance(path, (str, os.PathLike)):
        raise ArgumentError(
            f"{owner}: received {path!r}, expected the name of a file. Pass 'picture.png'."
        )
    known = sorted(FigureCanvasAgg.get_supported_filetypes())
    if Path(path).suffix.lower().removeprefix(".") not in known:
        raise ArgumentError(
            f"{owner}: received {os.fspath(path)!r}. Expected a name that ends in one of "
            f"{', '.join('.' + suffix for suffix in known)}."
        )


def write(figure: Any, path: str | os.PathLike[str], dpi: int) -> Any:
    """Write a figure; in a notebook, what shows the file there, else None (as Keras)."""
    figure.savefig(path, dpi=dpi, facecolor=figure.get_facecolor())  # not that of the user's style
    if "IPython" in sys.modules and Path(path).suffix.lower() in (".png", ".jpg", ".jpeg"):
        image = importlib.import_module("IPython.display").Image
        return image(filename=os.fspath(path))
    return None
