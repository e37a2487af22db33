"""Orders and rings: lamps that a person can check, what is refused and how it is cured, and changes on the street."""

from __future__ import annotations

import random
import textwrap
from io import StringIO

import msgspec
import pytest
from ruamel.yaml import YAML

from nutgiao.edge.signal.guard import Guard
from nutgiao.models.contracts import rings
from nutgiao.models.contracts.controller import CabinetStatus
from nutgiao.models.contracts.messages import PlanProposal
from nutgiao.models.contracts.plan import SignalPlan, cycle_of, local_plan
from nutgiao.models.contracts.refusal import Refusal, Rule
from nutgiao.models.contracts.safety import check_plan, check_transition
from nutgiao.models.contracts.site import Intergreen, Limits, SignalGroup, Signals, Site, Stage, TimedPlan
from nutgiao.models.contracts.site import site_hash as hash_of
from nutgiao.models.contracts.timeline import AMBER, GREEN, RED, expand_cycle, stage_starts
from nutgiao.models.contracts.transition import MAX_CYCLES, shortest_greens, transition
from nutgiao.models.contracts.words import ControlSource, Indication
from nutgiao.simulation.cabinet import Cabinet
from tests.support.dual_ring import GREENS, LAG, dual_ring
from tests.support.reference import signal_oracle as oracle
from tests.support.signal_cases import HASH, NODE, NOW_S, plan_of

LETTERS = {RED: "R", GREEN: "G", AMBER: "A"}
SHOWN = {Indication.GREEN: "G", Indication.AMBER: "A", Indication.RED: "R"}


def three_stages(*, free_order: bool = True) -> Signals:
    """Groups a, b and c after each other, 4 s between them, but 7 s from b to c; walk w runs with a, 9 s before b."""
    pairs = [(x, y, 7 if x + y == "bc" else 4) for x in "abc" for y in "abc" if x != y]
    pairs += [("w", "b", 9), ("b", "w", 4), ("w", "c", 4), ("c", "w", 4)]
    return Signals(
        groups=(
            *(SignalGroup(id=name, min_green_s=5) for name in "abc"),
            SignalGroup(id="w", pedestrian=True, amber_s=0, min_green_s=5),
        ),
        stages=(Stage(id="A", groups=("a", "w")), Stage(id="B", groups=("b",)), Stage(id="C", groups=("c",))),
        intergreens=tuple(Intergreen(from_group=x, to_group=y, seconds=n) for x, y, n in pairs),
        limits=Limits(free_order=free_order),
        time_of_day=(TimedPlan(id="day", start="00:00", offset_s=0, green_s=(20, 15, 10)),),
    )


def signals_of(site: Site) -> Signals:
    assert site.signals is not None
    return site.signals


def drawn(signals: Signals, green_s: tuple[int, ...], order: tuple[int, ...] = ()) -> dict[str, str]:
    lamps = expand_cycle(signals, green_s, order)
    return {g.id: "".join(LETTERS[int(lamp)] for lamp in lamps[:, k]) for k, g in enumerate(signals.groups)}


def refused(signals: Signals, plan: SignalPlan) -> tuple[Refusal, ...]:
    return check_plan(signals, NODE, HASH, plan, now_s=NOW_S)


# --- what the lamps show --------------------------------------------------------------------------------------------


def test_another_order_runs_the_same_greens_with_the_interstages_that_it_needs() -> None:
    signals, greens = three_stages(), (12, 6, 5)
    assert drawn(signals, greens) == {
        "a": "G" * 12 + "AAAR" + "R" * 22,
        "b": "R" * 16 + "G" * 6 + "AAARRRR" + "R" * 9,
        "c": "R" * 29 + "GGGGGAAAR",
        "w": "G" * 7 + "R" * 31,
    }
    assert drawn(signals, greens, (0, 2, 1)) == {
        "a": "G" * 12 + "AAAR" + "R" * 19,
        "b": "R" * 25 + "G" * 6 + "AAAR",
        "c": "R" * 16 + "GGGGGAAAR" + "R" * 10,
        "w": "G" * 12 + "R" * 23,
    }
    assert (cycle_of(signals, greens), cycle_of(signals, greens, (0, 2, 1))) == (38, 35)
    assert stage_starts(signals, greens, (0, 2, 1)) == [0, 25, 16]


def test_the_least_green_of_a_crossing_depends_on_what_follows_it() -> None:
    assert shortest_greens(three_stages()) == (10, 5, 5)
    assert shortest_greens(three_stages(), (0, 2, 1)) == (5, 5, 5)


