"""A NEMA program at its longest greens as a plan with rings: what it shows while every phase is called to its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from nutgiao.models.contracts.errors import ContractError
from nutgiao.models.contracts.plan import cycle_of
from nutgiao.models.contracts.program import LampProgram, LampStep, Rings, rings_of
from nutgiao.models.contracts.shape_rules import undrawable
from nutgiao.models.contracts.site import Intergreen, Limits, Ring, SignalGroup, Signals, Stage, TimedPlan
from nutgiao.models.contracts.staged_program import LAMPS, NotStages, Reason, StagedProgram, identifier, staged
from nutgiao.models.contracts.timeline import GREEN, stage_starts

TS2 = "TS2"
"""NEMA's controller, SUMO's default: the offset is the start of the first coordinated green."""


def ring_plan_of(program: LampProgram) -> StagedProgram:
    """Tells a NEMA program as a plan with rings.

    Each phase is a stage with its longest green; groups are links that are green in the same phases. The intergreen of
    a pair is amber and all-red of the phase that ends.

    Raises:
        NotStages: if the rings are wrong, a link is green in both, times are no whole seconds, or the rings do not meet
            at the barriers or do not fill the cycle; carries the reason.
    """

    def no(told: str) -> NotStages:
        return NotStages(Reason.RINGS, f"light {program.light}: {told}")

    try:
        rings = rings_of(program)
    except ContractError as error:
        raise NotStages(Reason.RINGS, str(error)) from error
    step_of = {int(step.name): step for step in program.steps if step.name and step.name.isdigit()}
    phases = [phase for ring in rings.rings for phase in ring]
    if len(set(phases)) != len(phases):
        raise no("a phase stands twice in its rings")
    if rings.is_coordinated and program.parameters.get("controllerType", TS2) != TS2:
        raise no(f"the offset of a controller {program.parameters['controllerType']} is not told here")
    seconds = {phase: _whole(program, phase, step_of[phase]) for phase in phases}
    members = _members(program, phases, step_of)
    for served, links in members.items():
        if not any(served <= set(ring) for ring in rings.rings):
            raise no(f"links {links} are green in phases {sorted(served)} of both rings")
    names = {served: f"g{k + 1}" for k, served in enumerate(members)}
    signals = Signals(
        groups=tuple(_group(names[served], served, seconds, step_of, rings.cycle_s) for served in members),
        stages=tuple(
            Stage(id=str(phase), groups=tuple(name for served, name in names.items() if phase in served))
            for phase in phases
        ),
        intergreens=tuple(_intergreens(names, rings, seconds)),
        limits=Limits(),
        time_of_day=(TimedPlan(id=identifier(program.id), start="00:00", offset_s=0, green_s=(1,)),),
        rings=tuple(
            Ring(id=str(k + 1), sections=tuple(tuple(map(str, side[k])) for side in rings.sides()))
            for k in range(len(rings.rings))
        ),
    )
    greens = tuple(seconds[phase][0] for phase in phases)
    for refusal in undrawable(signals, greens, ()):
        raise no(str(refusal))
    cycle = cycle_of(signals, greens)
    if rings.is_coordinated and cycle != rings.cycle_s:
        raise no(f"greens, ambers and all-reds make {cycle} s, the cycle is {rings.cycle_s:g} s")
    starts = dict(zip(phases, stage_starts(signals, greens), strict=True))
    first = min((starts[phase] for phase in rings.coordinated if phase in starts), default=0)
    begins = (float(program.offset_s or 0.0) - first) % cycle if program.offset_s != "begin" else 0.5
    if begins != int(begins):
        raise NotStages(Reason.SECONDS, f"light {program.light}, offset {program.offset_s}")
    row = TimedPlan(id=identifier(program.id), start="00:00", offset_s=int(begins), green_s=greens)
    limits = Limits(cycle_min_s=min(40, cycle), cycle_max_s=max(150, cycle))
    owner = {link: names[served] for served, links in members.items() for link in links}
    return staged(
        program,
        msgspec.structs.replace(signals, limits=limits, time_of_day=(row,)),
        tuple(owner.get(link) for link in range(program.links)),
        tuple(step_of[phase].state for phase in phases),
        (),
    )


Times = tuple[int, int, int]
"""Green, amber and all-red of a phase, seconds."""


def _whole(program: LampProgram, phase: int, step: LampStep) -> Times:
    times = [0.0 if told is None else told for told in (step.most_s, step.amber_s, step.all_red_s)]
    if any(told != int(told) for told in times):
        raise NotStages(Reason.SECONDS, f"light {program.light}, phase {phase}: {times}")
    return int(times[0]), int(times[1]), int(times[2])


def _members(
    program: LampProgram, phases: Sequence[int], step_of: Mapping[int, LampStep]
) -> dict[frozenset[int], list[int]]:
    """Links by the phases in which they are green; those that are green in all of them are no part of the plan."""
    found: dict[frozenset[int], list[int]] = {}
    for link in range(program.links):
        served = frozenset(phase for phase in phases if LAMPS.get(step_of[phase].state[link]) == GREEN)
        if served and served != set(phases):
            found.setdefault(served, []).append(link)
    return found


def _group(
    name: str, served: frozenset[int], seconds: Mapping[int, Times], step_of: Mapping[int, LampStep], cycle_s: float
) -> SignalGroup:
    usual = SignalGroup(id=name)
    least = [int(step_of[phase].least_s or 1) for phase in served]
    return SignalGroup(
        id=name,
        min_green_s=max(1, min([usual.min_green_s, *least, *(seconds[phase][0] for phase in served)])),
        max_green_s=max(usual.max_green_s, sum(sum(seconds[phase]) for phase in served)),
        amber_s=max(seconds[phase][1] for phase in served),
        max_red_s=max(usual.max_red_s, round(cycle_s)),
    )


def _intergreens(names: Mapping[frozenset[int], str], rings: Rings, seconds: Mapping[int, Times]) -> list[Intergreen]:
    """Amber and all-red of each group towards every other that it never shares a second with."""
    at_once = {
        frozenset((one, other))
        for side in rings.sides()
        for k, part in enumerate(side)
        for other_part in side[k + 1 :]
        for one in part
        for other in other_part
    }
    return [
        Intergreen(from_group=name, to_group=other, seconds=max(seconds[p][1] + seconds[p][2] for p in ends))
        for ends, name in names.items()
        for starts, other in names.items()
        if name != other and not ends & starts and not any(frozenset((p, q)) in at_once for p in ends for q in starts)
    ]
