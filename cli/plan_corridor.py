"""`nutgiao plan corridor`: the green bands along a street, told in seconds and drawn as a time-space diagram."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nutgiao.cli.plan_picture import Point
    from nutgiao.cli.plan_timespace import DrawnLight
    from nutgiao.models.contracts.site import Approach, Signals, Site, TimedPlan
    from nutgiao.optimizer.bandwidth import Span, TwoWayBand
    from nutgiao.simulation.corridor_lights import Route

LONGEST_COMMON_S = 1200
"""Cycles that only meet after longer than this have no common one that a picture could show."""


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb."""
    parser = verbs.add_parser(
        "corridor",
        help="draw a street's lights over time, with the green bands of both directions",
        description="Tells and draws the green bands of a street: of a SUMO network along edges, or of sites in their "
        "order. Bandwidth as MAXBAND defines it. Exit code 0: done; 2: the input is wrong.",
    )
    parser.add_argument("net", type=Path, nargs="?", help="SUMO network; without it, --sites")
    parser.add_argument("--edges", nargs="+", metavar="EDGE", help="two or more edges in the order of travel")
    parser.add_argument("--programs", type=Path, metavar="FILE", help="tlLogic file; default: the network's own")
    parser.add_argument("--fcd", type=Path, metavar="FILE", help="SUMO's fcd-output: draws the vehicles, too")
    parser.add_argument("--sites", nargs="+", metavar="SITE", help="sites in the order of the street")
    parser.add_argument("--row", help="row of the sites' tables; default: the first site's first")
    parser.add_argument("--speed", type=float, metavar="KMH", help="progression speed; default: the limits'")
    parser.add_argument("--begin", type=float, default=0.0, metavar="S", help="left end of the drawing by the clock")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where to draw it: .svg or .png")


def run(args: argparse.Namespace) -> int:
    """Runs the verb.

    Raises:
        ConfigError: if a file is wrong, the lights have no common cycle, or nothing or too much is named.
    """
    from nutgiao.cli.plan_picture import write_picture
    from nutgiao.cli.plan_timespace import timespace_picture
    from nutgiao.models.contracts.errors import ConfigError
    from nutgiao.optimizer.bandwidth import two_way_band

    if (args.net is None) == (args.sites is None):
        raise ConfigError("plan corridor", None, "", "needs a network or sites.", "NET.net.xml --edges … or --sites ….")
    if args.speed is not None and not args.speed > 0:
        raise ConfigError("plan corridor", None, "--speed", f"{args.speed} km/h.", "Give a speed above 0.")
    route = None
    if args.net is not None:
        route, title, cycle_s, lights = _of_network(args)
        limit_mps = route.limit_mps
    else:
        title, cycle_s, lights, limit_mps = _of_sites(args.sites, args.row)
    speed_mps = args.speed / 3.6 if args.speed is not None else limit_mps
    two_way = all(light.inbound for light in lights)
    home = [light.inbound if two_way else () for light in lights]
    bands = two_way_band([light.outbound for light in lights], home, [x.distance_m for x in lights], cycle_s, speed_mps)
    print(_told(title, lights, bands, speed_mps, two_way))
    ways = _ways(args.fcd, route) if args.fcd else []
    length_m = lights[-1].distance_m
    told = ("", "")
    if args.fcd:
        told = (_delay(ways, length_m, speed_mps, home=False), _delay(ways, length_m, speed_mps, home=True))
        print(f"outbound: {told[0]}\ninbound: {told[1]}")
    if args.out is not None:
        kind = args.out.suffix.lower().removeprefix(".")
        if kind not in ("svg", "png"):
            raise ConfigError(str(args.out), None, "--out", "is neither .svg nor .png.", "Name such a file.")
        picture = timespace_picture(lights, bands, speed_mps, title=title, begin_s=args.begin, ways=ways, delays=told)
        write_picture(args.out, kind, picture)
        print(f"{args.out}: drawn")
    return 0


