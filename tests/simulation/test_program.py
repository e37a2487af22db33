from __future__ import annotations

import pytest

from nutgiao.models.contracts.errors import SimulationFailed
from nutgiao.models.contracts.words import Indication, Turn
from nutgiao.simulation.networks.network import SignalisedJunction
from nutgiao.simulation.program import state_string


def show(junction: SignalisedJunction, *green: str) -> str:
    return state_string(
        junction, {group: Indication.GREEN if group in green else Indication.RED for group in junction.groups}
    )


def test_straight_movement_has_protected_green_and_turn_over_a_crossing_gives_way(
    junctions: dict[str, SignalisedJunction],
) -> None:
    junction = junctions["j1"]
    letters = show(junction, "main", "walk_side")
    for link in junction.links:
        if link.group == "main":
            assert letters[link.index] == ("G" if link.turn is Turn.THROUGH else "g")
        else:
            assert letters[link.index] == ("G" if link.group == "walk_side" else "r")


def test_left_turn_against_oncoming_traffic_gives_way(junctions: dict[str, SignalisedJunction]) -> None:
    letters = show(junctions["j1"], "side")
    lefts = [link.index for link in junctions["j1"].links if link.group == "side" and link.turn is Turn.LEFT]
    assert {letters[i] for i in lefts} == {"g"}


def test_left_turn_on_its_arrow_has_the_way(junctions: dict[str, SignalisedJunction]) -> None:
    junction = junctions["j2"]
    letters = show(junction, "main_left")
    assert {letters[i] for i in junction.links_of("main_left")} == {"G"}


@pytest.mark.parametrize(
    ("indication", "letter"),
    [(Indication.AMBER, "y"), (Indication.RED, "r"), (Indication.RED_AMBER, "u"), (Indication.FLASHING_AMBER, "o")],
)
def test_letters_of_lamps(junctions: dict[str, SignalisedJunction], indication: Indication, letter: str) -> None:
    junction = junctions["j3"]
    letters = state_string(junction, dict.fromkeys(junction.groups, indication))
    assert {letters[link.index] for link in junction.links if not link.is_crossing} == {letter}
    assert {letters[link.index] for link in junction.links if link.is_crossing} == {"r"}


def test_missing_group_is_refused(junctions: dict[str, SignalisedJunction]) -> None:
    with pytest.raises(SimulationFailed, match="walk_side"):
        state_string(junctions["j1"], {g: Indication.RED for g in junctions["j1"].groups if g != "walk_side"})
