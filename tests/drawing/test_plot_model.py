"""``utils.plot_model``: what is drawn, where, and what is refused."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

import fastnn
from fastnn import layers, utils
from fastnn.drawing import boxes, neurons
from fastnn.errors import ArgumentError, MissingExtraError, StateError, UnsupportedError

NOTHING = dict.fromkeys(("shapes", "dtype", "names", "activations", "trainable"), False)
EVERYTHING = dict.fromkeys(NOTHING, True)


def small() -> fastnn.Sequential:
    hidden = layers.Dense(3, "tanh", name="hidden")
    return fastnn.Sequential([fastnn.Input((2,)), hidden, layers.Dropout(0.1), layers.Dense(1)])


def blocks() -> fastnn.Sequential:
    return fastnn.Sequential(
        [
            fastnn.Input((4, 5)),
            layers.Flatten(),
            layers.Residual([layers.Dense(30, "relu"), layers.Dense(20)], name="round"),
            layers.Parallel([[layers.Dense(8)], [layers.Dense(4), layers.Dropout(0.5)]]),
            fastnn.Sequential([layers.Dense(6)], name="within"),
            layers.Dense(2, "softmax", trainable=False),
        ]
    )


def texts(figure: Any) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts if text.get_text()]


def extents(figure: Any) -> list[Any]:
    """Where the words stand, in pixels."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    drawn = FigureCanvasAgg(figure).get_renderer()
    words = [text for text in figure.axes[0].texts if text.get_text()]
    return [text.get_window_extent(drawn) for text in words]


def assert_within(figure: Any) -> None:
    """No word is cut off at an edge of the picture."""
    width, height = figure.get_size_inches() * figure.dpi
    for box in extents(figure):
        assert box.x0 >= 0
        assert box.x1 <= width
        assert box.y0 >= 0
        assert box.y1 <= height


def assert_apart(figure: Any) -> None:
    """No word stands on another."""
    found = extents(figure)
    for i, a in enumerate(found):
        for b in found[i + 1 :]:
            assert a.x1 <= b.x0 or b.x1 <= a.x0 or a.y1 <= b.y0 + 2 or b.y1 <= a.y0 + 2


@pytest.mark.parametrize("rankdir", ["TB", "LR"])
def test_a_small_network_is_its_neurons_and_weights(rankdir: str) -> None:
    from matplotlib.patches import Circle

    figure = neurons.draw(small(), [2, 3, 1], rankdir, EVERYTHING)
    axes = figure.axes[0]
    circles = [patch for patch in axes.patches if isinstance(patch, Circle)]
    assert len(circles) == 2 + 3 + 1
    assert len(axes.lines) == 2 * 3 + 3 * 1
    along = 0 if rankdir == "LR" else 1
    assert len({round(circle.center[along], 6) for circle in circles}) == 3
    captions = texts(figure)
    assert captions[:2] == ["input", "size 2"]
    assert captions[2:9] == [
        *("hidden", "hidden", "tanh", "size 3", "float32", "trainable", "+ Dropout")
    ]
    assert_within(figure)
    width, height = figure.get_size_inches()
    for circle in circles:
        assert 0 < circle.center[0] < width
        assert 0 < circle.center[1] < height


def test_which_networks_are_drawn_neuron_by_neuron() -> None:
    assert neurons.sizes(small()) == [2, 3, 1]
    assert neurons.sizes(blocks()) is None
    wide = fastnn.Sequential([fastnn.Input((2,)), layers.Dense(neurons.LARGEST + 1)])
    assert neurons.sizes(wide) is None
    normed = fastnn.Sequential([fastnn.Input((2,)), layers.BatchNormalization(), layers.Dense(2)])
    assert neurons.sizes(normed) is None  # has weights that no line would stand for


@pytest.mark.parametrize("rankdir", ["TB", "LR"])
@pytest.mark.parametrize("expand", [False, True])
def test_boxes_lie_inside_the_picture_and_inside_their_frames(rankdir: str, expand: bool) -> None:
    figure = boxes.draw(blocks(), rankdir, expand, EVERYTHING)
    width, height = figure.get_size_inches()
    spots = []
    for patch in figure.axes[0].patches[:-4]:  # the last four are the legend
        if hasattr(patch, "get_x"):
            x, y = patch.get_x(), patch.get_y()
            spots.append((x, y, x + patch.get_width(), y + patch.get_height()))
    # Input and 5 layers; inside: 2 of Residual, 3 of Parallel, 1 of the inner model
    assert len(spots) == (12 if expand else 6)
    for x0, y0, x1, y1 in spots:
        assert 0 <= x0 < x1 <= width
        assert 0 <= y0 < y1 <= height
    for i, a in enumerate(spots):
        for b in spots[i + 1 :]:
            apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
            inside = a[0] < b[0] and b[2] < a[2] and a[1] < b[1] and b[3] < a[3]
            assert apart or (expand and inside)


