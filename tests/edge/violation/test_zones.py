"""Boxes, pavements and crossings: clear cases told once, lawful ones never; and where a point lies in a zone."""

from __future__ import annotations

import math
import os
import time

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgiao.configs.consistency import inconsistencies
from nutgiao.edge.violation.blocked_box import BlockedBoxSettings, blocked_box_rule
from nutgiao.edge.violation.crossing_priority import CrossingSettings, crossing_rule
from nutgiao.edge.violation.pavement import PavementSettings, pavement_rule
from nutgiao.edge.violation.registry import OWN, rule_problems
from nutgiao.edge.violation.rule import Violation
from nutgiao.models.contracts.site_rules import RuleSetting
from nutgiao.models.contracts.words import VehicleClass, ViolationKind, ZoneKind
from nutgiao.models.vision.polygon import deepest, flat
from tests.support.crossroads import crossroads
from tests.support.scenes import AMBER, GREEN, RED, START_S, brake, start
from tests.support.zone_scenes import Actor, Lamps, Street, always_green, post_of, site_with, zone

CAR, MOTORCYCLE, WALKER = VehicleClass.CAR, VehicleClass.MOTORCYCLE, VehicleClass.PEDESTRIAN

# where a point lies


def by_rays(x: float, y: float, corners: list[tuple[float, float]]) -> bool:
    """Winding number, written on its own: how often the outline runs round the point."""
    turns = 0.0
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        one, two = math.atan2(ay - y, ax - x), math.atan2(by - y, bx - x)
        turns += (two - one + math.pi) % (2.0 * math.pi) - math.pi
    return abs(turns) > math.pi


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.floats(1.0, 30.0), st.floats(0.05, 1.0)), min_size=3, max_size=12),
    st.tuples(st.floats(-35.0, 35.0), st.floats(-35.0, 35.0)),
    st.booleans(),
)
def test_a_point_is_in_a_polygon_if_the_outline_runs_round_it(
    spokes: list[tuple[float, float]], point: tuple[float, float], backwards: bool
) -> None:
    total = sum(share for _, share in spokes)
    angles = np.cumsum([share for _, share in spokes]) / total * 2.0 * math.pi
    corners = [(r * math.cos(a), r * math.sin(a)) for (r, _), a in zip(spokes, angles.tolist(), strict=True)]
    corners = corners[::-1] if backwards else corners
    depth, which, along = np.empty(1), np.empty(1, np.int64), np.empty((1, 2))
    deepest(np.array([point]), *flat([corners]), depth, which, along)
    samples = [
        math.hypot(point[0] - ax - k / 100 * (bx - ax), point[1] - ay - k / 100 * (by - ay))
        for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True)
        for k in range(101)
    ]
    assert abs(depth[0]) == pytest.approx(min(samples), abs=0.4)
    if abs(depth[0]) > 1e-6:
        assert (depth[0] > 0.0) == by_rays(*point, corners)
    assert np.hypot(*along[0]) == pytest.approx(1.0)


def test_a_ray_through_corners_counts_once_and_nan_lies_nowhere() -> None:
    diamond = [(0.0, -1.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0)]
    points = np.array([[-3.0, 0.0], [-0.5, 0.0], [3.0, 0.0], [-3.0, 1.0], [math.nan, 0.0]])
    depth, which, along = np.empty(5), np.empty(5, np.int64), np.empty((5, 2))
    deepest(points, *flat([diamond, [(x + 3.0, y) for x, y in diamond]]), depth, which, along)
    assert (depth > 0.0).tolist() == [False, True, True, False, False]
    assert which[:3].tolist() == [0, 0, 1]


# box


def box_told(actors: list[Actor], seconds: float, lamps: Lamps, seed: int = 1) -> list[Violation]:
    where = zone(ZoneKind.BOX, (-13.0, -3.0), (0.0, 9.0), signal_groups=("g", "cross"))
    street = Street(site_with(where), seed=seed)
    return street.run(blocked_box_rule(post_of(street.site), BlockedBoxSettings()), actors, seconds, lamps)  # type: ignore[arg-type]


def two_stages(t: float) -> dict[str, object]:
    """Green for us until 12 s, for the cross direction from 17 s."""
    own = GREEN if t < 12.0 else AMBER if t < 15.0 else RED
    return {"g": own, "cross": GREEN if 17.0 <= t < 40.0 else RED}


def into_the_box(stops_at_m: float, at_s: float, goes_s: float = 1e9, y_m: float = 4.5):  # type: ignore[no-untyped-def]
    comes, goes = brake(6.0, stops_at_m, at_s, 2.0), start(stops_at_m, goes_s)
    return lambda t: (comes(t) if t < goes_s else goes(t), y_m)


JAM = Actor(lambda t: (-14.5, 4.5))
"""Somebody who stands behind the box: its exit is full."""


