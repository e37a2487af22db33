"""Runs under a controller and under the shipped control on the same seeds, and what they say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from nutgiao.cli.control_frames import frames_of
from nutgiao.cli.control_priority import MODULE as PRIORITY_MODULE
from nutgiao.cli.control_priority import PriorityMaker, radio_of
from nutgiao.cli.controllers import kind_of, mode_of
from nutgiao.models.contracts.errors import SimulationFailed
from nutgiao.models.contracts.words import ControlMode
from nutgiao.simulation.control.decision_log import LogOrder, logged_run
from nutgiao.simulation.control.drive import Drive, Loop, driven_lights, loop
from nutgiao.simulation.control.drive_alone import drive_alone
from nutgiao.simulation.control.lights import read_lights
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.setup_runs import Runs, Wanted, run_setup
from nutgiao.simulation.signal_programs import controlled_lanes
from nutgiao.simulation.stage_order import ChangeRule
from nutgiao.simulation.trial import Trial
from nutgiao.simulation.variant import Setup, make_pair


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for.

    Attributes:
        controller: its name.
        detection: name of what it sees by.
        rule: amber and all-red.
        least_green_s: shortest green.
        more_stages: further green stages of each light; None for as many as the controller usually has.
        mode: how far the lights may leave their shipped programs; None for the controller's usual one.
        priority: vehicle classes or types that ask for priority, with commas; None for nobody.
    """

    controller: str
    detection: str
    rule: ChangeRule
    least_green_s: int
    more_stages: int | None = None
    mode: str | None = None
    priority: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """What is run.

    Attributes:
        wish: asked for.
        setup: the scenario.
        how: its lights are driven.
        mode: how far they may leave their shipped programs.
        stages: driven light to its green stages.
        class_of: vehicle type to SUMO's class.
        approaches: edges that end at lights.
        notes: what a reader has to know.
        unheard: the same with a controller that hears no requests for priority; None if nobody asks.
    """

    wish: Wish
    setup: Setup
    how: Loop
    mode: ControlMode
    stages: dict[str, tuple[str, ...]]
    class_of: dict[str, str]
    approaches: tuple[str, ...]
    notes: tuple[str, ...]
    unheard: Loop | None = None


@dataclass(slots=True)
class Controlled:
    """What came out.

    Attributes:
        task: what was run.
        seeds: of SUMO.
        before: seed to a run under the shipped control.
        drives: seed to a run under the controller.
        runs: what was made and what failed.
        stopped: whether somebody stopped it before all were done.
        wall_s: seconds by the clock.
        messages: of the cache.
        unheard: seed to a run under the controller that hears no requests for priority.
    """

    task: Task
    seeds: tuple[int, ...]
    before: dict[int, Trial]
    drives: dict[int, Drive]
    runs: Runs
    stopped: bool
    wall_s: float = 0.0
    messages: list[str] = field(default_factory=list)
    unheard: dict[int, Drive] = field(default_factory=dict)

    @property
    def after(self) -> dict[int, Trial]:
        """Seed to a run under the controller."""
        return {seed: one.trial for seed, one in self.drives.items()}

    @property
    def pairs(self) -> list[tuple[Trial, Trial]]:
        """Runs of both on the same seed."""
        after = self.after
        return [(self.before[seed], after[seed]) for seed in self.seeds if seed in self.before and seed in after]

    @property
    def refused(self) -> dict[str, int]:
        """Light to how many wishes its guard refused, in all runs."""
        return dict(sum((Counter(one.refused) for one in self.drives.values()), Counter()))


