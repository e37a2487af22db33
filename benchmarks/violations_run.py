"""One hour of street before three cameras: what rule breakers really did, and what the rules told of it.

Who did what is read from SUMO's own positions and lamps, never from what a vehicle was made for: a rider meant to run
the red who in fact stopped did nothing. Perception gets boxes only; which vehicle a told track was is found afterwards
from where its boxes lay, frame by frame, over the bodies before the camera.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.resco import fetch
from benchmarks.violations_cameras import FOR_WIDE, is_asked, is_wide, virtual_camera
from benchmarks.violations_sites import declared
from benchmarks.vision_counts import Quality, TrueCounts, worse
from nutgiao.configs.loader import load_site
from nutgiao.edge.perception import Perception
from nutgiao.edge.snapshot import Snapshot
from nutgiao.edge.violation.rule import Violation
from nutgiao.models.contracts.plan import local_plan, scheduled_row
from nutgiao.models.contracts.site import Site, site_hash
from nutgiao.models.contracts.words import CLASSES, ViolationName
from nutgiao.models.vision.detections import DetectedFrame
from nutgiao.models.vision.gate import iou
from nutgiao.simulation.breakers_demand import lawful, mixed_demand
from nutgiao.simulation.breakers_sites import read_public_network
from nutgiao.simulation.breakers_street import PublicStreet
from nutgiao.simulation.breakers_truth import Deed, DeedRecorder
from nutgiao.simulation.cabinet import Cabinet
from nutgiao.simulation.demand import WORKDAY
from nutgiao.simulation.street import RoadUsers, Street
from nutgiao.simulation.virtual_camera import VirtualCamera

QUALITIES = (Quality("good", 0.0, 0.0), Quality("fair", 0.08, 1.5), Quality("poor", 0.2, 3.0))
"""As in the counts' benchmark: boxes left out besides those that the virtual camera misses, and error of the edges."""

REMEMBERED_S = 180.0
"""Frames of the last minutes are kept: a stop beyond the line is told when its red is over."""

AROUND_S = 3.0
LEAST_OVERLAP = 0.3
MORE_BREAKERS = WORKDAY.shares | {"motorcycle_runner": 0.08, "motorcycle_overrun": 0.10, "car_overrun": 0.03}
"""On public networks, whose junctions carry less: more of those who break rules."""


class RunCase(msgspec.Struct, frozen=True, kw_only=True):
    """What is run.

    Attributes:
        network: "corridor" or a RESCO scenario.
        seed: of demand, drivers and cameras.
        begin_s: start, the network's seconds.
        seconds: how long.
        lawful: nobody breaks a rule on purpose.
    """

    network: str
    seed: int
    begin_s: int
    seconds: int
    lawful: bool = False


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A violation as a camera told it, with who it was.

    Attributes:
        quality: of the camera.
        kind: what was told.
        node: junction.
        place: approach or zone.
        time_s: when it is said to have happened.
        track: id of the track.
        vehicle: SUMO's name of who was under the track's boxes then; empty if nobody was.
        vehicle_class: as told.
        true_class: of that vehicle.
        lane: as told.
        numbers: what it was told with.
    """

    quality: str
    kind: ViolationName
    node: str
    place: str
    time_s: float
    track: str
    vehicle: str
    vehicle_class: str
    true_class: str
    lane: str
    numbers: dict[str, float]


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """How well a doer was seen around the deed.

    Attributes:
        tracked: by quality, share of the frames in which some track lay on the body.
        visible: mean share of the body that nothing hid.
    """

    tracked: dict[str, float]
    visible: float


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a run brought.

    Attributes:
        case: what was run.
        crossings: vehicles that passed a stop line, by SUMO.
        deeds: what was done.
        seen: of each deed, how well.
        told: what the rules told.
        cpu_s: processor time.
    """

    case: RunCase
    crossings: int
    deeds: list[Deed]
    seen: list[Seen]
    told: list[Told]
    cpu_s: float


@dataclass(slots=True)
class _Look:
    """One camera's view of one instant, for judging only."""

    time_s: float
    users: RoadUsers
    rows: NDArray[np.int64]
    boxes: NDArray[np.float32]
    visible: NDArray[np.float64]
    tracks: dict[str, Snapshot] = field(default_factory=dict)


Eyes = dict[tuple[str, str], tuple[VirtualCamera, deque[_Look]]]


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
        profile = lawful(WORKDAY) if case.lawful else WORKDAY
        with Street(folder, case.seed, case.begin_s, case.begin_s + case.seconds, profile) as street:

            def tick(second: int) -> None:
                for name, cabinet in cabinets.items():
                    street.show(name, dict(zip(names[name], cabinet.tick(second).groups, strict=True)))

            yield street, sites, tick
        return
    scenario = fetch(case.network)
    network = read_public_network(scenario.net)
    shares = lawful(WORKDAY).shares if case.lawful else MORE_BREAKERS
    routes = mixed_demand(scenario.routes, case.seed, folder, shares)
    with PublicStreet(network, routes, case.seed, case.begin_s) as public:
        yield public, network.sites, lambda _second: None


