"""Which stage follows which: in the site's order or another one, alone or side by side in rings between barriers.

Most controllers run one stage after the other: the site's stages in their order, again and again. A plan may bring an
**order** of its own where the site allows it (``limits: {free_order: true}``): ``order: [0, 2, 1]`` runs the third
stage before the second. The first stage of the site stays first, so that cycles of different orders join at it.

A ring-and-barrier controller (NEMA TS 2, the usual one of North America) runs several sequences side by side. A
**ring** is one of them: its stages follow each other, each with the interstage that its own groups need. A **barrier**
is a second that all rings cross together; a **section** is what lies between two barriers, so stages that stand in the
same section of different rings may be green together. The interstage at a barrier is the longest that any group which
ends there, of whatever ring, needs before any group which starts there. In each section the rings must take equally
long. An order then only swaps stages inside a section of a ring: a left turn that lags instead of leading.

The site lists its stages ring by ring, section by section. A crossroads with a left turn before each movement of the
main road, both movements of the side road together::

    stages:
      - {id: west_left, groups: [wl]}    # 0: first stage, the reference of the offset
      - {id: east, groups: [e]}          # 1
      - {id: side, groups: [s]}          # 2
      - {id: east_left, groups: [el]}    # 3
      - {id: west, groups: [w]}          # 4
    rings:
      - {id: one, sections: [[west_left, east], [side]]}
      - {id: two, sections: [[east_left, west], []]}    # this ring is red while the side road runs
    limits: {free_order: true}

With interstages of 5 s ``green_s: [10, 30, 25, 15, 25]`` is a plan: 10 + 5 + 30 and 15 + 5 + 25 s until the barrier.
With ``order: [0, 1, 2, 4, 3]`` the left turn from the east comes after the movement from the west. The greens always
stand in the site's order.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import NamedTuple

from nutgiao.models.contracts.site import Signals


class Place(NamedTuple):
    """One stage in the cycle.

    Attributes:
        stage: its index in the site's order.
        now: groups that are green until its end: its own, at a barrier those of all rings.
        then: groups that are green after its interstage.
    """

    stage: int
    now: frozenset[str]
    then: frozenset[str]


def sections_of(signals: Signals, order: Sequence[int] = ()) -> list[list[tuple[int, ...]]]:
    """Stages as they run: for each section the stages of each ring that has some there.

    Args:
        signals: signal side of the site; without rings it has one section of one ring.
        order: every stage once, in the order of running; empty for the site's own.
    """
    running = tuple(order) or tuple(range(len(signals.stages)))
    if not signals.rings:
        return [[running]]
    sections: list[list[tuple[int, ...]]] = [[] for _ in signals.rings[0].sections]
    first = 0
    for ring in signals.rings:
        for section, names in zip(sections, ring.sections, strict=True):
            if names:
                section.append(running[first : first + len(names)])
            first += len(names)
    return sections


def places_of(signals: Signals, order: Sequence[int] = ()) -> list[list[list[Place]]]:
    """`sections_of` with what each stage's end means to the groups; arguments are the same."""
    sections = sections_of(signals, order)
    groups = [frozenset(stage.groups) for stage in signals.stages]
    found = []
    for k, section in enumerate(sections):
        ends = frozenset[str]().union(*(groups[ring[-1]] for ring in section))
        starts = frozenset[str]().union(*(groups[ring[0]] for ring in sections[(k + 1) % len(sections)]))
        inner = [[Place(one, groups[one], groups[other]) for one, other in pairwise(ring)] for ring in section]
        found.append([[*places, Place(ring[-1], ends, starts)] for places, ring in zip(inner, section, strict=True)])
    return found


def interstage_s(signals: Signals, now: Collection[str], then: Collection[str]) -> int:
    """Seconds between the greens of some groups and the greens of the next.

    The longest of: intergreens from a vehicle group that ends to a group that starts, and the amber of a vehicle group
    that ends. A crossing that ends does not lengthen it: its walk ends earlier (see `walk_cut_s`).

    Args:
        signals: signal side of the site.
        now: groups that are green before it.
        then: groups that are green after it.
    """
    vehicles = {group.id for group in signals.groups if group.id in now and group.id not in then}
    vehicles -= {group.id for group in signals.groups if group.pedestrian}
    starting = set(then) - set(now)
    ambers = [group.amber_s for group in signals.groups if group.id in vehicles]
    gaps = [pair.seconds for pair in signals.intergreens if pair.from_group in vehicles and pair.to_group in starting]
    return max([0, *ambers, *gaps])


def walk_cut_s(signals: Signals, now: Collection[str], then: Collection[str], group: str) -> int:
    """How long before the end of its stage's green a crossing must stop walk, so that people clear in time, seconds."""
    starting = set(then) - set(now)
    clearance = max(
        [0, *(pair.seconds for pair in signals.intergreens if pair.from_group == group and pair.to_group in starting)]
    )
    return max(0, clearance - interstage_s(signals, now, then))


def ring_s(signals: Signals, ring: Sequence[Place], green_s: Sequence[int]) -> int:
    """Greens and interstages of one ring in one section together, seconds."""
    return sum(green_s[place.stage] + interstage_s(signals, place.now, place.then) for place in ring)
