"""The log of decisions tells what a run really saw, considered, was forbidden, and did."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import libsumo
import pytest

from nutgiao.cli.controllers import HorizonMaker
from nutgiao.models.contracts.decision import Decision, LogHeader, Measure, Outcome, Second
from nutgiao.models.contracts.refusal import Rule
from nutgiao.models.contracts.words import Turn
from nutgiao.models.queueing.junction.seen import Seen
from nutgiao.simulation.control import drive as driving
from nutgiao.simulation.control.decision_log import LogOrder, part_of, read_log
from nutgiao.simulation.control.detection import sight
from nutgiao.simulation.control.drive import Drive, Loop, drive
from nutgiao.simulation.control.lights import read_lights
from nutgiao.simulation.control.overdue import WALK_S
from nutgiao.simulation.variant import Setup
from tests.support.controlled_nets import TellStages, street_with_crossings
from tests.support.junction_nets import EAST_OUT, NORTH_IN, WEST_IN
from tests.support.plan_spaces import busy_street

END_S = 120.0


def logged(setup: Setup, path: Path, controller: Any, **more: Any) -> tuple[Drive, LogHeader, list[Second]]:
    """A run, and what its log tells."""
    found = drive(setup, 1, Loop(controller, seconds=True, log=LogOrder(path, "this run", "some"), **more))
    header, seconds = read_log(path)
    return found, header, list(seconds)


def only(second: Second) -> Decision:
    (decision,) = second.lights
    return decision


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Setup:
    return Setup(replace(busy_street(tmp_path_factory.mktemp("busy")), end_s=END_S))


@pytest.fixture(scope="module")
def watched(street: Setup, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A run under the horizon with its log, and by edge and second how many SUMO had there and how many stood."""
    truth: list[dict[str, tuple[int, int]]] = []

    class Counting:
        def __init__(self, *args: Any) -> None:
            self.sight = sight(*args)

        def look(self) -> Seen:
            there: Counter[str] = Counter()
            stands: Counter[str] = Counter()
            for name in libsumo.vehicle.getIDList():
                edge = libsumo.vehicle.getRoadID(name)
                there[edge] += 1
                stands[edge] += libsumo.vehicle.getSpeed(name) < 0.5
            assert not libsumo.simulation.getPendingVehicles()
            truth.append({edge: (stands[edge], there[edge]) for edge in (WEST_IN, NORTH_IN)})
            return self.sight.look()

    path = tmp_path_factory.mktemp("log") / "decisions" / "seed-1.jsonl.gz"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(driving, "sight", Counting)
        return *logged(street, path, HorizonMaker(), more_stages=6), truth


def test_it_counts_who_stands_and_who_comes_as_sumo_does(watched: Any) -> None:
    _, header, seconds, truth = watched
    links = header.lights[0].links
    told = []
    for second in seconds:
        stands, there = Counter({WEST_IN: 0, NORTH_IN: 0}), Counter({WEST_IN: 0, NORTH_IN: 0})
        for row in only(second).seen:
            stands[links[row.link].origin] += row.stand
            there[links[row.link].origin] += row.stand + row.come
        told.append({edge: (stands[edge], there[edge]) for edge in (WEST_IN, NORTH_IN)})
    assert told == truth
    assert max(there for one in truth for _, there in one.values()) > 3


def test_what_is_done_is_what_costs_least(watched: Any) -> None:
    begun = 0
    for one in map(only, watched[2]):
        if not one.options:
            continue
        best = one.options[0]
        assert best.figure == min(option.figure for option in one.options)
        assert one.wish == (best.stage if best.hold_s == 0.0 else one.stage)
        begun += one.outcome is Outcome.BEGINS
    assert begun > 4


def test_each_second_it_tells_what_the_lamps_showed(watched: Any) -> None:
    found, header, seconds, _ = watched
    assert [second.at_s for second in seconds] == [float(n) for n in range(int(END_S))]
    shown = [-1 if one.then_coming >= 0 else one.then for one in map(only, seconds)]
    assert tuple(shown) == found.shown["A0"]
    for one in map(only, seconds):
        if one.then_coming < 0:
            assert one.lamps == header.lights[0].stages[one.then]
        if one.coming >= 0:
            assert (one.outcome, one.options) == (Outcome.CHANGE_RUNS, ())


