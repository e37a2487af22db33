"""A street with road users written by the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from nutgiao.models.contracts.site import Site
from nutgiao.simulation.networks.build import build_network
from nutgiao.simulation.networks.network import SignalisedJunction, read_network
from nutgiao.simulation.networks.sites import make_site
from nutgiao.simulation.street import Street
from nutgiao.simulation.vehicles import TYPES

BEGIN_S = 25_200.0

Open = Callable[..., Street]


@pytest.fixture(scope="session")
def junctions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SignalisedJunction]:
    """The corridor's junctions."""
    return read_network(build_network(tmp_path_factory.mktemp("net")))


@pytest.fixture(scope="session")
def sites(junctions: dict[str, SignalisedJunction]) -> dict[str, Site]:
    """The corridor's sites."""
    return {name: make_site(junction) for name, junction in junctions.items()}


@pytest.fixture
def open_street(tmp_path: Path) -> Open:
    """Opens a street with the given (id, type, second of departure, edges)."""

    def start(*vehicles: tuple[str, str, float, str], seed: int = 1) -> Street:
        lines = [one.xml() for one in TYPES.values()]
        for name, kind, second, edges in sorted(vehicles, key=lambda v: v[2]):
            lines.append(
                f'<vehicle id="{name}" type="{kind}" depart="{BEGIN_S + second}" departLane="best" '
                f'departSpeed="desired" departPosLat="random_free"><route edges="{edges}"/></vehicle>'
            )
        routes = tmp_path / "test.rou.xml"
        routes.write_text("<routes>" + "".join(lines) + "</routes>", encoding="utf-8")
        return Street(tmp_path, seed, BEGIN_S, BEGIN_S + 300.0, demand=routes)

    return start
