"""The witness of deeds that a way tells when it has ended: kept lanes, solid lines, speed at the line, amber."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from nutgiao.models.contracts.site import Approach, Site
from nutgiao.models.contracts.words import ViolationKind
from nutgiao.simulation.breakers_amber import amber_deeds
from nutgiao.simulation.breakers_deed import Deed, asked
from nutgiao.simulation.breakers_lamps import Lamps
from nutgiao.simulation.breakers_lanes import kept_lane_deeds, solid_line_deeds
from nutgiao.simulation.breakers_paths import Path, PathKeeper
from nutgiao.simulation.breakers_speed import speed_deeds
from nutgiao.simulation.street import RoadUsers, Street


class WayWitness:
    """Looks at the ways on those approaches on which a site asks for one of these rules.

    Args:
        street: a running street.
        sites: site of each junction.
        lamps: of the street.
    """

    def __init__(self, street: Street, sites: Mapping[str, Site], lamps: Lamps) -> None:
        self._street, self._lamps = street, lamps
        self._judges = {
            ViolationKind.BUS_LANE: kept_lane_deeds,
            ViolationKind.SOLID_LINE: solid_line_deeds,
            ViolationKind.SPEED: speed_deeds,
            ViolationKind.ENTERED_ON_AMBER: self._on_amber,
        }
        self._asked: dict[tuple[str, str], list[ViolationKind]] = {}
        places: list[tuple[str, Approach]] = []
        for node, site in sites.items():
            where = {kind: {one.id for one in asked(site, kind)} for kind in self._judges}
            for approach in site.approaches:
                kinds = [kind for kind, names in where.items() if approach.id in names]
                if kinds:
                    self._asked[node, approach.id] = kinds
                    places.append((node, approach))
        self._keeper = PathKeeper(street, places)

    def observe(self, users: RoadUsers) -> list[Deed]:
        """See `nutgiao.simulation.breakers_truth.Witness`."""
        return [deed for path in self._keeper.observe(users) for deed in self._judge(path)]

    def finish(self) -> list[Deed]:
        """See `nutgiao.simulation.breakers_truth.Witness`."""
        cut = [deed for path in self._keeper.rest() for deed in self._judge(path)]
        return [msgspec.structs.replace(deed, must=False) for deed in cut]

    def _judge(self, path: Path) -> list[Deed]:
        asked_for = self._asked[path.node, path.approach.id]
        return [deed for kind in asked_for for deed in self._judges[kind](path, self._street.time_s)]

    def _on_amber(self, path: Path, noted_s: float) -> list[Deed]:
        return amber_deeds(path, noted_s, self._lamps)
