"""How long a controller takes: quantiles and a histogram."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nutgiao.models.queueing.junction.tables import F8

EDGES_MS = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
"""Lower ends of the classes of a histogram; the last one is open."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """Milliseconds of one core that a second's choice takes.

    Attributes:
        lights: that are chosen for.
        p50_ms: median for all lights together.
        p99_ms: of 100 choices 99 take less.
        worst_ms: the longest.
        light_p50_ms: as ``p50_ms`` for one light: a choice for all, divided by their number.
        light_p99_ms: as ``p99_ms`` for one light.
        counts: choices for one light in each class of `EDGES_MS`.
    """

    lights: int
    p50_ms: float
    p99_ms: float
    worst_ms: float
    light_p50_ms: float
    light_p99_ms: float
    counts: tuple[int, ...]


def decisions(took_ms: F8, lights: int) -> Decisions:
    """Sums up the choices of a run.

    Args:
        took_ms: ``(seconds,)`` for all lights together.
        lights: how many.
    """
    p50_ms, p99_ms = np.percentile(took_ms, (50, 99)).tolist()
    found = np.searchsorted(EDGES_MS, took_ms / lights, side="right") - 1
    counts = tuple(np.bincount(found, minlength=len(EDGES_MS)).tolist())
    return Decisions(lights, p50_ms, p99_ms, float(took_ms.max()), p50_ms / lights, p99_ms / lights, counts)


def total_counts(some: Sequence[Decisions]) -> list[int]:
    """The histogram of several runs."""
    return np.sum([one.counts for one in some], axis=0).tolist() if some else [0] * len(EDGES_MS)
