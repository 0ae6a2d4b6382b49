"""Arrays cut into two parts, for training and validation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fastnn import arguments, checks
from fastnn.errors import ArgumentError
from fastnn.random import check_seed, make_generator

Size = int | float | None


def split_dataset(
    dataset: Any,
    left_size: Size = None,
    right_size: Size = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Any, Any]:
    """Cut data into a left and a right part.

    Parameters
    ----------
    dataset : an array, a DataFrame, a sparse matrix, or a tuple, list or dict of them with equally
        many rows.
    left_size, right_size : how many rows each part gets, as a number of rows or a share in (0, 1);
        one of them may be left out, then that part gets the rest.
    shuffle : whether rows are put into a random order first; otherwise the left part is the
        beginning, the right part the end.
    seed : seed of the order, by default that of ``set_random_seed`` or a new one.
    preferred_backend : None; fastnn has one kind of data.

    Returns
    -------
    two values of the form of ``dataset``. Without ``shuffle``, arrays share memory with the data
    (memory-mapped arrays stay so).

    Raises
    ------
    ArgumentError, ShapeError : naming sizes that do not fit the data.

    Examples
    --------
    >>> import numpy as np
    >>> x, y = np.arange(10.0)[:, None], np.arange(10)
    >>> train, test = split_dataset((x, y), left_size=0.8)
    >>> train[0].shape, test[1]
    ((8, 1), array([8, 9]))
    >>> left, right = split_dataset(y, right_size=3, shuffle=True, seed=1)
    >>> len(left), sorted([*left, *right]) == list(range(10))
    (7, True)

    Notes
    -----
    Differs from Keras: parts have the form of the data (``model.fit(*train,
    validation_data=test)``), where Keras makes datasets of TensorFlow or PyTorch; Python's
    ``random`` is not seeded.
    """
    arguments.unsupported("split_dataset", {"preferred_backend": (preferred_backend, None)})
    parts = _parts(dataset)
    rows = checks.same_rows([(name, _length(part)) for name, part in parts])
    left, right = _sizes(left_size, right_size, rows)
    if arguments.flag("split_dataset", "shuffle", shuffle):
        order = _generator(seed).permutation(rows)
        chosen: tuple[Any, Any] = (order[:left], order[rows - right :])
    else:
        chosen = (slice(0, left), slice(rows - right, rows))
    return _mapped(dataset, lambda a: _take(a, chosen[0])), _mapped(
        dataset, lambda a: _take(a, chosen[1])
    )


def _parts(dataset: Any) -> list[tuple[str, Any]]:
    """The arrays of the data, by name."""
    if isinstance(dataset, Mapping):
        found = [(repr(name), part) for name, part in dataset.items()]
    elif isinstance(dataset, (tuple, list)) and dataset and _length(dataset[0]) >= 0:
        found = [(f"item {number}", part) for number, part in enumerate(dataset)]
    else:
        found = [("dataset", dataset)]
    for name, part in found:
        if _length(part) < 0:
            raise ArgumentError(
                f"split_dataset: {name} is a {type(part).__name__}, expected arrays, or a tuple or "
                "dict of them. Collect what is iterated into an array first."
            )
    if not found:
        raise ArgumentError("split_dataset: received no arrays. Pass at least one.")
    return found


def _length(part: Any) -> int:
    """The number of rows, or -1 for what has none."""
    shape = getattr(part, "shape", None)
    if shape is not None and len(shape):
        return int(shape[0])
    return len(part) if isinstance(part, (list, tuple)) else -1


def _mapped(dataset: Any, function: Callable[[Any], Any]) -> Any:
    """The data with a function applied to each array."""
    if isinstance(dataset, Mapping):
        return {name: function(part) for name, part in dataset.items()}
    if isinstance(dataset, (tuple, list)) and dataset and _length(dataset[0]) >= 0:
        return tuple(function(part) for part in dataset)
    return function(dataset)


def _take(part: Any, rows: Any) -> Any:
    """Some rows of one array."""
    if hasattr(part, "iloc"):  # a DataFrame or Series: rows by position
        return part.iloc[rows]
    if isinstance(part, (list, tuple)):
        part = np.asarray(part)
    return part.tocsr()[rows] if hasattr(part, "tocsr") else part[rows]


def _generator(seed: int | None) -> np.random.Generator:
    return make_generator(None if seed is None else check_seed(seed, "split_dataset"))


def _sizes(left: Size, right: Size, rows: int) -> tuple[int, int]:
    """The rows of both parts."""
    if left is None and right is None:
        raise ArgumentError(
            "split_dataset: received neither left_size nor right_size. Pass one of them, such as "
            "left_size=0.8."
        )
    counts = [_count(name, size, rows) for name, size in (("left", left), ("right", right))]
    first = rows - counts[1] if counts[0] is None and counts[1] is not None else counts[0]
    assert first is not None  # one of the two was given
    second = rows - first if counts[1] is None else counts[1]
    if first + second > rows or min(first, second) < 1:
        raise ArgumentError(
            f"split_dataset: received left_size={left}, right_size={right} for {rows} rows, which "
            f"makes parts of {first} and {second} rows. Both need at least one row, and together "
            f"at most {rows}: pass other sizes."
        )
    return first, second


def _count(side: str, size: Size, rows: int) -> int | None:
    """A size as a number of rows."""
    if size is None:
        return None
    if isinstance(size, (float, np.floating)):
        return round(arguments.number("split_dataset", f"{side}_size", size, "(0, 1)") * rows)
    return arguments.integer("split_dataset", f"{side}_size", size, 1)
