"""How long somebody who is known to wait is kept waiting at most, whatever would be cheaper."""

from __future__ import annotations

from collections.abc import Collection

from nutgiao.models.contracts.site import Signals
from nutgiao.models.queueing.junction.site import SiteTables
from nutgiao.models.queueing.junction.tables import NONE

CALLED_S = 90
"""A crossing whose button was pressed: what whoever comes first after the walk waits in a plan with a cycle of 100 s,
as the demo's sites have them. From 60 s on most people no longer comply (Highway Capacity Manual 2000, exhibit 18-13,
level of service F), so it must not be longer; only a group whose longest red would be broken meanwhile goes first."""

QUEUED_S = 110
"""A group at red before which somebody stands; the site's longest red is the bound where nobody is seen."""


class Patience:
    """Counts the seconds that people wait.

    Args:
        signals: signal side of the site.
        tables: of the site.
    """

    def __init__(self, signals: Signals, tables: SiteTables) -> None:
        self._group_of = [movement.group for movement in tables.movements]
        self._crossings = {name: self._group_of[link] for name, (_, link) in tables.crossings.items()}
        column = {group.id: k for k, group in enumerate(signals.groups)}
        self._stages = [{column[name] for name in stage.groups} for stage in signals.stages]
        self._limit_s = [min(CALLED_S if g.pedestrian else QUEUED_S, g.max_red_s) for g in signals.groups]
        self._change_s = tables.area.cluster.change_s
        self._waits_s = [0] * len(signals.groups)

    def wait(self, greens: Collection[int], calls: Collection[str], queued: Collection[int]) -> None:
        """A second has passed.

        Args:
            greens: columns of the groups that are green.
            calls: crossings that are called.
            queued: links on which somebody stands.
        """
        waiting = {self._crossings[name] for name in calls} | {self._group_of[link] for link in queued}
        for group, waited_s in enumerate(self._waits_s):
            self._waits_s[group] = 0 if group in greens or group not in waiting else waited_s + 1

    def overrules(self, stage: int, wished: int) -> int:
        """The stage to wish: of those who have waited too long the one who has done so most decides.

        Args:
            stage: that stands; during a change nothing is overruled.
            wished: by the controller.
        """
        if stage == NONE:
            return wished
        late: list[tuple[float, int]] = []
        for group, waited_s in enumerate(self._waits_s):
            if waited_s > 0 and group not in self._stages[stage]:
                way_s, to = min((self._change_s[stage, k], k) for k, own in enumerate(self._stages) if group in own)
                if waited_s + way_s >= self._limit_s[group]:
                    late.append((waited_s + way_s - self._limit_s[group], to))
        return max(late)[1] if late else wished
