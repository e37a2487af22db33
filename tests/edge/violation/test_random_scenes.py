"""Speed and right of way under random traffic: lawful drivers are never told of, a clear case is told of once."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgiao.edge.perception import Perception
from nutgiao.edge.violation.crossing_priority import CrossingSettings, crossing_rule
from nutgiao.edge.violation.rule import Violation
from nutgiao.models.contracts.site import CalibrationNote, Site
from nutgiao.models.contracts.site_rules import RuleSetting
from nutgiao.models.contracts.words import VehicleClass, ZoneKind
from tests.support import scenes
from tests.support.scenes import GREEN, Scene, Vehicle, approach, drive, watch
from tests.support.zone_scenes import Actor, Street, post_of, site_with, zone

CAR, MOTORCYCLE, WALKER = VehicleClass.CAR, VehicleClass.MOTORCYCLE, VehicleClass.PEDESTRIAN
SEEDS = st.integers(0, 10_000)

# crossing

NEAR_M, FAR_M = 10.0, 14.0
"""The crossing, upstream of the line."""


def crossing_told(actors: Sequence[Actor], seed: int, seconds: float = 16.0) -> list[Violation]:
    # judged is the first frame on the crossing: at 4 a second, somebody at 8 m/s may have passed the person by then
    here = Street(site_with(zone(ZoneKind.CROSSING, (NEAR_M, FAR_M), (-2.0, 11.0))), seed=seed, fps=8.0)
    rule = crossing_rule(post_of(here.site), CrossingSettings())
    assert rule is not None
    return here.run(rule, actors, seconds)


def walks(y_m: float, at_s: float, speed_mps: float) -> Actor:
    """Walks over the crossing, from the kerb if the speed is positive, and is at y at that second."""
    return Actor(lambda t: (12.0, y_m + speed_mps * (t - at_s)), WALKER)


def drives(speed_mps: float, y_m: float, enters_s: float, who: VehicleClass) -> Actor:
    """At constant speed; the middle of the vehicle is on the crossing's edge at that second."""
    return Actor(lambda t: (FAR_M + speed_mps * (enters_s - t), y_m) if t < enters_s + 4.0 else None, who)


def slows(speed_mps: float, y_m: float, enters_s: float, who: VehicleClass) -> Actor:
    """Brakes at 2 m/s2 before the crossing to less than half of its speed, which it keeps."""
    slow_mps = 0.45 * speed_mps
    braking_s = (speed_mps - slow_mps) / 2.0

    def where(t: float) -> tuple[float, float] | None:
        before_s = enters_s - t
        share_s = min(max(before_s, 0.0), braking_s)
        way_m = slow_mps * before_s if before_s < braking_s else speed_mps * (before_s - braking_s)
        if before_s >= braking_s:
            way_m += slow_mps * braking_s
        return (FAR_M + way_m + share_s**2, y_m) if t < enters_s + 4.0 else None

    return Actor(where, who)


@settings(max_examples=30, deadline=None)
@given(
    speed=st.floats(6.0, 10.0),
    walking=st.floats(1.0, 1.6),
    short_m=st.floats(0.0, 0.4),
    who=st.sampled_from([CAR, MOTORCYCLE]),
    from_left=st.booleans(),
    seed=SEEDS,
)
def test_who_drives_on_before_somebody_who_steps_into_the_way_is_told_of_once(
    speed: float, walking: float, short_m: float, who: VehicleClass, from_left: bool, seed: int
) -> None:
    side = -1.0 if from_left else 1.0
    half_m = 0.9 if who is CAR else 0.35
    person = walks(4.5 - side * (half_m + short_m), 6.0, side * walking)
    found = crossing_told([drives(speed, 4.5, 6.0, who), person], seed)
    assert [one.vehicle_class for one in found] == [who]
    assert found[0].numbers["person_speed_mps"] < 3.0


