"""Measures the compiled kernels for the tables in ``kernels/README.md``: speed of a few kernels per
CPU level, and the largest error of the elementary functions in units in the last place. Not here:
whether they are right at all (the parity suite), and whole models (``bench/``).

Run it on a quiet machine: ``python kernels/tests/measure.py`` and ``… measure.py --ulp``.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.backends.c_cffi import levels

Array = NDArray[Any]
SEGMENTS = 64
FIRST_FREE = 7
REPEATS = 40
SUFFIX = {"float32": "_f32", "float64": "_f64"}


# NumPy has neither; their own error, up to 1 ulp of a double, counts in float64
erf, erfc = np.frompyfunc(math.erf, 1, 1), np.frompyfunc(math.erfc, 1, 1)


class Kernels:
    """One level's module, with records made for single kernels."""

    def __init__(self, level: str) -> None:
        self.level = level
        module = levels.load(level)
        self.ffi, self.lib = module.ffi, module.lib
        names = [self.ffi.string(self.lib.kernel_name(i)) for i in range(self.lib.kernel_count())]
        self.ids = {name.decode(): i for i, name in enumerate(names)}

    def prepare(
        self,
        name: str,
        operands: Sequence[Array],
        integers: Sequence[int] = (),
        reals: Sequence[float] = (),
        extent: int | None = None,
    ) -> Callable[[], None]:
        """A call of one kernel over its whole extent (the rows of the first operand)."""
        fixed = [np.ones(16), np.array([*reals, 0.0]), np.zeros(8, np.int64)]
        record = [0, self.ids[name], 0, 0, 1, 1, 0, len(operands)]
        for number, array in enumerate(operands):
            record += [FIRST_FREE + number, 0, *(array.shape[0], 0, array.shape[1]), array.shape[1]]
        words = np.array([*record, *integers], np.int64)
        segments = self.ffi.new("char *[]", SEGMENTS)
        keep = [self.ffi.from_buffer("char[]", a) for a in (*fixed, *operands)]
        for number, pointer in enumerate(keep):
            segments[number if number < len(fixed) else FIRST_FREE + number - len(fixed)] = pointer
        pointer = self.ffi.from_buffer("int64_t[]", words)
        rows = operands[0].shape[0] if extent is None else extent
        run, number = self.lib.run_kernel, self.ids[name]

        def call(keep: object = (fixed, keep, words)) -> None:
            run(number, pointer, segments, 0, rows)

        return call


def seconds(call: Callable[[], None]) -> float:
    """The fastest of some calls: what the machine can do, other programs left out."""
    call()
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def speed(kernels: Kernels, dtype: str) -> list[str]:
    """One line per kernel: GFLOP/s of the products, nanoseconds per element of the others."""
    rng, suffix, lines = np.random.default_rng(0), SUFFIX[dtype], []

    def random(*shape: int) -> Array:
        return rng.random(shape).astype(dtype)

    for n, n_in, n_out in ((128, 784, 512), (128, 512, 512), (32, 784, 128), (10, 8, 32)):
        x, w, b, z = random(n, n_in), random(n_in, n_out), random(1, n_out), random(n, n_out)
        calls = {
            "dense_activation_forward": ([z, x, w, b], [1, 1]),
            "dense_dx": ([x, z, w], []),
            "dense_dw": ([w, x, z], []),
        }
        for name, (operands, integers) in calls.items():
            taken = seconds(kernels.prepare(name + suffix, operands, integers))
            rate = 2 * n * n_in * n_out / taken / 1e9
            lines.append(f"{name:28} {n:4} x {n_in:4} x {n_out:4}  {rate:7.1f} GFLOP/s")
    y, x = random(128, 512), random(128, 512)
    for name, label, integers, reals in (
        ("activation_forward", "sigmoid", [2], []),
        ("activation_forward", "tanh", [3], []),
        ("softmax_forward", "", [], []),
        ("dropout", "", [1, 2, 3, 1], [0.5]),
    ):
        taken = seconds(kernels.prepare(name + suffix, [y, x], integers, reals))
        lines.append(f"{name + ' ' + label:28} 128 x 512         {taken / y.size * 1e9:7.2f} ns")
    n, k = 192, 768
    x, y, moments, factor = random(n, k), random(n, k), random(n, 2), random(1, k)
    factors = [factor, random(1, k)]
    for name, operands, integers, reals, extent in (
        ("layer_norm_forward", [y, x, *factors], [1, 1, 1], [1e-3], n),
        ("row_moments", [moments, x], [1], [1e-3], n),
        ("layer_norm_backward", [y, x, x, moments, factor], [1, 1], [], n),
        ("layer_norm_dgamma", [factor, x, x, moments], [], [], k),
        ("batch_variance", [factor, x], [], [], k),
        ("batch_norm_forward", [y, x, *factors, *factors], [1, 1], [1e-3], n),
        ("batch_norm_backward", [y, x, x, *factors, *factors, factor], [1], [1e-3], n),
        ("batch_norm_dgamma", [factor, x, x, *factors], [], [1e-3], k),
        ("random_normal", [y], [1, 2, 3], [], n),
    ):
        taken = seconds(kernels.prepare(name + suffix, operands, integers, reals, extent))
        lines.append(f"{name:28} {n} x {k}         {taken / x.size * 1e9:7.2f} ns")
    count = 400_000
    for name, slots, reals in (("sgd_step", 2, [0.0]), ("adam_step", 4, [0.0, 0.9, 0.999, 1e-7])):
        arrays = [random(1, count) for _ in range(slots)]
        taken = seconds(kernels.prepare(name + suffix, arrays, (), reals, count))
        lines.append(f"{name:28} {count} elements   {taken / count * 1e9:7.2f} ns")
    return lines


