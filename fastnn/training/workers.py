"""Batches of a ``PyDataset`` that threads make ahead, handed out in their order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any


def made_ahead(
    make: Callable[[int], Any], numbers: Iterable[int], workers: int, ahead: int
) -> Iterator[Any]:
    """``make(number)`` for each number, in order. Up to ``ahead`` batches are being made or wait;
    an error of one is raised when its turn has come.
    """
    from concurrent.futures import Future, ThreadPoolExecutor  # 5 ms that few programs need

    pool = ThreadPoolExecutor(workers, thread_name_prefix="fastnn-dataset")
    waiting: deque[Future[Any]] = deque()
    try:
        for number in numbers:
            waiting.append(pool.submit(make, number))
            if len(waiting) >= max(workers, ahead):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:  # also when nobody wants the rest
        pool.shutdown(wait=False, cancel_futures=True)
