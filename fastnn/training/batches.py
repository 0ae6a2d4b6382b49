"""Data that comes batch by batch: generators, ``PyDataset``, a torch DataLoader, any iterable of
(x, y) or (x, y, sample_weight).

Every batch is checked as arrays are. Several are then copied beside each other, so that one native
call trains on all of them; how many is bounded by bytes, by time (a slow generator must not keep
training waiting) and by the steps of the epoch: no batch is asked for that is not used.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fastnn import checks
from fastnn.errors import ArgumentError, DataError, ShapeError
from fastnn.training import data
from fastnn.training.data import Feed, Source
from fastnn.training.inputs import Arrays, samples, validation_arrays
from fastnn.training.sparse import SparseRows, is_sparse
from fastnn.training.workers import made_ahead

Array = np.ndarray[Any, Any]

# Seconds after which an epoch of unknown length is taken for one without an end
ENDLESS_SECONDS = 30.0
# What is gathered for one native call: bytes, batches, and seconds of waiting for the next batch
BLOCK_BYTES = 2 << 20
BLOCK_BATCHES = 1024
BLOCK_SECONDS = 0.02


def gives_batches(x: Any) -> bool:
    """Whether a value is iterated for batches, rather than being an array of all samples."""
    if isinstance(x, (np.ndarray, Mapping, str, bytes, set, frozenset)) or is_sparse(x):
        return False
    if is_dataset(x) or hasattr(x, "__next__"):
        return True
    like_array = any(hasattr(x, name) for name in ("__array__", "to_numpy", "__dlpack__"))
    return hasattr(x, "__iter__") and not like_array and not isinstance(x, Sequence)


def is_dataset(x: Any) -> bool:
    """Whether a value is a ``PyDataset``, fastnn's or one that behaves like it."""
    return not isinstance(x, type) and hasattr(x, "__getitem__") and hasattr(x, "on_epoch_end")


@dataclass
class Block:
    """Batches beside each other, for one native call.

    Attributes
    ----------
    arrays : their rows.
    sizes : rows of each batch.
    first : number of the first batch in this pass over the data, from 0.
    """

    arrays: Arrays
    sizes: list[int]
    first: int

    def feed(self, dtype: str, check_finite: bool) -> Feed:
        """What a run with targets borrows."""
        return BlockFeed(self, self.arrays.feed(dtype, check_finite).sources, check_finite)

    def feed_of_x(self, dtype: str, check_finite: bool) -> Feed:
        """What a prediction borrows."""
        return BlockFeed(self, [Source.of("x", self.arrays.x, dtype)], check_finite)


class BlockFeed(data.Feed):
    """The feed of a block, which names bad rows by batch."""

    def __init__(self, block: Block, sources: Sequence[Source], check_finite: bool) -> None:
        super().__init__(sources, check_finite=check_finite)
        self._block = block
        self._ends = np.cumsum(block.sizes)

    def place(
        self, binding: int, row: int, permutation: Array | None, base: int
    ) -> tuple[str, int, Any]:
        """The batch, and the row within it."""
        _, row, column = super().place(binding, row, permutation, base)
        batch = int(np.searchsorted(self._ends, row, side="right"))
        start = int(self._ends[batch]) - self._block.sizes[batch]
        prefix = f"{self._block.arrays.prefix}batch {self._block.first + batch + 1}: "
        return prefix + ("x", "y", "sample_weight")[binding], row - start, column


