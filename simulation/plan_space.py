"""Which plans are allowed for a scenario's signal programs: greens may change, change intervals stay as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.models.plan_space import PlanSpace
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.signal_programs import SignalProgram
from nutgiao.simulation.xml_elements import elements

WALKING_MPS = 1.2
"""Usual design speed of a walker on a crossing (RiLSA 2015; MUTCD 2009 has 3.5 ft/s, 1.07 m/s)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of plans.

    Attributes:
        least_green_s: shortest green; a shipped one that is shorter may stay so.
        most_green_s: longest green; a shipped one that is longer may stay so.
        least_cycle_s: shortest cycle.
        most_cycle_s: longest cycle.
        common_cycle: all lights share one cycle.
    """

    least_green_s: int = 5
    most_green_s: int = 120
    least_cycle_s: int = 20
    most_cycle_s: int = 180
    common_cycle: bool = False


def is_green_stage(state: str) -> bool:
    """Whether a stage's length may be changed: nobody has amber, and somebody may drive.

    Somebody may drive at green (``G``, ``g``) and at an arrow that asks to stop first (``s``): such a stage serves
    those who turn there and is no clearance time.
    """
    return not set("yYu") & set(state) and bool(set("Ggs") & set(state))


def plan_space(
    programs: Sequence[SignalProgram],
    limits: Limits,
    walkers_need_s: Mapping[str, Mapping[int, float]] | None = None,
    greens: Sequence[Sequence[bool]] | None = None,
) -> PlanSpace:
    """The plans that are allowed around shipped programs.

    Args:
        programs: as shipped, in the kernel's order.
        limits: bounds.
        walkers_need_s: per light, seconds of green that each link of a crossing needs, from `crossing_need_s`.
        greens: per light, which stages may change; `is_green_stage` says it if nothing is given.

    Raises:
        ConfigError: if bounds contradict each other.
    """
    if limits.least_green_s > limits.most_green_s or limits.least_cycle_s > limits.most_cycle_s:
        raise ConfigError("limits", None, "green or cycle", "the least is above the most.", "Mend the bounds.")
    green, least, most, shipped = [], [], [], []
    for light, program in enumerate(programs):
        changing = greens[light] if greens is not None else [is_green_stage(state) for state in program.states]
        need = (walkers_need_s or {}).get(program.id, {})
        for duration_s, state, changes in zip(program.durations_s, program.states, changing, strict=True):
            green.append(changes)
            if not changes:
                shipped.append(duration_s)
                least.append(duration_s)
                most.append(duration_s)
                continue
            whole = max(1.0, float(np.rint(duration_s)))
            walkers = max((s for link, s in need.items() if state[link] in "Gg"), default=0.0)
            shipped.append(whole)
            least.append(float(max(min(limits.least_green_s, whole), min(np.ceil(walkers), whole))))
            most.append(max(float(limits.most_green_s), whole))
    return PlanSpace(
        lights=tuple(program.id for program in programs),
        stage_ptr=np.cumsum([0, *(len(program.states) for program in programs)]),
        shipped_stage_s=np.array(shipped),
        shipped_offset_s=np.array([float(np.rint(program.offset_s)) for program in programs]),
        green=np.array(green, np.bool_),
        least_s=np.array(least),
        most_s=np.array(most),
        least_cycle_s=float(limits.least_cycle_s),
        most_cycle_s=float(limits.most_cycle_s),
        common_cycle=limits.common_cycle,
    )


def check_adjustable(scenario: Scenario, space: PlanSpace) -> None:
    """Refuses a scenario in which there is nothing to optimise.

    Raises:
        ConfigError: naming the network and what is missing.
    """
    source = str(scenario.net)
    if not space.lights:
        raise ConfigError(source, None, "tlLogic", "there is no traffic light.", "Build the network with signals.")
    if not space.green.any():
        problem = "no stage of any traffic light has green without amber, so no length may change."
        raise ConfigError(source, None, "tlLogic", problem, "Give a program with green phases.")


def crossing_need_s(scenario: Scenario) -> dict[str, dict[int, float]]:
    """Green that walkers need at each signalled crossing: its length at `WALKING_MPS`.

    Returns:
        Traffic light to link number to seconds.
    """
    length_m: dict[str, float] = {}
    for element in elements(scenario.net, "net"):
        if element.tag == "edge" and element.get("function") == "crossing":
            lane = element.find("lane")
            length_m[element.attrib["id"]] = float(lane.attrib["length"]) if lane is not None else 0.0
    found: dict[str, dict[int, float]] = {}
    for element in elements(scenario.net, "net"):
        if element.tag == "connection" and element.get("tl") and element.get("to") in length_m:
            links = found.setdefault(element.attrib["tl"], {})
            links[int(element.attrib["linkIndex"])] = length_m[element.attrib["to"]] / WALKING_MPS
    return found
