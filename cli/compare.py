"""Figures of SUMO runs and what is worse in one set of runs than in another on the same seeds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from nutgiao.models.intervals import Interval, interval
from nutgiao.simulation.trial import Trial, jammed_seeds
from nutgiao.simulation.vehicle_kinds import OCCUPANCY

LOSS_S = 2.0
"""Somebody loses if each of his vehicles is delayed by so much more, on every count beyond chance."""

_PLACES = 10


def told(one: Interval) -> dict[str, float | None]:
    """An interval as JSON has it; an infinite one has no ends."""
    return {"mean": one.mean, "low": _finite(one.low), "high": _finite(one.high)}


def person_delay_s(trial: Trial, class_of: Mapping[str, str]) -> float:
    """Mean delay of the persons aboard all vehicles, by the usual occupancy of each class."""
    weights = {name: OCCUPANCY.get(class_of.get(name, "passenger"), 1.0) for name in trial.type_vehicles}
    persons = sum(weights[name] * count for name, count in trial.type_vehicles.items())
    return sum(weights[name] * delay_s for name, delay_s in trial.type_delay_s.items()) / persons


def figures_of(trials: Sequence[Trial], class_of: Mapping[str, str]) -> dict[str, Any]:
    """Delays, stops and safety of runs that differ only by their seed."""
    if not trials:
        return {"seeds": [], "delay_s": None}
    delays = [one.delay_s for one in trials]
    waiting: dict[str, float] = {}
    for one in trials:
        for edge, count in one.never_entered.items():
            waiting[edge] = waiting.get(edge, 0.0) + count / len(trials)
    places = sorted(waiting.items(), key=lambda item: -item[1])
    return {
        "seeds": [one.seed for one in trials],
        "delay_s": told(interval(delays)),
        "person_delay_s": told(interval([person_delay_s(one, class_of) for one in trials])),
        "delay_by_seed_s": delays,
        "worst_seed_delay_s": max(delays),
        "waiting_to_enter_s": float(np.mean([one.depart_delay_s for one in trials])),
        "stops": told(interval([one.stops for one in trials])),
        "scheduled": trials[0].scheduled,
        "arrived": float(np.mean([one.arrived for one in trials])),
        "never_entered": {
            "vehicles": sum(waiting.values()),
            "edges": [{"edge": edge, "vehicles": count} for edge, count in places[:_PLACES]],
        },
        "collisions": sum(one.collisions for one in trials),
        "emergency_brakings": sum(one.emergency_brakings for one in trials),
        "gridlocked_seeds": jammed_seeds(trials),
    }


Sums = Callable[[Trial], dict[str, tuple[float, int]]]
"""Of a run, group to the delay of all its vehicles in seconds and their number."""


def of_edges(trial: Trial) -> dict[str, tuple[float, int]]:
    """Delay and vehicles of each edge."""
    return {edge: (delay_s, trial.edge_vehicles.get(edge, 0)) for edge, delay_s in trial.edge_delay_s.items()}


def of_lines(trial: Trial) -> dict[str, tuple[float, int]]:
    """Delay and vehicles of each line of public transport."""
    return {line: (delay_s, trial.line_vehicles[line]) for line, delay_s in trial.line_delay_s.items()}


def of_classes(class_of: Mapping[str, str]) -> Sums:
    """Delay and vehicles of each of SUMO's classes."""

    def sums(trial: Trial) -> dict[str, tuple[float, int]]:
        found: dict[str, tuple[float, int]] = {}
        for name, count in trial.type_vehicles.items():
            vclass = class_of.get(name, "passenger")
            delay_s, vehicles = found.get(vclass, (0.0, 0))
            found[vclass] = (delay_s + trial.type_delay_s[name], vehicles + count)
        return found

    return sums


