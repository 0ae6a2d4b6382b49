"""The line search of L-BFGS: a step that satisfies the strong Wolfe conditions (Nocedal and Wright,
"Numerical optimization", 2nd edition, algorithms 3.5 and 3.6, with cubic interpolation).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

# The book's constants for quasi-Newton directions
DECREASE, CURVATURE = 1e-4, 0.9


class Point(NamedTuple):
    """Weights, the loss there and its gradient."""

    place: Vector
    value: float
    gradient: Vector


class _Trial(NamedTuple):
    """A step, and what was found there."""

    step: float
    value: float
    slope: float
    point: Point


def search(
    objective: Callable[[Vector], tuple[float, Vector]],
    start: Point,
    direction: Vector,
    step: float,
    most: int,
) -> Point | None:
    """A point along the direction, or None if none of ``most`` evaluations found a lower loss."""
    slope = float(start.gradient @ direction)
    if not slope < 0:
        return None
    zero = _Trial(0.0, start.value, slope, start)
    lowest = zero
    before, low, high = zero, None, None
    for number in range(most):
        if low is not None and high is not None:
            if abs(high.step - low.step) <= 1e-12 * max(1.0, abs(low.step)):
                break
            step = _between(low, high)
        place = start.place + step * direction
        value, gradient = objective(place)
        trial = _Trial(step, value, float(gradient @ direction), Point(place, value, gradient))
        if not (math.isfinite(trial.value) and math.isfinite(trial.slope)):
            trial = trial._replace(value=math.inf, slope=math.nan)
        if trial.value < lowest.value:
            lowest = trial
        enough = trial.value <= zero.value + DECREASE * step * slope
        if enough and abs(trial.slope) <= -CURVATURE * slope:
            return trial.point
        if low is None or high is None:  # no bracket yet
            if not enough or (number and trial.value >= before.value):
                low, high = before, trial
            elif trial.slope >= 0:
                low, high = trial, before
            else:
                before, step = trial, 2.0 * step
        elif not enough or trial.value >= low.value:
            high = trial
        else:
            if trial.slope * (high.step - low.step) >= 0:
                high = low
            low = trial
    return lowest.point if lowest is not zero else None


def _between(low: _Trial, high: _Trial) -> float:
    """A step inside the bracket: the minimum of the cubic through both ends, kept off the ends."""
    a, b = low.step, high.step
    width = b - a
    middle = a + 0.5 * width
    if not (math.isfinite(high.value) and math.isfinite(high.slope)):
        return a + 0.1 * width
    d1 = low.slope + high.slope - 3.0 * (low.value - high.value) / (a - b)
    inside = d1 * d1 - low.slope * high.slope
    if not inside >= 0:
        return middle
    d2 = math.copysign(math.sqrt(inside), width)
    below = high.slope - low.slope + 2.0 * d2
    if below == 0:
        return middle
    step = b - width * (high.slope + d2 - d1) / below
    share = (step - a) / width
    return step if 0.05 <= share <= 0.95 else a + min(max(share, 0.05), 0.95) * width
