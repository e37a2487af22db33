"""Steps that the kernels of the network share; compiled into each of them."""

from __future__ import annotations

from nutgiao.models.jit import inlined
from nutgiao.models.queueing.network.tables import AT_FULL, AT_GAP, F8, GREEN, I4, Records


@inlined
def schedule(calendar: I4, behind: I4, server: int, time_s: float, now: int) -> None:
    """Enters a server into the calendar; what lies beyond the horizon is never reached."""
    second = max(int(time_s), now)
    if second < len(calendar):
        behind[server] = calendar[second]
        calendar[second] = server


@inlined
def foes_until(
    first: int,
    end: int,
    edge: int,
    t: float,
    gap_s: float,
    look_s: float,
    foes: Records,
    lanes: Records,
    queue: Records,
    ring: Records,
    groups: Records,
    passed_s: F8,
) -> float:
    """When it pays to look again; 0 if none of the foes from ``first`` to ``end`` is in the way at ``t``.

    A foe is in the way if its last vehicle has not yet cleared, or if one of the next three on its lane comes within
    ``gap_s``. One that stands because it gives way itself, or because its exit is full, is not; unless it wants the
    same ``edge``.
    """
    for x in range(first, end):
        foe = foes[x]
        cleared: float = passed_s[foe.link] + foe.clear_s
        if cleared > t:
            return cleared
        q = queue[foe.lane]
        if q.count == 0 or groups[foe.group].lamp < GREEN:
            continue
        if q.block == AT_GAP or (q.block == AT_FULL and foe.edge != edge):
            continue
        lane = lanes[foe.lane]
        place, free = q.head, q.free_s
        for _ in range(min(3, q.count)):
            rider = ring[lane.slot + place]
            arrival: float = max(rider.arrival_s, free)
            if arrival > t + gap_s:
                break
            if rider.link == foe.link:
                return max(arrival, t + 1.0)
            free = arrival + look_s
            place += 1
            if place == lane.places:
                place = 0
    return 0.0


@inlined
def entrances(first: int, end: int, options: Records) -> int:
    """By how many of the lanes from ``first`` to ``end`` one may enter a street: those that lead on farthest."""
    count = 0
    for x in range(first, end):
        if options[x].penalty <= 0.0:
            count += 1
    return count
