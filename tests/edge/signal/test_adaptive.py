"""Adaptive control on the box, in front of the virtual cabinet: what it asks for, and when it keeps silent."""

from __future__ import annotations

import random
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgiao.cli.edge_chooser import HorizonChooser
from nutgiao.edge.perception import SecondResult
from nutgiao.edge.signal.adaptive import Adaptive, Within
from nutgiao.edge.signal.adaptive_patience import CALLED_S, QUEUED_S
from nutgiao.edge.signal.adaptive_turns import Trail, TurnShares
from nutgiao.edge.signal.health import BLIND_S
from nutgiao.edge.snapshot import Snapshot
from nutgiao.models.contracts.controller import CabinetStatus, StageCall
from nutgiao.models.contracts.plan import SignalPlan, local_plan
from nutgiao.models.contracts.site import Site, site_hash
from nutgiao.models.contracts.step_guard import StepGuard
from nutgiao.models.contracts.timeline import INDICATIONS
from nutgiao.models.contracts.words import CLASS_CODE, ControlMode, ControlSource, Indication, VehicleClass
from nutgiao.models.queueing.junction.seen import Seen, Showing
from nutgiao.models.queueing.junction.site import site_tables
from nutgiao.models.queueing.junction.tables import I4
from nutgiao.simulation.cabinet import Cabinet
from tests.support.crossroads import NOON_S
from tests.support.sites import shipped

CODES = {indication: code for code, indication in INDICATIONS.items()}
MAIN, LEFT, SIDE = 0, 1, 2
Queue = dict[str, int]


class Fancy:
    """Chooses as a test says."""

    def __init__(self, stage: int = 0) -> None:
        self.stage = stage
        self.seen: Seen | None = None

    def choose(self, seen: Seen, showing: Showing, within: Within | None) -> I4:
        self.seen = seen
        return np.array([self.stage], np.int32)


def snapshot(site: Site, camera: str, time_s: float, queues: Queue) -> Snapshot:
    """Motorcycles that stand in lanes, one behind the other, as one camera sees them."""
    approach = next(one for one in site.cameras if one.id == camera).approaches[0]
    lanes = [lane.id for lane in site.approach(approach).lanes]
    stand = [(lane, place) for lane in lanes for place in range(queues.get(lane, 0))]
    n = len(stand)
    return Snapshot(
        camera=camera, time_s=time_s, ids=tuple(f"{lane}-{place}" for lane, place in stand),
        numbers=np.arange(n), boxes_px=np.zeros((n, 4), np.float32),
        classes=np.full(n, CLASS_CODE[VehicleClass.MOTORCYCLE], np.int8), speed_mps=np.zeros(n),
        x_m=np.array([1.0 + 2.3 * place for _, place in stand]), y_m=np.ones(n),
        approaches=(approach,) * n, lanes=tuple(lane for lane, _ in stand), queued=np.ones(n, np.bool_),
        coasting=np.zeros(n, np.bool_),
    )  # fmt: skip


class Corner:
    """A junction of the demo: its cabinet, the box's adaptive control, and a guard of our own over every second."""

    def __init__(self, name: str = "demo-j2", chooser: object = None, begin_s: int = NOON_S) -> None:
        self.site, self.now_s = shipped(name), begin_s
        assert self.site.signals is not None
        self.signals, tables = self.site.signals, site_tables(self.site)
        self.chooser = chooser or HorizonChooser(tables)
        self.adaptive = Adaptive(self.site, tables, self.chooser)  # type: ignore[arg-type]
        self.plan = local_plan(self.site.id, self.signals, site_hash(self.site), self.signals.time_of_day[1])
        self.cabinet = Cabinet(self.signals, self.plan, begin_s)
        self.judge = StepGuard(self.signals.groups, self.signals.intergreens, second=begin_s)
        self.queues: Queue = {}
        self.blind: set[str] = set()
        self.shown: list[CabinetStatus] = []
        self.call: StageCall | None = None
        self.second(runs=False)

    def second(
        self, *, runs: bool = True, plan: SignalPlan | None = None, lost: bool = False, unheard: bool = False
    ) -> CabinetStatus:
        status = self.cabinet.tick(self.now_s)
        self.judge.step([CODES[one] for one in status.groups])
        self.shown.append(status)
        cameras = [camera.id for camera in self.site.cameras if camera.id not in self.blind]
        seen = {camera: snapshot(self.site, camera, float(self.now_s), self.queues) for camera in cameras}
        self.adaptive.see(float(self.now_s), None if unheard else status, SecondResult((), (), (), seen))
        self.call = self.adaptive.call(float(self.now_s), status, plan) if runs and not unheard else None
        if self.call is not None and not lost:
            self.cabinet.call(self.call)
        self.now_s += 1
        return status

    def run(self, seconds: int, **how: object) -> None:
        for _ in range(seconds):
            self.second(**how)  # type: ignore[arg-type]

    def greens(self, group: str) -> str:
        k = [one.id for one in self.signals.groups].index(group)
        return "".join("G" if status.groups[k] is Indication.GREEN else "r" for status in self.shown)

    def longest_red_s(self, group: str, since: int = 0) -> int:
        return max(len(red) for red in self.greens(group)[since:].split("G"))


