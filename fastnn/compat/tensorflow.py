"""``import fastnn.compat.tensorflow as tf``: the parts of ``tf`` that a script with ``tf.keras``
uses. It has ``tf.keras`` and ``tf.random.set_seed``; there are no tensors and no graphs.
"""

from __future__ import annotations

from typing import Any

from fastnn.compat.aliases import AliasModule, missing
from fastnn.version import __version__ as __version__

keras: AliasModule = AliasModule("tensorflow.keras")
random: AliasModule = AliasModule("tensorflow.random")


def __getattr__(name: str) -> Any:
    raise AttributeError(missing("tensorflow", name))
