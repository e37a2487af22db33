"""Priority in a controlled scenario: who asks, what hears it, and what it did to those who asked and to the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from nutgiao.cli.compare import of_classes, of_edges, told, worse_off
from nutgiao.models.contracts.errors import ConfigError
from nutgiao.models.contracts.priority import PriorityVehicle
from nutgiao.models.intervals import interval
from nutgiao.optimizer.control.priority import Prioritised
from nutgiao.optimizer.control.priority_figures import PriorityFigures, PriorityTables
from nutgiao.simulation.control.drive import ControllerMaker, Drive
from nutgiao.simulation.control.lights import Lights
from nutgiao.simulation.control.radio import VEHICLES, Radio, Ride
from nutgiao.simulation.control.stepper import Controller
from nutgiao.simulation.trial import Trial
from nutgiao.simulation.vehicle_kinds import OCCUPANCY

MODULE = __name__
"""Its code, with what it imports, decides what a run with priority is like."""

PERSONS = tuple({VEHICLES[name]: persons for name, persons in reversed(OCCUPANCY.items())}.items())
"""Persons aboard by who asks; of classes that ask alike the first one's: coach as bus, taxi as car."""

_FEW = 10.0
"""Streets with fewer vehicles are not told."""

FIGURES = PriorityFigures(persons=PERSONS)
"""What requests count in a controlled scenario."""


@dataclass(frozen=True, slots=True)
class PriorityMaker:
    """Makes a controller that hears requests.

    Attributes:
        make: makes the one that knows of none.
        figures: what requests count.
        holds: whether green is kept for who is at the line at once; not where a plan says when a green ends.
    """

    make: ControllerMaker
    figures: PriorityFigures = FIGURES
    holds: bool = True

    def __call__(self, lights: Lights) -> Controller:
        """The controller of these lights."""
        light = np.repeat(np.arange(len(lights.ids), dtype=np.int32), np.diff(lights.light_link))
        change_s = float(lights.rule.amber_s + lights.rule.all_red_s)
        tables = PriorityTables(lights.ids, light, lights.link_lane, lights.right, change_s, lights.least_s)
        made = Prioritised(self.make(lights), tables, self.figures)
        made.holds = self.holds
        return made


def radio_of(text: str | None, controller: str, class_of: Mapping[str, str]) -> Radio | None:
    """Who asks for priority.

    Args:
        text: vehicle classes or ids of types, with commas; None for nobody.
        controller: name of the one that is to hear it.
        class_of: vehicle type of the scenario to SUMO's class.

    Raises:
        ConfigError: if the controller does not weigh vehicles, or the scenario has none of these.
    """
    if text is None:
        return None
    kinds = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if controller != "horizon":
        problem = f"{controller} does not weigh vehicles, so none can come first."
        raise ConfigError("control", None, "--priority", problem, "Leave --controller at horizon.")
    there = {*class_of, *class_of.values()}
    lacking = [one for one in kinds if one not in there]
    if lacking or not kinds:
        problem = f"the scenario has no vehicle class or type {', '.join(map(repr, lacking)) or repr(text)}."
        raise ConfigError("control", None, "--priority", problem, f"It has {', '.join(sorted(there))}.")
    return Radio(kinds)


def priority_body(
    radio: Radio, without: Mapping[int, Drive], heard: Mapping[int, Drive], class_of: Mapping[str, str]
) -> dict[str, Any]:
    """What ``summary.json`` says of priority.

    Args:
        radio: who asked.
        without: seed to the same controller that hears nobody.
        heard: seed to the one that does.
        class_of: vehicle type to SUMO's class.
    """
    seeds = [seed for seed in heard if seed in without]
    before, after = {s: without[s].trial for s in seeds}, {s: heard[s].trial for s in seeds}
    records = [one for drive in heard.values() for one in drive.priority]
    asked, others = _split(radio, class_of)
    return {
        "kinds": list(radio.kinds),
        "within_m": radio.within_m,
        "seeds": seeds,
        "requests": len(records),
        "states": dict(sorted(Counter(str(one.state) for one in records).items())),
        "reasons": dict(Counter(_shape(one.reason) for one in records if one.reason).most_common(6)),
        "harm_person_s": float(sum(one.harm_person_s for one in records)),
        "worst_harm_person_s": max((one.harm_person_s for one in records), default=0.0),
        "vehicles": [_vehicles(kind, seeds, without, heard) for kind in _kinds(heard)],
        "asked_delay_s": _delay(asked, before, after),
        "others_delay_s": _delay(others, before, after),
        "worst_street": _worst_street(before, after),
        "worst_others": [
            *worse_off(before, after, of_edges, 10),
            *worse_off(before, after, of_classes(class_of), 1),
        ],
        "refused_wishes": sum(sum(one.refused.values()) for one in heard.values()),
    }


