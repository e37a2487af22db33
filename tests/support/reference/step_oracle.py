"""What the last second of lamps breaks, read backwards from it like a person with a stop-watch would; all strings.

It knows the data types of a site and nothing else of nutgiao. Everything before the last second is taken to be right.
The rules are those of `signal_oracle`; where nobody knows what comes later two are read at once instead of at the end:
an amber is too long in the first second beyond its length, and a red in the first beyond its longest, though its group
was never green.
"""

from __future__ import annotations

from nutgiao.models.contracts.site import SignalGroup, Signals
from tests.support.reference.signal_oracle import Broken
from tests.support.reference.signal_rows import Rows


def broken_by_last_second(signals: Signals, rows: Rows) -> Broken:
    """Rules and groups.

    Args:
        signals: signal side of a site.
        rows: one letter a second for each group, from the first second to the one that is judged.
    """
    broken: Broken = set()
    for group in signals.groups:
        broken |= {(rule, (group.id,)) for rule in _of_group(group, rows[group.id])}
    for pair in signals.intergreens:
        one, other = rows[pair.from_group], rows[pair.to_group]
        starts = other[-1] == "G" and other[-2:] != "GG"
        if one[-1] == other[-1] == "G":
            broken.add(("conflict", (pair.from_group, pair.to_group)))
        elif starts and "G" in one and len(one) - 2 - one.rindex("G") < pair.seconds:
            broken.add(("intergreen", (pair.from_group, pair.to_group)))
    return broken


def _of_group(group: SignalGroup, row: str) -> set[str]:
    now = row[-1]
    before = row.rstrip(now)
    shown_s = len(row) - len(before)
    broken = set()
    if now == "G" and shown_s > group.max_green_s:
        broken.add("max_green")
    if now == "R" and shown_s > group.max_red_s:
        broken.add("max_red")
    if now == "A" and shown_s > group.amber_s:
        broken.add("amber")
    if not before or shown_s > 1:
        return broken
    ended = before[-1]
    earlier = before.rstrip(ended)
    lasted_s = len(before) - len(earlier)
    if ended == "G" and earlier and lasted_s < group.min_green_s:
        broken.add("pedestrian_walk" if group.pedestrian else "min_green")
    if ended == "A" and earlier and lasted_s != group.amber_s:
        broken.add("amber")
    if ended == "G" and now == "R" and group.amber_s and not group.pedestrian:
        broken.add("amber")
    return broken
