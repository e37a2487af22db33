"""What priority costs the others at one light: counted second by second, bounded, and paid back.

A second counts as harm for everybody who stands at a movement that would have green, or go on having it, if nobody had
asked, and has none because somebody did; by what he weighs in what the controller sees. Whom the request helps along
with it is not set against that, so the figure is rather too high than too low.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.queueing.junction.seen import Seen
from nutgiao.models.queueing.junction.tables import F8

WINDOW_S = 600.0
"""Harm is bounded over so many seconds."""


@dataclass(frozen=True, slots=True)
class HarmLimits:
    """What requests may cost; those of emergencies are not bounded.

    Attributes:
        request_person_s: waiting of other persons for one request.
        window_person_s: the same for all requests of a light within `WINDOW_S`.
        held_s: for how long a green may be kept for one request beyond its usual end.
        persons: that a weight of 1 stands for in what the controller sees.
        repaid_s: who has waited so long for others counts once more as much afterwards, until it is gone.
        most_weight: how many times as much at most; 1 for no recovery.
    """

    request_person_s: float = 600.0
    window_person_s: float = 2400.0
    held_s: float = 20.0
    persons: float = 1.5
    repaid_s: float = 10.0
    most_weight: float = 5.0


class Harm:
    """Counts at one light.

    Args:
        limits: what is allowed.
    """

    def __init__(self, limits: HarmLimits) -> None:
        self.limits = limits
        self._window: deque[tuple[float, float]] = deque()
        self._of: dict[str, float] = {}
        self._held_s: dict[str, float] = {}
        self._taken: set[int] = set()  # links that lost green to a request that is active
        self._waited_s: dict[int, float] = {}  # vehicle to how long it has stood there since

    def spent_person_s(self, now_s: float) -> float:
        """Harm by requests that are bounded, in the last `WINDOW_S`."""
        while self._window and now_s - self._window[0][0] > WINDOW_S:
            self._window.popleft()
        return sum(harm for _, harm in self._window)

    def of(self, request: str) -> tuple[float, float]:
        """Harm in person-seconds, and seconds of green kept, of one request."""
        return self._of.get(request, 0.0), self._held_s.get(request, 0.0)

    def full(self, now_s: float) -> str:
        """Why nobody but emergencies may ask now, in words; empty if they may."""
        spent, most = self.spent_person_s(now_s), self.limits.window_person_s
        return f"others have waited {spent:.0f} of {most:.0f} person-s in {WINDOW_S:g} s" if spent >= most else ""

    def refusal(self, request: str, now_s: float, waiting: float, for_s: float, holds: bool) -> str:
        """Why a request may not go on, in words; empty if it may.

        Args:
            request: its id.
            now_s: the time.
            waiting: what those weigh who would wait.
            for_s: for how long at least.
            holds: whether a green is kept for it.
        """
        limits = self.limits
        more = waiting * limits.persons * for_s
        harm, held_s = self.of(request)
        if harm + more > limits.request_person_s:
            return f"others would wait {harm + more:.0f} person-s for it; {limits.request_person_s:g} are allowed"
        spent = self.spent_person_s(now_s) + more
        if spent > limits.window_person_s:
            return (
                f"others would wait {spent:.0f} person-s for requests within {WINDOW_S:g} s; "
                f"{limits.window_person_s:g} are allowed"
            )
        if holds and held_s + 1.0 > limits.held_s:
            return f"a green was kept {held_s:g} s for it; not longer than {limits.held_s:g} s is allowed"
        return ""

    def count(
        self, request: str, now_s: float, links: NDArray[np.int32], waiting: float, holds: bool, bounded: bool
    ) -> None:
        """Adds one second.

        Args:
            request: that is the reason.
            now_s: the time.
            links: of each vehicle that waits because of it.
            waiting: what they weigh.
            holds: whether a green is kept for it.
            bounded: whether it counts against the limits of the light.
        """
        harm = waiting * self.limits.persons
        self._of[request] = self._of.get(request, 0.0) + harm
        self._held_s[request] = self._held_s.get(request, 0.0) + holds
        if bounded and harm:
            self._window.append((now_s, harm))
        self._taken.update(links.tolist())

    def forget(self, request: str) -> None:
        """Drops what is counted for a request that is over; the light's sum stays."""
        self._of.pop(request, None)
        self._held_s.pop(request, None)

    def repay(self, seen: Seen, here: NDArray[np.bool_], weight: F8, active: bool) -> bool:
        """Lets those who have stood where a request took green away weigh more until they are gone; once a second.

        Args:
            seen: who comes.
            here: ``(n,)`` who is before this light.
            weight: ``(n,)`` changed in place.
            active: whether a request still is.

        Returns:
            Whether there are any.
        """
        if not active:
            self._taken.clear()
        if not self._waited_s and not self._taken:
            return False
        rows = {int(seen.key[row]): row for row in np.flatnonzero(here & (seen.key >= 0)).tolist()}
        for key, row in rows.items():
            if seen.halted[row] and int(seen.link[row]) in self._taken:
                self._waited_s[key] = self._waited_s.get(key, 0.0) + 1.0
        self._waited_s = {key: waited_s for key, waited_s in self._waited_s.items() if key in rows}
        for key, waited_s in self._waited_s.items():
            owed = min(self.limits.most_weight, 1.0 + waited_s / self.limits.repaid_s)
            weight[rows[key]] *= owed
        return bool(self._waited_s) and self.limits.most_weight > 1.0