def test_who_enters_behind_a_full_exit_and_stands_there_in_the_cross_green_is_told_once() -> None:
    (violation,) = box_told([JAM, Actor(into_the_box(-8.0, 9.0))], 40.0, two_stages)
    assert (violation.kind, violation.zone, violation.approach) == (ViolationKind.BLOCKED_BOX, "z", "west")
    assert violation.signal_group == "cross"
    assert violation.occurred_s - START_S == pytest.approx(17.0, abs=1.0)


def test_who_clears_the_box_with_the_end_of_the_stage_is_not_told() -> None:
    assert box_told([JAM, Actor(into_the_box(-8.0, 9.0, goes_s=17.5))], 40.0, two_stages) == []


def test_who_breaks_down_in_a_box_with_a_free_exit_is_not_told() -> None:
    assert box_told([Actor(into_the_box(-8.0, 9.0))], 40.0, two_stages) == []


def test_who_waits_at_the_line_for_the_box_to_clear_is_not_told() -> None:
    assert box_told([JAM, Actor(into_the_box(4.0, 9.0))], 40.0, two_stages) == []


@pytest.mark.parametrize("lamp", [RED, AMBER])
def test_who_did_not_enter_on_a_certain_green_is_for_other_rules(lamp: object) -> None:
    lamps = lambda t: {**two_stages(t), "g": lamp}  # noqa: E731
    assert box_told([JAM, Actor(into_the_box(-8.0, 9.0))], 40.0, lamps) == []


def test_without_the_cross_lamp_nobody_is_told() -> None:
    lamps = lambda t: {"g": two_stages(t)["g"]}  # noqa: E731
    assert box_told([JAM, Actor(into_the_box(-8.0, 9.0))], 40.0, lamps) == []


def test_a_track_that_is_lost_in_the_box_is_told_at_most_once() -> None:
    broken = Actor(into_the_box(-8.0, 9.0), lost=[(24.0, 30.0)])
    assert len(box_told([JAM, broken], 40.0, two_stages)) == 1


@settings(max_examples=10, deadline=None)
@given(
    st.lists(st.tuples(st.floats(3.0, 15.0), st.floats(0.0, 14.0), st.floats(1.0, 8.0)), max_size=8),
    st.integers(0, 100),
)
def test_who_drives_through_the_box_is_never_told(rows: list[tuple[float, float, float]], seed: int) -> None:
    actors = [
        Actor(lambda t, v=v, at=at, y=y: (v * (at - t), y) if -16.0 < v * (at - t) < 60.0 else None)
        for v, at, y in rows
    ]
    assert box_told(actors, 30.0, two_stages, seed) == []


# pavement


def pavement_told(actors: list[Actor], seconds: float = 25.0, seed: int = 1) -> list[Violation]:
    street = Street(site_with(zone(ZoneKind.PAVEMENT, (0.0, 60.0), (-4.0, -0.5))), seed=seed)
    return street.run(pavement_rule(post_of(street.site), PavementSettings()), actors, seconds)  # type: ignore[arg-type]


def test_a_rider_along_the_pavement_is_told_once_even_if_the_track_breaks() -> None:
    def ride(t: float) -> tuple[float, float]:
        return 50.0 - 4.0 * t, -2.2

    (violation,) = pavement_told([Actor(ride, MOTORCYCLE)], 12.0)
    assert violation.kind is ViolationKind.PAVEMENT
    assert violation.numbers["speed_mps"] == pytest.approx(4.0, abs=0.5)
    assert len(pavement_told([Actor(ride, MOTORCYCLE, [(5.0, 7.0)])], 12.0)) == 1


def test_riders_beside_the_pavement_over_it_to_a_gate_and_on_foot_are_not_told() -> None:
    actors = [
        Actor(lambda t: (50.0 - 4.0 * t, 0.5), MOTORCYCLE),
        Actor(lambda t: (50.0 - 4.0 * t, -0.6), MOTORCYCLE),  # on the kerb's edge
        Actor(lambda t: (20.0, 6.0 - 2.5 * t) if t < 5.0 else None, MOTORCYCLE),
        Actor(lambda t: (30.0 - 1.4 * t, -2.0), MOTORCYCLE),  # pushed
        Actor(lambda t: (40.0 - 3.0 * t, -2.5), WALKER),
        Actor(lambda t: (15.0 - 4.0 * t if t < 2 else 7.0, -2.2), MOTORCYCLE),  # eight metres to a place to park
    ]
    assert pavement_told(actors, 13.0) == []


@settings(max_examples=10, deadline=None)
@given(st.floats(0.3, 8.0), st.floats(2.0, 12.0), st.floats(-0.2, 0.2), st.integers(0, 100))
def test_a_rider_on_the_carriageway_is_never_on_the_pavement(y: float, v: float, drift: float, seed: int) -> None:
    def ride(t: float) -> tuple[float, float] | None:
        return (55.0 - v * t, max(0.3, y + drift * t)) if v * t < 60.0 else None

    assert pavement_told([Actor(ride, MOTORCYCLE)], 15.0, seed) == []


# crossing


