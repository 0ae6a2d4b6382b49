"""``PyDataset``: data that a class of the user's makes batch by batch."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from fastnn import arguments, checks


class PyDataset:
    """Base class of data that is made or read batch by batch.

    A subclass defines ``__len__``, the number of batches, and ``__getitem__(index)``, which returns
    one batch: ``(x, y)`` or ``(x, y, sample_weight)``, or only x for ``predict``. Instead of
    ``__len__`` it may define the property ``num_batches``, which is None for data without an end.

    Parameters
    ----------
    workers : threads that make batches ahead when it is 2 or more (``__getitem__`` is then called
        from several of them at once); 0 or 1 (default): the thread that called ``fit`` makes them,
        one after the other.
    use_multiprocessing : True warns: batches are made by threads here, never by processes.
    max_queue_size : how many batches may be made ahead, at least ``workers``; default 10.

    Raises
    ------
    ArgumentError : for other values than Keras takes.

    Examples
    --------
    >>> import numpy as np
    >>> import fastnn
    >>> class Squares(fastnn.utils.PyDataset):
    ...     def __len__(self):
    ...         return 5
    ...     def __getitem__(self, index):
    ...         x = np.linspace(index, index + 1, 8)[:, None]
    ...         return x, x**2
    >>> model = fastnn.Sequential([fastnn.Input((1,)), fastnn.layers.Dense(1)], seed=1)
    >>> model.compile("adam", "mse")
    >>> history = model.fit(Squares(), epochs=2, validation_data=Squares(), verbose=0)
    >>> sorted(history.history)
    ['loss', 'val_loss']
    >>> model.predict(Squares(), verbose=0).shape
    (40, 1)

    Notes
    -----
    ``fit`` visits the batches in a new random order in each epoch (``shuffle=False``: in order),
    drawn from the model's seed; Keras draws it from Python's ``random``. Several batches may be
    asked for before the first of them is trained on. The order of the batches, and so the result,
    does not depend on ``workers``.
    """

    def __init__(
        self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10
    ) -> None:
        self.workers: int = arguments.integer("PyDataset", "workers", workers, 0)
        self.use_multiprocessing: bool = arguments.flag(
            "PyDataset", "use_multiprocessing", use_multiprocessing
        )
        if self.use_multiprocessing:
            checks.warn(
                "PyDataset: use_multiprocessing=True has no effect, since fastnn makes batches in "
                f"threads (workers={workers}), not in processes. Leave it out."
            )
        self.max_queue_size: int = arguments.integer(
            "PyDataset", "max_queue_size", max_queue_size, 0
        )

    def __getitem__(self, index: int) -> Any:
        """The batch of a number, from 0."""
        raise NotImplementedError(
            f"{type(self).__name__} must define __getitem__(index), which returns one batch (x, y)."
        )

    def __iter__(self) -> Iterator[Any]:
        """The batches in order."""
        count = self.num_batches
        for index in itertools.count() if count is None else range(count):
            yield self[index]

    @property
    def num_batches(self) -> int | None:
        """The number of batches; None: there is no end."""
        if hasattr(self, "__len__"):
            return len(self)
        raise NotImplementedError(
            f"{type(self).__name__} must define __len__(), or the property num_batches: the number "
            "of batches."
        )

    def on_epoch_begin(self) -> None:
        """Called before each epoch."""

    def on_epoch_end(self) -> None:
        """Called after each epoch, for example to shuffle."""
