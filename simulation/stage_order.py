"""Programs whose green stages come in another order: the stages of a light, and the change intervals between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, permutations

import numpy as np

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.simulation.plan_space import is_green_stage
from nutgiao.simulation.signal_programs import SignalProgram

USUAL_AMBER_S = 3
"""At 50 km/h (RiLSA 2015, MUTCD 2009 4D.26); nobody may get less without having asked for it."""

_GOES = "Gg"
_KNOWN = frozenset("Ggrsyu")
_MOST_ENUMERATED = 20_000

Order = tuple[int, ...]
"""Numbers of a light's green stages, one after the other; the lowest number first."""


@dataclass(frozen=True, slots=True)
class Conflicts:
    """Who is in whose way at a traffic light, by numbers of its links.

    Attributes:
        foes: link to the links whose ways it crosses or joins.
        yields: link to those of them that it must let pass when both have green.
    """

    foes: Mapping[int, frozenset[int]]
    yields: Mapping[int, frozenset[int]]

    def protected(self, state: str) -> str:
        """The state in which nobody has ``G`` who must yield to another green; of two ``G`` the later one gives way."""
        letters = list(state)
        for i, letter in enumerate(state):
            if letter == "G" and any(state[j] in _GOES for j in self.yields.get(i, frozenset())):
                letters[i] = "g"
        for i in range(len(letters)):
            if letters[i] == "G" and any(j < i and letters[j] == "G" for j in self.foes.get(i, frozenset())):
                letters[i] = "g"
        return "".join(letters)

    def filled(self, state: str, links: Iterable[int]) -> str:
        """The state with ``G`` for those of some links that no green of it meets, the first ones first."""
        letters = list(state)
        for i in links:
            if letters[i] not in _GOES and not any(letters[j] in _GOES for j in self.foes.get(i, frozenset())):
                letters[i] = "G"
        return "".join(letters)


@dataclass(frozen=True, slots=True)
class ChangeRule:
    """How one green stage becomes the next.

    Attributes:
        amber_s: of those who lose green.
        all_red_s: between their amber and the next green.
    """

    amber_s: int = USUAL_AMBER_S
    all_red_s: int = 0

    def __post_init__(self) -> None:
        if self.amber_s < 1 or self.all_red_s < 0:
            problem = f"{self.amber_s} s amber and {self.all_red_s} s all-red."
            raise ConfigError(
                "change interval", None, "--amber-s, --all-red-s", problem, "Give 1 s or more, 0 or more."
            )


@dataclass(frozen=True, slots=True)
class Light:
    """What a traffic light may show, whatever the order.

    Attributes:
        shipped: its program.
        states: distinct green stages; none if its order must stay.
        green_s: shipped green of each, or one that serves it as well.
        conflicts: of its links.
        walk_clear_s: link of a crossing to the seconds that walkers who have just begun need.
    """

    shipped: SignalProgram
    states: tuple[str, ...]
    green_s: tuple[float, ...]
    conflicts: Conflicts
    walk_clear_s: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Arranged:
    """A program for an order.

    Attributes:
        program: with the shipped greens.
        state_of: number of the green state of each stage, -1 for a stage of a change interval.
    """

    program: SignalProgram
    state_of: tuple[int, ...]

    @property
    def green(self) -> tuple[bool, ...]:
        """Whether a stage's length may be changed."""
        return tuple(number >= 0 for number in self.state_of)


def light_of(program: SignalProgram, conflicts: Conflicts, walk_clear_s: Mapping[int, float] | None = None) -> Light:
    """The green stages of a shipped program; drivers who meet nobody in a stage have green in it, too.

    A light keeps its order if it has fewer than two green stages or shows something else than red, amber and green.
    """
    found: dict[str, float] = {}
    states = green_states(program, conflicts, walk_clear_s or {})
    for duration_s, state in zip(program.durations_s, states, strict=True):
        if state is not None:
            found[state] = found.get(state, 0.0) + duration_s
    odd = set("".join(program.states)) - _KNOWN
    if odd or len(found) < 2:
        found = {}
    whole = tuple(max(1.0, float(round(green_s))) for green_s in found.values())
    return Light(program, tuple(found), whole, conflicts, walk_clear_s or {})


def green_states(
    program: SignalProgram, conflicts: Conflicts, walk_clear_s: Mapping[int, float]
) -> tuple[str | None, ...]:
    """What each stage of a program shows as a green stage of its light; None for a stage of a change interval."""
    served = {i for state in program.states for i, letter in enumerate(state) if letter in _GOES}
    links = sorted(served - set(walk_clear_s))
    return tuple(
        conflicts.filled(conflicts.protected(letters), links) if is_green_stage(letters) else None
        for letters in program.states
    )


def usual_amber_s(program: SignalProgram) -> int:
    """Amber for a light if nobody asks for another one: 3 s, or the shipped one if that is shorter."""
    shipped = [t for t, state in zip(program.durations_s, program.states, strict=True) if set("yY") & set(state)]
    return max(1, min([USUAL_AMBER_S, *(int(t) for t in shipped)]))


