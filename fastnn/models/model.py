"""``Model``: the name under which Keras has functional models and subclasses. fastnn's models are
``Sequential``; this class says what to write instead.
"""

from __future__ import annotations

from typing import Any, NoReturn

from fastnn.errors import UnsupportedError

_FORMS = """\
    x + f(x), a shortcut            Residual([... the layers of f ...])
    concatenate([f(x), g(x)])       Parallel([[... f ...], [... g ...]])
    merged in another way           Parallel([...], merge=Multiply()), Average(), ...
    your own computation            a Layer whose call uses fastnn.ops
"""


class Model:
    """Keras's functional models and ``Model`` subclasses, which fastnn does not have.

    Making one, or a subclass, raises ``UnsupportedError``. Where the graph is a chain of layers,
    or one with shortcuts and branches, the message is the ``Sequential`` to write.

    Parameters
    ----------
    inputs, outputs : ``Input(...)`` and what layers made of it.
    name : of the model.

    Raises
    ------
    UnsupportedError : always.

    Examples
    --------
    >>> import fastnn
    >>> from fastnn.layers import Dense
    >>> inputs = fastnn.Input((8,))
    >>> outputs = Dense(1)(Dense(4, activation="relu")(inputs))
    >>> try:
    ...     fastnn.Model(inputs, outputs)
    ... except fastnn.errors.UnsupportedError as error:
    ...     print(error)
    Model: received a graph of layers, but fastnn's models are Sequential. This is the same network:
    <BLANKLINE>
    model = Sequential([
        Input((8,)),
        Dense(4, activation='relu'),
        Dense(1),
    ])
    """

    def __new__(cls, inputs: Any = None, outputs: Any = None, name: Any = None) -> Model:
        """Raise the error that says what to write."""
        if inputs is None or outputs is None:
            raise UnsupportedError(
                "Model: received no graph, and fastnn's models are Sequential. Write "
                "Sequential([...]) with the layers in their order."
            )
        _refuse_graph(inputs, outputs)

    def __init_subclass__(cls, **kwargs: Any) -> NoReturn:
        raise UnsupportedError(
            f"{cls.__name__}: received a subclass of Model, but fastnn's models are Sequential. "
            "Write Sequential([...]) with the layers of its call in their order, where these "
            f"stand for what is no chain:\n\n{_FORMS}\nand for a train_step of its own a loss "
            "written in fastnn.ops, or model.train_on_batch in a loop."
        )


def _refuse_graph(inputs: Any, outputs: Any) -> NoReturn:
    """The error for a graph: the Sequential to write, or why there is none."""
    from fastnn.models.rewriting import NoChain, sequential_program

    start = "Model: received a graph of layers, but fastnn's models are Sequential."
    try:
        program = sequential_program(inputs, outputs)
    except NoChain as reason:
        raise UnsupportedError(
            f"{start} This one is no Sequential as it stands: {reason}. What common graphs "
            f"become:\n\n{_FORMS}"
        ) from None
    raise UnsupportedError(f"{start} This is the same network:\n\n{program}")
