"""Choosing a backend by the names that users write: ``auto``, ``c``, ``numba``, ``numpy``,
``cuda``.

``auto`` takes the fastest available one and never fails; a backend asked for by name is used or an
error says why not and what to do. Nothing is probed when fastnn is imported.
"""

from __future__ import annotations

import functools
import os
import sys
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from fastnn.backends.base import Backend
from fastnn.errors import BackendUnavailable
from fastnn.registry import unknown_name

__all__ = ["BackendInfo", "backends", "get_backend", "resolve", "set_backend", "warmup"]

ENVIRONMENT = "FASTNN_BACKEND"
NAMES = ("c", "numba", "numpy")
NUMBA_MISSING = "Numba is not installed; install it with: pip install 'fastnn[numba]'."
_default: list[str] = []


@dataclass(frozen=True)
class BackendInfo:
    """One line of ``fastnn.backends()``.

    Attributes
    ----------
    name : the name to pass as ``backend=``.
    available : whether it can be used here.
    reason : why not, and what to do about it; empty if available.
    detail : for an available backend, what it uses (CPU level, version).

    Examples
    --------
    >>> from fastnn.backends import BackendInfo
    >>> print(BackendInfo("c", False, reason="no compiled kernels"))
    c: unavailable: no compiled kernels
    """

    name: str
    available: bool
    reason: str = ""
    detail: str = ""

    def __str__(self) -> str:
        if self.available:
            return f"{self.name}: available" + (f" ({self.detail})" if self.detail else "")
        return f"{self.name}: unavailable: {self.reason}"


def backends() -> dict[str, BackendInfo]:
    """Each backend by name: available or not, and why.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.backends()["numpy"].available
    True
    """
    import numpy as np

    infos = {}
    try:
        from fastnn.backends.c_cffi import levels

        infos["c"] = BackendInfo("c", True, detail=f"CPU level {levels.choose_level()}")
    except (BackendUnavailable, ImportError) as error:
        reason = str(error).removeprefix("the C backend is unavailable: ")
        infos["c"] = BackendInfo("c", False, reason=reason)
    infos["numba"] = _numba()
    infos["numpy"] = BackendInfo("numpy", True, detail=f"NumPy {np.__version__}")
    return infos


def _numba() -> BackendInfo:
    """The line of the Numba backend; Numba itself is not loaded for it."""
    from importlib import metadata

    from fastnn.datasets import places

    try:
        detail = (
            f"Numba {metadata.version('numba')}, kernels kept in {places.cache_folder().parent}"
        )
        return BackendInfo("numba", True, detail=detail)
    except metadata.PackageNotFoundError:
        return BackendInfo("numba", False, reason=NUMBA_MISSING)


def set_backend(name: str) -> None:
    """Use a backend for models made from now on without ``backend=``.

    Raises
    ------
    ArgumentError : for an unknown name.
    BackendUnavailable : if it cannot be used here.

    Examples
    --------
    >>> import fastnn
    >>> before = fastnn.get_backend()
    >>> fastnn.set_backend("numpy")
    >>> fastnn.get_backend()
    'numpy'
    >>> fastnn.set_backend(before)
    """
    resolve(name)
    _default[:] = [name]


def warmup(backend: str = "numba", dtype: str = "float32") -> None:
    """Compile every kernel of the Numba backend now, rather than when a model first needs it.

    What is compiled is kept on disk, so it is enough to do this once, after an installation. The
    other backends need nothing.

    Parameters
    ----------
    backend : the backend to prepare.
    dtype : ``"float32"`` or ``"float64"``, the float type of the kernels.

    Raises
    ------
    BackendUnavailable : if the backend cannot be used here.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.warmup("numpy")
    """
    from fastnn import config

    name = config.standardize_dtype(dtype)
    prepare = getattr(resolve(backend), "warmup", None)
    if prepare is not None:
        prepare(name)


def get_backend() -> str:
    """The default backend's name; ``"auto"`` unless set.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.get_backend() in ("auto", "c", "numba", "numpy")
    True
    """
    return _default[-1] if _default else os.environ.get(ENVIRONMENT, "").strip() or "auto"


def resolve(name: str | None = None) -> Backend:
    """The backend of a name; ``None`` and ``"auto"`` take the default, then the fastest available,
    with a warning if that is NumPy.

    ``"c:avx2"`` asks for one CPU level of the C backend.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.backends.resolve("numpy").name
    'numpy'
    """
    name = get_backend() if name is None or name == "auto" else name
    if not isinstance(name, str):
        raise unknown_name("backend", name, ["auto", *NAMES])
    return _resolve(name, os.environ.get("FASTNN_CPU_LEVEL", ""))


@functools.cache
def _resolve(name: str, level: str) -> Backend:
    """The backend of a name; cached, because a process uses few."""
    family, _, asked = name.partition(":")
    if family == "auto":
        for candidate in ("c", "numba"):
            try:
                return _resolve(candidate, level)
            except BackendUnavailable:
                continue
        from fastnn.checks import warn

        warn(
            "without compiled kernels fastnn runs on NumPy, several times slower: "
            f"{backends()['c'].reason.rstrip('.')}. "
            "To choose NumPy without this warning: FASTNN_BACKEND=numpy."
        )
        return _resolve("numpy", level)
    if name == "numpy":
        from fastnn.backends.numpy_ref.executor import NumpyBackend

        return NumpyBackend()
    if family == "c":
        from fastnn.backends.c_cffi import executor, levels

        return executor.backend_for(levels.choose_level(asked or None))
    if name == "numba":
        if not (info := _numba()).available:
            raise BackendUnavailable(f"the numba backend is unavailable: {info.reason}")
        from fastnn.backends.numba_jit import executor as numba_executor

        return numba_executor.backend()
    raise unknown_name("backend", name, ["auto", *NAMES])


class _CallableModule(ModuleType):
    """``fastnn.backends`` is this module and, called, what ``backends()`` returns: users ask
    ``fastnn.backends()``, and the package that answers has the same name.
    """

    def __call__(self, *args: Any) -> dict[str, BackendInfo]:
        return backends(*args)


sys.modules[__name__].__class__ = _CallableModule
