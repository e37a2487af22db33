from __future__ import annotations

from collections.abc import Callable

from nutgiao.models.contracts.site import Site
from nutgiao.models.contracts.words import Indication, ViolationKind
from nutgiao.simulation.street import Street
from nutgiao.simulation.truth import TrueViolation, TruthRecorder

Open = Callable[..., Street]
SOUTHWARD = "N1_j1 j1_S1"


def run(street: Street, sites: dict[str, Site], seconds: int, green_from_s: int = 10_000) -> TruthRecorder:
    """Side street of j1 red, and green after a while; everything else red."""
    truth = TruthRecorder(street, sites)
    groups = street.junctions["j1"].groups
    for half in range(2 * seconds):
        side = Indication.GREEN if half >= 2 * green_from_s else Indication.RED
        street.show("j1", dict.fromkeys(groups, Indication.RED) | {"side": side})
        truth.observe(street.step())
    truth.finish()
    return truth


def kinds(found: list[TrueViolation]) -> list[tuple[str, ViolationKind]]:
    return [(violation.vehicle, violation.kind) for violation in found]


def test_red_runner_is_recorded_and_a_lawful_rider_is_not(open_street: Open, sites: dict[str, Site]) -> None:
    lawful = ("lawful", "motorcycle", 20.0, SOUTHWARD)
    with open_street(("runner", "motorcycle_runner", 0.0, SOUTHWARD), lawful) as street:
        truth = run(street, sites, 80)
    assert kinds(truth.violations) == [("runner", ViolationKind.RED_LIGHT)]
    found = truth.violations[0]
    assert (found.node, found.approach, found.vehicle_class) == ("j1", "north", "motorcycle")
    assert found.time_s < found.numbers["conflict_s"]
    assert 0.0 < found.numbers["into_red_s"] < 80.0, "a red that began before the run counts from its start"


def test_who_stands_past_the_tolerance_on_red_overran_the_line_once(open_street: Open, sites: dict[str, Site]) -> None:
    bold = ("bold", "motorcycle_overrun", 0.0, SOUTHWARD)
    with open_street(bold, ("lawful", "motorcycle", 15.0, SOUTHWARD)) as street:
        truth = run(street, sites, 110, green_from_s=80)
    assert kinds(truth.violations) == [("bold", ViolationKind.STOP_LINE)]
    assert truth.violations[0].numbers["beyond_m"] > 4.2


def test_car_that_stands_beyond_the_painted_line_overran_it(open_street: Open, sites: dict[str, Site]) -> None:
    with open_street(("car", "car_overrun", 0.0, SOUTHWARD)) as street:
        truth = run(street, sites, 60)
    assert kinds(truth.violations) == [("car", ViolationKind.STOP_LINE)]


def test_nobody_who_crosses_on_green_is_recorded(open_street: Open, sites: dict[str, Site]) -> None:
    riders = [(f"m{k}", "motorcycle", 2.0 * k, SOUTHWARD) for k in range(6)]
    with open_street(*riders) as street:
        truth = run(street, sites, 80, green_from_s=0)
        assert street.step().ids == ()
    assert truth.violations == []


def test_rider_against_the_traffic_is_recorded_after_ten_metres(open_street: Open, sites: dict[str, Site]) -> None:
    with open_street(("ghost", "motorcycle_wrong_way", 0.0, "alley_w1")) as street:
        truth = run(street, sites, 20)
    assert kinds(truth.violations) == [("ghost", ViolationKind.WRONG_WAY)]
    assert (truth.violations[0].node, truth.violations[0].approach) == ("j1", "west")
    assert 10.0 <= truth.violations[0].numbers["ridden_m"] < 15.0


def test_speeder_is_recorded_with_his_speed(open_street: Open, sites: dict[str, Site]) -> None:
    with open_street(("fast", "car_fast", 0.0, SOUTHWARD), ("calm", "car", 30.0, SOUTHWARD)) as street:
        truth = run(street, sites, 90, green_from_s=0)
    assert kinds(truth.violations) == [("fast", ViolationKind.SPEED)]
    assert truth.violations[0].numbers["speed_mps"] > 1.1 * truth.violations[0].numbers["limit_mps"]


def test_queue_counts_those_ahead_of_the_line_and_reaches_to_the_last_one(
    open_street: Open, sites: dict[str, Site]
) -> None:
    with open_street(*[(f"m{k}", "motorcycle", 1.0 * k, SOUTHWARD) for k in range(6)]) as street:
        truth = run(street, sites, 70)
    last = [state for state in truth.lane_states if state.node == "j1" and state.approach == "north"][-3:]
    whole, *lanes = last
    assert whole.lane == -1
    assert whole.queue_veh == 6 == sum(state.queue_veh for state in lanes)
    assert 0.0 < whole.back_of_queue_m < 25.0
