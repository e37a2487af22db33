from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from nutgiao.models.contracts.errors import SimulationFailed
from nutgiao.simulation.networks.build import build_network
from nutgiao.simulation.networks.network import SignalisedJunction


def test_corridor_has_three_signalised_junctions_with_four_arms_and_crossings(
    junctions: dict[str, SignalisedJunction],
) -> None:
    assert set(junctions) == {"j1", "j2", "j3"}
    for junction in junctions.values():
        assert set(junction.legs) == {"west", "east", "north", "south"}
        assert sum(link.is_crossing for link in junction.links) == 4


def test_only_the_middle_junction_has_an_arrow_for_left_turns(junctions: dict[str, SignalisedJunction]) -> None:
    assert [name for name, junction in junctions.items() if "main_left" in junction.groups] == ["j2"]


def test_short_link_between_first_and_second_junction(junctions: dict[str, SignalisedJunction]) -> None:
    leg = junctions["j2"].legs["west"]
    assert leg.from_node == "j1"
    assert 150.0 < leg.length_m < 190.0


def test_missing_sumo_names_the_extra_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SimulationFailed, match=r"pip install 'nutgiao\[sim\]'"):
        build_network(tmp_path)
