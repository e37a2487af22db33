from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from nutgiao.models.contracts.site import Site
from nutgiao.models.contracts.site_rules import Ban, Forbidden, OnRed, RuleSetting
from nutgiao.models.contracts.words import Indication, Turn, VehicleClass, ViolationKind
from nutgiao.simulation.breakers_demand import LAWFUL, lawful, mixed_demand
from nutgiao.simulation.breakers_sites import PublicNetwork, read_public_network
from nutgiao.simulation.breakers_street import PublicStreet
from nutgiao.simulation.breakers_truth import Deed, DeedRecorder
from nutgiao.simulation.demand import WORKDAY, make_demand
from nutgiao.simulation.networks.build import build_network
from nutgiao.simulation.street import Street
from nutgiao.simulation.vehicles import TYPES

Open = Callable[..., Street]
RED_ALL_THE_TIME = math.inf
SOUTHWARD, TO_THE_RIGHT = "N1_j1 j1_S1", "N1_j1 j1_W"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> PublicNetwork:
    """The corridor, read as if it were anybody's network."""
    return read_public_network(build_network(tmp_path_factory.mktemp("net")))


def drive(street: Street, sites: dict[str, Site], seconds: int, green_from_s: float = 0.0) -> DeedRecorder:
    """The side street of j1 green from some second on, everything else red."""
    truth = DeedRecorder(street, sites)
    for half in range(2 * seconds):
        side = {"side": Indication.GREEN if half >= 2 * green_from_s else Indication.RED}
        street.show("j1", dict.fromkeys(street.junctions["j1"].groups, Indication.RED) | side)
        truth.observe(street.step())
    truth.finish()
    return truth


def put_up(sites: dict[str, Site], **signs: object) -> dict[str, Site]:
    """The sites with signs on the northern approach of j1."""
    approaches = [msgspec.structs.replace(a, **signs) if a.id == "north" else a for a in sites["j1"].approaches]
    return sites | {"j1": msgspec.structs.replace(sites["j1"], approaches=tuple(approaches))}


def test_a_network_read_as_a_stranger_has_the_same_lines_and_lanes_as_our_own_sites(
    network: PublicNetwork, sites: dict[str, Site]
) -> None:
    assert network.sites.keys() == sites.keys()
    for name, site in sites.items():
        read = {approach.origin_m: approach for approach in network.sites[name].approaches}
        for ours in site.approaches:
            near = [o for o in read if abs(o[0] - ours.origin_m[0]) < 0.05 and abs(o[1] - ours.origin_m[1]) < 0.05]
            if not near:  # the arrow of its own at j2 gives three lamps to one approach of SUMO's default programme
                assert network.left_out
                continue
            theirs = read[near[0]]
            assert theirs.heading_deg == pytest.approx(ours.heading_deg, abs=0.1)
            assert [(lane.width_m, set(lane.turns)) for lane in theirs.lanes] == [
                (lane.width_m, set(lane.turns)) for lane in ours.lanes
            ]
            assert theirs.stop_line == ours.stop_line


def test_a_public_street_shows_the_lamps_of_its_own_programmes(network: PublicNetwork, tmp_path: Path) -> None:
    routes = mixed_demand([make_demand(1, 0.0, 60.0, WORKDAY, tmp_path)], 1, tmp_path)
    with PublicStreet(network, routes, 1, 0.0) as street:
        shown = set()
        for _ in range(240):
            street.step()
            shown |= set(street.shown["j1"].values())
    assert shown == {Indication.GREEN, Indication.AMBER, Indication.RED}


def test_types_are_drawn_by_seed_and_a_lawful_demand_has_no_breakers(tmp_path: Path) -> None:
    original = make_demand(1, 25_200.0, 25_500.0, WORKDAY, tmp_path)
    first = mixed_demand([original], 3, tmp_path / "a").read_bytes()
    assert mixed_demand([original], 3, tmp_path / "b").read_bytes() == first
    assert mixed_demand([original], 4, tmp_path / "c").read_bytes() != first
    text = mixed_demand([original], 3, tmp_path / "d", lawful(WORKDAY).shares).read_text()
    drawn = Counter(part.split('"')[0] for part in text.split(' type="')[1:])
    assert drawn.keys() <= LAWFUL
    motorcycles = drawn["motorcycle"] / sum(n for name, n in drawn.items() if name != "pedestrian")
    assert 0.75 < motorcycles < 0.87, "four of five road users ride a motorcycle"


def test_lawful_shares_keep_each_class_as_large_as_it_was() -> None:
    def by_class(shares: dict[str, float]) -> Counter[VehicleClass]:
        found: Counter[VehicleClass] = Counter()
        for name, share in shares.items():
            found[TYPES[name].vehicle_class] += share  # type: ignore[assignment]
        del found[VehicleClass.MOTORCYCLE]
        return found

    assert by_class(lawful(WORKDAY).shares) == pytest.approx(by_class(WORKDAY.shares))


