"""Which rules run: the site's choice and hours, emergency vehicles, plug-ins that fail, and speeds that may be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from types import SimpleNamespace

import msgspec
import pytest

from nutgiao.edge.perception import Perception
from nutgiao.edge.signal.emergency import KEPT_S, Emergencies
from nutgiao.edge.signal.priority import PriorityOffice
from nutgiao.edge.signal.priority_admission import Admitted
from nutgiao.edge.violation import running
from nutgiao.edge.violation.rule import Post, Scene, Violation
from nutgiao.edge.violation.running import EMERGENCY_S, RunningRules
from nutgiao.edge.violation.trace import SignalTrace
from nutgiao.models.contracts.errors import ConfigError
from nutgiao.models.contracts.hours import Hours
from nutgiao.models.contracts.priority import PriorityAsk, PriorityVehicle, RequestType
from nutgiao.models.contracts.site import CalibrationNote, Site
from nutgiao.models.contracts.site_rules import RuleSetting
from nutgiao.models.contracts.words import Turn, VehicleClass, ViolationKind, ViolationName
from tests.support import scenes
from tests.support.movements import street, told, way
from tests.support.scenes import GREEN, RED, START_S, Vehicle, drive, watch
from tests.support.zone_scenes import Actor, post_of

CAR = VehicleClass.CAR
RUNNER = Actor(way(Turn.THROUGH, 7.0, 4.5))


def on_red(t: float) -> dict[str, object]:
    return {"g": RED}


# the site's choice


def test_a_rule_runs_by_default_or_as_the_site_says() -> None:
    usual = street()
    usual.site = msgspec.structs.replace(usual.site, rules=())
    assert [one.kind for one in told(usual, [RUNNER], lamps=on_red)] == [ViolationKind.RED_LIGHT]  # type: ignore[arg-type]
    for setting in (
        RuleSetting(kind="red_light", enabled=False),
        RuleSetting(kind="red_light", hours=(Hours(last="2020-01-01"),)),
        RuleSetting(kind="red_light", figures={"grace_s": 30.0}),
    ):
        assert told(street(setting), [RUNNER], lamps=on_red) == []  # type: ignore[arg-type]


def test_a_figure_that_there_is_none_of_stops_the_box_with_its_key() -> None:
    where = msgspec.structs.replace(scenes.site(), rules=(RuleSetting(kind="red_light", figures={"grase": 1.0}),))
    with pytest.raises(ConfigError, match=r"rules\[0\].figures.grase.*grace_s"):
        Perception(where, "j1", "b1")


# plug-ins


class Horn:
    """A plug-in that tells of somebody in each frame, until it fails."""

    def __init__(self, post: Post, fails_at: int, kind: str = "city.horn") -> None:
        self.camera, self.left, self.kind = post.camera.id, fails_at, kind

    def step(self, scene: Scene, trace: SignalTrace) -> Iterator[Violation]:
        self.left -= 1
        if self.left < 0:
            raise ZeroDivisionError("no horn; no ear")
        for number, name in zip(scene.tracks.numbers.tolist(), scene.tracks.ids, strict=True):
            moments = (scene.time_s,) * 3
            yield Violation(
                self.kind, None, None, self.camera, name, number, CAR, scene.time_s, 0.9, {}, moments, zone="z"
            )


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda post, setting: Horn(post, 3), "it failed and was stopped: ZeroDivisionError: no horn, no ear"),
        (lambda post, setting: Horn(post, 99, "red_light"), "it told 'red_light'"),
        (lambda post, setting: 1 / 0, "it could not be started: ZeroDivisionError"),
        ("nutgiao_has_no_such_package:make", "it could not be started: ModuleNotFoundError"),
    ],
)
def test_a_plug_in_that_fails_is_told_and_stops_nobody_else(
    monkeypatch: pytest.MonkeyPatch, make: object, fault: str
) -> None:
    class Entry:
        def load(self) -> object:
            return make

    entry = EntryPoint("city.horn", make, "nutgiao.rules") if isinstance(make, str) else Entry()
    monkeypatch.setattr(running, "plugins", lambda: {"city.horn": entry})
    here = street(RuleSetting(kind="red_light"), RuleSetting(kind="city.horn"))
    rules = RunningRules(post_of(here.site), here.site.approaches)
    found = here.run(rules, [RUNNER], 18.0, on_red)  # type: ignore[arg-type]
    assert fault in rules.faults["city.horn"]
    assert [one.kind for one in found if one.kind == "red_light"] == ["red_light"]
    assert sum(one.kind == "city.horn" for one in found) == 3 * ("was stopped: Zero" in rules.faults["city.horn"])


# emergency vehicles


@pytest.mark.parametrize(("request_s", "exempt"), [(9.0, True), (2.0, True), (40.0, False), (-60.0, False)])
def test_nobody_beside_an_emergency_vehicle_is_told_of_and_the_reviewer_learns_of_one(
    request_s: float, exempt: bool
) -> None:
    here = street(RuleSetting(kind="red_light"))
    rules, found = RunningRules(post_of(here.site), here.site.approaches), []
    for scene, trace in here.scenes([RUNNER], 18.0, on_red):  # type: ignore[arg-type]
        trace.report_emergency(START_S + request_s, ["west"])
        found += [one for one in rules.step(scene, trace) if one.final]
    assert bool(found) is not exempt
    for one in found:
        apart_s = one.numbers["emergency_request_apart_s"]
        assert apart_s == pytest.approx(abs(request_s - (one.occurred_s - START_S)), abs=0.1)
        assert apart_s > EMERGENCY_S


def ask(kind: RequestType, vehicle: PriorityVehicle | None = None, **way: str) -> PriorityAsk:
    return PriorityAsk(request="r", type=kind, vehicle_type=vehicle, **way)  # type: ignore[arg-type]


def test_an_ambulance_frees_its_approach_until_it_has_passed_and_a_bus_frees_none() -> None:
    where: Site = scenes.site()
    here = Emergencies(where)
    here.hear("bus/1", ask(RequestType.NEW, PriorityVehicle.BUS, approach="west"), 0.0)
    assert here.approaches(1.0) == frozenset()
    here.hear("amb/1", ask(RequestType.NEW, PriorityVehicle.EMERGENCY, connection="west>left"), 0.0)
    here.hear("amb/1", ask(RequestType.UPDATE), 30.0)
    assert here.approaches(30.0 + KEPT_S) == {"west"}
    assert here.approaches(31.0 + KEPT_S) == frozenset()
    here.hear("amb/2", ask(RequestType.NEW, PriorityVehicle.EMERGENCY, lane_in="nobody_knows"), 200.0)
    assert here.approaches(201.0) == {"west"}  # it may come by any
    here.hear("amb/2", ask(RequestType.CANCEL), 205.0)
    assert here.approaches(206.0) == frozenset()


class Admitting:
    """An admission that lets everybody in."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def judge(self, message: object, now_s: float) -> Admitted:
        return Admitted(())


