"""``clear_session``: what a process remembers of models that were made, forgotten."""

from __future__ import annotations


def clear_session(free_memory: bool = True) -> None:
    """Start automatic names again (``dense``, ``dense_1``, …) and drop compiled eager functions.

    Models that exist keep working; fastnn has no global graph, so nothing else is left behind.

    Parameters
    ----------
    free_memory : also collect garbage, as in Keras.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.utils.clear_session()
    >>> fastnn.layers.Dense(2).name
    'dense'
    """
    import gc

    from fastnn.layers.layer import reset_names
    from fastnn.program import eager

    reset_names()
    eager.forget()
    if free_memory:
        gc.collect()
