"""``activations.plot``: the curves, their derivatives and what is said about them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fastnn import activations, ops
from fastnn.drawing import curves
from fastnn.errors import ArgumentError

X = np.linspace(-5, 5, 201) + 0.0123  # beside the corners


@pytest.mark.parametrize("name", sorted(curves.ABOUT))
def test_the_curve_has_the_derivative_and_the_range_that_are_shown(name: str) -> None:
    y, slope = curves._curve(activations.get(name), X)
    near = curves._curve(activations.get(name), X + 1e-6)[0]
    np.testing.assert_allclose(slope, (near - y) / 1e-6, atol=1e-4, rtol=1e-4)
    shown = curves.ABOUT[name][0]
    if shown.startswith("{"):
        assert {*y.tolist()} == {0.0, 1.0}
        return
    low, high = (float(end.replace("∞", "inf")) for end in shown[1:-1].split(","))
    far = curves._curve(activations.get(name), np.linspace(-30, 30, 6001))[0]
    assert far.min() >= low - 0.01
    assert far.max() <= high
    if np.isfinite(low):
        assert far.min() == pytest.approx(low, abs=0.04)
    if np.isfinite(high):
        assert far.max() == pytest.approx(high, abs=0.04)


def test_every_curve_of_the_vocabulary_is_described() -> None:
    known = {function.__name__ for function in activations._KNOWN}
    # mix values, or need arguments
    assert known - {*curves.ABOUT} == {"softmax", "log_softmax", "sparsemax", "glu", "threshold"}
    assert {*curves.ABOUT} <= known


def test_what_bends_far_to_the_right_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    monkeypatch.setattr(curves.figures, "write", lambda figure, path, dpi: drawn.append(figure))
    activations.plot(["relu6", "relu"], "curves.png")
    (figure,) = drawn
    capped, relu = figure.axes
    assert capped.get_xlim()[1] > 6
    assert capped.get_ylim()[1] > 6
    assert relu.get_xlim()[1] == 5


def test_files_and_functions_of_the_callers(tmp_path: Path) -> None:
    def twice(x: object) -> object:
        return ops.multiply(x, 2.0)

    assert activations.plot(["relu", twice], tmp_path / "two.png", dpi=40) is None
    assert (tmp_path / "two.png").read_bytes().startswith(b"\x89PNG")
    activations.plot(twice, tmp_path / "one.svg")
    assert "<svg" in (tmp_path / "one.svg").read_text(encoding="utf-8")


def test_what_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "curves.png"
    with pytest.raises(ArgumentError, match="'softmax' is no curve"):
        activations.plot("softmax", path)
    with pytest.raises(ArgumentError, match="relu"):
        activations.plot("rellu", path)
    with pytest.raises(ArgumentError, match="received no name"):
        activations.plot([], path)
    with pytest.raises(ArgumentError, match="ends in one of"):
        activations.plot("relu", tmp_path / "curves.doc")
    assert not path.exists()
