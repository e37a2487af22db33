"""Ways of vehicles on an approach, from far upstream of its line to beyond it, one place for each step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.site import Approach
from nutgiao.models.contracts.words import CLASS_CODE, CLASSES, VehicleClass, ViolationKind
from nutgiao.simulation.breakers_deed import Deed, frame_of
from nutgiao.simulation.street import RoadUsers, Street

FROM_M, UNTIL_M = 80.0, -20.0
"""Ways begin and end here, upstream of the line: what a camera may see, and a second and more beyond the line."""


@dataclass(slots=True)
class Path:
    """The way of one vehicle on one approach, one place for each step.

    Attributes:
        node: junction.
        approach: the approach.
        vehicle: SUMO's name.
        who: class of the vehicle.
        width_m: of its body.
        time_s: of each step.
        x_m: front, upstream of the line.
        y_m: middle of the body, from the kerb.
        speed_mps: along its own way.
        group: signal group of its way through the junction; empty if it did not go through.
    """

    node: str
    approach: Approach
    vehicle: str
    who: VehicleClass
    width_m: float
    time_s: list[float] = field(default_factory=list)
    x_m: list[float] = field(default_factory=list)
    y_m: list[float] = field(default_factory=list)
    speed_mps: list[float] = field(default_factory=list)
    group: str = ""

    def arrays(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """``(n,)`` times, places upstream of the line, places from the kerb, speeds."""
        return np.array(self.time_s), np.array(self.x_m), np.array(self.y_m), np.array(self.speed_mps)

    def crossed_s(self) -> float | None:
        """When the front crossed the line, between two steps; None if it did not."""
        for k in range(1, len(self.x_m)):
            before, after = self.x_m[k - 1], self.x_m[k]
            if before > 0.0 >= after:
                return self.time_s[k - 1] + (self.time_s[k] - self.time_s[k - 1]) * before / (before - after)
        return None

    def deed(
        self, kind: ViolationKind, at_s: float, noted_s: float, numbers: Mapping[str, float], *, must: bool
    ) -> Deed:
        """A deed on this way; arguments as of `nutgiao.simulation.breakers_deed.Deed`."""
        return Deed(
            kind=kind,
            node=self.node,
            approach=self.approach.id,
            time_s=round(float(at_s), 2),
            noted_s=noted_s,
            vehicle=self.vehicle,
            vehicle_class=self.who.value,
            must=bool(must),
            numbers={name: round(float(value), 2) for name, value in numbers.items()},
        )


class PathKeeper:
    """Follows vehicles on approaches of a street.

    Args:
        street: a running street.
        places: junction and approach of each that is watched.
    """

    def __init__(self, street: Street, places: list[tuple[str, Approach]]) -> None:
        code = {name: index for index, name in enumerate(street.edges)}
        self._place: dict[int, tuple[str, Approach]] = {}
        self._group: dict[tuple[str, int], str] = {}
        self._watched = np.zeros(len(street.edges), bool)
        self._inner = np.array([edge.startswith(":") for edge in street.edges])
        for node, approach in places:
            junction = street.junctions[node]
            edge = code[junction.legs[approach.id].edge]
            self._place[edge], self._watched[edge] = (node, approach), True
            for link in junction.links:
                if link.arm == approach.id and not link.is_crossing:
                    self._group |= {(approach.id, code[inner]): link.group for inner in link.inner_edges}
        self._open: dict[str, Path] = {}

    def observe(self, users: RoadUsers) -> list[Path]:
        """Takes one step in.

        Returns:
            Ways that have ended: the vehicle is beyond the junction's mouth, on another street, or gone.
        """
        ended = []
        on_foot = users.classes == CLASS_CODE[VehicleClass.PEDESTRIAN]
        for i in np.flatnonzero(self._watched[users.edge] & ~on_foot).tolist():
            node, approach = self._place[int(users.edge[i])]
            known = self._open.get(users.ids[i])
            if known is not None and (known.approach.id, known.node) != (approach.id, node):
                ended.append(self._open.pop(users.ids[i]))
                known = None
            if known is None:
                who = CLASSES[users.classes[i]]
                known = Path(node, approach, users.ids[i], who, float(users.size_m[i, 1]))
            if self._go_on(known, users, i):
                self._open[users.ids[i]] = known
        row = {name: i for i, name in enumerate(users.ids)} if self._open else {}
        for name, path in list(self._open.items()):
            at = row.get(name)
            if at is not None and self._watched[users.edge[at]]:
                continue
            if at is not None and self._inner[users.edge[at]]:
                path.group = path.group or self._group.get((path.approach.id, int(users.edge[at])), "")
                if self._go_on(path, users, at) and path.x_m[-1] > UNTIL_M:
                    continue
            ended.append(self._open.pop(name))
        return ended

    def rest(self) -> list[Path]:
        """Ways that have not ended; call it once, when the run is over."""
        ended = list(self._open.values())
        self._open.clear()
        return ended

    def _go_on(self, path: Path, users: RoadUsers, i: int) -> bool:
        """Adds a place; false for one so far upstream that nobody watches it."""
        x, _ = frame_of(path.approach, users.front_m[i, 0], users.front_m[i, 1])
        if x > FROM_M:
            return False
        _, y = frame_of(path.approach, users.centre_m[i, 0], users.centre_m[i, 1])
        path.time_s.append(users.time_s)
        path.x_m.append(x)
        path.y_m.append(y)
        path.speed_mps.append(float(users.speed_mps[i]))
        return True
