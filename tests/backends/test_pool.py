"""The thread pool among processes and threads: forks after a parallel run, from any thread; spawned
processes; many Python threads at once. Every hang is caught by a watchdog in a child process.
"""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from fastnn import backends
from fastnn.backends.base import Bound, RunState
from fastnn.program.control import ControlBlock
from tests.support.training import Training, perceptron, predictor

# Every level has the same pool.
pytestmark = pytest.mark.best_level

SECONDS = 30  # for a fresh interpreter on a busy machine; the forked child itself gets 5

PRELUDE = """
import os, signal, sys, threading, time
import numpy as np
from fastnn import backends
from tests.support.training import Training, perceptron

LIBRARY = backends.resolve(LEVEL).lib

def train():
    training = Training(perceptron(512, 256, 10), (784,))
    samples = training.samples(256)
    outcome = training.train(LEVEL, samples, 128, threads=4)
    return outcome

def child_must_agree(expected):
    '''Fork; the child trains twice and must get the same bits within five seconds.'''
    pid = os.fork()
    if pid == 0:
        try:
            signal.alarm(5)
            assert LIBRARY.pool_threads() == 0  # threads do not survive a fork
            agree = all(train().same_bits(expected) for _ in range(2))
            assert LIBRARY.pool_threads() == 3
            os._exit(0 if agree else 3)
        except BaseException:
            import traceback
            traceback.print_exc()
            os._exit(4)
    _, status = os.waitpid(pid, 0)
    assert status == 0, f"child ended with status {status:#x} (0xe: hung)"
"""


def assert_script_ends_well(level: str, body: str) -> None:
    """Run a script in a process of its own, which must end well."""
    script = f"LEVEL = {level!r}\n{PRELUDE}\n{textwrap.dedent(body)}"
    # -W ignore: Python 3.12 warns when a process with threads forks, which is what is tested
    command = [sys.executable, "-W", "ignore", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_fork_after_a_parallel_run(native: str):
    assert_script_ends_well(
        native,
        """
        expected = train()
        for _ in range(3):
            child_must_agree(expected)
        assert train().same_bits(expected)  # and the parent goes on
        """,
    )


def test_fork_from_another_thread_while_the_pool_works(native: str):
    assert_script_ends_well(
        native,
        """
        expected = train()
        stop = []
        def work():
            while not stop:
                assert train().same_bits(expected)
        workers = [threading.Thread(target=work) for _ in range(2)]
        for worker in workers:
            worker.start()
        failures = []
        def fork():
            try:
                for _ in range(3):
                    child_must_agree(expected)
            except BaseException as error:
                failures.append(error)
        forker = threading.Thread(target=fork)
        forker.start()
        forker.join()
        stop.append(True)
        for worker in workers:
            worker.join()
        assert not failures, failures
        """,
    )


def test_a_forked_child_may_fork(native: str):
    assert_script_ends_well(
        native,
        """
        expected = train()
        pid = os.fork()
        if pid == 0:
            signal.alarm(10)
            assert train().same_bits(expected)
            child_must_agree(expected)
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        assert status == 0, status
        """,
    )


def test_exit_with_a_live_pool_and_after_a_shutdown(native: str):
    assert_script_ends_well(native, "train()")
    assert_script_ends_well(
        native,
        """
        expected = train()
        LIBRARY.pool_shutdown()
        child_must_agree(expected)
        assert train().same_bits(expected)
        """,
    )


def trained_bits(level: str) -> bytes:
    training = Training(perceptron(512, 256, 10), (784,))
    outcome = training.train(level, training.samples(256), 128, threads=4)
    return b"".join(w.tobytes() for w in outcome.weights)


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_processes_of_multiprocessing(method: str):
    expected = trained_bits("c")
    context = multiprocessing.get_context(method)
    with context.Pool(2) as pool:
        results = pool.map_async(trained_bits, ["c", "c"]).get(timeout=SECONDS)
    assert results == [expected, expected]


def test_eight_threads_predict_at_once(backend: str):
    """One Executable, many runs, each with a workspace; the busy pool is not awaited."""
    units = (30, 10) if backend == "numpy" else (300, 200, 10)
    training = Training(perceptron(*units), (100,))
    program = predictor(training)
    executable = backends.resolve(backend).compile(program, 64)
    inputs = [np.random.default_rng(i).random((200, 100), np.float32) for i in range(8)]
    control = ControlBlock.blocks(200, 64)

    def predict(x: np.ndarray) -> np.ndarray:
        out = np.empty((200, 10), np.float32)
        executable.run([Bound(x), Bound(out)], control, RunState.of(program), threads=4)
        return out

    expected = [predict(x) for x in inputs]
    barrier = threading.Barrier(8)

    def work(number: int) -> bool:
        barrier.wait()
        return all(
            predict(inputs[number]).tobytes() == expected[number].tobytes()
            for _ in range(3 if backend == "numpy" else 25)
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))


def test_eight_threads_train_models_of_their_own(native: str):
    def work(seed: int) -> bytes:
        training = Training(perceptron(256, 64, 10), (200,), seed=seed)
        outcome = training.train(native, training.samples(200), 100, 3, threads=4)
        return b"".join(w.tobytes() for w in outcome.weights)

    expected = [work(seed) for seed in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == expected


def test_a_run_releases_the_gil(native: str):
    """While one thread is inside a long run, another executes Python."""
    training = Training(perceptron(256, 256, 10), (256,))
    samples = training.samples(512)
    executable = backends.resolve(native).compile(training.program, 128)
    control = training.control(512, 128, 30)
    state = RunState.of(training.program, 30)
    running = threading.Event()
    ended = threading.Event()

    def work() -> None:
        running.set()
        executable.run(samples.bound(), control, state)
        ended.set()

    thread = threading.Thread(target=work)
    thread.start()
    running.wait()
    turns = 0
    while not ended.is_set():
        turns += 1
        ended.wait(0.001)
    thread.join()
    assert turns > 3