def test_the_example_of_the_text_is_a_site_and_a_plan() -> None:
    assert rings.__doc__ is not None
    block = rings.__doc__[rings.__doc__.index("    stages:") : rings.__doc__.index("With interstages")]
    body = YAML(typ="safe").load(StringIO(textwrap.dedent(block)))
    left, right = ["wl", "e"], ["el", "w"]
    foes = [("wl", "e"), ("el", "w"), *((one, "s") for one in (*left, *right))]
    body["groups"] = [{"id": name} for name in (*left, "s", *right)]
    body["intergreens"] = [
        {"from_group": x, "to_group": y, "seconds": 5} for pair in foes for x, y in (pair, pair[::-1])
    ]
    body["time_of_day"] = [{"id": "day", "start": "00:00", "offset_s": 0, "green_s": [10, 30, 25, 15, 25]}]
    signals = msgspec.convert(body, Signals)
    greens = (10, 30, 25, 15, 25)
    assert drawn(signals, greens) == {
        "wl": "G" * 10 + "AAARR" + "R" * 65,
        "e": "R" * 15 + "G" * 30 + "AAARR" + "R" * 30,
        "s": "R" * 50 + "G" * 25 + "AAARR",
        "el": "G" * 15 + "AAARR" + "R" * 60,
        "w": "R" * 20 + "G" * 25 + "AAARR" + "R" * 30,
    }
    assert drawn(signals, greens, (0, 1, 2, 4, 3))["w"] == "G" * 25 + "AAARR" + "R" * 50
    assert refused(signals, plan_of(signals, greens, 0)) == ()
    assert refused(signals, plan_of(signals, greens, 0, order=(0, 1, 2, 4, 3))) == ()


def test_at_a_barrier_the_slowest_group_of_any_ring_holds_all_of_them() -> None:
    site = dual_ring()
    signals = signals_of(site)
    slow = tuple(
        msgspec.structs.replace(pair, seconds=9) if (pair.from_group, pair.to_group) == ("p6", "p3") else pair
        for pair in signals.intergreens
    )
    slower = msgspec.structs.replace(signals, intergreens=slow)
    assert stage_starts(signals, GREENS) == [0, 17, 51, 66, 0, 21, 51, 68]
    assert stage_starts(slower, GREENS) == [0, 17, 54, 69, 0, 21, 54, 71]
    assert refused(slower, plan_of(slower, GREENS, 0)) == ()


def test_a_ring_that_is_early_rests_in_green_until_the_barrier() -> None:
    early = drawn(signals_of(dual_ring()), (12, 28, 10, 22, 16, 20, 12, 20))
    assert early["p6"] == drawn(signals_of(dual_ring()), GREENS)["p6"]


# --- what is refused, and its cure ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "cure"),
    [
        ((1, 0, 2), "begin with stage 0"),
        ((0, 2), "each of the stages 0 to 2 once"),
        ((0, 1, 1), "each of the stages 0 to 2 once"),
        ((0, 1, 2, 3), "each of the stages 0 to 2 once"),
        ((0, 2, -1), "each of the stages 0 to 2 once"),
    ],
)
def test_an_order_that_is_none_is_refused_with_its_cure(order: tuple[int, ...], cure: str) -> None:
    signals = three_stages()
    (refusal,) = refused(signals, plan_of(signals, (20, 15, 10), 0, order=order))
    assert refusal.rule is Rule.ORDER
    assert cure in refusal.cure
    assert str(list(order)) in refusal.reason


def test_a_site_that_does_not_allow_it_runs_no_other_order() -> None:
    fixed = three_stages(free_order=False)
    (refusal,) = refused(fixed, plan_of(three_stages(), (20, 15, 10), 0, order=(0, 2, 1)))
    assert refusal.rule is Rule.ORDER
    assert "free_order" in refusal.cure
    assert refused(fixed, plan_of(fixed, (20, 15, 10), 0, order=(0, 1, 2))) == ()


@pytest.mark.parametrize("order", [(0, 2, 1, 3, 4, 5, 6, 7), (0, 4, 2, 3, 1, 5, 6, 7), (0, 1, 2, 3, 6, 7, 4, 5)])
def test_with_rings_an_order_swaps_stages_only_between_two_barriers_of_one_ring(order: tuple[int, ...]) -> None:
    signals = signals_of(dual_ring())
    (refusal,) = refused(signals, plan_of(signals, GREENS, 0, order=order))
    assert refusal.rule is Rule.ORDER
    assert "inside a section" in refusal.cure


def test_leading_and_lagging_left_turns_are_plans_of_the_same_site() -> None:
    signals = signals_of(dual_ring())
    for order in ((), LAG, (0, 1, 3, 2, 5, 4, 7, 6)):
        assert refused(signals, plan_of(signals, GREENS, 0, order=order)) == ()


def test_rings_that_do_not_meet_at_a_barrier_are_refused_with_the_seconds_that_are_missing() -> None:
    signals = signals_of(dual_ring())
    (refusal,) = refused(signals, plan_of(signals, (12, 28, 10, 22, 16, 21, 12, 20), 0))
    assert (refusal.rule, refusal.groups) == (Rule.BARRIER, ("p6", "w6"))
    assert "3 s more to stage s6" in refusal.cure
    assert refused(signals, plan_of(signals, (12, 28, 10, 22, 16, 24, 12, 20), 0)) == ()