def test_what_the_boxes_say() -> None:
    said = texts(boxes.draw(blocks(), "TB", False, NOTHING))
    names = ["Input", "Flatten", "Residual", "Parallel", "Sequential", "Dense"]
    assert said == [*names, "input", "hidden", "output", "no weights"]
    full = texts(boxes.draw(blocks(), "TB", True, EVERYTHING))
    assert full[:2] == ["Input", "(None, 4, 5)"]
    assert {"round (Residual)", "Add", "Concatenate"} < {*full}  # paths, and how they join
    last = full.index("activation: softmax")
    assert full[last + 1 : last + 4] == ["(None, 6) → (None, 2)", "float32", "frozen"]


def test_the_legend_has_what_is_there() -> None:
    plain = fastnn.Sequential([fastnn.Input((2,)), layers.Dense(30), layers.Dense(3)])
    assert texts(boxes.draw(plain, "LR", False, NOTHING))[-3:] == ["input", "hidden", "output"]


def test_a_branch_without_layers_is_a_path() -> None:
    forked = fastnn.Sequential([fastnn.Input((2,)), layers.Parallel([[layers.Dense(3)], []])])
    drawn = boxes.draw(forked, "TB", True, NOTHING).axes[0].texts
    arrows = [text for text in drawn if getattr(text, "arrow_patch", None) is not None]
    assert len(arrows) == 1 + 2 + 1  # into the block, through the layer, past it


@pytest.mark.parametrize("rankdir", ["TB", "LR"])
def test_words_stand_inside_the_picture(rankdir: str) -> None:
    for model in (small(), blocks()):
        for shown in (NOTHING, EVERYTHING):
            assert_within(boxes.draw(model, rankdir, True, shown))
    long = layers.Dense(2, name="a_layer_with_a_name_that_is_rather_long")
    model = fastnn.Sequential([fastnn.Input((1,)), long, layers.Dense(1)])
    figure = neurons.draw(model, [1, 2, 1], rankdir, EVERYTHING)
    assert_within(figure)
    assert_apart(figure)


def test_drawings_are_their_own_style(tmp_path: Path) -> None:
    """Black on light boxes in a dark style too, on white."""
    import matplotlib.image
    import matplotlib.style

    with matplotlib.style.context("dark_background"):
        figure = boxes.draw(blocks(), "TB", True, EVERYTHING)
        assert {text.get_color() for text in figure.axes[0].texts if text.get_text()} == {"black"}
        utils.plot_model(small(), tmp_path / "small.png", dpi=40)
        utils.plot_model(blocks(), tmp_path / "blocks.png", dpi=40)
    for name in ("small.png", "blocks.png"):
        assert matplotlib.image.imread(tmp_path / name)[0, 0, :3].tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_files(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"model{suffix}"
    assert utils.plot_model(small(), path, dpi=40) is None
    start = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}[suffix]
    assert path.read_bytes().startswith(start)


def test_what_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.png"
    with pytest.raises(StateError, match="is not built"):
        utils.plot_model(fastnn.Sequential([layers.Dense(1)]), path)
    with pytest.raises(ArgumentError, match=r"expected a fastnn\.Sequential"):
        utils.plot_model(layers.Dense(1), path)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="rankdir='BT', expected one of 'TB', 'LR'"):
        utils.plot_model(small(), path, rankdir="BT")
    with pytest.raises(UnsupportedError, match="splines='curved'"):
        utils.plot_model(small(), path, splines="curved")
    with pytest.raises(ArgumentError, match="Did you mean 'show_shapes'"):
        utils.plot_model(small(), path, show_shape=True)
    with pytest.raises(ArgumentError, match="Pass style='boxes'"):
        utils.plot_model(blocks(), path, style="neurons")
    with pytest.raises(ArgumentError, match=r"ends in one of .*\.png"):
        utils.plot_model(small(), tmp_path / "model.doc")
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'fastnn\[plot\]'"):
        utils.plot_model(small(), path)
    assert not path.exists()
