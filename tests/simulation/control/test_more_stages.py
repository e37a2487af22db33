"""Further stages of a light: greens that never meet."""

from __future__ import annotations

from itertools import combinations

import pytest

from nutgiao.simulation.conflicts import read_conflicts
from nutgiao.simulation.control.more_stages import further_states
from nutgiao.simulation.signal_programs import shipped_programs
from nutgiao.simulation.stage_order import Light, light_of
from tests.support.plan_spaces import busy_street


@pytest.fixture(scope="module")
def light(tmp_path_factory: pytest.TempPathFactory) -> Light:
    """The light of a crossing with turns."""
    street = busy_street(tmp_path_factory.mktemp("street"))
    (program,) = shipped_programs(street)
    return light_of(program, read_conflicts(street)[program.id])


def test_nobody_gives_way_and_nobody_else_could_have_green(light: Light) -> None:
    found = further_states(light, 99)
    assert found
    for state in found:
        greens = {i for i, letter in enumerate(state) if letter == "G"}
        assert set(state) <= {"G", "r"}
        assert not any(b in light.conflicts.foes.get(a, frozenset()) for a, b in combinations(sorted(greens), 2))
        for other in set(range(len(state))) - greens:
            assert light.conflicts.foes.get(other, frozenset()) & greens


def test_they_are_new_and_every_link_has_its_green(light: Light) -> None:
    found = further_states(light, 99)
    assert not set(found) & set(light.states)
    assert len(set(found)) == len(found)
    assert {i for state in (*found, *light.states) for i, letter in enumerate(state) if letter in "Gg"} == set(
        range(len(light.shipped.states[0]))
    )


def test_those_with_most_greens_come_first_and_no_more_than_asked(light: Light) -> None:
    found = further_states(light, 2)
    assert len(found) == 2
    assert found == further_states(light, 99)[:2]
    assert found[0].count("G") >= found[1].count("G")
