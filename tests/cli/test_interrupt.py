"""Ctrl-C: the first ends training in order, a second in a hurry stops at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fastnn.cli import interrupt
from fastnn.cli.interrupt import Interrupts, interrupts

COMMAND = [sys.executable, "-m", "fastnn", "train", "--dataset", "digits", "--epochs", "1000000"]


def started(*arguments: str) -> subprocess.Popen[str]:
    """A training that has begun its first epoch."""
    process = subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("Epoch 3/"):
            return process
    pytest.fail(f"the training ended: {process.communicate()[1]}")


@pytest.mark.skipif(os.name != "posix", reason="signals of another process")
def test_ctrl_c_saves_tests_and_exits_with_130() -> None:
    process = started("--save", "m.fastnn", "--history", "h.json", "--patience", "1000000")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Ctrl-C again within 2 s stops at once" in err
    assert "Restoring model weights from the end of the best epoch" in out
    assert out.splitlines()[-1].startswith("test_accuracy=0.")
    assert Path("m.fastnn").stat().st_size > 1000
    assert len(json.loads(Path("h.json").read_text(encoding="utf-8"))["loss"]) >= 2


@pytest.mark.skipif(os.name != "posix", reason="signals of another process")
def test_a_second_ctrl_c_stops_at_once(tmp_path: Path) -> None:
    # a callback that takes its time at the end, so that there is something left to stop
    (tmp_path / "slow.py").write_text(
        "import sys, time\n"
        "from fastnn.callbacks import EarlyStopping\n"
        "EarlyStopping.on_train_end = lambda self, logs=None: time.sleep(30)\n"
        "from fastnn.cli.main import main\n"
        "sys.exit(main())\n",
        encoding="utf-8",
    )
    process = subprocess.Popen(
        [sys.executable, "slow.py", *COMMAND[3:], "--patience", "9", "--save", "m.fastnn"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert any(line.startswith("Epoch 2/") for line in process.stdout)
    process.send_signal(signal.SIGINT)
    assert any("stopping after the running steps" in line for line in process.stderr)
    time.sleep(0.5)  # until on_train_end: what is in between ends in order, however hurried
    before = time.monotonic()
    process.send_signal(signal.SIGINT)
    err = process.stderr.read()
    assert process.wait(timeout=20) == 130
    assert time.monotonic() - before < 15  # not the 30 s that the callback would take
    assert err.endswith("fastnn: interrupted.\n")
    process.stdout.close()
    process.stderr.close()
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
