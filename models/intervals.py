"""Means with intervals from a few runs, and paired differences between two plans on the same seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_T975 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
"""97.5 % points of Student's t for 1 to 30 degrees of freedom, from the usual tables."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95 % interval.

    Attributes:
        mean: of the values.
        half: half the width of the interval; infinite for a single value.
        count: how many values.
    """

    mean: float
    half: float
    count: int

    @property
    def low(self) -> float:
        """Lower end."""
        return self.mean - self.half

    @property
    def high(self) -> float:
        """Upper end."""
        return self.mean + self.half

    @property
    def significant(self) -> bool:
        """Whether zero lies outside: for a paired difference, whether there is one."""
        return self.low > 0 or self.high < 0


def interval(values: Sequence[float]) -> Interval:
    """Student's 95 % interval of the mean.

    Args:
        values: independent ones; a paired comparison gives the differences.

    Raises:
        ValueError: if there is no value.
    """
    n = len(values)
    if n == 0:
        raise ValueError("no value, so no mean")
    mean = math.fsum(values) / n
    if n == 1:
        return Interval(mean, math.inf, 1)
    variance = math.fsum((value - mean) ** 2 for value in values) / (n - 1)
    freedom = n - 1
    t = _T975[freedom - 1] if freedom <= len(_T975) else 1.96 + 2.5 / freedom  # within 0.2 % from 31 on
    return Interval(mean, t * math.sqrt(variance / n), n)
