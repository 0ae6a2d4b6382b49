"""``ImageSet``: a data set in the form of MNIST, that is 28x28 images in four IDX files or one
.npz file. It knows where such a set may lie, reads and checks it, and has it downloaded. The two
sets themselves, with their addresses, are in ``mnist.py`` and ``fashion_mnist.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.datasets import download, places
from fastnn.datasets.dataset import Dataset
from fastnn.datasets.idx import read_idx
from fastnn.datasets.npz import read_npz
from fastnn.errors import DownloadError, FileFormatError

# In the order x_train, y_train, x_test, y_test.
IDX_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
ARRAYS = ("x_train", "y_train", "x_test", "y_test")


def idx_bundle(
    folders: tuple[str, ...], sizes: tuple[int, ...], sums: tuple[str, ...]
) -> download.Bundle:
    """The four gzipped IDX files, each to be had from every one of the web folders."""
    return tuple(
        download.RemoteFile(f"{name}.gz", size, sha256, tuple(f"{f}{name}.gz" for f in folders))
        for name, size, sha256 in zip(IDX_FILES, sizes, sums, strict=True)
    )


@dataclass(frozen=True)
class ImageSet:
    """One data set: its name, its classes, and the ways to download it, best first."""

    name: str
    class_names: tuple[str, ...]
    bundles: tuple[download.Bundle, ...]

    def find(self) -> Path | None:
        """Where the set lies on this machine: an .npz file or a folder of IDX files; or None."""
        for place in self._candidates():
            if place.suffix == ".npz":
                if place.is_file():
                    return place
            elif all(_idx_file(place, name) is not None for name in IDX_FILES):
                return place
        return None

    def load(self, path: str = "") -> Dataset:
        """The set, from ``path`` if that exists, else found, else downloaded.

        ``path`` is an .npz file, absolute or relative to Keras's dataset folder.
        """
        named = places.keras_folder() / path
        if path and named.is_file():
            return self._read(named)
        found = self.find()
        if found is None:
            self._download()
            found = self.find()
        if found is None:
            raise DownloadError(
                f"{self.name}: vanished from {places.cache_folder()} after its download. "
                f"{self._remedy()}"
            )
        return self._read(found)

    def _candidates(self) -> Iterator[Path]:
        """Files and folders in which the set may lie, in the order of the search."""
        dashed = self.name.replace("_", "-")
        data, keras = places.data_folder(), places.keras_folder()
        if data is not None:
            for folder in dict.fromkeys((self.name, dashed)):
                yield data / folder
                yield data / folder / f"{self.name}.npz"
            yield data / f"{self.name}.npz"
        yield keras / f"{self.name}.npz"
        yield keras / dashed
        yield places.cache_folder() / self.name
        yield places.cache_folder() / self.name / f"{self.name}.npz"

    def _download(self) -> None:
        """Fetch the set into fastnn's cache."""
        if not places.may_download():
            raise DownloadError(
                f"{self.name} was not found, and FASTNN_OFFLINE forbids to download it.\n"
                f"{self._remedy()}"
            )
        folder = places.cache_folder() / self.name
        download.fetch(self.bundles, folder, self.name, self._remedy())

    def _remedy(self) -> str:
        """What to do without a network."""
        data = places.data_folder()
        root = Path("FOLDER") if data is None else data
        advice = "" if data is not None else " and set FASTNN_DATA=FOLDER"
        return (
            f"Without a network: put {', '.join(f'{name}.gz' for name in IDX_FILES)} into "
            f"{root / self.name}{advice}; or put Keras's {self.name}.npz into "
            f"{places.keras_folder()}. The data set 'digits' needs no download."
        )

    def _read(self, place: Path) -> Dataset:
        """The set in the .npz file or the folder ``place``, checked."""
        if place.is_dir():
            files = [_idx_file(place, name) or place / name for name in IDX_FILES]
            arrays = [read_idx(file) for file in files]
        else:
            files = [place] * 4
            read = read_npz(place, ARRAYS)
            arrays = [read[name] for name in ARRAYS]
        for part in (0, 2):
            self._check(arrays[part], arrays[part + 1], files[part], files[part + 1])
        x_train, y_train, x_test, y_test = arrays
        return Dataset(x_train, y_train, x_test, y_test, self.name, self.class_names, 255.0, place)

    def _check(
        self, images: NDArray[Any], labels: NDArray[Any], image_file: Path, label_file: Path
    ) -> None:
        """Refuse arrays that are not n images of 28x28 bytes and n labels of known classes."""
        if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (28, 28):
            raise FileFormatError(
                f"{image_file}: holds images of shape {images.shape} and type {images.dtype}; "
                f"expected (n, 28, 28) and uint8, as in {self.name}. Put the right file there."
            )
        if labels.dtype != np.uint8 or labels.shape != (len(images),) or not len(images):
            raise FileFormatError(
                f"{label_file}: holds labels of shape {labels.shape} and type {labels.dtype}; "
                f"expected uint8 and one label for each of the {len(images)} images. Put the right "
                f"file there."
            )
        if labels.max() >= len(self.class_names):
            raise FileFormatError(
                f"{label_file}: holds the label {labels.max()}; expected 0 to "
                f"{len(self.class_names) - 1}. Put the right file there."
            )


def _idx_file(folder: Path, name: str) -> Path | None:
    """The IDX file of that name in ``folder``, gzipped or plain."""
    for file in (folder / f"{name}.gz", folder / name):
        if file.is_file():
            return file
    return None