def _told(title: str, lights: Sequence[DrawnLight], bands: TwoWayBand, speed_mps: float, two_way: bool) -> str:
    width = max(5, *(len(light.name) for light in lights))
    rows = [title, f"{'light':>{width}}  {'m':>6}  green outbound (s by the clock)  inbound"]
    for light in lights:
        there, back = (_clocked(spans, bands.cycle_s) for spans in (light.outbound, light.inbound))
        rows.append(f"{light.name:>{width}}  {light.distance_m:6.0f}  {there:<31}  {back}")
    rows.append(
        f"outbound: band {bands.outbound.width_s:.1f} s at {speed_mps * 3.6:.1f} km/h, cycle {bands.cycle_s:g} s"
    )
    if two_way:
        rows.append(f"inbound: band {bands.inbound.width_s:.1f} s")
        rows.append(f"efficiency {bands.efficiency:.1%}, attainability {bands.attainability:.1%}")
    else:
        rows.append("inbound: not every light has a link of the other direction")
    return "\n".join(rows)


def _clocked(spans: Sequence[Span], cycle_s: float) -> str:
    return ", ".join(f"{start % cycle_s:g}-{(end - 1e-9) % cycle_s:.4g}" for start, end in spans) or "-"


def _of_network(args: argparse.Namespace) -> tuple[Route, str, float, list[DrawnLight]]:
    from nutgiao.cli.plan_timespace import DrawnLight
    from nutgiao.models.contracts.errors import ConfigError
    from nutgiao.models.contracts.staged_program import NotStages
    from nutgiao.simulation.corridor_lights import green_spans, read_route
    from nutgiao.simulation.tls_logic import read_tls_logic

    if not args.edges or len(args.edges) < 2:
        raise ConfigError(str(args.net), None, "--edges", "two edges or more are needed.", "Name first and last edge.")
    route = read_route(args.net, args.edges)
    files = [args.net, *([args.programs] if args.programs else [])]
    programs = {one.light: one for file in files for one in read_tls_logic(file) if one.steps}
    missing = [light.light for light in route.lights if light.light not in programs]
    if missing:
        raise ConfigError(str(files[-1]), None, f"tlLogic {missing[0]}", "is missing.", "Add it with --programs FILE.")
    cycles = {light.light: round(programs[light.light].cycle_s) for light in route.lights}
    cycle_s = _common(str(files[-1]), cycles)
    lights = []
    for light in route.lights:
        program, first_m = programs[light.light], route.lights[0].distance_m
        try:
            there, back = (
                _every(green_spans(program, links), cycles[light.light], cycle_s) if links else []
                for links in (light.outbound, light.inbound)
            )
        except NotStages as error:
            key, cure = f"tlLogic {light.light}", "Bands need fixed times."
            raise ConfigError(str(files[-1]), None, key, f"{error}.", cure) from error
        lights.append(DrawnLight(light.light, light.distance_m - first_m, there, back))
    title = f"{args.net.name.partition('.')[0]}: {route.edges[0]} to {route.edges[-1]}"
    return route, title, cycle_s, lights


def _delay(ways: Sequence[Sequence[Point]], length_m: float, speed_mps: float, *, home: bool) -> str:
    """What vehicles of one direction lose between the first light and the last against driving at the speed.

    Args:
        ways: time and distance from the first light.
        length_m: from the first light to the last.
        speed_mps: progression speed.
        home: of the inbound direction.
    """
    lost_s, driven_m = [], []
    for way in ways:
        inside = [point for point in way if 0.0 <= point[1] <= length_m]
        if len(inside) > 1 and (inside[0][1] > inside[-1][1]) == home:
            driven_m.append(abs(inside[-1][1] - inside[0][1]))
            lost_s.append(max(0.0, inside[-1][0] - inside[0][0] - driven_m[-1] / speed_mps))
    if not lost_s:
        return "no vehicle drives between the lights"
    mean_s, mean_m = math.fsum(lost_s) / len(lost_s), math.fsum(driven_m) / len(driven_m)
    return f"delay {mean_s:.1f} s on {mean_m:.0f} m, mean of {len(lost_s)} vehicles"


def _ways(fcd: Path, route: Route | None) -> list[list[Point]]:
    from nutgiao.models.contracts.errors import ConfigError
    from nutgiao.simulation.corridor_lights import read_ways

    if route is None:
        raise ConfigError(str(fcd), None, "--fcd", "is of a network, not of sites.", "Name NET and --edges.")
    first_m = route.lights[0].distance_m
    return [[(t, far - first_m) for t, far in way] for way in read_ways(fcd, route, 0.0, math.inf)]


