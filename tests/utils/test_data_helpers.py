"""``normalize``, ``split_dataset``, ``encode_labels`` and the class ``PyDataset`` by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fastnn.errors import ArgumentError, DataError, ShapeError
from fastnn.utils import (
    PyDataset,
    Sequence,
    encode_labels,
    normalize,
    set_random_seed,
    split_dataset,
)

rng = np.random.default_rng(0)


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
@pytest.mark.parametrize("order", [1, 2, np.inf])
def test_normalize_makes_norms_one(axis: int, order: float) -> None:
    x = rng.standard_normal((4, 5, 6))
    x[1] = 0
    found = normalize(x, axis, order)
    norms = np.linalg.norm(found, order, axis)
    zero = (x == 0).all(axis=axis)
    np.testing.assert_allclose(norms[~zero], 1.0)
    np.testing.assert_array_equal(norms[zero], 0.0)
    assert normalize(x.astype("f4"), axis, order).dtype == np.float32


@pytest.mark.parametrize(
    ("left", "right", "sizes"),
    [
        (0.8, None, (8, 2)),
        (None, 0.25, (8, 2)),
        (7, None, (7, 3)),
        (None, 1, (9, 1)),
        (0.5, 0.3, (5, 3)),
        (2, 3, (2, 3)),
        (np.int64(4), 0.6, (4, 6)),
    ],
)
def test_split_dataset_sizes(left: Any, right: Any, sizes: tuple[int, int]) -> None:
    """The rows of Keras 3.15 on TensorFlow: the beginning and the end."""
    data = np.arange(10)
    a, b = split_dataset(data, left, right)
    assert (len(a), len(b)) == sizes
    assert a.tolist() == list(range(sizes[0]))
    assert b.tolist() == list(range(10 - sizes[1], 10))
    assert a.base is data


def test_split_dataset_forms(tmp_path: Path) -> None:
    x, y = rng.standard_normal((10, 2)), list(range(10))
    frame = pd.DataFrame(x, index=range(5, 15), columns=["a", "b"])
    for shuffle in (False, True):
        (xa, ya), (xb, yb) = split_dataset([x, y], 0.7, shuffle=shuffle, seed=3)
        assert sorted([*ya, *yb]) == y
        np.testing.assert_array_equal(np.concatenate([xa, xb]), x[[*ya, *yb]])
        left, right = split_dataset({"x": frame, "y": np.array(y)}, 0.7, shuffle=shuffle, seed=3)
        assert list(left["x"].columns) == ["a", "b"]
        np.testing.assert_array_equal(left["x"].to_numpy(), xa)
        np.testing.assert_array_equal(right["y"], yb)
    np.save(tmp_path / "x.npy", x)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert all(isinstance(part, np.memmap) for part in split_dataset(mapped, 4))


def test_split_dataset_shuffles_by_seed() -> None:
    data = np.arange(100)
    first, again, other = (split_dataset(data, 0.5, shuffle=True, seed=s)[0] for s in (1, 1, 2))
    assert first.tolist() == again.tolist() != other.tolist()
    orders = []
    for _ in range(2):
        set_random_seed(5)
        orders.append(split_dataset(data, 0.5, shuffle=True)[0].tolist())
    assert orders[0] == orders[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "neither left_size nor right_size"),
        ({"left_size": 10}, "parts of 10 and 0 rows"),
        ({"left_size": 6, "right_size": 5}, "parts of 6 and 5 rows"),
        ({"left_size": 0.01}, "parts of 0 and 10 rows"),
        ({"left_size": 1.5}, r"left_size=1.5, expected a number in \(0, 1\)"),
        ({"right_size": 0}, "right_size=0, expected a positive integer"),
        ({"left_size": 5, "preferred_backend": "torch"}, "preferred_backend='torch'"),
    ],
)
def test_split_dataset_refuses(arguments: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        split_dataset(np.arange(10), **arguments)


def test_split_dataset_refuses_data() -> None:
    with pytest.raises(ShapeError, match="item 0 has 3, item 1 has 2"):
        split_dataset(([1, 2, 3], [1, 2]), 1)
    with pytest.raises(ArgumentError, match="dataset is a generator"):
        split_dataset((i for i in range(3)), 1)


@pytest.mark.parametrize(
    "labels",
    [
        ["b", "a", "c", "a"],
        np.array(["b", "a", "c", "a"]),
        np.array(["b", "a", "c", "a"], object)[:, None],
        pd.Series(["b", "a", "c", "a"]),
        pd.Series(["b", "a", "c", "a"], dtype="category"),
        pd.DataFrame({"label": ["b", "a", "c", "a"]}),
    ],
)
def test_encode_labels(labels: Any) -> None:
    numbers, classes = encode_labels(labels)
    assert numbers.dtype == np.int64
    assert numbers.tolist() == [1, 0, 2, 0]
    assert classes.tolist() == ["a", "b", "c"]
    assert encode_labels(labels, ["c", "b", "a"])[0].tolist() == [1, 2, 0, 2]


def test_encode_labels_refuses() -> None:
    with pytest.raises(DataError, match=r"row 1: 'x' is not among the classes 'a', 'b'"):
        encode_labels(["a", "x"], ["a", "b"])
    for missing in (None, float("nan")):
        with pytest.raises(DataError, match=r"row 1 is (None|nan), which is no class"):
            encode_labels(["a", missing, "b"])
    with pytest.raises(DataError, match="types int, str, which have no common order"):
        encode_labels(pd.Series(["a", 1]))
    with pytest.raises(ShapeError, match=r"shape \(1, 2\)"):
        encode_labels([["a", "b"]])


def test_py_dataset() -> None:
    class Three(PyDataset):
        def __len__(self) -> int:
            return 3

        def __getitem__(self, index: int) -> Any:
            return index * 10

    assert Sequence is PyDataset
    assert list(Three()) == [0, 10, 20]
    assert Three().num_batches == 3
    with pytest.warns(UserWarning, match="use_multiprocessing=True has no effect") as caught:
        data = Three(workers=4, use_multiprocessing=True, max_queue_size=3)
    assert caught[0].filename == __file__
    assert (data.workers, data.use_multiprocessing, data.max_queue_size) == (4, True, 3)
    with pytest.raises(ArgumentError, match="workers=-1"):
        PyDataset(workers=-1)
    with pytest.raises(NotImplementedError, match="must define __len__"):
        PyDataset().num_batches  # noqa: B018
    with pytest.raises(NotImplementedError, match="must define __getitem__"):
        PyDataset()[0]
