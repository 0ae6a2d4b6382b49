"""Fashion-MNIST: 70,000 pictures of clothes of 28x28 pixels. Holds the addresses and checksums, and
Keras's ``load_data``; the search, the readers and the download are in ``image_set.py``.

Fashion-MNIST is by Zalando SE, under the MIT licence. It is not part of fastnn: it is found on the
user's machine or downloaded.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.datasets.image_set import ImageSet, idx_bundle

SET = ImageSet(
    name="fashion_mnist",
    class_names=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    bundles=(
        idx_bundle(
            (
                "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
                "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
                "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            ),
            (26421880, 29515, 4422102, 5148),
            (
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            ),
        ),
    ),
)


def load_data() -> tuple[
    tuple[NDArray[np.uint8], NDArray[np.uint8]], tuple[NDArray[np.uint8], NDArray[np.uint8]]
]:
    """Load Fashion-MNIST: 60,000 training and 10,000 test pictures of ten kinds of clothes.

    Searched in this order: the folder that the environment variable ``FASTNN_DATA`` names
    (``fashion_mnist/`` with the four IDX files, plain or .gz, or ``fashion_mnist.npz``); Keras's
    cache (``~/.keras/datasets/fashion-mnist``, or under ``KERAS_HOME``); fastnn's cache (under
    ``FASTNN_CACHE``, else ``~/.cache/fastnn/datasets``). If it is in none of them, it is downloaded
    to fastnn's cache, with checksums, unless ``FASTNN_OFFLINE=1``.

    Returns
    -------
    ``(x_train, y_train), (x_test, y_test)``: images uint8 of shape (60000, 28, 28) and
    (10000, 28, 28), 0 to 255; labels uint8 of shape (60000,) and (10000,): 0 T-shirt/top,
    1 Trouser, 2 Pullover, 3 Dress, 4 Coat, 5 Sandal, 6 Shirt, 7 Sneaker, 8 Bag, 9 Ankle boot.

    Raises
    ------
    DownloadError : not on this machine, and no address delivered it; says where to put the files.
    FileFormatError : a file that was found is damaged, truncated or not Fashion-MNIST.

    Examples
    --------
    >>> from fastnn.datasets import available, fashion_mnist
    >>> if available("fashion_mnist"):
    ...     (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
    ...     assert x_train.shape[1:] == (28, 28)

    References
    ----------
    H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine
    learning algorithms", 2017.

    Differs from Keras: more places are searched, and a file in Keras's cache is used but never
    written.
    """
    arrays: tuple[Any, Any] = SET.load().arrays
    return arrays
