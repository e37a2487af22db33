"""Steps down and up the ladder: at once or after a short patience, and up again only after the hold-off."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgiao.edge.signal.rungs import BOUNDS, RESTS_ON, RETURNING, Ground, Rungs
from nutgiao.models.contracts.words import ControlSource

CENTRAL, CABINET = ControlSource.CENTRAL, ControlSource.CABINET
NEXT_BELOW = {
    Ground.CONTROLLER: CABINET,
    Ground.CLOCK: ControlSource.ADAPTIVE,
    Ground.PLAN: ControlSource.TIME_OF_DAY,
    Ground.LINK: ControlSource.LAST_VALID,
    Ground.CENTRE: ControlSource.LAST_VALID,
}


def run(rungs: Rungs, begin_s: int, seconds: int, *gone: Ground) -> list[ControlSource]:
    shown = []
    for second in range(begin_s, begin_s + seconds):
        rungs.second(float(second), {ground: f"no {ground}" for ground in gone})
        shown.append(rungs.rung)
    return shown


@pytest.mark.parametrize("ground", list(NEXT_BELOW))
def test_a_lost_ground_leads_to_the_best_rung_that_does_not_need_it_and_back_after_the_hold_off(ground: Ground) -> None:
    rungs, bounds = Rungs(), BOUNDS[ground]
    assert set(run(rungs, 0, 40)) == {CENTRAL}
    patience, hold_off = int(bounds.patience_s), int(bounds.hold_off_s)
    down = run(rungs, 40, 100, ground)
    assert down == [CENTRAL] * patience + [NEXT_BELOW[ground]] * (100 - patience)
    assert rungs.reason == f"no {ground}"
    up = run(rungs, 140, 100)
    assert up == [NEXT_BELOW[ground]] * hold_off + [CENTRAL] * (100 - hold_off)
    assert rungs.reason == ""


def test_without_clock_and_sight_the_first_plan_runs_and_without_controller_nobody_is_asked() -> None:
    rungs = Rungs()
    assert run(rungs, 0, 10, Ground.CLOCK)[-1] is ControlSource.FIXED, "it has not shown yet that it can see"
    assert run(rungs, 10, 30, Ground.CLOCK)[-1] is ControlSource.ADAPTIVE
    assert run(rungs, 40, 10, Ground.CLOCK, Ground.SIGHT)[-1] is ControlSource.FIXED
    assert run(rungs, 50, 10, *Ground)[-1] is CABINET
    assert rungs.reason.count(";") == len(Ground) - 1, "every reason is told"


def test_flicker_within_the_patience_moves_nobody() -> None:
    rungs = Rungs()
    for second in range(200):
        rungs.second(float(second), {Ground.LINK: "away"} if second % 6 < 5 else {})
        assert rungs.rung is CENTRAL
    assert rungs.changes == {CENTRAL: 1}


def test_a_break_in_the_hold_off_starts_it_anew_and_is_told() -> None:
    rungs = Rungs()
    run(rungs, 0, 10, Ground.LINK)
    run(rungs, 10, 29)
    assert rungs.reason == RETURNING[Ground.LINK]
    run(rungs, 39, 1, Ground.LINK)
    assert set(run(rungs, 40, 30)) == {ControlSource.LAST_VALID}
    assert run(rungs, 70, 1) == [CENTRAL]


def test_each_change_tells_both_rungs_and_the_reason_and_is_counted() -> None:
    rungs = Rungs()
    told = [rungs.second(float(k), {Ground.CLOCK: "the clock has jumped"} if k == 35 else {}) for k in range(110)]
    assert [str(change) for change in told if change] == [
        "cabinet -> central",
        "central -> adaptive: the clock has jumped",
        "adaptive -> central",
    ]
    assert [change.down for change in told if change] == [False, True, False]
    assert rungs.changes == {CENTRAL: 2, ControlSource.ADAPTIVE: 1}


def firm(away: list[bool], second: int, patience: int, hold_off: int, at_start: bool) -> bool:
    """Whether a ground counts, read off its whole history: the last thing that happened to it decides."""
    for t in range(second, -1, -1):
        if t >= patience and all(away[t - patience : t + 1]):
            return False
        if t >= hold_off and not any(away[t - hold_off : t + 1]):
            return True
    return at_start


spells = st.lists(st.tuples(st.frozensets(st.sampled_from(list(Ground))), st.integers(1, 70)), max_size=12)


@settings(max_examples=200, deadline=None)
@given(spells=spells)
def test_the_rung_is_the_best_whose_grounds_count_however_they_come_and_go(
    spells: list[tuple[frozenset[Ground], int]],
) -> None:
    seconds = [gone for gone, length in spells for _ in range(length)]
    rungs, before = Rungs(), CABINET
    order = list(RESTS_ON)
    for second, gone in enumerate(seconds):
        change = rungs.second(float(second), dict.fromkeys(gone, "gone"))
        away = {ground: [ground in one for one in seconds[: second + 1]] for ground in Ground}
        counts = {
            ground: firm(away[ground], second, int(one.patience_s), int(one.hold_off_s), ground is not Ground.SIGHT)
            for ground, one in BOUNDS.items()
        }
        assert rungs.rung is next(rung for rung in order if all(counts[ground] for ground in RESTS_ON[rung]))
        for ground in RESTS_ON[rungs.rung]:
            patience = int(BOUNDS[ground].patience_s)
            assert not all(away[ground][-patience - 1 :]) or second < patience, "stands on what is gone"
        assert (change is None) == (rungs.rung is before)
        assert bool(rungs.reason) == (rungs.rung is not CENTRAL)
        before = rungs.rung
