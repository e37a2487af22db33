"""The buttons at the crossings of the simulated street: whoever stands before a crossing has pressed one."""

from __future__ import annotations

from collections.abc import Mapping

from nutgiao.models.contracts.words import CLASS_CODE, VehicleClass
from nutgiao.simulation.networks.network import SignalisedJunction
from nutgiao.simulation.street import RoadUsers, Street

_STANDS_MPS = 0.1


class Buttons:
    """Finds who waits where.

    Args:
        junctions: signalised junctions by id.
    """

    def __init__(self, junctions: Mapping[str, SignalisedJunction]) -> None:
        self._crossing = {
            link.to_edge: (node, link.group)
            for node, junction in junctions.items()
            for link in junction.links
            if link.is_crossing
        }

    def pressed(self, street: Street, users: RoadUsers) -> dict[str, set[str]]:
        """Groups of the crossings, by junction, before which somebody stands."""
        found: dict[str, set[str]] = {}
        stands = (users.classes == CLASS_CODE[VehicleClass.PEDESTRIAN]) & (users.speed_mps < _STANDS_MPS)
        for row in stands.nonzero()[0].tolist():
            crossing = self._crossing.get(street.walks_to(users.ids[row]))
            if crossing is not None:
                found.setdefault(crossing[0], set()).add(crossing[1])
        return found
