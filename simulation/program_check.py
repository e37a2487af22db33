"""Checks a program against its network: the lamp rules, the right of way, and change intervals beside ITE's."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.errors import ContractError
from nutgiao.models.contracts.intergreen import AMBER_FLOOR_S, CLEARING, change_period, walk_clearance_s
from nutgiao.models.contracts.lamp_rules import check_lamps, stretches
from nutgiao.models.contracts.program import NEMA, LampProgram, whole_steps
from nutgiao.models.contracts.program_rings import ring_plan_of
from nutgiao.models.contracts.refusal import Refusal, Rule
from nutgiao.models.contracts.site import Intergreen, Limits, SignalGroup, Signals, Stage, TimedPlan
from nutgiao.models.contracts.site_intervals import OVER_LIMIT_MPS
from nutgiao.models.contracts.staged_program import NotStages, lamps_of
from nutgiao.models.contracts.timeline import AMBER, GREEN, RED, expand_cycle
from nutgiao.models.contracts.words import VehicleClass
from nutgiao.simulation.contradictions import contradictions
from nutgiao.simulation.link_conflicts import ConflictMatrix, ControlledLink

LEAST_GREEN_S = 5
"""RiLSA's shortest green, for vehicles and walkers; a network has no figure of its own."""

LONGEST_S = 600
"""A network says nothing of longest greens and reds: only a green without end is refused."""


