"""Steps of a program in which links are green together that the network's right of way keeps apart."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nutgiao.models.contracts.errors import ConfigError, ContractError
from nutgiao.models.contracts.program import NEMA, LampProgram, rings_of
from nutgiao.simulation.link_conflicts import ConflictMatrix, ControlledLink, Right, read_matrices
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.tls_logic import programs_in_force

BRIGHTEST = "GgyYuoOsr"
"""Where two phases run at once a link shows the letter that comes first here."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A step of a program that the network's right of way forbids.

    Attributes:
        light: id of the light.
        step: index of the step.
        state: its letters.
        links: the two links.
        problem: what they show.
        cure: what would be right.
    """

    light: str
    step: int
    state: str
    links: tuple[ControlledLink, ControlledLink]
    problem: str
    cure: str

    def error(self, path: Path) -> ConfigError:
        """The same as an error, for a caller that takes it for one."""
        told = f"{self.links[0]} and {self.links[1]}: {self.problem}."
        return ConfigError(str(path), None, f"tlLogic {self.light} phase {self.step}", told, f"{self.cure}.")


def contradictions(matrix: ConflictMatrix, program: LampProgram) -> list[Contradiction]:
    """Steps in which two links are green that must not be; each pair of links is told once, at its first step.

    ``G`` claims the right of way: two foes with ``G`` at once contradict each other. With ``g`` a link gives way: then
    one of the two must be a turning link that the network makes give way. Of a NEMA program each two phases that its
    rings allow at once are looked at together.

    Raises:
        ContractError: if a state has fewer letters than the light has links, or rings are wrong.
    """
    found: dict[tuple[int, int], Contradiction] = {}
    for number, state in states_at_once(program):
        if len(state) < len(matrix.links):
            told = f"state '{state}' has {len(state)} letters for {len(matrix.links)} links of the network"
            raise ContractError(f"light {program.light}, phase {number}: {told}; give a letter for each")
        green = [k for k, letter in enumerate(state[: len(matrix.links)]) if letter in "Gg"]
        for a, b in itertools.combinations(green, 2):
            right, one, other = matrix.right(a, b), matrix.links[a], matrix.links[b]
            if right is Right.FREE or (a, b) in found or one is None or other is None:
                continue
            if state[a] == state[b] == "G":
                problem = "both have the right of way (G) and their paths meet"
            elif right is Right.NEVER:
                problem = f"green at once ({state[a]} and {state[b]}), but {right}"
            else:
                continue
            found[a, b] = Contradiction(program.light, number, state, (one, other), problem, _cure(matrix, a, b))
    return list(found.values())


def warnings_of(scenario: Scenario) -> list[str]:
    """What in the programs that a scenario starts with contradicts its network, a line for each light.

    Scenarios do come with such programs, and SUMO runs them: its drivers brake. So this is told, and work goes on.
    """
    try:
        matrices = read_matrices(scenario.net)
        programs = programs_in_force(scenario)
    except ConfigError as error:
        return [f"the programs are not checked against the network: {error}"]
    found = []
    for light, program in programs.items():
        if light not in matrices:
            continue
        try:
            pairs = contradictions(matrices[light], program)
        except ContractError as error:
            found.append(f"{scenario.net}: {error}")
            continue
        if pairs:
            first, more = pairs[0], len(pairs) - 1
            rest = f" ({more} more pairs: nutgiao plan check)" if more else ""
            told = f"{first.links[0]} and {first.links[1]}: {first.problem}; {first.cure}"
            found.append(f"{scenario.net}: light {light}, phase {first.step} contradicts the network: {told}{rest}")
    return found


def states_at_once(program: LampProgram) -> Iterator[tuple[int, str]]:
    """Index and letters of each step; of NEMA those of each two phases that the rings allow at once.

    Raises:
        ContractError: if a ring is wrong.
    """
    if program.kind != NEMA:
        yield from enumerate(step.state for step in program.steps)
        return
    index = {step.name: k for k, step in enumerate(program.steps)}
    for side in rings_of(program).sides():
        for phases in itertools.product(*(part for part in side if part)):
            steps = [index[str(phase)] for phase in phases]
            letters = zip(*(program.steps[k].state for k in steps), strict=False)
            yield steps[0], "".join(min(shown, key=BRIGHTEST.index) for shown in letters)


def _cure(matrix: ConflictMatrix, a: int, b: int) -> str:
    if matrix.right(a, b) is Right.NEVER:
        return "show red to one of them"
    minor = a if matrix.yields[a, b] else b
    return f"show g to link {minor}, which gives way, or red"
