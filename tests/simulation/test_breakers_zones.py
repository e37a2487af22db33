from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.models.contracts.site import Site, Zone
from nutgiao.models.contracts.words import Indication, ViolationKind, ZoneKind
from nutgiao.simulation.breakers_deed import Deed
from nutgiao.simulation.breakers_stops import BREAKERS, Halts, Jams, Rides, with_stops
from nutgiao.simulation.breakers_truth import DeedRecorder
from nutgiao.simulation.breakers_zones import depths
from nutgiao.simulation.demand import WORKDAY, make_demand
from nutgiao.simulation.street import Street

BEGIN_S = 25_200.0
NOBODY = dataclasses.replace(
    WORKDAY, veh_per_h=dict.fromkeys(WORKDAY.veh_per_h, 0), walkers_per_h=0.0, bus_headway_s=1e9, wrong_way_per_h=0.0
)
HALT = Halts("halt", "N1_j1 j1_S1", "N1_j1", ("car",), 1000.0, (30.0,), (90.0,))
"""Cars that stop 30 m before the line of j1's northern approach."""

KERB_LANE = ((363.6, 33.9), (366.8, 33.9), (366.8, 81.9), (363.6, 81.9))
PAVEMENT = ((361.6, 23.9), (363.6, 23.9), (363.6, 121.9), (361.6, 121.9))
BOX = ((361.0, -11.5), (379.0, -11.5), (379.0, 11.5), (361.0, 11.5))


def with_zone(sites: dict[str, Site], kind: ZoneKind, polygon_m: tuple[tuple[float, float], ...]) -> dict[str, Site]:
    """The sites with one zone at j1."""
    zone = Zone(id="here", kind=kind, polygon_m=polygon_m)
    return sites | {"j1": msgspec.structs.replace(sites["j1"], zones=(zone,))}


def happened(
    out_dir: Path,
    sites: dict[str, Site],
    breakers: tuple[Halts | Rides | Jams, ...],
    seconds: int,
    others: dict[str, float] | None = None,
    red_s: tuple[int, int] = (0, 0),
) -> list[Deed]:
    """What breakers do at j1 while the side street has green but for some seconds, in which the main road has it."""
    end_s = BEGIN_S + seconds
    profile = dataclasses.replace(NOBODY, veh_per_h=NOBODY.veh_per_h | (others or {}), shares={})
    demand = with_stops(make_demand(1, BEGIN_S, end_s, profile, out_dir), 1, BEGIN_S, end_s, breakers)
    with Street(out_dir, 1, BEGIN_S, end_s, demand=demand) as street:
        truth = DeedRecorder(street, sites)
        for second in range(seconds):
            going = "main" if red_s[0] <= second < red_s[1] else "side"
            none = dict.fromkeys(street.junctions["j1"].groups, Indication.RED)
            street.show("j1", none | {going: Indication.GREEN})
            for _ in range(2):
                truth.observe(street.step())
        truth.finish()
    return [deed for deed in truth.deeds if deed.kind is not ViolationKind.RED_LIGHT]


def test_who_has_a_stop_there_stops_and_whoever_waits_behind_has_not(tmp_path: Path, sites: dict[str, Site]) -> None:
    forbidden = with_zone(sites, ZoneKind.NO_STOPPING, KERB_LANE)
    halts = dataclasses.replace(HALT, every_s=400.0)
    found = happened(tmp_path, forbidden, (halts,), 600, {"N1": 700.0})
    assert {deed.kind for deed in found} == {ViolationKind.STOPPING}
    assert {deed.vehicle[:4] for deed in found} == {"halt"}
    assert all(deed.approach == "north" and not deed.zone for deed in found), "told of the approach on which it stands"
    assert any(deed.must for deed in found)