@st.composite
def lawful_at_crossing(draw: st.DrawFn) -> list[Actor]:
    """Drivers who slow, pass behind people, or before they are near; and people who stand at the kerb."""
    actors = []
    for k in range(draw(st.integers(1, 4))):
        enters_s, speed = 5.0 + 3.0 * k, draw(st.floats(3.5, 11.0))
        who, y_m = draw(st.sampled_from([CAR, MOTORCYCLE])), draw(st.sampled_from([1.5, 4.5, 7.5]))
        goes = draw(st.sampled_from([drives, slows]))
        actors.append(goes(speed, y_m, enters_s, who))
        walking = draw(st.floats(0.8, 1.6))
        case = draw(st.sampled_from(["none", "stands", "gone by", "yet far"]))
        # a body of 4.4 m needs that long to clear the zone, and others come behind it
        clear_m = 2.0 + walking * (2.0 + 8.0 / (0.45 * speed))
        if case == "stands":
            actors.append(Actor(lambda t: (12.0, -0.8), WALKER))
        elif goes is drives and k == 0 and case == "gone by":
            actors.append(_gone_after(walks(y_m + 2.5, enters_s, walking), enters_s + 1.0))
        elif goes is drives and k == 0 and case == "yet far":
            actors.append(_gone_after(walks(y_m - clear_m, enters_s, walking), enters_s + 1.0))
    return actors


def _gone_after(one: Actor, last_s: float) -> Actor:
    return Actor(lambda t: one.where(t) if t < last_s else None, one.kind)


@settings(max_examples=40, deadline=None)
@given(actors=lawful_at_crossing(), seed=SEEDS)
def test_who_slows_or_passes_far_from_people_has_taken_nobodys_way(actors: list[Actor], seed: int) -> None:
    assert crossing_told(actors, seed, 20.0) == []


# speed

LIMIT_MPS = approach().speed_limit_mps


@functools.cache
def measured() -> Site:
    where = scenes.site()
    note = CalibrationNote(method="pairs", made="2026-09-01")
    camera = msgspec.structs.replace(where.cameras[0], calibration=note)
    return msgspec.structs.replace(where, cameras=(camera,), rules=(RuleSetting(kind="speed"),))


def speeds_told(vehicles: list[Vehicle], seed: int) -> list[Violation]:
    scene = Scene(vehicles, noise_px=1.0, seed=seed)
    found = watch(Perception(measured(), "j1", "b1"), scene, 14, lambda t: GREEN, fps=8.0).violations
    return [one for one in found if one.kind == "speed"]


VEHICLES = st.tuples(st.sampled_from([1.5, 4.5, 7.5]), st.sampled_from([CAR, MOTORCYCLE]))


@settings(max_examples=20, deadline=None)
@given(lanes=st.lists(VEHICLES, min_size=1, max_size=4), share=st.floats(0.3, 1.0), seed=SEEDS)
def test_who_keeps_the_limit_is_never_too_fast(
    lanes: list[tuple[float, VehicleClass]], share: float, seed: int
) -> None:
    vehicles = [Vehicle(drive(LIMIT_MPS * share, 7.0 + 1.5 * k), y_m, who) for k, (y_m, who) in enumerate(lanes)]
    assert speeds_told(vehicles, seed) == []


@settings(max_examples=20, deadline=None)
@given(place=VEHICLES, speed=st.floats(21.0, 25.0), seed=SEEDS)
def test_who_drives_half_as_fast_again_is_told_of_once_and_no_excess_is_made_up(
    place: tuple[float, VehicleClass], speed: float, seed: int
) -> None:
    y_m, who = place
    (one,) = speeds_told([Vehicle(drive(speed, 8.0), y_m, who)], seed)
    assert one.numbers["low_kmh"] < 3.6 * speed * 1.03
    assert one.numbers["low_kmh"] - one.numbers["limit_kmh"] >= 3.6 * 1.4 - 0.02
