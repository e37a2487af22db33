"""Draws random cyclic signal plans around a network's shipped stages, the same for the same seed and number."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nutgiao.simulation.signal_programs import SignalProgram

Plan = dict[str, tuple[int, NDArray[np.int64]]]
"""Traffic light id to offset (SUMO's sense, seconds) and durations of the stages (seconds)."""

SEEDS = {"development": 101, "reporting": 202}
"""Plans for making a model and plans for judging it; the two sets share nothing."""

SHORTEST_CYCLE_S, LONGEST_CYCLE_S = 60, 120
SHORTEST_GREEN_S = 5
CONCENTRATIONS = (1, 3, 8)
"""Of the Dirichlet distribution: from wild splits to nearly those of its mean."""


def is_green(state: str) -> bool:
    """Whether a stage's length may be changed: someone has green and nobody amber."""
    return "y" not in state and ("G" in state or "g" in state)


def sample_plan(programs: Sequence[SignalProgram], seed: int, number: int) -> Plan:
    """Draws plan ``number`` of the set that ``seed`` names.

    One cycle for all traffic lights; stages without green and with amber keep their shipped length; the rest of the
    cycle is split by a Dirichlet draw, in turn around equal and around shipped splits; offsets are uniform.

    Args:
        programs: as shipped.
        seed: of the set.
        number: from 0; decides the concentration and the mean, and with the seed the draw.

    Raises:
        ValueError: if a stage that keeps its length does not last whole seconds.
    """
    random = np.random.default_rng((seed, number))
    concentration = CONCENTRATIONS[number % len(CONCENTRATIONS)]
    around_shipped = number // len(CONCENTRATIONS) % 2 == 1
    needed = max((_shortest_cycle_s(program) for program in programs), default=0)
    cycle_s = int(random.integers(max(SHORTEST_CYCLE_S, needed), max(LONGEST_CYCLE_S, needed) + 1))
    return {p.id: _draw(p, cycle_s, concentration, around_shipped, random) for p in programs}


def sample_plans(programs: Sequence[SignalProgram], plan_set: str, count: int) -> list[Plan]:
    """The first ``count`` plans of the set "development" or "reporting"."""
    return [sample_plan(programs, SEEDS[plan_set], number) for number in range(count)]


def shipped_plan(programs: Sequence[SignalProgram]) -> Plan:
    """The shipped programs as a plan, rounded to whole seconds."""
    return {p.id: (round(p.offset_s), np.rint(p.durations_s).astype(np.int64)) for p in programs}


def _shortest_cycle_s(program: SignalProgram) -> int:
    stages = zip(program.durations_s, program.states, strict=True)
    return math.ceil(sum(SHORTEST_GREEN_S if is_green(state) else duration_s for duration_s, state in stages))


def _draw(
    program: SignalProgram, cycle_s: int, concentration: int, around_shipped: bool, random: np.random.Generator
) -> tuple[int, NDArray[np.int64]]:
    shipped = np.array(program.durations_s)
    durations = np.rint(shipped).astype(np.int64)
    green = np.array([is_green(state) for state in program.states])
    if np.any(shipped[~green] != durations[~green]):
        raise ValueError(f"traffic light {program.id}: amber and red stages must last whole seconds")
    offset_s = int(random.integers(0, cycle_s))
    if green.any():
        spare_s = cycle_s - int(durations[~green].sum()) - SHORTEST_GREEN_S * int(green.sum())
        mean = np.maximum(shipped[green] - 4.0, 0.5) if around_shipped else np.ones(int(green.sum()))
        shares = random.dirichlet(mean / mean.sum() * len(mean) * concentration)
        durations[green] = SHORTEST_GREEN_S + whole_seconds(shares * spare_s, spare_s)
    return offset_s, durations


def whole_seconds(wanted: NDArray[np.float64], total: int) -> NDArray[np.int64]:
    """Rounds by largest remainder so that the sum is ``total``."""
    whole = np.floor(wanted).astype(np.int64)
    for index in np.argsort(whole - wanted, kind="stable")[: total - int(whole.sum())]:
        whole[index] += 1
    return whole
