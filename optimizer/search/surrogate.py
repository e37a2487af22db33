"""What SUMO says beyond the kernel of plans near a plan, guessed from the runs so far by a Gaussian process."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.plan_space import PlanSpace
from nutgiao.optimizer.search.moves import Plan

F8 = NDArray[np.float64]

LENGTHS_S = (3.0, 8.0, 20.0)
SPREADS = (0.003, 0.01, 0.03)
"""Choices for how far an effect reaches, and how large it is beside the delay; the likelihood decides."""


def features(space: PlanSpace, plans: list[Plan]) -> list[F8]:
    """Per light ``(plans, greens + 2)``: greens, and the offset as a point on a circle as long as the cycle, in s."""
    found = []
    for light in range(len(space.lights)):
        greens = space.greens_of(light)
        if not len(greens):
            continue
        stages = space.stages_of(light)
        cycle = np.array([float(plan.stage_s[stages].sum()) for plan in plans])
        angle = 2 * np.pi * np.array([plan.offset_s[light] for plan in plans]) / cycle
        around = np.stack([np.cos(angle), np.sin(angle)], 1) * (cycle / (2 * np.pi))[:, None]
        columns = [np.array([plan.stage_s[greens] for plan in plans])]
        found.append(np.concatenate([*columns, *([around] if len(space.lights) > 1 else [])], 1))
    return found


@dataclass(slots=True)
class Surrogate:
    """A Gaussian process whose covariance is a sum over the lights of squared exponentials (Duvenaud et al. 2011).

    What is added up is how much more a plan gains or loses in SUMO than on the kernel, so far from all plans that were
    run the guess is the kernel's.

    Attributes:
        space: what is allowed.
    """

    space: PlanSpace
    _seen: list[F8]
    _factor: F8
    _weights: F8
    _length_s: float
    _variance: float

    @classmethod
    def fit(cls, space: PlanSpace, plans: list[Plan], value_s: F8, noise_s: F8, scale_s: float) -> Surrogate:
        """Takes the length and the size of the effects that are most likely.

        Args:
            space: what is allowed.
            plans: that SUMO ran.
            value_s: ``(plans,)`` SUMO's difference to a plan less the kernel's.
            noise_s: ``(plans,)`` standard deviation by chance.
            scale_s: delay, for the size of effects.
        """
        seen = features(space, plans)
        tried: list[tuple[float, Surrogate]] = []
        for length_s in LENGTHS_S:
            near = _covariance(seen, seen, length_s)
            for spread in SPREADS:
                variance = (spread * scale_s) ** 2
                factor: F8 = np.linalg.cholesky(variance * near + np.diag(noise_s**2 + 1e-9)).astype(np.float64)
                half = np.linalg.solve(factor, value_s)
                weights = np.linalg.solve(factor.T, half)
                badness = 0.5 * float(half @ half) + float(np.log(np.diag(factor)).sum())
                tried.append((badness, cls(space, seen, factor, weights, length_s, variance)))
        return min(tried, key=lambda one: one[0])[1]

    def guess(self, plans: list[Plan]) -> tuple[F8, F8]:
        """Mean and standard deviation of what is to be added to the kernel's difference, ``(plans,)`` each."""
        new = features(self.space, plans)
        cross = self._variance * _covariance(new, self._seen, self._length_s)
        half = np.linalg.solve(self._factor, cross.T)
        spread = np.maximum(self._variance * len(new) - (half**2).sum(0), 0.0)
        mean: F8 = cross @ self._weights
        return mean, np.sqrt(spread)


def _covariance(a: list[F8], b: list[F8], length_s: float) -> F8:
    total = np.zeros((len(a[0]), len(b[0])))
    for mine, other in zip(a, b, strict=True):
        square = (mine**2).sum(1)[:, None] + (other**2).sum(1)[None, :] - 2 * mine @ other.T
        total += np.exp(-0.5 * np.maximum(square, 0.0) / length_s**2)
    return total