class Stream:
    """The batches of an iterable, pass after pass.

    Parameters
    ----------
    model : whose data it is.
    source : a generator, a dataset with ``__getitem__``, or an iterable that can be passed over
        again.
    where : the method, for messages.
    prefix : ``"validation_data: "`` or nothing, for messages.
    targets : whether batches have targets (not for ``predict``).
    shuffle : whether the batches of a dataset with a length come in a new order in every pass.
    class_weight : as in ``fit``.
    """

    def __init__(
        self,
        model: Any,
        source: Any,
        where: str,
        prefix: str = "",
        *,
        targets: bool = True,
        shuffle: bool = False,
        class_weight: Mapping[int, float] | None = None,
    ) -> None:
        self.model = model
        self.where = where
        self.prefix = prefix
        self.kind: str = type(source).__name__
        self.runs_once: bool = hasattr(source, "__next__")
        self._source = source
        self._targets = targets
        self._shuffle = shuffle
        self._class_weight = class_weight
        self._pass: Iterator[Any] | None = None
        self._waiting: Arrays | None = None  # checked, but not used yet
        self._number = 0  # batches taken in this pass
        self._begun = False  # whether the dataset knows that an epoch has begun
        self._form: tuple[tuple[int, ...], bool] | None = None
        self._buffers: list[Array] = []

    @property
    def batches(self) -> int | None:
        """The number of batches of a pass, or None if that is not known."""
        if is_dataset(self._source) and hasattr(type(self._source), "num_batches"):
            count = self._source.num_batches
            return None if count is None else int(count)
        try:
            return len(self._source)
        except TypeError:  # a generator; a loader of unknown length
            return None

    def first(self) -> Arrays:
        """The first batch, which tells the shapes; it is used all the same."""
        if not self.ready():
            cause = "Check that it is not used up already: a generator runs once."
            if not self.runs_once:
                cause = "Check that its length (__len__) is not 0, and that it holds data."
            raise DataError(f"{self.where}: {self.prefix}the {self.kind} gave no batches. {cause}")
        assert self._waiting is not None
        return self._waiting

    def ready(self) -> bool:
        """Whether there is a batch for the next epoch; begins a new pass if need be."""
        if self._waiting is None:
            self._tell("on_epoch_begin")
            self._waiting = self._take()
            if self._waiting is None and not (self.runs_once or self._pass is None):
                self._pass = None  # the last epoch ended where the pass did
                self._waiting = self._take()
        return self._waiting is not None

    def epoch(self, steps: int | None, at_once: int = BLOCK_BATCHES) -> Iterator[Block]:
        """The blocks of the next epoch: a whole pass, or ``steps`` batches from where the last
        epoch stopped.
        """
        done = 0
        self._tell("on_epoch_begin")
        patience = time.perf_counter() + ENDLESS_SECONDS if self._may_be_endless(steps) else None
        while steps is None or done < steps:
            block = self._gather(at_once if steps is None else min(at_once, steps - done))
            if block is None:
                break
            done += len(block.sizes)
            yield block
            if patience is not None and time.perf_counter() > patience:
                patience = None
                self._warn_of_no_end(done)
        if steps is None or done < steps or self._number == self.batches:
            self._pass = None
        if steps is not None and done < steps:
            checks.warn(
                f"{self.prefix}the data ran out after {done} batches; the epoch of {steps} steps "
                f"ends there. Let the {self.kind} give more batches, or ask for fewer steps."
            )
        self._begun = False
        self._tell("on_epoch_end")

    def _may_be_endless(self, steps: int | None) -> bool:
        """Whether nothing says where the epoch ends."""
        return steps is None and self.batches is None

    def _warn_of_no_end(self, done: int) -> None:
        steps = {"fit": "steps_per_epoch"}.get(self.where, "steps")
        if self.prefix:
            steps = "validation_steps"
        checks.warn(
            f"{self.where}: {self.prefix}the {self.kind} has no length and has given {done} "
            f"batches so far. If it has no end, neither has this epoch: pass {steps}."
        )

    def restart(self) -> None:
        """Begin again with the first batch, where the source can do that."""
        if not self.runs_once and self._number > (self._waiting is not None):
            self._pass = self._waiting = None

    def close(self) -> None:
        """Let go of a pass that nobody goes on with: threads may be making batches ahead."""
        if not self.runs_once and isinstance(self._pass, Generator):
            self._pass.close()

    # -- batches ----------------------------------------------------------------------------------

    def _tell(self, hook: str) -> None:
        """Call a hook of a dataset; that of the begin once per epoch."""
        if hook == "on_epoch_begin":
            if self._begun:
                return
            self._begun = True
        call = getattr(self._source, hook, None) if is_dataset(self._source) else None
        if call is not None:
            call()

    def _items(self) -> Iterator[Any]:
        """A new pass over the source."""
        source, count = self._source, self.batches
        if not is_dataset(source):
            yield from source
            return
        order: Iterable[int] = itertools.count() if count is None else range(count)
        if count is not None and self._shuffle:
            order = map(int, self.model.generator.permutation(count))
        workers = getattr(source, "workers", 1)
        if workers > 1:
            ahead = getattr(source, "max_queue_size", 0)
            yield from made_ahead(source.__getitem__, order, workers, ahead)
        else:
            yield from map(source.__getitem__, order)

    def _take(self) -> Arrays | None:
        """The next batch, checked, or None at the end of the pass."""
        if self._pass is None:
            self._pass = iter(self._source) if self.runs_once else self._items()
            self._number = 0
        for item in self._pass:
            self._number += 1
            return self._checked(item)
        return None

    def _checked(self, item: Any) -> Arrays:
        prefix = f"{self.prefix}batch {self._number}: "
        where = f"{self.where}: {prefix[:-2]}"
        x, y, weights = self._unpacked(item, where)
        if not self._targets:
            x = _dense(samples(self.model, x, f"{prefix}x"))
            return Arrays(x, np.empty((len(x), 0)), None, 0, self.prefix)
        found = Arrays.of(self.model, x, y, weights, where, prefix)
        found = found.with_class_weight(self._class_weight, self.model.dtype, where)
        if found.rows == 0:
            raise ShapeError(f"{where} has no rows. Leave empty batches out.")
        form = (found.target_shape, found.weights is not None)
        if self._form is None:
            self._form = form
        elif form != self._form:
            raise ShapeError(_changed(where, self._form, form))
        found.x, found.prefix = _dense(found.x), self.prefix
        return found

    def _unpacked(self, item: Any, where: str) -> tuple[Any, Any, Any]:
        """x, y and weights of what the source gave."""
        parts = item
        if isinstance(item, list) and (self._targets or all(map(_like_array, item))):
            parts = tuple(item)
        if not isinstance(parts, tuple):
            parts = (item,)
        if isinstance(item, Mapping) or not 1 <= len(parts) <= 3:
            shown = f"{len(parts)} items" if isinstance(item, (tuple, list)) else "a dict"
            raise ArgumentError(
                f"{where} is {shown}. Expected a tuple {self._expected()}: a Sequential model has "
                "one input and one output."
            )
        if self._targets and len(parts) == 1 and self.model.compiled.needs_targets:
            raise ArgumentError(
                f"{where} is a {type(item).__name__} without targets. Expected a tuple "
                f"{self._expected()}: yield both x and y."
            )
        x, y, weights = (*parts, None, None)[:3]
        return x, y, weights

    def _expected(self) -> str:
        return "(x, y) or (x, y, sample_weight)" if self._targets else "(x,), or x alone"

    # -- blocks -----------------------------------------------------------------------------------

    def _next(self) -> Arrays | None:
        """The batch that waits, or the next one."""
        found, self._waiting = self._waiting, None
        return found if found is not None else self._take()

    def _gather(self, limit: int) -> Block | None:
        """Up to ``limit`` batches beside each other; None at the end of the pass.

        A generator may fill the same array again and again: what it gave is copied before it goes
        on.
        """
        batch = self._next()
        if batch is None:
            return None
        first, sizes = self._number - 1, [batch.rows]
        room = self._room(batch)
        if limit == 1 or room < 2 * batch.rows:
            return Block(batch, sizes, first)
        patience = time.perf_counter() + BLOCK_SECONDS
        rows = self._keep(batch, 0, room)
        while len(sizes) < limit and time.perf_counter() < patience:
            self._waiting = self._next()
            if self._waiting is None or not self._fits(self._waiting, rows):
                break
            sizes.append(self._waiting.rows)
            rows, self._waiting = self._keep(self._waiting, rows, room), None
        parts = [buffer[:rows] for buffer in self._buffers]
        weights = parts[2] if len(parts) == 3 else None
        return Block(replace(batch, x=parts[0], y=parts[1], weights=weights), sizes, first)

    def _room(self, batch: Arrays) -> int:
        """Rows that a block of such batches may have."""
        width = sum(part.nbytes for part in _parts(batch)) // batch.rows if batch.rows else 0
        return BLOCK_BYTES // max(1, width)

    def _fits(self, batch: Arrays, rows: int) -> bool:
        """Whether a batch can be kept behind so many rows."""
        return all(
            buffer.dtype == part.dtype and len(buffer) >= rows + len(part)
            for buffer, part in zip(self._buffers, _parts(batch), strict=True)
        )

    def _keep(self, batch: Arrays, rows: int, room: int) -> int:
        """Copy a batch behind so many rows; returns how many there are then."""
        parts = _parts(batch)
        if not rows and not (len(self._buffers) == len(parts) and self._fits(batch, 0)):
            self._buffers = [np.empty((room, *part.shape[1:]), part.dtype) for part in parts]
        for buffer, part in zip(self._buffers, parts, strict=True):
            buffer[rows : rows + len(part)] = part
        return rows + batch.rows