@pytest.mark.parametrize(("lasting_s", "kind", "must"), [(10.0, None, False), (30.0, "stopping", False)])
def test_a_short_halt_is_no_deed_and_a_longer_one_need_not_be_told(
    tmp_path: Path, sites: dict[str, Site], lasting_s: float, kind: str | None, must: bool
) -> None:
    halts = dataclasses.replace(HALT, every_s=150.0, lasting_s=(lasting_s,))
    found = happened(tmp_path, with_zone(sites, ZoneKind.NO_STOPPING, KERB_LANE), (halts,), 240)
    assert {(deed.kind.value, deed.must) for deed in found} == (set() if kind is None else {(kind, must)})


def test_ninety_seconds_are_parking_that_need_not_be_told_and_five_minutes_must_be(
    tmp_path: Path, sites: dict[str, Site]
) -> None:
    banned = with_zone(sites, ZoneKind.NO_PARKING, KERB_LANE)
    short, long = (dataclasses.replace(HALT, every_s=700.0, lasting_s=(s,)) for s in (90.0, 300.0))
    (deed,) = happened(tmp_path / "a", banned, (short,), 900)
    assert (deed.kind, deed.must) == (ViolationKind.PARKING, False)
    first, *_ = happened(tmp_path / "b", banned, (long,), 1100)  # the run's end cuts the next one short
    assert (first.kind, first.must) == (ViolationKind.PARKING, True)


def test_who_rides_along_the_pavement_must_be_told_and_who_rides_on_the_road_beside_it_not(
    tmp_path: Path, sites: dict[str, Site]
) -> None:
    rides = Rides("ride", "N1_j1", 40.0)
    found = happened(tmp_path, with_zone(sites, ZoneKind.PAVEMENT, PAVEMENT), (rides,), 200, {"N1": 600.0})
    assert {(deed.kind, deed.vehicle[:4], deed.zone) for deed in found} == {(ViolationKind.PAVEMENT, "ride", "here")}
    assert all(deed.must and deed.vehicle_class == "motorcycle" for deed in found)


def test_who_comes_in_behind_a_jam_and_stands_there_in_the_cross_green_blocks_the_box(
    tmp_path: Path, sites: dict[str, Site]
) -> None:
    jams = Jams("jam", "S1_", "S1_j1 j1_N1", 300.0, 12.0, 1000.0)
    boxed = with_zone(sites, ZoneKind.BOX, BOX)
    found = happened(tmp_path, boxed, (jams,), 460, {"S1": 500.0}, red_s=(400, 460))
    assert {(deed.kind, deed.approach) for deed in found} == {(ViolationKind.BLOCKED_BOX, "south")}
    assert any(deed.must for deed in found)
    assert all(deed.time_s == pytest.approx(BEGIN_S + 400.0) for deed in found), "the act is the cross green"


def test_breakers_come_by_seed_and_in_the_order_of_their_departure(tmp_path: Path) -> None:
    def written(folder: str, seed: int) -> str:
        demand = make_demand(1, BEGIN_S, BEGIN_S + 600.0, WORKDAY, tmp_path / folder)
        return with_stops(demand, seed, BEGIN_S, BEGIN_S + 600.0).read_text()

    text = written("a", 5)
    assert written("b", 5) == text
    assert written("c", 6) != text
    departs = [float(one) for one in re.findall(r'depart="([\d.]+)"', text)]
    assert departs == sorted(departs), "SUMO leaves out who comes too late in the file"
    assert all(f'id="{one.name}_0' in text for one in BREAKERS)


@given(st.floats(-5.0, 15.0), st.floats(-5.0, 15.0))
def test_depth_in_a_rectangle_is_the_distance_to_its_nearest_side(x: float, y: float) -> None:
    depth = float(depths(((0.0, 0.0), (10.0, 0.0), (10.0, 6.0), (0.0, 6.0)), np.array([[x, y]]))[0])
    inside = min(x, 10.0 - x, y, 6.0 - y)
    outside = float(np.hypot(max(-x, x - 10.0, 0.0), max(-y, y - 6.0, 0.0)))
    assert depth == pytest.approx(inside if inside > 0.0 else -outside, abs=1e-9)
