"""The progress display: exact text, few writes, no control codes where they do not belong, lines
that fit, and streams that fail.
"""

from __future__ import annotations

import io
import math
import sys
from typing import Any

import numpy as np
import pytest

from fastnn.errors import ArgumentError
from fastnn.training import progress as progress_module
from fastnn.training.progress import Progress, show_message
from fastnn.training.progress_line import (
    display_width,
    format_bar,
    format_eta,
    format_speed,
    format_value,
)

LOGS = {"loss": 0.65584, "accuracy": 0.57823, "val_loss": 0.31, "val_accuracy": 0.9}
TEXT = "loss: 0.6558 - accuracy: 0.5782 - val_loss: 0.3100 - val_accuracy: 0.9000"
FULL = "[==============================]"


class Screen(io.StringIO):
    """A terminal that counts its writes and can show what a person would see."""

    def __init__(self, columns: int | None = None) -> None:
        super().__init__()
        self.writes: list[str] = []
        self.columns = columns

    def isatty(self) -> bool:
        return self.columns is not None

    def write(self, text: str) -> int:
        self.writes.append(text)
        return super().write(text)

    def lines(self) -> list[str]:
        """The rows on the screen, after carriage returns and automatic wrapping."""
        rows, column = [""], 0
        for character in self.getvalue():
            if character == "\n":
                rows.append("")
                column = 0
            elif character == "\r":
                column = 0
            else:
                if self.columns is not None and column == self.columns:
                    rows.append("")
                    column = 0
                rows[-1] = rows[-1][:column] + character + rows[-1][column + 1 :]
                column += 1
        return [row.rstrip() for row in rows]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(progress_module, "perf_counter", made)
    return made


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "xterm")