def test_the_header_tells_which_run_it_is_and_who_obeys_each_letter(watched: Any) -> None:
    _, header, _, _ = watched
    asked = (header.scenario, header.controller, header.detection, header.seed, header.run)
    assert asked == ("busy", "some", "perfect", 1, "this run")
    assert (header.measure, header.looks_s, header.begin_s, header.end_s) == (Measure.DELAY, 60.0, 0.0, END_S)
    ways = {(one.arm, one.turn): (one.origin, one.target) for one in header.lights[0].links}
    assert ways["w", Turn.THROUGH] == (WEST_IN, EAST_OUT)
    assert ways["n", Turn.RIGHT] == (NORTH_IN, "A0left0")
    assert len(ways) == 12


def test_a_run_that_is_logged_goes_as_one_that_is_not(street: Setup, watched: Any) -> None:
    found = watched[0]
    alone = drive(street, 1, Loop(HorizonMaker(), seconds=True, more_stages=6))
    assert (alone.shown, alone.switches) == (found.shown, found.switches)
    assert replace(alone.trial, cpu_s=0.0) == replace(found.trial, cpu_s=0.0)


def test_what_the_guard_refused_is_told_with_rule_reason_and_cure(
    street: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hasty(*args: Any) -> Any:
        lights = read_lights(*args)
        return replace(lights, changes=dict.fromkeys(lights.changes, ()))

    monkeypatch.setattr(driving, "read_lights", hasty)
    _, header, seconds = logged(street, tmp_path / "log", TellStages((0,) * 20 + (1,)))
    before, after = only(seconds[19]), only(seconds[20])
    assert (before.outcome, before.refused) == (Outcome.STAYS, ())
    assert (after.outcome, after.wish, after.then) == (Outcome.REFUSED, 1, 0)
    assert {one.rule for one in after.refused} & {Rule.INTERGREEN, Rule.AMBER}
    assert all(one.reason and one.cure for one in after.refused)
    assert header.measure is Measure.NONE


def test_a_wish_within_the_least_green_is_told_as_such(street: Setup, tmp_path: Path) -> None:
    _, _, seconds = logged(street, tmp_path / "log", TellStages((1,)), least_green_s=7.0)
    outcomes = [only(second).outcome for second in seconds[:9]]
    assert outcomes == [Outcome.LEAST_GREEN] * 7 + [Outcome.BEGINS, Outcome.CHANGE_RUNS]


def test_who_is_overdue_is_told_with_the_stage_he_gets(tmp_path: Path) -> None:
    walkers = Setup(replace(street_with_crossings(tmp_path), end_s=110.0))
    _, header, seconds = logged(walkers, tmp_path / "log", TellStages((0,)))
    late = [(second.at_s, only(second)) for second in seconds if only(second).late is not None]
    assert late
    _, first = late[0]
    assert first.late is not None
    name = header.lights[0].links[first.late.link]
    assert name is not None
    assert name.turn is None
    assert first.late.red_s == first.late.most_s == WALK_S
    assert (first.wish, first.outcome, first.then_coming) == (0, Outcome.BEGINS, first.late.stage)
    assert header.lights[0].stages[first.late.stage][first.late.link] in "Gg"
    assert first.late.link in {row.link for row in first.seen}


def test_a_run_that_breaks_off_leaves_what_it_did_so_far(
    street: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Breaks:
        def check(self, _: str) -> tuple[str, ...]:
            return ()

        def step(self, _: str) -> None:
            if libsumo.simulation.getTime() >= 30.0:
                raise KeyboardInterrupt

    monkeypatch.setattr(driving, "guards", lambda *_: {0: Breaks()})
    path = tmp_path / "log.gz"
    with pytest.raises(KeyboardInterrupt):
        logged(street, path, TellStages((0,)))
    assert not path.exists()
    _, seconds = read_log(part_of(path))
    assert [second.at_s for second in seconds] == [float(n) for n in range(31)]


def test_a_log_that_cannot_be_written_does_not_end_the_run(street: Setup, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    order = LogOrder(tmp_path / "file" / "log.gz", "", "some")
    assert drive(street, 1, Loop(TellStages((0,)), log=order)).trial.scheduled > 0
