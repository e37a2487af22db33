"""What the lamps of a running street showed in the last minutes, to the step in which they changed."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass

from nutgiao.models.contracts.words import Indication
from nutgiao.simulation.street import STEP_S, Street

KEPT_S = 300.0


@dataclass(frozen=True, slots=True)
class Shown:
    """What a group showed without a break.

    Attributes:
        indication: what.
        since_s: since when; minus infinity if that is longer ago than anybody remembers.
        before: what it showed before; None if nobody remembers.
    """

    indication: Indication
    since_s: float
    before: Indication | None


class Lamps:
    """The lamps of some junctions.

    Args:
        street: a running street.
        nodes: its junctions.
    """

    def __init__(self, street: Street, nodes: Iterable[str]) -> None:
        self._street, self._nodes = street, tuple(nodes)
        self._seen: dict[str, deque[tuple[float, dict[str, Indication]]]] = defaultdict(deque)

    def observe(self, time_s: float) -> None:
        """Takes note of one step, which began with the lamps as they are now.

        Args:
            time_s: its end.
        """
        for node in self._nodes:
            shown, seen = self._street.shown[node], self._seen[node]
            if not seen or seen[-1][1] != shown:
                seen.append((time_s - STEP_S, dict(shown)))
            while len(seen) > 1 and seen[1][0] < time_s - KEPT_S:
                seen.popleft()

    def at(self, node: str, group: str, time_s: float) -> Shown | None:
        """What a group showed at an instant; None before the first step.

        Args:
            node: junction.
            group: signal group.
            time_s: instant of the last `KEPT_S` seconds.
        """
        found: Shown | None = None
        for start_s, shown in self._seen[node]:
            if start_s > time_s:
                break
            now = shown.get(group, Indication.UNKNOWN)
            if found is None:
                found = Shown(now, -math.inf, None)
            elif now is not found.indication:
                found = Shown(now, start_s, found.indication)
        return found

    def red_for_s(self, node: str, group: str, time_s: float) -> float:
        """How long a group had been red at an instant, as far as anybody remembers; 0 if it was not."""
        shown = self.at(node, group, time_s)
        if shown is None or shown.indication is not Indication.RED:
            return 0.0
        return time_s - max(shown.since_s, self._seen[node][0][0])
