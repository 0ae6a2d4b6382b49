"""MNIST: 70,000 handwritten digits of 28x28 pixels. Holds the addresses and checksums, and Keras's
``load_data``; the search, the readers and the download are in ``image_set.py``.

MNIST is by Y. LeCun and C. Cortes, and is usually described as CC BY-SA 3.0. It is not part of
fastnn: it is found on the user's machine or downloaded.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.datasets.download import RemoteFile
from fastnn.datasets.image_set import ImageSet, idx_bundle

SET = ImageSet(
    name="mnist",
    class_names=tuple("0123456789"),
    bundles=(
        # The file that Keras downloads, with the checksum that Keras expects.
        (
            RemoteFile(
                "mnist.npz",
                11490434,
                "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
                ("https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",),
            ),
        ),
        # The original files; the checksums are of the canonical .gz files.
        idx_bundle(
            (
                "https://ossci-datasets.s3.amazonaws.com/mnist/",
                "https://storage.googleapis.com/cvdf-datasets/mnist/",
            ),
            (9912422, 28881, 1648877, 4542),
            (
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
        ),
    ),
)


def load_data(
    path: str = "mnist.npz",
) -> tuple[
    tuple[NDArray[np.uint8], NDArray[np.uint8]], tuple[NDArray[np.uint8], NDArray[np.uint8]]
]:
    """Load MNIST: 60,000 training and 10,000 test images of handwritten digits.

    Searched in this order: ``path``; the folder that the environment variable ``FASTNN_DATA`` names
    (``mnist/`` with the four IDX files, plain or .gz, or ``mnist.npz``); Keras's cache
    (``~/.keras/datasets/mnist.npz``, or under ``KERAS_HOME``); fastnn's cache (under
    ``FASTNN_CACHE``, else ``~/.cache/fastnn/datasets``). If it is in none of them, it is downloaded
    to fastnn's cache, with a checksum, unless ``FASTNN_OFFLINE=1``.

    Parameters
    ----------
    path : an .npz file with x_train, y_train, x_test and y_test, relative to Keras's dataset
        folder, or absolute. If there is no such file, the search goes on.

    Returns
    -------
    ``(x_train, y_train), (x_test, y_test)``: images uint8 of shape (60000, 28, 28) and
    (10000, 28, 28), 0 (paper) to 255 (ink); labels uint8 of shape (60000,) and (10000,), 0 to 9.

    Raises
    ------
    DownloadError : not on this machine, and no address delivered it; says where to put the files.
    FileFormatError : a file that was found is damaged, truncated or not MNIST.

    Examples
    --------
    >>> from fastnn.datasets import available, mnist
    >>> if available("mnist"):
    ...     (x_train, y_train), (x_test, y_test) = mnist.load_data()
    ...     assert x_train.shape[1:] == (28, 28)

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document
    recognition", 1998.

    Differs from Keras: more places are searched, a file in Keras's cache is used but never written,
    and a download goes to fastnn's cache whatever ``path`` is.
    """
    arrays: tuple[Any, Any] = SET.load(path if path != "mnist.npz" else "").arrays
    return arrays
