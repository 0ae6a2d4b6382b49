"""Data sets with Keras's ``load_data()``: ``digits`` comes with fastnn, ``mnist`` and
``fashion_mnist`` are found or downloaded; ``load`` also reads .npz and .csv files. Everything is
imported when it is first used, so that ``import fastnn`` stays fast.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from fastnn.lacking import refuse

if TYPE_CHECKING:
    from fastnn.datasets import digits as digits
    from fastnn.datasets import fashion_mnist as fashion_mnist
    from fastnn.datasets import mnist as mnist
    from fastnn.datasets.catalog import available as available
    from fastnn.datasets.catalog import load as load
    from fastnn.datasets.dataset import Dataset as Dataset
    from fastnn.datasets.files import load_file as load_file
    from fastnn.datasets.files import load_inputs as load_inputs

__all__ = [
    "Dataset",
    "available",
    "digits",
    "fashion_mnist",
    "load",
    "load_file",
    "load_inputs",
    "mnist",
]

_MODULES = ("digits", "fashion_mnist", "mnist")
_HOMES = {
    "Dataset": "dataset",
    "available": "catalog",
    "load": "catalog",
    "load_file": "files",
    "load_inputs": "files",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for (PEP 562)."""
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _HOMES:
        value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    refuse(__name__, name)


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