def test_a_request_counts_for_the_rules_even_where_the_lights_cannot_serve_it() -> None:
    office = PriorityOffice(Admitting(), None, lambda now_s: "plans only", Emergencies(scenes.site()))  # type: ignore[arg-type]
    message = SimpleNamespace(node="amb", time_s=9.0, ask=ask(RequestType.NEW, PriorityVehicle.EMERGENCY))
    office.second(10.0, [message])  # type: ignore[list-item]
    assert office.emergencies(11.0) == {"west"}
    perception = Perception(scenes.site(), "j1", "b1")
    perception.on_emergency(START_S + 11.0, office.emergencies(11.0))
    runner = scenes.Scene([Vehicle(drive(8.0, 11.0))])
    assert watch(perception, runner, 20, lambda t: RED).violations == []


# words


@pytest.mark.parametrize(
    ("kind", "good"), [("speed", True), ("city.horn", True), ("Red light", False), ("a.b.c", False)]
)
def test_a_kind_is_a_word_of_ours_or_has_the_prefix_of_a_package(kind: str, good: bool) -> None:
    if good:
        assert msgspec.convert(kind, ViolationName) == kind
    else:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(kind, ViolationName)


# speed


def measured(note: CalibrationNote) -> Site:
    where = scenes.site()
    camera = msgspec.structs.replace(where.cameras[0], calibration=note)
    return msgspec.structs.replace(where, cameras=(camera,), rules=(RuleSetting(kind="speed"),))


def speeds(where: Site, speed_mps: float) -> list[Violation]:
    scene = scenes.Scene([Vehicle(drive(speed_mps, 8.0), 4.5, CAR)], noise_px=1.0)
    return list(watch(Perception(where, "j1", "b1"), scene, 14, lambda t: GREEN, fps=8.0).violations)


def test_who_is_surely_too_fast_is_told_of_once_with_the_proved_excess() -> None:
    (one,) = speeds(measured(CalibrationNote(method="pairs", made="2026-09-01")), 22.0)
    assert one.kind == ViolationKind.SPEED
    assert one.numbers["speed_kmh"] == pytest.approx(79.2, abs=4.0)
    assert one.numbers["over_limit_kmh"] == pytest.approx(one.numbers["low_kmh"] - 50.04, abs=0.02)
    assert one.numbers["low_kmh"] < 79.2 < one.numbers["high_kmh"]


@pytest.mark.parametrize("speed_mps", [13.9, 15.2])
def test_who_may_be_within_the_tolerance_is_left_alone(speed_mps: float) -> None:
    assert speeds(measured(CalibrationNote(method="pairs", made="2026-09-01")), speed_mps) == []


def test_an_old_calibration_measures_no_speed_and_one_from_vehicles_never() -> None:
    assert speeds(measured(CalibrationNote(method="pairs", made="2024-01-01")), 22.0) == []
    for note in (CalibrationNote(method="vehicles", made="2026-09-01"), CalibrationNote(method="pairs")):
        with pytest.raises(ConfigError, match=r"calibration from measured pairs or marks, with the day"):
            speeds(measured(note), 22.0)
