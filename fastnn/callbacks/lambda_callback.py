"""``LambdaCallback``, a callback made of plain functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastnn.callbacks.callback import HOOKS, Callback
from fastnn.errors import ArgumentError
from fastnn.registry import unknown_name


class LambdaCallback(Callback):
    """A callback whose hooks are the functions that you pass.

    Parameters
    ----------
    on_epoch_begin, on_epoch_end : functions of ``(epoch, logs)``.
    on_train_begin, on_train_end : functions of ``(logs)``.
    on_train_batch_begin, on_train_batch_end : functions of ``(batch, logs)``; the second
        argument is passed by name, so it must be called ``logs``. Only when one of them is given
        does training return to Python after every batch.
    **kwargs : functions for the other hooks of ``Callback``, by their names.

    Raises
    ------
    ArgumentError : a name that is not a hook (Keras stores it and never calls it), or a value that
        is not a function.

    Examples
    --------
    >>> from fastnn.callbacks import LambdaCallback
    >>> lines = []
    >>> callback = LambdaCallback(on_epoch_end=lambda epoch, logs: lines.append(logs["loss"]))
    >>> callback.on_epoch_end(0, {"loss": 0.5})
    >>> lines
    [0.5]
    """

    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        on_train_batch_begin: Callable[..., Any] | None = None,
        on_train_batch_end: Callable[..., Any] | None = None,
        **kwargs: Callable[..., Any] | None,
    ) -> None:
        super().__init__()
        given = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **kwargs,
        }
        for name, function in given.items():
            if name not in HOOKS:
                raise unknown_name("argument of LambdaCallback", name, list(HOOKS))
            if function is None:
                continue
            if not callable(function):
                raise ArgumentError(
                    f"LambdaCallback received {name}={function!r}; expected a function, for "
                    f"example {name}={_example(name)}."
                )
            setattr(self, name, function)


def _example(hook: str) -> str:
    """A lambda with the arguments that the hook is called with."""
    if "_batch_" in hook:
        return "lambda batch, logs: ..."
    return "lambda epoch, logs: ..." if "_epoch_" in hook else "lambda logs: ..."
