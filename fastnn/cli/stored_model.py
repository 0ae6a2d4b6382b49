"""Loading a model for ``evaluate`` and ``predict``, for the backend that the user asked for."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastnn.models import Sequential


def load_for(args: argparse.Namespace) -> Sequential:
    """The model in ``args.model``; ``--backend`` wins over what the file says."""
    from fastnn import backends
    from fastnn.models import load_model

    model: Sequential = load_model(args.model)
    if args.backend != "auto":
        model.backend_name, model.backend = args.backend, backends.resolve(args.backend)
    return model
