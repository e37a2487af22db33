"""Conflicts from a network's foe relation, against sumolib's own reading, and what shipped programs make of them."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
import sumolib

from benchmarks.resco import NAMES
from nutgiao.models.contracts.errors import ConfigError, ContractError
from nutgiao.models.contracts.intergreen import walk_clearance_s
from nutgiao.models.contracts.program import LampProgram, LampStep
from nutgiao.models.contracts.refusal import Rule
from nutgiao.simulation.contradictions import contradictions, warnings_of
from nutgiao.simulation.link_conflicts import ConflictMatrix, Right, read_matrices
from nutgiao.simulation.networks.build import build_network
from nutgiao.simulation.program_check import check_program, ite_interval_s
from nutgiao.simulation.signal_programs import shipped_programs, write_programs
from nutgiao.simulation.tls_logic import read_tls_logic
from tests.support import nema_nets
from tests.support.plan_spaces import busy_street
from tests.support.resco_nets import shipped

CONTRADICTED = {"ingolstadt7": {"gneJ210": 2}, "ingolstadt21": {"gneJ210": 2}}
"""Pairs of links in RESCO that have the right of way at once though they are foes: two lanes that turn into two others
and cross on the way there. All other programs of the eight networks agree with their network."""


@pytest.fixture(scope="module")
def crossroads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return nema_nets.crossroads(tmp_path_factory.mktemp("crossroads"))


@pytest.fixture(scope="module")
def matrix(crossroads: Path) -> ConflictMatrix:
    return read_matrices(crossroads)["C"]


def link(matrix: ConflictMatrix, origin: str, target: str) -> int:
    """Index of the link between two edges."""
    return next(one.index for one in matrix.links if one is not None and (origin, target) in one.ways)


def program(*steps: tuple[float, str]) -> LampProgram:
    made = tuple(LampStep(state=state, duration_s=float(seconds)) for seconds, state in steps)
    return LampProgram(light="C", id="0", steps=made)


def state(matrix: ConflictMatrix, **shown: str) -> str:
    """A state: ``WC_CE="G"`` and red elsewhere."""
    letters = ["r"] * len(matrix.links)
    for way, letter in shown.items():
        letters[link(matrix, *way.split("_"))] = letter
    return "".join(letters)


@pytest.mark.parametrize("name", NAMES)
def test_foes_are_those_that_sumolib_reads(name: str) -> None:
    net = shipped(name).net
    street = sumolib.net.readNet(str(net), withInternal=True)
    compared = 0
    for light, matrix in read_matrices(net).items():
        ways = (way for edge in street.getEdges() for ways in edge.getOutgoing().values() for way in ways)
        links = [(way, way.getTLLinkIndex()) for way in ways if way.getTLSID() == light]
        met: dict[tuple[int, int], tuple[bool, bool]] = {}
        for (one, a), (other, b) in itertools.permutations(links, 2):
            node = one.getFrom().getToNode()
            if node is other.getFrom().getToNode() and a != b:
                rows = node.getLinkIndex(one), node.getLinkIndex(other)
                waits = node.forbids(other, one)
                foes = node.areFoes(*rows) or node.areFoes(*rows[::-1]) or waits or node.forbids(one, other)
                before = met.get((a, b), (False, False))  # several connections may share a letter
                met[a, b] = before[0] or foes, before[1] or waits
        assert met == {pair: (matrix.foes[pair], matrix.yields[pair]) for pair in met}
        compared += len(met)
    assert compared > 10


def test_a_left_turn_may_give_way_to_oncoming_traffic_and_crossing_roads_never_meet(matrix: ConflictMatrix) -> None:
    east, west, north = link(matrix, "WC", "CE"), link(matrix, "EC", "CW"), link(matrix, "SC", "CN")
    assert matrix.right(east, west) is Right.FREE
    assert matrix.right(east, north) is Right.NEVER
    assert matrix.right(link(matrix, "EC", "CS"), east) is Right.PERMITTED


def test_every_pair_is_free_permitted_or_never(matrix: ConflictMatrix) -> None:
    told = {right: matrix.pairs(right) for right in Right}
    assert sum(len(pairs) for pairs in told.values()) == 12 * 11 // 2
    assert all(matrix.foes[pair] for right in (Right.PERMITTED, Right.NEVER) for pair in told[right])
    assert (link(matrix, "NC", "CS"), link(matrix, "WC", "CE")) in told[Right.NEVER]


def test_a_right_turn_may_give_way_to_walkers(tmp_path: Path) -> None:
    matrices = read_matrices(build_network(tmp_path))
    for matrix in matrices.values():
        walks = [one.index for one in matrix.links if one is not None and one.is_crossing]
        assert walks
        rights = {
            (one.turns, matrix.right(one.index, walk))
            for one in matrix.links
            if one is not None and not one.is_crossing
            for walk in walks
        }
        assert {(True, Right.PERMITTED), (False, Right.NEVER)} <= rights
        assert (False, Right.PERMITTED) not in rights  # who goes straight on never waits for walkers inside


def test_two_foes_with_the_right_of_way_are_refused_by_link_edges_and_cure(matrix: ConflictMatrix) -> None:
    one = program((30, state(matrix, WC_CE="G", EC_CS="G")), (20, state(matrix, SC_CN="G")))
    (found,) = contradictions(matrix, one)
    left = link(matrix, "EC", "CS")
    error = str(found.error(Path("a.add.xml")))
    assert "a.add.xml at 'tlLogic C phase 0'" in error
    assert "EC → CS" in error
    assert "WC → CE" in error
    assert f"show g to link {left}, which gives way" in error
    assert not contradictions(matrix, program((30, state(matrix, WC_CE="G", EC_CS="g"))))


def test_crossing_roads_are_refused_with_g_too(matrix: ConflictMatrix) -> None:
    (found,) = contradictions(matrix, program((30, state(matrix, WC_CE="G", SC_CN="g"))))
    assert found.cure == "show red to one of them"


def test_phases_that_rings_allow_at_once_are_looked_at_together(crossroads: Path, matrix: ConflictMatrix) -> None:
    good = nema_nets.program(crossroads)
    assert not contradictions(matrix, good)
    crossed = msgspec.structs.replace(good, parameters={**good.parameters, "ring1": "1,4,3,2", "ring2": "5,6,7,8"})
    assert contradictions(matrix, crossed)


def test_too_few_letters_are_refused(matrix: ConflictMatrix) -> None:
    with pytest.raises(ContractError, match="give a letter for each"):
        contradictions(matrix, program((30, "GG")))


def test_a_right_of_way_that_does_not_fit_its_links_is_told(crossroads: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.net.xml"
    lines = crossroads.read_text(encoding="utf-8").splitlines()
    broken.write_text("\n".join(line for line in lines if '<request index="3"' not in line), encoding="utf-8")
    with pytest.raises(ConfigError, match="11 rows of right of way for 12 links"):
        read_matrices(broken)


@pytest.mark.parametrize("name", NAMES)
def test_shipped_programs_agree_with_their_network_but_for_one(name: str) -> None:
    net = shipped(name).net
    matrices = read_matrices(net)
    found: dict[str, int] = {}
    for one in read_tls_logic(net):
        verdict = check_program(one, matrices[one.light])
        assert not verdict.not_drawn
        assert {refusal.rule for refusal in verdict.refusals} <= {Rule.CONFLICT}
        if verdict.refusals:
            found[one.light] = len(verdict.refusals)
    assert found == CONTRADICTED.get(name, {})


# --- lamps and change intervals -------------------------------------------------------------------------------------


def cross(matrix: ConflictMatrix, *, amber: float = 3, red: float = 2, green: float = 30) -> LampProgram:
    """Main road, then side road; straight on and right only."""
    main = dict.fromkeys(("WC_CE", "EC_CW", "WC_CS", "EC_CN"), "G")
    side = dict.fromkeys(("NC_CS", "SC_CN", "NC_CW", "SC_CE"), "G")
    lefts = dict.fromkeys(("WC_CN", "EC_CS", "NC_CE", "SC_CW"), "r")
    steps = []
    for road in (main, side):
        steps.append((green, state(matrix, **{**lefts, **road})))
        steps += [(amber, state(matrix, **dict.fromkeys(road, "y")))] if amber else []
        steps += [(red, state(matrix))] if red else []
    return program(*steps)


def rules(matrix: ConflictMatrix, one: LampProgram) -> dict[Rule, int]:
    found: dict[Rule, int] = {}
    for refusal in check_program(one, matrix).refusals:
        found[refusal.rule] = found.get(refusal.rule, 0) + 1
    return found


def test_links_that_never_get_green_are_refused(matrix: ConflictMatrix) -> None:
    verdict = check_program(cross(matrix), matrix)
    (refusal,) = {one.rule: one for one in verdict.refusals}.values()
    assert refusal.rule is Rule.NOT_SERVED
    assert any("WC → CN" in link for link in refusal.groups)


def test_a_change_without_amber_is_refused(matrix: ConflictMatrix) -> None:
    assert Rule.AMBER in rules(matrix, cross(matrix, amber=0))


def test_a_green_of_three_seconds_is_refused(matrix: ConflictMatrix) -> None:
    assert Rule.MIN_GREEN in rules(matrix, cross(matrix, green=3))


def test_a_green_that_begins_in_anothers_amber_is_refused(matrix: ConflictMatrix) -> None:
    main, side = state(matrix, WC_CE="G"), state(matrix, SC_CN="G")
    early = state(matrix, WC_CE="y", SC_CN="G")
    late = state(matrix, WC_CE="r", SC_CN="y")
    found = check_program(program((30, main), (3, early), (20, side), (3, late)), matrix).refusals
    (refusal,) = [one for one in found if one.rule is Rule.INTERGREEN]
    assert refusal.second == 30
    assert [one.split(" ", 2)[2] for one in refusal.groups] == ["(WC → CE)", "(SC → CN)"]


def test_change_intervals_below_ite_are_told_by_pair_and_longer_ones_are_not(matrix: ConflictMatrix) -> None:
    """50 km/h and 3 m/s: 1 + 16.9 / 6.1 = 3.8 s of amber, 4 s in whole; the path and a car's 6.1 m at the limit."""
    ends = matrix.links[link(matrix, "WC", "CE")]
    assert ends is not None
    amber, all_red = ite_interval_s(ends)
    assert (amber, all_red) == (4, -(-(ends.length_m + 6.1) // ends.clearing_mps))
    short = check_program(cross(matrix), matrix).short
    told = {(one.ends.ways[0], one.starts.ways[0]): (one.shown_s, one.ite_s, one.second) for one in short}
    assert told[("WC", "CE"), ("SC", "CN")] == (5, amber + all_red, 30)
    assert not check_program(cross(matrix, amber=4, red=8), matrix).short


def test_walkers_need_the_time_to_walk_over(tmp_path: Path) -> None:
    matrix = read_matrices(build_network(tmp_path))["j1"]
    walk = next(one for one in matrix.links if one is not None and one.is_crossing)
    assert ite_interval_s(walk) == (0, walk_clearance_s(walk.length_m))
    (program,) = [one for one in read_tls_logic(tmp_path / "corridor.net.xml") if one.light == "j1"]
    short = check_program(program, matrix).short
    assert {one.amber_s for one in short if one.ends.is_crossing} == {0}
    assert {one.amber_s for one in short if not one.ends.is_crossing} == {4}


def test_of_a_program_that_not_drawn_only_the_states_are_looked_at(matrix: ConflictMatrix) -> None:
    one = msgspec.structs.replace(cross(matrix, amber=0), kind="actuated")
    verdict = check_program(one, matrix)
    assert not verdict.refusals
    assert "follow traffic" in verdict.not_drawn


def test_a_nema_program_is_drawn_with_every_phase_at_its_longest(crossroads: Path, matrix: ConflictMatrix) -> None:
    good = nema_nets.program(crossroads)
    verdict = check_program(good, matrix)
    assert not verdict.refusals
    assert not verdict.not_drawn
    assert {one.shown_s for one in verdict.short} <= {nema_nets.AMBER_S + nema_nets.ALL_RED_S}
    assert verdict.short
    brief = [msgspec.structs.replace(step, most_s=4.0 if step.name == "7" else step.most_s) for step in good.steps]
    brief = [msgspec.structs.replace(step, most_s=31.0) if step.name == "8" else step for step in brief]
    (refusal,) = check_program(msgspec.structs.replace(good, steps=tuple(brief)), matrix).refusals
    assert refusal.rule is Rule.MIN_GREEN


def test_rings_that_make_no_plan_are_told(crossroads: Path, matrix: ConflictMatrix) -> None:
    verdict = check_program(nema_nets.program(crossroads, **{"total-cycle-length": "90"}), matrix)
    assert "make 100 s, the cycle is 90 s" in verdict.not_drawn


def test_a_program_against_its_network_is_a_warning_and_no_error(tmp_path: Path) -> None:
    street = busy_street(tmp_path)
    assert warnings_of(street) == []
    shipped = shipped_programs(street)[0]
    wrong = replace(shipped, states=("G" * len(shipped.states[0]), *shipped.states[1:]))
    against = replace(street, additional=(write_programs(tmp_path / "wrong.add.xml", [wrong]),))
    (told,) = warnings_of(against)
    assert "light A0, phase 0 contradicts the network" in told
    assert "both have the right of way (G) and their paths meet" in told
    short = replace(shipped, states=tuple(state[:3] for state in shipped.states))
    (told,) = warnings_of(replace(street, additional=(write_programs(tmp_path / "short.add.xml", [short]),)))
    assert "has 3 letters" in told
