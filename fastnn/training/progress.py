r"""The progress display of ``fit``, ``evaluate`` and ``predict``: one line per epoch, redrawn in
place on a terminal or in a notebook a few times per second. It knows nothing of models or batches:
the loop says how many samples are done, and what to show beside that. The text of a line is made in
``progress_line.py``. Decisions:

- Only ``\r`` and blanks are ever used to redraw, no escape sequences, and only where they work.
- A line that is redrawn is cut to the width of the terminal (a wrapped line cannot be redrawn); the
  final line of an epoch loses nothing: it gets a shorter bar, then it is folded between quantities.
- ``Epoch 2/20`` and the final line of each epoch stay, as in Keras; where nothing can be redrawn (a
  file, a pipe, an editor's window) these are all that is ever written.
- A display that cannot be written any more (closed, a broken pipe) falls silent: training goes on.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Mapping
from time import perf_counter
from typing import Any, TextIO

from fastnn.errors import ArgumentError
from fastnn.training.progress_line import (
    cut_line,
    display_width,
    fold_line,
    format_eta,
    format_logs,
    format_speed,
)

REDRAW_SECONDS = 0.25  # at most four redraws per second, whatever the length of an epoch


class Progress:
    """Shows how far a run is: ``12800/60000 [=====>....] - ETA: 1s - loss: 0.6558``.

    Parameters
    ----------
    stream : where to write; None: ``sys.stdout`` (silent if that is None, as under pythonw).
    verbose : 0 silent; 1 (or ``"auto"``) ``Epoch 1/20``, then a line with a bar; 2 the same without
        a bar. What is neither a terminal nor a notebook gets only the final line of each epoch.

    Raises
    ------
    ArgumentError : another value of ``verbose``.

    Examples
    --------
    >>> progress = Progress(verbose=2)
    >>> progress.begin_epoch(0, 20, 60000)
    Epoch 1/20
    >>> progress.end_epoch({"loss": 0.6558, "accuracy": 0.5782}, seconds=2.0)
    60000/60000 - 2s 33us/sample - loss: 0.6558 - accuracy: 0.5782
    """

    def __init__(self, stream: TextIO | None = None, verbose: int | str = 1) -> None:
        self.verbose: int = checked_verbose(verbose)
        self._stream: TextIO | None = sys.stdout if stream is None else stream
        self._notebook = is_notebook(self._stream)
        self._live = self.verbose == 1 and (self._notebook or _is_terminal(self._stream))
        self._total: int | None = None
        self._done = 0
        self._started = 0.0
        self._last_redraw = -math.inf
        self._shown_width = 0  # cells of the unfinished line on the screen; 0: there is none

    @property
    def wants_updates(self) -> bool:
        """Whether ``update`` can show anything; otherwise the loop need not call it."""
        return self._live

    def is_due(self) -> bool:
        """Whether an ``update`` now would redraw; ask it before computing logs that cost time."""
        return self._live and perf_counter() - self._last_redraw >= REDRAW_SECONDS

    def begin_epoch(
        self, epoch: int = 0, epochs: int | None = None, samples: int | None = None
    ) -> None:
        """Start an epoch (from 0) of so many samples; None when that is not known.

        Without ``epochs``, as in ``evaluate`` and ``predict``, no headline is shown.
        """
        self.close()
        self._total = samples
        self._done = 0
        if self.verbose and epochs is not None:
            self._interrupt_other_line()
            self._write(f"Epoch {epoch + 1}/{epochs}\n")
        self._started = perf_counter()

    def update(self, done_samples: int, logs: Mapping[str, Any] | None = None) -> None:
        """Show the state within an epoch; returns at once if nothing is due."""
        self._done = done_samples
        if not self.is_due():
            return
        self._last_redraw = perf_counter()
        elapsed = self._last_redraw - self._started
        parts = []
        if self._total and done_samples:
            remaining = elapsed / done_samples * (self._total - done_samples)
            parts.append(f"ETA: {format_eta(max(0.0, remaining))}")
        else:
            parts.append(f"{elapsed:.0f}s")
        parts += format_logs(logs)
        counts = self._counts(done_samples)
        self._redraw(cut_line(counts, self._done_share(), parts, self._width()))

    def end_epoch(
        self,
        logs: Mapping[str, Any] | None = None,
        seconds: float | None = None,
        done_samples: int | None = None,
    ) -> None:
        """Show the final line of an epoch.

        ``seconds`` is the time it took (None: since ``begin_epoch``), ``done_samples`` how many
        samples were done (None: all of them; pass it when an epoch was cut short).
        """
        if not self.verbose:
            return
        seconds = perf_counter() - self._started if seconds is None else seconds
        if done_samples is not None:
            self._done = done_samples
        elif self._total is not None:
            self._done = self._total
        if self._total is None:
            self._total = self._done
        speed = f" {format_speed(seconds / self._done)}" if self._done else ""
        parts = [f"{seconds:.0f}s{speed}", *format_logs(logs)]
        share = self._done_share() if self.verbose == 1 else None
        lines = fold_line(self._counts(self._done), share, parts, self._width())
        self._interrupt_other_line()
        lines[0] = self._over_unfinished(lines[0])
        self._shown_width = 0
        self._release_line()
        self._write("\n".join(lines) + "\n")

    def message(self, text: str) -> None:
        """Print a line, whatever ``verbose`` is; an unfinished line is drawn again later."""
        self._interrupt_other_line()
        text = self._over_unfinished(text)
        self._shown_width = 0
        self._release_line()
        self._write(text + "\n")

    def close(self) -> None:
        """End an unfinished line, so that what is printed next (an error, say) starts a new one."""
        unfinished = self._shown_width > 0
        self._shown_width = 0
        self._release_line()
        if unfinished:
            self._write("\n")

    def _counts(self, done: int) -> str:
        """``  128/60000``, padded so that the line does not move."""
        if self._total is None:
            return f"{done:7d}/Unknown"
        return f"{done:{len(str(self._total))}d}/{self._total}"

    def _done_share(self) -> float | None:
        """How much is done, from 0 to 1; None when the total is not known."""
        if self._total is None:
            return None
        return min(1.0, self._done / self._total) if self._total else 1.0

    def _width(self) -> int | None:
        """Cells that one line may take; None where lines have no end."""
        if not self._live or self._notebook:
            return None
        # The last column stays free: some terminals move to the next line as soon as it is written.
        import shutil  # here, because it would be a third of the time of importing this module

        return max(1, shutil.get_terminal_size().columns - 1)

    def _redraw(self, line: str) -> None:
        """Write over the unfinished line, with blanks over what is left of a longer one."""
        global _line_owner
        self._interrupt_other_line()
        text = self._over_unfinished(line)
        self._shown_width = max(1, display_width(line))
        _line_owner = self
        self._write(text)

    def _over_unfinished(self, line: str) -> str:
        """The line, with what it takes to replace the unfinished one that is on the screen."""
        if not self._shown_width:
            return line
        return "\r" + line + " " * max(0, self._shown_width - display_width(line))

    def _interrupt_other_line(self) -> None:
        """End the unfinished line of another display: that of ``fit`` around ``predict``."""
        if _line_owner is not None and _line_owner is not self:
            _line_owner.close()

    def _release_line(self) -> None:
        """Say that this display has no unfinished line any more."""
        global _line_owner
        if _line_owner is self:
            _line_owner = None

    def _write(self, text: str) -> None:
        """Write and flush; a stream that does not take it any more is given up for good."""
        stream = self._stream
        if stream is None:
            return
        try:
            try:
                stream.write(text)
            except UnicodeEncodeError:
                encoding = getattr(stream, "encoding", None) or "ascii"
                stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
            stream.flush()
        except (OSError, ValueError):  # ValueError: the file is closed
            self._stream = None
            self._live = False
            self._shown_width = 0
            self._release_line()


_line_owner: Progress | None = None  # the display with an unfinished line; a screen has only one


def show_message(text: str) -> None:
    """Print a line for a callback, without spoiling the progress line that may be on the screen."""
    (_line_owner or Progress(verbose=0)).message(text)


def checked_verbose(verbose: int | str) -> int:
    """0, 1 or 2 from what the user passed as ``verbose``."""
    if isinstance(verbose, str):
        if verbose == "auto":
            return 1
    elif verbose in (0, 1, 2):
        return int(verbose)
    raise ArgumentError(
        f"received verbose={verbose!r}; expected 0 (silent), 1 (progress bar), 2 (one line per "
        "epoch) or 'auto' (the same as 1)."
    )


def _is_terminal(stream: TextIO | None) -> bool:
    r"""Whether ``\r`` goes back to the start of the line there."""
    if stream is None or os.environ.get("TERM") == "dumb":
        return False
    if type(stream).__module__.startswith("idlelib"):  # says that it is one, but cannot go back
        return False
    try:
        return bool(stream.isatty())
    except (AttributeError, OSError, ValueError):
        return False


def is_notebook(stream: TextIO | None) -> bool:
    """Whether the stream is the output of a notebook cell (Jupyter, Colab, VS Code, Spyder)."""
    return type(stream).__module__.partition(".")[0] == "ipykernel"
