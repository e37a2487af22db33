"""What a program and its plan of stages have to do with each other: lamps of links, and a program from a plan."""

from __future__ import annotations

import enum
import itertools
import re
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.errors import ContractError
from nutgiao.models.contracts.plan import SignalPlan, local_plan
from nutgiao.models.contracts.program import STATIC, LampProgram, LampStep, whole_steps
from nutgiao.models.contracts.site import Name, Signals, Site, site_hash
from nutgiao.models.contracts.timeline import AMBER, GREEN, RED, expand_cycle, stage_starts

LAMPS = {"r": RED, "s": RED, "G": GREEN, "g": GREEN, "y": AMBER, "Y": AMBER}
"""What SUMO's letters show. ``s``, red with a turn allowed after a stop, is red; ``g`` is a green that gives way."""

LONGEST_CYCLE_S = 600


class Reason(enum.StrEnum):
    """Why a program cannot be told as stages."""

    KIND = "its times follow traffic"
    SECONDS = "a step has no whole number of seconds, or the cycle none or too many"
    STATES = "its states are not equally long"
    LETTER = "a lamp shows what a plan does not have"
    STILL = "no lamp ever changes to green"
    AMBER = "a group's amber is not always as long, or leads back to its own green"
    RINGS = "its rings do not make a plan"
    LAMPS = "no order of stages with one interstage between two shows the same"


class NotStages(ContractError):
    """A program cannot be told as a plan of stages.

    Args:
        reason: why.
        told: where and what.
    """

    def __init__(self, reason: Reason, told: str) -> None:
        self.reason = reason
        super().__init__(f"{reason}: {told}")


class StagedProgram(msgspec.Struct, frozen=True, kw_only=True):
    """A program as a plan, and what the plan does not say of links.

    Attributes:
        signals: groups of links that always show the same, stages, intergreens and limits as the program shows them.
        plan: the program's times.
        group_of_link: group of each link; None for one that always shows the same letter.
        letters: of each stage, the state string as its green begins; red links have their letter for red there.
        between: of each stage, the state string as its interstage begins (where it has one); empty of rings.
    """

    signals: Signals
    plan: SignalPlan
    group_of_link: tuple[str | None, ...]
    letters: tuple[str, ...]
    between: tuple[str, ...]


def lamps_of(program: LampProgram) -> NDArray[np.int8]:
    """What the links of a static program show over one cycle, from its first step.

    Returns:
        ``(seconds, links)`` int8 of `RED`, `GREEN`, `AMBER`; a link that is off or blinks is `RED` only if it is
        always so.

    Raises:
        NotStages: if its times follow traffic, are no whole seconds, or a state has other letters.
    """
    if program.kind not in (None, STATIC) or any(step.next is not None for step in program.steps):
        raise NotStages(Reason.KIND, f"{program.kind} program {program.id} of light {program.light}")
    try:
        steps = whole_steps(program)
    except ContractError as error:
        raise NotStages(Reason.SECONDS, str(error)) from error
    where = f"light {program.light}"
    if not 0 < sum(seconds for _, seconds in steps) <= LONGEST_CYCLE_S or not isinstance(
        program.offset_s or 0.0, float
    ):
        raise NotStages(Reason.SECONDS, f"{where}, cycle {program.cycle_s:g} s")
    if len({len(state) for state, _ in steps}) != 1:
        raise NotStages(Reason.STATES, where)
    still = {i for i, letters in enumerate(zip(*(state for state, _ in steps), strict=True)) if len(set(letters)) == 1}
    for state, _ in steps:
        other = next((i for i, letter in enumerate(state) if letter not in LAMPS and i not in still), None)
        if other is not None:
            raise NotStages(Reason.LETTER, f"{where}, link {other} shows '{state[other]}'")
    rows = [[LAMPS.get(letter, RED) for letter in state] for state, seconds in steps for _ in range(seconds)]
    return np.array(rows, np.int8)


def staged(
    program: LampProgram,
    signals: Signals,
    group_of_link: tuple[str | None, ...],
    letters: tuple[str, ...],
    between: tuple[str, ...],
) -> StagedProgram:
    """A program with its plan: the first row of the table in `signals`."""
    name = Name(vi=program.light, en=program.light)
    site = Site(schema="nutgiao/site/1", id=program.light, name=name, approaches=(), signals=signals)
    plan = local_plan(program.light, signals, site_hash(site), signals.time_of_day[0])
    return StagedProgram(signals=signals, plan=plan, group_of_link=group_of_link, letters=letters, between=between)


def program_of(
    signals: Signals,
    plan: SignalPlan,
    group_of_link: Sequence[str | None],
    letters: Sequence[str],
    between: Sequence[str] | None = None,
) -> LampProgram:
    """A plan as a static program.

    Args:
        signals: signal side of the junction.
        plan: its plan.
        group_of_link: group of each link; None for one that always shows its letter of the first stage.
        letters: of each stage, the state string of its green, as in `StagedProgram`: it tells ``G`` from ``g`` and
            ``r`` from ``s``.
        between: the same of each stage's interstage; None keeps the letters of the stage before.

    Raises:
        ContractError: if there is not one string for each stage and one letter for each link, or stages run side by
            side in rings.
    """
    if signals.rings:
        raise ContractError(f"light {plan.node}: stages in rings run side by side and have no state each")
    own = [letters, letters if between is None else between]
    if any(len(one) != len(signals.stages) or any(len(s) != len(group_of_link) for s in one) for one in own):
        told = f"{len(signals.stages)} stages of {len(group_of_link)} links need a state each"
        raise ContractError(f"light {plan.node}: {told}, given are {[list(one) for one in own]}")
    column = {group.id: k for k, group in enumerate(signals.groups)}
    drawn = expand_cycle(signals, plan.green_s, plan.order)
    starts = stage_starts(signals, plan.green_s, plan.order)
    running = plan.order or range(len(starts))
    states = []
    for k, end in zip(running, [*(starts[then] for then in running[1:]), len(drawn)], strict=True):
        for second in range(starts[k], end):
            state = own[second >= starts[k] + plan.green_s[k]][k]
            shown = [None if group is None else int(drawn[second, column[group]]) for group in group_of_link]
            states.append("".join(_letter(letter, lamp) for letter, lamp in zip(state, shown, strict=True)))
    steps = [(state, len(list(seconds))) for state, seconds in itertools.groupby(states)]
    return LampProgram(
        light=plan.node,
        id=plan.id,
        kind=STATIC,
        offset_s=float(plan.offset_s),
        steps=tuple(LampStep(state=state, duration_s=float(seconds)) for state, seconds in steps),
    )


def _letter(own: str, lamp: int | None) -> str:
    if lamp is None or LAMPS.get(own) == lamp:
        return own
    return {RED: "r", GREEN: "G", AMBER: "y"}[lamp]


def identifier(told: str) -> str:
    """A name as site files take them."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", told)[:64] or "_"