def ulps(kernels: Kernels, dtype: str) -> list[str]:
    """Largest error against extended (float32: double) precision, in units in the last place."""
    exact = np.float64 if dtype == "float32" else np.longdouble
    functions: dict[str, tuple[str, int, float, Callable[[Array], Array]]] = {
        "exp": ("unary", 2, 87.0 if dtype == "float32" else 708.0, np.exp),
        "sigmoid": ("activation_forward", 2, 80.0, lambda v: 1 / (1 + np.exp(-v))),
        "tanh": ("activation_forward", 3, 12.0, np.tanh),
        "log": ("unary", 3, 1e38 if dtype == "float32" else 8e307, np.log),
        "log1p": ("unary", 8, 1e38 if dtype == "float32" else 8e307, np.log1p),
        "expm1": ("unary", 9, 87.0 if dtype == "float32" else 708.0, np.expm1),
        "erf": ("unary", 26, 6.0, erf),
        "erfc": ("unary", 27, 9.0 if dtype == "float32" else 26.0, erfc),
    }
    lines, rng = [], np.random.default_rng(0)
    for label, (name, code, bound, function) in functions.items():
        depth = math.log10(bound) + 8.0
        small = bound * 10.0 ** rng.uniform(-depth, 0, 2_000_000) * rng.choice([-1, 1], 2_000_000)
        x = np.concatenate([rng.uniform(-bound, bound, 2_000_000), small]).astype(dtype)[None]
        y = np.empty_like(x)
        kernels.prepare(name + SUFFIX[dtype], [y, x], [code])()
        with np.errstate(all="ignore"):
            truth = function(x.astype(exact)).astype(exact)
        unit = np.spacing(np.abs(truth).astype(dtype)).astype(exact)
        error = np.abs(y.astype(exact) - truth) / unit
        error[~np.isfinite(error)] = 0  # a logarithm of negative numbers
        worst = int(error.argmax())
        lines.append(f"{label:10} {float(error.max()):5.2f} ulp at {float(x[0, worst])!r}")
    return lines


def main() -> None:
    """Print the tables for every level that this CPU has."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ulp", action="store_true", help="errors instead of speed")
    arguments = parser.parse_args()
    for level in levels.supported_levels():
        for dtype in SUFFIX:
            print(f"{level} {dtype}")
            for line in (ulps if arguments.ulp else speed)(Kernels(level), dtype):
                print("  " + line)


if __name__ == "__main__":
    main()
