"""How queues discharge in SUMO: headways of car lanes on the RESCO scenarios, MCU of the mixed streams on the corridor.

``python -m benchmarks.discharge`` measures all of it in about five minutes and writes ``out/bench/discharge.json``.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.reference import cache_folder, frozen
from benchmarks.resco import REPO
from nutgiao.models.contracts.plan import local_plan, scheduled_row
from nutgiao.models.contracts.site import site_hash
from nutgiao.models.contracts.words import VehicleClass
from nutgiao.models.queueing.saturation_belief import Estimate
from nutgiao.models.queueing.saturation_lane import LanePrior, LaneReport, LaneSaturation
from nutgiao.models.queueing.saturation_stream import StreamReport, StreamSaturation
from nutgiao.simulation.cabinet import Cabinet
from nutgiao.simulation.demand import WORKDAY, Profile
from nutgiao.simulation.discharge import learn, record
from nutgiao.simulation.discharge_street import StreetWatch, learn_stream
from nutgiao.simulation.networks.sites import make_site
from nutgiao.simulation.street import Street

SCENARIOS = ("cologne1", "cologne3", "ingolstadt1", "grid4x4", "arterial4x4")

PLACES = LanePrior(first_s=(0.5, 3.0, 2.4, 2.2, 2.0, 2.0, 1.9, 1.9), saturation_s=1.9)
"""A prior that keeps eight places apart: SUMO's headways still shrink at the eighth."""

BEGIN_S, FILL_S = 25_200, 200
"""Start of the corridor's run, seven in the morning, and how long its street fills before anything is measured."""

HEAVY = {"W": 5_200.0, "E": 4_200.0, "N1": 180.0, "S1": 200.0, "N2": 190.0, "S2": 160.0, "N3": 165.0, "S3": 180.0}
"""Vehicles per hour that keep a queue on the main road through most greens, so that there is something to measure."""


def car_lanes(name: str, seeds: Sequence[int]) -> LaneReport:
    """What the signalised lanes of a scenario have in common, learnt from all of them."""
    learner = LaneSaturation(PLACES)
    for seed in seeds:
        for greens in record(frozen(name, cache_folder()), seed).values():
            learn(greens, learner=learner)
    return learner.report()


def corridor(seconds: int, seeds: Sequence[int], cars: float) -> dict[str, StreamReport]:
    """What the corridor's streams discharge under the shipped table, by signal group.

    Args:
        seconds: measured period.
        seeds: of demand and drivers.
        cars: factor on the shares of cars and lorries.
    """
    shares = {
        kind: share * (cars if kind.startswith(("car", "truck")) else 1.0) for kind, share in WORKDAY.shares.items()
    }
    flat = ((0.0, 1.0), (24.0, 1.0))
    profile = dataclasses.replace(WORKDAY, veh_per_h=HEAVY, shares=shares, inbound=flat, outbound=flat)
    learners: dict[str, StreamSaturation] = {}
    for seed in seeds:
        watch = _drive(seconds, seed, profile)
        for stream in watch.streams:
            name = f"{stream.group}, {stream.width_m:g} m"
            learn_stream(stream.greens, learners.setdefault(name, StreamSaturation(stream.width_m)))
    return {name: learner.report() for name, learner in sorted(learners.items())}


def _drive(seconds: int, seed: int, profile: Profile) -> StreetWatch:
    begin, end = BEGIN_S - FILL_S, BEGIN_S + seconds
    with (
        tempfile.TemporaryDirectory(prefix="nutgiao-discharge-") as folder,
        Street(Path(folder), seed, begin, end, profile) as street,
    ):
        sites = {name: make_site(junction) for name, junction in street.junctions.items()}
        signals = {name: site.signals for name, site in sites.items() if site.signals is not None}
        cabinets = {
            name: Cabinet(one, local_plan(name, one, site_hash(sites[name]), scheduled_row(one, begin)), begin)
            for name, one in signals.items()
        }
        watch = StreetWatch(street, sites)
        for second in range(begin, end):
            for name, cabinet in cabinets.items():
                groups = [group.id for group in signals[name].groups]
                street.show(name, dict(zip(groups, cabinet.tick(second).groups, strict=True)))
            for _ in range(2):
                watch.observe(street.step())
    return watch


def _text(one: Estimate, digits: int = 2) -> str:
    return f"{one.value:.{digits}f} ({one.low:.{digits}f} to {one.high:.{digits}f})"


def _lane_table(reports: dict[str, LaneReport]) -> Table:
    table = Table(title="Car lanes: headway by place in the queue, seconds; 90 % intervals of the last")
    for column in ("scenario", *(str(k) for k in range(1, 9)), "9 and on", "veh/h", "amber used s", "departures"):
        table.add_column(column)
    for name, report in reports.items():
        *first, settled = report.headway_s
        row = [f"{one.value:.2f}" for one in first]
        gain = _text(report.end_gain_s) if report.end_gain_s.used else "-"
        table.add_row(name, *row, _text(settled), _text(report.saturation_veh_h, 0), gain, str(report.departures))
    return table


def _stream_table(reports: dict[str, StreamReport]) -> Table:
    table = Table(title="Corridor: mixed streams under pressure, at the end of the lanes; 90 % intervals")
    for column in ("stream", "MCU/h/m", "car", "truck", "bus", "bicycle", "lost s", "amber used s", "departures"):
        table.add_column(column)
    kinds = (VehicleClass.CAR, VehicleClass.TRUCK, VehicleClass.BUS, VehicleClass.BICYCLE)
    for name, report in reports.items():
        weights = [_text(report.mcu[kind], 1) for kind in kinds]
        figures = _text(report.lost_s, 1), _text(report.end_gain_s, 1), str(report.departures)
        table.add_row(name, _text(report.saturation_mcu_h_m, 0), *weights, *figures)
    return table


def main(arguments: Sequence[str]) -> int:
    """Measures, prints, and writes the JSON file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.discharge", description=__doc__)
    parser.add_argument("scenarios", nargs="*", default=SCENARIOS, help="RESCO scenarios without sublanes")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--seconds", type=int, default=600, help="measured period of the corridor; 0 leaves it out")
    options = parser.parse_args(arguments)
    console = Console(width=180)
    lanes: dict[str, LaneReport] = {}
    for name in options.scenarios:
        with console.status(f"{name} in SUMO"):
            lanes[name] = car_lanes(name, options.seeds)
    console.print(_lane_table(lanes))
    streams: dict[str, StreamReport] = {}
    if options.seconds:
        for cars, label in ((1.0, "80 % two-wheelers"), (2.5, "57 %")):
            with console.status(f"the corridor, {label}"):
                found = corridor(options.seconds, options.seeds, cars)
            streams |= {f"{name}, {label}": report for name, report in found.items()}
        console.print(_stream_table({name: one for name, one in streams.items() if one.departures}))
    out = REPO / "out" / "bench" / "discharge.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(msgspec.json.format(msgspec.json.encode({"lanes": lanes, "streams": streams}), indent=1))
    console.print(f"written: {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
