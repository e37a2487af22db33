"""The optimiser's priority by request for a box's own junction, the same as in simulated streets."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

import numpy as np

from nutgiao.cli.edge_chooser import HorizonChooser
from nutgiao.edge.signal.adaptive import Within
from nutgiao.models.contracts.priority import PriorityItem, PriorityVehicle
from nutgiao.models.contracts.words import ControlMode, VehicleClass
from nutgiao.models.queueing.junction.calls import PriorityCall
from nutgiao.models.queueing.junction.seen import Seen, Showing
from nutgiao.models.queueing.junction.site import SiteTables
from nutgiao.models.queueing.junction.site_rows import PERSONS
from nutgiao.models.queueing.junction.tables import I4
from nutgiao.optimizer.control.priority import Prioritised
from nutgiao.optimizer.control.priority_figures import PriorityFigures, PriorityTables
from nutgiao.optimizer.control.priority_harm import HarmLimits

_BUS, _WAIT_S, _BUSES = PERSONS[VehicleClass.BUS], 60.0, 4

FIGURES = PriorityFigures(
    persons=(
        (PriorityVehicle.BUS, _BUS),
        (PriorityVehicle.TRAM, _BUS),
        (PriorityVehicle.CAR, PERSONS[VehicleClass.CAR]),
        (PriorityVehicle.MOTORCYCLE, PERSONS[VehicleClass.MOTORCYCLE]),
        (PriorityVehicle.BICYCLE, PERSONS[VehicleClass.BICYCLE]),
    ),
    emergency=10_000.0,
    harm=HarmLimits(request_person_s=_WAIT_S * _BUS, window_person_s=_BUSES * _WAIT_S * _BUS, persons=1.0),
)
"""What requests count at a box, where weights are persons already.

Others may wait as much for one request as those in a full bus would at a red of a minute, and four times that within
ten minutes (assumed; it is for the city to say). All who queue at a junction are some hundreds, and an emergency
vehicle counts far more.
"""


class _Planned:
    """A chooser and the plan that it stays within, which is told for it and its copy alike.

    Args:
        chooser: asked.
        within: holds the plan, as the only element.
    """

    def __init__(self, chooser: HorizonChooser, within: list[Within | None]) -> None:
        self._chooser, self._within = chooser, within

    def __deepcopy__(self, memo: dict[int, object]) -> _Planned:
        return _Planned(copy.deepcopy(self._chooser, memo), self._within)

    def choose(self, seen: Seen, showing: Showing) -> I4:
        """The stage to show from now on; `NONE` if the plan leaves nothing to choose."""
        return self._chooser.choose(seen, showing, self._within[0])


class PriorityChooser:
    """Chooses as `HorizonChooser` does, and hears requests for priority.

    Args:
        tables: of the site.
        figures: what requests count.
    """

    def __init__(self, tables: SiteTables, figures: PriorityFigures = FIGURES) -> None:
        self._within: list[Within | None] = [None]
        cluster = tables.area.cluster
        lights = PriorityTables(
            ids=("",), link_light=cluster.link_light, link_lane=cluster.link_lane, right=cluster.right,
            change_s=float(np.max(cluster.change_s)), least_s=float(np.max(cluster.least_s)),
        )  # fmt: skip
        self._heard = Prioritised(_Planned(HorizonChooser(tables), self._within), lights, figures, records=0)

    @property
    def refused(self) -> Mapping[str, str]:
        """Requests whose last message of this second was refused without ending them, and why."""
        return self._heard.refused

    def hear(self, calls: Sequence[PriorityCall], now_s: float) -> frozenset[str]:
        """Takes what was sent in the last second."""
        return self._heard.hear(calls, now_s)

    def end(self, now_s: float, reason: str) -> None:
        """Ends all requests."""
        self._heard.end(now_s, reason)

    def report(self) -> tuple[PriorityItem, ...]:
        """All requests as they stand now; those that are over are told once."""
        return self._heard.report(0)

    def choose(self, seen: Seen, showing: Showing, within: Within | None) -> I4:
        """The stage to show from now on; `NONE` if the plan leaves nothing to choose."""
        self._within[0] = within
        self._heard.holds = within is None or within.plan.mode is ControlMode.FREE
        return self._heard.choose(seen, showing)
