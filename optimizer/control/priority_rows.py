"""Requests for priority as rows of what a controller sees: the asking vehicle weighs more, seen or not yet seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from nutgiao.models.queueing.junction.seen import Seen
from nutgiao.models.queueing.junction.tables import F8, I4S, NONE

_MISTAKEN_S, _MISTAKEN_SHARE = 3.0, 0.3
"""A row is taken for the vehicle that asks if it comes within so many seconds of what was told, or within this share of
it; a sensor knows neither speed nor place to the point, and what was told is a few seconds old."""

_OTHER_LINK_S = 1.0
"""A row that is believed to take another movement must fit so much better: sensors guess where somebody turns."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What one active request asks of the look ahead.

    Attributes:
        number: of the request; names its vehicle if no sensor sees it.
        links: that serve its movement.
        arrives_s: from now.
        weight: what a second of its delay counts, beside 1 of a car.
    """

    number: int
    links: tuple[int, ...]
    arrives_s: float
    weight: float


def with_claims(seen: Seen, claims: Sequence[Claim], link_lane: I4S) -> Seen:
    """The same vehicles, with those that ask weighing what they claim, and on the movement that they named.

    Args:
        seen: who comes; stays as it is.
        claims: of active requests, the most urgent first.
        link_lane: ``(links, 4)`` lanes that each link leaves, -1 behind them.

    Returns:
        Rows as before, in their order; behind them one for each claim that fits no row. Those have negative keys.
    """
    link, weight = seen.link.copy(), seen.weight.copy()
    free = np.ones(len(link), np.bool_)
    own: list[Claim] = []
    for claim in claims:
        row = _row(seen, claim, link_lane, free)
        if row is None:
            own.append(claim)
            continue
        free[row] = False
        weight[row] = max(claim.weight, weight[row])
        if link[row] not in claim.links:
            link[row] = next((one for one in claim.links if seen.lane[row] in link_lane[one]), claim.links[0])
    if not own:
        return replace(seen, link=link, weight=weight)
    count = len(own)
    return replace(
        seen,
        key=np.concatenate([seen.key, [-2 - claim.number for claim in own]]),
        lane=np.concatenate([seen.lane, [link_lane[claim.links[0], 0] for claim in own]]).astype(np.int32),
        link=np.concatenate([link, [claim.links[0] for claim in own]]).astype(np.int32),
        arrive_s=np.concatenate([seen.arrive_s, [claim.arrives_s for claim in own]]),
        halted=np.concatenate([seen.halted, np.zeros(count, np.bool_)]),
        weight=np.concatenate([weight, [claim.weight for claim in own]]),
        next_link=np.concatenate([seen.next_link, np.full(count, NONE, np.int32)]),
        next_s=np.concatenate([seen.next_s, np.zeros(count)]),
    )


def _row(seen: Seen, claim: Claim, link_lane: I4S, free: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int | None:
    """The row that fits a claim best, on a lane from which its movement can be made."""
    lanes = link_lane[list(claim.links)]
    near = np.flatnonzero(free & np.isin(seen.lane, lanes[lanes != NONE]))
    if not len(near):
        return None
    apart_s: F8 = np.abs(seen.arrive_s[near] - claim.arrives_s)
    fits = apart_s <= max(_MISTAKEN_S, _MISTAKEN_SHARE * claim.arrives_s)
    if not fits.any():
        return None
    elsewhere = ~np.isin(seen.link[near], claim.links)
    return int(near[np.argmin(np.where(fits, apart_s + _OTHER_LINK_S * elsewhere, np.inf))])