def crossing_told(actors: list[Actor], lamps: Lamps = always_green, seed: int = 1, **more: object) -> list[Violation]:
    street = Street(site_with(zone(ZoneKind.CROSSING, (10.0, 14.0), (-2.0, 11.0), **more)), seed=seed)
    return street.run(crossing_rule(post_of(street.site), CrossingSettings()), actors, 12.0, lamps)  # type: ignore[arg-type]


def walks(y_at_6s: float, speed_mps: float = 1.3) -> Actor:
    """Crosses from the kerb, and is so far from it 6 s after the start."""
    return Actor(lambda t: (12.0, y_at_6s + speed_mps * (t - 6.0)), WALKER)


def drives_on(v: float = 8.0, y: float = 4.5) -> Actor:
    """With the middle of the car on the crossing's edge 6 s after the start."""
    return Actor(lambda t: (14.0 + v * (6.0 - t), y) if t < 9.5 else None)


def test_a_car_that_drives_on_before_somebody_who_steps_into_its_way_is_told_once() -> None:
    (violation,) = crossing_told([drives_on(), walks(3.2)])
    assert (violation.kind, violation.zone) == (ViolationKind.CROSSING_PRIORITY, "z")
    assert violation.numbers["speed_mps"] == pytest.approx(8.0, abs=0.6)


@pytest.mark.parametrize("y_at_6s", [-1.0, 0.5, 9.0])
def test_a_car_that_passes_far_from_anybody_or_behind_them_is_not(y_at_6s: float) -> None:
    assert crossing_told([drives_on(), walks(y_at_6s)]) == []


def test_a_car_that_slows_is_not_told_and_who_stands_on_the_kerb_obliges_nobody() -> None:
    slows = Actor(lambda t: (14.0 + (8.0 * (4.5 - t) + 6.0 if t < 4.5 else 4.0 * (6.0 - t)), 4.5))
    assert crossing_told([slows, walks(3.2)]) == []
    assert crossing_told([drives_on(), Actor(lambda t: (12.0, 3.2), WALKER)]) == []


def test_on_a_crossing_with_lamps_only_a_certain_green_obliges() -> None:
    actors = [drives_on(), walks(3.2)]
    for lamp, count in ((GREEN, 1), (RED, 0), (None, 0)):
        lamps = lambda t, lamp=lamp: {} if lamp is None else {"walk": lamp}  # noqa: E731
        assert len(crossing_told(actors, lamps, signal_groups=("walk",))) == count


# all together


def test_a_rule_without_a_zone_to_watch_is_refused_by_name() -> None:
    asked = msgspec.structs.replace(
        site_with(), rules=(RuleSetting(kind="parking"), RuleSetting(kind="pavement", enabled=False))
    )
    ((key, problem, cure),) = rule_problems(asked)
    assert key == ("rules", 0, "kind")
    assert "parking" in problem
    assert "no_parking" in cure


def test_a_zone_names_only_lamps_that_there_are_and_that_it_can_obey() -> None:
    where = crossroads()
    assert where.signals is not None
    vehicles = next(group.id for group in where.signals.groups if not group.pedestrian)
    for kind, group, words in (
        (ZoneKind.CROSSING, vehicles, "is for vehicles"),
        (ZoneKind.BOX, "nobody", "no signal group 'nobody'"),
        (ZoneKind.PAVEMENT, vehicles, "obeys no lamp"),
    ):
        wrong = zone(kind, (0.0, 9.0), (0.0, 9.0), signal_groups=(group,))
        (problem,) = inconsistencies(msgspec.structs.replace(where, zones=(wrong,)))
        assert problem.key[:3] == ("zones", 0, "signal_groups")
        assert words in problem.problem


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled")
def test_all_zone_rules_together_cost_little() -> None:
    """A bound against accidents: ten times the 0.25 ms that 100 tracks take."""
    kinds = [kind for kind in ZoneKind if kind is not ZoneKind.OTHER]
    groups = {ZoneKind.BOX: ("g", "cross"), ZoneKind.CROSSING: ("walk",)}
    zones = [
        zone(kind, (4.0 * k - 8.0, 4.0 * k - 2.0), (0.0, 9.0), signal_groups=groups.get(kind, ()))
        for k, kind in enumerate(kinds)
    ]
    street = Street(site_with(*zones))
    actors = [
        Actor(lambda t, k=k: (60.0 - 6.0 * (k // 8) + (0.0 if k % 2 else -4.0 * t), 0.5 + k % 8), MOTORCYCLE)
        for k in range(100)
    ]
    scenes = list(street.scenes(actors, 5.0))
    rules = [own.on_ground(post_of(street.site), own.settings()) for own in OWN.values() if own.zones and own.on_ground]
    assert len(rules) >= 5
    times = []
    for scene, trace in scenes:
        begin = time.process_time()
        for rule in rules:
            rule.step(scene, trace)  # type: ignore[union-attr]
        times.append(time.process_time() - begin)
    print(f"zone rules: {1e3 * float(np.median(times)):.3f} ms for {len(scenes[-1][0].tracks)} tracks")
    assert np.median(times) < 2.5e-3
