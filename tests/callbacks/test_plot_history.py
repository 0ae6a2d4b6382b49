"""PlotHistory and history.plot: every quantity has its curve at the right epochs, the file is whole
at any time, a notebook shows one picture that changes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fastnn.callbacks import CallbackList, History, LambdaCallback, PlotHistory
from fastnn.drawing.history import draw
from fastnn.errors import ArgumentError, MissingExtraError, StateError
from tests.support.networks import network, regression, watch_runs

pytest.importorskip("matplotlib")
X, Y = regression(20)
PNG = b"\x89PNG\r\n\x1a\n"


def fit(*callbacks: Any, **arguments: Any) -> History:
    made = network(metrics=["mae"])
    return made.fit(X, Y, verbose=0, callbacks=list(callbacks), **{"epochs": 6, **arguments})


def test_curves_stand_at_their_epochs() -> None:
    history = fit(validation_data=(X, Y), validation_freq=[2, 5], initial_epoch=1)
    curves = history.curves()
    assert {name: epochs for name, (epochs, _) in curves.items()} == {
        **{name: [1, 2, 3, 4, 5] for name in ("loss", "mae")},
        **{name: [1, 4] for name in ("val_loss", "val_mae")},
    }
    panels = draw(curves, "title").axes
    assert [axes.get_ylabel() for axes in panels] == ["loss", "mae"]
    for axes, name in zip(panels, ("loss", "mae"), strict=True):
        training, validation = axes.get_lines()
        assert training.get_xdata().tolist() == [2, 3, 4, 5, 6]
        assert training.get_ydata().tolist() == history.history[name]
        assert validation.get_xdata().tolist() == [2, 5]
        assert validation.get_ydata().tolist() == history.history[f"val_{name}"]
        assert [text.get_text() for text in axes.get_legend().get_texts()] == [
            "training",
            "validation",
        ]


@pytest.mark.parametrize("epochs", [1, 2, 3, 60, 1000])
def test_the_axis_of_epochs_has_whole_numbers_around_what_was_trained(epochs: int) -> None:
    values = [float(epoch) for epoch in range(epochs)]
    figure = draw({"loss": (range(epochs), values), "val_loss": ([epochs - 1], [0.5])})
    (axes,) = figure.axes
    low, high = axes.get_xlim()
    assert low < 1 <= epochs < high <= epochs * 1.03 + 0.5
    ticks = [tick for tick in axes.get_xticks() if low <= tick <= high]
    assert ticks
    assert all(tick == int(tick) for tick in ticks)
    training, validation = axes.get_lines()
    assert training.get_linestyle() != validation.get_linestyle()  # told apart in grey


@pytest.mark.parametrize(("panels", "grid"), [(1, (1, 1)), (3, (1, 3)), (4, (2, 2)), (5, (2, 3))])
def test_panels_fill_the_picture(panels: int, grid: tuple[int, int]) -> None:
    figure = draw({f"m{number}": ([0], [1.0]) for number in range(panels)})
    found = figure.axes[0].get_subplotspec().get_gridspec().get_geometry()
    assert found == grid


def test_curves_of_epochs_in_one_call() -> None:
    """Without a watcher many epochs are one native call."""
    assert fit().curves() == fit(LambdaCallback(on_epoch_end=lambda epoch, logs: None)).curves()


def test_what_is_no_number_has_no_curve() -> None:
    history = History()
    history.on_epoch_end(0, {"loss": 1.0, "f1": [0.5, 0.25], "note": "x"})
    assert list(history.curves()) == ["loss"]


def test_history_plot(tmp_path: Path) -> None:
    path = tmp_path / "curves.png"
    assert fit().plot(path) is None
    assert path.read_bytes().startswith(PNG)
    with pytest.raises(ArgumentError, match=r"history.plot: received .*\.doc"):
        fit().plot(tmp_path / "curves.doc")
    with pytest.raises(StateError, match="no epoch was completed"):
        History().plot(path)


def test_the_file_is_there_while_training_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "made" / "curves.png"
    seen: list[bytes] = []
    look = LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(path.read_bytes()))
    runs = watch_runs(monkeypatch)
    fit(PlotHistory(path, seconds=0, dpi=40), look, epochs=3)
    assert len(runs) == 3
    assert all(picture.startswith(PNG) and picture.endswith(b"IEND\xaeB`\x82") for picture in seen)
    assert len(set(seen)) == 3
    assert path.read_bytes() == seen[-1]
    assert list(path.parent.iterdir()) == [path]


def test_it_does_not_draw_all_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    draw_it = PlotHistory._draw

    def counted(self: PlotHistory) -> None:
        drawn.append(len(self._record.epoch))
        draw_it(self)

    monkeypatch.setattr(PlotHistory, "_draw", counted)
    plot = PlotHistory(tmp_path / "curves.svg", seconds=1e9)
    fit(plot, epochs=50)
    assert drawn == [1, 50]
    assert "</svg>" in (tmp_path / "curves.svg").read_text()


def test_a_notebook_shows_one_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    class Handle:
        def update(self, image: Any) -> None:
            calls.append(f"update {image[:4]!r}")

    def display(image: Any, display_id: bool) -> Handle:
        calls.append(f"display {image[:4]!r}")
        return Handle()

    fake: Any = ModuleType("IPython.display")
    fake.Image, fake.display = lambda data: data, display
    monkeypatch.setitem(sys.modules, "IPython.display", fake)
    monkeypatch.setattr("fastnn.training.progress.is_notebook", lambda stream: True)
    plot = PlotHistory(tmp_path / "curves.png", seconds=0, dpi=30)
    fit(plot, epochs=3)
    fit(plot, epochs=1)
    first, later = f"display {PNG[:4]!r}", f"update {PNG[:4]!r}"
    assert calls == [first, later, later, first]


def test_without_matplotlib(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    with pytest.raises(MissingExtraError, match=r"PlotHistory draws .*fastnn\[plot\]"):
        PlotHistory(tmp_path / "curves.png")
    with pytest.raises(MissingExtraError, match=r"history.plot draws .*fastnn\[plot\]"):
        fit().plot(tmp_path / "curves.png")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"to_file": "a.doc"}, "received 'a.doc'"),
        ({"seconds": -1}, "seconds=-1"),
        ({"dpi": 0}, "dpi=0"),
    ],
)
def test_bad_arguments(arguments: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        PlotHistory(**arguments)
    assert CallbackList(PlotHistory()).has_epoch_hooks