def serves(light: Light, order: Sequence[int]) -> bool:
    """Whether every link that the shipped program gives green, or an arrow to stop first, has it in these stages."""
    for letters in ("Gg", "Ggs"):
        needed = {i for state in light.shipped.states for i, letter in enumerate(state) if letter in letters}
        given = {i for k in order for i, letter in enumerate(light.states[k]) if letter in letters}
        if needed - given:
            return False
    return True


def orders(light: Light, most: int, random: np.random.Generator) -> list[Order]:
    """Orders that serve every link: cyclic ones, stages that others make up for may be left out; at least two stay.

    Args:
        light: whose.
        most: all of them if there are no more, else those with fewest stages first and a sample of the others.
        random: of the sample.
    """
    found: list[Order] = []
    stages = range(len(light.states))
    for size in range(2, len(light.states) + 1):
        for chosen in combinations(stages, size):
            if not serves(light, chosen):
                continue
            found += [(chosen[0], *rest) for rest in permutations(chosen[1:])]
        if len(found) > _MOST_ENUMERATED:
            break
    if len(found) <= most:
        return found
    fewest = len(found[0])
    short = [order for order in found if len(order) == fewest]
    rest = [order for order in found if len(order) > fewest]
    short = [short[k] for k in sorted(random.permutation(len(short))[: most // 2].tolist())]
    picked = sorted(random.permutation(len(rest))[: most - len(short)].tolist())
    return [*short, *(rest[k] for k in picked)]


def near_orders(light: Light, order: Order) -> list[Order]:
    """Orders that differ by a swap of two stages, or by one that is left out, put in, or put in for another one."""
    found: dict[Order, None] = {}

    def add(made: Sequence[int]) -> None:
        if len(made) >= 2 and serves(light, made):
            first = made.index(min(made))
            found.setdefault((*made[first:], *made[:first]))

    out = [k for k in range(len(light.states)) if k not in order]
    for a in range(len(order)):
        add([*order[:a], *order[a + 1 :]])
        for b in range(a + 1, len(order)):
            swapped = list(order)
            swapped[a], swapped[b] = swapped[b], swapped[a]
            add(swapped)
        for k in out:
            add([*order[:a], k, *order[a:]])
            add([*order[:a], k, *order[a + 1 :]])
    found.pop(order, None)
    return list(found)


def whole_order(light: Light) -> Order:
    """All stages, as shipped."""
    return tuple(range(len(light.states)))


def arranged(light: Light, order: Order, rule: ChangeRule) -> Arranged:
    """The program for an order.

    After each green stage those who lose green have amber, those who keep it keep it, the others stay red. A link that
    had ``G`` and goes on with ``g`` has amber, too, if somebody to whom it must yield begins. Crossings turn red at
    once, as many seconds before the next stage as walkers need.

    Args:
        light: whose.
        order: of its stages; an empty one keeps the shipped program.
        rule: amber and all-red.
    """
    shipped = light.shipped
    if not order:
        kept = tuple(k if is_green_stage(state) else -1 for k, state in enumerate(shipped.states))
        return Arranged(shipped, kept)
    durations: list[float] = []
    states: list[str] = []
    state_of: list[int] = []

    def add(duration_s: float, state: str, number: int = -1) -> None:
        if duration_s > 0:
            durations.append(float(duration_s))
            states.append(state)
            state_of.append(number)

    for place, k in enumerate(order):
        now, then = light.states[k], light.states[order[(place + 1) % len(order)]]
        add(light.green_s[k], now, k)
        ends = {i for i in range(len(now)) if now[i] in _GOES and _ends(light, now, then, i)}
        walks = {i for i in ends if i in light.walk_clear_s}
        drives = ends - walks
        amber_s, red_s = (rule.amber_s, rule.all_red_s) if drives else (0, 0)
        clear_s = int(np.ceil(max((light.walk_clear_s[i] for i in walks), default=0.0)))
        add(clear_s - amber_s - red_s, _between(now, then, walks, set()))
        add(amber_s, _between(now, then, walks, drives))
        add(red_s, _between(now, then, ends, set()))
    return Arranged(SignalProgram(shipped.id, shipped.offset_s, tuple(durations), tuple(states)), tuple(state_of))


def _ends(light: Light, now: str, then: str, i: int) -> bool:
    """Whether a link that has green must stop before the next stage."""
    if then[i] not in _GOES:
        return True
    begins = (j for j in light.conflicts.yields.get(i, frozenset()) if now[j] not in _GOES and then[j] in _GOES)
    return now[i] == "G" and then[i] == "g" and any(True for _ in begins)


def _between(now: str, then: str, red: set[int], amber: set[int]) -> str:
    letters = []
    for i, (before, after) in enumerate(zip(now, then, strict=True)):
        stays = before in _GOES or (before == "s" and after in "sGg")
        letters.append("r" if i in red or not stays else "y" if i in amber else before)
    return "".join(letters)