def priority_lines(body: Mapping[str, Any]) -> list[str]:
    """The same in sentences."""
    lines = []
    for one in body["vehicles"]:
        lines.append(_ride_line(one))
    for name, words in (("asked_delay_s", "those who ask"), ("others_delay_s", "all others")):
        one = body[name]
        if one is not None:
            ends = "" if one["low"] is None else f", 95 % interval {one['low']:+.1f} to {one['high']:+.1f} s"
            lines.append(f"delay of {words}: {one['without']:.1f} s without, {one['with']:.1f} s with priority{ends}")
    worst = body["worst_street"]
    if worst is not None and worst["with_s"] > worst["without_s"]:
        lines.append(
            f"street that loses most: {worst['edge']}, {worst['vehicles']:.0f} vehicles, {worst['without_s']:.1f} s a "
            f"vehicle without, {worst['with_s']:.1f} s with priority"
        )
    states = ", ".join(f"{count} {state}" for state, count in body["states"].items())
    lines.append(f"requests: {states or 'none'}; others waited {body['harm_person_s']:.0f} person-s for them")
    return lines


def _ride_line(one: Mapping[str, Any]) -> str:
    """How the rides over the line went, from request to line; the side on which none came there is left out."""
    line = f"{one['vehicle']}: {one['rides']} rides over the line with priority"
    if one["rides"]:
        line += f", {one['never_stood']} of them never stood before it"
    if one["rides_without"]:
        line += f" ({one['never_stood_without']} of {one['rides_without']} without priority)"
    if one["rides"]:
        line += f"; {one['lost_s']:.1f} s were lost from request to line"
        line += f" instead of {one['lost_without_s']:.1f} s" if one["rides_without"] else ""
    return line


def priority_section(body: Mapping[str, Any]) -> str:
    """The same on the page."""
    items = "".join(f"<li>{escape(line)}" for line in priority_lines(body))
    worse = "".join(
        f"<li>{escape(str(one['name']))}: {one['before_s']:.1f} s without, {one['after_s']:.1f} s with priority"
        for one in body["worst_others"]
    )
    lost = f"<p>Who is delayed more with it, beyond chance:<ul>{worse}</ul>" if worse else ""
    kinds = escape(", ".join(body["kinds"]))
    return f"<h2>Priority for {kinds}</h2><ul>{items}</ul>{lost}"


def _split(radio: Radio, class_of: Mapping[str, str]) -> tuple[Callable[[str], bool], Callable[[str], bool]]:
    def asks(vtype: str) -> bool:
        return bool({vtype, class_of.get(vtype, "passenger")} & set(radio.kinds))

    return asks, lambda vtype: not asks(vtype)


def _delay(
    counts: Callable[[str], bool], before: Mapping[int, Trial], after: Mapping[int, Trial]
) -> dict[str, Any] | None:
    """Mean delay of the vehicles of some types, without and with priority, and the interval of the difference."""
    sides = []
    for side in (before, after):
        vehicles = [sum(n for t, n in one.type_vehicles.items() if counts(t)) for one in side.values()]
        delay_s = [sum(d for t, d in one.type_delay_s.items() if counts(t)) for one in side.values()]
        if not side or not min(vehicles):
            return None
        sides.append([d / n for d, n in zip(delay_s, vehicles, strict=True)])
    more = told(interval([b - a for a, b in zip(*sides, strict=True)]))
    return {"without": float(np.mean(sides[0])), "with": float(np.mean(sides[1])), **more}


def _worst_street(before: Mapping[int, Trial], after: Mapping[int, Trial]) -> dict[str, Any] | None:
    """The edge whose vehicles are delayed most more, chance or not; means over the seeds."""
    rows: list[dict[str, Any]] = []
    for edge in sorted({edge for one in after.values() for edge in one.edge_delay_s}):
        vehicles = float(np.mean([one.edge_vehicles.get(edge, 0) for one in before.values()]))
        sides = [
            float(np.mean([one.edge_delay_s.get(edge, 0.0) / max(1, one.edge_vehicles.get(edge, 0)) for one in runs]))
            for runs in (before.values(), after.values())
        ]
        if vehicles >= _FEW:
            rows.append({"edge": edge, "vehicles": vehicles, "without_s": sides[0], "with_s": sides[1]})
    return max(rows, key=lambda row: row["with_s"] - row["without_s"], default=None)


def _kinds(drives: Mapping[int, Drive]) -> list[PriorityVehicle]:
    return sorted({ride.vehicle_type for one in drives.values() for ride in one.rides})


def _vehicles(
    kind: PriorityVehicle, seeds: Sequence[int], without: Mapping[int, Drive], heard: Mapping[int, Drive]
) -> dict[str, Any]:
    sides: list[list[Ride]] = [
        [ride for seed in seeds for ride in side[seed].rides if ride.vehicle_type is kind and ride.crossed]
        for side in (without, heard)
    ]
    lost = [float(np.mean([ride.lost_s for ride in side])) if side else 0.0 for side in sides]
    never = [sum(ride.stood_s == 0.0 for ride in side) for side in sides]
    return {
        "vehicle": str(kind),
        "rides": len(sides[1]),
        "rides_without": len(sides[0]),
        "never_stood": never[1],
        "never_stood_without": never[0],
        "lost_s": lost[1],
        "lost_without_s": lost[0],
    }


def _shape(reason: str) -> str:
    """A reason without its figures, so that the same ones can be counted."""
    words = ["…" if any(letter.isdigit() for letter in word) else word for word in reason.split()]
    return " ".join(words)
