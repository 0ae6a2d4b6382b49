"""``ProgbarLogger``, Keras's name for the progress display. The display itself is no callback here:
it is ``fastnn/training/progress.py``, which shows a run without stopping it after each batch.
"""

from __future__ import annotations

from fastnn.callbacks.callback import Callback


class ProgbarLogger(Callback):
    """Stands for the progress display of ``fit``, ``evaluate`` and ``predict``.

    As in Keras, the display follows the argument ``verbose``, and there is one display whether or
    not this object is among the callbacks.

    Examples
    --------
    >>> import fastnn
    >>> from fastnn.callbacks import ProgbarLogger
    >>> model = fastnn.Sequential([fastnn.Input((1,)), fastnn.layers.Dense(1)])
    >>> model.compile(loss="mse")
    >>> history = model.fit([[0.0]], [[0.0]], verbose=0, callbacks=[ProgbarLogger()])
    >>> history.epoch
    [0]
    """

    def __init__(self) -> None:
        super().__init__()