def _of_sites(names: Sequence[str], row: str | None) -> tuple[str, float, list[DrawnLight], float]:
    """Lights of sites: each is fed by the one before, and in the other direction by the one behind."""
    from nutgiao.cli.plan_timespace import DrawnLight
    from nutgiao.configs.loader import load_site
    from nutgiao.models.contracts.errors import ConfigError
    from nutgiao.models.contracts.plan import cycle_of
    from nutgiao.models.contracts.site import apart_deg

    sites = [load_site(name) for name in names]
    if len(sites) < 2:
        raise ConfigError(names[0], None, "--sites", "one site makes no corridor.", "Name two or more.")
    there = [_fed_by(names[k], sites[k], sites[k - 1].id) for k in range(1, len(sites))]
    back = [_fed_by(names[k], sites[k], sites[k + 1].id) for k in range(len(sites) - 1)]

    def along(site: Site, heading_deg: float) -> Approach:
        return min(site.approaches, key=lambda approach: apart_deg(approach.heading_deg, heading_deg))

    outbound = [along(sites[0], there[0].heading_deg), *there]
    inbound = [*back, along(sites[-1], back[-1].heading_deg)]
    wanted = row or _signals(names[0], sites[0]).time_of_day[0].id
    timed = [_row(name, site, wanted) for name, site in zip(names, sites, strict=True)]
    cycles = {site.id: cycle_of(*side) for site, side in zip(sites, ((s, t.green_s) for s, t in timed), strict=True)}
    cycle_s = _common(names[0], cycles)
    far_m = [sum(approach.length_m for approach in there[:k]) for k in range(len(sites))]
    lights = []
    for k, (site, (signals, plan)) in enumerate(zip(sites, timed, strict=True)):
        greens = [
            _every(_site_spans(signals, plan, approach.signal_group), cycles[site.id], cycle_s)
            for approach in (outbound[k], inbound[k])
        ]
        lights.append(DrawnLight(site.id, far_m[k], greens[0], greens[1]))
    limit_mps = far_m[-1] / sum(approach.length_m / approach.speed_limit_mps for approach in there)
    return f"{sites[0].id} to {sites[-1].id}, row {wanted}", cycle_s, lights, limit_mps


def _fed_by(name: str, site: Site, upstream: str) -> Approach:
    from nutgiao.models.contracts.errors import ConfigError

    found = next((approach for approach in site.approaches if approach.upstream == upstream), None)
    if found is None:
        cure = "Name the sites in the order of the street."
        raise ConfigError(name, None, "approaches", f"no approach has upstream: {upstream}.", cure)
    return found


def _signals(name: str, site: Site) -> Signals:
    from nutgiao.models.contracts.errors import ConfigError

    if site.signals is None:
        raise ConfigError(name, None, "signals", "the site has no signals.", "Name a site with a signal side.")
    return site.signals


def _row(name: str, site: Site, wanted: str) -> tuple[Signals, TimedPlan]:
    from nutgiao.models.contracts.errors import ConfigError

    signals = _signals(name, site)
    found = next((row for row in signals.time_of_day if row.id == wanted), None)
    if found is None:
        rows = ", ".join(row.id for row in signals.time_of_day)
        raise ConfigError(name, None, "time_of_day", f"no row {wanted}.", f"Rows: {rows}.")
    return signals, found


def _site_spans(signals: Signals, plan: TimedPlan, group: str) -> list[Span]:
    """Greens of a group in one cycle, by the master clock."""
    from nutgiao.cli.plan_svg import spans
    from nutgiao.models.contracts.timeline import expand_cycle

    column = next(k for k, one in enumerate(signals.groups) if one.id == group)
    shown = spans(signals.groups[column], expand_cycle(signals, plan.green_s)[:, column])
    return [(plan.offset_s + start, plan.offset_s + end) for what, start, end in shown if what == "green"]


def _common(source: str, cycles: dict[str, int]) -> float:
    """The common cycle: a light of half the cycle runs twice in it."""
    from nutgiao.models.contracts.errors import ConfigError

    common = math.lcm(*cycles.values())
    if common > LONGEST_COMMON_S:
        told = ", ".join(f"{light} {cycle} s" for light, cycle in cycles.items())
        raise ConfigError(source, None, "cycle", f"no common cycle: {told}.", "Bands need one cycle for all lights.")
    return float(common)


def _every(spans: Sequence[Span], cycle_s: float, common_s: float) -> list[Span]:
    return [(start + k * cycle_s, end + k * cycle_s) for k in range(round(common_s / cycle_s)) for start, end in spans]
