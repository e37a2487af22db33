from __future__ import annotations

import msgspec
import numpy as np
import pytest

from nutgiao.models.contracts.site import Site, Zone
from nutgiao.models.contracts.words import CLASS_CODE, Indication, VehicleClass, ViolationKind, ZoneKind
from nutgiao.simulation.breakers_crossing import CrossingWitness
from nutgiao.simulation.breakers_deed import Deed
from nutgiao.simulation.breakers_lamps import Lamps, Shown
from nutgiao.simulation.street import RoadUsers

# Before the northern approach of j1, whose traffic goes south: 6 to 10 m beyond its line at y = 21.9.
CROSSING = Zone(
    id="crossing", kind=ZoneKind.CROSSING, signal_groups=("walk_side",),
    polygon_m=((363.6, 15.9), (370.0, 15.9), (370.0, 11.9), (363.6, 11.9)),
)  # fmt: skip


class _Walk(Lamps):
    """Lamps for people on foot that show the same all the time."""

    def __init__(self, indication: Indication) -> None:
        self._shown = Shown(indication, 0.0, None)

    def at(self, node: str, group: str, time_s: float) -> Shown:
        return self._shown


def frame(time_s: float, rider: tuple[float, float, float], person: tuple[float, float, float]) -> RoadUsers:
    """A rider southward and somebody who walks eastward (or westward: a negative speed), each x, y and speed."""
    front = np.array([rider[:2], person[:2]])
    return RoadUsers(
        time_s=time_s,
        ids=("rider", "person"),
        front_m=front,
        centre_m=front + np.array([[0.0, 0.95], [0.0, 0.0]]),
        heading_deg=np.array([180.0, 90.0 if person[2] >= 0.0 else 270.0]),
        speed_mps=np.array([rider[2], abs(person[2])]),
        size_m=np.array([[1.9, 0.7, 1.65], [0.4, 0.5, 1.65]]),
        classes=np.array([CLASS_CODE[VehicleClass.MOTORCYCLE], CLASS_CODE[VehicleClass.PEDESTRIAN]], np.int8),
        edge=np.zeros(2, np.int32),
        slot=np.arange(2, dtype=np.int32),
        fresh=np.zeros(2, bool),
    )


def ridden(
    sites: dict[str, Site],
    person: tuple[float, float, float],
    mps: float = 6.0,
    at_crossing_mps: float | None = None,
    walk: Indication = Indication.GREEN,
) -> list[Deed]:
    """Somebody rides along x = 366 onto the crossing; the person is where it says when he comes onto it."""
    signed = sites | {"j1": msgspec.structs.replace(sites["j1"], zones=(CROSSING,))}
    witness = CrossingWitness(signed, _Walk(walk))
    found: list[Deed] = []
    y = 15.5 + 0.5 * mps * 9
    for k in range(10):
        speed = mps if k < 9 or at_crossing_mps is None else at_crossing_mps
        found += witness.observe(frame(100.0 + 0.5 * k, (366.0, y, speed), person))
        y -= 0.5 * mps
    return found


def test_riding_on_through_somebody_who_walks_in_the_way_must_be_told(sites: dict[str, Site]) -> None:
    (deed,) = ridden(sites, (365.6, 13.9, 1.2))
    assert (deed.kind, deed.zone, deed.approach) == (ViolationKind.CROSSING_PRIORITY, "crossing", "north")
    assert deed.must
    assert deed.time_s == pytest.approx(104.5)


def test_who_slows_down_before_somebody_need_not_be_told(sites: dict[str, Site]) -> None:
    (deed,) = ridden(sites, (365.6, 13.9, 1.2), at_crossing_mps=3.0)
    assert not deed.must


@pytest.mark.parametrize(
    ("person", "walk"),
    [
        ((369.6, 13.9, 1.2), Indication.GREEN),
        ((365.6, 13.9, 1.2), Indication.RED),
        ((365.6, 20.0, 1.2), Indication.GREEN),
    ],
    ids=["walks away", "has red", "is not on the crossing"],
)
def test_nobody_is_cut_off_who_has_gone_by_or_has_no_right_of_way(
    sites: dict[str, Site], person: tuple[float, float, float], walk: Indication
) -> None:
    assert ridden(sites, person, walk=walk) == []
