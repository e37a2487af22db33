"""From stage to stage at any second: who ends how long before the new greens, and whether nobody is left waiting.

A change has the lay-out of a plan's timeline (`nutgiao.models.contracts.timeline.expand`): all vehicle groups that end
do so together, crossings as early as their clearance needs, all new greens come together. Its seconds are
`interstage_s` and `walk_cut_s`, the same that lay out plans.

Nobody may be led into a state from which some longest red cannot be kept any more. That is known by a **way out**: go
to some stage of the shortest plan that keeps all rules, and run that plan from there. Two rounds are gone through
stage by stage; a plan that keeps the rules for ever keeps them after that, too, since from the second round on every
end of a green lies where the plan has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from nutgiao.models.contracts.lamp_rules import check_lamps
from nutgiao.models.contracts.plan import cycle_of
from nutgiao.models.contracts.refusal import Rule
from nutgiao.models.contracts.rings import interstage_s, walk_cut_s
from nutgiao.models.contracts.site import Signals
from nutgiao.models.contracts.timeline import expand
from nutgiao.models.contracts.transition import shortest_greens

NO_LIMIT_S = 1_000_000
"""As good as never."""


class Way(NamedTuple):
    """The change from one stage to another.

    Attributes:
        pause_s: from the last green of vehicles that end to the new greens.
        leads_s: group that ends, and seconds from its end to the new greens.
        starts: groups that get green.
        seconds: the longest lead, 0 if nobody ends.
    """

    pause_s: int
    leads_s: tuple[tuple[int, int], ...]
    starts: tuple[int, ...]
    seconds: int


class Standing(NamedTuple):
    """Since when each group shows what, at a second in which a stage stands.

    Attributes:
        green_since: first second of the running green; of others the latest one's, of no account.
        green_end: second after the latest green; of a group that is green of no account.
        red_since: first second of the running red; of a group that is green of no account.
    """

    green_since: tuple[int, ...]
    green_end: tuple[int, ...]
    red_since: tuple[int, ...]


class Move(NamedTuple):
    """A change that is made.

    Attributes:
        second: of the new greens.
        standing: then.
        spare_s: by how much the longest greens and reds are kept; below 0 they are broken.
        rule: which is nearest to be broken.
        group: whose.
    """

    second: int
    standing: Standing
    spare_s: int
    rule: Rule
    group: int


class WayOut(NamedTuple):
    """A way out of a stage.

    Attributes:
        stage: to go to.
        hold_s: how many seconds the standing stage may still be held; below 0 the way is barred.
        rule: that bars it first.
        group: whose.
    """

    stage: int
    hold_s: int
    rule: Rule
    group: int


class Ways:
    """All changes of a site, and its way out.

    Args:
        signals: signal side of a site without rings; `nutgiao.models.contracts.step_guard_rings` makes one.

    Raises:
        ValueError: if the site has rings, or neither its shortest greens nor a plan of its table keep the lamp rules.
    """

    def __init__(self, signals: Signals) -> None:
        if signals.rings:
            raise ValueError("stages of rings run side by side: make one stage of those that are green together")
        self.groups = signals.groups
        self.stages = tuple(frozenset(stage.groups) for stage in signals.stages)
        self._members = [frozenset(k for k, g in enumerate(signals.groups) if g.id in own) for own in self.stages]
        self.ways = [[_way(signals, now, then) for then in self.stages] for now in self.stages]
        self.green_s = _shortest_legal(signals, self.ways)
        column = {group.id: k for k, group in enumerate(signals.groups)}
        self._from: list[list[tuple[int, int]]] = [[] for _ in signals.groups]
        for pair in signals.intergreens:
            self._from[column[pair.to_group]].append((column[pair.from_group], pair.seconds))

    def earliest(self, standing: Standing, now: int, then: int, second: int) -> tuple[int, int]:
        """First second of the new greens if a change is begun at a second.

        Args:
            standing: of the groups.
            now: stage that stands.
            then: stage to go to.
            second: first one that may look different.

        Returns:
            The second for the intergreens alone, and the one that keeps the shortest greens and walks, too.
        """
        way, standing_now = self.ways[now][then], self._members[now]
        cleared = second + way.seconds
        for k in way.starts:
            for other, seconds in self._from[k]:
                if other not in standing_now:  # the lead of a group that ends holds its seconds already
                    cleared = max(cleared, standing.green_end[other] + seconds)
        served = cleared
        for k, lead_s in way.leads_s:
            served = max(served, standing.green_since[k] + self.groups[k].min_green_s + lead_s)
        return cleared, served

    def move(self, standing: Standing, now: int, then: int, second: int, origin: int) -> Move:
        """The change whose new greens come at a second.

        Args:
            standing: before it.
            now: stage that is left.
            then: stage that comes.
            second: of the new greens.
            origin: what began before it can be helped by an earlier change; what began later cannot.
        """
        since, end, red = (list(part) for part in standing)
        spare, rule, blamed = NO_LIMIT_S, Rule.MAX_RED, 0
        for k, lead_s in self.ways[now][then].leads_s:
            group, stop = self.groups[k], second - lead_s
            left = group.max_green_s - (stop - since[k])
            if left < spare and (since[k] < origin or left < 0):
                spare, rule, blamed = left, Rule.MAX_GREEN, k
            end[k] = stop
            red[k] = stop if group.pedestrian else stop + group.amber_s
        for k in self.ways[now][then].starts:
            left = self.groups[k].max_red_s - (second - red[k])
            if left < spare and (red[k] < origin or left < 0):
                spare, rule, blamed = left, Rule.MAX_RED, k
            since[k] = second
        return Move(second, Standing(tuple(since), tuple(end), tuple(red)), spare, rule, blamed)

    def way_out(self, standing: Standing, now: int, arrived: int, second: int, entry: int) -> WayOut:
        """How long a stage may still be held before its way out over an entry is barred.

        Args:
            standing: of the groups.
            now: stage that stands.
            arrived: second of its greens.
            second: first one that may look different.
            entry: stage of the plan to go to; the standing one itself is held as long as the plan has it.
        """
        count = len(self.stages)
        held = entry == now
        first = (now + 1) % count if held else entry
        path = [(first + n) % count for n in range(2 * count + 1)]
        way = self.ways[now][first]
        due = arrived + self.green_s[now] + way.pause_s if held else 0
        start = max(due, self.earliest(standing, now, first, second)[1])
        move = worst = self.move(standing, now, first, start, second)
        for stage, then in pairwise(path):
            pause_s = self.ways[stage][then].pause_s
            ready = self.earliest(move.standing, stage, then, move.second + 1)[1]
            move = self.move(
                move.standing, stage, then, max(move.second + self.green_s[stage] + pause_s, ready), second
            )
            if move.spare_s < worst.spare_s:
                worst = move
            if worst.spare_s < 0:
                break
        free = start - second - way.seconds
        return WayOut(first, worst.spare_s if worst.spare_s < 0 else worst.spare_s + free, worst.rule, worst.group)

    def ways_out(self, standing: Standing, now: int, arrived: int, second: int) -> Iterator[WayOut]:
        """Every way out, the standing stage's own first; arguments as of `way_out`."""
        count = len(self.stages)
        return (self.way_out(standing, now, arrived, second, (now + n) % count) for n in range(count))

    def is_open(self, standing: Standing, now: int, arrived: int, second: int) -> bool:
        """Whether there is a way out; arguments as of `way_out`."""
        return any(out.hold_s >= 0 for out in self.ways_out(standing, now, arrived, second))


