"""The public, Keras-named ``fastnn.utils``: small functions that scripts use beside a model. Holds
no internals of fastnn; those live in modules named after what they do.
"""

from __future__ import annotations

from fastnn.drawing.network import plot_model as plot_model
from fastnn.utils.categorical import to_categorical as to_categorical
from fastnn.utils.random_seed import set_random_seed as set_random_seed

__all__ = ["plot_model", "set_random_seed", "to_categorical"]