def test_who_ran_the_red_is_a_deed_that_must_be_told_and_who_waited_is_none(
    open_street: Open, sites: dict[str, Site]
) -> None:
    vehicles = (("runner", "motorcycle_runner", 0.0, SOUTHWARD), ("lawful", "motorcycle", 20.0, SOUTHWARD))
    with open_street(*vehicles) as street:
        truth = drive(street, sites, 60, RED_ALL_THE_TIME)
    assert [(deed.vehicle, deed.kind, deed.must) for deed in truth.deeds] == [("runner", ViolationKind.RED_LIGHT, True)]
    assert truth.taken() == truth.deeds
    assert truth.taken() == []


def test_a_right_turn_on_red_is_a_deed_unless_a_sign_lets_them_turn(open_street: Open, sites: dict[str, Site]) -> None:
    def deeds(where: dict[str, Site]) -> list[tuple[str, ViolationKind, bool]]:
        vehicles = (("right", "motorcycle_runner", 0.0, TO_THE_RIGHT), ("on", "motorcycle_runner", 20.0, SOUTHWARD))
        with open_street(*vehicles) as street:
            truth = drive(street, where, 60, RED_ALL_THE_TIME)
        return sorted((deed.vehicle, deed.kind, deed.must) for deed in truth.deeds)

    through, right = (("on", ViolationKind.RED_LIGHT, True), ("right", ViolationKind.RED_LIGHT, True))
    assert deeds(sites) == [through, right]
    kerb, inner = sites["j1"].approach("north").lanes
    everybody, buses = OnRed(), OnRed(classes=(VehicleClass.BUS,))
    let = msgspec.structs.replace
    assert deeds(put_up(sites, lanes=(let(kerb, on_red=(everybody,)), let(inner, on_red=(everybody,))))) == [through]
    assert deeds(put_up(sites, lanes=(let(kerb, on_red=(buses,)), inner))) == [through, right]


def test_who_stands_well_over_the_line_must_be_told_once_the_red_is_over(
    open_street: Open, sites: dict[str, Site]
) -> None:
    with open_street(("bold", "motorcycle_overrun", 0.0, SOUTHWARD)) as street:
        truth = drive(street, sites, 60, green_from_s=50.0)
    assert [(deed.vehicle, deed.kind, deed.must) for deed in truth.deeds] == [("bold", ViolationKind.STOP_LINE, True)]
    assert truth.deeds[0].numbers["stood_s"] > 10.0, "it stood until the green"
    with open_street(("bold", "motorcycle_overrun", 0.0, SOUTHWARD)) as street:
        truth = drive(street, sites, 50, RED_ALL_THE_TIME)
    assert [deed.must for deed in truth.deeds] == [False], "nobody could tell yet whether it would run the red"


def test_a_turn_is_a_deed_only_where_a_sign_bans_it(open_street: Open, sites: dict[str, Site]) -> None:
    vehicles = (("right", "motorcycle", 0.0, TO_THE_RIGHT), ("straight", "motorcycle", 5.0, SOUTHWARD))
    with open_street(*vehicles) as street:
        assert drive(street, sites, 60).deeds == []
    signed = put_up(sites, banned=(Ban(turns=(Turn.RIGHT,)),))
    with open_street(*vehicles) as street:
        truth = drive(street, signed, 60)
    assert [(deed.vehicle, deed.kind) for deed in truth.deeds] == [("right", ViolationKind.BANNED_TURN)]
    assert truth.deeds[0].time_s < truth.deeds[0].noted_s, "the act is the crossing of the line"


def test_a_forbidden_road_is_a_deed_of_the_forbidden_class_alone(open_street: Open, sites: dict[str, Site]) -> None:
    signed = put_up(sites, forbidden=(Forbidden(classes=(VehicleClass.CAR,)),))
    with open_street(("car", "car", 0.0, SOUTHWARD), ("rider", "motorcycle", 5.0, SOUTHWARD)) as street:
        truth = drive(street, signed, 60)
    assert [(deed.vehicle, deed.kind) for deed in truth.deeds] == [("car", ViolationKind.FORBIDDEN_ROAD)]


def test_the_wrong_lane_is_told_from_where_the_line_was_crossed(open_street: Open, sites: dict[str, Site]) -> None:
    kerb, *others = sites["j1"].approach("north").lanes
    lanes = (msgspec.structs.replace(kerb, turns=(Turn.LEFT,)), *others)
    with open_street(("right", "car", 0.0, TO_THE_RIGHT)) as street:
        asked_for = (*sites["j1"].rules, RuleSetting(kind=ViolationKind.WRONG_LANE, approaches=("north",)))
        signed = put_up(sites, lanes=lanes)
        asking = signed | {"j1": msgspec.structs.replace(signed["j1"], rules=asked_for)}
        truth = drive(street, asking, 60)
    assert [(deed.vehicle, deed.kind, deed.must) for deed in truth.deeds] == [("right", ViolationKind.WRONG_LANE, True)]
    assert msgspec.json.decode(msgspec.json.encode(truth.deeds), type=list[Deed]) == truth.deeds
