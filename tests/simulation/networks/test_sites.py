from __future__ import annotations

import math
from pathlib import Path

import msgspec
import pytest
from ruamel.yaml import YAML

from nutgiao.models.contracts.plan import local_plan
from nutgiao.models.contracts.safety import check_lamps
from nutgiao.models.contracts.site import Site, site_hash
from nutgiao.models.contracts.timeline import expand
from nutgiao.simulation.networks.network import SignalisedJunction
from nutgiao.simulation.networks.sites import WALKING_MPS

SHIPPED = Path(__file__).parents[3] / "configs" / "sites"
NODES = ("j1", "j2", "j3")


@pytest.mark.parametrize("node", NODES)
def test_shipped_site_file_is_what_the_network_says(node: str, sites: dict[str, Site]) -> None:
    text = (SHIPPED / f"demo-{node}.yaml").read_text(encoding="utf-8")
    assert msgspec.convert(YAML(typ="safe").load(text), Site, strict=True) == sites[node]


@pytest.mark.parametrize("node", NODES)
def test_every_row_of_the_table_keeps_the_safety_rules(node: str, sites: dict[str, Site]) -> None:
    signals = sites[node].signals
    assert signals is not None
    for row in signals.time_of_day:
        assert check_lamps(signals, expand(signals, [row.green_s] * 3)) == []


def test_all_junctions_run_one_cycle_so_that_offsets_hold(sites: dict[str, Site]) -> None:
    for k in range(5):
        cycles = set()
        for node, site in sites.items():
            assert site.signals is not None
            cycles.add(local_plan(node, site.signals, site_hash(site), site.signals.time_of_day[k]).cycle_s)
        assert len(cycles) == 1


@pytest.mark.parametrize("node", NODES)
def test_groups_whose_paths_cross_are_listed_in_both_directions_unless_they_share_a_stage(
    node: str, sites: dict[str, Site], junctions: dict[str, SignalisedJunction]
) -> None:
    signals, junction = sites[node].signals, junctions[node]
    assert signals is not None
    listed = {(pair.from_group, pair.to_group) for pair in signals.intergreens}
    assert listed == {(b, a) for a, b in listed}
    together = [set(stage.groups) for stage in signals.stages]
    for a in junction.links:
        for b in junction.links:
            crosses = junction.foes[a.index, b.index] and a.group != b.group
            if crosses and not any({a.group, b.group} <= stage for stage in together):
                assert (a.group, b.group) in listed


def test_people_get_time_to_walk_over(sites: dict[str, Site], junctions: dict[str, SignalisedJunction]) -> None:
    for node, site in sites.items():
        assert site.signals is not None
        for pair in site.signals.intergreens:
            if pair.from_group.startswith("walk"):
                longest = max(junctions[node].links[i].length_m for i in junctions[node].links_of(pair.from_group))
                assert pair.seconds == math.ceil(longest / WALKING_MPS)
            else:
                assert pair.seconds >= 5