def test_the_street_that_waits_gets_green_and_keeps_it() -> None:
    corner = Corner()
    corner.run(60, runs=False)
    corner.queues = {"south_1": 12, "south_2": 12}
    corner.run(60)
    assert corner.shown[-1].source is ControlSource.ADAPTIVE
    assert corner.greens("side")[-15:] == "G" * 15


def test_what_was_wished_but_did_not_come_true_is_not_believed() -> None:
    corner = Corner(chooser=Fancy(SIDE))
    corner.run(200, lost=True)  # every call gets lost: the plan runs, and the box sees it
    assert corner.shown[-1].source is ControlSource.TIME_OF_DAY
    corner.run(150)
    assert corner.shown[-1].source is ControlSource.ADAPTIVE


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32))
def test_it_begins_and_ends_at_any_second_and_what_it_calls_for_is_what_the_cabinet_does(seed: int) -> None:
    draw = random.Random(seed)
    fancy = Fancy()
    corner = Corner(draw.choice(["demo-j1", "demo-j2"]), chooser=fancy)
    stages = len(corner.signals.stages)
    while len(corner.shown) < 900:
        corner.run(draw.randint(1, 80), runs=False)
        lost = True
        for _ in range(draw.randint(1, 200)):
            if draw.random() < 0.05:
                fancy.stage = draw.randrange(stages)
            before, called, came = corner.shown[-1], corner.call, not lost
            lost = draw.random() < 0.1
            status = corner.second(lost=lost)
            stood = set(corner.signals.stages[before.stage].groups)
            if came and called is not None and called.stage != before.stage and green(corner, before) == stood:
                assert green(corner, status) != stood  # the change that was called for has begun: both copies agree
    assert corner.shown[-1].source is not ControlSource.FLASH


def green(corner: Corner, status: CabinetStatus) -> set[str]:
    groups = zip(corner.signals.groups, status.groups, strict=True)
    return {group.id for group, shown in groups if shown is Indication.GREEN}


@pytest.mark.parametrize(("name", "more_s"), [("demo-j1", 2), ("demo-j2", 30)])
def test_a_crossing_whose_button_is_pressed_is_served_however_full_the_street_is(name: str, more_s: int) -> None:
    corner = Corner(name, chooser=Fancy(MAIN))
    corner.run(40)
    begin = len(corner.shown)
    corner.cabinet.press(["walk_main"])
    corner.run(CALLED_S + 60)
    assert corner.longest_red_s("walk_main", begin) <= CALLED_S + more_s  # whose longest red is nearer goes first


def test_a_status_that_gets_lost_now_and_then_does_not_make_the_wait_at_a_crossing_begin_anew() -> None:
    corner = Corner("demo-j1", chooser=Fancy(MAIN))
    corner.run(40)
    corner.cabinet.press(["walk_main"])
    waits_s = corner.adaptive._patience._waits_s
    crossing = [group.id for group in corner.signals.groups].index("walk_main")
    for second in range(1, 31):
        corner.second(unheard=second % 7 == 6)
        assert waits_s[crossing] == second


def test_nobody_who_is_seen_to_wait_waits_for_ever() -> None:
    corner = Corner(chooser=Fancy(MAIN))
    corner.queues = {"north_2": 1, "west_3": 1}
    corner.run(900)
    for group in ("side", "main_left"):
        assert corner.longest_red_s(group, 100) <= QUEUED_S + 30


def test_who_is_not_seen_is_served_within_the_site_s_longest_red() -> None:
    corner = Corner(chooser=Fancy(MAIN))
    corner.run(900)
    assert corner.longest_red_s("side") <= 150
    assert corner.longest_red_s("walk_main") <= 150


def test_without_a_picture_of_an_approach_it_is_not_ready_and_says_which_camera() -> None:
    corner = Corner()
    corner.run(20)
    assert corner.adaptive.ready(float(corner.now_s)) == ""
    corner.blind = {"cam_north"}
    corner.run(int(BLIND_S) + 2)
    assert corner.adaptive.ready(float(corner.now_s)) == "no picture from camera cam_north"
    assert corner.call is None
    corner.blind = set()
    corner.run(30)
    assert corner.call is not None


