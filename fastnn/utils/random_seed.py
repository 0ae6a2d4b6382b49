"""One call that makes a script reproducible. The generators are in ``fastnn/random``."""

from __future__ import annotations

import random

import numpy as np

from fastnn.random import check_seed, set_default_seed


def set_random_seed(seed: int) -> None:
    """Seed Python's ``random``, the global ``np.random`` and the default of fastnn.

    Models and initializers made afterwards without ``seed=`` derive their seeds from this one, in
    the order in which they need them, so a script that begins with this call gives the same numbers
    in every run. Models with a ``seed=`` of their own are not affected.

    Parameters
    ----------
    seed : integer in [0, 2³²) (the range that ``np.random.seed`` takes).

    Raises
    ------
    ArgumentError : if the seed is not such an integer.

    Examples
    --------
    >>> import random
    >>> from fastnn.utils import set_random_seed
    >>> set_random_seed(812)
    >>> first = random.random()
    >>> set_random_seed(812)
    >>> random.random() == first
    True

    Notes
    -----
    This is the only function of fastnn that touches the global random states. Differs from Keras:
    no seed of TensorFlow, JAX or PyTorch is set.
    """
    number = check_seed(seed, "set_random_seed", 2**32)
    random.seed(number)
    np.random.seed(number)
    set_default_seed(number)
