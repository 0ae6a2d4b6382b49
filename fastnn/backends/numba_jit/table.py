"""The one list of the Numba kernels, and their addresses: a kernel is compiled, or loaded from the
cache, when a Program first needs it. Numba itself is imported only to compile: a process whose
kernels are all in the cache needs llvmlite alone.

A new kernel is its function in a chapter and its name here; ``kernels/list.h`` is the twin.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from fastnn.backends.numba_jit.cache import KernelCache
from fastnn.backends.numba_jit.machine import Machine

# chapter → kernels that exist once per float type, kernels that exist once
CHAPTERS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "data": (("gather_rows", "scatter_rows"), ("gather_labels", "scatter_rows_i32")),
    "dense": (
        (
            *("dense_forward", "dense_activation_forward", "dense_dx", "dense_activation_dx"),
            *("dense_dw", "dense_db", "dense_dw_sgd_step", "dense_dw_momentum_step"),
            *("dense_dw_rmsprop_step", "dense_dw_adam_step", "dense_db_sgd_step"),
            *("dense_db_momentum_step", "dense_db_rmsprop_step", "dense_db_adam_step"),
        ),
        (),
    ),
    "activation": (
        (
            *("activation_forward", "activation_backward", "softmax_forward", "softmax_backward"),
            *("log_softmax_forward", "log_softmax_backward"),
            *("sparsemax_forward", "sparsemax_backward"),
        ),
        (),
    ),
    "curve": (("curve_forward", "curve_backward"), ()),
    "dropout": (("dropout",), ()),
    "noise": (("random_uniform", "random_normal"), ()),
    "normalization": (
        (
            *("row_moments", "layer_norm_forward", "layer_norm_backward", "layer_norm_dgamma"),
            *("batch_variance", "batch_norm_forward", "batch_norm_backward", "batch_norm_dgamma"),
        ),
        (),
    ),
    "elementwise": (
        (
            *("unary", "binary", "scale", "clip", "clip_backward", "where"),
            *("equal_i32", "cast_i32", "user_function", "cast", "truncate_i32"),
        ),
        (),
    ),
    "reduce": (
        (
            *("reduce_columns", "argmax_i32", "reduce_rows", "argmax_rows_i32", "spread_mean"),
            "cumsum",
        ),
        (),
    ),
    "shape": (("one_hot", "copy"), ()),
    "strided": (("strided_copy",), ("strided_copy_i32",)),
    "pick": (("take", "take_backward", "take_dw", "top_k_i32"), ("take_i32",)),
    "matrices": (("matmul",), ()),
    "loss": (
        (
            *("sparse_softmax_crossentropy_forward", "sparse_softmax_crossentropy_backward"),
            *("softmax_crossentropy_forward", "softmax_crossentropy_backward"),
            *("sigmoid_crossentropy_forward", "sigmoid_crossentropy_backward"),
            *("loss_mean", "loss_mean_backward"),
        ),
        (),
    ),
    "circle": (("circle_forward", "circle_backward"), ()),
    "metric": (
        ("metric_mean", "metric_sum", "metric_histogram", "metric_load", "metric_store"),
        ("metric_scalar", "epoch_end"),
    ),
    "optimizer": (
        (
            *("sgd_step", "momentum_step", "lion_step", "adagrad_step", "adadelta_step"),
            *("rmsprop_step", "adam_step", "amsgrad_step", "adamax_step", "nadam_step"),
            "ftrl_step",
        ),
        (),
    ),
    "layerwise": (
        (
            *("lamb_moments", "lamb_step", "adafactor_rows", "adafactor_columns"),
            *("adafactor_moves", "adafactor_moments", "adafactor_step"),
            *("muon_start", "muon_scale", "muon_product", "muon_step"),
        ),
        (),
    ),
    "perceptron": (("perceptron_pass",), ()),
    "penalty": (("penalty_sums", "penalty_gradient", "add_terms", "divide_by_rows"), ()),
    "gradient": (
        (
            *("clip_by_norm", "accumulate_gradient", "keep_gradient", "average_weights"),
            *("processed_sgd_step", "processed_momentum_step", "processed_rmsprop_step"),
            "processed_adam_step",
        ),
        (),
    ),
    "state": (("assign",), ()),
}
# what several kernels of a chapter call by name instead of holding a copy each
SHARED = {"dense": ("block_product",), "layerwise": ("block_product",)}
NOTE_AFTER = 1.0  # seconds of compiling after which a note says what the wait is for


def _entries() -> Iterator[tuple[str, str, str]]:
    """Kernel name, chapter and suffix of every kernel."""
    for chapter, (real, plain) in CHAPTERS.items():
        for name in real:
            yield from ((name + suffix, chapter, suffix) for suffix in ("_f32", "_f64"))
        for name in plain:
            yield name, chapter, ""


class KernelTable:
    """Names, numbers and addresses of the kernels.

    Attributes
    ----------
    names : kernel names by number.
    addresses : int64, 0 where a kernel has not been needed yet.
    compiled : names of what was compiled in this process, rather than loaded.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self._places: dict[str, tuple[str, str]] = {}
        for name, chapter, suffix in _entries():
            self.names.append(name)
            self._places[name] = (chapter, suffix)
        self.numbers: dict[str, int] = {name: i for i, name in enumerate(self.names)}
        self.addresses: np.ndarray[Any, Any] = np.zeros(len(self.names), dtype=np.int64)
        self.compiled: list[str] = []
        self._machine = Machine()
        self._cache = KernelCache(self._machine.key())
        self._others: dict[str, int] = {}
        self._lock = threading.RLock()
        self._spent = 0.0
        self._noted = False

    def make_ready(self, name: str) -> None:
        """Load or compile a kernel, unless it is there."""
        number = self.numbers[name]
        if self.addresses[number]:
            return
        with self._lock:
            chapter, suffix = self._places[name]
            for shared in SHARED.get(chapter, ()):
                self.shared(shared + suffix)
            self.addresses[number] = self._ready(name, lambda: _kernel(name, chapter, suffix))

    def shared(self, name: str) -> int:
        """The address of a routine that kernels call by name."""
        with self._lock:
            if name not in self._others:
                self._others[name] = self._ready(name, lambda: _shared(name))
            # each time: symbols are the process's, and another table, which may be gone with its
            # code, may have published its own
            self._machine.publish(f"fastnn_{name}", self._others[name])
            return self._others[name]

    def routine(self, name: str) -> int:
        """The address of ``run_program`` or ``serve``."""
        with self._lock:
            if name not in self._others:
                self._others[name] = self._ready(name, lambda: _routine(name))
            return self._others[name]

    def _ready(self, name: str, source: Callable[[], tuple[Any, Any]]) -> int:
        """The address of a function: from the cache, or compiled and kept there."""
        stored = self._cache.load(name)
        if stored is None:
            started = time.perf_counter()
            from fastnn.backends.numba_jit.compiler import compile_function

            stored = compile_function(*source())
            self.compiled.append(name)
            self._cache.store(name, stored)
            self._note(time.perf_counter() - started)
        return self._machine.load(*stored)

    def _note(self, seconds: float) -> None:
        """Say once what a user is waiting for."""
        self._spent += seconds
        if self._spent > NOTE_AFTER and not self._noted:
            self._noted = True
            where = self._cache.where()
            print(f"fastnn: compiling kernels with Numba; {where}.", file=sys.stderr, flush=True)


def _kernel(name: str, chapter: str, suffix: str) -> tuple[Any, Any]:
    """Source and signature of a kernel."""
    import importlib

    from fastnn.backends.numba_jit.jit import F32, REALS
    from fastnn.backends.numba_jit.record import kernel_signature

    module = importlib.import_module(f"{__package__}.{chapter}")
    function = getattr(module, name[: len(name) - len(suffix)])
    return function, kernel_signature(REALS.get(suffix, F32))


def _shared(name: str) -> tuple[Any, Any]:
    """Source and signature of a shared routine."""
    from fastnn.backends.numba_jit import product
    from fastnn.backends.numba_jit.jit import REALS

    return product.multiply_block, product.block_signature(REALS[name[-4:]])


def _routine(name: str) -> tuple[Any, Any]:
    """Source and signature of the run loop, or a helper's part in it."""
    from fastnn.backends.numba_jit import run

    return getattr(run, name), run.SIGNATURES[name]
