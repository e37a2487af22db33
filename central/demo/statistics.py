"""Means over paired seeds with their 95 % intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from nutgiao.models import intervals


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and its 95 % interval; with a single value there is none, and both bounds are NaN."""

    mean: float
    low: float
    high: float

    @property
    def significant(self) -> bool:
        """Whether zero lies outside: for a paired difference, whether there is one."""
        return self.low > 0 or self.high < 0


def interval(values: Sequence[float]) -> Interval:
    """Mean of a few seeds with Student's 95 % interval.

    Raises:
        ValueError: if there is no value.
    """
    found = intervals.interval(values)
    if found.count == 1:
        return Interval(found.mean, math.nan, math.nan)
    return Interval(found.mean, found.low, found.high)


def paired(before: Sequence[float], after: Sequence[float]) -> Interval:
    """Difference after minus before over the same seeds in the same order."""
    return interval([b - a for a, b in zip(before, after, strict=True)])