def worse_off(
    before: Mapping[int, Trial], after: Mapping[int, Trial], sums: Sums, least_vehicles: float
) -> list[dict[str, Any]]:
    """Groups whose vehicles are delayed more, beyond chance; the worst sum first.

    Args:
        before: seed to run.
        after: seed to run; pairs are made by seed.
        sums: how groups are made.
        least_vehicles: smaller groups are left out.

    Returns:
        Of each: ``name``, ``vehicles`` before, ``before_s`` and ``after_s`` a vehicle, ``worse_s`` with its interval.
    """
    both = [(sums(before[seed]), sums(after[seed])) for seed in before if seed in after]
    if len(both) < 2:
        return []
    found = []
    for name in sorted({name for _, a in both for name in a}):
        old = [b.get(name, (0.0, 0)) for b, _ in both]
        new = [a.get(name, (0.0, 0)) for _, a in both]
        old_s, new_s = ([delay_s / max(1, count) for delay_s, count in side] for side in (old, new))
        vehicles = float(np.mean([count for _, count in old]))
        worse = interval([a - b for a, b in zip(new_s, old_s, strict=True)])
        if vehicles >= least_vehicles and worse.mean >= LOSS_S and worse.low > 0.0:
            found.append(
                {
                    "name": name,
                    "vehicles": vehicles,
                    "before_s": float(np.mean(old_s)),
                    "after_s": float(np.mean(new_s)),
                    "worse_s": told(worse),
                }
            )
    return sorted(found, key=lambda one: -one["worse_s"]["mean"] * one["vehicles"])


def both_sides(
    before: Mapping[int, Trial], after: Mapping[int, Trial], class_of: Mapping[str, str], names: tuple[str, str]
) -> dict[str, Any]:
    """What a ``summary.json`` says of runs without and with what makes the difference.

    Args:
        before: seed to run.
        after: seed to run; pairs are made by seed.
        class_of: vehicle type to SUMO's class.
        names: keys of the figures of both sides.
    """
    pairs = [(before[seed], after[seed]) for seed in sorted(before) if seed in after]
    more = interval([b.delay_s - a.delay_s for a, b in pairs]) if pairs else None
    persons = interval([person_delay_s(b, class_of) - person_delay_s(a, class_of) for a, b in pairs]) if pairs else None
    return {
        "significant": more is not None and more.significant,
        "more_delay_s": {**told(more), "pairs": more.count} if more else None,
        "more_person_delay_s": {**told(persons), "pairs": persons.count} if persons else None,
        **{
            name: figures_of([side[seed] for seed in sorted(side)], class_of)
            for name, side in zip(names, (before, after), strict=True)
        },
        "losers": {
            "edges": worse_off(before, after, of_edges, 10),
            "classes": worse_off(before, after, of_classes(class_of), 1),
            "lines": worse_off(before, after, of_lines, 1),
        },
    }


def delay_verdict(what: str, pairs: Sequence[tuple[Trial, Trial]]) -> str:
    """How delay changes, in words, and whether that is more than chance.

    Args:
        what: makes the difference, such as "With 1.2 times the demand".
        pairs: runs without and with it, on the same seeds; at least one.
    """
    more = interval([b.delay_s - a.delay_s for a, b in pairs])
    base_s = float(np.mean([a.delay_s for a, _ in pairs]))
    if more.count == 1:
        text = f"{what}, delay is {base_s + more.mean:.1f} s a vehicle instead of {base_s:.1f} s on the one seed; "
        return text + "a single pair of runs says nothing about chance."
    ends = f"95 % interval {more.low:+.1f} to {more.high:+.1f} s, {more.count} paired seeds"
    if more.significant:
        word = "rises" if more.mean > 0 else "falls"
        text = f"{what}, delay {word} by {abs(more.mean):.1f} s a vehicle, from {base_s:.1f} to "
        return text + f"{base_s + more.mean:.1f} s: significant ({ends})."
    if more.mean == 0.0 and more.half == 0.0:
        return f"{what}, delay is the same on all {more.count} seeds, {base_s:.1f} s a vehicle."
    text = f"{what}, delay changes by {more.mean:+.1f} s a vehicle from {base_s:.1f} s: not significant "
    return text + f"({ends})."


def beside_delay(pairs: Sequence[tuple[Trial, Trial]], otherwise: str) -> list[str]:
    """Sentences on jams, collisions and vehicles that never get in.

    Args:
        pairs: runs without and with what makes the difference, on the same seeds.
        otherwise: words for those without.
    """
    said = []
    jams = [len(jammed_seeds(side)) for side in zip(*pairs, strict=True)]
    if any(jams):
        said.append(f"The street jams on {jams[1]} of {len(pairs)} seeds ({jams[0]} {otherwise}).")
    crashes = [sum(one.collisions for one in side) for side in zip(*pairs, strict=True)]
    if crashes[1] != crashes[0]:
        said.append(f"SUMO counts {crashes[1]} collisions instead of {crashes[0]}.")
    outside = [float(np.mean([sum(one.never_entered.values()) for one in side])) for side in zip(*pairs, strict=True)]
    if any(outside):
        said.append(f"Vehicles that never get in: {outside[1]:.0f} ({outside[0]:.0f} {otherwise}).")
    return said


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
