"""A .png file as input: grey, resized, in the range of the training, on a dark ground."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import fastnn
from fastnn.cli.image import load_image, white_of
from fastnn.cli.main import main
from fastnn.errors import DataError, ShapeError


def model_of(shape: tuple[int, ...], *layers: fastnn.layers.Layer) -> fastnn.Sequential:
    return fastnn.Sequential([fastnn.Input(shape), *layers, fastnn.layers.Flatten()])


def bright_square(size: int = 40) -> np.ndarray:
    """A light square on a dark ground, in the middle."""
    pixels = np.zeros((size, size), np.uint8)
    pixels[size // 4 : -size // 4, size // 4 : -size // 4] = 255
    return pixels


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 1), (16,)])
def test_an_image_is_resized_and_the_note_says_so(
    shape: tuple[int, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(bright_square()).save("square.png")
    found = load_image("square.png", model_of(shape))
    expected = np.zeros((4, 4))
    expected[1:3, 1:3] = 1.0
    np.testing.assert_allclose(found, expected.reshape(1, *shape))
    assert capsys.readouterr().err == (
        "fastnn: note: square.png was resized from 40x40 to 4x4 pixels, the model's input. For a "
        "drawing or a photo, --crop cuts out what is drawn and places it as the digits of MNIST "
        "are.\n"
    )


def test_width_and_height_are_not_swapped() -> None:
    pixels = np.zeros((2, 6), np.uint8)
    pixels[0, 5] = 255
    Image.fromarray(pixels).save("wide.png")
    found = load_image("wide.png", model_of((2, 6)))
    np.testing.assert_array_equal(found[0], pixels / 255)


GREY = (bright_square(4) // 255 * 102).astype(np.uint8)  # 0.4 of the range


@pytest.mark.parametrize(
    "pixels",
    [
        GREY,
        np.repeat(GREY[..., None], 3, axis=2),  # RGB
        GREY.astype(np.uint16) * 257,  # 16 bits
    ],
    ids=["grey", "rgb", "16 bits"],
)
def test_every_kind_of_png_is_the_same_image(pixels: np.ndarray) -> None:
    Image.fromarray(pixels).save("kind.png")
    found = load_image("kind.png", model_of((4, 4)))
    np.testing.assert_allclose(found[0], GREY / 255, rtol=1e-6)


def test_one_bit_is_black_or_white() -> None:
    Image.fromarray(GREY > 0).save("bit.png")
    np.testing.assert_array_equal(load_image("bit.png", model_of((4, 4)))[0], GREY > 0)


def test_transparent_parts_are_paper() -> None:
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[1, 1, 3] = 255  # one opaque black pixel
    Image.fromarray(pixels).save("clear.png")
    found = load_image("clear.png", model_of((4, 4)), invert=True)[0]
    assert found[1, 1] == 1.0
    assert found.sum() == 1.0


def test_the_range_is_that_of_the_training() -> None:
    Image.fromarray(bright_square(4)).save("square.png")
    rescaling = fastnn.layers.Rescaling
    assert load_image("square.png", model_of((4, 4), rescaling(1 / 255))).max() == pytest.approx(
        255
    )
    assert load_image("square.png", model_of((4, 4), rescaling(1 / 16))).max() == pytest.approx(16)
    assert load_image("square.png", model_of((4, 4))).max() == 1.0
    assert load_image("square.png", model_of((4, 4)), white=7.0).max() == 7.0
    assert white_of(model_of((4, 4), rescaling(2 / 255, -1.0))) == pytest.approx(255)


def test_a_light_ground_is_noted(capsys: pytest.CaptureFixture[str]) -> None:
    Image.fromarray(255 - bright_square(4)).save("ink.png")
    dark = load_image("ink.png", model_of((4, 4)), invert=True)
    assert capsys.readouterr().err == ""
    np.testing.assert_allclose(dark[0], bright_square(4) / 255)
    load_image("ink.png", model_of((4, 4)))
    said = capsys.readouterr().err
    assert "the border of ink.png is light, as of dark ink on paper" in said
    assert said.endswith("add --invert for those.\n")
    Image.fromarray(bright_square(4)).save("light.png")
    load_image("light.png", model_of((4, 4)), invert=True)
    assert capsys.readouterr().err.endswith("leave out --invert for those.\n")


def shaded_photo(height: int, width: int) -> np.ndarray:
    """An L of dark ink on grey, unevenly lit paper, in a corner: 30 high, 20 wide, 5 thick."""
    paper = np.full((height, width), 200.0) + np.linspace(-20, 20, width)
    paper[10:40, 50:55] = paper[35:40, 50:70] = 30.0
    return paper.round().astype(np.uint8)


@pytest.mark.parametrize("shape", [(28, 28), (8, 8)])
def test_crop_places_what_is_drawn(shape: tuple[int, int]) -> None:
    Image.fromarray(shaded_photo(90, 120)).save("photo.png")
    found = load_image("photo.png", model_of(shape), invert=True, crop=True)[0]
    ink = found > 0.5
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    high, wide = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert high == (20 if shape == (28, 28) else 8)
    assert wide == pytest.approx(high * 2 / 3, abs=1)
    assert found[0, -1] == 0.0  # the shade of the paper is no ink
    if shape == (28, 28):  # the centre of mass lies in the middle
        for axis in (0, 1):
            along = found.sum(axis=1 - axis)
            assert along @ (np.arange(28) + 0.5) / along.sum() == pytest.approx(14, abs=0.6)


def test_crop_of_an_empty_sheet(capsys: pytest.CaptureFixture[str]) -> None:
    Image.fromarray(np.full((9, 9), 7, np.uint8)).save("empty.png")
    with pytest.raises(DataError, match="nothing is lighter than the border"):
        load_image("empty.png", model_of((4, 4)), crop=True)


def test_crop_of_digits_that_are_placed_already_changes_little(
    digits_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = fastnn.datasets.load("digits")
    right = 0
    for number in range(20):
        image = np.pad(
            (data.x_test[number] / 16 * 255).astype(np.uint8).repeat(20, 0).repeat(20, 1), 90
        )
        Image.fromarray(255 - image).save("drawn.png")
        assert main(["predict", str(digits_model), "drawn.png", "--invert", "--crop"]) == 0
        right += int(capsys.readouterr().out.splitlines()[1].split(",")[0]) == data.y_test[number]
    assert right >= 15  # of a model with 17 or 18


def test_predict_reads_a_digit(digits_model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = fastnn.datasets.load("digits")
    image = (data.x_test[0].astype(float) / 16 * 255).round().astype(np.uint8)
    Image.fromarray(image).resize((80, 80), Image.Resampling.NEAREST).save("digit.png")
    assert main(["predict", str(digits_model), "digit.png"]) == 0
    captured = capsys.readouterr()
    first = captured.out.splitlines()[1].split(",")[0]
    assert int(first) == data.y_test[0]
    assert f"fastnn: digit.png is most probably {first} (" in captured.err


def test_what_is_no_image_is_refused(
    digits_model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("junk.png").write_text("junk", encoding="utf-8")
    assert main(["predict", str(digits_model), "junk.png"]) == 2
    assert "junk.png: cannot be read as an image" in capsys.readouterr().err
    assert main(["predict", str(digits_model), "no.png"]) == 2
    assert "image 'no.png' does not exist" in capsys.readouterr().err
    with pytest.raises(ShapeError, match=r"inputs have the shape \(3,\)"):
        load_image("junk.png", model_of((3,)))
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert main(["predict", str(digits_model), "junk.png"]) == 2
    assert "pip install 'fastnn[image]'" in capsys.readouterr().err
