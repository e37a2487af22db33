from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from benchmarks.violations_cameras import is_wide
from benchmarks.violations_sites import declared, declared_public
from nutgiao.configs.loader import load_site
from nutgiao.edge.perception import Perception
from nutgiao.edge.violation.registry import OWN, setting_of
from nutgiao.models.contracts.site_rules import Ban
from nutgiao.models.contracts.words import Turn, ViolationKind
from nutgiao.simulation.breakers_sites import read_public_network
from nutgiao.simulation.breakers_zones import depths
from nutgiao.simulation.networks.build import build_network

NODES = ("j1", "j2", "j3")


@pytest.mark.parametrize("lawful", [False, True])
@pytest.mark.parametrize("node", NODES)
def test_the_benchmarks_sites_are_sites_that_a_box_runs(node: str, lawful: bool) -> None:
    site = declared(load_site(f"demo-{node}"), lawful)
    assert Perception(site, node, "test").rule_faults == {}
    assert len({camera.id for camera in site.cameras}) == len(site.cameras)


def test_every_rule_that_has_breakers_is_asked_for_somewhere_and_the_plain_ones_everywhere() -> None:
    sites = [declared(load_site(f"demo-{node}"), False) for node in NODES]
    asked = {kind for kind in OWN for site in sites if setting_of(site, kind).enabled}
    never = {ViolationKind.BANNED_UTURN, ViolationKind.NO_HELMET, ViolationKind.OVERLOADED}
    assert asked == set(OWN) - never, "nobody turns round on this street, and nobody sees helmets"
    for site in sites:
        for kind in (ViolationKind.RED_LIGHT, ViolationKind.STOP_LINE, ViolationKind.WRONG_WAY):
            assert setting_of(site, kind).approaches == (), "a sign there must not take it from the others"


def test_lawful_signs_differ_from_those_that_ordinary_traffic_breaks() -> None:
    for node in NODES:
        broken, heeded = (declared(load_site(f"demo-{node}"), lawful) for lawful in (False, True))
        assert heeded.signals == load_site(f"demo-{node}").signals
        assert heeded.approaches != broken.approaches
        assert any(is_wide(camera.id) for camera in broken.cameras)


def test_junctions_of_public_networks_are_sites_that_a_box_runs_and_ban_turning_round_where_some_do(
    tmp_path: Path,
) -> None:
    for site in read_public_network(build_network(tmp_path)).sites.values():
        plain = declared_public(site)
        assert Perception(plain, site.id, "test").rule_faults == {}
        assert not setting_of(plain, ViolationKind.BANNED_UTURN).enabled, "nobody can turn round here"
        first, *others = site.approaches
        lanes = tuple(msgspec.structs.replace(lane, turns=(*lane.turns, Turn.UTURN)) for lane in first.lanes)
        turning = (msgspec.structs.replace(first, lanes=lanes), *others)
        signed = declared_public(msgspec.structs.replace(site, approaches=turning))
        assert Perception(signed, site.id, "test").rule_faults == {}
        assert signed.approach(first.id).banned == (Ban(turns=(Turn.UTURN,)),)
        assert [camera.approaches for camera in signed.cameras if is_wide(camera.id)] == [(first.id,)]


def test_zones_lie_where_their_approach_has_its_lanes_and_pavements_beside_them() -> None:
    for node in NODES:
        site = declared(load_site(f"demo-{node}"), True)
        for approach in site.approaches:
            bearing = np.radians(approach.heading_deg)
            ahead = np.array([np.sin(bearing), np.cos(bearing)])
            left = np.array([-ahead[1], ahead[0]])
            on_it = np.array(approach.origin_m) - 30.0 * ahead + 1.5 * left
            beside = on_it - 3.1 * left
            inside = {zone.id: depths(zone.polygon_m, np.array([on_it, beside])) > 0.0 for zone in site.zones}
            assert inside[f"stopping_{approach.id}"].tolist() == [True, False]
            assert inside[f"pavement_{approach.id}"].tolist() == [False, True]
