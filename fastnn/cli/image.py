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
from fastnn.errors import ArgumentError, FileFormatError, MissingExtraError, ShapeError

if TYPE_CHECKING:
    from fastnn.models import Sequential

_STRETCHED = 1.1  # width to height from which on a resized image looks different
_LIGHT = 0.5  # of the range: a border above it is paper, not the dark background of MNIST


def load_image(
    path: str, model: Sequential, *, invert: bool = False, white: float | None = None
) -> NDArray[np.float64]:
    """The image as an array of shape (1, *input shape of the model).

    Parameters
    ----------
    path : a .png file of any size and colours; transparent parts count as white.
    model : its input is (height, width), (height, width, 1) or flat with a square number of
        features.
    invert : whether to swap dark and light.
    white : the value of a white pixel, black being 0; by default the one that the model's first
        ``Rescaling`` layer maps to 1 (255 for MNIST, 16 for the digits), or 1 without such a layer.

    Raises
    ------
    MissingExtraError : Pillow is not installed.
    ArgumentError : there is no such file. FileFormatError : it is not a .png image.
    ShapeError : the model's input is not one greyscale image.
    """
    height, width = image_size(model)
    pixels = _grey_pixels(path, (width, height))
    if invert:
        pixels = 1.0 - pixels
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    if border.mean() > _LIGHT:
        hint = "leave out --invert" if invert else "add --invert"
        note(
            f"note: the border of {path} is light{' after --invert' if invert else ''}, as of dark "
            "ink on paper. Models of MNIST and of the digits expect light ink on a dark ground: "
            f"{hint} for those."
        )
    scale = white if white is not None else white_of(model)
    return (pixels * scale).reshape(1, *model.sample_shape)


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


def _grey_pixels(path: str, size: tuple[int, int]) -> NDArray[np.float64]:
    """The image in 0..1, resized to (width, height)."""
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
            before = image.size
            grey = _grey(image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise FileFormatError(
            f"{path}: cannot be read as an image ({error}). Expected a .png file: save it again."
        ) from error
    if before != size:
        stretched = before[0] * size[1] / (before[1] * size[0])
        hint = (
            " This changed its proportions: cut it out around the digit, as a square, for a better "
            "prediction."
            if max(stretched, 1 / stretched) > _STRETCHED
            else ""
        )
        note(
            f"note: {path} was resized from {before[0]}x{before[1]} to {size[0]}x{size[1]} pixels, "
            f"the model's input.{hint}"
        )
        grey = grey.resize(size, Image.Resampling.BOX if _shrinks(before, size) else None)
    return np.clip(np.asarray(grey, dtype=np.float64), 0.0, 1.0)


def _shrinks(before: tuple[int, int], after: tuple[int, int]) -> bool:
    """Whether neither side grows."""
    return before[0] >= after[0] and before[1] >= after[1]


def _grey(image: Any) -> Any:
    """The image as grey floats in 0..1 on white, whatever its mode."""
    from PIL import Image

    if image.mode.startswith("I"):  # 16 bits of grey, which convert("L") would cut off
        values = np.asarray(image, dtype=np.float32) / 65535.0
    else:
        if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
            layer = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
        values = np.asarray(image.convert("L"), dtype=np.float32) / 255.0
    return Image.fromarray(values)
