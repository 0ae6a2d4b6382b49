"""Pictures between files, Pillow and arrays, as in Keras. Pillow (the extra ``image``) is imported
when one of these functions is called.
"""

from __future__ import annotations

import io
import os
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastnn import arguments, config
from fastnn.errors import MissingExtraError, ShapeError

_MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
_GREY = ("L", "I;16", "I")  # modes that are grey already, of 8, 16 or 32 bits
_INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")
_FORMATS = ("channels_last", "channels_first")


def load_img(
    path: Any,
    color_mode: str = "rgb",
    target_size: tuple[int, int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Any:
    """The picture in a file, as a Pillow image.

    Parameters
    ----------
    path : of the file, or an open ``io.BytesIO``.
    color_mode : ``"grayscale"``, ``"rgb"`` or ``"rgba"``.
    target_size : (height, width) to which it is resized; its own by default.
    interpolation : ``"nearest"``, ``"bilinear"``, ``"bicubic"``, ``"hamming"``, ``"box"`` or
        ``"lanczos"``.
    keep_aspect_ratio : whether the middle of the picture is cut out first, so that nothing is
        distorted.

    Raises
    ------
    MissingExtraError : without Pillow.
    ArgumentError : for an unknown mode or interpolation.

    Examples
    --------
    >>> import fastnn, io
    >>> file = io.BytesIO()
    >>> fastnn.utils.save_img(file, [[[0.0], [255.0]]], file_format="png")
    >>> picture = fastnn.utils.load_img(file, color_mode="grayscale", target_size=(4, 4))
    >>> fastnn.utils.img_to_array(picture).shape
    (4, 4, 1)
    """
    module = _pillow("load_img")
    mode = _MODES[arguments.one_of("load_img", "color_mode", color_mode, tuple(_MODES))]
    arguments.one_of("load_img", "interpolation", interpolation, _INTERPOLATIONS)
    if isinstance(path, io.BytesIO):
        picture = module.open(path)
    else:
        with open(path, "rb") as file:
            picture = module.open(io.BytesIO(file.read()))
    if not (mode == picture.mode or (mode == "L" and picture.mode in _GREY)):
        picture = picture.convert(mode)
    if target_size is None or picture.size == (target_size[1], target_size[0]):
        return picture
    size = (target_size[1], target_size[0])
    box = _middle(picture.size, size) if keep_aspect_ratio else None
    return picture.resize(size, getattr(module.Resampling, interpolation.upper()), box=box)


def _middle(size: tuple[int, int], wanted: tuple[int, int]) -> tuple[int, int, int, int]:
    """The largest box in the middle of a picture with the proportions of the wanted size."""
    (width, height), (wide, high) = size, wanted
    crop_height = min(height, width * high // wide)
    crop_width = min(width, height * wide // high)
    left, top = (width - crop_width) // 2, (height - crop_height) // 2
    return left, top, left + crop_width, top + crop_height


def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> NDArray[Any]:
    """A Pillow image as an array (height, width, channels).

    Parameters
    ----------
    img : the image.
    data_format : ``"channels_last"``, or ``"channels_first"`` for (channels, height, width).
    dtype : of the result; ``floatx()`` by default.

    Raises
    ------
    ShapeError : for something that is no picture.

    Examples
    --------
    >>> import fastnn
    >>> picture = fastnn.utils.array_to_img([[[0.0], [255.0]]])
    >>> fastnn.utils.img_to_array(picture).tolist()
    [[[0.0], [255.0]]]
    """
    first = _channels_first("img_to_array", data_format)
    pixels = np.asarray(img, dtype=config.floatx() if dtype is None else np.dtype(dtype))
    if pixels.ndim == 2:
        pixels = pixels[:, :, np.newaxis]
    if pixels.ndim != 3:
        raise ShapeError(
            f"img_to_array: received a picture of shape {pixels.shape}, expected (height, width) "
            "or (height, width, channels). Pass one picture."
        )
    return pixels.transpose(2, 0, 1) if first else pixels


def array_to_img(
    x: ArrayLike, data_format: str | None = None, scale: bool = True, dtype: Any = None
) -> Any:
    """An array (height, width, channels) as a Pillow image.

    Parameters
    ----------
    x : the pixels, with 1, 3 or 4 channels.
    data_format : ``"channels_last"``, or ``"channels_first"`` for (channels, height, width).
    scale : whether the values are spread so that the least becomes 0 and the largest 255.
    dtype : in which this is computed; ``floatx()`` by default.

    Raises
    ------
    MissingExtraError : without Pillow.
    ShapeError : for an array of other axes or channels.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.utils.array_to_img([[[0.0], [0.5], [1.0]]]).size
    (3, 1)
    """
    module = _pillow("array_to_img")
    first = _channels_first("array_to_img", data_format)
    pixels = np.array(x, dtype=config.floatx() if dtype is None else np.dtype(dtype))
    if pixels.ndim == 3 and first:
        pixels = pixels.transpose(1, 2, 0)
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3, 4):
        raise ShapeError(
            f"array_to_img: received an array of shape {np.shape(x)}, expected (height, width, "
            "channels) with 1, 3 or 4 channels. Add an axis to a grey picture: x[..., np.newaxis]."
        )
    if scale:
        pixels -= pixels.min()
        pixels *= 255 / (pixels.max() or 1)
    if pixels.shape[2] > 1:
        return module.fromarray(pixels.astype(np.uint8))
    wide = pixels.max() > 255  # a grey picture of 32 bits
    return module.fromarray(pixels[:, :, 0].astype(np.int32 if wide else np.uint8))


def save_img(
    path: Any,
    x: ArrayLike,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **kwargs: Any,
) -> None:
    """Write an array as a picture.

    Parameters
    ----------
    path : of the file, or an open file.
    x, data_format, scale : see ``array_to_img``.
    file_format : ``"png"``, ``"jpeg"``, …; by default what the path ends in.
    **kwargs : for ``save`` of the Pillow image.

    Examples
    --------
    >>> import fastnn, io
    >>> file = io.BytesIO()
    >>> fastnn.utils.save_img(file, [[[0.0], [1.0]]], file_format="png")
    >>> file.getvalue()[1:4]
    b'PNG'
    """
    if file_format is None and isinstance(path, (str, os.PathLike)):
        file_format = os.path.splitext(os.fspath(path))[1][1:] or None
    if file_format is not None and file_format.lower() == "jpg":
        file_format = "jpeg"
    picture = array_to_img(x, data_format, scale)
    if picture.mode == "RGBA" and file_format is not None and file_format.lower() == "jpeg":
        picture = picture.convert("RGB")  # a JPEG has no transparency
    picture.save(path, format=file_format, **kwargs)


def _channels_first(owner: str, data_format: str | None) -> bool:
    """Whether an array begins with its channels."""
    if data_format is None:
        return False
    return bool(arguments.one_of(owner, "data_format", data_format, _FORMATS) == "channels_first")


def _pillow(owner: str) -> Any:
    """``PIL.Image``."""
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError(
            f"{owner} needs Pillow, which could not be imported ({error}). Expected the extra "
            "'image': pip install 'fastnn[image]'."
        ) from error
    return Image