@dataclass(frozen=True, slots=True)
class ShortInterval:
    """An ordered pair of links whose change interval is shorter than ITE's.

    Attributes:
        ends: link whose green ends.
        starts: link whose green starts.
        second: of the cycle at which the green ends.
        shown_s: from that end to the other's start.
        amber_s: ITE's amber; 0 for a crossing.
        all_red_s: ITE's all-red; for a crossing the time to walk over it.
    """

    ends: ControlledLink
    starts: ControlledLink
    second: int
    shown_s: int
    amber_s: int
    all_red_s: int

    @property
    def ite_s(self) -> int:
        """ITE's change interval."""
        return self.amber_s + self.all_red_s


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is found in a program.

    Attributes:
        refusals: broken rules; links are named where a plan's refusal names groups.
        short: change intervals below ITE's, the ones that lack most first: warnings.
        not_drawn: why its lamps were not drawn second by second, or nothing.
    """

    refusals: tuple[Refusal, ...]
    short: tuple[ShortInterval, ...]
    not_drawn: str = ""


def check_program(program: LampProgram, matrix: ConflictMatrix) -> Verdict:
    """Checks a program: its states against the right of way, its lamps second by second, its change intervals.

    Of a NEMA program the lamps are those of a cycle in which every phase runs its longest green.

    Args:
        program: the program.
        matrix: conflicts of its light.

    Raises:
        ContractError: if the program does not fit the network's links.
    """
    refusals = _contradictions(program, matrix)
    try:
        lamps = (_longest(program) if program.kind == NEMA else lamps_of(program))[:, : len(matrix.links)]
    except NotStages as error:
        return Verdict(tuple(refusals), (), str(error))
    signals = _signals(program, lamps, matrix)
    columns = [_columns(group) for group in signals.groups]
    drawn = np.tile(lamps[:, [members[0] for members in columns]], (3, 1))
    for refusal in check_lamps(signals, drawn):
        links = [matrix.links[k] for group in refusal.groups for k in _columns_of(group)]
        refusals.append(_named(refusal, [link for link in links if link is not None]))
    return Verdict(tuple(refusals), tuple(_short(lamps, matrix)))


def _longest(program: LampProgram) -> NDArray[np.int8]:
    """What the links of a NEMA program show while every phase runs its longest green, as `lamps_of` gives it."""
    told = ring_plan_of(program)
    drawn = expand_cycle(told.signals, told.plan.green_s)
    column = {group.id: k for k, group in enumerate(told.signals.groups)}
    lamps = np.full((len(drawn), len(told.group_of_link)), RED, np.int8)
    for link, group in enumerate(told.group_of_link):
        if group is not None:
            lamps[:, link] = drawn[:, column[group]]
        elif all(step.state[link] in "Gg" for step in program.steps):
            lamps[:, link] = GREEN
    return lamps


def _contradictions(program: LampProgram, matrix: ConflictMatrix) -> list[Refusal]:
    try:
        steps = whole_steps(program)
    except ContractError:
        steps = []
    seconds = {state: sum(length for _, length in steps[:k]) for k, (state, _) in reversed([*enumerate(steps)])}
    return [
        Refusal(
            rule=Rule.CONFLICT,
            reason=f"phase {one.step} ({one.state}): {one.problem}",
            cure=one.cure,
            second=seconds.get(one.state),
            groups=tuple(str(link) for link in one.links),
        )
        for one in contradictions(matrix, program)
    ]


def _signals(program: LampProgram, lamps: NDArray[np.int8], matrix: ConflictMatrix) -> Signals:
    """Groups of links that always show the same, and an intergreen for each ordered pair with paths that meet."""
    members: dict[bytes, list[int]] = {}
    for k, link in enumerate(matrix.links):
        if link is not None and not _left_alone(program, k):
            members.setdefault(lamps[:, k].tobytes() + bytes([link.is_crossing]), []).append(k)
    groups = []
    for links in members.values():
        first = matrix.links[links[0]]
        walkers = first is not None and first.is_crossing
        ambers = [run.seconds for run in stretches(np.tile(lamps[:, links[0]], 3)) if run.what == AMBER and run.whole]
        groups.append(
            SignalGroup(
                id=" ".join(map(str, links)),
                pedestrian=walkers,
                min_green_s=LEAST_GREEN_S,
                max_green_s=LONGEST_S,
                amber_s=max(ambers, default=0 if walkers else AMBER_FLOOR_S),
                max_red_s=LONGEST_S,
            )
        )
    pairs = [
        Intergreen(from_group=one.id, to_group=other.id, seconds=one.amber_s)
        for one, other in itertools.permutations(groups, 2)
        if matrix.foes[np.ix_(_columns(one), _columns(other))].any()
        and not ((lamps[:, _columns(one)[0]] == GREEN) & (lamps[:, _columns(other)[0]] == GREEN)).any()
    ]
    return Signals(
        groups=tuple(groups),
        stages=(Stage(id="all", groups=tuple(group.id for group in groups)),),
        intergreens=tuple(pairs),
        limits=Limits(),
        time_of_day=(TimedPlan(id="all", start="00:00", offset_s=0, green_s=(1,)),),
    )


def _left_alone(program: LampProgram, link: int) -> bool:
    """Whether a link always shows the same letter, and one that lets it go: no signal in truth."""
    shown = {step.state[link] for step in program.steps if step.duration_s != 0}
    return shown <= set("GgsoO") and (len(shown) == 1 or shown <= set("Gg"))


def _columns(group: SignalGroup) -> list[int]:
    return _columns_of(group.id)


def _columns_of(name: str) -> list[int]:
    return [int(word) for word in name.split()]


def _named(refusal: Refusal, links: list[ControlledLink]) -> Refusal:
    """A refusal in which links stand with their edges."""
    told = refusal.reason
    return Refusal(
        rule=refusal.rule,
        reason=f"{'link' if len(links) == 1 else 'links'} {told}",
        cure=refusal.cure,
        second=refusal.second,
        groups=tuple(str(link) for link in links),
    )


def _short(lamps: NDArray[np.int8], matrix: ConflictMatrix) -> list[ShortInterval]:
    """Change intervals below ITE's, of links whose paths meet and that are never green together; each way once."""
    cycle = len(lamps)
    runs = [[run for run in stretches(np.tile(lamps[:, k], 2)) if run.what == GREEN] for k in range(lamps.shape[1])]
    found = []
    for a, b in itertools.permutations(range(len(matrix.links)), 2):
        ends, starts = matrix.links[a], matrix.links[b]
        together = bool(((lamps[:, a] == GREEN) & (lamps[:, b] == GREEN)).any())
        if ends is None or starts is None or not matrix.foes[a, b] or together:
            continue
        gaps = [
            (start.start - stop, stop % cycle)
            for stop in {run.start + run.seconds for run in runs[a] if run.start + run.seconds < 2 * cycle}
            for start in runs[b]
            if start.start >= max(stop, 1)
        ]
        if not gaps:
            continue
        shown, second = min(gaps)
        amber, all_red = ite_interval_s(ends)
        if shown < amber + all_red:
            found.append(ShortInterval(ends, starts, second, shown, amber, all_red))
    found.sort(key=lambda one: (one.shown_s - one.ite_s, one.ends.index, one.starts.index))
    return [*{(one.ends.ways, one.starts.ways): one for one in reversed(found)}.values()][::-1]


def ite_interval_s(ends: ControlledLink) -> tuple[int, int]:
    """ITE's amber and all-red after a link's green, whole seconds.

    W is the whole path inside the junction (of a crossing its length), the approach speed the limit and
    `OVER_LIMIT_MPS`, the clearing speed the lowest limit on the path; the vehicle is a car of ITE's 20 ft.
    """
    if ends.is_crossing:
        return 0, walk_clearance_s(ends.length_m)
    speed = ends.approach_mps + OVER_LIMIT_MPS
    classes = {VehicleClass.CAR: CLEARING[VehicleClass.CAR]}
    period = change_period(ends.length_m, speed, clearing_mps=ends.clearing_mps, classes=classes)
    return period.amber_s, period.all_red_s
