"""``PlotHistory``: the curves of a training while it runs. They are drawn by
``fastnn/drawing/history.py``.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from time import monotonic
from typing import Any

from fastnn import arguments
from fastnn.callbacks.callback import Callback, Logs
from fastnn.callbacks.history import History


class PlotHistory(Callback):
    """Draw the learning curves while training runs: into a file, and in a notebook on the screen.

    A panel for each quantity, training and validation together. The file is replaced in one step,
    so that a viewer that watches it never sees half a picture.

    Parameters
    ----------
    to_file : the picture, of a type that matplotlib writes (``.png``, ``.pdf``, ``.svg``); missing
        folders are made. Default ``"history.png"``.
    seconds : shortest time between two drawings, ≥ 0; default 1. The last state is always drawn.
    title : what stands above the panels; the name of the model by default.
    dpi : dots per inch; default 100.

    Raises
    ------
    MissingExtraError : matplotlib is not installed (``pip install 'fastnn[plot]'``).
    ArgumentError : a file of an unknown type, or another argument out of its range.

    Examples
    --------
    >>> import fastnn, pathlib
    >>> from fastnn.callbacks import PlotHistory
    >>> model = fastnn.Sequential([fastnn.Input((1,)), fastnn.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> curves = PlotHistory("curves.png")
    >>> history = model.fit([[0.0]], [[1.0]], epochs=3, verbose=0, callbacks=[curves])
    >>> pathlib.Path("curves.png").read_bytes()[1:4]
    b'PNG'
    """

    def __init__(
        self,
        to_file: str | os.PathLike[str] = "history.png",
        seconds: float = 1.0,
        title: str | None = None,
        dpi: int = 100,
    ) -> None:
        super().__init__()
        from fastnn.drawing import figures

        figures.check("PlotHistory", to_file)
        self.to_file: Path = Path(to_file)
        self.seconds: float = arguments.number("PlotHistory", "seconds", seconds, "[0, inf)")
        self.title = title
        self.dpi: int = arguments.integer("PlotHistory", "dpi", dpi, 1)
        self._record = History()
        self._drawn_at = float("-inf")
        self._is_drawn = True
        self._shown: Any = None  # the handle of the picture in a notebook

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Start new curves."""
        self._record = History()
        self._drawn_at = float("-inf")
        self._is_drawn, self._shown = True, None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Add an epoch, and draw if the last drawing is some time ago."""
        self._record.on_epoch_end(epoch, logs)
        self._is_drawn = False
        if monotonic() - self._drawn_at >= self.seconds:
            self._draw()

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Draw the last state."""
        if not self._is_drawn:
            self._draw()

    def _draw(self) -> None:
        from fastnn.drawing.history import draw
        from fastnn.saving.files import write_atomically

        title = self.title if self.title is not None else getattr(self.model, "name", "")
        stream = io.BytesIO()
        kind = self.to_file.suffix.lower().removeprefix(".")
        draw(self._record.curves(), title).savefig(stream, format=kind, dpi=self.dpi)
        picture = stream.getvalue()
        self.to_file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self.to_file, lambda file: _write(file, picture), "PlotHistory")
        self._show(picture, kind)
        self._drawn_at, self._is_drawn = monotonic(), True

    def _show(self, picture: bytes, kind: str) -> None:
        """Put the picture where the last one stands in the notebook."""
        from fastnn.training.progress import is_notebook

        if kind not in ("png", "jpg", "jpeg") or not is_notebook(sys.stdout):
            return
        import importlib

        display = importlib.import_module("IPython.display")
        image = display.Image(data=picture)
        if self._shown is None:
            self._shown = display.display(image, display_id=True)
        else:
            self._shown.update(image)

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: a place on a screen stays here."""
        return {**vars(self), "_shown": None}


def _write(file: Any, picture: bytes) -> None:
    file.write(picture)