def _parts(batch: Arrays) -> list[Array]:
    """The arrays of a batch."""
    return [batch.x, batch.y] + ([] if batch.weights is None else [batch.weights])


def _dense(x: Any) -> Array:
    return x.dense(slice(None)) if isinstance(x, SparseRows) else x


def _like_array(part: Any) -> bool:
    return any(hasattr(part, name) for name in ("shape", "__array__", "to_numpy"))


def _changed(
    where: str, before: tuple[tuple[int, ...], bool], now: tuple[tuple[int, ...], bool]
) -> str:
    """The message for a batch that is unlike the ones before it."""
    if before[0] != now[0]:
        shapes = [f"({', '.join(['batch', *map(str, shape)])})" for shape in (before[0], now[0])]
        return (
            f"{where} has targets of shape {shapes[1]}, those before it {shapes[0]}. Only the "
            "number of rows may change from batch to batch."
        )
    with_, without = ("has", "had none") if now[1] else ("has no", "had some")
    return (
        f"{where} {with_} sample weights, those before it {without}. Give all batches weights, or "
        "none."
    )


def stream_of(
    model: Any,
    where: str,
    x: Any,
    *,
    y: Any = None,
    sample_weight: Any = None,
    batch_size: int | None = None,
    targets: bool = True,
    shuffle: bool = False,
    class_weight: Mapping[int, float] | None = None,
) -> Stream | None:
    """The stream of an x that gives batches, or None for an x of samples."""
    if not gives_batches(x):
        kind = type(x)
        if callable(x) and not hasattr(x, "__getitem__") and not _like_array(x):
            name = getattr(x, "__name__", kind.__name__)
            raise ArgumentError(
                f"{where}: x is the function {name}. Expected data: call it if it is a generator "
                f"function, {where}({name}(), ...)."
            )
        numbered = hasattr(kind, "__getitem__") and hasattr(kind, "__len__")
        if numbered and not hasattr(kind, "__iter__") and not _like_array(x):
            raise ArgumentError(
                f"{where}: x is a {kind.__name__}, which gives single samples. Expected batches: "
                "torch.utils.data.DataLoader(dataset, batch_size=32), or a fastnn.utils.PyDataset."
            )
        return None
    for name, value in (("y", y), ("sample_weight", sample_weight)):
        if value is not None:
            raise ArgumentError(
                f"{where}: received {name} beside a {type(x).__name__}, which gives batches "
                f"(x, y) or (x, y, sample_weight) itself. Leave {name} out."
            )
    if batch_size is not None:
        checks.warn(
            f"{where}: batch_size={batch_size} has no effect: the {type(x).__name__} makes the "
            "batches. Leave it out."
        )
    return Stream(model, x, where, targets=targets, shuffle=shuffle, class_weight=class_weight)


def refuse_for_batches(stream: Stream, split: float, optimizer: Any) -> None:
    """Refuse what needs all samples at once."""
    if split:
        raise ArgumentError(
            f"fit: received validation_split={split}, but a {stream.kind} gives batches, whose "
            "last rows are not known. Pass validation_data."
        )
    if optimizer.full_batch:
        raise ArgumentError(
            f"fit: {type(optimizer).__name__} needs all the data in every iteration, but a "
            f"{stream.kind} gives batches. Pass arrays, or use Adam."
        )


def validation_of(model: Any, data: Any) -> Arrays | Stream:
    """The checked ``validation_data``: arrays or batches."""
    if not gives_batches(data):
        return validation_arrays(model, data)
    return Stream(model, data, "fit", "validation_data: ")
