"""Intergreens of a site beside ITE's, from the geometry of its file."""

from __future__ import annotations

import msgspec
import pytest

from nutgiao.configs.loader import load_site
from nutgiao.models.contracts.intergreen import CLEARING, change_period
from nutgiao.models.contracts.site import Approach, Lane, Site
from nutgiao.models.contracts.site_intervals import OVER_LIMIT_MPS, short_intergreens, way_m
from nutgiao.models.contracts.words import Turn, VehicleClass
from tests.support.crossroads import crossroads


def approach(heading_deg: float, at: tuple[float, float], lanes: int = 2) -> Approach:
    made = tuple(Lane(id=f"{heading_deg}-{k}", width_m=3.5, turns=(Turn.THROUGH,)) for k in range(lanes))
    return Approach(id="A", origin_m=at, heading_deg=heading_deg, lanes=made, signal_group="a")


def test_the_way_ends_at_the_far_side_of_the_other_road() -> None:
    """North from (0, 0); a road to the east whose kerb is 10 m away and whose two lanes reach 7 m further."""
    assert way_m(approach(0.0, (0.0, 0.0)), approach(90.0, (-12.0, 10.0))) == pytest.approx(17.0)


def test_a_road_to_the_west_lies_on_the_other_side_of_its_kerb() -> None:
    assert way_m(approach(0.0, (0.0, 0.0)), approach(270.0, (12.0, 20.0))) == pytest.approx(20.0)


def test_oncoming_roads_and_roads_behind_have_no_crossing_point() -> None:
    assert way_m(approach(0.0, (0.0, 0.0)), approach(180.0, (5.0, 30.0))) is None
    assert way_m(approach(0.0, (0.0, 0.0)), approach(90.0, (-12.0, -40.0))) is None


def with_intergreens(site: Site, seconds: int) -> Site:
    assert site.signals is not None
    pairs = tuple(msgspec.structs.replace(pair, seconds=seconds) for pair in site.signals.intergreens)
    return msgspec.structs.replace(site, signals=msgspec.structs.replace(site.signals, intergreens=pairs))


def test_only_pairs_of_crossing_approaches_are_judged_and_each_once() -> None:
    site = with_intergreens(crossroads(), 3)
    found = {(one.from_group, one.to_group): one for one in short_intergreens(site)}
    assert set(found) <= {("m", "s"), ("s", "m")}
    assert found
    for one in found.values():
        car = {VehicleClass.CAR: CLEARING[VehicleClass.CAR]}
        period = change_period(one.path_m, 13.9 + OVER_LIMIT_MPS, clearing_mps=13.9, classes=car)
        assert (one.amber_s, one.all_red_s) == (period.amber_s, period.all_red_s)
        assert "ITE asks" in str(one)


def test_long_intergreens_are_not_told() -> None:
    assert not short_intergreens(with_intergreens(crossroads(), 12))


def test_a_site_of_cameras_alone_has_none() -> None:
    assert not short_intergreens(load_site("giangvo"))
