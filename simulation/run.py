"""One simulated period as a process of its own: the street, its cabinets, its cameras and, if there are any, its boxes.

Started as ``python -m nutgiao.simulation.run JOB.json``; says on standard output, one JSON object a line, where it
listens and how far it is, and writes ``run.json`` into its folder.
"""

from __future__ import annotations

import importlib.metadata
import sys
import time
from pathlib import Path
from typing import Protocol, TextIO

import msgspec
import numpy as np

from nutgiao.models.contracts.controller import CabinetRequest, CabinetStatus, StageCall
from nutgiao.models.contracts.errors import NutgiaoError
from nutgiao.models.contracts.plan import local_plan, scheduled_row
from nutgiao.models.contracts.site import Signals, Site, site_hash
from nutgiao.models.contracts.street import FromStreet, Step, StepDone, VirtualFrame
from nutgiao.models.contracts.topics import CENTRE
from nutgiao.models.contracts.transition import transition
from nutgiao.models.contracts.words import CLASS_CODE, ControlSource, VehicleClass
from nutgiao.simulation.cabinet import Cabinet
from nutgiao.simulation.cabinet_buttons import Buttons
from nutgiao.simulation.link import StreetLink
from nutgiao.simulation.metrics import RunMetrics, run_metrics
from nutgiao.simulation.street import RoadUsers, Street
from nutgiao.simulation.truth import TrueViolation, TruthRecorder
from nutgiao.simulation.virtual_camera import VirtualCamera

DAY_S = 86400
STANDING_MPS = 5 / 3.6
BIN_S = 10


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What to simulate.

    Attributes:
        sites: junctions with signals, as their site files have them.
        folder: for SUMO's files and ``run.json``.
        seed: of demand, drivers and cameras.
        midnight_s: local midnight of the day, seconds since the epoch.
        begin_s: start, seconds since midnight.
        measure_s: start of the measured period; before it the street fills.
        end_s: end.
        boxes: whether edge processes and a centre take part; without them the cabinets follow their own table.
        pace: simulated seconds per wall second at most; 0 is as fast as it goes.
    """

    sites: tuple[Site, ...]
    folder: str
    seed: int
    midnight_s: float
    begin_s: int
    measure_s: int
    end_s: int
    boxes: bool
    pace: float = 0.0


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a run left behind.

    Attributes:
        seed: of the run.
        boxes: whether nutgiao ran the street.
        metrics: of the measured period.
        violations: the truth of the whole run; times are seconds since the epoch.
        standing: mean number of vehicles that stand, every ten seconds from ``begin_s`` on.
        begin_s: start, seconds since the epoch.
        measure_s: start of the measured period, seconds since the epoch.
        end_s: end, seconds since the epoch.
        flashed: junctions whose conflict monitor tripped.
        sumo: version of SUMO.
        wall_s: wall time of the run.
    """

    seed: int
    boxes: bool
    metrics: RunMetrics
    violations: tuple[TrueViolation, ...]
    standing: tuple[float, ...]
    begin_s: float
    measure_s: float
    end_s: float
    flashed: tuple[str, ...]
    sumo: str
    wall_s: float


class Boxes(Protocol):
    """Boxes and centre as a run speaks to them: over the wire, or in its own process."""

    def send(self, node: str, message: FromStreet) -> None:
        """Sends a second to a participant."""
        ...

    def receive(self, node: str) -> StepDone | None:
        """Waits for its answer; None if it has gone."""
        ...


