"""The safety guard for a traffic light of any SUMO network: its table from the network, its lamps from state letters.

Each link is a group of its own. Paths that meet are kept apart: where the network makes a turning link give way both
may be green if one shows ``g``, else never. A program that a network ships may show together what the network keeps
apart; SUMO's drivers brake there, so what a shipped program shows together stays allowed, and a warning tells it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

from nutgiao.models.contracts.program import LampProgram, LampStep
from nutgiao.models.contracts.refusal import Refusal, Rule
from nutgiao.models.contracts.site import Intergreen, SignalGroup
from nutgiao.models.contracts.staged_program import LAMPS
from nutgiao.models.contracts.step_guard import Lamp, LampsRefused, StepGuard
from nutgiao.models.contracts.timeline import RED
from nutgiao.simulation.contradictions import contradictions
from nutgiao.simulation.link_conflicts import ConflictMatrix, Right
from nutgiao.simulation.program_check import LEAST_GREEN_S, LONGEST_S
from nutgiao.simulation.stage_order import ChangeRule, Light

BEFORE_GREEN = "u"
"""SUMO's red and amber: still red for who waits."""

NO_LIMIT_S = 10**9
"""Longest green of a link that every stage serves, longest red of one that none does: no signal in truth."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Shortest green (of a crossing walk), longest green, longest red; a network has no figures of its own."""

    min_green_s: int = LEAST_GREEN_S
    max_green_s: int = LONGEST_S
    max_red_s: int = LONGEST_S


@dataclass(frozen=True, slots=True)
class LightTable:
    """What `StepGuard` needs of a light.

    Attributes:
        light: what it may show.
        matrix: its conflicts.
        pause_s: amber and all-red together.
        groups: one a letter of its state, named by the link's index.
        pairs: links that are never green together, both ways.
        permitted: links that may be, both ways.
        excepted: pairs of links, the lower one first, that only the shipped program allows together.
        warnings: what these are, a line a pair.
    """

    light: Light
    matrix: ConflictMatrix
    pause_s: int
    groups: tuple[SignalGroup, ...]
    pairs: tuple[Intergreen, ...]
    permitted: tuple[Intergreen, ...]
    excepted: frozenset[tuple[int, int]]
    warnings: tuple[str, ...]


def light_table(light: Light, matrix: ConflictMatrix, rule: ChangeRule, bounds: Bounds | None = None) -> LightTable:
    """The table of a light.

    Between the greens of vehicles whose paths meet lie the rule's amber and all-red, after walkers their clearance.

    Args:
        light: what it may show.
        matrix: its conflicts.
        rule: its amber and all-red.
        bounds: of greens and reds.

    Raises:
        ContractError: if the shipped program has fewer letters than the network has links.
    """
    bounds, shipped, pause_s = bounds or Bounds(), light.shipped, rule.amber_s + rule.all_red_s
    states = light.states or shipped.states
    groups = []
    for k, letters in enumerate(zip(*states, strict=True)):
        going = [letter in "Gg" for letter in letters]
        groups.append(
            SignalGroup(
                id=str(k),
                pedestrian=k in light.walk_clear_s,
                min_green_s=bounds.min_green_s,
                max_green_s=NO_LIMIT_S if all(going) else bounds.max_green_s,
                amber_s=0 if k in light.walk_clear_s else rule.amber_s,
                max_red_s=bounds.max_red_s if any(going) else NO_LIMIT_S,
            )
        )
    told = contradictions(matrix, _program(light, *shipped.states))
    excepted = frozenset((one.links[0].index, one.links[1].index) for one in told)
    pairs: list[Intergreen] = []
    permitted: list[Intergreen] = []
    for a, b in itertools.permutations(range(len(matrix.links)), 2):
        right = matrix.right(a, b)
        if right is Right.FREE:
            continue
        clear_s = math.ceil(light.walk_clear_s[a]) if a in light.walk_clear_s else pause_s
        kept_apart = right is Right.NEVER and (min(a, b), max(a, b)) not in excepted
        (pairs if kept_apart else permitted).append(Intergreen(from_group=str(a), to_group=str(b), seconds=clear_s))
    warnings = tuple(
        f"light {shipped.id}, phase {one.step} ({one.state}): {one.links[0]} and {one.links[1]}: {one.problem}; "
        "allowed because the shipped program shows it"
        for one in told
    )
    return LightTable(light, matrix, pause_s, tuple(groups), tuple(pairs), tuple(permitted), excepted, warnings)