# --- changes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [(), LAG])
def test_transitional_cycles_keep_the_rings_together(order: tuple[int, ...]) -> None:
    signals = signals_of(dual_ring())
    cycle = cycle_of(signals, GREENS, order)
    for late in range(cycle):
        cycles = transition(signals, 0, cycle, late, GREENS, order)
        assert cycles is not None
        assert len(cycles) <= MAX_CYCLES
        assert sum(cycle_of(signals, row, order) for row in cycles) % cycle == late
        assert check_transition(signals, GREENS, cycles, GREENS, order_before=LAG, order=order) == ()


def street(site: Site, before: SignalPlan, after: SignalPlan, asked_s: int) -> list[CabinetStatus]:
    """900 seconds in which the guard lets a plan into the cabinet."""
    guard, cabinet = Guard(site, lambda body, signature: True), Cabinet(signals_of(site), before, begin_s=0)
    told = []
    for now in range(900):
        told.append(cabinet.tick(now))
        if now == asked_s:
            request = guard.change_over(after, told[-1], ControlSource.CENTRAL).request
            assert request is not None
            cabinet.request(request)
    return told


@pytest.mark.parametrize("lag_first", [False, True])
def test_on_the_street_lead_becomes_lag_and_back_whenever_it_is_asked_for(lag_first: bool) -> None:
    site = dual_ring()
    signals, rng = signals_of(site), random.Random(3)
    orders = (LAG, ()) if lag_first else ((), LAG)
    for second in range(0, 94, 7):
        before, after = (plan_of(signals, GREENS, 0, order=order) for order in orders)
        after = msgspec.structs.replace(after, id="next", valid_from_s=0.0, offset_s=rng.randrange(94))
        told = street(site, before, after, second)
        columns = zip(*(status.groups for status in told), strict=True)
        rows = {
            g.id: "".join(map(SHOWN.__getitem__, column)) for g, column in zip(signals.groups, columns, strict=True)
        }
        assert oracle.broken_by_rows(signals, rows) == set()
        last = told[-1]
        assert (last.plan, last.in_transition, last.order) == ("next", False, after.order)
        assert last.boundary_s % after.cycle_s == after.offset_s
        assert [told[0].order, *(status.stage for status in told[:94:17])] == [before.order, 0, 1, 1, 2, 3, 3]


def test_the_cabinet_tells_the_stage_and_the_order_that_runs() -> None:
    signals = three_stages()
    plan = plan_of(signals, (12, 6, 5), 0, order=(0, 2, 1))
    cabinet = Cabinet(signals, plan, begin_s=0)
    told = [cabinet.tick(second) for second in range(70)]
    assert [status.stage for status in told[:35]] == [0] * 16 + [2] * 9 + [1] * 10
    assert {status.order for status in told} == {(0, 2, 1)}


def judged(site: Site, order: tuple[int, ...] = (), offset_s: int = 0) -> set[Rule]:
    """Rules for which the box refuses greens of its own table in another order or at another offset."""
    signals = signals_of(site)
    row = signals.time_of_day[0]
    local = local_plan(site.id, signals, hash_of(site), row)
    plan = plan_of(signals, row.green_s, offset_s, order=order)
    sent = msgspec.structs.replace(plan, node=site.id, site_hash=hash_of(site))
    proposal = PlanProposal(
        id="i", node="centre", boot="b", seq=1, time_s=0.0, expires_s=9e9, plan=sent, signature="00"
    )
    guard, status = Guard(site, lambda body, signature: True), Cabinet(signals, local, NOW_S).tick(NOW_S)
    verdict = guard.judge(proposal, status, local, float(NOW_S))
    assert (verdict.request is None) == bool(verdict.refusals)
    return {refusal.rule for refusal in verdict.refusals}


@pytest.mark.parametrize(("max_red_s", "rules"), [(52, set()), (51, {Rule.MAX_RED})])
def test_an_order_from_which_the_site_s_own_could_not_be_reached_again_is_refused(
    max_red_s: int, rules: set[Rule]
) -> None:
    """C comes second in the plan and third in the table: on the way back it is red for longer than in either."""
    assert judged(believing(max_red_s), (0, 2, 1)) == rules


@pytest.mark.parametrize(("max_red_s", "rules"), [(59, set()), (57, {Rule.MAX_RED})])
def test_an_offset_from_which_the_table_could_not_be_reached_again_is_refused(max_red_s: int, rules: set[Rule]) -> None:
    """With equal cycles the way back is the same in every cycle: the box would stay on a plan that is over."""
    assert judged(believing(max_red_s), offset_s=32) == rules


def believing(max_red_s: int) -> Site:
    """The three stages, of which the last believes in so long a red."""
    base = three_stages()
    groups = tuple(msgspec.structs.replace(g, max_red_s=max_red_s) if g.id == "c" else g for g in base.groups)
    return msgspec.structs.replace(dual_ring(), id=NODE, signals=msgspec.structs.replace(base, groups=groups))


def test_the_box_lets_a_lagging_left_turn_in() -> None:
    assert judged(dual_ring(), LAG) == set()
    assert judged(dual_ring(free_order=False), LAG) == {Rule.ORDER}