def run(case: RunCase, folder: Path) -> Outcome:
    """Runs a case.

    Args:
        case: what is run.
        folder: for SUMO's files.
    """
    began = time.process_time()
    randoms = iter(np.random.default_rng((0x747275, case.seed)).spawn(100))
    told: list[Told] = []
    seen: list[Seen] = []
    with opened(case, folder) as (street, sites, tick):
        eyes: Eyes = {
            (node, camera.id): (virtual_camera(camera, site.approach(camera.approaches[0]), next(randoms)), deque())
            for node, site in sites.items()
            for camera in site.cameras
        }
        camera_of = {
            (node, approach, is_wide(camera.id)): camera.id
            for node, site in sites.items()
            for camera in site.cameras
            for approach in camera.approaches
        }

        def looks_of(deed: Deed) -> deque[_Look]:
            wide = deed.kind in FOR_WIDE and (deed.node, deed.approach, True) in camera_of
            return eyes[deed.node, camera_of[deed.node, deed.approach, wide]][1]

        minds = {(q.name, node): Perception(site, node, "bench") for q in QUALITIES for node, site in sites.items()}
        spoils = {q.name: next(randoms) for q in QUALITIES}
        truth, counts = DeedRecorder(street, sites), TrueCounts(street, sites)
        waiting: list[Deed] = []
        for second in range(case.begin_s, case.begin_s + case.seconds):
            tick(second)
            for half in range(2):
                users = street.step()
                if half == 0:
                    for (quality, node), mind in minds.items():
                        mind.on_signal(second, street.shown[node])
                        for one in mind.second(float(second)).violations:  # the lamps are known on both sides now
                            if is_asked(one.camera, one.kind, (node, one.approach, True) in camera_of):
                                told.append(_told(quality, node, one, eyes[node, one.camera][1]))
                truth.observe(users)
                counts.follow(users)
                for (node, camera), (eye, looks) in eyes.items():
                    found = eye.see(users)
                    look = _Look(users.time_s, users, *eye.bodies())
                    for q in QUALITIES:
                        frame = DetectedFrame(camera, users.time_s, second, worse(found, q, spoils[q.name]))
                        look.tracks[q.name] = minds[q.name, node].on_frame(frame)
                    looks.append(look)
                    if looks[0].time_s < users.time_s - REMEMBERED_S:
                        looks.popleft()
            waiting += truth.taken()
            while waiting and waiting[0].noted_s < second - AROUND_S:
                deed = waiting.pop(0)
                seen.append(_seen(deed, looks_of(deed)))
        truth.finish()
        waiting += truth.taken()
        seen += [_seen(deed, looks_of(deed)) for deed in waiting]
    return Outcome(
        case=case,
        crossings=counts.counts.total(),
        deeds=truth.deeds,
        seen=seen,
        told=told,
        cpu_s=round(time.process_time() - began, 1),
    )


def _told(quality: str, node: str, one: Violation, looks: deque[_Look]) -> Told:
    """Finds out who it was: whose body lay under the track's box in most frames around the act."""
    votes: Counter[str] = Counter()
    classes: dict[str, str] = {}
    for look in looks:
        if abs(look.time_s - one.occurred_s) > AROUND_S:
            continue
        snapshot = look.tracks[quality]
        row = np.flatnonzero((snapshot.numbers == one.number) & ~snapshot.coasting)
        if not len(row) or not len(look.boxes):
            continue
        overlap = iou(snapshot.boxes_px[row[:1]], look.boxes)[0]
        best = int(overlap.argmax())
        if overlap[best] >= LEAST_OVERLAP:
            body = int(look.rows[best])
            votes[look.users.ids[body]] += 1
            classes[look.users.ids[body]] = CLASSES[look.users.classes[body]].value
    vehicle = votes.most_common(1)[0][0] if votes else ""
    return Told(
        quality=quality,
        kind=one.kind,
        node=node,
        place=one.approach or one.zone or "",
        time_s=round(float(one.occurred_s), 2),
        track=one.track,
        vehicle=vehicle,
        vehicle_class=one.vehicle_class.value,
        true_class=classes.get(vehicle, ""),
        lane=one.lane or "",
        numbers={name: float(value) for name, value in one.numbers.items()},
    )


def _seen(deed: Deed, looks: deque[_Look]) -> Seen:
    """How well the doer was seen around the deed."""
    frames, visible = 0, 0.0
    tracked: dict[str, int] = defaultdict(int)
    for look in looks:
        if abs(look.time_s - deed.time_s) > AROUND_S or deed.vehicle not in look.users.ids:
            continue
        frames += 1
        at = np.flatnonzero(look.rows == look.users.ids.index(deed.vehicle))
        if not len(at):
            continue
        visible += float(look.visible[at[0]])
        for quality, snapshot in look.tracks.items():
            boxes = snapshot.boxes_px[~snapshot.coasting]
            if len(boxes) and iou(look.boxes[at[:1]], boxes).max() >= LEAST_OVERLAP:
                tracked[quality] += 1
    n = max(frames, 1)
    return Seen(tracked={q.name: round(tracked[q.name] / n, 2) for q in QUALITIES}, visible=round(visible / n, 2))