class LightGuard:
    """Judges the state of one light second by second.

    Args:
        table: of the light.
        second: number of the first second.
    """

    def __init__(self, table: LightTable, *, second: int = 0) -> None:
        self._table = table
        self._guard = StepGuard(table.groups, table.pairs, table.permitted, second=second)
        self._weaving = {*table.matrix.pairs(Right.PERMITTED)} - table.excepted
        letters = enumerate(zip(*table.light.shipped.states, strict=True))
        self._still = {k: shown[0] for k, shown in letters if len(set(shown)) == 1}
        self._claimed: dict[int, int] = {}  # link to the second after its latest G
        self._last = ""

    @property
    def second(self) -> int:
        """Number of the second that comes next."""
        return self._guard.second

    def check(self, state: str) -> tuple[Refusal, ...]:
        """What rules it would break to show this state for the next second.

        Args:
            state: a letter a link.

        Raises:
            ValueError: if it has not as many letters as the light's program.
        """
        of_lamps = self._guard.check(_lamps(state))
        return (*of_lamps, *self._letters(state), *self._together(state), *self._claims(state))

    def step(self, state: str) -> None:
        """Takes over the state of the next second.

        Args:
            state: a letter a link.

        Raises:
            LampsRefused: if it breaks a rule; the guard stays as it was.
            ValueError: if it has not as many letters as the light's program.
        """
        refusals = self.check(state)
        if refusals:
            raise LampsRefused(self.second, refusals)
        self._guard.step(_lamps(state))
        self._claimed.update((k, self.second) for k, letter in enumerate(state) if letter == "G")
        self._last = state

    def _letters(self, state: str) -> Iterator[Refusal]:
        """Letters that are no lamp of a signal are allowed where the shipped program shows them all the time."""
        for k, letter in enumerate(state):
            if letter not in LAMPS and letter not in BEFORE_GREEN and self._still.get(k) != letter:
                yield self._refusal(Rule.SHAPE, f"link {k} shows '{letter}'", "show red, amber or green", k)

    def _together(self, state: str) -> Iterator[Refusal]:
        """Of two that may be green at once only one claims the right of way; who may not is a rule of the guard."""
        going = (k for k, letter in enumerate(state) if letter == "G")
        claim = {pair for pair in itertools.combinations(going, 2) if pair in self._weaving}
        for one in contradictions(self._table.matrix, _program(self._table.light, state)) if claim else ():
            a, b = (link.index for link in one.links)
            if (a, b) in claim:
                told = f"{one.links[0]} and {one.links[1]}: {one.problem}"
                yield self._refusal(Rule.CONFLICT, told, one.cure, a, b)

    def _claims(self, state: str) -> Iterator[Refusal]:
        """Who had the right of way and must yield now has had the time to learn it when the other starts."""
        starts = {j for j, letter in enumerate(state) if letter in "Gg" and self._last and self._last[j] not in "Gg"}
        if not starts:
            return
        for i, yields in self._table.light.conflicts.yields.items():
            since_s = self.second - self._claimed.get(i, -NO_LIMIT_S)
            if state[i] == "g" and since_s < self._table.pause_s:
                for j in sorted(starts & yields):
                    told = f"link {j} starts {since_s} s after link {i}, which still goes, lost its right of way"
                    cure = f"show amber to link {i}; leave {self._table.pause_s} s"
                    yield self._refusal(Rule.INTERGREEN, told, cure, i, j)

    def _refusal(self, rule: Rule, reason: str, cure: str, *links: int) -> Refusal:
        return Refusal(rule=rule, reason=reason, cure=cure, second=self.second, groups=tuple(map(str, links)))


def _program(light: Light, *states: str) -> LampProgram:
    return LampProgram(light=light.shipped.id, id="", steps=tuple(LampStep(state=state) for state in states))


def _lamps(state: str) -> list[Lamp]:
    return [LAMPS.get(letter, RED) for letter in state]
