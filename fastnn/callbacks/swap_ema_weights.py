"""``SwapEMAWeights``: evaluation with the running averages of the weights. The averages are kept by
the optimizer (``use_ema=True``), and so is the exchange (``Optimizer.swap_averages``).
"""

from __future__ import annotations

from typing import Any

from fastnn import arguments
from fastnn.callbacks.callback import Callback, Logs
from fastnn.errors import ArgumentError


class SwapEMAWeights(Callback):
    """Evaluate and predict with the running averages of the weights (Polyak averaging).

    Weights and averages are exchanged in place before an evaluation or prediction, also the
    validation of ``fit``, and exchanged again after it. The optimizer must keep averages:
    ``Adam(use_ema=True)``.

    Parameters
    ----------
    swap_on_epoch : True exchanges them at the end of every epoch, and back at the beginning of the
        next, so that callbacks that come after this one in the list (``ModelCheckpoint``) see the
        averages. Default False.

    Raises
    ------
    ArgumentError : when a run begins and the optimizer has ``use_ema=False``.

    Notes
    -----
    ``fit`` ends with the averages as the model's weights, as ``use_ema=True`` always does. Differs
    from Keras, where ``predict`` leaves the averages in the model, where before the first step the
    averages are zeros, and where an epoch that ends training early with ``swap_on_epoch=True``
    loses the averages.

    Source: Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", SIAM
    Journal on Control and Optimization 30, 1992.

    Examples
    --------
    >>> import fastnn
    >>> from fastnn.callbacks import SwapEMAWeights
    >>> model = fastnn.Sequential([fastnn.Input((1,)), fastnn.layers.Dense(1)])
    >>> model.compile(fastnn.optimizers.SGD(0.1, use_ema=True), "mse")
    >>> x, y = [[0.0], [1.0]], [[1.0], [3.0]]
    >>> history = model.fit(
    ...     x, y, epochs=3, validation_data=(x, y), verbose=0, callbacks=[SwapEMAWeights()]
    ... )
    >>> model.evaluate(x, y, verbose=0) == history.history["val_loss"][-1]
    True
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        super().__init__()
        self.swap_on_epoch: bool = arguments.flag("SwapEMAWeights", "swap_on_epoch", swap_on_epoch)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Refuse an optimizer without averages before anything is trained."""
        self._optimizer()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Train on with the weights."""
        if self.swap_on_epoch:
            self._place(averages=False)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Let the callbacks after this one see the averages."""
        if self.swap_on_epoch:
            self._place(averages=True)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Evaluate with the averages."""
        self._place(averages=True)

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Go back to the weights."""
        self._place(averages=False)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Predict with the averages."""
        self._place(averages=True)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Go back to the weights."""
        self._place(averages=False)

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Go back to the weights, if an error came while the averages were in place."""
        self._place(averages=False)

    def _place(self, averages: bool) -> None:
        """Have the averages, or the weights, in the model."""
        optimizer = self._optimizer()
        if optimizer.averages_in_place != averages:
            optimizer.swap_averages(self.model._trained_variables())

    def _optimizer(self) -> Any:
        optimizer = self.model.compiled.optimizer
        if not optimizer.use_ema:
            owner = type(optimizer).__name__
            raise ArgumentError(
                f"SwapEMAWeights: the optimizer {owner} keeps no averages of the weights "
                f"(use_ema=False); expected use_ema=True. Compile with {owner}(use_ema=True)."
            )
        return optimizer

    def _needs_hook(self, hook: str) -> bool:
        """Epochs matter only with ``swap_on_epoch``, or to a subclass."""
        if hook in ("on_epoch_begin", "on_epoch_end") and hook not in vars(self):
            own = getattr(type(self), hook) is getattr(SwapEMAWeights, hook)
            return self.swap_on_epoch or not own
        return super()._needs_hook(hook)
