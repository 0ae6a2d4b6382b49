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
from fastnn.errors import ShapeError


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
        "fastnn: note: square.png was resized from 40x40 to 4x4 pixels, the model's input.\n"
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


@pytest.mark.parametrize(("width", "stretched"), [(40, False), (42, False), (60, True), (20, True)])
def test_changed_proportions_are_noted(
    width: int, stretched: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(np.zeros((40, width), np.uint8)).save("wide.png")
    load_image("wide.png", model_of((4, 4)))
    assert ("cut it out around the digit" in capsys.readouterr().err) == stretched


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
