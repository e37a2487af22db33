"""Plans of the programs that RESCO's networks ship, and of a NEMA program as SUMO itself runs it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benchmarks.resco import NAMES
from nutgiao.models.contracts.program import LampProgram
from nutgiao.models.contracts.program_plan import plan_of
from nutgiao.models.contracts.program_rings import ring_plan_of
from nutgiao.models.contracts.staged_program import LAMPS, NotStages, Reason, program_of
from nutgiao.models.contracts.timeline import AMBER, GREEN, RED, expand
from nutgiao.simulation.tls_logic import read_tls_logic, write_tls_logic
from tests.support import nema_nets
from tests.support.resco_nets import shipped, shown

AS_STAGES = {
    "cologne1": (1, 1), "cologne3": (2, 3), "cologne8": (4, 8), "ingolstadt1": (0, 1), "ingolstadt7": (1, 7),
    "ingolstadt21": (6, 21), "grid4x4": (16, 16), "arterial4x4": (16, 16),
}  # fmt: skip
"""How many of a network's programs can be told as stages: 46 of 73. In the others a group goes from amber to green."""


def by_the_clock(program: LampProgram) -> list[str]:
    drawn = [step.state for step in program.steps for _ in range(int(step.duration_s or 0))]
    return [drawn[(second - int(float(program.offset_s or 0))) % len(drawn)] for second in range(len(drawn))]


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_program_is_a_plan_of_the_same_lamps_or_says_why_not(name: str) -> None:
    programs = read_tls_logic(shipped(name).net)
    reasons: Counter[Reason] = Counter()
    for program in programs:
        try:
            told = plan_of(program)
        except NotStages as no:
            reasons[no.reason] += 1
            continue
        drawn = expand(told.signals, [told.plan.green_s])
        column = {group.id: k for k, group in enumerate(told.signals.groups)}
        for second, state in enumerate(by_the_clock(program)):
            row = drawn[(second - told.plan.offset_s) % len(drawn)]
            lamps = [
                LAMPS[state[k]] if group is None else row[column[group]] for k, group in enumerate(told.group_of_link)
            ]
            assert lamps == [LAMPS[letter] for letter in state], f"{name} {program.light}, second {second}"
        again = program_of(told.signals, told.plan, told.group_of_link, told.letters, told.between)
        assert by_the_clock(again) == by_the_clock(program), f"{name} {program.light}: letters"
    assert (len(programs) - reasons.total(), len(programs)) == AS_STAGES[name]
    assert set(reasons) <= {Reason.AMBER}


@pytest.mark.parametrize("offset_s", [0, 30])
def test_a_nema_program_at_its_longest_greens_shows_what_its_plan_with_rings_shows(
    offset_s: int, tmp_path: Path
) -> None:
    """Of the first cycle SUMO has a start-up of its own; from the second on every second is compared."""
    net = nema_nets.crossroads(tmp_path)
    program = nema_nets.program(net, float(offset_s))
    file = write_tls_logic(tmp_path / "rings.add.xml", [program])
    told = ring_plan_of(program)
    drawn = expand(told.signals, [told.plan.green_s])
    column = {group.id: k for k, group in enumerate(told.signals.groups)}
    letters = {RED: "r", GREEN: "G", AMBER: "y"}
    seconds = [line.split() for line in shown(net, ["C"], tmp_path, [file], seconds=500)]
    compared = 0
    for time, _, state in seconds:
        if float(time) < 200:
            continue
        row = drawn[(int(float(time)) - told.plan.offset_s) % len(drawn)]
        assert "".join(letters[int(row[column[group or ""]])] for group in told.group_of_link) == state, time
        compared += 1
    assert compared == 300
