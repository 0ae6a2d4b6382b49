"""Sparse matrices, tensors of other libraries and memory-mapped arrays as x and y: the same bits as
arrays, never whole in memory, and none of those libraries is imported for it. SciPy and
JAX themselves are used in ``test_keras_data.py``.
"""

from __future__ import annotations

import subprocess
import sys
import textwrap
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fastnn.errors import ArgumentError, DataError, ShapeError
from fastnn.training.data import STAGING_BYTES
from tests.support.networks import network, same_weights

Array = np.ndarray[Any, Any]
rng = np.random.default_rng(5)
X = rng.integers(0, 3, (60, 3)).astype(np.float32)
Y = rng.standard_normal((60, 1)).astype(np.float32)
MB = 1 << 20


class Sparse:
    """A matrix with the methods of SciPy's that fastnn uses; notes how many rows were made dense
    at once.
    """

    largest = 0

    def __init__(self, array: Array) -> None:
        self._array = array
        self.shape, self.dtype = array.shape, array.dtype
        self.nnz = np.count_nonzero(array)

    def tocsr(self) -> Sparse:
        return self

    def __getitem__(self, rows: Any) -> Sparse:
        return Sparse(self._array[rows])

    def toarray(self) -> Array:
        Sparse.largest = max(Sparse.largest, len(self._array))
        return self._array.copy()


class Tensor:
    """A tensor as PyTorch's: shares memory through ``__array__``, except while gradients are on."""

    def __init__(self, array: Array, requires_grad: bool = False) -> None:
        self.array, self.requires_grad = array, requires_grad

    def detach(self) -> Tensor:
        return Tensor(self.array)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
        if self.requires_grad:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad.")
        return self.array


class OnlyDlpack:
    """An array that knows nothing of NumPy."""

    def __init__(self, array: Array) -> None:
        self._array = array

    def __dlpack__(self, **arguments: Any) -> Any:
        return self._array.__dlpack__()

    def __dlpack_device__(self) -> Any:
        return self._array.__dlpack_device__()


