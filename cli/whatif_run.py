"""A what-if study: runs of the unchanged and the changed scenario on the same seeds, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nutgiao.cli.charts import window_s
from nutgiao.cli.compare import beside_delay, both_sides, delay_verdict
from nutgiao.models.contracts.errors import SimulationFailed
from nutgiao.simulation.changes import Change, DemandChange
from nutgiao.simulation.setup_runs import Runs
from nutgiao.simulation.signal_programs import controlled_lanes
from nutgiao.simulation.time_space import Corridor, TimeSpace
from nutgiao.simulation.trial import Trial
from nutgiao.simulation.variant import Pair

FORMAT = 1
BASE, CHANGED = "unchanged", "changed"


@dataclass(slots=True)
class Study:
    """What came out.

    Attributes:
        changes: that were asked for.
        pair: what was compared.
        seeds: of SUMO.
        trials: `BASE` or `CHANGED` to seed to figures.
        corridor: the busiest way through lights, if there is one.
        tracks: `BASE` or `CHANGED` to who was where on it, on the first seed.
        approaches: edges that end at lights.
        runs: what was made and what failed.
        wall_s: seconds by the clock.
        messages: of the cache.
    """

    changes: tuple[Change, ...]
    pair: Pair
    seeds: tuple[int, ...]
    trials: dict[str, dict[int, Trial]]
    corridor: Corridor | None
    tracks: dict[str, TimeSpace]
    approaches: tuple[str, ...]
    runs: Runs
    wall_s: float = 0.0
    messages: list[str] = field(default_factory=list)

    @property
    def pairs(self) -> list[tuple[Trial, Trial]]:
        """Runs of both scenarios on the same seed."""
        before, after = self.trials[BASE], self.trials[CHANGED]
        return [(before[seed], after[seed]) for seed in self.seeds if seed in before and seed in after]


def study(pair: Pair, changes: Sequence[Change], seeds: Sequence[int], runs: Runs, clock: Callable[[], float]) -> Study:
    """Makes all runs.

    Args:
        pair: what is compared.
        changes: that made it.
        seeds: of SUMO.
        runs: makes them.
        clock: seconds.

    Raises:
        SimulationFailed: if no run of the unchanged scenario comes to its end.
    """
    began_s = clock()
    setups = {BASE: pair.base, CHANGED: pair.changed}
    trials = runs.trials(setups, seeds)
    if not trials[BASE]:
        raise SimulationFailed(f"the unchanged scenario does not run: {runs.problems[0]}")
    approaches = tuple(sorted({lane.rpartition("_")[0] for lane in controlled_lanes(pair.base.scenario)}))
    corridor, tracks = None, {}
    if approaches:
        first = min(trials[BASE])
        corridor = runs.corridor(pair.base, first)
        if corridor is not None:
            tracks = runs.tracks(
                setups, first, corridor, window_s(list(trials[BASE].values()), pair.base.scenario.begin_s)
            )
    found = Study(tuple(changes), pair, tuple(seeds), trials, corridor, tracks, approaches, runs)
    found.wall_s = clock() - began_s
    return found


def summary_body(found: Study) -> dict[str, Any]:
    """What ``summary.json`` says; `README.md` of the simulation tells its fields."""
    pair, runs = found.pair, found.runs
    before = found.trials[BASE]
    barred = pair.stranded
    return {
        "format": FORMAT,
        "scenario": pair.base.scenario.name,
        "changes": [{"change": str(one), "words": one.words} for one in found.changes],
        "verdict": verdict(found),
        **both_sides(before, found.trials[CHANGED], pair.class_of, (BASE, CHANGED)),
        "no_other_way": None
        if barred is None
        else {
            "vehicles": float(np.mean([one.not_counted for one in before.values()])),
            "elements": len(barred.ids),
            "examples": list(barred.examples),
            "unchecked": barred.unchecked,
        },
        "notes": list(pair.notes),
        "messages": found.messages,
        "failed_runs": runs.problems,
        "seeds": list(found.seeds),
        "spent": {"sumo_runs": runs.made, "from_cache": runs.kept, "wall_s": found.wall_s},
    }


def verdict(found: Study) -> str:
    """What changed, in words, and whether that is more than chance."""
    what = ", ".join(one.words for one in found.changes) or "no change"
    if not found.pairs:
        return f"With {what}: no run of the changed scenario came to its end, so nothing can be said."
    return " ".join([delay_verdict(f"With {what}", found.pairs), *_beside(found)])


def _beside(found: Study) -> list[str]:
    """Sentences on jams, collisions, and vehicles that are missing."""
    said = beside_delay(found.pairs, "without the change")
    barred = found.pair.stranded
    if barred is not None and barred.ids:
        count = np.mean([one.not_counted for one, _ in found.pairs])
        said.append(f"Vehicles without another way, which are not counted: {count:.0f} ({barred.examples[0]}).")
    if barred is not None and not any(isinstance(one, DemandChange) for one in found.changes):
        missing = np.mean([a.scheduled - b.scheduled for a, b in found.pairs])
        if missing >= 0.5:
            said.append(f"SUMO takes out those who wait to enter where it becomes closed: {missing:.0f}.")
    return said
