from __future__ import annotations

import itertools
import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.models.contracts.site import Approach, Lane
from nutgiao.models.contracts.site_rules import KeptLane
from nutgiao.models.contracts.words import Indication, Turn, VehicleClass, ViolationKind
from nutgiao.simulation.breakers_amber import amber_deeds
from nutgiao.simulation.breakers_deed import Deed
from nutgiao.simulation.breakers_lamps import Lamps, Shown
from nutgiao.simulation.breakers_lanes import changes, kept_lane_deeds, solid_line_deeds, stretches
from nutgiao.simulation.breakers_paths import Path
from nutgiao.simulation.breakers_speed import speed_deeds

LANES = tuple(Lane(id=f"lane_{k}", width_m=3.2, turns=(Turn.THROUGH,)) for k in range(2))
APPROACH = Approach(id="north", origin_m=(0.0, 0.0), heading_deg=180.0, lanes=LANES, signal_group="side")
KERB, LINE, INNER = 1.6, 3.2, 4.8


def way(
    approach: Approach,
    speed_mps: float,
    y_m: dict[float, float],
    who: VehicleClass = VehicleClass.MOTORCYCLE,
    width_m: float = 0.7,
    from_m: float = 75.0,
) -> Path:
    """Somebody who rides at a steady speed from far upstream to beyond the line; y by x, straight in between."""
    path = Path("j1", approach, "rider", who, width_m)
    places = sorted(y_m.items())
    for k in range(int((from_m + 30.0) / (0.5 * speed_mps))):
        x = from_m - 0.5 * speed_mps * k
        path.time_s.append(100.0 + 0.5 * k)
        path.x_m.append(x)
        path.y_m.append(float(np.interp(x, [a for a, _ in places], [b for _, b in places])))
        path.speed_mps.append(speed_mps)
    return path


def with_lane(k: int, **change: object) -> Approach:
    lanes = list(LANES)
    lanes[k] = msgspec.structs.replace(lanes[k], **change)
    return msgspec.structs.replace(APPROACH, lanes=tuple(lanes))


def must(deeds: list[Deed]) -> list[bool]:
    return [deed.must for deed in deeds]


BUSES_ONLY = with_lane(0, only=KeptLane(classes=(VehicleClass.BUS,), from_m=20.0))
SOLID = with_lane(0, solid_left_m=60.0)


def test_riding_all_the_way_in_the_bus_lane_must_be_told_and_the_bus_itself_and_the_next_lane_are_no_deed() -> None:
    assert must(kept_lane_deeds(way(BUSES_ONLY, 8.0, {0.0: KERB}), 200.0)) == [True]
    assert kept_lane_deeds(way(BUSES_ONLY, 8.0, {0.0: KERB}, VehicleClass.BUS, 2.5), 200.0) == []
    assert kept_lane_deeds(way(BUSES_ONLY, 8.0, {0.0: INNER}), 200.0) == []


def test_a_rider_on_the_bus_lanes_edge_may_be_told_of_and_who_turns_into_it_at_its_end_has_done_nothing() -> None:
    assert must(kept_lane_deeds(way(BUSES_ONLY, 8.0, {0.0: LINE - 0.3}), 200.0)) == [False]
    assert kept_lane_deeds(way(BUSES_ONLY, 8.0, {15.0: KERB, 22.0: INNER}), 200.0) == []


def test_a_clear_change_over_a_solid_line_must_be_told_and_one_over_a_broken_line_is_none() -> None:
    changed = {25.0: KERB, 40.0: INNER}
    (deed,) = solid_line_deeds(way(SOLID, 8.0, changed), 200.0)
    assert deed.must
    assert deed.kind is ViolationKind.SOLID_LINE
    assert 25.0 <= deed.numbers["entered_at_m"] < deed.numbers["left_at_m"] <= 40.0
    assert solid_line_deeds(way(APPROACH, 8.0, changed), 200.0) == []
    assert solid_line_deeds(way(with_lane(0, solid_left_m=20.0), 8.0, changed), 200.0) == []


def test_wheels_on_the_line_are_no_change_and_a_change_close_to_the_line_may_be_passed_over() -> None:
    assert solid_line_deeds(way(SOLID, 8.0, {10.0: INNER, 30.0: LINE - 0.1, 50.0: INNER}), 200.0) == []
    assert must(solid_line_deeds(way(SOLID, 8.0, {3.0: KERB, 12.0: INNER}), 200.0)) == [False]


