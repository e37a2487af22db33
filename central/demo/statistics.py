"""Means over paired seeds with their 95 % intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

# Two-sided 95 % quantiles of Student's t for 1..30 degrees of freedom (any table, e.g. NIST/SEMATECH e-Handbook
# 1.3.6.7.2); beyond, the normal one is within 2 %.
_T95 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip


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
    count = len(values)
    if count == 0:
        raise ValueError("no value")
    mean = math.fsum(values) / count
    if count == 1:
        return Interval(mean, math.nan, math.nan)
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (count - 1))
    quantile = _T95[count - 2] if count - 2 < len(_T95) else 1.96
    half = quantile * spread / math.sqrt(count)
    return Interval(mean, mean - half, mean + half)


def paired(before: Sequence[float], after: Sequence[float]) -> Interval:
    """Difference after minus before over the same seeds in the same order."""
    return interval([b - a for a, b in zip(before, after, strict=True)])
