"""One run of the simulated street in one of its two arms: the shipped plan, or nutgiao with its boxes and centre."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nutgiao.central.centre import Centre
from nutgiao.central.demo.children import Child
from nutgiao.central.state import NetworkState
from nutgiao.central.store import Store
from nutgiao.central.street_clock import StreetClock
from nutgiao.models.contracts.broker_url import BrokerUrl
from nutgiao.models.contracts.errors import SimulationFailed
from nutgiao.models.contracts.site import Site
from nutgiao.models.contracts.words import ControlMode
from nutgiao.simulation.run import Job, RunResult

END_S = 30.0
BOX_END_S = 20.0

Progress = Callable[[int, float], None]
"""Told how many simulated seconds of the run are done, and how many vehicles stood in the last ten of them."""


@dataclass(frozen=True, slots=True)
class Period:
    """What is simulated, the same in both arms.

    Attributes:
        midnight_s: local midnight of the day, seconds since the epoch.
        begin_s: start, seconds since midnight.
        measure_s: start of the measured period.
        end_s: end.
    """

    midnight_s: float
    begin_s: int
    measure_s: int
    end_s: int

    @property
    def seconds(self) -> int:
        """Simulated seconds of a run."""
        return self.end_s - self.begin_s


def run_shipped(
    sites: Sequence[Site],
    period: Period,
    seed: int,
    folder: Path,
    progress: Progress,
    started: Callable[[Child], None] = lambda street: None,
) -> RunResult:
    """Runs the street under the sites' own time-of-day tables.

    Args:
        sites: junctions.
        period: what is simulated.
        seed: of the run.
        folder: for everything that the run writes.
        progress: told how far it is.
        started: given the street's process, so that another thread can end it.

    Raises:
        SimulationFailed: if the street fails.
    """
    with _street(_job(sites, period, seed, folder, boxes=False), folder) as street:
        started(street)
        _follow(street, progress)
        street.finish(END_S)
    return _result(folder)


@dataclass(frozen=True, slots=True)
class Town:
    """What the runs of nutgiao share.

    Attributes:
        site_files: file or shipped name of each site, for the boxes.
        broker: where.
        state: of the centre, shown on the page.
        store: of the centre.
        upload: address of the centre for evidence; empty keeps it at the boxes.
        key: the centre's signing key.
        keys: evidence keys that the boxes have told.
        mode: what boxes may do within a plan.
        chores: what the centre does with cases by itself, every few seconds.
    """

    site_files: dict[str, str]
    broker: BrokerUrl
    state: NetworkState
    store: Store
    upload: str
    key: Ed25519PrivateKey
    keys: dict[str, set[str]]
    mode: ControlMode = ControlMode.FIXED
    chores: Callable[[float], object] = lambda now_s: None


def run_nutgiao(
    sites: Sequence[Site],
    period: Period,
    seed: int,
    folder: Path,
    progress: Progress,
    town: Town,
    pace: float = 0.0,
    clock: Callable[[Centre], None] | None = None,
) -> RunResult:
    """Runs the street with one edge process per junction and a centre, all in step.

    Args:
        sites: junctions.
        period: what is simulated.
        seed: of the run.
        folder: for everything that the run writes.
        progress: told how far it is.
        town: what runs share.
        pace: simulated seconds per wall second at most; 0 is as fast as it goes.
        clock: given the centre, so that the page can show its time.

    Raises:
        SimulationFailed: if the street or a box fails.
        UplinkDown: if the broker cannot be reached.
    """
    city = f"demo-{seed}"
    town.state.clear()
    with contextlib.ExitStack() as stack:
        street = stack.enter_context(_street(_job(sites, period, seed, folder, boxes=True, pace=pace), folder))
        where = next(street.news(), None)
        if where is None:
            street.finish(END_S)
            raise SimulationFailed("the street ended before it began")
        address, secret = str(where["street"]), str(where["key"])
        boxes = [stack.enter_context(_box(site, city, address, secret, seed, folder, town)) for site in sites]
        centre = Centre(
            sites, city, town.broker, town.state, town.store, town.key, town.keys, mode=town.mode, chores=town.chores
        )
        centre.start(period.midnight_s + period.begin_s)
        stack.callback(centre.close)
        if clock is not None:
            clock(centre)
        host, port = address.split(":")
        turning = StreetClock(centre, host, int(port), secret.encode())
        turning.start()
        _follow(street, progress)
        street.finish(END_S)
        turning.join(END_S)
        for box in boxes:
            box.finish(BOX_END_S)
    return _result(folder)


def _job(sites: Sequence[Site], period: Period, seed: int, folder: Path, *, boxes: bool, pace: float = 0.0) -> Job:
    return Job(
        sites=tuple(sites),
        folder=str(folder),
        seed=seed,
        midnight_s=period.midnight_s,
        begin_s=period.begin_s,
        measure_s=period.measure_s,
        end_s=period.end_s,
        boxes=boxes,
        pace=pace,
    )


def _street(job: Job, folder: Path) -> Child:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "job.json"
    file.write_bytes(msgspec.json.encode(job))
    return Child(f"street of seed {job.seed}", "nutgiao.simulation.run", [str(file)], folder / "street.log")


def _box(site: Site, city: str, address: str, secret: str, seed: int, folder: Path, town: Town) -> Child:
    arguments = ["edge", "--site", town.site_files[site.id], "--broker", str(town.broker), "--city", city]
    arguments += [
        "--data",
        str(folder / site.id),
        "--centre-key",
        town.key.public_key().public_bytes_raw().hex(),
        "--boot",
        f"s{seed}",
    ]
    arguments += ["--street", address]
    if town.mode is not ControlMode.FIXED:
        arguments.append("--adaptive")
    if town.upload:
        arguments += ["--upload", town.upload]
    env = {"NUTGIAO_STREET_KEY": secret}
    return Child(f"box {site.id}", "nutgiao.cli.main", arguments, folder / f"{site.id}.log", env)


def _follow(street: Child, progress: Progress) -> None:
    for news in street.news():
        second, standing = news.get("second"), news.get("standing")
        if isinstance(second, int) and isinstance(standing, int | float):
            progress(second, float(standing))


def _result(folder: Path) -> RunResult:
    return msgspec.json.decode((folder / "run.json").read_bytes(), type=RunResult)
