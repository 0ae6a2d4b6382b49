"""``utils.plot_model``: a network as a drawing. What the boxes hold and how they are laid out is in
``boxes.py``, the neurons of small dense networks in ``neurons.py``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from fastnn import arguments
from fastnn.drawing import figures
from fastnn.errors import ArgumentError, StateError

if TYPE_CHECKING:
    from fastnn.models.sequential import Sequential

_NAMES = (
    *("model", "to_file", "show_shapes", "show_dtype", "show_layer_names", "rankdir"),
    *("expand_nested", "dpi", "show_layer_activations", "show_trainable", "splines", "style"),
)


def plot_model(
    model: Sequential,
    to_file: str | os.PathLike[str] = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    style: str = "auto",
    **kwargs: Any,
) -> Any:
    """Draw a model: its input, hidden and output layers.

    A network of dense layers with at most 16 neurons each is drawn neuron by neuron, any other as
    a chain of boxes, coloured by what they are.

    Parameters
    ----------
    model : a built ``Sequential``.
    to_file : the picture; its suffix says of which type (``.png``, ``.svg``, ``.pdf``, …).
    show_shapes : whether boxes show the shapes of input and output, with None for the batch, and
        neurons the sizes.
    show_dtype : whether to show the type of the numbers.
    show_layer_names : whether to show the names of the layers.
    rankdir : ``"TB"``, from top to bottom, or ``"LR"``, from left to right.
    expand_nested : whether boxes show the layers inside of blocks and models.
    dpi : dots per inch.
    show_layer_activations : whether to show the activation of each layer that has one.
    show_trainable : whether to show which layers ``fit`` changes.
    splines : Keras's form of lines; only ``"ortho"``, the default: they are straight here.
    style : ``"neurons"``, ``"boxes"`` or ``"auto"``. Not in Keras.

    Returns
    -------
    In a notebook an image that it shows, else None.

    Raises
    ------
    MissingExtraError : without matplotlib, the extra ``plot`` (Keras: pydot and Graphviz).
    StateError : if the model is not built.
    ArgumentError : for a file type that cannot be written, an unknown value, or ``"neurons"`` of a
        network that is too large or not dense.

    Examples
    --------
    >>> import fastnn
    >>> from fastnn import layers, utils
    >>> model = fastnn.Sequential([fastnn.Input((2,)), layers.Dense(3, "tanh"), layers.Dense(1)])
    >>> utils.plot_model(model, "xor.png", show_shapes=True, rankdir="LR")
    """
    from fastnn.models.sequential import Sequential

    arguments.unknown("plot_model", kwargs, _NAMES)
    if not isinstance(model, Sequential):
        raise ArgumentError(
            f"plot_model: received {type(model).__name__} as the model, expected a "
            "fastnn.Sequential. Put a single layer into one."
        )
    arguments.one_of("plot_model", "rankdir", rankdir, ("TB", "LR"))
    arguments.one_of("plot_model", "style", style, ("auto", "neurons", "boxes"))
    arguments.unsupported("plot_model", {"splines": (splines, "ortho")})
    dpi = arguments.integer("plot_model", "dpi", dpi, 1)
    figures.check("plot_model", to_file)
    if not model.built:
        raise StateError(
            f"plot_model: model {model.name!r} is not built: it does not know its shapes yet. Put "
            "fastnn.Input(shape=...) first, call model.build(...) or train it."
        )
    from fastnn.drawing import boxes, neurons

    sizes = neurons.sizes(model)
    if style == "neurons" and sizes is None:
        raise ArgumentError(
            f"plot_model: received style='neurons', but model {model.name!r} is not a chain of "
            f"dense layers with at most {neurons.LARGEST} neurons each. Pass style='boxes'."
        )
    shown = {
        "shapes": show_shapes,
        "dtype": show_dtype,
        "names": show_layer_names,
        "activations": show_layer_activations,
        "trainable": show_trainable,
    }
    if sizes is not None and style != "boxes":
        figure = neurons.draw(model, sizes, rankdir, shown)
    else:
        figure = boxes.draw(model, rankdir, expand_nested, shown)
    return figures.write(figure, to_file, dpi)
