"""``import fastnn.compat.tensorflow as tf``: the parts of ``tf`` that a script with ``tf.keras``
uses, for those who edit the import line. ``tf.keras`` is fastnn, tensors are NumPy arrays with the
method ``numpy``, and functions are those of ``fastnn.ops``; there are no graphs.

Examples
--------
>>> import fastnn.compat.tensorflow as tf
>>> tf.reduce_mean(tf.constant([1.0, 3.0])).numpy()
np.float32(2.0)
>>> tf.keras.Sequential([tf.keras.layers.Dense(2)]).name
'sequential'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastnn.compat.aliases import AliasModule, known_names
from fastnn.compat.eager_tensor import presented
from fastnn.program.results import set_presentation
from fastnn.version import __version__ as __version__

if TYPE_CHECKING:
    keras: AliasModule

_module = AliasModule("tensorflow")


def __getattr__(name: str) -> Any:
    if not name.startswith("_"):
        set_presentation(presented)  # once a script uses it, and not for who imports it only
    return getattr(_module, name)


def __dir__() -> list[str]:
    return known_names("tensorflow")