class Run:
    """Turns the clock of one job."""

    def __init__(self, job: Job, say: TextIO) -> None:
        self._job, self._say = job, say
        self._nodes = [site.id for site in job.sites]
        self._signals: dict[str, Signals] = {}
        self._cabinets: dict[str, Cabinet] = {}
        for site in job.sites:
            if site.signals is None:
                raise ValueError(f"site {site.id} has no signals")
            self._signals[site.id] = site.signals
            row = scheduled_row(site.signals, job.begin_s % DAY_S)
            plan = local_plan(site.id, site.signals, site_hash(site), row)
            self._cabinets[site.id] = Cabinet(site.signals, plan, int(job.midnight_s) + job.begin_s)
        self._cameras = self._make_cameras() if job.boxes else {}
        self._standing: list[float] = []
        self._flashed: set[str] = set()

    def run(self) -> RunResult:
        """Runs the job from begin to end."""
        job, started = self._job, time.monotonic()
        link = self._open() if job.boxes else None
        with Street(Path(job.folder), job.seed, job.begin_s, job.end_s) as street:
            truth = TruthRecorder(street, {site.id: site for site in job.sites})
            if isinstance(link, StreetLink):
                host, port = link.address
                self._tell({"street": f"{host}:{port}", "key": link.key.decode()})
                link.gather([*self._nodes, CENTRE])
            self._turn(street, truth, link, started)
            truth.finish()
        if isinstance(link, StreetLink):
            link.close()
        metrics = run_metrics(
            street.tripinfo, street.statistics, job.measure_s, job.end_s, job.end_s, street.mishaps.collisions
        )
        return RunResult(
            seed=job.seed,
            boxes=job.boxes,
            metrics=metrics,
            violations=tuple(
                msgspec.structs.replace(deed, time_s=job.midnight_s + deed.time_s) for deed in truth.violations
            ),
            standing=tuple(self._standing),
            begin_s=job.midnight_s + job.begin_s,
            measure_s=job.midnight_s + job.measure_s,
            end_s=job.midnight_s + job.end_s,
            flashed=tuple(sorted(self._flashed)),
            sumo=importlib.metadata.version("libsumo"),
            wall_s=time.monotonic() - started,
        )

    def _open(self) -> Boxes:
        """The way to the boxes."""
        return StreetLink()

    def _turn(self, street: Street, truth: TruthRecorder, link: Boxes | None, started: float) -> None:
        """Second by second; SUMO works while the boxes do, and the order of all decisions is fixed."""
        job = self._job
        frames: dict[str, list[VirtualFrame]] = {node: [] for node in self._nodes}
        revisions: dict[str, int] = {}
        buttons = Buttons({node: street.junctions[node] for node in self._nodes})
        standing = 0.0
        for second in range(job.begin_s, job.end_s):
            now = int(job.midnight_s) + second
            shown = self._show(street, now)
            if link is not None:
                for node in self._nodes:
                    step = Step(
                        float(now),
                        frames=tuple(frames[node]),
                        signal=shown[node],
                        await_revision=revisions.get(node, 0),
                    )
                    link.send(node, step)
                    frames[node] = []
            else:
                self._follow_tables(shown, second)
            standing += _standing(self._half(street, truth, frames))
            if link is not None:  # the boxes have had half a second of SUMO's work to do theirs; now the centre
                published: dict[str, int] = {}
                for node in self._nodes:
                    done = link.receive(node)
                    if done is None:
                        continue
                    for request in done.requests:
                        cabinet = self._cabinets[node]
                        cabinet.call(request) if isinstance(request, StageCall) else cabinet.request(request)
                    if done.published:
                        published[node] = done.published
                link.send(CENTRE, Step(float(now), published=published))
            users = self._half(street, truth, frames)
            standing += _standing(users)
            for node, crossings in buttons.pressed(street, users).items():
                self._cabinets[node].press(crossings)
            if link is not None:
                answer = link.receive(CENTRE)
                revisions = answer.revisions if answer is not None else revisions
            if (second + 1 - job.begin_s) % BIN_S == 0:
                self._standing.append(standing / (2 * BIN_S))
                standing = 0.0
            self._pace(second + 1 - job.begin_s, started)

    def _show(self, street: Street, now: int) -> dict[str, CabinetStatus]:
        shown = {}
        for node, cabinet in self._cabinets.items():
            status = cabinet.tick(now)
            if status.source is ControlSource.FLASH:
                self._flashed.add(node)
            groups = zip(self._signals[node].groups, status.groups, strict=True)
            street.show(node, {group.id: indication for group, indication in groups})
            shown[node] = status
        return shown

    def _half(self, street: Street, truth: TruthRecorder, frames: dict[str, list[VirtualFrame]]) -> RoadUsers:
        """One SUMO step: everyone moves, the truth is recorded, every camera takes a picture."""
        users = street.step()
        truth.observe(users)
        for node, cameras in self._cameras.items():
            frames[node] += [self._picture(camera, users) for camera in cameras]
        return users

    def _picture(self, camera: VirtualCamera, users: RoadUsers) -> VirtualFrame:
        seen = camera.see(users)
        return VirtualFrame(
            camera.id,
            self._job.midnight_s + users.time_s,
            seen.boxes_px.astype(np.float32).tobytes(),
            seen.scores.astype(np.float32).tobytes(),
            seen.classes.astype(np.int8).tobytes(),
        )

    def _follow_tables(self, shown: dict[str, CabinetStatus], second: int) -> None:
        """Without boxes every cabinet follows its own time-of-day table."""
        for site in self._job.sites:
            status, signals = shown[site.id], self._signals[site.id]
            row = scheduled_row(signals, second % DAY_S)
            if status.plan == row.id or status.pending:
                continue
            plan = local_plan(site.id, signals, site_hash(site), row)
            cycles = transition(signals, status.boundary_s, plan.cycle_s, plan.offset_s, plan.green_s)
            if cycles is not None:
                self._cabinets[site.id].request(CabinetRequest(plan, ControlSource.TIME_OF_DAY, cycles))

    def _make_cameras(self) -> dict[str, list[VirtualCamera]]:
        cameras: dict[str, list[VirtualCamera]] = {}
        seeds = np.random.SeedSequence(self._job.seed).spawn(sum(len(site.cameras) for site in self._job.sites))
        for site in self._job.sites:
            cameras[site.id] = [
                VirtualCamera(camera, site.approach(camera.approaches[0]), np.random.default_rng(seeds.pop()))
                for camera in site.cameras
            ]
        return cameras

    def _pace(self, done_s: int, started: float) -> None:
        if done_s % BIN_S == 0:
            self._tell({"second": done_s, "standing": self._standing[-1]})
        if self._job.pace > 0:
            time.sleep(max(0.0, done_s / self._job.pace - (time.monotonic() - started)))

    def _tell(self, news: dict[str, object]) -> None:
        self._say.write(msgspec.json.encode(news).decode() + "\n")
        self._say.flush()


def _standing(users: RoadUsers) -> int:
    """Vehicles that stand."""
    vehicles = users.classes != CLASS_CODE[VehicleClass.PEDESTRIAN]
    return int(np.count_nonzero(vehicles & (users.speed_mps < STANDING_MPS)))


def main(arguments: list[str]) -> int:
    """Runs the job that a file describes.

    Returns:
        Exit code: 0, or 2 with a message on standard error.
    """
    job = msgspec.json.decode(Path(arguments[0]).read_bytes(), type=Job)
    folder = Path(job.folder)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        result = Run(job, sys.stdout).run()
    except NutgiaoError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    (folder / "run.json").write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
