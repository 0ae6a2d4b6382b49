"""Persistent Python threads that help a run: they wait for a run in Python and work in native code
without the GIL (``serve`` in ``run.py``). Started by the first run that needs them, forgotten in a
forked child, which starts its own. A caller that finds the pool busy runs serially: the same bits,
no waiting.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import numpy as np

from fastnn.backends import threads as thread_limits
from fastnn.backends.numba_jit.job import JOB_WORDS, MAX_THREADS, POOL_SPINS, RUN, SPINS
from fastnn.program.variable import aligned_bytes

Serve = Callable[[int, int], None]


class Pool:
    """The helpers of one process and the job that they share with a caller."""

    def __init__(self) -> None:
        self._serve: Serve | None = None
        self._forget()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        """Begin anew: in a forked child only the forking thread exists."""
        self._busy = threading.Lock()
        self._memory = aligned_bytes(8 * JOB_WORDS)
        self._words = self._memory[: 8 * JOB_WORDS].view(np.int64)
        self._words[:] = 0
        self._wake: list[threading.Semaphore] = []
        self._threads: list[threading.Thread] = []
        self._runs = 0
        self._stopping = False

    @property
    def size(self) -> int:
        """Live helpers, the callers not counted."""
        return len(self._threads)

    def acquire(self, threads: int, serve: Serve) -> tuple[int, int]:
        """Open a run for up to ``threads`` threads, the caller counted.

        Returns
        -------
        (threads offered, address of the job), or (1, 0) if another caller has the pool.
        """
        if not self._busy.acquire(blocking=False):
            return 1, 0
        wanted = min(threads, MAX_THREADS)
        self._serve = serve
        while len(self._threads) < wanted - 1 and self._start():
            pass
        offered = min(wanted, len(self._threads) + 1)
        self._words[SPINS] = POOL_SPINS if offered <= thread_limits._affinity() else 0
        self._runs += 1
        self._words[RUN] = self._runs
        for semaphore in self._wake[: offered - 1]:
            semaphore.release()
        return offered, self._words.ctypes.data

    def release(self) -> None:
        """Close the run: helpers go back to Python and sleep."""
        self._words[RUN] = 0
        self._busy.release()

    def _start(self) -> bool:
        """One more helper; False if the system refuses."""
        semaphore, number = threading.Semaphore(0), len(self._threads) + 1
        thread = threading.Thread(
            target=self._help, args=(semaphore, number), name=f"fastnn-{number}", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:
            return False
        self._wake.append(semaphore)
        self._threads.append(thread)
        return True

    def _help(self, semaphore: threading.Semaphore, number: int) -> None:
        """A helper's life: sleep until a run opens, help it."""
        job, serve = self._words.ctypes.data, self._serve
        assert serve is not None
        while True:
            semaphore.acquire()
            if self._stopping:
                return
            serve(job, number)

    def shutdown(self) -> None:
        """Wait for a run that is using the pool, then end its threads. The next run starts anew."""
        with self._busy:
            self._stopping = True
            for semaphore in self._wake:
                semaphore.release()
            for thread in self._threads:
                thread.join()
            self._wake, self._threads, self._stopping = [], [], False


POOL = Pool()