class Elsewhere:
    """A tensor on a GPU."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
        raise TypeError("can't convert cuda:0 device type tensor to numpy")


@pytest.mark.parametrize("dtype", ["f4", "f8", "i8", "?", "u2"])
def test_sparse_rows_are_those_of_the_array(backend: str, dtype: str) -> None:
    x = X.astype(dtype)
    one, other = network(backend), network(backend)
    expected = one.fit(x, Y, 7, 3, 0, validation_split=0.2).history
    assert other.fit(Sparse(x), Y, 7, 3, 0, validation_split=0.2).history == expected
    assert same_weights(one, other)
    assert other.evaluate(Sparse(x), Y, verbose=0) == one.evaluate(x, Y, verbose=0)
    for steps in (None, 2):
        np.testing.assert_array_equal(
            other.predict(Sparse(x), 9, 0, steps), one.predict(x, 9, 0, steps)
        )
    assert other.train_on_batch(Sparse(x), Y) == one.train_on_batch(x, Y)
    one.fit(iter([(x, Y)]), verbose=0)
    other.fit(iter([(Sparse(x), Y)]), verbose=0)
    assert same_weights(one, other)


def test_a_sparse_matrix_is_never_dense_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fastnn.training.data.STAGING_BYTES", 20 * 12)
    Sparse.largest = 0
    model = network()
    model.fit(Sparse(X), Y, 4, 2, 0, validation_data=(Sparse(X), Y))
    model.predict(Sparse(X), 4, verbose=0)
    assert 0 < Sparse.largest <= 1024
    model.fit(Sparse(X), Y, 4, verbose=0)
    Sparse.largest = 0
    model.fit(Sparse(X), Y, 4, 2, 0)
    assert 0 < Sparse.largest <= 20


def test_bad_rows_of_a_sparse_matrix_are_named() -> None:
    x = X.copy()
    x[41, 2] = np.nan
    with pytest.raises(DataError, match=r"^x, row 41 contains NaN"):
        network().fit(Sparse(x), Y, verbose=0)
    with pytest.raises(DataError, match=r"^x, row 41 contains NaN"):
        network().predict(Sparse(x), verbose=0)
    with pytest.raises(
        ShapeError, match=r"expects inputs of shape \(batch, 3\), received \(60, 2\)"
    ):
        network().fit(Sparse(x[:, :2]), Y, verbose=0)
    with pytest.raises(ArgumentError, match=r"y is a sparse matrix.*y\.toarray\(\)"):
        network().fit(X, Sparse(Y), verbose=0)
    with pytest.raises(DataError, match="x is a sparse matrix of dtype complex"):
        network().fit(Sparse(X.astype(complex)), Y, verbose=0)


@pytest.mark.parametrize("made", [Tensor, OnlyDlpack, lambda a: Tensor(a, requires_grad=True)])
def test_tensors_share_their_memory(backend: str, made: Any) -> None:
    one, other = network(backend), network(backend)
    one.fit(X, Y, verbose=0)
    other.fit(made(X), made(Y), sample_weight=made(np.ones(60, np.float32)), verbose=0)
    np.testing.assert_allclose(one.get_weights()[0], other.get_weights()[0], rtol=1e-6)
    np.testing.assert_array_equal(one.predict(X, verbose=0), one.predict(made(X), verbose=0))
    np.testing.assert_array_equal(one(X), one(made(X)))
    big = np.zeros((2 * STAGING_BYTES // 4 // 3, 3), np.float32)
    tracemalloc.start()
    one.evaluate(made(big), made(big[:, :1]), 4096, verbose=0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * MB


def test_a_tensor_that_cannot_be_read_says_what_to_do() -> None:
    with pytest.raises(DataError, match=r"x is a Elsewhere that cannot .* cuda:0 .*\.cpu\(\)"):
        network().predict(Elsewhere(), verbose=0)


@pytest.mark.parametrize(("dtype", "how"), [("f4", "npy"), ("f4", "memmap"), (">f8", "npy")])
def test_memory_mapped_arrays_stay_memory_mapped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dtype: str, how: str
) -> None:
    monkeypatch.setattr("fastnn.training.data.STAGING_BYTES", MB)
    rows, file = 60_000, tmp_path / "x.npy"
    array = rng.integers(-1, 2, (rows, 60)).astype(dtype)  # 14 MB as float32
    y = rng.standard_normal((rows, 1)).astype(np.float32)
    if how == "npy":
        np.save(file, array)
        x = np.load(file, mmap_mode="r")
    else:
        array.tofile(file)
        x = np.memmap(file, dtype, "r", shape=array.shape)
    one, other = network(inputs=60), network(inputs=60)
    for model, data in ((one, array), (other, x)):
        tracemalloc.start()
        model.fit(data, y, 1000, 2, 0, validation_split=0.1)
        model.evaluate(data, y, 1000, verbose=0)
        model.predict(data, 1000, verbose=0)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        # a staged window as it is read, as it is converted, and the one before it
        staged = 0 if dtype == "f4" else MB * (8 + array.itemsize) // 4
        assert peak < 3 * MB + staged, model
    assert same_weights(one, other)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux counts private memory")
@pytest.mark.parametrize("dtype", ["f4", ">f4"])
def test_a_map_larger_than_the_memory_allowed(tmp_path: Path, dtype: str) -> None:
    """A process that may have 96 MB more trains on 400 MB. Control: it cannot copy them."""
    program = """
        import resource, sys
        import numpy as np, fastnn
        rows, columns = 100_000, 1000
        x = np.memmap(sys.argv[1], sys.argv[2], "r", shape=(rows, columns))
        y = np.zeros((rows, 1), np.float32)
        model = fastnn.Sequential([fastnn.Input((columns,)), fastnn.layers.Dense(1)])
        model.compile("sgd", "mse")
        model.fit(x[:2048], y[:2048], batch_size=512, verbose=0)
        words = dict(line.split(":") for line in open("/proc/self/status"))
        now = int(words["VmData"].split()[0]) * 1024
        resource.setrlimit(resource.RLIMIT_DATA, (now + (96 << 20), -1))
        history = model.fit(x, y, batch_size=512, validation_split=0.25, verbose=0)
        model.evaluate(x, y, batch_size=512, verbose=0)
        assert model.predict(x, batch_size=512, verbose=0).shape == (rows, 1)
        try:
            np.array(x)
        except MemoryError:
            print("mapped", history.history["val_loss"][0])
    """
    file = tmp_path / "x.raw"
    with open(file, "wb") as stream:
        stream.truncate(100_000 * 1000 * 4)  # zeros that take no space on the disk
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(file), dtype],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["mapped", "0.0"]


class Loader:
    """What a DataLoader of PyTorch is: a length, and lists of tensors, pass after pass."""

    def __init__(self, *arrays: Array) -> None:
        self._arrays = arrays
        self.passes = 0

    def __len__(self) -> int:
        return -(-len(self._arrays[0]) // 7)

    def __iter__(self) -> Iterator[list[Tensor]]:
        self.passes += 1
        for start in range(0, len(self._arrays[0]), 7):
            yield [Tensor(array[start : start + 7]) for array in self._arrays]


@pytest.mark.parametrize("arrays", [(X, Y), (X, Y, np.ones(60, np.float32))], ids=["xy", "xyw"])
def test_what_a_dataloader_gives_trains(backend: str, arrays: tuple[Array, ...]) -> None:
    """PyTorch's own is in ``test_other_libraries.py``."""
    one, other, loader = network(backend), network(backend), Loader(*arrays)
    expected = one.fit(X, Y, 7, 3, 0, shuffle=False, validation_data=(X, Y)).history
    found = other.fit(loader, epochs=3, verbose=0, validation_data=Loader(X, Y)).history
    for key in expected:
        np.testing.assert_allclose(found[key], expected[key], rtol=1e-6)
    assert loader.passes == 3
    np.testing.assert_allclose(
        other.evaluate(loader, verbose=0), one.evaluate(X, Y, 7, verbose=0), rtol=1e-6
    )
    np.testing.assert_allclose(
        other.predict(loader, verbose=0), one.predict(X, verbose=0), rtol=1e-5, atol=1e-6
    )


def test_nothing_heavy_is_imported_to_recognise_data() -> None:
    program = (
        "import sys, numpy, fastnn\n"
        "m = fastnn.Sequential([fastnn.Input((3,)), fastnn.layers.Dense(1)])\n"
        "m.compile('sgd', 'mse')\n"
        "x, y = numpy.ones((4, 3)), numpy.ones(4)\n"
        "m.fit(x, y, verbose=0)\n"
        "m.fit(iter([(x, y)]), verbose=0)\n"
        "heavy = {'pandas', 'scipy', 'torch', 'jax', 'tensorflow', 'multiprocessing'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
