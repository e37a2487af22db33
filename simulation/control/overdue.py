"""Nobody waits for ever: a stage for who has been red too long, whatever the controller wishes."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from nutgiao.models.contracts.decision import Late
from nutgiao.models.queueing.junction.seen import Seen, Showing
from nutgiao.models.queueing.junction.tables import I4, NONE, RED
from nutgiao.simulation.control.lights import Lights

WALK_S, DRIVE_S = 90.0, 300.0
"""Longest red of a crossing, where nobody is detected and somebody may always stand, and of a link at which a vehicle
stands. With 90 s of red walkers wait 45 s in the mean; HCM 2000 (exhibit 18-9) gives its worst level from 60 s."""


class Overdue:
    """Watches the red of all links of the lights that are driven.

    Args:
        lights: of the network.
        driven: numbers of those that are driven.
        walk_s: longest red of a crossing.
        drive_s: longest red of a link at which a vehicle stands.
        in_plan: driven lights that keep to a plan, which serves everybody once a cycle: here nobody is overdue.

    Attributes:
        red_s: ``(links,)`` for how long each has been red.
        served: light to who had its wish replaced in this second.
    """

    def __init__(
        self,
        lights: Lights,
        driven: Sequence[int],
        walk_s: float = WALK_S,
        drive_s: float = DRIVE_S,
        in_plan: Collection[int] = (),
    ) -> None:
        self._lights, self._driven, self._in_plan = lights, driven, in_plan
        ever = (lights.right != RED).any(axis=0)
        self._walks = (lights.link_lane[:, 0] == NONE) & ever
        self._most_s = np.where(self._walks, walk_s, np.where(ever, drive_s, np.inf))
        self.red_s = np.zeros(len(ever))
        self.served: dict[int, Late] = {}

    def serve(self, wished: I4, seen: Seen, showing: Showing) -> None:
        """Puts stages in place of wishes where somebody is overdue; to be asked once a second.

        Args:
            wished: ``(lights,)`` stages; changed in place.
            seen: who comes.
            showing: what the lights show.
        """
        lights = self._lights
        stands = self._walks.copy()
        stands[seen.link[seen.halted]] = True
        self.red_s += 1.0
        self.served.clear()
        for light in self._driven:
            links = slice(int(lights.light_link[light]), int(lights.light_link[light + 1]))
            stage = int(showing.stage[light])
            if showing.coming[light] == NONE:
                self.red_s[links][lights.right[stage, links] != RED] = 0.0
            over_s = np.where(stands[links], self.red_s[links] - self._most_s[links], -np.inf)
            worst = int(np.argmax(over_s))
            if over_s[worst] < 0.0 or light in self._in_plan:
                continue
            own = lights.stages_of(light)
            serving = [one for one in own if lights.right[one, links][worst] != RED]
            if int(wished[light]) not in serving:
                most = [np.count_nonzero((lights.right[one, links] != RED) & (over_s >= 0.0)) for one in serving]
                wished[light] = serving[int(np.argmax(most))]
                red_s, most_s = float(self.red_s[links][worst]), float(self._most_s[links][worst])
                self.served[light] = Late(worst, red_s, most_s, int(wished[light]) - own.start)
