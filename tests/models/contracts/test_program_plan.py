"""Programs as plans of stages: the same lamps second by second, or the reason why there is no such plan."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.models.contracts.errors import ContractError
from nutgiao.models.contracts.plan import local_plan
from nutgiao.models.contracts.program import LampProgram, LampStep, rings_of
from nutgiao.models.contracts.program_plan import plan_of
from nutgiao.models.contracts.program_rings import ring_plan_of
from nutgiao.models.contracts.refusal import Rule
from nutgiao.models.contracts.safety import check_plan
from nutgiao.models.contracts.site import TimedPlan
from nutgiao.models.contracts.staged_program import LAMPS, NotStages, Reason, lamps_of, program_of
from nutgiao.models.contracts.timeline import expand_cycle
from tests.support import strategies


def program(*steps: tuple[float, str], offset_s: float = 0.0, kind: str = "static") -> LampProgram:
    """A program of light J."""
    made = tuple(LampStep(state=state, duration_s=float(seconds)) for seconds, state in steps)
    return LampProgram(light="J", id="0", kind=kind, offset_s=offset_s, steps=made)


def by_the_clock(one: LampProgram) -> list[str]:
    """State of each second of the clock, over one cycle."""
    drawn = [step.state for step in one.steps for _ in range(int(step.duration_s or 0))]
    return [drawn[(second - int(float(one.offset_s or 0))) % len(drawn)] for second in range(len(drawn))]


LEADING_LEFT = program(
    (6, "rrrGrr"), (3, "rrryrr"), (1, "rrrrrr"), (30, "GGgrrr"), (3, "yyyrrr"), (2, "rrrrrr"), (20, "rrrrGG"),
    (3, "rrrryy"), (2, "rrrrrr"), offset_s=12.0,
)  # fmt: skip


def test_a_program_is_told_in_stages_with_its_own_intergreens_and_offset() -> None:
    told = plan_of(LEADING_LEFT)
    assert [stage.groups for stage in told.signals.stages] == [("g2",), ("g1",), ("g3",)]
    assert told.group_of_link == ("g1", "g1", "g1", "g2", "g3", "g3")
    assert (told.plan.green_s, told.plan.offset_s, told.plan.cycle_s) == ((6, 30, 20), 12, 70)
    gaps = {(pair.from_group, pair.to_group): pair.seconds for pair in told.signals.intergreens}
    assert (gaps["g2", "g1"], gaps["g1", "g3"], gaps["g3", "g2"]) == (4, 5, 5)
    assert {group.amber_s for group in told.signals.groups} == {3}


def test_the_plan_of_a_program_may_run() -> None:
    told = plan_of(LEADING_LEFT)
    refusals = check_plan(told.signals, "J", told.plan.site_hash, told.plan, now_s=0.0)
    assert {refusal.rule for refusal in refusals} <= {Rule.REVISION, Rule.VALIDITY}


def test_a_left_turn_that_goes_on_when_the_others_end_is_a_stage_of_its_own() -> None:
    told = plan_of(program((29, "GGgr"), (5, "yygr"), (6, "rrGr"), (5, "rryr"), (20, "rrrG"), (3, "rrry")))
    assert [stage.groups for stage in told.signals.stages] == [("g1", "g2"), ("g2",), ("g3",)]
    assert told.plan.green_s == (29, 6, 20)


def test_a_crossing_is_a_group_of_walkers() -> None:
    told = plan_of(
        program((20, "GGr"), (10, "Grr"), (3, "yrr"), (2, "rrr"), (20, "rrG"), (3, "rry")), crossings=frozenset({1})
    )
    assert [group.pedestrian for group in told.signals.groups] == [False, True, False]


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (program((20, "Gr"), (20, "rG"), kind="actuated"), Reason.KIND),
        (program((20.5, "Gr"), (20, "rG")), Reason.SECONDS),
        (program((400, "Gr"), (400, "rG")), Reason.SECONDS),
        (program((20, "Gr"), (20, "rGr")), Reason.STATES),
        (program((20, "Gr"), (2, "ur"), (20, "rG")), Reason.LETTER),
        (program((20, "rr"), (20, "rr")), Reason.STILL),
        (program((20, "Gr"), (20, "sG")), None),
        (program((20, "GG"), (3, "yy"), (20, "Gr"), (3, "yr")), Reason.AMBER),
        (program((20, "Gr"), (3, "yr"), (20, "Gr"), (5, "yr"), (20, "rG"), (3, "ry")), Reason.AMBER),
        (program((20, "Grr"), (3, "yGr"), (20, "rGr"), (3, "ryG"), (20, "rrG"), (3, "rry")), Reason.LAMPS),
    ],
)
def test_what_is_no_plan_says_why(one: LampProgram, reason: Reason | None) -> None:
    if reason is None:
        assert plan_of(one).plan.green_s == (20, 20)
        return
    with pytest.raises(NotStages) as no:
        plan_of(one)
    assert no.value.reason is reason
    assert "light J" in str(no.value)


def test_a_jump_is_no_plan() -> None:
    steps = (LampStep(state="Gr", duration_s=20.0, next=(1,)), LampStep(state="rG", duration_s=20.0))
    with pytest.raises(NotStages, match="follow"):
        plan_of(LampProgram(light="J", id="0", steps=steps))


def test_states_must_fit_the_stages() -> None:
    told = plan_of(LEADING_LEFT)
    with pytest.raises(ContractError, match="need a state each"):
        program_of(told.signals, told.plan, told.group_of_link, told.letters[:1])


@given(st.data())
def test_a_plan_becomes_a_program_and_that_program_a_plan_of_the_same_lamps(data: st.DataObject) -> None:
    side = data.draw(strategies.signals())
    greens = data.draw(strategies.greens(side, least=5, most=40))
    plan = local_plan(
        "J", side, "0" * 16, TimedPlan(id="day", start="00:00", offset_s=data.draw(st.integers(0, 99)), green_s=greens)
    )
    groups = [group.id for group in side.groups]
    letters = ["".join("G" if group in stage.groups else "r" for group in groups) for stage in side.stages]
    one = program_of(side, plan, groups, letters)
    lamps = expand_cycle(side, greens)
    assert lamps_of(one).tolist() == lamps.tolist()
    assert float(one.offset_s or 0) == plan.offset_s
    try:
        told = plan_of(one)
    except NotStages:
        return  # such as amber of a group that is green again at once; lamps are never told wrongly
    again = program_of(told.signals, told.plan, told.group_of_link, told.letters, told.between)
    assert by_the_clock(again) == by_the_clock(one)


STEPS = st.lists(st.tuples(st.integers(1, 12), st.text("Ggrys", min_size=3, max_size=3)), min_size=1, max_size=7)


@given(STEPS, st.integers(0, 30))
def test_whatever_the_program_its_plan_shows_its_lamps_or_there_is_none(
    steps: list[tuple[int, str]], offset: int
) -> None:
    one = program(*steps, offset_s=float(offset))
    try:
        told = plan_of(one)
    except NotStages:
        return
    drawn = expand_cycle(told.signals, told.plan.green_s)
    column = {group.id: k for k, group in enumerate(told.signals.groups)}
    for second, state in enumerate(by_the_clock(one)):
        row = drawn[(second - told.plan.offset_s) % len(drawn)]
        for letter, group in zip(state, told.group_of_link, strict=True):
            assert group is None or LAMPS[letter] == row[column[group]]
    refusals = check_plan(told.signals, "J", told.plan.site_hash, told.plan, now_s=0.0)
    assert {refusal.rule for refusal in refusals} <= {Rule.REVISION, Rule.VALIDITY}


# --- rings ----------------------------------------------------------------------------------------------------------


def nema(**parameters: str) -> LampProgram:
    """Two rings for four links: 1 before 2 beside 5 before 6, then 4 beside 8."""
    greens = {1: 10, 2: 30, 4: 20, 5: 15, 6: 25, 8: 20}
    states = {1: "Grrrrr", 2: "rGrrrr", 4: "rrGrrr", 5: "rrrGrr", 6: "rrrrGr", 8: "rrrrrG"}
    own = {
        "ring1": "1,2,0,4", "ring2": "5,6,0,8", "barrierPhases": "4,8", "coordinatePhases": "2,6",
        "coordinate-mode": "true", "total-cycle-length": "75",
    }  # fmt: skip
    steps = tuple(
        LampStep(state=states[n], most_s=float(greens[n]), least_s=5.0, amber_s=3.0, all_red_s=2.0, name=str(n))
        for n in greens
    )
    return LampProgram(light="J", id="0", kind="NEMA", parameters={**own, **parameters}, steps=steps)


def test_a_nema_program_is_a_plan_with_rings() -> None:
    told = ring_plan_of(nema())
    assert [ring.sections for ring in told.signals.rings] == [(("1", "2"), ("4",)), (("5", "6"), ("8",))]
    assert (told.plan.green_s, told.plan.cycle_s) == ((10, 30, 20, 15, 25, 20), 75)
    assert told.plan.offset_s == 60  # the first coordinated green begins 15 s into the rings and at 0 by the clock
    refusals = check_plan(told.signals, "J", told.plan.site_hash, told.plan, now_s=0.0)
    assert {refusal.rule for refusal in refusals} <= {Rule.REVISION, Rule.VALIDITY}


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (nema(ring2="5,6,0,4"), "twice"),
        (nema(**{"total-cycle-length": "90"}), "make 75 s, the cycle is 90 s"),
        (nema(controllerType="Type 170"), "Type 170"),
        (nema(ring1="1,2,0,7"), "phase 7"),
        (nema(barrierPhases="four"), "'four' is no list"),
        (LEADING_LEFT, "has no rings"),
    ],
)
def test_rings_that_make_no_plan_say_why(one: LampProgram, told: str) -> None:
    with pytest.raises(NotStages, match=told) as no:
        ring_plan_of(one)
    assert no.value.reason is Reason.RINGS


def test_rings_that_do_not_meet_at_a_barrier_are_no_plan() -> None:
    one = nema()
    longer = msgspec.structs.replace(one.steps[0], most_s=11.0)
    with pytest.raises(NotStages, match="barrier"):
        ring_plan_of(msgspec.structs.replace(one, steps=(longer, *one.steps[1:])))


def test_a_link_of_both_rings_is_no_plan() -> None:
    one = nema()
    both = msgspec.structs.replace(one.steps[-1], state="rrGrrG")
    with pytest.raises(NotStages, match="both rings"):
        ring_plan_of(msgspec.structs.replace(one, steps=(*one.steps[:-1], both)))


def test_what_sumo_assumes_is_assumed() -> None:
    rings = rings_of(nema(**{"coordinate-mode": "false", "total-cycle-length": ""}))
    assert (rings.is_coordinated, rings.cycle_s, rings.least_recall, rings.most_recall) == (
        False, 60.0, (1, 2, 3, 4, 5, 6, 7, 8), (),
    )  # fmt: skip
    assert [len(side) for side in rings.sides()] == [2, 2]