def test_a_rider_who_weaves_there_and_back_over_a_solid_line_did_it_twice() -> None:
    assert len(solid_line_deeds(way(SOLID, 8.0, {10.0: INNER, 25.0: KERB, 40.0: INNER}), 200.0)) == 2


def test_speeding_is_what_is_driven_at_the_line_and_must_be_told_only_well_above_the_limit() -> None:
    limit = msgspec.structs.replace(APPROACH, speed_limit_mps=10.0)
    assert speed_deeds(way(limit, 9.9, {0.0: KERB}), 200.0) == []
    assert must(speed_deeds(way(limit, 11.0, {0.0: KERB}), 200.0)) == [False]
    assert must(speed_deeds(way(limit, 15.0, {0.0: KERB}), 200.0)) == [True]
    braking = way(limit, 15.0, {0.0: KERB})
    braking.speed_mps = [15.0 if x > 25.0 else 8.0 for x in braking.x_m]
    assert speed_deeds(braking, 200.0) == [], "faster upstream is not faster at the line"


class _Turning(Lamps):
    """Lamps of one junction that turn amber at an instant, for three or more seconds."""

    def __init__(self, amber_s: float, red_s: float) -> None:
        self._times = amber_s, red_s

    def at(self, node: str, group: str, time_s: float) -> Shown:
        amber_s, red_s = self._times
        if time_s < amber_s:
            return Shown(Indication.GREEN, -math.inf, None)
        if time_s < red_s:
            return Shown(Indication.AMBER, amber_s, Indication.GREEN)
        return Shown(Indication.RED, red_s, Indication.AMBER)


def entered(speed_mps: float, onset_m: float, amber_for_s: float = 5.0) -> list[Deed]:
    """Somebody at a steady speed who is so far from the line when the amber begins."""
    onset_s = 100.0 + (75.0 - onset_m) / speed_mps
    return amber_deeds(way(APPROACH, speed_mps, {0.0: KERB}), 200.0, _Turning(onset_s, onset_s + amber_for_s))


def test_amber_that_left_room_to_stop_with_ease_must_be_told_and_a_dilemma_may_be() -> None:
    (deed,) = entered(8.0, 35.0)
    assert deed.must, "12 m of reaction and 12.8 m of braking leave more than 5 m"
    assert deed.numbers["amber_age_s"] == pytest.approx(35.0 / 8.0, abs=0.01)
    assert deed.numbers["onset_distance_m"] == pytest.approx(35.0, abs=0.1)
    assert must(entered(8.0, 18.0)) == [False]


def test_who_could_not_stop_any_more_and_who_came_on_green_or_red_did_not_enter_on_amber() -> None:
    assert entered(8.0, 12.0) == [], "8 m of reaction and 7 m of hard braking are too many"
    assert entered(8.0, -5.0) == [], "past the line already"
    assert entered(8.0, 35.0, amber_for_s=3.0) == [], "by then it is red"


def test_two_wheelers_that_stop_ahead_of_the_line_have_not_gone_through() -> None:
    path = way(APPROACH, 8.0, {0.0: KERB})
    keep = [k for k, x in enumerate(path.x_m) if x > -4.0]
    stood = Path("j1", APPROACH, "rider", path.who, 0.7, *([a[k] for k in keep] for a in (path.time_s, path.x_m)))
    stood.y_m, stood.speed_mps = [KERB] * len(keep), [8.0] * len(keep)
    onset_s = 100.0 + (75.0 - 35.0) / 8.0
    assert amber_deeds(stood, 200.0, _Turning(onset_s, onset_s + 5.0)) == []


@given(st.lists(st.booleans(), max_size=30))
def test_stretches_are_the_runs_of_true(there: list[bool]) -> None:
    found = stretches(np.array(there, bool))
    assert [k for a, b in found for k in range(a, b + 1)] == [k for k, one in enumerate(there) if one]
    assert all(b + 1 < c for (_, b), (c, _) in itertools.pairwise(found)), "none touches the next"


@given(st.lists(st.floats(-3.0, 3.0), max_size=30))
def test_a_body_changes_sides_only_from_wholly_left_to_wholly_right_or_back(off_m: list[float]) -> None:
    off = np.array(off_m, np.float64)
    for i, j in changes(off, 0.4, np.ones(len(off), bool)):
        assert min(abs(off[i]), abs(off[j])) >= 0.4
        assert np.sign(off[i]) == -np.sign(off[j])
        assert (np.abs(off[i + 1 : j]) < 0.4).all()