def test_a_controller_that_is_silent_or_flashes_is_not_asked_for_stages() -> None:
    corner = Corner()
    corner.run(20)
    assert corner.adaptive.ready(corner.now_s + 3.0) == "the controller is silent"
    flashing = msgspec.structs.replace(
        corner.shown[-1], source=ControlSource.FLASH,
        groups=(Indication.FLASHING_AMBER,) * len(corner.signals.groups),
    )  # fmt: skip
    corner.adaptive.see(float(corner.now_s), flashing, SecondResult((), (), (), {}))
    assert corner.adaptive.ready(float(corner.now_s)) == "the controller is flashing"
    assert corner.adaptive.call(float(corner.now_s), flashing) is None


def test_conflicting_greens_in_a_status_are_told_and_the_next_good_one_is_believed() -> None:
    corner = Corner()
    corner.run(20)
    every = (Indication.GREEN,) * len(corner.signals.groups)
    corner.adaptive.see(
        float(corner.now_s), msgspec.structs.replace(corner.shown[-1], groups=every), SecondResult((), (), (), {})
    )
    assert corner.adaptive.ready(float(corner.now_s)) == "the lamps break a rule"
    corner.run(30)
    assert corner.adaptive.ready(float(corner.now_s)) == ""
    assert corner.call is not None


def test_only_the_camera_that_is_relied_on_must_deliver() -> None:
    site = shipped("demo-j2")
    spare = msgspec.structs.replace(site.cameras[0], id="spare")
    corner, tables = Corner(), site_tables(site)
    more = msgspec.structs.replace(site, cameras=(*site.cameras, spare))
    corner.adaptive = Adaptive(more, tables, HorizonChooser(tables))
    corner.run(20)
    assert corner.adaptive.ready(float(corner.now_s)) == ""


def test_a_renewal_of_the_plan_goes_on_with_the_same_horizon() -> None:
    tables = site_tables(shipped("demo-j2"))
    chooser = HorizonChooser(tables)
    corner = Corner(chooser=chooser)
    plan = msgspec.structs.replace(corner.plan, mode=ControlMode.CYCLE)
    corner.run(5, plan=plan)
    horizon = chooser._horizon
    corner.run(1, plan=msgspec.structs.replace(plan, id="next", revision=9, valid_from_s=1.0))
    assert horizon is not None
    assert chooser._horizon is horizon
    corner.run(1, plan=msgspec.structs.replace(plan, offset_s=plan.offset_s + 1))
    assert chooser._horizon is not horizon


def test_a_site_whose_approach_no_camera_watches_is_never_ready() -> None:
    site = shipped("demo-j2")
    blind = msgspec.structs.replace(site, cameras=site.cameras[1:])
    tables = site_tables(blind)
    told = Adaptive(blind, tables, HorizonChooser(tables)).ready(0.0)
    assert told == "no camera watches approach west"


@pytest.mark.parametrize("queues", [{}, {"south_1": 9, "south_2": 9}, {"west_1": 20, "west_2": 20, "north_2": 3}])
def test_within_a_plan_of_mode_cycle_the_cycle_and_the_offset_are_kept(queues: Queue) -> None:
    corner = Corner()
    plan = msgspec.structs.replace(corner.plan, mode=ControlMode.CYCLE)
    corner.queues = queues
    corner.run(1200, plan=plan)
    greens = corner.greens("main")
    boundaries = [k for k in range(2 * plan.cycle_s, 1200) if (NOON_S + k) % plan.cycle_s == plan.offset_s]
    assert len(boundaries) > 8
    assert {greens[k] for k in boundaries} == {"G"}
    for begin, end in pairwise(boundaries):
        assert greens[begin : end + 1].count("rG") == 1
    assert corner.shown[-1].source is ControlSource.CENTRAL


def test_a_plan_that_leaves_no_choice_is_run_as_it_stands() -> None:
    corner = Corner()
    plan = msgspec.structs.replace(corner.plan, mode=ControlMode.CYCLE, green_s=(3, 3, 3), cycle_s=35)
    corner.run(60, plan=plan)
    assert corner.call is None


def test_turns_are_learnt_from_those_who_were_seen_to_turn() -> None:
    tables = site_tables(shipped("demo-j2"))
    turns, lane = TurnShares(tables), tables.lanes["south", "south_2"]
    for k in range(200):
        trail = Trail(lane, 1.0, 5.0)
        left = k % 4 == 0
        for ahead in range(1, 6):
            trail.move(1.0 - 2.5 * ahead, 5.0 + (0.25 * ahead * ahead if left else 0.0))
        turns.learn(trail)
    shares = dict(zip((tables.movements[k].turn for k in tables.links_of(lane)), turns.of(lane).shares(), strict=True))
    assert shares["left"] == pytest.approx(0.25, abs=0.02)  # type: ignore[index]


def test_who_is_not_seen_beyond_the_line_teaches_nothing() -> None:
    tables = site_tables(shipped("demo-j2"))
    turns, lane = TurnShares(tables), tables.lanes["south", "south_2"]
    before = turns.of(lane).shares()
    turns.learn(Trail(lane, 12.0, 5.0))
    assert turns.of(lane).shares() == before