def _way(signals: Signals, now: frozenset[str], then: frozenset[str]) -> Way:
    pause = interstage_s(signals, now, then)
    leads = tuple(
        (k, pause + (walk_cut_s(signals, now, then, group.id) if group.pedestrian else 0))
        for k, group in enumerate(signals.groups)
        if group.id in now and group.id not in then
    )
    starts = tuple(k for k, group in enumerate(signals.groups) if group.id in then and group.id not in now)
    return Way(pause, leads, starts, max((lead for _, lead in leads), default=0))


def _shortest_legal(signals: Signals, ways: Sequence[Sequence[Way]]) -> tuple[int, ...]:
    """The shortest greens, or those of the table's shortest plan, that keep the lamp rules for ever.

    A plan whose clearance leaves a stage's walk no second at all is none to fall back on: it shows that stage
    otherwise than it is shown here.
    """
    count = len(signals.stages)
    following = [ways[k][(k + 1) % count] for k in range(count)]
    alone = [
        max(group.min_green_s for group in signals.groups if group.id in stage.groups) + way.seconds - way.pause_s
        for stage, way in zip(signals.stages, following, strict=True)
    ]  # longer than the shortest where a group is green in several stages, and safe more often
    plans = (shortest_greens(signals), tuple(alone), *(row.green_s for row in signals.time_of_day))
    for green_s in sorted(plans, key=lambda plan: cycle_of(signals, plan)):
        shows = all(green + way.pause_s > way.seconds for green, way in zip(green_s, following, strict=True))
        if shows and not check_lamps(signals, expand(signals, [green_s] * 3)):
            return green_s
    raise ValueError("no plan to fall back on: neither the shortest greens nor the table keep the lamp rules")
