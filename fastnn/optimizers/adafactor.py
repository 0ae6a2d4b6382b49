"""Adafactor. The arithmetic is ``adafactor_step`` of ``fastnn/ops/layerwise.py``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn import arguments
from fastnn.ops.layerwise import (
    ADAFACTOR_COLUMNS,
    ADAFACTOR_MOMENTS,
    ADAFACTOR_MOVES,
    ADAFACTOR_ROWS,
    ADAFACTOR_STEP,
)
from fastnn.ops.optimizer import run_tensor, variable_part
from fastnn.optimizers.optimizer import Optimizer
from fastnn.program.tensor import Node, Tensor
from fastnn.program.variable import Variable


class Adafactor(Optimizer):
    """Gradients divided by the root of their mean squares, of which a matrix keeps only the means
    of its rows and columns: little memory.

    At step t = 1, 2, …, with β = 1 - tᵏ, ρ = min(η, 1/√t) and rms(x) = √mean(x²)::

        α = max(ε₂, rms(w)) ρ
        r ← β r + (1 - β) mean over columns of (g² + ε₁)        of a matrix
        c ← β c + (1 - β) mean over rows of (g² + ε₁)
        v = r cᵀ / mean(r)
        v ← β v + (1 - β)(g² + ε₁)                              of a vector
        u = g / √v
        w ← w - α u / max(1, rms(u) / d)

    w: a parameter, as a whole (its last two axes are matrices); g: its gradient; η:
    ``learning_rate``; k: ``beta_2_decay``; ε₁, ε₂: ``epsilon_1``, ``epsilon_2``; d:
    ``clip_threshold``; r, c, v: slots of these names, first 0.

    Parameters
    ----------
    learning_rate : η ≥ 0, 0.001 by default; the paper's is 0.01, and relative to the size of w.
    beta_2_decay : k ≤ 0, -0.8 by default.
    epsilon_1 : ε₁ ≥ 0, 1e-30 by default, added to g².
    epsilon_2 : ε₂ ≥ 0, 1e-3 by default: what the size of w counts at least.
    clip_threshold : d > 0, 1 by default.
    relative_step : accepted; has no effect, here as in Keras (see Notes).
    weight_decay, name, … : see ``Optimizer``.

    Raises
    ------
    ArgumentError : if an argument is out of its range.

    Examples
    --------
    >>> Adafactor(learning_rate=0.01).slots()
    ('r', 'c', 'v')

    References
    ----------
    Shazeer and Stern, "Adafactor: adaptive learning rates with sublinear memory cost", ICML 2018.

    Notes
    -----
    As in Keras: η is bounded by 1/√t whatever ``relative_step`` says; no momentum. Keras also
    stores v of matrices; here it is computed and forgotten. PyTorch's Adafactor has ``lr=0.01``
    and no bound on u's denominator below ε₁. The means are summed in float64.
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            learning_rate,
            weight_decay,
            clipnorm,
            clipvalue,
            global_clipnorm,
            use_ema,
            ema_momentum,
            ema_overwrite_frequency,
            loss_scale_factor,
            gradient_accumulation_steps,
            name,
            **kwargs,
        )
        owner = "Adafactor"
        self.beta_2_decay: float = arguments.number(
            owner, "beta_2_decay", beta_2_decay, "(-inf, 0]"
        )
        self.epsilon_1: float = arguments.number(owner, "epsilon_1", epsilon_1, "[0, inf)")
        self.epsilon_2: float = arguments.number(owner, "epsilon_2", epsilon_2, "[0, inf)")
        self.clip_threshold: float = arguments.number(
            owner, "clip_threshold", clip_threshold, "(0, inf)"
        )
        self.relative_step: bool = arguments.flag(owner, "relative_step", relative_step)

    def slots(self) -> tuple[str, ...]:
        """``("r", "c", "v")``: the first two for matrices, the third for the others."""
        return ("r", "c", "v")

    def slot_shape(self, slot: str, variable: Variable) -> tuple[int, ...] | None:
        """The means of a matrix's rows or columns; v of anything else."""
        shape = variable.shape
        if len(shape) < 2:
            return shape if slot == "v" else None
        return {"r": shape[:-1], "c": (*shape[:-2], shape[-1])}.get(slot)

    def joins(self, first: Variable, second: Variable) -> bool:
        """Never: each variable has means of its own."""
        return False

    def update(
        self, w: Tensor, g: Tensor, slots: Mapping[str, Tensor], *, weight_decay: float
    ) -> list[Node]:
        """Nodes of ``adafactor_rows``, ``…_columns``, ``…_moves`` (``…_moments`` for what is no
        matrix) and ``adafactor_step``.
        """
        variables = w.region.variables
        shape = variables[0].shape
        used = ("r", "c") if len(shape) > 1 else ("v",)
        w, g, *means = (variable_part(t) for t in (w, g, *(slots[name] for name in used)))
        lengths, moves = (
            variable_part(run_tensor(f"scratch:{name}", variables)) for name in ("lengths", "moves")
        )
        rows = shape[-2] if len(shape) > 1 else 0
        decay, epsilon = {"weight_decay": weight_decay}, {"epsilon_1": self.epsilon_1}
        end = {**decay, "epsilon_2": self.epsilon_2, "clip": self.clip_threshold, "rows": rows}
        if rows:
            r, c = means
            each = {**epsilon, "rows": rows}
            made = [
                ADAFACTOR_ROWS.node((r, w, g, lengths), {**decay, **each}, []),
                ADAFACTOR_COLUMNS.node((c, g), each, []),
                ADAFACTOR_MOVES.node((moves, g, r, c), {"rows": rows}, []),
            ]
        else:
            (v,) = means
            parts = (v, w, g, lengths, moves)
            made = [ADAFACTOR_MOMENTS.node(parts, {**decay, **epsilon}, [])]
        return [*made, ADAFACTOR_STEP.node((w, g, lengths, moves, *means), end, [])]

    def control(self, first_step: int, count: int) -> NDArray[np.float64]:
        """Rows (η, ρ, β) for t = first_step + 1, …"""
        rows = super().control(first_step, count)
        t = np.arange(first_step + 1, first_step + count + 1, dtype=np.float64)
        rows[:, 1] = np.minimum(rows[:, 0], 1.0 / np.sqrt(t))
        rows[:, 2] = 1.0 - t**self.beta_2_decay
        return rows

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal optimizer, as plain data."""
        return {
            **super().get_config(),
            "beta_2_decay": self.beta_2_decay,
            "epsilon_1": self.epsilon_1,
            "epsilon_2": self.epsilon_2,
            "clip_threshold": self.clip_threshold,
            "relative_step": self.relative_step,
        }
