"""Runs under a controller and under the shipped control on the same seeds, and what they say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from nutgiao.cli.controllers import kind_of
from nutgiao.models.contracts.errors import SimulationFailed
from nutgiao.simulation.control.drive import Drive, Loop, drive, driven_lights, loop
from nutgiao.simulation.control.lights import read_lights
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.setup_runs import Runs, run_setup
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
    """

    controller: str
    detection: str
    rule: ChangeRule
    least_green_s: int
    more_stages: int | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """What is run.

    Attributes:
        wish: asked for.
        setup: the scenario.
        how: its lights are driven.
        stages: driven light to its green stages.
        class_of: vehicle type to SUMO's class.
        approaches: edges that end at lights.
        notes: what a reader has to know.
    """

    wish: Wish
    setup: Setup
    how: Loop
    stages: dict[str, tuple[str, ...]]
    class_of: dict[str, str]
    approaches: tuple[str, ...]
    notes: tuple[str, ...]


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
    """

    task: Task
    seeds: tuple[int, ...]
    before: dict[int, Trial]
    drives: dict[int, Drive]
    runs: Runs
    stopped: bool
    wall_s: float = 0.0
    messages: list[str] = field(default_factory=list)

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
        ConfigError: if the controller or the detection is unknown, or no light can be driven.
    """
    kind = kind_of(wish.controller)
    more = kind.more_stages if wish.more_stages is None else wish.more_stages
    how = loop(
        kind.make, [kind.module], wish.detection, rule=wish.rule, least_green_s=float(wish.least_green_s),
        more_stages=more,
    )  # fmt: skip
    base = make_pair(scenario, (), folder)
    lights = read_lights(scenario, wish.rule, how.least_green_s, how.more_stages)
    driven = driven_lights(scenario, lights)
    stages = {lights.ids[light]: tuple(lights.states[stage] for stage in lights.stages_of(light)) for light in driven}
    notes = list(base.notes)
    kept = [one for one in lights.ids if one not in stages]
    if kept:
        notes.append(f"keep their shipped program, for want of two green stages: {', '.join(kept)}")
    approaches = tuple(sorted({lane.rpartition("_")[0] for lane in controlled_lanes(scenario)}))
    return Task(wish, base.base, how, stages, base.class_of, approaches, tuple(notes))


def compare(task: Task, seeds: Sequence[int], runs: Runs, clock: Callable[[], float]) -> Controlled:
    """Makes all runs; Ctrl-C leaves those that are done.

    Args:
        task: what is run.
        seeds: of SUMO.
        runs: makes them.
        clock: seconds.

    Raises:
        KeyboardInterrupt: after Ctrl-C, if no seed is done.
        SimulationFailed: if no run under the shipped control comes to its end.
    """
    began_s = clock()
    wanted = []
    for seed in seeds:
        how = replace(task.how, seconds=seed == seeds[0])  # one run is enough for the picture
        wanted += [
            runs.wanted(f"shipped control, seed {seed}", "trial", Trial, run_setup, task.setup, seed),
            runs.wanted(f"{task.wish.controller}, seed {seed}", "drive", Drive, drive, task.setup, seed, how),
        ]
    stopped = False
    try:
        values = runs.results(wanted)
    except KeyboardInterrupt:
        stopped, values = True, runs.known(wanted)
    before = {seed: one for seed, one in zip(seeds, values[::2], strict=True) if one is not None}
    drives = {seed: one for seed, one in zip(seeds, values[1::2], strict=True) if one is not None}
    if stopped and not set(before) & set(drives):
        raise KeyboardInterrupt
    if not before:
        raise SimulationFailed(f"the scenario does not run: {runs.problems[0]}")
    return Controlled(task, tuple(seeds), before, drives, runs, stopped, clock() - began_s)
