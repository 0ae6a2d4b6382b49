"""Pictures between files and arrays, as in Keras."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from fastnn.errors import ArgumentError, MissingExtraError, ShapeError
from fastnn.utils import array_to_img, img_to_array, load_img, save_img

pytest.importorskip("PIL", reason="Pillow is not installed (extra 'image')")
RGB = np.random.default_rng(0).integers(0, 256, (6, 8, 3)).astype("float32")


def test_a_picture_goes_to_a_file_and_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "p.png"
    save_img(path, RGB, scale=False)
    np.testing.assert_array_equal(img_to_array(load_img(path)), RGB)
    first = img_to_array(load_img(str(path)), data_format="channels_first", dtype="uint8")
    assert (first.shape, first.dtype) == ((3, 6, 8), np.uint8)
    grey = img_to_array(load_img(path, color_mode="grayscale", target_size=(28, 28)))
    assert grey.shape == (28, 28, 1)
    assert img_to_array(load_img(path, color_mode="rgba")).shape == (6, 8, 4)
    save_img(tmp_path / "p.jpg", np.zeros((4, 4, 4)))
    assert img_to_array(load_img(tmp_path / "p.jpg")).shape == (4, 4, 3)


def test_the_middle_is_cut_out() -> None:
    wide = np.zeros((2, 6, 1))
    wide[:, 2:4] = 255
    file = io.BytesIO()
    save_img(file, wide, file_format="png")
    whole = load_img(file, color_mode="grayscale", target_size=(2, 2))
    middle = load_img(file, color_mode="grayscale", target_size=(2, 2), keep_aspect_ratio=True)
    assert img_to_array(whole).min() == 0
    assert img_to_array(middle).min() == 255


def test_arrays_are_scaled() -> None:
    spread = img_to_array(array_to_img([[[0.25], [0.5], [0.75]]]))
    np.testing.assert_array_equal(spread[..., 0], [[0, 127, 255]])
    assert img_to_array(array_to_img(np.full((2, 2, 1), 7.0), scale=False)).max() == 7
    assert array_to_img(np.full((2, 2, 1), 300.0), scale=False).mode == "I"
    given = np.ones((3, 2, 2))
    assert array_to_img(given, data_format="channels_first").size == (2, 2)
    assert given.min() == 1


def test_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ShapeError, match=r"shape \(2, 2\), expected \(height, width, channels\)"):
        array_to_img(np.ones((2, 2)))
    with pytest.raises(ShapeError, match=r"shape \(1, 2, 2, 3\)"):
        img_to_array(np.ones((1, 2, 2, 3)))
    with pytest.raises(ArgumentError, match="color_mode='gray'"):
        load_img("none.png", color_mode="gray")
    with pytest.raises(FileNotFoundError):
        load_img("none.png")
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    with pytest.raises(MissingExtraError, match=r"fastnn\[image\]"):
        load_img("none.png")
