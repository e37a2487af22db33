"""Lamps second by second: the expansion against the oracle, and a drawing of a cycle that a person can check."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.models.contracts.plan import cycle_of
from nutgiao.models.contracts.site import Signals
from nutgiao.models.contracts.timeline import AMBER, GREEN, RED, expand, expand_cycle, stage_starts
from tests.support import oracle, strategies
from tests.support.crossroads import crossroads

LETTERS = {RED: "R", GREEN: "G", AMBER: "A"}


def rows(signals: Signals, lamps: np.ndarray) -> dict[str, str]:
    return {g.id: "".join(LETTERS[int(lamp)] for lamp in lamps[:, k]) for k, g in enumerate(signals.groups)}


@given(st.data())
def test_lamps_are_those_of_the_oracle(data: st.DataObject) -> None:
    signals = data.draw(strategies.signals())
    cycles = data.draw(st.lists(strategies.greens(signals), min_size=1, max_size=3))
    told = oracle.shown(signals, cycles)
    assert rows(signals, expand(signals, cycles)) == {
        group.id: "".join(second[group.id] for second in told) for group in signals.groups
    }


@given(st.data())
def test_a_cycle_lasts_as_long_as_its_greens_and_interstages(data: st.DataObject) -> None:
    signals = data.draw(strategies.signals())
    greens = data.draw(strategies.greens(signals))
    assert len(expand_cycle(signals, greens)) == cycle_of(signals, greens)


def test_drawing_of_a_cycle_at_the_crossroads() -> None:
    signals = crossroads().signals
    assert signals is not None
    # m: 10 s green, 3 s amber, 2 s all-red; ps clears 12 s before m: 7 s more than the interstage of 5 s.
    assert rows(signals, expand_cycle(signals, (10, 20))) == {
        "m": "GGGGGGGGGGAAARR" + "R" * 25,
        "s": "R" * 15 + "GGGGGGGGGGGGGGGGGGGGAAARR",
        "pm": "GGGGGRRRRRRRRRR" + "R" * 25,
        "ps": "R" * 15 + "GGGGGGGGGGGGGRRRRRRRRRRRR",
    }


@given(st.data())
def test_each_stage_turns_green_when_stage_starts_says(data: st.DataObject) -> None:
    signals = data.draw(strategies.signals())
    greens = data.draw(strategies.greens(signals, least=8))
    lamps = rows(signals, expand_cycle(signals, greens))
    for stage, start in zip(signals.stages, stage_starts(signals, greens), strict=True):
        for group in signals.groups:
            if group.id in stage.groups and not group.pedestrian:
                assert lamps[group.id][start] == "G"


def test_a_group_of_two_stages_in_a_row_stays_green_between_them() -> None:
    base = crossroads().signals
    assert base is not None
    signals = Signals(
        groups=base.groups[:2],
        stages=(
            type(base.stages[0])(id="a", groups=("m",)),
            type(base.stages[0])(id="b", groups=("m",)),
            type(base.stages[0])(id="c", groups=("s",)),
        ),
        intergreens=base.intergreens[:2],
        time_of_day=base.time_of_day,
    )
    assert rows(signals, expand_cycle(signals, (3, 4, 2)))["m"] == "GGGGGGG" + "AAARR" + "RR" + "RRRRR"
