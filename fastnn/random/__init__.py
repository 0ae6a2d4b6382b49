"""Random numbers: arrays of them under Keras's names (``arrays.py``), the counter-based generator
behind dropout masks (``philox.py``), and the seeds and generators behind initial weights and
shuffles (``seeds.py``).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from fastnn.lacking import refuse
from fastnn.random.philox import NORMAL_CENTER as NORMAL_CENTER
from fastnn.random.philox import NORMAL_TAIL as NORMAL_TAIL
from fastnn.random.philox import dropout_uniform as dropout_uniform
from fastnn.random.philox import keep_mask as keep_mask
from fastnn.random.philox import philox4x32 as philox4x32
from fastnn.random.philox import random_words as random_words
from fastnn.random.philox import standard_normal as standard_normal
from fastnn.random.seeds import check_seed as check_seed
from fastnn.random.seeds import generator_state as generator_state
from fastnn.random.seeds import key_from_seed as key_from_seed
from fastnn.random.seeds import make_generator as make_generator
from fastnn.random.seeds import next_seed as next_seed
from fastnn.random.seeds import restore_generator as restore_generator
from fastnn.random.seeds import set_default_seed as set_default_seed

if TYPE_CHECKING:
    from fastnn.random.arrays import SeedGenerator as SeedGenerator
    from fastnn.random.arrays import beta as beta
    from fastnn.random.arrays import binomial as binomial
    from fastnn.random.arrays import categorical as categorical
    from fastnn.random.arrays import dropout as dropout
    from fastnn.random.arrays import gamma as gamma
    from fastnn.random.arrays import normal as normal
    from fastnn.random.arrays import randint as randint
    from fastnn.random.arrays import shuffle as shuffle
    from fastnn.random.arrays import truncated_normal as truncated_normal
    from fastnn.random.arrays import uniform as uniform

# Imported when they are first used: they need symbolic tensors, and layers need this package
_KERAS = (
    "SeedGenerator",
    "beta",
    "binomial",
    "categorical",
    "dropout",
    "gamma",
    "normal",
    "randint",
    "shuffle",
    "truncated_normal",
    "uniform",
)
__all__ = [
    *_KERAS,
    "philox4x32",
    "random_words",
    "dropout_uniform",
    "standard_normal",
    "keep_mask",
    "key_from_seed",
    "make_generator",
    "generator_state",
    "restore_generator",
]


def __getattr__(name: str) -> Any:
    """Import what is asked for (PEP 562)."""
    if name in _KERAS:
        return getattr(importlib.import_module("fastnn.random.arrays"), name)
    refuse(__name__, name)
