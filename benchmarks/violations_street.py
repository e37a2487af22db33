"""The streets of the truth suite, with their sites and their demand: the demonstration's or a public network."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.resco import fetch
from benchmarks.violations_outcome import RunCase
from benchmarks.violations_sites import declared, declared_public
from nutgiao.configs.loader import load_site
from nutgiao.models.contracts.plan import local_plan, scheduled_row
from nutgiao.models.contracts.site import Site, site_hash
from nutgiao.simulation.breakers_demand import broken, lawful, mixed_demand
from nutgiao.simulation.breakers_sites import read_public_network
from nutgiao.simulation.breakers_stops import with_stops
from nutgiao.simulation.breakers_street import PublicStreet
from nutgiao.simulation.cabinet import Cabinet
from nutgiao.simulation.demand import WORKDAY, make_demand
from nutgiao.simulation.street import Street

MORE_BREAKERS = broken(WORKDAY).shares | {"motorcycle_runner": 0.08, "motorcycle_overrun": 0.10, "car_overrun": 0.03}
"""On public networks, whose junctions carry less: more of those who break rules."""


@contextmanager
def opened(case: RunCase, folder: Path) -> Iterator[tuple[Street, dict[str, Site], Callable[[int], None]]]:
    """Starts a case's street.

    Args:
        case: what is run.
        folder: for SUMO's files.

    Yields:
        The street, its sites, and what has to be called before each second.
    """
    if case.network == "corridor":
        sites = {name: declared(load_site(f"demo-{name}"), case.lawful) for name in ("j1", "j2", "j3")}
        cabinets, names = {}, {}
        for name, site in sites.items():
            assert site.signals is not None
            plan = local_plan(name, site.signals, site_hash(site), scheduled_row(site.signals, case.begin_s))
            cabinets[name] = Cabinet(site.signals, plan, case.begin_s)
            names[name] = [group.id for group in site.signals.groups]
        end_s = case.begin_s + case.seconds
        demand = make_demand(
            case.seed, case.begin_s, end_s, lawful(WORKDAY) if case.lawful else broken(WORKDAY), folder
        )
        if not case.lawful:
            with_stops(demand, case.seed, case.begin_s, end_s)
        with Street(folder, case.seed, case.begin_s, end_s, demand=demand) as street:

            def tick(second: int) -> None:
                for name, cabinet in cabinets.items():
                    street.show(name, dict(zip(names[name], cabinet.tick(second).groups, strict=True)))

            yield street, sites, tick
        return
    scenario = fetch(case.network)
    network = read_public_network(scenario.net)
    network = dataclasses.replace(network, sites={name: declared_public(one) for name, one in network.sites.items()})
    shares = lawful(WORKDAY).shares if case.lawful else MORE_BREAKERS
    routes = mixed_demand(scenario.routes, case.seed, folder, shares)
    with PublicStreet(network, routes, case.seed, case.begin_s) as public:
        yield public, network.sites, lambda _second: None
