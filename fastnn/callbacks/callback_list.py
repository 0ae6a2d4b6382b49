"""``CallbackList`` calls several callbacks as one, checks that they are callbacks, and tells the
training loop which hooks anybody listens to, so that it can stay in native code for the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from fastnn.callbacks.callback import Callback, Logs
from fastnn.callbacks.history import History
from fastnn.callbacks.terminate_on_nan import TerminateOnNaN
from fastnn.callbacks.training_report import TrainingReport
from fastnn.errors import ArgumentError, UnsupportedError

BATCH_HOOKS: dict[str, tuple[str, ...]] = {
    "train": ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end"),
    "test": ("on_test_batch_begin", "on_test_batch_end"),
    "predict": ("on_predict_batch_begin", "on_predict_batch_end"),
}


class CallbackList(Callback):
    """A list of callbacks that is called like one callback.

    Parameters
    ----------
    callbacks : None, one callback, or a list or tuple of them (which may be nested).
    add_history : whether to append a ``History`` when the list holds none. Default False.
    add_progbar : only False: the progress display of fastnn is not a callback.
    model : the model that the callbacks belong to; may be set later with ``set_model``.
    **params : what every callback gets through ``set_params`` (``verbose``, ``epochs``, ``steps``).

    Raises
    ------
    ArgumentError : an item is not a ``Callback`` object.

    Examples
    --------
    >>> from fastnn.callbacks import CallbackList, EarlyStopping, LambdaCallback
    >>> callbacks = CallbackList([EarlyStopping("loss")], add_history=True, epochs=3)
    >>> callbacks.has_batch_hooks("train")
    False
    >>> callbacks.append(LambdaCallback(on_train_batch_end=lambda batch, logs: None))
    >>> callbacks.has_batch_hooks("train")
    True
    """

    def __init__(
        self,
        callbacks: object = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        super().__init__()
        if not isinstance(add_history, bool):
            raise ArgumentError(
                f"CallbackList received add_history={add_history!r}; expected True or False. "
                "Pass the model by name: CallbackList(callbacks, model=model)."
            )
        if add_progbar:
            raise UnsupportedError(
                "CallbackList received add_progbar=True; in fastnn the progress display is not a "
                "callback. Leave the argument out, and set verbose=1 in fit for the display."
            )
        self.callbacks: list[Callback] = list(_flatten(callbacks, "callbacks"))
        if add_history and self.history is None:
            self.callbacks.append(History())
        self.set_model(model)
        self.set_params(params)

    @property
    def history(self) -> History | None:
        """The last ``History`` of the list, or None."""
        found = [item for item in self.callbacks if isinstance(item, History)]
        return found[-1] if found else None

    @property
    def terminator(self) -> TerminateOnNaN | None:
        """The ``TerminateOnNaN`` of the list, or None."""
        found = [item for item in self.callbacks if isinstance(item, TerminateOnNaN)]
        return found[0] if found else None

    def lend_samples(self, x: Any, y: Any, batch: int) -> None:
        """Show the training data to the callbacks that report on it."""
        for item in self.callbacks:
            if isinstance(item, TrainingReport):
                item.lend_samples(x, y, batch)

    def append(self, callback: Callback) -> None:
        """Add one callback at the end, with the model and the parameters of the list."""
        for item in _flatten(callback, "callback"):
            if self._model is not None:
                item.set_model(self._model)
            if self.params:
                item.set_params(self.params)
            self.callbacks.append(item)

    def has_batch_hooks(self, kind: Literal["train", "test", "predict"]) -> bool:
        """Whether any callback overrides a batch hook of that kind: each step must return."""
        return any(item._needs_hook(hook) for item in self.callbacks for hook in BATCH_HOOKS[kind])

    @property
    def has_epoch_hooks(self) -> bool:
        """Whether any callback but a plain ``History`` overrides ``on_epoch_begin`` or ``_end``.

        When False, a run may pass over many epochs and fill the History by ``History.extend``.
        """
        return any(
            item._needs_hook(hook)
            for item in self.callbacks
            for hook in ("on_epoch_begin", "on_epoch_end")
        )

    def set_model(self, model: Any) -> None:
        """Give every callback the model; None is ignored, as in Keras."""
        if model is None:
            return
        super().set_model(model)
        for item in self.callbacks:
            item.set_model(model)

    def set_params(self, params: dict[str, Any]) -> None:
        """Give every callback the parameters; an empty dict is ignored, as in Keras."""
        self.params: dict[str, Any] = params
        if params:
            for item in self.callbacks:
                item.set_params(params)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Call the hook of every callback."""
        logs = python_logs(logs)
        for item in self.callbacks:
            item.on_train_begin(logs)

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Call the hook of every callback; all of them, even when one raises."""
        logs = python_logs(logs)
        failure: BaseException | None = None
        for item in self.callbacks:
            try:
                item.on_train_end(logs)
            except BaseException as error:  # the next one may have weights to restore
                failure = failure or error
        if failure is not None:
            raise failure

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Call the hook of every callback."""
        logs = python_logs(logs)
        for item in self.callbacks:
            item.on_epoch_begin(epoch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Call the hook of every callback."""
        logs = python_logs(logs)
        for item in self.callbacks:
            item.on_epoch_end(epoch, logs)

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Call the hook of every callback."""
        logs = python_logs(logs)
        for item in self.callbacks:
            item.on_batch_begin(batch, logs=logs)

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Call the hook of every callback."""
        logs = python_logs(logs)
        for item in self.callbacks:
            item.on_batch_end(batch, logs=logs)

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Call the hook of every callback."""
        logs = python_logs(logs)
        for item in self.callbacks:
            item.on_train_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Call the hook of every callback."""
        logs = python_logs(logs)
        for item in self.callbacks:
            item.on_train_batch_end(batch, logs=logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Call the hook of every callback."""
        logs = python_logs(logs)
        for item in self.callbacks:
            item.on_test_begin(logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Call the hook of every callback."""
        logs = python_logs(logs)
        for item in self.callbacks:
            item.on_test_end(logs)

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Call the hook of every callback."""
        logs = python_logs(logs)
        for item in self.callbacks:
            item.on_test_batch_begin(batch, logs=logs)

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Call the hook of every callback."""
        logs = python_logs(logs)
        for item in self.callbacks:
            item.on_test_batch_end(batch, logs=logs)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Call the hook of every callback."""
        logs = python_logs(logs)
        for item in self.callbacks:
            item.on_predict_begin(logs)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Call the hook of every callback."""
        logs = python_logs(logs)
        for item in self.callbacks:
            item.on_predict_end(logs)

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Call the hook of every callback."""
        logs = python_logs(logs)
        for item in self.callbacks:
            item.on_predict_batch_begin(batch, logs=logs)

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Call the hook of every callback; the predictions in ``logs`` stay arrays."""
        logs = dict(logs or {})
        for item in self.callbacks:
            item.on_predict_batch_end(batch, logs=logs)


def python_logs(logs: Logs | None) -> Logs:
    """A new dict with Python floats where a value is one number; nested dicts are made flat."""
    result: Logs = {}
    for name, value in (logs or {}).items():
        if isinstance(value, dict):
            result.update(python_logs(value))
        elif getattr(value, "ndim", 0) == 0:
            try:
                result[name] = float(value)
            except (TypeError, ValueError):
                result[name] = value
        else:
            result[name] = value
    return result


def _flatten(item: object, where: str) -> Iterator[Callback]:
    """The callbacks in a callback or a nested list of them; an error names anything else."""
    if item is None and where == "callbacks":
        return
    if isinstance(item, CallbackList):
        yield from item.callbacks
    elif isinstance(item, Callback):
        yield item
    elif isinstance(item, (list, tuple)):
        for index, inner in enumerate(item):
            yield from _flatten(inner, f"{where}[{index}]")
    else:
        raise ArgumentError(
            f"{where} is {_described(item)}; expected an object of a subclass of "
            f"fastnn.callbacks.Callback. {_remedy(item)}"
        )


def _described(item: object) -> str:
    """What was passed, in words short enough for a message."""
    if isinstance(item, type):
        return f"the class {item.__name__}"
    if callable(item) and hasattr(item, "__name__"):
        return f"the function {item.__name__}"
    if item is None or isinstance(item, (str, int, float, bool)):
        return repr(item)
    return f"an object of type {type(item).__module__}.{type(item).__qualname__}"


def _remedy(item: object) -> str:
    """What to do about an item that is not a callback."""
    if isinstance(item, type) and issubclass(item, Callback):
        return f"Make an object of it: {item.__name__}(...)."
    root = (item if isinstance(item, type) else type(item)).__module__.partition(".")[0]
    if root in ("keras", "tf_keras", "tensorflow"):
        return "Callbacks of Keras do not run on fastnn: take the same name from fastnn.callbacks."
    if callable(item):
        return "Wrap the function: LambdaCallback(on_epoch_end=function)."
    return "Pass callbacks=[EarlyStopping(...), ...], or a class of your own that extends Callback."
