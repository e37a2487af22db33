from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from nutgiao.models.contracts.errors import SimulationFailed
from nutgiao.models.contracts.site import Site
from nutgiao.models.contracts.words import CLASS_CODE, Indication, VehicleClass
from nutgiao.simulation.draw import draw_street
from nutgiao.simulation.street import RoadUsers, Street

Open = Callable[..., Street]
THROUGH = "N1_j1 j1_S1"


def upstream_m(users: RoadUsers, site: Site, arm: str) -> NDArray[np.float64]:
    approach = site.approach(arm)
    bearing = np.radians(approach.heading_deg)
    return -(users.front_m - approach.origin_m) @ np.array([np.sin(bearing), np.cos(bearing)])


def test_in_a_red_queue_motorcycles_stand_ahead_of_the_line_and_cars_behind_it(
    open_street: Open, sites: dict[str, Site], tmp_path: Path
) -> None:
    cars = [(f"car{k}", "car", 2.0 * k, THROUGH) for k in range(4)]
    riders = [(f"moto{k}", "motorcycle", 6.0 + k, THROUGH) for k in range(10)]
    with open_street(*cars, *riders) as street:
        for _ in range(160):
            users = street.step()
        x = upstream_m(users, sites["j1"], "north")
        motorcycle = users.classes == CLASS_CODE[VehicleClass.MOTORCYCLE]
        assert len(users) == 14
        assert x[~motorcycle].min() > -0.1
        # the last riders to come have filtered past the first cars into the waiting area
        ahead = x[motorcycle] < 0.0
        assert ahead.sum() >= 2
        assert x[motorcycle].min() > -4.2
        picture = tmp_path / "queue.png"
        draw_street(street, users, picture, (350, 0, 390, 100))
        assert picture.stat().st_size > 5_000


def test_green_lets_the_queue_go_and_slots_are_given_again(open_street: Open) -> None:
    riders = [(f"m{k}", "motorcycle", float(k), THROUGH) for k in range(3)]
    with open_street(*riders, ("late", "motorcycle", 90.0, THROUGH)) as street:
        green = dict.fromkeys(street.junctions["j1"].groups, Indication.RED) | {"side": Indication.GREEN}
        street.show("j1", green)
        slots: dict[str, int] = {}
        for _ in range(200):
            users = street.step()
            slots |= dict(zip(users.ids, users.slot.tolist(), strict=True))
        assert users.ids == ("late",)
        assert slots["late"] in {slots["m0"], slots["m1"], slots["m2"]}


def test_same_seed_same_street(open_street: Open) -> None:
    ends = []
    for _ in range(2):
        with open_street(*[(f"m{k}", "motorcycle", 0.5 * k, THROUGH) for k in range(8)]) as street:
            for _ in range(60):
                users = street.step()
            ends.append(users.front_m)
    np.testing.assert_array_equal(ends[0], ends[1])


def test_who_blocks_the_junction_for_a_minute_is_driven_around(open_street: Open) -> None:
    """Two riders who wait for each other inside the junction would close it for the rest of the run."""
    blocker, crosser = ("blocker", "car", 0.0, THROUGH), ("crosser", "car", 30.0, "W_j1 j1_j2")
    with open_street(blocker, crosser) as street:
        groups = street.junctions["j1"].groups
        street.show("j1", dict.fromkeys(groups, Indication.GREEN))
        stopped_s, went_s = math.nan, math.nan
        for _ in range(400):
            users = street.step()
            where = dict(zip(users.ids, users.edge.tolist(), strict=True))
            if math.isnan(stopped_s) and street.edges[where.get("blocker", 0)].startswith(":j1_"):
                street._sumo.vehicle.setSpeed("blocker", 0.0)
                stopped_s = users.time_s
            if math.isnan(went_s) and street.edges[where.get("crosser", 0)] == "j1_j2":
                went_s = users.time_s
        assert 55.0 < went_s - stopped_s < 120.0


def test_second_street_in_one_process_is_refused(open_street: Open) -> None:
    with open_street(), pytest.raises(SimulationFailed, match="one at a time"):
        open_street()


def test_broken_demand_is_told(tmp_path: Path) -> None:
    routes = tmp_path / "broken.rou.xml"
    routes.write_text('<routes><vehicle id="a" type="spaceship" depart="0"/></routes>', encoding="utf-8")
    with pytest.raises(SimulationFailed):
        Street(tmp_path, 1, 0.0, 10.0, demand=routes)
