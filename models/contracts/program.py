"""A signal program drawn out in steps, as a controller or SUMO's ``tlLogic`` holds it, with nothing left out."""

from __future__ import annotations

import math
from typing import Literal

import msgspec

from nutgiao.models.contracts.errors import ContractError

STATIC, NEMA = "static", "NEMA"

CYCLE_KEYS = ("total-cycle-length", "cycle-length", "cycleTime")
"""Parameters that give a cycle, the strongest first, as SUMO reads them."""

COORDINATED_KEYS = ("coordinatePhases", "barrier2Phases")
"""The parameter of the second barrier, whose phases are the coordinated ones; the newer name first."""


class Element(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of a program that has no field of its own: a condition, an assignment, a function, or one yet unknown.

    Attributes:
        tag: what it is.
        attributes: its attributes, as they are written.
        inside: its children, in their order.
    """

    tag: str
    attributes: dict[str, str] = {}
    inside: tuple[Element, ...] = ()


class LampStep(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One step of a program: what every link shows, and for how long. SUMO calls it a phase.

    Attributes:
        state: one letter a link, in the order of link indices (SUMO's letters: ``r y g G s u o O``).
        duration_s: how long; None where it is not said (the controller then has its own figure).
        least_s: shortest, of a controller that follows traffic.
        most_s: longest.
        earliest_end_s: second of the cycle before which it does not end (coordinated actuated controllers).
        latest_end_s: second of the cycle after which it does not go on.
        extension_s: gap that ends the green (NEMA).
        amber_s: amber after the green (NEMA).
        all_red_s: all-red after that (NEMA).
        early_target: condition on which a later step may follow before the least duration.
        final_target: condition on which it follows after it.
        name: for people; of NEMA the number of the phase.
        next: indices of the steps that may follow; None for the one after it.
        more: other attributes, as they are written.
        inside: children.
    """

    state: str
    duration_s: float | None = None
    least_s: float | None = None
    most_s: float | None = None
    earliest_end_s: float | None = None
    latest_end_s: float | None = None
    extension_s: float | None = None
    amber_s: float | None = None
    all_red_s: float | None = None
    early_target: str | None = None
    final_target: str | None = None
    name: str | None = None
    next: tuple[int, ...] | None = None
    more: dict[str, str] = {}
    inside: tuple[Element, ...] = ()


class LampProgram(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A program of one traffic light.

    Attributes:
        light: id of the traffic light.
        id: id of the program; a light may have several.
        kind: ``static``, ``actuated``, ``delay_based``, ``NEMA`` or another of SUMO's; None where it is not said.
        offset_s: when the first step of a static program begins, modulo the cycle: at (t - offset) % cycle == 0;
            ``begin`` for the begin of the simulation; None where it is not said.
        parameters: values by key, in their order; None where a key has no value.
        steps: in their order.
        rules: conditions, assignments, functions and whatever else stands in it.
        order: kinds of the children (``parameter``, ``step``, ``rule``) where it is not parameters, steps, rules.
        more: other attributes, as they are written.
    """

    light: str
    id: str
    kind: str | None = None
    offset_s: float | Literal["begin"] | None = None
    parameters: dict[str, str | None] = {}
    steps: tuple[LampStep, ...] = ()
    rules: tuple[Element, ...] = ()
    order: tuple[Literal["parameter", "step", "rule"], ...] = ()
    more: dict[str, str] = {}

    @property
    def cycle_s(self) -> float:
        """Durations of all steps together, seconds."""
        return sum(step.duration_s or 0.0 for step in self.steps)

    @property
    def links(self) -> int:
        """Links that its states speak of."""
        return max((len(step.state) for step in self.steps), default=0)


class Rings(msgspec.Struct, frozen=True, kw_only=True):
    """Rings and barriers of a NEMA program, by the numbers of its phases.

    Attributes:
        rings: phases of each ring in their order; one that the junction does not have is left out.
        barrier: phases that end together at one barrier.
        coordinated: phases that end together at the other, and are the coordinated ones where `is_coordinated`.
        is_coordinated: whether it keeps a fixed cycle.
        cycle_s: its length, seconds.
        least_recall: phases that are served in each cycle for their least green.
        most_recall: phases that are served in each cycle for their longest.
    """

    rings: tuple[tuple[int, ...], ...]
    barrier: tuple[int, ...]
    coordinated: tuple[int, ...]
    is_coordinated: bool
    cycle_s: float
    least_recall: tuple[int, ...]
    most_recall: tuple[int, ...]

    def sides(self) -> tuple[tuple[tuple[int, ...], ...], ...]:
        """Phases between two barriers: of each side, of each ring."""
        ends = {*self.barrier, *self.coordinated}
        cut = [_cut(ring, ends) for ring in self.rings]
        count = max(len(parts) for parts in cut)
        return tuple(tuple(parts[k] if k < len(parts) else () for parts in cut) for k in range(count))


def rings_of(program: LampProgram) -> Rings:
    """Rings and barriers of a NEMA program.

    Raises:
        ContractError: if the program is of another kind, a parameter is missing or no list of numbers, or a ring names
            a phase that no step has.
    """
    if program.kind != NEMA:
        raise ContractError(f"light {program.light}: a {program.kind} program has no rings")
    own = program.parameters
    cycle = next((own[key] for key in CYCLE_KEYS if own.get(key)), "60") or "60"
    second = next((key for key in COORDINATED_KEYS if own.get(key)), COORDINATED_KEYS[0])
    names = {step.name for step in program.steps}
    rings = tuple(tuple(n for n in _numbers(program, key) if n) for key in ("ring1", "ring2"))
    for number in (n for ring in rings for n in ring):
        if str(number) not in names:
            raise ContractError(f"light {program.light}: a ring names phase {number}, and no phase has that name")
    try:
        cycle_s = float(cycle)
    except ValueError as error:
        raise ContractError(f"light {program.light}: the cycle '{cycle}' is no number of seconds") from error
    return Rings(
        rings=rings,
        barrier=_numbers(program, "barrierPhases"),
        coordinated=_numbers(program, second),
        is_coordinated=own.get("coordinate-mode") in ("true", "True", "1"),
        cycle_s=cycle_s,
        least_recall=_numbers(program, "minRecall", "1,2,3,4,5,6,7,8"),
        most_recall=_numbers(program, "maxRecall", ""),
    )


def split_s(step: LampStep) -> float:
    """Longest green, amber and all-red of a NEMA phase together: its split where the cycle is fixed."""
    return sum(seconds or 0.0 for seconds in (step.most_s, step.amber_s, step.all_red_s))


def whole_steps(program: LampProgram) -> list[tuple[str, int]]:
    """State and duration of each step that lasts.

    Raises:
        ContractError: if a step has no whole number of seconds.
    """
    found = []
    for number, step in enumerate(program.steps):
        seconds = step.duration_s
        if seconds is None or not math.isfinite(seconds) or seconds < 0 or seconds != int(seconds):
            raise ContractError(f"light {program.light}, step {number}: {seconds} is no whole number of seconds")
        if seconds:
            found.append((step.state, int(seconds)))
    return found


def _numbers(program: LampProgram, key: str, default: str | None = None) -> tuple[int, ...]:
    told = program.parameters.get(key) if key in program.parameters else default
    if told is None:
        raise ContractError(f"light {program.light}: a NEMA program needs the parameter {key}")
    try:
        return tuple(int(word) for word in told.replace(",", " ").split())
    except ValueError as error:
        raise ContractError(f"light {program.light}: {key} '{told}' is no list of phase numbers") from error


def _cut(ring: tuple[int, ...], ends: set[int]) -> list[tuple[int, ...]]:
    """The ring in parts that end with a barrier."""
    parts: list[tuple[int, ...]] = []
    part: list[int] = []
    for phase in ring:
        part.append(phase)
        if phase in ends:
            parts.append(tuple(part))
            part = []
    return [*parts, tuple(part)] if part else parts