def set_columns(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")


@pytest.mark.parametrize("verbose", [1, "auto", True])
def test_file_gets_the_headline_and_the_final_line(verbose: Any) -> None:
    screen = Screen()
    progress = Progress(screen, verbose)
    assert not progress.wants_updates
    for epoch in range(2):
        progress.begin_epoch(epoch, 20, 60000)
        for done in range(0, 60001, 100):
            progress.update(done, LOGS)
        progress.end_epoch(LOGS, 2.0)
    line = f"60000/60000 {FULL} - 2s 33us/sample - {TEXT}"
    assert screen.getvalue() == f"Epoch 1/20\n{line}\nEpoch 2/20\n{line}\n"
    assert len(screen.writes) == 4


def test_verbose_2_has_no_bar_and_no_updates(wide: None) -> None:
    screen = Screen(200)
    progress = Progress(screen, 2)
    assert not progress.wants_updates
    progress.begin_epoch(4, 5, 60000)
    progress.update(100, LOGS)
    progress.end_epoch(LOGS, 2.0)
    assert screen.getvalue() == f"Epoch 5/5\n60000/60000 - 2s 33us/sample - {TEXT}\n"


@pytest.mark.parametrize("verbose", [0, False])
def test_verbose_0_is_silent(verbose: int) -> None:
    screen = Screen(200)
    progress = Progress(screen, verbose)
    progress.begin_epoch(0, 5, 10)
    progress.update(5, LOGS)
    progress.end_epoch(LOGS, 2.0)
    progress.close()
    assert screen.writes == []


def test_evaluate_and_predict_have_no_headline() -> None:
    screen = Screen()
    progress = Progress(screen)
    progress.begin_epoch(samples=10000)
    progress.end_epoch({"loss": 0.5, "accuracy": 1.0}, 0.05)
    progress.begin_epoch(samples=10000)
    progress.end_epoch(seconds=0.05)
    assert screen.getvalue() == (
        f"10000/10000 {FULL} - 0s 5us/sample - loss: 0.5000 - accuracy: 1.0000\n"
        f"10000/10000 {FULL} - 0s 5us/sample\n"
    )


def test_partial_line(clock: Clock, wide: None) -> None:
    screen = Screen(200)
    progress = Progress(screen)
    assert progress.wants_updates
    progress.begin_epoch(0, 20, 60000)
    clock.now += 0.4
    progress.update(12800, {"loss": 0.6558})
    assert screen.writes[-1] == (
        "12800/60000 [=====>........................] - ETA: 1s - loss: 0.6558"
    )
    clock.now += 0.4
    progress.update(600, {"loss": 0.5})
    assert screen.lines()[-1] == (
        "  600/60000 [..............................] - ETA: 1:19 - loss: 0.5000"
    )


def test_final_line_replaces_the_partial_one(clock: Clock, wide: None) -> None:
    screen = Screen(200)
    progress = Progress(screen)
    progress.begin_epoch(0, 1, 1000)
    clock.now += 1
    progress.update(500, {"loss": 1.0, "a_long_name_that_disappears": 2.0})
    clock.now += 1
    progress.end_epoch({"loss": 0.5})
    line = f"1000/1000 {FULL} - 2s 2ms/sample - loss: 0.5000"
    assert screen.lines() == ["Epoch 1/1", line, ""]
    assert "\x1b" not in screen.getvalue()


def test_at_most_four_redraws_per_second(clock: Clock, wide: None) -> None:
    screen = Screen(200)
    progress = Progress(screen)
    for epoch in range(10):  # also over many short epochs
        progress.begin_epoch(epoch, 10, 1000)
        for done in range(1000):
            clock.now += 0.001
            progress.update(done, LOGS)
        progress.end_epoch(LOGS)
    redraws = len(screen.writes) - 20  # beside a headline and a final line per epoch
    assert 38 <= redraws <= 40  # ten seconds


def test_is_due_saves_computing_logs(clock: Clock, wide: None) -> None:
    progress = Progress(Screen(200))
    progress.begin_epoch(0, 1, 10)
    assert progress.is_due()
    progress.update(1, LOGS)
    assert not progress.is_due()
    clock.now += 0.25
    assert progress.is_due()
    assert not Progress(Screen()).is_due()
    progress.close()


@pytest.mark.parametrize("columns", [1, 12, 20, 30, 40, 60, 80, 100, 132, 200])
def test_no_line_is_wider_than_the_terminal(
    columns: int, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_columns(monkeypatch, columns)
    screen = Screen(columns)
    progress = Progress(screen)
    progress.begin_epoch(0, 1, 60000)
    for done in range(0, 60000, 6000):
        clock.now += 1
        progress.update(done, {**LOGS, "zeit": 1.0, "名前": 2.0})
    for text in screen.writes[1:]:
        assert display_width(text.strip("\r").rstrip(" ")) < max(2, columns)
    clock.now += 1
    progress.end_epoch(LOGS)
    final = screen.writes[-1].strip("\r")
    if columns >= 30:
        assert all(len(line.rstrip()) < columns for line in final.split("\n"))
    # Nothing is lost, on however many lines.
    assert " ".join(final.split()).endswith(TEXT)


def test_bar_shrinks_before_the_line_is_folded(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def final(columns: int) -> list[str]:
        set_columns(monkeypatch, columns)
        screen = Screen(columns)
        progress = Progress(screen)
        progress.begin_epoch(samples=1437)
        progress.end_epoch(LOGS, 0.05)
        return screen.lines()[:-1]

    speed = "0s 35us/sample"
    assert final(140) == [f"1437/1437 {FULL} - {speed} - {TEXT}"]
    assert final(130) == [f"1437/1437 [{'=' * 20}] - {speed} - {TEXT}"]
    assert final(116) == [f"1437/1437 [{'=' * 10}] - {speed} - {TEXT}"]
    assert final(80) == [
        f"1437/1437 {FULL} - {speed} - loss: 0.6558",
        "  - accuracy: 0.5782 - val_loss: 0.3100 - val_accuracy: 0.9000",
    ]


def test_notebook_redraws_one_line(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    class OutStream(Screen):
        __module__ = "ipykernel.iostream"

    set_columns(monkeypatch, 20)  # says nothing about a notebook
    screen = OutStream()
    progress = Progress(screen)
    assert progress.wants_updates
    progress.begin_epoch(0, 1, 1000)
    for done in (100, 200, 300):
        clock.now += 1
        progress.update(done, LOGS)
    progress.end_epoch(LOGS)
    assert screen.lines() == ["Epoch 1/1", f"1000/1000 {FULL} - 3s 3ms/sample - {TEXT}", ""]
    assert "\x1b" not in screen.getvalue()
    assert "IPython" not in sys.modules


def test_dumb_terminal_and_idle_are_not_redrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    class Shell(Screen):
        __module__ = "idlelib.run"

    monkeypatch.setenv("TERM", "dumb")
    assert not Progress(Screen(80)).wants_updates
    monkeypatch.setenv("TERM", "xterm")
    assert Progress(Screen(80)).wants_updates
    assert not Progress(Shell(80)).wants_updates


def test_message_does_not_spoil_the_line(clock: Clock, wide: None) -> None:
    screen = Screen(200)
    progress = Progress(screen)
    progress.begin_epoch(0, 1, 1000)
    progress.update(500, LOGS)
    progress.message("short")
    clock.now += 1
    progress.update(600)
    show_message("Epoch 1: saving model")  # as callbacks do: it finds the line by itself
    progress.end_epoch({"loss": 0.5}, 2.0)
    show_message("not here any more: there is no unfinished line")
    assert screen.lines() == [
        "Epoch 1/1",
        "short",
        "Epoch 1: saving model",
        f"1000/1000 {FULL} - 2s 2ms/sample - loss: 0.5000",
        "",
    ]


def test_show_message_prints_without_a_display(capsys: pytest.CaptureFixture[str]) -> None:
    show_message("early stopping")
    assert capsys.readouterr().out == "early stopping\n"


def test_close_ends_an_unfinished_line(wide: None) -> None:
    screen = Screen(200)
    progress = Progress(screen)
    progress.begin_epoch(0, 1, 10)
    progress.update(5)
    progress.close()
    progress.close()
    assert screen.getvalue().endswith("- ETA: 0s\n")
    assert screen.getvalue().count("\n") == 2


def test_display_within_a_display_starts_a_new_line(clock: Clock, wide: None) -> None:
    screen = Screen(200)
    outer, inner = Progress(screen), Progress(screen)
    outer.begin_epoch(0, 1, 10)
    outer.update(5)
    inner.begin_epoch(samples=4)
    inner.end_epoch(seconds=0.0)
    clock.now += 1
    outer.update(6)
    outer.end_epoch(seconds=1.0)
    assert [line.split("[")[0].strip() for line in screen.lines()] == [
        "Epoch 1/1",
        "5/10",
        "4/4",
        "10/10",
        "",
    ]


def test_epoch_cut_short_and_unknown_totals(clock: Clock, wide: None) -> None:
    screen = Screen()
    progress = Progress(screen)
    progress.begin_epoch(0, 2, 1000)
    progress.end_epoch({"loss": 1.0}, 1.0, done_samples=500)
    progress.begin_epoch(samples=None)
    progress.update(70)
    progress.end_epoch(seconds=0.007)
    progress.begin_epoch(samples=0)
    progress.end_epoch(seconds=0.0)
    assert screen.getvalue().splitlines()[1:] == [
        " 500/1000 [==============>...............] - 1s 2ms/sample - loss: 1.0000",
        f"70/70 {FULL} - 0s 100us/sample",
        f"0/0 {FULL} - 0s",
    ]
    screen = Screen(200)
    progress = Progress(screen)
    progress.begin_epoch(samples=None)
    clock.now += 3
    progress.update(70, {"loss": 1.0})
    assert screen.getvalue() == "     70/Unknown - 3s - loss: 1.0000"
    progress.close()


def test_streams_that_fail_fall_silent(monkeypatch: pytest.MonkeyPatch, wide: None) -> None:
    class Broken(Screen):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    class NoTerminal(Screen):
        def isatty(self) -> bool:
            raise OSError

    closed = Screen(200)
    progress_before = Progress(closed)
    closed.close()
    monkeypatch.setattr(sys, "stdout", None)  # pythonw
    for progress in (progress_before, Progress(closed), Progress(Broken(200)), Progress(None)):
        progress.begin_epoch(0, 1, 10)
        progress.update(5)
        progress.message("text")
        progress.end_epoch(LOGS)
        progress.close()
        assert not progress.wants_updates
    assert not Progress(NoTerminal()).wants_updates
    show_message("nobody hears it")


def test_stream_that_fails_while_a_line_is_shown(clock: Clock, wide: None) -> None:
    screen = Screen(200)
    progress = Progress(screen)
    progress.begin_epoch(0, 1, 10)
    progress.update(5)
    screen.close()
    clock.now += 1
    progress.update(6)
    assert not progress.wants_updates
    assert progress_module._line_owner is None


def test_names_that_the_stream_cannot_encode() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", newline="\n")
    progress = Progress(stream)
    progress.begin_epoch(samples=1)
    progress.end_epoch({"größe": 1.0, "a\nb\x1b[1m": 2.0}, 1.0)
    assert raw.getvalue() == (
        f"1/1 {FULL} - 1s 1s/sample - gr\\xf6\\xdfe: 1.0000 - a?b?[1m: 2.0000\n".encode()
    )


@pytest.mark.parametrize("verbose", [3, -1, "loud", None, 0.5])
def test_bad_verbose(verbose: Any) -> None:
    with pytest.raises(ArgumentError, match=r"verbose=.*; expected 0 \(silent\)"):
        Progress(Screen(), verbose)


@pytest.mark.parametrize(
    ("value", "text"),
    [  # the first nine as keras.utils.Progbar of Keras 3.15.1 formats them
        (0.65584, "0.6558"),
        (12345.678901, "12345.6789"),
        (-0.5, "-0.5000"),
        (0.00101, "0.0010"),
        (0.001, "1.0000e-03"),
        (1.2345e-7, "1.2345e-07"),
        (-1e-4, "-1.0000e-04"),
        (0, "0.0000e+00"),
        (np.array([0.25, 0.75]), "0.5000"),
        (np.float32(0.5), "0.5000"),
        (math.nan, "nan"),
        (math.inf, "inf"),
        (1e30, "1.0000e+30"),
        ("text", "text"),
    ],
)
def test_values(value: Any, text: str) -> None:
    assert format_value(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (33.3e-6, "33us/sample"),
        (0.0, "0us/sample"),
        (5.4e-8, "0.054us/sample"),
        (0.994e-6, "0.99us/sample"),
        (0.996e-6, "1us/sample"),
        (999.4e-6, "999us/sample"),
        (999.6e-6, "1ms/sample"),
        (0.0125, "12ms/sample"),
        (0.9996, "1s/sample"),
        (3.2, "3s/sample"),
    ],
)
def test_speeds(seconds: float, text: str) -> None:
    assert format_speed(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "0s"),
        (42.9, "42s"),
        (60, "60s"),
        (185, "3:05"),
        (3723, "1:02:03"),
        (90000, "25:00:00"),
    ],
)
def test_etas(seconds: float, text: str) -> None:
    assert format_eta(seconds) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "[....]"),
        (0.24, "[....]"),
        (0.25, "[>...]"),
        (0.5, "[=>..]"),
        (0.99, "[==>.]"),
        (1, "[====]"),
    ],
)
def test_bars(share: float, text: str) -> None:
    assert format_bar(share, 4) == text


@pytest.mark.parametrize(
    ("text", "cells"), [("loss", 4), ("größe", 5), ("名前", 4), ("e\u0301", 1)]
)
def test_display_width(text: str, cells: int) -> None:
    assert display_width(text) == cells
