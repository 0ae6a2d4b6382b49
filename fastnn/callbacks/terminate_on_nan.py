"""``TerminateOnNaN``: what happens when the loss is not finite. The native run finds it before
the step changes anything (``fastnn/training/loop.py``).
"""

from __future__ import annotations

import math

from fastnn import arguments
from fastnn.callbacks.callback import Callback, Logs
from fastnn.callbacks.message import show_message
from fastnn.errors import NonFiniteLossError


class TerminateOnNaN(Callback):
    """End training without an error when the loss is NaN or infinite.

    ``fit`` by itself raises ``NonFiniteLossError`` then. With this callback it stops as if
    ``model.stop_training`` had been set: the epoch ends, its loss in the History is the bad value,
    and ``fit`` returns.

    Parameters
    ----------
    raise_error : True raises the error nevertheless; default False.

    Raises
    ------
    NonFiniteLossError : a ``RuntimeError``, with ``raise_error=True``.

    Notes
    -----
    Unlike in Keras, the step with the bad loss changes nothing: the model keeps its last finite
    weights. It costs nothing while the loss is finite: an epoch stays one native call.

    Examples
    --------
    >>> import fastnn
    >>> from fastnn.callbacks import TerminateOnNaN
    >>> model = fastnn.Sequential([fastnn.Input((1,)), fastnn.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> x, y = [[0.0], [1e30]], [[0.0], [0.0]]
    >>> history = model.fit(
    ...     x, y, batch_size=1, epochs=5, shuffle=False, verbose=0, callbacks=[TerminateOnNaN()]
    ... )
    Batch 1: Invalid loss, terminating training
    >>> history.history
    {'loss': [inf]}
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error: bool = arguments.flag("TerminateOnNaN", "raise_error", raise_error)

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Look at the loss of a batch, in a training loop of your own."""
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise NonFiniteLossError(
                f"the loss is {loss} at batch {batch}, and TerminateOnNaN received "
                "raise_error=True. Try a smaller learning rate, or scale the inputs to about "
                "0 … 1."
            )
        self.terminate(batch)

    def terminate(self, batch: int) -> None:
        """Say that training ends, and ask the model to stop."""
        show_message(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True

    def _needs_hook(self, hook: str) -> bool:
        """``fit`` finds the bad loss itself; it returns after each epoch, not after each batch."""
        if hook == "on_batch_end" and hook not in vars(self):
            return type(self).on_batch_end is not TerminateOnNaN.on_batch_end
        return hook == "on_epoch_end" or super()._needs_hook(hook)
