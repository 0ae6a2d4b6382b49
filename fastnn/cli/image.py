"""A .png file as one input of a model: greyscale, resized to the model's input, with the range of
values that the model was trained on. Pillow is imported only here.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastnn.cli.options import note
from fastnn.errors import ArgumentError, DataError, FileFormatError, MissingExtraError, ShapeError

if TYPE_CHECKING:
    from fastnn.models import Sequential

_LIGHT = 0.5  # of the range: a border above it is paper, not the dark background of MNIST
_FAINT, _SHADE = 0.1, 0.3  # contrast below which nothing is drawn; what of it is not yet ink


def load_image(
    path: str,
    model: Sequential,
    *,
    invert: bool = False,
    crop: bool = False,
    white: float | None = None,
) -> NDArray[np.float64]:
    """The image as an array of shape (1, *input shape of the model).

    Parameters
    ----------
    path : a .png file of any size and colours; transparent parts count as white.
    model : its input is (height, width), (height, width, 1) or flat with a square number of
        features.
    invert : whether to swap dark and light.
    crop : whether to cut out what is drawn and place it as the digits of MNIST are.
    white : the value of a white pixel, black being 0; by default the one that the model's first
        ``Rescaling`` layer maps to 1 (255 for MNIST, 16 for the digits), or 1 without such a layer.

    Raises
    ------
    MissingExtraError : Pillow is not installed.
    ArgumentError : there is no such file. FileFormatError : it is not a .png image.
    ShapeError : the model's input is not one greyscale image. DataError : nothing to cut out.
    """
    height, width = image_size(model)
    grey = _grey_pixels(path)
    if invert:
        grey = 1.0 - grey
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    if border.mean() > _LIGHT:
        hint = "leave out --invert" if invert else "add --invert"
        note(
            f"note: the border of {path} is light{' after --invert' if invert else ''}, as of dark "
            "ink on paper. Models of MNIST and of the digits expect light ink on a dark ground: "
            f"{hint} for those."
        )
    if crop:
        pixels = placed(cut_out(grey, float(np.median(border)), path), (height, width))
    else:
        _note_size(path, grey.shape, (height, width))
        pixels = _resized(grey, (height, width))
    scale = white if white is not None else white_of(model)
    return (pixels * scale).reshape(1, *model.sample_shape)


def cut_out(grey: NDArray[np.float64], ground: float, path: str) -> NDArray[np.float64]:
    """The rectangle that is lighter than the ground, with 0 for the ground and 1 for the ink."""
    contrast = float(grey.max()) - ground
    if contrast < _FAINT:
        raise DataError(
            f"{path}: nothing is lighter than the border. Expected light ink on a dark ground: "
            "add or leave out --invert, or leave out --crop."
        )
    # What is between ground and paler ink is shade and noise of a photo
    ink = np.clip(((grey - ground) / contrast - _SHADE) / (1.0 - _SHADE), 0.0, 1.0)
    rows, columns = (np.flatnonzero((ink > _LIGHT).any(axis=axis)) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def placed(ink: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
    """The ink in an image of this (height, width), in its proportions, placed as MNIST does: in the
    inner 20/28, its centre of mass in the middle. In less than 20 pixels it fills the image, as
    the bundled digits do.
    """
    small = min(size) < 20
    room = [float(side) if small else side * 20 / 28 for side in size]
    factor = min(room[0] / ink.shape[0], room[1] / ink.shape[1])
    shape = [min(max(1, round(ink.shape[axis] * factor)), size[axis]) for axis in (0, 1)]
    drawn = _resized(ink, (shape[0], shape[1]))
    found = np.zeros(size)
    corner = []
    for axis in (0, 1):
        along = drawn.sum(axis=1 - axis)
        middle = shape[axis] / 2 if small else along @ (np.arange(shape[axis]) + 0.5) / along.sum()
        corner.append(min(max(0, round(size[axis] / 2 - middle)), size[axis] - shape[axis]))
    top, left = corner
    found[top : top + shape[0], left : left + shape[1]] = drawn
    return found


def _note_size(path: str, before: tuple[int, ...], size: tuple[int, int]) -> None:
    """Say that an image is resized, and what is better for drawings and photos."""
    if before == size:
        return
    note(
        f"note: {path} was resized from {before[1]}x{before[0]} to {size[1]}x{size[0]} pixels, the "
        "model's input. For a drawing or a photo, --crop cuts out what is drawn and places it as "
        "the digits of MNIST are."
    )


def _resized(grey: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
    """The image with this height and width; each pixel the mean of what it covers."""
    from PIL import Image

    if grey.shape == size:
        return grey
    shrinks = grey.shape[0] >= size[0] and grey.shape[1] >= size[1]
    image = Image.fromarray(grey.astype(np.float32))
    image = image.resize(size[::-1], Image.Resampling.BOX if shrinks else None)
    return np.clip(np.asarray(image, dtype=np.float64), 0.0, 1.0)


def image_size(model: Sequential) -> tuple[int, int]:
    """Height and width of the greyscale image that is the model's input."""
    shape = model.sample_shape
    if len(shape) == 3 and shape[2] == 1:
        shape = shape[:2]
    if len(shape) == 1 and math.isqrt(shape[0]) ** 2 == shape[0]:
        shape = (math.isqrt(shape[0]),) * 2
    if len(shape) != 2:
        raise ShapeError(
            f"the model's inputs have the shape {model.sample_shape}. Expected those of one grey "
            "image, such as (28, 28), (28, 28, 1) or (784,), to predict from a .png file: use an "
            ".npz file."
        )
    return shape[0], shape[1]


def white_of(model: Sequential) -> float:
    """The input that the model's first layer, if it is a plain ``Rescaling``, maps to 1."""
    from fastnn.layers import Rescaling

    first = model.layers[0] if model.layers else None
    if isinstance(first, Rescaling):
        scale, offset = first.scale, first.offset
        if isinstance(scale, float) and isinstance(offset, float) and scale > 0:
            return (1.0 - offset) / scale
    return 1.0


def _grey_pixels(path: str) -> NDArray[np.float64]:
    """The image in 0..1."""
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError(
            f"reading {path} needs Pillow, which could not be imported ({error}). Expected the "
            "extra 'image': pip install 'fastnn[image]', or give an .npz or .csv file."
        ) from error
    if not Path(path).is_file():
        raise ArgumentError(f"image {path!r} does not exist. Expected a .png file: check the path.")
    try:
        with Image.open(path, formats=["PNG"]) as image:
            return np.clip(_grey(image), 0.0, 1.0)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise FileFormatError(
            f"{path}: cannot be read as an image ({error}). Expected a .png file: save it again."
        ) from error


def _grey(image: Any) -> NDArray[np.float64]:
    """The image as grey floats in 0..1 on white, whatever its mode."""
    from PIL import Image

    if image.mode.startswith("I"):  # 16 bits of grey, which convert("L") would cut off
        return np.asarray(image, dtype=np.float64) / 65535.0
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    return np.asarray(image.convert("L"), dtype=np.float64) / 255.0
