"""Ctrl-C: the first ends training in order, a second in a hurry stops at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fastnn.cli import interrupt
from fastnn.cli.interrupt import Interrupts, interrupts

# So many epochs take some 20 s: no test waits for the last, and if the tests themselves are killed,
# the training that they leave behind ends soon.
TRAIN = ["train", "--dataset", "digits", "--epochs", "10000"]

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts Python on arguments; what still runs after the test is killed."""
    processes: list[subprocess.Popen[str]] = []

    def started(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        processes.append(process)
        return process

    yield started
    for process in processes:
        process.kill()
        process.communicate()


def wait_for(process: subprocess.Popen[str], beginning: str) -> None:
    """Read the output of a training up to a line that begins so."""
    assert process.stdout is not None
    if not any(line.startswith(beginning) for line in process.stdout):
        pytest.fail(f"the training ended: {process.communicate()[1]}")


@pytest.mark.skipif(os.name != "posix", reason="signals of another process")
def test_ctrl_c_saves_tests_and_exits_with_130(start: Start) -> None:
    outputs = ["--save", "m.fastnn", "--history", "h.json"]
    process = start("-m", "fastnn", *TRAIN, *outputs, "--patience", "10000")
    wait_for(process, "Epoch 3/")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Ctrl-C again within 2 s stops at once" in err
    assert "Restoring model weights from the end of the best epoch" in out
    assert out.splitlines()[-1].startswith("test_accuracy=0.")
    assert Path("m.fastnn").stat().st_size > 1000
    assert len(json.loads(Path("h.json").read_text(encoding="utf-8"))["loss"]) >= 2


@pytest.mark.skipif(os.name != "posix", reason="signals of another process")
def test_a_second_ctrl_c_stops_at_once(tmp_path: Path, start: Start) -> None:
    # a callback that takes its time at the end, so that there is something left to stop
    (tmp_path / "slow.py").write_text(
        "import sys, time\n"
        "from fastnn.callbacks import EarlyStopping\n"
        "EarlyStopping.on_train_end = lambda self, logs=None: time.sleep(30)\n"
        "from fastnn.cli.main import main\n"
        "sys.exit(main())\n",
        encoding="utf-8",
    )
    process = start("slow.py", *TRAIN, "--patience", "10000", "--save", "m.fastnn")
    assert process.stderr is not None
    wait_for(process, "Epoch 2/")
    process.send_signal(signal.SIGINT)
    assert any("stopping after the running steps" in line for line in process.stderr)
    time.sleep(0.5)  # until on_train_end: what is in between ends in order, however hurried
    before = time.monotonic()
    process.send_signal(signal.SIGINT)
    err = process.stderr.read()
    assert process.wait(timeout=20) == 130
    assert time.monotonic() - before < 15  # not the 30 s that the callback would take
    assert err.endswith("fastnn: interrupted.\n")
    assert not Path("m.fastnn").exists()


def test_the_rules_of_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(interrupt.time, "monotonic", lambda: now)
    presses = Interrupts()
    presses.handle(signal.SIGINT, None)  # while saving or testing: finish that
    assert presses.asked
    now += 1.9
    with pytest.raises(KeyboardInterrupt):  # but not when hurried
        presses.handle(signal.SIGINT, None)
    now += 2.1
    presses.handle(signal.SIGINT, None)
    presses = Interrupts()
    presses.fitting = True
    with pytest.raises(KeyboardInterrupt):  # fit catches it
        presses.handle(signal.SIGINT, None)


def test_the_handler_is_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interrupts() as presses:
        assert signal.getsignal(signal.SIGINT) == presses.handle
    assert signal.getsignal(signal.SIGINT) is before