def pose(scenario: Scenario, wish: Wish, folder: Path) -> Task:
    """Looks at what is asked for.

    Args:
        scenario: what to run.
        wish: how.
        folder: for files.

    Raises:
        ConfigError: if the controller, its mode or the detection is unknown, no light can be driven, or a program
            that is to be run as it is cannot.
    """
    kind = kind_of(wish.controller)
    mode = mode_of(wish.controller, kind, wish.mode)
    usual = kind.more_stages if mode is ControlMode.FREE else 0
    more = usual if wish.more_stages is None else wish.more_stages
    base = make_pair(scenario, (), folder)
    radio = radio_of(wish.priority, wish.controller, base.class_of)
    made = kind.made(mode, scenario.begin_s)
    heard = made if radio is None else PriorityMaker(made, holds=mode is ControlMode.FREE)
    how = loop(
        heard, [kind.module, *([PRIORITY_MODULE] if radio else ())],
        wish.detection, rule=wish.rule, least_green_s=float(wish.least_green_s), more_stages=more, radio=radio,
    )  # fmt: skip
    lights = read_lights(scenario, wish.rule, how.least_green_s, how.more_stages)
    driven = driven_lights(scenario, lights)
    frames, free = frames_of(lights, mode, scenario.begin_s)
    how = replace(how, in_plan=tuple(frames))
    stages = {lights.ids[light]: tuple(lights.states[stage] for stage in lights.stages_of(light)) for light in driven}
    notes = list(base.notes)
    kept = [one for one in lights.ids if one not in stages]
    if kept:
        notes.append(f"keep their shipped program, for want of two green stages: {', '.join(kept)}")
    notes += [f"light {lights.ids[light]} runs free, not in a plan: {why}" for light, why in free.items()]
    approaches = tuple(sorted({lane.rpartition("_")[0] for lane in controlled_lanes(scenario)}))
    unheard = replace(how, controller=made) if radio else None
    return Task(wish, base.base, how, mode, stages, base.class_of, approaches, tuple(notes), unheard)


def compare(
    task: Task, seeds: Sequence[int], runs: Runs, clock: Callable[[], float], logs: Mapping[int, Path] | None = None
) -> Controlled:
    """Makes all runs; Ctrl-C leaves those that are done.

    Args:
        task: what is run.
        seeds: of SUMO.
        runs: makes them.
        clock: seconds.
        logs: seed to the file for its log of decisions.

    Raises:
        KeyboardInterrupt: after Ctrl-C, if no seed is done.
        SimulationFailed: if no run under the shipped control comes to its end.
    """
    began_s = clock()
    wanted = []
    for seed in seeds:
        how = replace(task.how, seconds=seed == seeds[0])  # one run is enough for the picture
        driven = runs.wanted(f"{task.wish.controller}, seed {seed}", "drive", Drive, drive_alone, task.setup, seed, how)
        if logs and seed in logs:
            driven = _logged(driven, how, logs[seed], task.wish.controller)
        wanted += [runs.wanted(f"shipped control, seed {seed}", "trial", Trial, run_setup, task.setup, seed), driven]
        if task.unheard is not None:
            what = f"{task.wish.controller} without priority, seed {seed}"
            wanted.append(runs.wanted(what, "drive", Drive, drive_alone, task.setup, seed, task.unheard))
    stopped = False
    try:
        values = runs.results(wanted)
    except KeyboardInterrupt:
        stopped, values = True, runs.known(wanted)
    each = len(wanted) // len(seeds)
    before = {seed: one for seed, one in zip(seeds, values[::each], strict=True) if one is not None}
    drives = {seed: one for seed, one in zip(seeds, values[1::each], strict=True) if one is not None}
    unheard = zip(seeds, values[2::each], strict=True) if task.unheard is not None else ()
    if stopped and not set(before) & set(drives):
        raise KeyboardInterrupt
    if not before:
        raise SimulationFailed(f"the scenario does not run: {runs.problems[0]}")
    return Controlled(
        task, tuple(seeds), before, drives, runs, stopped, clock() - began_s,
        unheard={seed: one for seed, one in unheard if one is not None},
    )  # fmt: skip


def _logged(wanted: Wanted, how: Loop, path: Path, controller: str) -> Wanted:
    """A run that writes its log; one that is kept counts only if its log is there."""
    if logged_run(path) == wanted.key:
        return wanted
    logged = replace(how, log=LogOrder(path, wanted.key, controller))
    return replace(wanted, args=(*wanted.args[:-1], logged), anew=True)
